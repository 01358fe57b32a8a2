/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of sealed blocks: what its files share. All of these return 0, ERROR_CORRUPT or ERROR_MEMORY, or false: corrupt. */
#ifndef ASSENT_SEALED_READER_H
#define ASSENT_SEALED_READER_H

#include "sealed_read.h"

struct sealed_shape { int64_t unit, phase; uint32_t rows; uint16_t has; uint8_t hold; };

struct sealed_reader {
	struct sealed_tables tables;
	struct sealed_shape *shape;
	uint32_t shapes;                 /* room for so many */
	struct releases releases;
	/* Of the block that is being read. */
	struct columns *c;
	struct bytes_reader lanes, rest;
	unsigned shift;
	uint32_t count[COLUMN_COUNT];    /* how many values each column must have, known once the shapes are */
	int64_t length[SEGMENT_BLOCK_EVENTS_MAX], value[SEGMENT_BLOCK_EVENTS_MAX];  /* of runs */
	uint8_t hold[SEGMENT_BLOCK_EVENTS_MAX];  /* of each key: what was done, and 4 * which of the three its shape says it has */
	int64_t dx[SEGMENT_BLOCK_EVENTS_MAX], dy[SEGMENT_BLOCK_EVENTS_MAX];  /* what belongs to each position */
};

/* What the numbers of a section may be. */
struct sealed_range { bool is_signed; int64_t least, most; };

/* Undoes the zigzag, and checks. */
bool sealed_range_finish(const struct sealed_range *range, int64_t *v, uint32_t n);
/* Where the values of a column go; corrupt if it must have none, or has them already. */
int sealed_column_begin(struct sealed_reader *r, enum column column, int64_t **values);
/* A column of plain numbers. */
int sealed_column(struct sealed_reader *r, struct bytes_reader *head, enum column column, bool is_signed, int64_t least, int64_t most);

/* ---- sealed_rows.c: shapes and times ---- */

/* Now that the words of the shapes are known, of each what it says of its rows. */
int sealed_rows_take(struct sealed_reader *r);
bool sealed_rows_grid(struct sealed_reader *r, struct bytes_reader *head);
int sealed_rows_shapes(struct sealed_reader *r, struct bytes_reader *head);
int sealed_rows_times(struct sealed_reader *r, struct bytes_reader *head);

/* ---- sealed_input.c: keys, movements, positions ---- */

int sealed_input_keys(struct sealed_reader *r, struct bytes_reader *head);
int sealed_input_delta(struct sealed_reader *r, struct bytes_reader *head);
int sealed_input_step(struct sealed_reader *r, struct bytes_reader *head);
int sealed_input_follow(struct sealed_reader *r, struct bytes_reader *head);
/* dx or dy, as the bits of floats. */
int sealed_input_bits(struct sealed_reader *r, struct bytes_reader *head, enum column column);

#endif
