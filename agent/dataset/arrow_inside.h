/* SPDX-License-Identifier: Apache-2.0 */
/* What arrow.c, arrow_body.c and arrow_meta.c share. */
#ifndef ASSENT_ARROW_INSIDE_H
#define ASSENT_ARROW_INSIDE_H

#include <zstd.h>

#include "arrow.h"
#include "flat.h"

enum { ARROW_BUFFERS_MAX = 3 * BATCH_COLUMNS };

struct arrow_body {
	uint64_t rows;
	unsigned nodes, buffers;
	struct { uint64_t rows, nulls; } node[BATCH_COLUMNS];
	struct { uint64_t at, length; } buffer[ARROW_BUFFERS_MAX];
	struct bytes bytes;
};

/* Where a message is, for the footer. */
struct arrow_block { uint64_t at, body; uint32_t meta; };

struct arrow {
	struct outfile *out;
	bool in_path;
	struct bytes meta, raw;
	struct bytes blocks;         /* struct arrow_block of each record batch */
	struct arrow_block dictionary[BATCH_COLUMNS];
	unsigned dictionaries;
	struct arrow_body body;
	uint8_t bitmap[(BATCH_ROWS + 64) / 8];
	ZSTD_CCtx *zstd;
};

bool arrow_has(const struct arrow *a, enum batch_column column);
bool arrow_is_enum(enum batch_column column);

/* arrow_body.c: fills a->body. ERROR_MEMORY. */
int arrow_body_rows(struct arrow *a, const struct batch *b);
int arrow_body_words(struct arrow *a, enum batch_column column);

/* arrow_meta.c: replace a->meta by a flatbuffer. */
void arrow_meta_schema(struct arrow *a);
void arrow_meta_rows(struct arrow *a);
void arrow_meta_words(struct arrow *a, enum batch_column column);
void arrow_meta_footer(struct arrow *a);

#endif
