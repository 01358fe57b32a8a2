/* SPDX-License-Identifier: Apache-2.0 */
/* The buffers of a record batch, compressed, and of a dictionary. */
#include <string.h>

#include "../error.h"
#include "arrow_inside.h"

/* Who wants it small takes Parquet: a higher level gains 3 % and costs a third of the speed. */
enum { LEVEL = 1, ALIGN = 8 };

static void begin(struct arrow *a, uint64_t rows)
{
	a->body.rows = rows;
	a->body.nodes = a->body.buffers = 0;
	bytes_clear(&a->body.bytes);
}

/* A buffer of nothing: all rows are valid, or there are no rows. */
static void no_buffer(struct arrow *a)
{
	a->body.buffer[a->body.buffers].at = a->body.bytes.length;
	a->body.buffer[a->body.buffers++].length = 0;
}

/* Its length, then it packed: also where that is no smaller, as readers from before 2022 do not know the mark of one that is not. */
static void buffer(struct arrow *a, const void *data, size_t length)
{
	struct bytes *b = &a->body.bytes;
	size_t at = b->length, room = ZSTD_compressBound(length);
	if (!length) {
		no_buffer(a);
		return;
	}
	bytes_put_u64(b, length);
	if (!bytes_reserve(b, room))
		return;
	size_t packed = ZSTD_compressCCtx(a->zstd, b->data + b->length, room, data, length, LEVEL);
	if (ZSTD_isError(packed)) {
		b->failed = true;
		return;
	}
	b->length += packed;
	a->body.buffer[a->body.buffers].at = at;
	a->body.buffer[a->body.buffers++].length = b->length - at;
	while (b->length % ALIGN && !b->failed)
		bytes_put_u8(b, 0);
}

/* The column's node, and the buffer that says where values are. */
static void validity(struct arrow *a, const struct batch *b, enum batch_column column)
{
	uint32_t count = batch_count(b, column);
	a->body.node[a->body.nodes].rows = b->rows;
	a->body.node[a->body.nodes++].nulls = b->rows - count;
	if (count == b->rows) {
		memset(a->bitmap, 0xff, sizeof a->bitmap);
		no_buffer(a);
		return;
	}
	memset(a->bitmap, 0, sizeof a->bitmap);
	if (count)
		batch_bitmap(b, batch_fields[column].presence, a->bitmap);
	buffer(a, a->bitmap, (b->rows + 7) / 8);
}

static bool valid(const struct arrow *a, uint32_t row) { return a->bitmap[row / 8] >> row % 8 & 1; }

/* a->raw with room for length bytes of zeros; NULL: out of memory. */
static uint8_t *raw(struct arrow *a, size_t length)
{
	bytes_clear(&a->raw);
	if (!bytes_reserve(&a->raw, length)) {
		a->body.bytes.failed = true;
		return NULL;
	}
	memset(a->raw.data, 0, length);
	a->raw.length = length;
	return a->raw.data;
}

static void put(uint8_t *at, uint64_t v, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static void fixed(struct arrow *a, const struct batch *b, enum batch_column column, unsigned size)
{
	union batch_values v = b->values[column];
	enum batch_type type = batch_fields[column].type;
	uint8_t *to = raw(a, (size_t)b->rows * size);
	uint32_t next = 0;
/* A loop for each type: a test of the type for each value would cost more than the rest. */
#define SPREAD(as, unsigned_type) \
	for (uint32_t i = 0; i < b->rows; i++) \
		if (valid(a, i)) \
			put(to + (size_t)i * sizeof *v.as, (unsigned_type)v.as[next++], sizeof *v.as)
	if (!to)
		return;
	switch (type) {
	case BATCH_INT64: SPREAD(i64, uint64_t); break;
	case BATCH_INT16: SPREAD(i16, uint16_t); break;
	case BATCH_INT32: SPREAD(i32, uint32_t); break;
	case BATCH_FLOAT:
		for (uint32_t i = 0; i < b->rows; i++)
			if (valid(a, i)) {
				uint32_t bits;
				memcpy(&bits, &v.f32[next++], 4);
				put(to + (size_t)i * 4, bits, 4);
			}
		break;
	default:
		for (uint32_t i = 0; i < b->rows; i++)
			if (valid(a, i))
				to[i] = (uint8_t)v.word[next++];
	}
#undef SPREAD
	buffer(a, a->raw.data, a->raw.length);
}

static void booleans(struct arrow *a, const struct batch *b, enum batch_column column)
{
	uint8_t *to = raw(a, (b->rows + 7) / 8);
	uint32_t next = 0;
	for (uint32_t i = 0; to && i < b->rows; i++)
		if (valid(a, i))
			to[i / 8] |= (uint8_t)((b->values[column].u8[next++] & 1) << i % 8);
	buffer(a, a->raw.data, a->raw.length);
}

static void strings(struct arrow *a, const struct batch *b, enum batch_column column)
{
	const struct lexicon *l = &b->words[column];
	const uint16_t *v = b->values[column].word;
	uint8_t *to = raw(a, 4 * ((size_t)b->rows + 1));
	uint32_t next = 0, end = 0, length;
	if (!to)
		return;
	for (uint32_t i = 0; i < b->rows; i++) {
		if (valid(a, i)) {
			lexicon_word(l, v[next++], &length);
			end += length;
		}
		put(to + 4 * ((size_t)i + 1), end, 4);
	}
	buffer(a, a->raw.data, a->raw.length);
	to = raw(a, end);
	for (uint32_t i = 0; to && i < next; i++) {
		const uint8_t *word = lexicon_word(l, v[i], &length);
		memcpy(to, word, length);
		to += length;
	}
	buffer(a, a->raw.data, a->raw.length);
}

int arrow_body_rows(struct arrow *a, const struct batch *b)
{
	begin(a, b->rows);
	for (int i = 0; i < BATCH_COLUMNS; i++) {
		enum batch_column column = (enum batch_column)i;
		if (!arrow_has(a, column))
			continue;
		validity(a, b, column);
		switch (batch_fields[i].type) {
		case BATCH_INT64: fixed(a, b, column, 8); break;
		case BATCH_INT16: fixed(a, b, column, 2); break;
		case BATCH_INT32: case BATCH_FLOAT: fixed(a, b, column, 4); break;
		case BATCH_BOOL: booleans(a, b, column); break;
		case BATCH_STRING:
			if (arrow_is_enum(column))
				fixed(a, b, column, 1);
			else
				strings(a, b, column);
		}
	}
	return a->body.bytes.failed ? ERROR_MEMORY : 0;
}

int arrow_body_words(struct arrow *a, enum batch_column column)
{
	static const struct batch none;
	uint32_t count = batch_words(&none, column), length, end = 0;
	begin(a, count);
	a->body.node[0].rows = count;
	a->body.node[0].nulls = 0;
	a->body.nodes = 1;
	no_buffer(a);
	uint8_t *to = raw(a, 4 * ((size_t)count + 1));
	for (uint32_t i = 0; to && i < count; i++) {
		batch_word(&none, column, i, &length);
		end += length;
		put(to + 4 * ((size_t)i + 1), end, 4);
	}
	buffer(a, a->raw.data, a->raw.length);
	bytes_clear(&a->raw);
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *word = batch_word(&none, column, i, &length);
		bytes_put(&a->raw, word, length);
	}
	buffer(a, a->raw.data, a->raw.length);
	return a->body.bytes.failed || a->raw.failed ? ERROR_MEMORY : 0;
}
