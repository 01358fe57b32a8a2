/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed_read.h"

/* What is in front of a number decides by which table it is read, so that no number can be read before the one in front of it: only another lane
 * gives the processor something to do meanwhile. Hence these loops go over two lanes at once, with the states in locals; all four are no faster. */
#define HOT static inline __attribute__((always_inline))

void sealed_tables_fill(struct sealed_tables *t)
{
	for (unsigned d = TOKEN_DIRECT_MIN; d <= TOKEN_DIRECT_MAX; d++)
		token_fill(d, t->tokens[d - TOKEN_DIRECT_MIN]);
}

static bool get_map(struct sealed_tables *t, unsigned contexts, unsigned tables, struct bytes_reader *head)
{
	_Static_assert(sizeof(struct lane_spread) % 8 == 0, "steps of 8 bytes");
	for (unsigned c = 0; c < contexts;) {
		unsigned table = bytes_get_u8(head);
		uint64_t run = bytes_get_varint(head);
		if (head->failed || table >= tables || run == 0 || run > contexts - c)
			return false;
		for (; run > 0; run--)
			t->of[c++] = (uint16_t)(table * (sizeof(struct lane_spread) / 8));
	}
	return true;
}

bool sealed_open(struct sealed_tables *t, unsigned direct, enum model model, uint32_t n, struct bytes_reader *head,
	struct bytes_reader *lanes, struct sealed_run *run)
{
	if (direct < TOKEN_DIRECT_MIN || direct > TOKEN_DIRECT_MAX)
		return false;
	*run = (struct sealed_run){.tables = t, .tokens = t->tokens[direct - TOKEN_DIRECT_MIN], .n = n};
	unsigned tables = bytes_get_u8(head);
	if (tables == 0 || tables > SEALED_TABLES_MAX || !get_map(t, context_count[model], tables, head))
		return false;
	for (unsigned i = 0; i < tables; i++)
		if (lane_spread_decode(&t->spread[i], run->tokens, head))
			return false;
	for (unsigned l = 0; l < LANES; l++) {
		uint64_t words = bytes_get_varint(head);
		if (head->failed || !lane_open(&run->lane[l], words, lanes))
			return false;
	}
	return true;
}

HOT const struct lane_spread *table_of(const struct sealed_tables *t, unsigned context)
{
	return (const struct lane_spread *)(const void *)((const uint8_t *)t->spread + 8 * (size_t)t->of[context]);
}

#define BEGIN_LANES \
	struct lane L0 = run->lane[0], L1 = run->lane[1], L2 = run->lane[2], L3 = run->lane[3]; \
	const uint32_t i0 = 0, i1 = lane_begin(run->n, 1), i2 = lane_begin(run->n, 2), i3 = lane_begin(run->n, 3); \
	const uint32_t n0 = i1, n1 = i2 - i1, n2 = i3 - i2, n3 = run->n - i3; \
	const struct token *const tokens = run->tokens; \
	const struct sealed_tables *const tables = run->tables; \
	uint32_t i = 0
/* No lane is longer than the one before it. */
#define TWO_LANES(STEP, a, b) \
	for (i = 0; i < n##b; i++) { STEP(a); STEP(b); } \
	for (; i < n##a; i++) STEP(a);
#define EACH_LANE(STEP) TWO_LANES(STEP, 0, 1) TWO_LANES(STEP, 2, 3)
#define ALL_DONE (lane_done(&L0) && lane_done(&L1) && lane_done(&L2) && lane_done(&L3))

HOT uint64_t plain_step(struct lane *l, const struct sealed_tables *tables, const struct token *tokens, unsigned *last)
{
	unsigned small, size;
	uint64_t v = lane_get(l, table_of(tables, *last), tokens, &small, &size);
	*last = context_min(small, PLAIN_CONTEXTS - 1);
	return v;
}

bool sealed_read_plain(struct sealed_run *run, uint64_t *out)
{
	BEGIN_LANES;
	unsigned s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#define STEP(l) out[i##l + i] = plain_step(&L##l, tables, tokens, &s##l)
	EACH_LANE(STEP)
#undef STEP
	return ALL_DONE;
}

HOT uint64_t time_step(struct lane *l, const struct sealed_tables *tables, const struct token *tokens, struct time_state *s, int64_t shape)
{
	unsigned small, size;
	uint64_t v = lane_get(l, table_of(tables, time_context(s, (unsigned)shape)), tokens, &small, &size);
	time_next(s, small, size);
	return v;
}

bool sealed_read_steps(struct sealed_run *run, const int64_t *shape, uint64_t *out)
{
	BEGIN_LANES;
	struct time_state s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
#define STEP(l) out[i##l + i] = time_step(&L##l, tables, tokens, &s##l, shape[i##l + i])
	EACH_LANE(STEP)
#undef STEP
	return ALL_DONE;
}

HOT void move_step(struct lane *l, const struct sealed_tables *tables, const struct token *tokens, struct move_state *s, int64_t *a, int64_t *b)
{
	unsigned small, size_a, size_b;
	*a = context_fold(bytes_unzigzag(lane_get(l, table_of(tables, move_context_a(s)), tokens, &small, &size_a)), s->sign_a);
	*b = context_fold(bytes_unzigzag(lane_get(l, table_of(tables, move_context_b(s, size_a)), tokens, &small, &size_b)), s->sign_b);
	move_next(s, *a, *b, size_a, size_b);
}

bool sealed_read_moves(struct sealed_run *run, int64_t *a, int64_t *b)
{
	BEGIN_LANES;
	struct move_state s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
#define STEP(l) move_step(&L##l, tables, tokens, &s##l, &a[i##l + i], &b[i##l + i])
	EACH_LANE(STEP)
#undef STEP
	return ALL_DONE;
}

HOT void follow_step(struct lane *l, const struct sealed_tables *tables, const struct token *tokens, struct follow_state *s, int64_t dx, int64_t dy,
	unsigned shift, int64_t *x, int64_t *y)
{
	unsigned small, size;
	int64_t gx = follow_guess(dx, shift), gy = follow_guess(dy, shift);
	uint64_t rx = lane_get(l, table_of(tables, follow_context(0, gx, s->x)), tokens, &small, &size);
	uint64_t ry = lane_get(l, table_of(tables, follow_context(1, gy, s->y)), tokens, &small, &size);
	*x = (int64_t)((uint64_t)gx + (uint64_t)context_fold(bytes_unzigzag(rx), dx >> 63));
	*y = (int64_t)((uint64_t)gy + (uint64_t)context_fold(bytes_unzigzag(ry), dy >> 63));
	follow_next(s, dx, dy, rx, ry);
}

bool sealed_read_follow(struct sealed_run *run, const int64_t *dx, const int64_t *dy, unsigned shift, int64_t *x, int64_t *y)
{
	BEGIN_LANES;
	struct follow_state s0 = {FOLLOW_START, FOLLOW_START}, s1 = s0, s2 = s0, s3 = s0;
#define STEP(l) follow_step(&L##l, tables, tokens, &s##l, dx[i##l + i], dy[i##l + i], shift, &x[i##l + i], &y[i##l + i])
	EACH_LANE(STEP)
#undef STEP
	return ALL_DONE;
}

struct key_state { struct held held; unsigned last; bool bad; };

HOT int64_t key_step(struct lane *l, const struct sealed_tables *tables, const struct token *tokens, struct key_state *s, enum hold hold,
	const uint32_t *release, uint32_t words)
{
	unsigned small, size;
	bool up = hold == HOLD_RELEASE;
	uint64_t v = lane_get(l, table_of(tables, key_context(&s->held, hold, s->last)), tokens, &small, &size);
	uint32_t word;
	if (up && v < s->held.count) {
		word = release[held_take(&s->held, (uint32_t)v)];
		s->bad |= word == RELEASE_NONE;
		return word;
	}
	v -= up ? s->held.count : 0;
	s->bad |= v >= words;
	word = v < words ? (uint32_t)v : 0;
	if (up)
		return word;
	s->last = context_min(word, KEY_WORDS - 1);
	if (hold == HOLD_PRESS)
		held_add(&s->held, word);
	return word;
}

bool sealed_read_keys(struct sealed_run *run, const uint8_t *hold, const uint32_t *release, uint32_t words, int64_t *out)
{
	BEGIN_LANES;
	struct key_state s0 = {.last = 0}, s1 = {.last = 0}, s2 = {.last = 0}, s3 = {.last = 0};
#define STEP(l) out[i##l + i] = key_step(&L##l, tables, tokens, &s##l, hold[i##l + i] & HOLD_MASK, release, words)
	EACH_LANE(STEP)
#undef STEP
	return ALL_DONE && !(s0.bad | s1.bad | s2.bad | s3.bad);
}
