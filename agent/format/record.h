/* SPDX-License-Identifier: Apache-2.0 */
/* The framing of a segment: what can be seen, and checked for damage, without its key (FORMAT.md, "Segment" and "Record"). */
#ifndef ASSENT_RECORD_H
#define ASSENT_RECORD_H

#include "bytes.h"

enum record_type {
	RECORD_HEADER = 1, RECORD_BLOCK = 2, RECORD_FOOTER = 3, RECORD_CUT = 4, RECORD_SEALED = 5,
	RECORD_OPTIONAL = 128    /* a reader skips those from here that it does not know */
};

enum {
	RECORD_PRELUDE_BYTES = 24, RECORD_HEAD_BYTES = 32,
	RECORD_CHECK_BYTES = 8,  /* the first of the head; what follows of it is authenticated with the payload */
	RECORD_NAME_BYTES = RECORD_HEAD_BYTES - RECORD_CHECK_BYTES,
	/* A record's length, with its head, is a multiple of this. Five seconds of typing fit into one: so a block's length,
	 * and with it the file's, does not tell whether and how much was typed. */
	RECORD_PAD_BYTES = 512,
	/* A sealed block that is not full says by its length about how many rows it has, which is an hour's: so a coarser one, some 3,000. */
	RECORD_PAD_COARSE_BYTES = 4096,
	RECORD_BYTES_MAX = 17 << 20
};

void record_put_prelude(struct bytes *out);
/* ERROR_TRUNCATED, ERROR_CORRUPT, ERROR_UNSUPPORTED. */
int record_get_prelude(struct bytes_reader *in);
/* Of any version: which, and its flags that a reader has to know. ERROR_TRUNCATED, ERROR_CORRUPT. */
int record_peek_prelude(struct bytes_reader *in, uint32_t *version, uint16_t *incompatible);

struct record {
	uint8_t type;
	int64_t t_us;            /* UTC, when it was written */
	const uint8_t *name;     /* RECORD_NAME_BYTES of the head */
	const uint8_t *payload;
	size_t length;           /* of the payload */
};

/* The payload's length for so many bytes of content, where a record's is a multiple of step; or 0: more than a record can have. */
size_t record_room(size_t content, size_t step);
/* What a record is called in the file: its payload's length, its type, when it was written, and that it is the n-th. */
void record_name(uint8_t type, int64_t t_us, uint64_t n, size_t length, uint8_t name[RECORD_NAME_BYTES]);
/* Puts the head in front of a payload. record: room for both, the payload already at RECORD_HEAD_BYTES in it. */
void record_seal(uint8_t *record, const uint8_t name[RECORD_NAME_BYTES], size_t length);
/* Finds the n-th record and checks it; nothing of it is believed before. ERROR_TRUNCATED (also at the end: nothing is there),
 * ERROR_CORRUPT. in is moved behind it only if it is good. */
int record_get(struct bytes_reader *in, uint64_t n, struct record *record);

/* Appends the n-th record, a cut: it has no secret, and needs no key. ERROR_MEMORY. */
int record_put_cut(int64_t t_us, uint64_t n, int64_t from_us, int64_t to_us, struct bytes *out);
/* What it says. ERROR_CORRUPT. */
int record_cut(const struct record *record, int64_t *from_us, int64_t *to_us);

#endif
