/* SPDX-License-Identifier: Apache-2.0 */
/* What the writing and the reading of sealed blocks share. */
#ifndef ASSENT_SEALED_INSIDE_H
#define ASSENT_SEALED_INSIDE_H

#include "columns_inside.h"
#include "context.h"
#include "sealed.h"

/* Devices and words have the ids that they have in a block of the journal. */
enum sealed_section {
	SEALED_GRID = 6, SEALED_REST, SEALED_SHIFT,
	SEALED_SHAPE = 16, SEALED_TIME, SEALED_UTC, SEALED_KEY, SEALED_DELTA, SEALED_STEP, SEALED_FOLLOW, SEALED_DX, SEALED_DY, SEALED_SCROLL_X,
	SEALED_SCROLL_Y, SEALED_APP, SEALED_TITLE, SEALED_END, SEALED_LOST
};

/* How a run of numbers is written: one of these, or TOKEN_DIRECT_MIN to TOKEN_DIRECT_MAX. */
enum { CODING_CONSTANT, CODING_LIST, CODING_RUNS };

enum {
	SEALED_TABLES_MAX = 24,
	SEALED_UNIT_MAX = 1 << 30,
	SEALED_PAIRS = 2,
	SEALED_VALUES_MAX = SEALED_PAIRS * SEGMENT_BLOCK_EVENTS_MAX
};

static inline int64_t sealed_floor(int64_t a, int64_t b) { return a / b - (a % b < 0); }
static inline int64_t sealed_minus(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }

static inline enum hold sealed_hold(unsigned kind)
{
	return kind == EVENT_KEY_DOWN || kind == EVENT_BUTTON_DOWN ? HOLD_PRESS
		: kind == EVENT_KEY_UP || kind == EVENT_BUTTON_UP ? HOLD_RELEASE : HOLD_OTHER;
}

/* The word by which a pressed word is released: the first with the same class and code, and without text. */
enum { RELEASE_NONE = UINT32_MAX };
struct releases { uint32_t *word, *table; uint32_t capacity, seed; };

void releases_release(struct releases *r);
/* ERROR_MEMORY. */
int releases_find(struct releases *r, const struct dictionary *keys);

#endif
