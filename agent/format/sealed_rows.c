/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes and times of the rows of a sealed block. */
#include "sealed_reader.h"

#include <stdlib.h>

#include "../error.h"

enum { FEW = 64 };               /* shapes that are counted fast */

int sealed_rows_take(struct sealed_reader *r)
{
	const struct dictionary *d = &r->c->words[WORDS_SHAPE];
	if (d->count > r->shapes) {
		struct sealed_shape *more = realloc(r->shape, d->count * sizeof *more);
		if (!more)
			return ERROR_MEMORY;
		r->shape = more;
		r->shapes = d->count;
	}
	for (uint32_t i = 0; i < d->count; i++) {
		size_t length;
		unsigned kind = dictionary_word(d, i, &length)[0];
		r->shape[i] = (struct sealed_shape){.unit = 1, .has = words_shape_has(r->c, i), .hold = (uint8_t)sealed_hold(kind)};
	}
	return 0;
}

bool sealed_rows_grid(struct sealed_reader *r, struct bytes_reader *head)
{
	for (uint32_t i = 0; i < r->c->words[WORDS_SHAPE].count; i++) {
		uint64_t unit = bytes_get_varint(head), phase = unit > 1 ? bytes_get_varint(head) : 0;
		if (head->failed || unit == 0 || unit > SEALED_UNIT_MAX || phase >= unit)
			return false;
		r->shape[i].unit = (int64_t)unit;
		r->shape[i].phase = (int64_t)phase;
	}
	return true;
}

/* Most blocks have few shapes. Neighbours are counted apart, since a processor that adds to what it has just added to must wait. */
static void count_rows(struct sealed_reader *r, const int64_t *shape)
{
	uint32_t few[2][FEW] = {{0}}, i = 0;
	if (r->c->words[WORDS_SHAPE].count <= FEW) {
		for (; i + 1 < r->c->rows; i += 2) {
			few[0][shape[i]]++;
			few[1][shape[i + 1]]++;
		}
		for (uint32_t k = 0; k < r->c->words[WORDS_SHAPE].count; k++)
			r->shape[k].rows = few[0][k] + few[1][k];
	}
	for (; i < r->c->rows; i++)
		r->shape[shape[i]].rows++;
}

int sealed_rows_shapes(struct sealed_reader *r, struct bytes_reader *head)
{
	int error = sealed_column(r, head, COLUMN_SHAPE, false, 0, (int64_t)r->c->words[WORDS_SHAPE].count - 1);
	if (error)
		return error;
	const int64_t *shape = r->c->column[COLUMN_SHAPE].data;
	count_rows(r, shape);
	for (uint32_t i = 0; i < r->c->words[WORDS_SHAPE].count; i++)
		for (unsigned k = COLUMN_SHAPE + 1; k < COLUMN_COUNT; k++)
			r->count[k] += columns_wants(k, r->shape[i].has) ? r->shape[i].rows : 0;
	return 0;
}

/* ---- Times ---- */

/* Do all rows lie on the grid of the first? */
static bool one_grid(const struct sealed_reader *r)
{
	const struct sealed_shape *first = &r->shape[r->c->column[COLUMN_SHAPE].data[0]];
	for (uint32_t i = 0; i < r->c->words[WORDS_SHAPE].count; i++) {
		const struct sealed_shape *s = &r->shape[i];
		if (s->rows > 0 && (s->unit != first->unit || s->phase != first->phase))
			return false;
	}
	return true;
}

/* Steps to times on the grids. */
static void sum_steps(const struct sealed_reader *r, int64_t *mono)
{
	const int64_t *shape = r->c->column[COLUMN_SHAPE].data;
	int64_t unit = r->shape[shape[0]].unit, phase = r->shape[shape[0]].phase;
	uint64_t time = 0, q = (uint64_t)sealed_floor(sealed_minus(0, phase), unit);
	if (one_grid(r)) {
		for (uint32_t i = 0; i < r->c->rows; i++) {
			q += (uint64_t)mono[i];
			mono[i] = (int64_t)(q * (uint64_t)unit + (uint64_t)phase);
		}
		return;
	}
	for (uint32_t i = 0; i < r->c->rows; i++) {
		const struct sealed_shape *s = &r->shape[shape[i]];
		if (s->unit != unit || s->phase != phase) {
			unit = s->unit;
			phase = s->phase;
			q = (uint64_t)sealed_floor(sealed_minus((int64_t)time, phase), unit);
		}
		q += (uint64_t)mono[i];
		time = q * (uint64_t)unit + (uint64_t)phase;
		mono[i] = (int64_t)time;
	}
}

static bool add_rest(const struct sealed_reader *r, int64_t *mono)
{
	struct bytes_reader in = r->rest;
	uint64_t count = bytes_get_varint(&in), row = 0;
	if (count == 0)
		return false;
	for (; count > 0; count--, row++) {
		uint64_t skip = bytes_get_varint(&in), more = bytes_get_varint(&in);
		if (in.failed || skip >= r->c->rows - row || more == 0 || more >= SEALED_UNIT_MAX)
			return false;
		row += skip;
		mono[row] = (int64_t)((uint64_t)mono[row] + more);
	}
	return in.at == in.end;
}

int sealed_rows_times(struct sealed_reader *r, struct bytes_reader *head)
{
	struct sealed_run run;
	int64_t *mono;
	int error = sealed_column_begin(r, COLUMN_MONO, &mono);
	if (error)
		return error;
	if (!sealed_open(&r->tables, bytes_get_u8(head), MODEL_TIME, r->c->rows, head, &r->lanes, &run)
	    || !sealed_read_steps(&run, r->c->column[COLUMN_SHAPE].data, (uint64_t *)mono))
		return ERROR_CORRUPT;
	sum_steps(r, mono);
	return r->rest.at == r->rest.end || add_rest(r, mono) ? 0 : ERROR_CORRUPT;
}
