/* SPDX-License-Identifier: Apache-2.0 */
#include "segment_inside.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "../error.h"

enum { GO_ON = 1 };

struct segment_reader {
	const uint8_t *data;
	size_t good;
	struct bytes_reader in;
	ZSTD_DCtx *unpacker;
	struct bytes content;
	struct segment_meta meta;
	struct record_chain chain;
	struct columns columns;
	struct cursor cursor;
	struct segment_totals totals;
	int64_t t_last, mono_last;      /* of all blocks so far; the header's before the first */
	int status;                     /* GO_ON, or what every further call returns */
};

static bool get_string(struct bytes_reader *in, char *text, size_t size)
{
	size_t length = bytes_get_u8(in);
	const uint8_t *data = length < size ? bytes_get(in, length) : NULL;
	if (in->failed || !data || !check_text(data, length))
		return false;
	memcpy(text, data, length);
	text[length] = 0;
	return true;
}

static bool get_array(struct bytes_reader *in, uint8_t *to, size_t length)
{
	const uint8_t *data = bytes_get(in, length);
	if (data)
		memcpy(to, data, length);
	return data;
}

static int get_meta(struct segment_meta *meta, const struct bytes *content)
{
	struct bytes_reader in = {content->data, content->data + content->length, false};
	bool valid = get_string(&in, meta->study, sizeof meta->study)
		&& get_string(&in, meta->epoch, sizeof meta->epoch)
		&& get_string(&in, meta->participant, sizeof meta->participant)
		&& get_string(&in, meta->segment, sizeof meta->segment)
		&& get_array(&in, meta->receipt_hash, sizeof meta->receipt_hash)
		&& get_array(&in, meta->policy_hash, sizeof meta->policy_hash)
		&& get_array(&in, meta->boot_id, sizeof meta->boot_id);
	meta->t_us = (int64_t)bytes_get_u64(&in);
	meta->mono_us = (int64_t)bytes_get_u64(&in);
	return valid && !in.failed ? 0 : ERROR_CORRUPT;
}

static int get_header(struct segment_reader *r)
{
	struct record record;
	int error = record_get_prelude(&r->in);
	if (error)
		return error;
	error = record_get(&r->chain, &r->in, &record);
	if (error)
		return error;
	if (record.type != RECORD_HEADER)
		return ERROR_CORRUPT;
	error = record_unpack(&record, r->unpacker, &r->content);
	if (error)
		return error;
	record_chain_bind(&r->chain, &r->content);
	return get_meta(&r->meta, &r->content);
}

int segment_reader_new(const uint8_t *data, size_t length, struct segment_reader **reader)
{
	*reader = NULL;
	struct segment_reader *r = calloc(1, sizeof *r);
	if (!r)
		return ERROR_MEMORY;
	int error = ERROR_MEMORY;
	r->unpacker = ZSTD_createDCtx();
	if (!r->unpacker)
		goto out;
	/* No bytes may come as no address, on which no arithmetic is defined. */
	r->data = length > 0 ? data : (const uint8_t *)"";
	r->in = (struct bytes_reader){r->data, r->data + length, false};
	record_chain_init(&r->chain);
	error = get_header(r);
	if (error)
		goto out;
	r->columns.mono_base = r->mono_last = r->meta.mono_us;
	r->columns.utc_base = r->t_last = r->meta.t_us;
	r->good = (size_t)(r->in.at - r->data);
	r->status = GO_ON;
	*reader = r;
	return 0;
out:
	segment_reader_free(r);
	return error;
}

void segment_reader_free(struct segment_reader *r)
{
	if (!r)
		return;
	ZSTD_freeDCtx(r->unpacker);
	bytes_release(&r->content);
	columns_release(&r->columns);
	bytes_release(&r->totals.index);
	free(r);
}

const struct segment_meta *segment_reader_meta(const struct segment_reader *r) { return &r->meta; }
const struct segment_totals *segment_reader_totals(const struct segment_reader *r) { return &r->totals; }
const struct record_chain *segment_reader_chain(const struct segment_reader *r) { return &r->chain; }
size_t segment_reader_good(const struct segment_reader *r) { return r->good; }

enum device_class segment_reader_device(const struct segment_reader *r, int16_t device)
{
	for (uint32_t i = 0; i < r->totals.devices.count; i++)
		if (r->totals.devices.at[i].device == device)
			return r->totals.devices.at[i].klass;
	return DEVICE_OTHER;
}

static int get_block(struct segment_reader *r, const struct record *record)
{
	int error = record_unpack(record, r->unpacker, &r->content);
	if (error)
		return error;
	error = columns_decode(&r->columns, r->content.data, r->content.length, &r->totals.devices);
	if (error)
		return error;
	r->cursor = (struct cursor){0};
	if (r->totals.blocks == 0 || r->columns.t_last > r->t_last)
		r->t_last = r->columns.t_last;
	if (r->totals.blocks == 0 || r->columns.mono_last > r->mono_last)
		r->mono_last = r->columns.mono_last;
	segment_totals_add(&r->totals, &r->columns, RECORD_HEAD_BYTES + record->length);
	return r->totals.index.failed ? ERROR_MEMORY : GO_ON;
}

/* The footer must say what was found on the way to it. 0, ERROR_CORRUPT, ... */
static int get_footer(struct segment_reader *r, const struct record *record)
{
	int error = record_unpack(record, r->unpacker, &r->content);
	if (error)
		return error;
	struct bytes_reader in = {r->content.data, r->content.data + r->content.length, false};
	if (bytes_get_varint(&in) != r->totals.blocks || bytes_get_varint(&in) != r->totals.events)
		return ERROR_CORRUPT;
	/* May name devices that had no event since the last block. */
	error = device_list_decode(&r->totals.devices, &in);
	if (error)
		return error;
	uint64_t length = bytes_get_varint(&in);
	if (in.failed || length != r->totals.index.length)
		return ERROR_CORRUPT;
	const uint8_t *index = bytes_get(&in, (size_t)length);
	if (!index || (length > 0 && memcmp(index, r->totals.index.data, (size_t)length) != 0))
		return ERROR_CORRUPT;
	return record_get_trailer(r->good, &r->in);
}

/* GO_ON: there are rows again, or a record was skipped. */
static int get_record(struct segment_reader *r)
{
	struct record record;
	int status = record_get(&r->chain, &r->in, &record);
	if (status)
		return status;
	switch (record.type) {
	case RECORD_BLOCK: status = get_block(r, &record); break;
	case RECORD_FOOTER: return get_footer(r, &record);
	case RECORD_HEADER: return ERROR_CORRUPT;
	default: status = record.type >= RECORD_OPTIONAL ? GO_ON : ERROR_UNSUPPORTED; break;
	}
	if (status == GO_ON)
		r->good = (size_t)(r->in.at - r->data);
	return status;
}

int segment_reader_next(struct segment_reader *r, struct event *event)
{
	while (r->status == GO_ON) {
		if (columns_next(&r->columns, &r->cursor, event))
			return 1;
		r->status = get_record(r);
	}
	return r->status;
}

int segment_recover(const uint8_t *data, size_t length, struct segment_tail *tail)
{
	*tail = (struct segment_tail){0};
	struct segment_reader *r;
	int status = segment_reader_new(data, length, &r);
	if (status)
		return status;
	while (r->status == GO_ON)
		r->status = get_record(r);
	/* Not damage, but lack of memory or of knowledge: nothing may be cut off for that. */
	if (r->status == ERROR_MEMORY || r->status == ERROR_UNSUPPORTED) {
		status = r->status;
		goto out;
	}
	tail->finished = r->status == 0;
	tail->good = tail->finished ? length : r->good;
	tail->last_t_us = r->t_last;
	tail->last_mono_us = r->mono_last;
	tail->events = r->totals.events;
out:
	segment_reader_free(r);
	return status;
}
