/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts: from what came before, by which table the next number of a column is coded (FORMAT.md, "Models"). The same for writer and reader. */
#ifndef ASSENT_CONTEXT_H
#define ASSENT_CONTEXT_H

#include "bytes.h"
#include "token.h"

enum model { MODEL_PLAIN, MODEL_TIME, MODEL_MOVE, MODEL_FOLLOW, MODEL_KEY, MODELS };

enum {
	PLAIN_CONTEXTS = 64,
	TIME_SHAPES = 8, TIME_SIZES = 8, TIME_SMALL = 64, TIME_CONTEXTS = TIME_SHAPES * TIME_SIZES * TIME_SMALL,
	MOVE_A = 64, MOVE_CONTEXTS = MOVE_A + 256,
	FOLLOW_AXIS = 512, FOLLOW_CONTEXTS = 2 * FOLLOW_AXIS,
	FOLLOW_START = 2 << 3 | 2,
	KEY_WORDS = 128, KEY_HELD = 4, KEY_CONTEXTS = KEY_WORDS + KEY_HELD,
	HELD_MAX = 16,
	CONTEXTS_MAX = TIME_CONTEXTS
};

extern const uint16_t context_count[MODELS];

static inline unsigned context_min(unsigned a, unsigned b) { return a < b ? a : b; }

/* The size of a number that is not coded itself: of its zigzag. */
extern const uint8_t context_sizes[65];
static inline unsigned context_size(int64_t v)
{
	uint64_t z = bytes_zigzag(v);
	return context_sizes[z < 64 ? z : 64];
}

/* ---- Time: the step before, the one before that, and the shape ---- */

struct time_state { unsigned small, before, size; };   /* small token of the last; sizes of the one before it, and of it */

static inline unsigned time_context(const struct time_state *s, unsigned shape)
{
	return (context_min(shape, TIME_SHAPES - 1) * TIME_SIZES + s->before) * TIME_SMALL + s->small;
}

static inline void time_next(struct time_state *s, unsigned small, unsigned size)
{
	*s = (struct time_state){context_min(small, TIME_SMALL - 1), s->size, size};
}

/* ---- Move: pairs a, b, each folded: times the sign of the last of its kind that was not 0 ---- */

struct move_state {
	unsigned a1, a2, b1, b2;     /* sizes of the last, and of those before */
	int64_t sign_a, sign_b;      /* 0 or -1 */
};

static inline unsigned move_context_a(const struct move_state *s) { return s->a1 * 8 + s->a2; }
static inline unsigned move_context_b(const struct move_state *s, unsigned a)
{
	return MOVE_A + (s->b1 * 8 + a) * 4 + context_min(s->b2, 3);
}

/* v, or -v where sign is -1. Modulo 2^64. */
static inline int64_t context_fold(int64_t v, int64_t sign) { return (int64_t)((uint64_t)(v ^ sign) - (uint64_t)sign); }
static inline int64_t context_sign(int64_t v, int64_t last) { return v ? v >> 63 : last; }

static inline void move_next(struct move_state *s, int64_t a, int64_t b, unsigned size_a, unsigned size_b)
{
	*s = (struct move_state){size_a, s->a1, size_b, s->b1, context_sign(a, s->sign_a), context_sign(b, s->sign_b)};
}

/* ---- Follow: what a step on the screen is more than the movement of the device, in whole pixels ---- */

struct follow_state { unsigned x, y; };    /* of each axis the classes of the last two residues, the older one times 8 */

static inline int64_t follow_guess(int64_t d, unsigned shift)
{
	return (d + ((int64_t)1 << shift >> 1)) >> shift;
}

static inline unsigned follow_context(unsigned axis, int64_t guess, unsigned before)
{
	return axis * FOLLOW_AXIS + context_size(guess) * 64 + before;
}

/* -2 and less, -1, 0, 1, 2 and more: 0-4; of the residue's zigzag. */
static inline unsigned follow_class(uint64_t z)
{
	static const uint8_t classes[6] = {2, 1, 3, 0, 4, 0};
	uint64_t large = 4 | (z & 1);
	return classes[z < large ? z : large];
}

/* Where the device did not move, nothing was learnt. */
static inline void follow_next(struct follow_state *s, int64_t dx, int64_t dy, uint64_t rx, uint64_t ry)
{
	unsigned x = -(unsigned)(dx != 0), y = -(unsigned)(dy != 0);
	s->x ^= (s->x ^ ((s->x & 7) << 3 | follow_class(rx))) & x;
	s->y ^= (s->y ^ ((s->y & 7) << 3 | follow_class(ry))) & y;
}

/* ---- Key: what is pressed by what was pressed before; what is released by its place among those held ---- */

enum hold { HOLD_PRESS, HOLD_RELEASE, HOLD_OTHER, HOLD_MASK };

struct held { uint32_t count, word[HELD_MAX]; };       /* the newest last */

static inline unsigned key_context(const struct held *h, enum hold hold, unsigned last)
{
	return hold == HOLD_RELEASE ? KEY_WORDS + context_min(h->count, KEY_HELD - 1) : last;
}

static inline void held_add(struct held *h, uint32_t word)
{
	if (h->count == HELD_MAX) {
		h->count--;
		for (uint32_t i = 0; i < h->count; i++)
			h->word[i] = h->word[i + 1];
	}
	h->word[h->count++] = word;
}

static inline uint32_t held_take(struct held *h, uint32_t place)   /* 0: the newest */
{
	uint32_t at = h->count - 1 - place, word = h->word[at];
	h->count--;
	for (; at < h->count; at++)
		h->word[at] = h->word[at + 1];
	return word;
}

#endif
