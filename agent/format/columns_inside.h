/* SPDX-License-Identifier: Apache-2.0 */
/* What columns.c (rows) and block.c (bytes) share. */
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

#endif
