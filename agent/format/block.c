/* SPDX-License-Identifier: Apache-2.0 */
#include "columns_inside.h"
#include "float.h"
#include "../error.h"

/* ---- Floats: as whole numbers of 2^-shift where that is exact, else as their bits ---- */

static int encode_floats(const struct numbers *n, struct numbers *scratch, struct bytes *out)
{
	struct numbers whole = {0};
	if (!numbers_reserve(&whole, n->count))
		return ERROR_MEMORY;
	whole.count = n->count;
	unsigned shift = 0;
	while (shift <= FLOAT_SHIFT_MAX && !float_to_whole(n->data, n->count, shift, whole.data))
		shift++;
	bool is_whole = shift <= FLOAT_SHIFT_MAX;
	bytes_put_u8(out, is_whole ? (uint8_t)shift : FLOAT_BITS);
	int error = numbers_encode(is_whole ? &whole : n, NUMBERS_VALUE, scratch, out);
	numbers_release(&whole);
	return error;
}

static int decode_floats(struct numbers *n, uint32_t count, struct bytes_reader *in)
{
	uint8_t shift = bytes_get_u8(in);
	if (shift == FLOAT_BITS) {
		int error = numbers_decode(n, count, 0, UINT32_MAX, in);
		return error ? error : float_all_finite(n->data, count) ? 0 : ERROR_CORRUPT;
	}
	if (shift > FLOAT_SHIFT_MAX)
		return ERROR_CORRUPT;
	int error = numbers_decode(n, count, -FLOAT_WHOLE_MAX, FLOAT_WHOLE_MAX, in);
	if (error == 0)
		float_from_whole(n->data, count, shift);
	return error;
}

/* ---- Sections: id, length, data; in the order of their ids, empty ones left out ---- */

static void put_section(uint8_t id, const struct bytes *data, struct bytes *out, struct numbers *cuts)
{
	bytes_put_u8(out, id);
	bytes_put_varint(out, data->length);
	bytes_put(out, data->data, data->length);
	if (!out->failed && !numbers_push(cuts, (int64_t)out->length))
		out->failed = true;
}

static enum numbers_hint hint(enum column column)
{
	switch (column) {
	case COLUMN_SHAPE: case COLUMN_KEY: case COLUMN_APP: case COLUMN_TITLE:
		return NUMBERS_INDEX;
	case COLUMN_MONO: case COLUMN_END:
		return NUMBERS_TIME;
	default:
		return NUMBERS_VALUE;
	}
}

int columns_encode(const struct columns *c, const struct device_list *devices, struct numbers *scratch,
	struct bytes *out, struct numbers *cuts)
{
	struct bytes data = {0};
	int error = 0;
	bytes_put_varint(out, c->rows);
	if (devices->count > 0) {
		device_list_encode(devices, &data);
		put_section(SECTION_DEVICES, &data, out, cuts);
	}
	for (unsigned i = 0; i < WORDS_COUNT; i++) {
		if (c->words[i].count == 0)
			continue;
		bytes_clear(&data);
		dictionary_encode(&c->words[i], &data);
		put_section((uint8_t)(SECTION_WORDS + i), &data, out, cuts);
	}
	for (unsigned i = 0; i < COLUMN_COUNT; i++) {
		const struct numbers *n = &c->column[i];
		if (n->count == 0)
			continue;
		bytes_clear(&data);
		if (i == COLUMN_DX || i == COLUMN_DY)
			error = encode_floats(n, scratch, &data);
		else
			error = numbers_encode(n, hint(i), scratch, &data);
		if (error)
			goto out;
		put_section((uint8_t)(SECTION_COLUMNS + i), &data, out, cuts);
	}
	if (out->failed || data.failed)
		error = ERROR_MEMORY;
out:
	bytes_release(&data);
	return error;
}

/* ---- Reading ---- */

static int decode_column(struct columns *c, enum column column, uint32_t count, struct bytes_reader *in)
{
	struct numbers *n = &c->column[column];
	switch (column) {
	case COLUMN_SHAPE: return numbers_decode(n, count, 0, (int64_t)c->words[WORDS_SHAPE].count - 1, in);
	case COLUMN_KEY: return numbers_decode(n, count, 0, (int64_t)c->words[WORDS_KEY].count - 1, in);
	case COLUMN_APP: return numbers_decode(n, count, 0, (int64_t)c->words[WORDS_APP].count - 1, in);
	case COLUMN_TITLE: return numbers_decode(n, count, 0, (int64_t)c->words[WORDS_TITLE].count - 1, in);
	case COLUMN_MONO: case COLUMN_UTC: case COLUMN_END:
		return numbers_decode(n, count, INT64_MIN, INT64_MAX, in);
	case COLUMN_X: case COLUMN_Y: case COLUMN_LOST:
		return numbers_decode(n, count, INT32_MIN, INT32_MAX, in);
	case COLUMN_SCROLL_X: case COLUMN_SCROLL_Y:
		return numbers_decode(n, count, INT16_MIN, INT16_MAX, in);
	case COLUMN_DX: case COLUMN_DY:
		return decode_floats(n, count, in);
	case COLUMN_COUNT: break;
	}
	return ERROR_CORRUPT;
}

/* How many values each column must have, now that the shape of each row is known. */
static void count_values(const struct columns *c, uint32_t count[COLUMN_COUNT])
{
	for (uint32_t i = 0; i < c->rows; i++) {
		uint16_t has = words_shape_has(c, (uint32_t)c->column[COLUMN_SHAPE].data[i]);
		for (unsigned k = COLUMN_SHAPE + 1; k < COLUMN_COUNT; k++)
			count[k] += columns_wants(k, has);
	}
}

/* Class, code and text are named twice, by the row's shape and by its key's word: they must agree. */
static bool keys_agree(const struct columns *c)
{
	const struct numbers *shapes = &c->column[COLUMN_SHAPE], *keys = &c->column[COLUMN_KEY];
	for (uint32_t i = 0, k = 0; i < c->rows; i++) {
		uint16_t has = words_shape_has(c, (uint32_t)shapes->data[i]) & HAS_KEY;
		if (!has)
			continue;
		size_t length;
		if (dictionary_word(&c->words[WORDS_KEY], (uint32_t)keys->data[k++], &length)[0] * HAS_CLASS != has)
			return false;
	}
	return true;
}

/* Takes one section. count: how many values each column must have, known once the shapes are. */
static int decode_section(struct columns *c, uint8_t id, struct bytes_reader *in, uint32_t count[COLUMN_COUNT],
	struct device_list *devices)
{
	int error = 0;
	if (id == SECTION_DEVICES) {
		error = device_list_decode(devices, in);
	} else if (id >= SECTION_WORDS && id < SECTION_WORDS + WORDS_COUNT) {
		error = words_decode(c, id - SECTION_WORDS, in);
	} else if (id >= SECTION_COLUMNS && id < SECTION_COLUMNS + COLUMN_COUNT) {
		enum column column = id - SECTION_COLUMNS;
		if (count[column] == 0)
			return ERROR_CORRUPT;
		error = decode_column(c, column, count[column], in);
		if (error == 0 && column == COLUMN_SHAPE)
			count_values(c, count);
	} else {
		return id >= SECTION_OPTIONAL ? 0 : ERROR_UNSUPPORTED;
	}
	if (error == 0 && (in->failed || in->at != in->end))
		error = ERROR_CORRUPT;
	return error;
}

int columns_decode(struct columns *c, const uint8_t *data, size_t length, struct device_list *devices)
{
	struct bytes_reader in = {data, data + length, false};
	columns_clear(c);
	uint64_t rows = bytes_get_varint(&in);
	if (in.failed || rows == 0 || rows > SEGMENT_BLOCK_EVENTS_MAX)
		return ERROR_CORRUPT;
	c->rows = (uint32_t)rows;
	uint32_t count[COLUMN_COUNT] = {[COLUMN_SHAPE] = c->rows};
	int error = 0;
	for (int last = -1; in.at != in.end;) {
		uint8_t id = bytes_get_u8(&in);
		uint64_t size = bytes_get_varint(&in);
		const uint8_t *section = size <= length ? bytes_get(&in, (size_t)size) : NULL;
		error = ERROR_CORRUPT;
		if (in.failed || !section || id <= last)
			goto out;
		struct bytes_reader inner = {section, section + size, false};
		error = decode_section(c, id, &inner, count, devices);
		if (error)
			goto out;
		last = id;
	}
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		if (c->column[i].count != count[i])
			error = ERROR_CORRUPT;
	if (error == 0 && !keys_agree(c))
		error = ERROR_CORRUPT;
	if (error == 0)
		columns_find_times(c);
out:
	if (error)
		columns_clear(c);
	return error;
}
