/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed_grid.h"

#include <stdlib.h>

#include "../error.h"

/* Each divides the next. */
static const int64_t units[GRID_UNITS] = {10, 100, 1000, 10000, 20000, 100000};
enum { OFF_GRID = 16 };          /* one step of so many may be off the grid; each such row costs about three bytes */

void sealed_grids_release(struct sealed_grids *g)
{
	free(g->grid);
	free(g->rank);
	*g = (struct sealed_grids){0};
}

static int reserve(struct sealed_grids *g, uint32_t count)
{
	if (count <= g->capacity)
		return 0;
	sealed_grids_release(g);
	g->grid = malloc(count * sizeof *g->grid);
	g->rank = malloc(count * sizeof *g->rank);
	if (!g->grid || !g->rank)
		return ERROR_MEMORY;
	g->capacity = count;
	return 0;
}

static int by_rows(const void *a, const void *b)
{
	const struct sealed_grid *x = a, *y = b;
	if (x->rows != y->rows)
		return x->rows < y->rows ? 1 : -1;
	return x->shape < y->shape ? -1 : 1;
}

static void rank_shapes(struct sealed_grids *g, const struct columns *c)
{
	const int64_t *shape = c->column[COLUMN_SHAPE].data;
	for (uint32_t i = 0; i < g->count; i++) {
		size_t length;
		uint8_t kind = dictionary_word(&c->words[WORDS_SHAPE], i, &length)[0];
		g->grid[i] = (struct sealed_grid){.shape = i, .kind = kind, .has = words_shape_has(c, i), .unit = 1};
	}
	for (uint32_t i = 0; i < c->rows; i++)
		g->grid[shape[i]].rows++;
	qsort(g->grid, g->count, sizeof *g->grid, by_rows);
	for (uint32_t i = 0; i < g->count; i++)
		g->rank[g->grid[i].shape] = i;
}

/* How many of the units divide it. */
static unsigned level(uint64_t step)
{
	if (step % 1000 != 0)
		return step % 100 == 0 ? 2 : step % 10 == 0;
	unsigned ms = (unsigned)(step / 1000 % 100);
	return ms == 0 ? 6 : ms % 20 == 0 ? 5 : ms % 10 == 0 ? 4 : 3;
}

/* What a time is past the last multiple of unit, q of them. */
static int64_t past(int64_t time, int64_t q, int64_t unit)
{
	return (int64_t)((uint64_t)time - (uint64_t)q * (uint64_t)unit);
}

static void choose(struct sealed_grid *g)
{
	uint32_t sum = 0;
	for (unsigned u = GRID_UNITS; u > 0; u--) {
		sum += g->fits[u];
		if (sum == 0 || sum < g->rows - 1 - g->rows / OFF_GRID)
			continue;
		g->unit = units[u - 1];
		g->phase = past(g->first[u], sealed_floor(g->first[u], g->unit), g->unit);
		return;
	}
}

int sealed_grids_find(struct sealed_grids *g, const struct columns *c)
{
	int error = reserve(g, c->words[WORDS_SHAPE].count);
	if (error)
		return error;
	g->count = c->words[WORDS_SHAPE].count;
	rank_shapes(g, c);
	const int64_t *shape = c->column[COLUMN_SHAPE].data, *mono = c->column[COLUMN_MONO].data;
	for (uint32_t i = 0; i < c->rows; i++) {
		struct sealed_grid *s = &g->grid[g->rank[shape[i]]];
		int64_t step = sealed_minus(mono[i], s->last);
		s->last = mono[i];
		if (!s->seen) {
			s->seen = true;
			continue;
		}
		unsigned fits = level(step < 0 ? 0 - (uint64_t)step : (uint64_t)step);
		s->fits[fits]++;
		while (s->found < fits)
			s->first[++s->found] = mono[i];
	}
	for (uint32_t i = 0; i < g->count; i++)
		choose(&g->grid[i]);
	return 0;
}

void sealed_grids_put(const struct sealed_grids *g, struct bytes *out)
{
	bool any = false;
	for (uint32_t i = 0; i < g->count; i++)
		any |= g->grid[i].unit > 1;
	for (uint32_t i = 0; i < g->count && any; i++) {
		bytes_put_varint(out, (uint64_t)g->grid[i].unit);
		if (g->grid[i].unit > 1)
			bytes_put_varint(out, (uint64_t)g->grid[i].phase);
	}
}

/* sealed_floor by what the processor need not divide by: nearly all times are in ms. */
static int64_t in_units(int64_t time, int64_t unit)
{
	switch (unit) {
	case 1: return time;
	case 1000: return sealed_floor(time, 1000);
	case 20000: return sealed_floor(time, 20000);
	default: return sealed_floor(time, unit);
	}
}

void sealed_grids_steps(const struct sealed_grids *g, const struct columns *c, uint64_t *steps, struct bytes *rest)
{
	const int64_t *shape = c->column[COLUMN_SHAPE].data, *mono = c->column[COLUMN_MONO].data;
	struct bytes list = {0};
	int64_t unit = 1, phase = 0;
	uint64_t time = 0, q = 0;        /* of the row before, on its grid */
	uint32_t off = 0, next = 0;      /* so many are off it; the row behind the last of them */
	for (uint32_t i = 0; i < c->rows; i++) {
		const struct sealed_grid *s = &g->grid[g->rank[shape[i]]];
		if (s->unit != unit || s->phase != phase) {
			unit = s->unit;
			phase = s->phase;
			q = (uint64_t)in_units(sealed_minus((int64_t)time, phase), unit);
		}
		int64_t since = sealed_minus(mono[i], phase), now = in_units(since, unit), more = past(since, now, unit);
		steps[i] = (uint64_t)now - q;
		q = (uint64_t)now;
		time = q * (uint64_t)unit + (uint64_t)phase;
		if (more == 0)
			continue;
		bytes_put_varint(&list, i - next);
		bytes_put_varint(&list, (uint64_t)more);
		next = i + 1;
		off++;
	}
	if (off > 0) {
		bytes_put_varint(rest, off);
		bytes_put(rest, list.data, list.length);
		rest->failed |= list.failed;
	}
	bytes_release(&list);
}
