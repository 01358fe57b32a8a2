/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of a block into the caller's arrays: what a segment keeps for the rows that have it, spread over all rows. */
#include <stdlib.h>
#include <string.h>

#include "../format/columns_inside.h"
#include "inside.h"

/* What a row's shape says, and what a key's word says. */
struct shape { uint16_t has; int16_t device; uint8_t kind, synthetic, reason; };
struct key { int16_t code; uint8_t key_class; };

struct fill {
	const struct columns *c;
	uint32_t rows;
	struct shape *shapes;            /* of each of the block's */
	struct key *keys;
	uint16_t *has;                   /* of each row */
};

static int16_t get_i16(const uint8_t *le) { return (int16_t)(uint16_t)(le[0] | le[1] << 8); }

static int begin(struct fill *f)
{
	const struct dictionary *shapes = &f->c->words[WORDS_SHAPE], *keys = &f->c->words[WORDS_KEY];
	f->shapes = calloc(shapes->count + (size_t)1, sizeof *f->shapes);
	f->keys = calloc(keys->count + (size_t)1, sizeof *f->keys);
	f->has = malloc(f->rows * sizeof *f->has);
	if (!f->shapes || !f->keys || !f->has)
		return ERROR_MEMORY;
	for (uint32_t i = 0; i < shapes->count; i++) {
		size_t length;
		const uint8_t *s = dictionary_word(shapes, i, &length);
		f->shapes[i] = (struct shape){.has = (uint16_t)get_i16(s + 1), .device = get_i16(s + 3), .kind = s[0], .synthetic = s[5],
			.reason = s[6]};
	}
	for (uint32_t i = 0; i < keys->count; i++) {
		size_t length;
		const uint8_t *k = dictionary_word(keys, i, &length);
		unsigned has = *k++ * (unsigned)HAS_CLASS;
		if (has & HAS_CLASS)
			f->keys[i].key_class = *k++;
		if (has & HAS_CODE)
			f->keys[i].code = get_i16(k);
	}
	const int64_t *at = f->c->column[COLUMN_SHAPE].data;
	for (uint32_t i = 0; i < f->rows; i++)
		f->has[i] = f->shapes[at[i]].has;
	return 0;
}

static void release(struct fill *f)
{
	free(f->shapes);
	free(f->keys);
	free(f->has);
}

/*
 * Sets value of each row i to VALUE of its number n in COLUMN, or to NOTHING where the row has none. The rows that have one are those
 * whose shape has a bit of the column's: as many as there are numbers. No branch depends on the row, and all or none are the
 * common cases.
 */
#define SPREAD(to, column_, VALUE, NOTHING) do { \
	const struct numbers *numbers_ = &f->c->column[column_]; \
	const int64_t *data_ = numbers_->data; \
	const uint16_t *has_ = f->has, mask_ = columns_has[column_]; \
	const uint32_t rows_ = f->rows, count_ = numbers_->count; \
	__typeof__(to) to_ = (to); \
	uint32_t i = 0; \
	if (count_ == rows_) { \
		for (; i < rows_; i++) { \
			const int64_t n = data_[i]; \
			to_[i] = (VALUE); \
		} \
	} else { \
		for (uint32_t k_ = 0; k_ < count_ && i < rows_; i++) { \
			const int64_t n = data_[k_]; \
			const uint32_t there_ = (has_[i] & mask_) != 0; \
			const __typeof__(*to_) value_ = (VALUE); \
			to_[i] = there_ ? value_ : (NOTHING); \
			k_ += there_; \
		} \
		for (; i < rows_; i++) \
			to_[i] = (NOTHING); \
	} \
} while (0)

static int64_t sum(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }

static float as_float(int64_t value)
{
	uint32_t bits = (uint32_t)value;
	float f;
	memcpy(&f, &bits, sizeof f);
	return f;
}

static void fill_times(const struct fill *f, const struct assent_columns *to)
{
	const int64_t *mono = f->c->column[COLUMN_MONO].data, *utc = f->c->column[COLUMN_UTC].data;
	int64_t mono_base = f->c->mono_base, utc_base = f->c->utc_base;
	if (to->mono_us)
		for (uint32_t i = 0; i < f->rows; i++)
			to->mono_us[i] = sum(mono[i], mono_base);
	if (to->t_us)
		for (uint32_t i = 0; i < f->rows; i++)
			to->t_us[i] = sum(sum(mono[i], utc[i]), utc_base);
	if (to->end_us)
		SPREAD(to->end_us, COLUMN_END, sum(n, sum(sum(mono[i], utc[i]), utc_base)), 0);
}

static void fill_shapes(const struct fill *f, const struct assent_columns *to)
{
	const int64_t *at = f->c->column[COLUMN_SHAPE].data;
	const struct shape *shapes = f->shapes;
	uint32_t rows = f->rows;
	if (to->has)
		for (uint32_t i = 0; i < rows; i++)
			to->has[i] = f->has[i];
	if (to->kind)
		for (uint32_t i = 0; i < rows; i++)
			to->kind[i] = shapes[at[i]].kind;
	if (to->device)
		for (uint32_t i = 0; i < rows; i++)
			to->device[i] = shapes[at[i]].device;
	if (to->reason)
		for (uint32_t i = 0; i < rows; i++)
			to->reason[i] = shapes[at[i]].reason;
	if (to->synthetic)
		for (uint32_t i = 0; i < rows; i++)
			to->synthetic[i] = shapes[at[i]].synthetic;
}

static void fill_numbers(const struct fill *f, const struct assent_columns *to)
{
	if (to->x)
		SPREAD(to->x, COLUMN_X, (int32_t)n, 0);
	if (to->y)
		SPREAD(to->y, COLUMN_Y, (int32_t)n, 0);
	if (to->dx)
		SPREAD(to->dx, COLUMN_DX, as_float(n), 0);
	if (to->dy)
		SPREAD(to->dy, COLUMN_DY, as_float(n), 0);
	if (to->scroll_x)
		SPREAD(to->scroll_x, COLUMN_SCROLL_X, (int16_t)n, 0);
	if (to->scroll_y)
		SPREAD(to->scroll_y, COLUMN_SCROLL_Y, (int16_t)n, 0);
	if (to->lost)
		SPREAD(to->lost, COLUMN_LOST, (int32_t)n, 0);
}

static int fill_words(const struct fill *f, struct assent_reader *r, const struct assent_columns *to)
{
	const struct key *keys = f->keys;
	if (to->code)
		SPREAD(to->code, COLUMN_KEY, keys[n].code, 0);
	if (to->key_class)
		SPREAD(to->key_class, COLUMN_KEY, keys[n].key_class, 0);
	int error = to->text ? words_fill(r, ASSENT_WORDS_TEXT) : 0;
	if (error == 0 && to->app)
		error = words_fill(r, ASSENT_WORDS_APP);
	if (error == 0 && to->title)
		error = words_fill(r, ASSENT_WORDS_TITLE);
	if (error)
		return error;
	const int64_t *text = r->words[ASSENT_WORDS_TEXT].of.data, *app = r->words[ASSENT_WORDS_APP].of.data,
		*title = r->words[ASSENT_WORDS_TITLE].of.data;
	if (to->text)
		SPREAD(to->text, COLUMN_KEY, (int32_t)text[n], -1);
	if (to->app)
		SPREAD(to->app, COLUMN_APP, (int32_t)app[n], -1);
	if (to->title)
		SPREAD(to->title, COLUMN_TITLE, (int32_t)title[n], -1);
	return 0;
}

/* The columns as they were first: no caller has fewer. Pointers that follow in later versions are for a later library. */
enum { COLUMNS_FIRST = offsetof(struct assent_columns, synthetic) + sizeof(uint8_t *) };

static int judge(const struct assent_columns *columns, size_t size)
{
	if (size < COLUMNS_FIRST)
		return ERROR_INVALID;
	const char *more = (const char *)columns;
	for (size_t i = sizeof *columns; i < size; i++)
		if (more[i])
			return ERROR_UNSUPPORTED;
	return 0;
}

int assent_read_columns(struct assent_reader *r, const struct assent_columns *columns, size_t size)
{
	struct assent_columns to = {0};
	int error = judge(columns, size);
	if (error == 0 && !r->block)
		error = ERROR_INVALID;
	if (error)
		return error;
	memcpy(&to, columns, size < sizeof to ? size : sizeof to);
	struct fill f = {.c = r->block, .rows = r->block->rows};
	error = begin(&f);
	if (error == 0) {
		fill_times(&f, &to);
		fill_shapes(&f, &to);
		fill_numbers(&f, &to);
		error = fill_words(&f, r, &to);
	}
	release(&f);
	return error;
}
