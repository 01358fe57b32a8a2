/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments as bytes (FORMAT.md): a header, blocks of columns, a footer. No file is touched here:
 * store/ writes what these functions append to a struct bytes, and reads by mapping a file.
 */
#ifndef ASSENT_SEGMENT_H
#define ASSENT_SEGMENT_H

#include "bytes.h"
#include "../event.h"

enum {
	SEGMENT_BLOCK_EVENTS_MAX = 65536,
	SEGMENT_BLOCK_BYTES_MAX = 16 << 20,  /* of one block, decompressed */
	SEGMENT_DEVICES_MAX = 256
};

struct segment_meta {
	char study[65], epoch[33], participant[33], segment[41];
	uint8_t receipt_hash[32], policy_hash[32], boot_id[16];
	int64_t t_us, mono_us;   /* both clocks, read together when the segment was begun */
};

/* ---- Writing ---- */

struct segment_writer;

/* Appends the header to out. ERROR_MEMORY; ERROR_INVALID: a name in meta is not clean UTF-8.
 * The writer is freed by segment_writer_free. */
int segment_writer_new(const struct segment_meta *meta, int level, struct bytes *out, struct segment_writer **writer);
void segment_writer_free(struct segment_writer *w);
/* Goes into the next block, or the footer. At most SEGMENT_DEVICES_MAX; the last class of a device counts. */
void segment_writer_device(struct segment_writer *w, int16_t device, enum device_class klass);
/* Keeps a copy until the next flush; looks only at the fields that event->has names. ERROR_LIMIT: SEGMENT_BLOCK_EVENTS_MAX
 * are waiting, or as many bytes as a block may have; flush first. ERROR_INVALID: the segment is finished, or no
 * reader would accept the event (an enum out of range, text that is not clean UTF-8, dx or dy not finite). */
int segment_writer_add(struct segment_writer *w, const struct event *event);
uint32_t segment_writer_waiting(const struct segment_writer *w);
/* Appends one whole block with what waits (nothing if nothing waits). ERROR_MEMORY: nothing was appended, all still waits. */
int segment_writer_flush(struct segment_writer *w, struct bytes *out);
/* Flushes, then appends the footer: after it nothing may follow. */
int segment_writer_finish(struct segment_writer *w, struct bytes *out);

/* ---- Reading ---- */

struct segment_reader;

/* data is borrowed until segment_reader_free. ERROR_CORRUPT: not a segment or a damaged header;
 * ERROR_UNSUPPORTED: an incompatible version; ERROR_TRUNCATED: not even a whole header. */
int segment_reader_new(const uint8_t *data, size_t length, struct segment_reader **reader);
void segment_reader_free(struct segment_reader *r);
const struct segment_meta *segment_reader_meta(const struct segment_reader *r);
/* 1: event filled (its strings live until the next call); 0: the end, whole and with a footer;
 * ERROR_TRUNCATED: all good up to here, then the file ends without its footer;
 * ERROR_CORRUPT: a block is damaged: events before it were good (a block is given out whole or not at all);
 * ERROR_UNSUPPORTED: something that a newer version wrote and that may not be skipped; ERROR_MEMORY. */
int segment_reader_next(struct segment_reader *r, struct event *event);
/* Length of the good part of the file so far: everything up to the last whole block (without the footer). */
size_t segment_reader_good(const struct segment_reader *r);
/* Class of a device, DEVICE_OTHER where it was never named. */
enum device_class segment_reader_device(const struct segment_reader *r, int16_t device);

/* What segment_recover found. */
struct segment_tail {
	size_t good;             /* keep this many bytes, append after them */
	int64_t last_t_us, last_mono_us; /* newest time in it; the header's if it has no event */
	uint64_t events;
	bool finished;           /* it has a footer: nothing to mend */
};
/* Reads a segment that may be torn. ERROR_CORRUPT/ERROR_TRUNCATED only if not even the header is good;
 * ERROR_UNSUPPORTED, ERROR_MEMORY: nothing is known, cut nothing off. */
int segment_recover(const uint8_t *data, size_t length, struct segment_tail *tail);
/* A writer that goes on behind the good part of a torn segment. Appends nothing. ERROR_INVALID: good is not
 * where segment_recover said, or the segment is finished. */
int segment_writer_resume(const uint8_t *data, size_t good, int level, struct segment_writer **writer);

#endif
