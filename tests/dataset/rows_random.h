/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of every kind by chance, the same for the same seed: what a table is tried with. */
#ifndef ASSENT_ROWS_RANDOM_H
#define ASSENT_ROWS_RANDOM_H

#include "../../agent/format/segment.h"

enum rows_mode {
	ROWS_DESK,       /* like a desk: runs of motion, keys, few applications */
	ROWS_ANY,        /* every column there or not, by chance; now and then an extreme */
	ROWS_EXTREME,    /* everything there, extremes mostly */
	ROWS_NONE,       /* nothing there but what always is */
	ROWS_WORDS,      /* a title of its own for each row: many row groups */
	ROWS_FAR,        /* steps of time and place that do not fit into their type */
	ROWS_MODES
};

struct rows_random {
	uint64_t state;
	enum rows_mode mode;
	uint32_t row;
	struct segment_meta meta;
	struct event event;
	char app[EVENT_APP_MAX + 1], title[EVENT_TITLE_MAX + 1];
};

/* "desk", "any", ...; -1. */
int rows_random_mode(const char *name);
void rows_random_init(struct rows_random *r, enum rows_mode mode, uint64_t seed);
/* Fills meta and event with the next row. */
void rows_random_next(struct rows_random *r);
uint64_t rows_random_number(struct rows_random *r);

#endif
