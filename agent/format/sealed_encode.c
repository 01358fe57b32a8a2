/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed_inside.h"

#include <stdlib.h>

#include "float.h"
#include "sealed_grid.h"
#include "sealed_write.h"
#include "../error.h"

enum {
	RUNS_WORTH = 16,         /* so many equal numbers in a row, on average, and they are kept as runs */
	LIST_MAX = 32,           /* so few numbers do not repay tables and lanes */
	DIRECT = 5, DIRECT_FINE = 7
};

struct sealed_writer {
	struct sealed_coder coder;
	struct sealed_grids grids;
	struct releases releases;
	uint64_t length[SEGMENT_BLOCK_EVENTS_MAX], value[SEGMENT_BLOCK_EVENTS_MAX];  /* of runs; value also of plain numbers */
	int64_t dx[SEGMENT_BLOCK_EVENTS_MAX], dy[SEGMENT_BLOCK_EVENTS_MAX];          /* in 2^-shift */
	int64_t px[SEGMENT_BLOCK_EVENTS_MAX], py[SEGMENT_BLOCK_EVENTS_MAX];          /* what of them belongs to each position */
	uint8_t hold[SEGMENT_BLOCK_EVENTS_MAX];
	uint64_t steps[SEGMENT_BLOCK_EVENTS_MAX];
	unsigned shift;
	struct bytes section, rest;
	/* Of the block that is being written. */
	const struct columns *c;
	struct bytes *head, *lanes;
};

struct sealed_writer *sealed_writer_new(void)
{
	struct sealed_writer *w = calloc(1, sizeof *w);
	if (w)
		sealed_coder_fill(&w->coder);
	return w;
}

void sealed_writer_free(struct sealed_writer *w)
{
	if (!w)
		return;
	sealed_grids_release(&w->grids);
	releases_release(&w->releases);
	bytes_release(&w->section);
	bytes_release(&w->rest);
	free(w);
}

static void end_section(struct sealed_writer *w, uint8_t id)
{
	bytes_put_u8(w->head, id);
	bytes_put_varint(w->head, w->section.length);
	bytes_put(w->head, w->section.data, w->section.length);
	w->head->failed |= w->section.failed;
	bytes_clear(&w->section);
}

/* ---- Plain numbers ---- */

static void put_coded(struct sealed_writer *w, const uint64_t *v, uint32_t n)
{
	struct sealed_coder *k = &w->coder;
	bool constant = true;
	for (uint32_t i = 1; i < n && constant; i++)
		constant = v[i] == v[0];
	if (constant || n <= LIST_MAX) {
		bytes_put_u8(&w->section, constant ? CODING_CONSTANT : CODING_LIST);
		for (uint32_t i = 0; i < (constant ? 1 : n); i++)
			bytes_put_varint(&w->section, v[i]);
		return;
	}
	sealed_begin(k, DIRECT, MODEL_PLAIN);
	for (unsigned l = 0; l < LANES; l++) {
		unsigned last = 0;
		for (uint32_t i = lane_begin(n, l); i < lane_begin(n, l + 1); i++)
			last = context_min(sealed_add(k, i, last, v[i]), PLAIN_CONTEXTS - 1);
	}
	sealed_put(k, n, 1, &w->section, w->lanes);
}

/* Those of w->value. */
static void put_plain(struct sealed_writer *w, uint8_t id, uint32_t n)
{
	uint32_t runs = 1;
	for (uint32_t i = 1; i < n; i++)
		runs += w->value[i] != w->value[i - 1];
	if (n == 0)
		return;
	if (runs == 1 || n <= LIST_MAX || runs > n / RUNS_WORTH) {
		put_coded(w, w->value, n);
	} else {
		uint32_t at = 0;
		for (uint32_t i = 0, begin = 0; i < n; i++) {
			if (i + 1 < n && w->value[i + 1] == w->value[i])
				continue;
			w->value[at] = w->value[i];
			w->length[at++] = i - begin;
			begin = i + 1;
		}
		bytes_put_u8(&w->section, CODING_RUNS);
		bytes_put_varint(&w->section, runs);
		put_coded(w, w->length, runs);
		put_coded(w, w->value, runs);
	}
	end_section(w, id);
}

static void put_column(struct sealed_writer *w, uint8_t id, enum column column, bool is_signed)
{
	const struct numbers *n = &w->c->column[column];
	for (uint32_t i = 0; i < n->count; i++)
		w->value[i] = is_signed ? bytes_zigzag(n->data[i]) : (uint64_t)n->data[i];
	put_plain(w, id, n->count);
}

/* ---- Shapes and times ---- */

static void put_shape_words(struct sealed_writer *w)
{
	const struct dictionary *d = &w->c->words[WORDS_SHAPE];
	bytes_put_varint(&w->section, d->count);
	for (uint32_t i = 0; i < d->count; i++) {
		size_t length;
		const uint8_t *word = dictionary_word(d, w->grids.grid[i].shape, &length);
		bytes_put_varint(&w->section, length);
		bytes_put(&w->section, word, length);
	}
	end_section(w, SECTION_WORDS + WORDS_SHAPE);
}

static void put_shapes(struct sealed_writer *w)
{
	const int64_t *shape = w->c->column[COLUMN_SHAPE].data;
	for (uint32_t i = 0; i < w->c->rows; i++)
		w->value[i] = w->grids.rank[shape[i]];
	put_plain(w, SEALED_SHAPE, w->c->rows);
}

static void put_times(struct sealed_writer *w)
{
	const struct columns *c = w->c;
	struct sealed_coder *k = &w->coder;
	/* Keyboards that are asked every 8 ms leave that rhythm in the steps: finer tokens see it. */
	sealed_begin(k, c->column[COLUMN_KEY].count > c->rows / 4 ? DIRECT_FINE : DIRECT, MODEL_TIME);
	for (unsigned l = 0; l < LANES; l++) {
		struct time_state s = {0, 0, 0};
		for (uint32_t i = lane_begin(c->rows, l); i < lane_begin(c->rows, l + 1); i++) {
			unsigned shape = w->grids.rank[c->column[COLUMN_SHAPE].data[i]];
			unsigned small = sealed_add(k, i, time_context(&s, shape), w->steps[i]);
			time_next(&s, small, token_size[small]);
		}
	}
	sealed_put(k, c->rows, 1, &w->section, w->lanes);
	end_section(w, SEALED_TIME);
}

/* ---- Keys ---- */

static void gather_holds(struct sealed_writer *w)
{
	const struct columns *c = w->c;
	const int64_t *shape = c->column[COLUMN_SHAPE].data;
	for (uint32_t i = 0, n = 0; n < c->column[COLUMN_KEY].count; i++) {
		const struct sealed_grid *g = &w->grids.grid[w->grids.rank[shape[i]]];
		w->hold[n] = (uint8_t)sealed_hold(g->kind);
		n += g->has & HAS_KEY ? 1 : 0;
	}
}

/* What says which word is released: its place among those held, which it then leaves. */
static uint64_t release(const struct sealed_writer *w, struct held *held, uint32_t word)
{
	uint32_t place = 0;
	while (place < held->count && w->releases.word[held->word[held->count - 1 - place]] != word)
		place++;
	if (place == held->count)
		return held->count + (uint64_t)word;
	held_take(held, place);
	return place;
}

static int put_keys(struct sealed_writer *w)
{
	struct sealed_coder *k = &w->coder;
	const struct numbers *n = &w->c->column[COLUMN_KEY];
	if (n->count == 0)
		return 0;
	int error = releases_find(&w->releases, &w->c->words[WORDS_KEY]);
	if (error)
		return error;
	gather_holds(w);
	sealed_begin(k, DIRECT_FINE, MODEL_KEY);
	for (unsigned l = 0; l < LANES; l++) {
		struct held held = {0};
		unsigned last = 0;
		for (uint32_t i = lane_begin(n->count, l); i < lane_begin(n->count, l + 1); i++) {
			enum hold hold = w->hold[i];
			uint32_t word = (uint32_t)n->data[i];
			unsigned context = key_context(&held, hold, last);
			sealed_add(k, i, context, hold == HOLD_RELEASE ? release(w, &held, word) : word);
			if (hold != HOLD_RELEASE)
				last = context_min(word, KEY_WORDS - 1);
			if (hold == HOLD_PRESS)
				held_add(&held, word);
		}
	}
	sealed_put(k, n->count, 1, &w->section, w->lanes);
	end_section(w, SEALED_KEY);
	return 0;
}

/* ---- Movement and position ---- */

static void put_moves(struct sealed_writer *w, uint8_t id, const int64_t *a, const int64_t *b, uint32_t n, bool steps)
{
	struct sealed_coder *k = &w->coder;
	int64_t last_a = 0, last_b = 0;
	sealed_begin(k, DIRECT, MODEL_MOVE);
	for (unsigned l = 0; l < LANES; l++) {
		struct move_state s = {0};
		for (uint32_t i = lane_begin(n, l); i < lane_begin(n, l + 1); i++) {
			int64_t va = a[i] - last_a, vb = b[i] - last_b;
			uint64_t za = bytes_zigzag(context_fold(va, s.sign_a)), zb = bytes_zigzag(context_fold(vb, s.sign_b));
			unsigned size_a = token_size[sealed_add(k, 2 * i, move_context_a(&s), za)];
			unsigned size_b = token_size[sealed_add(k, 2 * i + 1, move_context_b(&s, size_a), zb)];
			move_next(&s, va, vb, size_a, size_b);
			last_a = steps ? a[i] : 0;
			last_b = steps ? b[i] : 0;
		}
	}
	sealed_put(k, n, SEALED_PAIRS, &w->section, w->lanes);
	end_section(w, id);
}

static void put_follow(struct sealed_writer *w, const int64_t *x, const int64_t *y, uint32_t n)
{
	struct sealed_coder *k = &w->coder;
	int64_t last_x = 0, last_y = 0;
	sealed_begin(k, DIRECT, MODEL_FOLLOW);
	for (unsigned l = 0; l < LANES; l++) {
		struct follow_state s = {FOLLOW_START, FOLLOW_START};
		for (uint32_t i = lane_begin(n, l); i < lane_begin(n, l + 1); i++) {
			int64_t dx = w->px[i], dy = w->py[i], gx = follow_guess(dx, w->shift), gy = follow_guess(dy, w->shift);
			uint64_t rx = bytes_zigzag(context_fold(x[i] - last_x - gx, dx >> 63));
			uint64_t ry = bytes_zigzag(context_fold(y[i] - last_y - gy, dy >> 63));
			sealed_add(k, 2 * i, follow_context(0, gx, s.x), rx);
			sealed_add(k, 2 * i + 1, follow_context(1, gy, s.y), ry);
			follow_next(&s, dx, dy, rx, ry);
			last_x = x[i];
			last_y = y[i];
		}
	}
	sealed_put(k, n, SEALED_PAIRS, &w->section, w->lanes);
	end_section(w, SEALED_FOLLOW);
}

/* The movement that belongs to each position; how many positions have one. */
static uint32_t gather_deltas(struct sealed_writer *w)
{
	const struct columns *c = w->c;
	const int64_t *shape = c->column[COLUMN_SHAPE].data;
	uint32_t both = 0;
	for (uint32_t i = 0, p = 0, d = 0; i < c->rows; i++) {
		unsigned has = w->grids.grid[w->grids.rank[shape[i]]].has;
		bool moved = has & HAS_DELTA;
		if (has & HAS_POSITION) {
			w->px[p] = moved ? w->dx[d] : 0;
			w->py[p++] = moved ? w->dy[d] : 0;
			both += moved;
		}
		d += moved;
	}
	return both;
}

static void put_pointer(struct sealed_writer *w)
{
	const struct columns *c = w->c;
	const struct numbers *x = &c->column[COLUMN_X], *y = &c->column[COLUMN_Y];
	bool whole = w->shift <= FLOAT_SHIFT_MAX;
	uint32_t n = x->count, moves = c->column[COLUMN_DX].count;
	if (moves > 0 && whole)
		put_moves(w, SEALED_DELTA, w->dx, w->dy, moves, false);
	if (n > 0 && moves > 0 && whole && gather_deltas(w) >= n - n / 4)
		put_follow(w, x->data, y->data, n);
	else if (n > 0)
		put_moves(w, SEALED_STEP, x->data, y->data, n, true);
	if (!whole) {
		put_column(w, SEALED_DX, COLUMN_DX, false);
		put_column(w, SEALED_DY, COLUMN_DY, false);
	}
}

static void find_shift(struct sealed_writer *w)
{
	const struct numbers *dx = &w->c->column[COLUMN_DX], *dy = &w->c->column[COLUMN_DY];
	unsigned shift = 0;
	while (shift <= FLOAT_SHIFT_MAX && !(float_to_whole(dx->data, dx->count, shift, w->dx) && float_to_whole(dy->data, dy->count, shift, w->dy)))
		shift++;
	w->shift = shift <= FLOAT_SHIFT_MAX ? shift : FLOAT_BITS;
}

/* ---- The block ---- */

static void put_head(struct sealed_writer *w, const struct device_list *devices)
{
	const struct columns *c = w->c;
	bytes_put_varint(w->head, c->rows);
	if (devices->count > 0) {
		device_list_encode(devices, &w->section);
		end_section(w, SECTION_DEVICES);
	}
	put_shape_words(w);
	for (unsigned i = WORDS_KEY; i < WORDS_COUNT; i++) {
		if (c->words[i].count == 0)
			continue;
		dictionary_encode(&c->words[i], &w->section);
		end_section(w, (uint8_t)(SECTION_WORDS + i));
	}
	sealed_grids_put(&w->grids, &w->section);
	if (w->section.length > 0)
		end_section(w, SEALED_GRID);
	if (w->rest.length > 0) {
		bytes_put(&w->section, w->rest.data, w->rest.length);
		end_section(w, SEALED_REST);
	}
	if (c->column[COLUMN_DX].count > 0) {
		bytes_put_u8(&w->section, (uint8_t)w->shift);
		end_section(w, SEALED_SHIFT);
	}
}

int sealed_encode(struct sealed_writer *w, const struct columns *c, const struct device_list *devices, struct bytes *head,
	struct bytes *lanes)
{
	w->c = c;
	w->head = head;
	w->lanes = lanes;
	bytes_clear(&w->section);
	int error = sealed_grids_find(&w->grids, c);
	if (error)
		return error;
	bytes_clear(&w->rest);
	sealed_grids_steps(&w->grids, c, w->steps, &w->rest);
	if (w->rest.failed)
		return ERROR_MEMORY;
	find_shift(w);
	put_head(w, devices);
	put_shapes(w);
	put_times(w);
	put_column(w, SEALED_UTC, COLUMN_UTC, true);
	error = put_keys(w);
	if (error)
		return error;
	put_pointer(w);
	put_column(w, SEALED_SCROLL_X, COLUMN_SCROLL_X, true);
	put_column(w, SEALED_SCROLL_Y, COLUMN_SCROLL_Y, true);
	put_column(w, SEALED_APP, COLUMN_APP, false);
	put_column(w, SEALED_TITLE, COLUMN_TITLE, false);
	put_column(w, SEALED_END, COLUMN_END, true);
	put_column(w, SEALED_LOST, COLUMN_LOST, true);
	return head->failed || lanes->failed ? ERROR_MEMORY : 0;
}
