/* SPDX-License-Identifier: Apache-2.0 */
/* What columns.c (rows), block.c and sealed_*.c (bytes) share. */
#ifndef ASSENT_COLUMNS_INSIDE_H
#define ASSENT_COLUMNS_INSIDE_H

#include "columns.h"

enum {
	HAS_KEY = HAS_CLASS | HAS_CODE | HAS_TEXT,  /* kept together, as one word */
	SHAPE_BYTES = 7,         /* kind, has (2), device (2), synthetic, reason */
	KEY_BYTES_MAX = 4 + EVENT_TEXT_MAX,         /* which of the three, class, code (2), text */
	SECTION_DEVICES = 1,
	SECTION_WORDS = 2,       /* + enum words */
	SECTION_COLUMNS = 16,    /* + enum column */
	SECTION_OPTIONAL = 128   /* a reader skips those from here that it does not know */
};

/* What a row must have to have a value in a column. 0: every row has one. */
extern const uint16_t columns_has[COLUMN_COUNT];

static inline bool columns_wants(unsigned column, uint16_t has)
{
	return columns_has[column] == 0 || columns_has[column] & has;
}

/* Takes a section of words and checks each. ERROR_CORRUPT, ERROR_MEMORY. */
int words_decode(struct columns *c, enum words which, struct bytes_reader *in);
/* has of a shape below the count of shapes. */
uint16_t words_shape_has(const struct columns *c, uint32_t which);
/* Sets t_first, t_last and mono_last from the rows. */
void columns_find_times(struct columns *c);

#endif
