/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, movements and positions of a sealed block. */
#include "sealed_reader.h"

#include "float.h"
#include "../error.h"

/* ---- Keys ---- */

static void gather_holds(struct sealed_reader *r)
{
	const int64_t *shape = r->c->column[COLUMN_SHAPE].data;
	for (uint32_t i = 0, n = 0; n < r->count[COLUMN_KEY]; i++) {
		const struct sealed_shape *s = &r->shape[shape[i]];
		unsigned which = (s->has & HAS_KEY) / HAS_CLASS;
		r->hold[n] = (uint8_t)(s->hold | which << 2);
		n += which != 0;
	}
}

int sealed_input_keys(struct sealed_reader *r, struct bytes_reader *head)
{
	struct sealed_run run;
	const struct dictionary *words = &r->c->words[WORDS_KEY];
	uint32_t n = r->count[COLUMN_KEY];
	int64_t *key;
	int error = sealed_column_begin(r, COLUMN_KEY, &key);
	if (error == 0)
		error = releases_find(&r->releases, words);
	if (error)
		return error;
	/* Who holds a key that has no word looks for its release where there is none. */
	if (words->count == 0)
		return ERROR_CORRUPT;
	gather_holds(r);
	if (!sealed_open(&r->tables, bytes_get_u8(head), MODEL_KEY, n, head, &r->lanes, &run)
	    || !sealed_read_keys(&run, r->hold, r->releases.word, words->count, key))
		return ERROR_CORRUPT;
	/* What a key has is said twice, by the row's shape and by its word. */
	unsigned bad = 0;
	for (uint32_t i = 0; i < n; i++)
		bad |= words->text.data[key[i] ? words->ends[key[i] - 1] : 0] ^ (unsigned)r->hold[i] >> 2;
	return bad ? ERROR_CORRUPT : 0;
}

/* ---- Movement and position ---- */

static int get_pairs(struct sealed_reader *r, struct bytes_reader *head, enum column a, enum column b, enum model model,
	struct sealed_run *run, int64_t **va, int64_t **vb)
{
	*vb = NULL;
	int error = sealed_column_begin(r, a, va);
	if (error == 0)
		error = sealed_column_begin(r, b, vb);
	if (error)
		return error;
	return sealed_open(&r->tables, bytes_get_u8(head), model, r->count[a], head, &r->lanes, run) ? 0 : ERROR_CORRUPT;
}

int sealed_input_delta(struct sealed_reader *r, struct bytes_reader *head)
{
	struct sealed_run run;
	int64_t *dx, *dy;
	if (r->shift > FLOAT_SHIFT_MAX)
		return ERROR_CORRUPT;
	int error = get_pairs(r, head, COLUMN_DX, COLUMN_DY, MODEL_MOVE, &run, &dx, &dy);
	if (error)
		return error;
	const struct sealed_range range = {false, -FLOAT_WHOLE_MAX, FLOAT_WHOLE_MAX};
	return sealed_read_moves(&run, dx, dy) && sealed_range_finish(&range, dx, run.n) && sealed_range_finish(&range, dy, run.n) ? 0 : ERROR_CORRUPT;
}

static void sum_positions(int64_t *v, uint32_t n)
{
	uint32_t sum = 0;
	for (uint32_t i = 0; i < n; i++) {
		sum += (uint32_t)v[i];
		v[i] = (int32_t)sum;
	}
}

int sealed_input_step(struct sealed_reader *r, struct bytes_reader *head)
{
	struct sealed_run run;
	int64_t *x, *y;
	int error = get_pairs(r, head, COLUMN_X, COLUMN_Y, MODEL_MOVE, &run, &x, &y);
	if (error)
		return error;
	if (!sealed_read_moves(&run, x, y))
		return ERROR_CORRUPT;
	sum_positions(x, run.n);
	sum_positions(y, run.n);
	return 0;
}

/* The movement that belongs to each position: 0 where a row has none. */
static void gather_deltas(struct sealed_reader *r, const int64_t **dx, const int64_t **dy)
{
	const struct columns *c = r->c;
	const int64_t *shape = c->column[COLUMN_SHAPE].data;
	bool paired = true;
	for (uint32_t i = 0; i < c->words[WORDS_SHAPE].count; i++)
		paired &= r->shape[i].rows == 0 || !(r->shape[i].has & HAS_POSITION) == !(r->shape[i].has & HAS_DELTA);
	*dx = paired ? c->column[COLUMN_DX].data : r->dx;
	*dy = paired ? c->column[COLUMN_DY].data : r->dy;
	for (uint32_t i = 0, p = 0, d = 0; i < c->rows && !paired; i++) {
		unsigned has = r->shape[shape[i]].has;
		if (has & HAS_POSITION) {
			r->dx[p] = has & HAS_DELTA ? c->column[COLUMN_DX].data[d] : 0;
			r->dy[p++] = has & HAS_DELTA ? c->column[COLUMN_DY].data[d] : 0;
		}
		d += has & HAS_DELTA ? 1 : 0;
	}
}

int sealed_input_follow(struct sealed_reader *r, struct bytes_reader *head)
{
	struct sealed_run run;
	int64_t *x, *y;
	const int64_t *dx, *dy;
	if (r->shift > FLOAT_SHIFT_MAX || r->c->column[COLUMN_DY].count == 0)
		return ERROR_CORRUPT;
	int error = get_pairs(r, head, COLUMN_X, COLUMN_Y, MODEL_FOLLOW, &run, &x, &y);
	if (error)
		return error;
	gather_deltas(r, &dx, &dy);
	if (!sealed_read_follow(&run, dx, dy, r->shift, x, y))
		return ERROR_CORRUPT;
	sum_positions(x, run.n);
	sum_positions(y, run.n);
	return 0;
}

int sealed_input_bits(struct sealed_reader *r, struct bytes_reader *head, enum column column)
{
	if (r->shift != FLOAT_BITS)
		return ERROR_CORRUPT;
	int error = sealed_column(r, head, column, false, 0, UINT32_MAX);
	if (error)
		return error;
	return float_all_finite(r->c->column[column].data, r->count[column]) ? 0 : ERROR_CORRUPT;
}
