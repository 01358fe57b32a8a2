/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a table as typed columns, as Parquet and Arrow both want them: which values there are, and these values without room for those that are null.
 * Bounded: BATCH_ROWS rows, and what the lexicons of strings may hold.
 */
#ifndef ASSENT_BATCH_H
#define ASSENT_BATCH_H

#include "../format/segment.h"
#include "lexicon.h"

enum { BATCH_ROWS = 128 << 10 };

enum batch_type { BATCH_INT64, BATCH_INT32, BATCH_INT16, BATCH_FLOAT, BATCH_BOOL, BATCH_STRING };

/* In the order of every export. */
enum batch_column {
	BATCH_T_US, BATCH_MONO_US, BATCH_KIND, BATCH_DEVICE, BATCH_CLASS, BATCH_CODE, BATCH_TEXT, BATCH_X, BATCH_Y, BATCH_DX, BATCH_DY,
	BATCH_SCROLL_X, BATCH_SCROLL_Y, BATCH_APP, BATCH_TITLE, BATCH_REASON, BATCH_END_US, BATCH_LOST, BATCH_SYNTHETIC,
	BATCH_STUDY, BATCH_EPOCH, BATCH_PARTICIPANT, BATCH_SEGMENT,
	BATCH_COLUMNS
};

struct batch_field {
	const char *name;
	enum batch_type type;
	uint16_t presence;           /* the bit of a row's presence that says that the value is there; 0: it always is */
	const char *meaning;         /* with the unit */
};
extern const struct batch_field batch_fields[BATCH_COLUMNS];

/* Of strings: a number in the column's lexicon; of kind, class and reason: the enum's value. */
union batch_values {
	void *any;
	int64_t *i64;
	int32_t *i32;
	int16_t *i16;
	float *f32;
	uint8_t *u8;
	uint16_t *word;
};

struct batch {
	uint32_t rows;
	uint16_t *presence;          /* of each row: HAS_*, and BATCH_HAS_DY for dy alone */
	uint32_t count[BATCH_COLUMNS];            /* of columns that may be null: of values. See batch_count */
	union batch_values values[BATCH_COLUMNS];
	struct lexicon words[BATCH_COLUMNS];      /* of columns of strings that are no enum */
	struct segment_meta meta;                 /* of the last row, */
	uint16_t place[4];                        /* and its words */
	bool placed;
};

/* HAS_DELTA says it of dx only: a movement that is no number is null, each on its own. */
enum { BATCH_HAS_DY = 1 << 13 };

int batch_init(struct batch *b);             /* ERROR_MEMORY; release it all the same */
void batch_release(struct batch *b);
void batch_clear(struct batch *b);
/* ERROR_LIMIT: it is full: write and clear it, then try again. ERROR_INVALID: a kind, class or reason that does not exist. ERROR_MEMORY.
 * Adds all or nothing. */
int batch_add(struct batch *b, const struct segment_meta *meta, const struct event *event);
/* How many values a column has. */
uint32_t batch_count(const struct batch *b, enum batch_column column);
/* The words of a column of strings. */
uint32_t batch_words(const struct batch *b, enum batch_column column);
const uint8_t *batch_word(const struct batch *b, enum batch_column column, uint32_t number, uint32_t *length);
/* Bit 0 of the first byte: the first row's; the bits behind the last row are 0. Fills (rows + 7) / 8 bytes, for which there is room up to a multiple of 8. */
void batch_bitmap(const struct batch *b, uint16_t presence, uint8_t *bitmap);

#endif
