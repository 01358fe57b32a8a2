/* SPDX-License-Identifier: Apache-2.0 */
/* The framing of a segment: prelude, records, trailer (FORMAT.md, "Segment"). */
#ifndef ASSENT_RECORD_H
#define ASSENT_RECORD_H

#include <zstd.h>

#include "bytes.h"
#include "numbers.h"

enum record_type {
	RECORD_HEADER = 1, RECORD_BLOCK = 2, RECORD_FOOTER = 3,
	RECORD_OPTIONAL = 128    /* a reader skips those from here that it does not know */
};

enum {
	RECORD_PRELUDE_BYTES = 24, RECORD_HEAD_BYTES = 16, RECORD_TRAILER_BYTES = 16,
	/* A payload's length is a multiple of this. Five seconds of typing fit into one, however fast and in whatever
	 * detail: so a block's length, and with it the file's, does not tell whether and how much was typed. */
	RECORD_PAD_BYTES = 512
};

/* What makes the check of a record its own: which segment, and which record of it. */
struct record_chain {
	uint8_t key[16];
	uint64_t count;
};

void record_chain_init(struct record_chain *c);
/* After the header: from here on, records of this segment alone. */
void record_chain_bind(struct record_chain *c, const struct bytes *header);

void record_put_prelude(struct bytes *out);
/* ERROR_TRUNCATED, ERROR_CORRUPT, ERROR_UNSUPPORTED. */
int record_get_prelude(struct bytes_reader *in);

/* A compressor for record_put; level as zstd's. NULL: out of memory. */
ZSTD_CCtx *record_packer_new(int level);
/* Fills the head of the record that begins at `begin` in out and ends where out ends. */
void record_put_head(struct record_chain *c, uint8_t type, size_t begin, struct bytes *out);
/* Appends a whole record, or nothing. cuts (or NULL): ascending places in content where unlike data meet. */
int record_put(struct record_chain *c, ZSTD_CCtx *packer, enum record_type type, const struct bytes *content,
	const struct numbers *cuts, struct bytes *out);

struct record {
	uint8_t type;
	const uint8_t *payload;  /* with its padding */
	size_t length;
};

/* Reads a record's head and finds its payload. ERROR_TRUNCATED, ERROR_CORRUPT. */
int record_get(struct record_chain *c, struct bytes_reader *in, struct record *record);
/* Replaces content by the record's. ERROR_CORRUPT (also: larger than any record may be), ERROR_MEMORY. */
int record_unpack(const struct record *record, ZSTD_DCtx *unpacker, struct bytes *content);

/* footer: where the footer's record begins. */
void record_put_trailer(uint64_t footer, struct bytes *out);
int record_get_trailer(uint64_t footer, struct bytes_reader *in);

#endif
