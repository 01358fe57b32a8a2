/* SPDX-License-Identifier: Apache-2.0 */
/* parquet_column(): one column of a row group. */
#include <math.h>
#include <string.h>

#include "../error.h"
#include "parquet_encode.h"
#include "parquet_inside.h"

enum { LEVEL = 3 };
/* Of a dictionary that is made here: beyond it plain values are no larger. */
enum { SEEN = 1 << 16, NUMBERS_MAX = 8192 };

/* What is known of a chunk once its pages are written. */
struct chunk {
	const struct batch *batch;
	enum batch_column column;
	uint32_t count;
	int encoding;                /* of the data page */
	bool dictionary;
	uint64_t bytes, packed;      /* with the pages' heads */
	uint64_t dictionary_at, data_at;
};

/* ---- Pages ---- */

/* Writes p->page, packed. */
static int page(struct parquet *p, struct chunk *c, bool dictionary, uint32_t values)
{
	size_t room = ZSTD_compressBound(p->page.length);
	struct thrift t = {.out = &p->head};
	bytes_clear(&p->packed);
	bytes_clear(&p->head);
	if (p->page.failed || !bytes_reserve(&p->packed, room))
		return ERROR_MEMORY;
	size_t packed = ZSTD_compressCCtx(p->zstd, p->packed.data, room, p->page.data, p->page.length, LEVEL);
	if (ZSTD_isError(packed))
		return ERROR_MEMORY;
	thrift_i32(&t, 1, dictionary ? 2 : 0);
	thrift_i32(&t, 2, (int32_t)p->page.length);
	thrift_i32(&t, 3, (int32_t)packed);
	thrift_begin(&t, dictionary ? 7 : 5);
	thrift_i32(&t, 1, (int32_t)values);
	thrift_i32(&t, 2, dictionary ? PARQUET_PLAIN : c->encoding);
	if (!dictionary) {
		thrift_i32(&t, 3, PARQUET_RLE);
		thrift_i32(&t, 4, PARQUET_RLE);
	}
	thrift_end(&t);
	thrift_end(&t);
	if (p->head.failed)
		return ERROR_MEMORY;
	*(dictionary ? &c->dictionary_at : &c->data_at) = p->out->bytes;
	c->bytes += p->head.length + p->page.length;
	c->packed += p->head.length + packed;
	int e = outfile_put(p->out, p->head.data, p->head.length);
	return e ? e : outfile_put(p->out, p->packed.data, packed);
}

static int dictionary_page(struct parquet *p, struct chunk *c, uint32_t words)
{
	c->dictionary = true;
	c->encoding = PARQUET_RLE_DICTIONARY;
	return page(p, c, true, words);
}

static void fill(uint8_t *bitmap, uint32_t rows, bool all)
{
	memset(bitmap, all ? 0xff : 0, rows / 8 + 1);
	if (all)
		bitmap[rows / 8] = (uint8_t)((1u << rows % 8) - 1);
}

/* The data page up to its values. */
static void levels(struct parquet *p, const struct chunk *c)
{
	uint16_t presence = batch_fields[c->column].presence;
	bytes_clear(&p->page);
	if (!presence)
		return;
	bytes_put_u32(&p->page, 0);
	if (c->count == 0 || c->count == c->batch->rows)
		fill(p->bitmap, c->batch->rows, c->count != 0);
	else
		batch_bitmap(c->batch, presence, p->bitmap);
	parquet_encode_levels(&p->page, p->bitmap, c->batch->rows);
	if (p->page.failed)
		return;
	uint32_t length = (uint32_t)p->page.length - 4;
	for (int i = 0; i < 4; i++)
		p->page.data[i] = (uint8_t)(length >> (8 * i));
}

/* ---- Values ---- */

static int words(struct parquet *p, struct chunk *c)
{
	uint32_t count = batch_words(c->batch, c->column);
	bytes_clear(&p->page);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t length;
		const uint8_t *word = batch_word(c->batch, c->column, i, &length);
		bytes_put_u32(&p->page, length);
		bytes_put(&p->page, word, length);
	}
	int e = dictionary_page(p, c, count);
	levels(p, c);
	parquet_encode_numbers(&p->page, c->batch->values[c->column].word, c->count, count);
	return e;
}

/* Keys, buttons, notches; and a mouse moves by few different steps, too. The dictionary is p->page then; false: there are too many. */
static bool number_shorts(struct parquet *p, const struct chunk *c, uint32_t *count)
{
	const int16_t *v = c->batch->values[c->column].i16;
	for (uint32_t i = 0; i < c->count; i++) {
		uint16_t *seen = &p->seen[(uint16_t)v[i]];
		if (!*seen) {
			if (*count == NUMBERS_MAX)
				return false;
			*seen = (uint16_t)++*count;
			bytes_put_u32(&p->page, (uint32_t)(int32_t)v[i]);
		}
		p->number[i] = (uint16_t)(*seen - 1);
	}
	return true;
}

static bool number_floats(struct parquet *p, const struct chunk *c, uint32_t *count)
{
	const float *v = c->batch->values[c->column].f32;
	for (uint32_t i = 0; i < c->count; i++) {
		uint32_t bits, other;
		memcpy(&bits, &v[i], 4);
		for (uint32_t at = bits * p->spread >> 16;; at = (at + 1) % SEEN) {
			if (!p->seen[at]) {
				if (*count == NUMBERS_MAX)
					return false;
				bytes_put_u32(&p->page, bits);
				if (p->page.failed)
					return false;
				p->seen[at] = (uint16_t)++*count;
			}
			memcpy(&other, p->page.data + 4 * (size_t)(p->seen[at] - 1), 4);
			if (other == bits) {
				p->number[i] = (uint16_t)(p->seen[at] - 1);
				break;
			}
		}
	}
	return true;
}

static void plain(struct parquet *p, struct chunk *c)
{
	union batch_values v = c->batch->values[c->column];
	c->encoding = PARQUET_PLAIN;
	levels(p, c);
	switch (batch_fields[c->column].type) {
	case BATCH_BOOL:
		for (uint32_t i = 0; i < c->count; i += 8) {
			unsigned bits = 0;
			for (unsigned k = 0; k < 8 && i + k < c->count; k++)
				bits |= (unsigned)(v.u8[i + k] & 1) << k;
			bytes_put_u8(&p->page, (uint8_t)bits);
		}
		break;
	case BATCH_INT64:
		for (uint32_t i = 0; i < c->count; i++)
			bytes_put_u64(&p->page, (uint64_t)v.i64[i]);
		break;
	case BATCH_INT16:
		for (uint32_t i = 0; i < c->count; i++)
			bytes_put_u32(&p->page, (uint32_t)(int32_t)v.i16[i]);
		break;
	case BATCH_INT32: case BATCH_FLOAT:
		for (uint32_t i = 0; i < c->count; i++) {
			uint32_t bits;
			memcpy(&bits, &v.i32[i], 4);
			bytes_put_u32(&p->page, bits);
		}
		break;
	default:
		break;                   /* only without values */
	}
}

static int numbers(struct parquet *p, struct chunk *c)
{
	uint32_t count = 0;
	bytes_clear(&p->page);
	memset(p->seen, 0, SEEN * sizeof *p->seen);
	if (!(batch_fields[c->column].type == BATCH_INT16 ? number_shorts(p, c, &count) : number_floats(p, c, &count))) {
		plain(p, c);
		return 0;
	}
	int e = dictionary_page(p, c, count);
	levels(p, c);
	parquet_encode_numbers(&p->page, p->number, c->count, count);
	return e;
}

static void steps(struct parquet *p, struct chunk *c)
{
	union batch_values v = c->batch->values[c->column];
	c->encoding = PARQUET_DELTA;
	levels(p, c);
	bool good = batch_fields[c->column].type == BATCH_INT64 ? parquet_encode_delta64(&p->page, v.i64, c->count) :
		parquet_encode_delta32(&p->page, v.i32, c->count);
	if (!good)
		plain(p, c);
}

/* ---- What the footer says of it ---- */

static bool before(const uint8_t *a, uint32_t a_length, const uint8_t *b, uint32_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
	return order ? order < 0 : a_length < b_length;
}

static void word_bounds(struct thrift *t, const struct chunk *c)
{
	const uint16_t *v = c->batch->values[c->column].word;
	const uint8_t *least = NULL, *most = NULL;
	uint32_t n, least_length = 0, most_length = 0, all = batch_words(c->batch, c->column);
	/* Of an enum's words only those that are there; a lexicon has no others. */
	uint32_t used = c->batch->words[c->column].count ? UINT32_MAX : 0;
	for (uint32_t i = 0; i < c->count && used != UINT32_MAX; i++)
		used |= UINT32_C(1) << v[i];
	for (uint32_t i = 0; i < all; i++) {
		if (i < 32 && !(used >> i & 1))
			continue;
		const uint8_t *word = batch_word(c->batch, c->column, i, &n);
		if (!least || before(word, n, least, least_length)) {
			least = word;
			least_length = n;
		}
		if (!most || before(most, most_length, word, n)) {
			most = word;
			most_length = n;
		}
	}
	thrift_binary(t, 5, most, most_length);
	thrift_binary(t, 6, least, least_length);
}

static void number_bounds(struct thrift *t, const struct chunk *c)
{
	union batch_values v = c->batch->values[c->column];
	enum batch_type type = batch_fields[c->column].type;
	int64_t least = INT64_MAX, most = INT64_MIN;
	uint8_t le[2][8];
	for (uint32_t i = 0; i < c->count; i++) {
		int64_t x = type == BATCH_INT64 ? v.i64[i] : type == BATCH_INT32 ? v.i32[i] : type == BATCH_INT16 ? v.i16[i] : v.u8[i];
		least = x < least ? x : least;
		most = x > most ? x : most;
	}
	unsigned size = type == BATCH_INT64 ? 8 : type == BATCH_BOOL ? 1 : 4;
	for (unsigned i = 0; i < 8; i++) {
		le[0][i] = (uint8_t)((uint64_t)most >> (8 * i));
		le[1][i] = (uint8_t)((uint64_t)least >> (8 * i));
	}
	thrift_binary(t, 5, le[0], size);
	thrift_binary(t, 6, le[1], size);
}

static void float_bounds(struct thrift *t, const struct chunk *c)
{
	const float *v = c->batch->values[c->column].f32;
	float bound[2] = {-INFINITY, INFINITY};
	for (uint32_t i = 0; i < c->count; i++) {
		bound[0] = v[i] > bound[0] ? v[i] : bound[0];
		bound[1] = v[i] < bound[1] ? v[i] : bound[1];
	}
	/* The format's rule for the two zeros. */
	if (bound[0] == 0.0f)
		bound[0] = 0.0f;
	if (bound[1] == 0.0f)
		bound[1] = -0.0f;
	for (int i = 0; i < 2; i++) {
		uint32_t bits;
		memcpy(&bits, &bound[i], 4);
		uint8_t le[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), (uint8_t)(bits >> 24)};
		thrift_binary(t, (int16_t)(5 + i), le, 4);
	}
}

static void describe(struct parquet *p, const struct chunk *c)
{
	const struct batch_field *f = &batch_fields[c->column];
	struct thrift t = {.out = &p->columns};
	thrift_i64(&t, 2, 0);            /* file_offset: deprecated, 0 is what it shall be */
	thrift_begin(&t, 3);
	thrift_i32(&t, 1, parquet_type(c->column));
	thrift_list(&t, 2, THRIFT_I32, c->dictionary ? 3 : 2);
	thrift_element_i32(&t, PARQUET_RLE);
	thrift_element_i32(&t, c->encoding);
	if (c->dictionary)
		thrift_element_i32(&t, PARQUET_PLAIN);
	thrift_list(&t, 3, THRIFT_BINARY, 1);
	thrift_element_string(&t, f->name);
	thrift_i32(&t, 4, PARQUET_ZSTD);
	thrift_i64(&t, 5, c->batch->rows);
	thrift_i64(&t, 6, (int64_t)c->bytes);
	thrift_i64(&t, 7, (int64_t)c->packed);
	thrift_i64(&t, 9, (int64_t)c->data_at);
	if (c->dictionary)
		thrift_i64(&t, 11, (int64_t)c->dictionary_at);
	thrift_begin(&t, 12);
	thrift_i64(&t, 3, c->batch->rows - c->count);
	if (c->count && f->type == BATCH_STRING)
		word_bounds(&t, c);
	else if (c->count && f->type == BATCH_FLOAT)
		float_bounds(&t, c);
	else if (c->count)
		number_bounds(&t, c);
	thrift_end(&t);
	thrift_end(&t);
	thrift_end(&t);
}

int parquet_column(struct parquet *p, const struct batch *b, enum batch_column column, uint64_t *bytes, uint64_t *packed)
{
	struct chunk c = {.batch = b, .column = column, .count = batch_count(b, column)};
	enum batch_type type = batch_fields[column].type;
	int e = 0;
	if (!c.count || type == BATCH_BOOL || column == BATCH_LOST)
		plain(p, &c);
	else if (type == BATCH_STRING)
		e = words(p, &c);
	else if (type == BATCH_INT16 || type == BATCH_FLOAT)
		e = numbers(p, &c);
	else
		steps(p, &c);
	e = e ? e : page(p, &c, false, b->rows);
	if (e)
		return e;
	describe(p, &c);
	*bytes += c.bytes;
	*packed += c.packed;
	return 0;
}
