/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed_reader.h"

#include <stdlib.h>

#include "float.h"
#include "../error.h"

enum { SHIFT_NONE = 254 };       /* no shift was named yet */

struct sealed_reader *sealed_reader_new(void)
{
	struct sealed_reader *r = calloc(1, sizeof *r);
	if (r)
		sealed_tables_fill(&r->tables);
	return r;
}

void sealed_reader_free(struct sealed_reader *r)
{
	if (!r)
		return;
	free(r->shape);
	releases_release(&r->releases);
	free(r);
}

/* ---- Plain numbers ---- */

bool sealed_range_finish(const struct sealed_range *range, int64_t *v, uint32_t n)
{
	unsigned bad = 0;
	for (uint32_t i = 0; i < n && range->is_signed; i++)
		v[i] = bytes_unzigzag((uint64_t)v[i]);
	for (uint32_t i = 0; i < n; i++)
		bad |= (unsigned)(v[i] < range->least) | (unsigned)(v[i] > range->most);
	return !bad;
}

/* Constant, list, or tables and lanes. */
static bool get_numbers(struct sealed_reader *r, struct bytes_reader *head, uint8_t coding, const struct sealed_range *range, uint32_t n, int64_t *v)
{
	struct sealed_run run;
	uint32_t there = coding == CODING_CONSTANT ? 1 : n;
	if (coding == CODING_CONSTANT || coding == CODING_LIST) {
		for (uint32_t i = 0; i < there && !head->failed; i++)
			v[i] = (int64_t)bytes_get_varint(head);
		if (head->failed)
			return false;
	} else if (!sealed_open(&r->tables, coding, MODEL_PLAIN, n, head, &r->lanes, &run) || !sealed_read_plain(&run, (uint64_t *)v)) {
		return false;
	}
	if (!sealed_range_finish(range, v, there))
		return false;
	for (uint32_t i = there; i < n; i++)
		v[i] = v[0];
	return true;
}

static bool get_plain(struct sealed_reader *r, struct bytes_reader *head, const struct sealed_range *range, uint32_t n, int64_t *v)
{
	const struct sealed_range lengths = {false, 0, SEGMENT_BLOCK_EVENTS_MAX - 1};
	uint8_t coding = bytes_get_u8(head);
	if (coding != CODING_RUNS)
		return get_numbers(r, head, coding, range, n, v);
	uint64_t runs = bytes_get_varint(head);
	if (head->failed || runs == 0 || runs > n)
		return false;
	if (!get_numbers(r, head, bytes_get_u8(head), &lengths, (uint32_t)runs, r->length)
	    || !get_numbers(r, head, bytes_get_u8(head), range, (uint32_t)runs, r->value))
		return false;
	uint32_t at = 0;
	for (uint32_t i = 0; i < runs; i++) {
		if (r->length[i] >= n - at)
			return false;
		for (uint32_t end = at + (uint32_t)r->length[i]; at <= end; at++)
			v[at] = r->value[i];
	}
	return at == n;
}

/* ---- Columns ---- */

int sealed_column_begin(struct sealed_reader *r, enum column column, int64_t **values)
{
	struct numbers *n = &r->c->column[column];
	*values = NULL;
	if (r->count[column] == 0 || n->count != 0)
		return ERROR_CORRUPT;
	if (!numbers_reserve(n, r->count[column]))
		return ERROR_MEMORY;
	n->count = r->count[column];
	*values = n->data;
	return 0;
}

int sealed_column(struct sealed_reader *r, struct bytes_reader *head, enum column column, bool is_signed, int64_t least, int64_t most)
{
	const struct sealed_range range = {is_signed, least, most};
	int64_t *v;
	int error = sealed_column_begin(r, column, &v);
	if (error)
		return error;
	return get_plain(r, head, &range, r->count[column], v) ? 0 : ERROR_CORRUPT;
}

/* ---- The block ---- */

static int get_section(struct sealed_reader *r, uint8_t id, struct bytes_reader *in, struct device_list *devices)
{
	struct columns *c = r->c;
	int error;
	switch (id) {
	case SECTION_DEVICES: return device_list_decode(devices, in);
	case SECTION_WORDS + WORDS_SHAPE:
		error = words_decode(c, WORDS_SHAPE, in);
		return error ? error : sealed_rows_take(r);
	case SECTION_WORDS + WORDS_KEY: case SECTION_WORDS + WORDS_APP: case SECTION_WORDS + WORDS_TITLE:
		return words_decode(c, id - SECTION_WORDS, in);
	case SEALED_GRID: return sealed_rows_grid(r, in) ? 0 : ERROR_CORRUPT;
	case SEALED_REST:
		/* To be read when the times are known. */
		r->rest = *in;
		in->at = in->end;
		return r->rest.at == r->rest.end ? ERROR_CORRUPT : 0;
	case SEALED_SHIFT:
		r->shift = bytes_get_u8(in);
		return r->shift <= FLOAT_SHIFT_MAX || r->shift == FLOAT_BITS ? 0 : ERROR_CORRUPT;
	case SEALED_SHAPE: return sealed_rows_shapes(r, in);
	case SEALED_TIME: return sealed_rows_times(r, in);
	case SEALED_UTC: return sealed_column(r, in, COLUMN_UTC, true, INT64_MIN, INT64_MAX);
	case SEALED_KEY: return sealed_input_keys(r, in);
	case SEALED_DELTA: return sealed_input_delta(r, in);
	case SEALED_STEP: return sealed_input_step(r, in);
	case SEALED_FOLLOW: return sealed_input_follow(r, in);
	case SEALED_DX: return sealed_input_bits(r, in, COLUMN_DX);
	case SEALED_DY: return sealed_input_bits(r, in, COLUMN_DY);
	case SEALED_SCROLL_X: return sealed_column(r, in, COLUMN_SCROLL_X, true, INT16_MIN, INT16_MAX);
	case SEALED_SCROLL_Y: return sealed_column(r, in, COLUMN_SCROLL_Y, true, INT16_MIN, INT16_MAX);
	case SEALED_APP: return sealed_column(r, in, COLUMN_APP, false, 0, (int64_t)c->words[WORDS_APP].count - 1);
	case SEALED_TITLE: return sealed_column(r, in, COLUMN_TITLE, false, 0, (int64_t)c->words[WORDS_TITLE].count - 1);
	case SEALED_END: return sealed_column(r, in, COLUMN_END, true, INT64_MIN, INT64_MAX);
	case SEALED_LOST: return sealed_column(r, in, COLUMN_LOST, true, INT32_MIN, INT32_MAX);
	}
	in->at = in->end;
	return id >= SECTION_OPTIONAL ? 0 : ERROR_UNSUPPORTED;
}

static int get_sections(struct sealed_reader *r, struct bytes_reader *in, struct device_list *devices)
{
	for (int last = -1; in->at != in->end;) {
		uint8_t id = bytes_get_u8(in);
		uint64_t size = bytes_get_varint(in);
		size_t left = (size_t)(in->end - in->at);
		const uint8_t *section = in->failed || size > left ? NULL : bytes_get(in, (size_t)size);
		if (!section || id <= last)
			return ERROR_CORRUPT;
		struct bytes_reader inner = {section, section + size, false};
		int error = get_section(r, id, &inner, devices);
		if (error)
			return error;
		if (inner.failed || inner.at != inner.end)
			return ERROR_CORRUPT;
		last = id;
	}
	return 0;
}

int sealed_decode(struct sealed_reader *r, struct columns *c, const uint8_t *head, size_t head_length, const uint8_t *lanes,
	size_t lanes_length, struct device_list *devices)
{
	struct bytes_reader in = {head, head + head_length, false};
	columns_clear(c);
	uint64_t rows = bytes_get_varint(&in);
	if (in.failed || rows == 0 || rows > SEGMENT_BLOCK_EVENTS_MAX)
		return ERROR_CORRUPT;
	c->rows = (uint32_t)rows;
	r->c = c;
	r->lanes = (struct bytes_reader){lanes, lanes + lanes_length, false};
	r->rest = (struct bytes_reader){0};
	r->shift = SHIFT_NONE;
	memset(r->count, 0, sizeof r->count);
	r->count[COLUMN_SHAPE] = c->rows;
	int error = get_sections(r, &in, devices);
	for (unsigned i = 0; i < COLUMN_COUNT && error == 0; i++)
		if (c->column[i].count != r->count[i])
			error = ERROR_CORRUPT;
	if (error == 0 && (r->lanes.at != r->lanes.end || (r->shift != SHIFT_NONE) != (r->count[COLUMN_DX] > 0)))
		error = ERROR_CORRUPT;
	if (error) {
		columns_clear(c);
		return error;
	}
	if (r->shift <= FLOAT_SHIFT_MAX) {
		float_from_whole(c->column[COLUMN_DX].data, r->count[COLUMN_DX], r->shift);
		float_from_whole(c->column[COLUMN_DY].data, r->count[COLUMN_DY], r->shift);
	}
	columns_find_times(c);
	return 0;
}
