/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments as bytes (FORMAT.md): a header, blocks of columns, a footer, each encrypted under the segment's key. No file is
 * touched here: store/ writes what these functions append to a struct bytes, and reads by mapping a file.
 */
#ifndef ASSENT_SEGMENT_H
#define ASSENT_SEGMENT_H

#include "bytes.h"
#include "../event.h"

enum {
	SEGMENT_BLOCK_EVENTS_MAX = 65536,
	SEGMENT_BLOCK_BYTES_MAX = 16 << 20,  /* of one block, decompressed */
	SEGMENT_DEVICES_MAX = 256,
	SEGMENT_KEY = 32                     /* bytes of a segment's key: random, used for this segment alone */
};

struct segment_meta {
	char study[65], epoch[33], participant[33], segment[41];
	uint8_t receipt_hash[32], policy_hash[32], boot_id[16];
	int64_t t_us, mono_us;   /* both clocks, read together when the segment was begun */
};

/* ---- Writing ---- */

struct segment_writer;

/* Appends the header to out. key is copied into locked memory, and wiped by segment_writer_free. ERROR_MEMORY (also: it cannot be
 * locked); ERROR_INVALID: a name in meta is not clean UTF-8. */
int segment_writer_new(const struct segment_meta *meta, const uint8_t key[SEGMENT_KEY], int level, struct bytes *out,
	struct segment_writer **writer);
void segment_writer_free(struct segment_writer *w);
/* From the next flush on blocks are written sealed (FORMAT.md, "Sealed block"): for a segment that is written anew when it is complete, best in blocks of
 * SEGMENT_BLOCK_EVENTS_MAX. Takes about 9 MiB of memory from the first such flush to segment_writer_free, and 40 to 80 ns an event. */
void segment_writer_seal(struct segment_writer *w);
/* Goes into the next block, or the footer. At most SEGMENT_DEVICES_MAX; the last class of a device counts. */
void segment_writer_device(struct segment_writer *w, int16_t device, enum device_class klass);
/* Keeps a copy until the next flush; looks only at the fields that event->has names. ERROR_LIMIT: SEGMENT_BLOCK_EVENTS_MAX
 * are waiting, or as many bytes as a block may have; flush first. ERROR_INVALID: the segment is finished, or no
 * reader would accept the event (an enum out of range, text that is not clean UTF-8, dx or dy not finite). */
int segment_writer_add(struct segment_writer *w, const struct event *event);
uint32_t segment_writer_waiting(const struct segment_writer *w);
/* Appends one whole block with what waits (nothing if nothing waits); t_us: UTC now, which stands in clear in the record's head.
 * ERROR_MEMORY: nothing was appended, all still waits. */
int segment_writer_flush(struct segment_writer *w, int64_t t_us, struct bytes *out);
/* Flushes, then appends the footer: after it nothing may follow. */
int segment_writer_finish(struct segment_writer *w, int64_t t_us, struct bytes *out);

/* ---- Reading ---- */

struct segment_reader;

/* data is borrowed until segment_reader_free; key is copied as above. ERROR_CORRUPT: not a segment or a damaged header;
 * ERROR_DENIED: the key is another one, or the header was tampered with; ERROR_UNSUPPORTED: an incompatible version;
 * ERROR_TRUNCATED: not even a whole header. */
int segment_reader_new(const uint8_t *data, size_t length, const uint8_t key[SEGMENT_KEY], struct segment_reader **reader);
void segment_reader_free(struct segment_reader *r);
const struct segment_meta *segment_reader_meta(const struct segment_reader *r);
/* 1: event filled (its strings live until the next call); 0: the end, whole and with a footer, or with a cut (then its last event was
 * the gap of reason crash that the cut stands for);
 * ERROR_TRUNCATED: all good up to here, then the file ends without either;
 * ERROR_CORRUPT: a block is damaged, out of order, or not of this segment: events before it were good (a block is given out whole or
 * not at all);
 * ERROR_UNSUPPORTED: something that a newer version wrote and that may not be skipped; ERROR_MEMORY. */
int segment_reader_next(struct segment_reader *r, struct event *event);
/* The next block whole, as columns (columns.h), valid until the next call; 1, 0 and errors as of segment_reader_next, which is not to be called while rows of
 * a block are left. A cut comes as a block of one row. */
struct columns;
int segment_reader_block(struct segment_reader *r, const struct columns **block);
/* Passes over blocks all of whose rows are before t_us (UTC), of all that is read from here on. They are authenticated; sealed ones are not decompressed,
 * those of a journal are, for their devices and their clock. */
void segment_reader_from(struct segment_reader *r, int64_t t_us);
/* After the end: was it a cut? */
bool segment_reader_was_cut(const struct segment_reader *r);
/* Class of a device, DEVICE_OTHER where it was never named. */
enum device_class segment_reader_device(const struct segment_reader *r, int16_t device);
/* All that were named so far (columns.h). */
struct device_list;
const struct device_list *segment_reader_devices(const struct segment_reader *r);

/* ---- Without the key ---- */

/* What can be told of a segment by its framing alone. */
struct segment_frame {
	size_t good;             /* length of everything up to the last whole record */
	uint64_t records, blocks; /* in the good part */
	int64_t first_t_us, last_t_us; /* of the heads of its records: when they were written, UTC */
	bool finished;           /* the good part ends with a footer, or a cut: what is behind it, if anything, is to be cut off, and
	                          * nothing to be added */
	bool cut;
};
/* Reads the framing. 0: whole, or whole up to good; ERROR_CORRUPT/ERROR_TRUNCATED only if not even the header's record is good, and
 * ERROR_UNSUPPORTED for another version: then cut nothing off. A record that is whole but whose check is wrong ends the good part. */
int segment_frame(const uint8_t *data, size_t length, struct segment_frame *frame);
/* Which version it is of, also if it is none that can be read, and the flags that a reader has to know (this one knows none).
 * ERROR_TRUNCATED, ERROR_CORRUPT: it is no segment. */
enum { SEGMENT_VERSION = 3 };
int segment_prelude(const uint8_t *data, size_t length, uint32_t *version, uint16_t *flags);
/* Appends the mark that ends a torn segment, to follow behind its good part of so many records: events from from_us (when its last record
 * was written) to to_us may be lost. Needs no key, as who mends it has none; hence it is no proof, either, that it was a crash. Readers give it
 * out as a gap of reason crash that begins with the last event. ERROR_MEMORY. */
int segment_cut(int64_t from_us, int64_t to_us, uint64_t records, struct bytes *out);

#endif
