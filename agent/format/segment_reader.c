/* SPDX-License-Identifier: Apache-2.0 */
#include "segment.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cipher.h"
#include "columns.h"
#include "pack.h"
#include "sealed.h"
#include "../error.h"

enum { GO_ON = 1 };

struct segment_reader {
	struct bytes_reader in;
	uint64_t records;               /* read so far */
	struct cipher *cipher;
	ZSTD_DCtx *unpacker;
	struct bytes plain, content;    /* of the last record: decrypted, decompressed */
	struct segment_meta meta;
	struct columns columns;
	struct sealed_reader *sealed;   /* once there is something sealed */
	struct cursor cursor;
	uint64_t events, blocks;
	struct device_list devices;
	int64_t t_last, mono_last;      /* of all blocks so far; the header's before the first */
	int64_t from_us;                /* what is before it is not wanted */
	bool was_cut;
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

/* Behind what is there, decrypted, are zeros, up to the next multiple. Nothing rides along. */
static bool padded(struct bytes_reader *in, size_t step)
{
	if ((size_t)(in->end - in->at) >= step)
		return false;
	while (in->at != in->end)
		if (*in->at++)
			return false;
	return true;
}

static int unpack(struct segment_reader *r, struct bytes_reader *in)
{
	size_t length = bytes_get_u32(in);
	const uint8_t *frame = bytes_get(in, length);
	return frame && padded(in, RECORD_PAD_BYTES) ? pack_open(r->unpacker, frame, length, &r->content) : ERROR_CORRUPT;
}

static int get_header(struct segment_reader *r)
{
	struct record record;
	bool last;
	const uint8_t *prelude = r->in.at;
	int error = record_get_prelude(&r->in);
	if (error)
		return error;
	const uint8_t *header = bytes_get(&r->in, CIPHER_HEADER);
	if (!header)
		return ERROR_TRUNCATED;
	error = record_get(&r->in, 0, &record);
	if (error)
		return error;
	if (record.type != RECORD_HEADER)
		return ERROR_CORRUPT;
	error = cipher_get(r->cipher, &record, prelude, &r->plain, &last);
	if (error)
		return error;
	r->records = 1;
	struct bytes_reader in = {r->plain.data, r->plain.data + r->plain.length, false};
	error = last ? ERROR_CORRUPT : unpack(r, &in);
	return error ? error : get_meta(&r->meta, &r->content);
}

int segment_reader_new(const uint8_t *data, size_t length, const uint8_t key[SEGMENT_KEY], struct segment_reader **reader)
{
	*reader = NULL;
	static const uint8_t nothing[RECORD_PRELUDE_BYTES + CIPHER_HEADER];
	struct segment_reader *r = calloc(1, sizeof *r);
	if (!r)
		return ERROR_MEMORY;
	int error = ERROR_MEMORY;
	r->unpacker = ZSTD_createDCtx();
	if (!r->unpacker)
		goto out;
	/* No bytes may come as no address, on which no arithmetic is defined. Too few have no cipher's header; what is wrong with them,
	 * get_header says. */
	if (length == 0)
		data = nothing;
	r->in = (struct bytes_reader){data, data + length, false};
	error = cipher_new_opening(key, length < sizeof nothing ? nothing : data + RECORD_PRELUDE_BYTES, &r->cipher);
	if (error)
		goto out;
	error = get_header(r);
	if (error)
		goto out;
	r->columns.mono_base = r->mono_last = r->meta.mono_us;
	r->columns.utc_base = r->t_last = r->meta.t_us;
	r->from_us = INT64_MIN;
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
	cipher_free(r->cipher);
	bytes_release(&r->plain);
	bytes_release(&r->content);
	columns_release(&r->columns);
	sealed_reader_free(r->sealed);
	free(r);
}

const struct segment_meta *segment_reader_meta(const struct segment_reader *r) { return &r->meta; }
void segment_reader_from(struct segment_reader *r, int64_t t_us) { r->from_us = t_us; }
bool segment_reader_was_cut(const struct segment_reader *r) { return r->was_cut; }
const struct device_list *segment_reader_devices(const struct segment_reader *r) { return &r->devices; }

enum device_class segment_reader_device(const struct segment_reader *r, int16_t device)
{
	for (uint32_t i = 0; i < r->devices.count; i++)
		if (r->devices.at[i].device == device)
			return r->devices.at[i].klass;
	return DEVICE_OTHER;
}

static int decode_block(struct segment_reader *r, struct bytes_reader *in, struct device_list *devices)
{
	int error = unpack(r, in);
	return error ? error : columns_decode(&r->columns, r->content.data, r->content.length, devices);
}

static int decode_sealed(struct segment_reader *r, struct bytes_reader *in, struct device_list *devices)
{
	_Static_assert((int)CIPHER_MORE >= (int)LANE_BEHIND, "what may be read behind the lanes");
	if (!r->sealed)
		r->sealed = sealed_reader_new();
	if (!r->sealed)
		return ERROR_MEMORY;
	size_t head_length = bytes_get_u32(in), lanes_length = bytes_get_u32(in);
	const uint8_t *head = bytes_get(in, head_length), *lanes = bytes_get(in, lanes_length);
	if (in->failed || !padded(in, RECORD_PAD_COARSE_BYTES))
		return ERROR_CORRUPT;
	int error = pack_open(r->unpacker, head, head_length, &r->content);
	return error ? error : sealed_decode(r->sealed, &r->columns, r->content.data, r->content.length, lanes, lanes_length, devices);
}

static int get_block(struct segment_reader *r, bool sealed)
{
	struct bytes_reader in = {r->plain.data, r->plain.data + r->plain.length, false};
	struct columns *c = &r->columns;
	uint32_t rows = bytes_get_u32(&in);
	int64_t first = (int64_t)bytes_get_u64(&in), last = (int64_t)bytes_get_u64(&in);
	int64_t mono_last = sealed ? (int64_t)bytes_get_u64(&in) : 0;
	/* A block of the journal is read in any case: it alone names its devices, and its clock. */
	bool wanted = last >= r->from_us;
	if (in.failed)
		return ERROR_CORRUPT;
	if (wanted || !sealed) {
		struct device_list devices = r->devices;
		int error = sealed ? decode_sealed(r, &in, &devices) : decode_block(r, &in, &devices);
		if (error)
			return error;
		bool same = rows == c->rows && first == c->t_first && last == c->t_last && (!sealed || mono_last == c->mono_last);
		mono_last = c->mono_last;
		if (!same || !wanted)
			columns_clear(c);
		if (!same)
			return ERROR_CORRUPT;
		r->devices = devices;
	}
	if (r->blocks == 0 || last > r->t_last)
		r->t_last = last;
	if (r->blocks == 0 || mono_last > r->mono_last)
		r->mono_last = mono_last;
	r->blocks++;
	r->events += rows;
	return GO_ON;
}

/* The footer must say what was found on the way to it. 0, ERROR_CORRUPT, ... */
static int get_footer(struct segment_reader *r)
{
	struct bytes_reader in = {r->plain.data, r->plain.data + r->plain.length, false};
	int error = unpack(r, &in);
	if (error)
		return error;
	in = (struct bytes_reader){r->content.data, r->content.data + r->content.length, false};
	if (bytes_get_varint(&in) != r->blocks || bytes_get_varint(&in) != r->events)
		return ERROR_CORRUPT;
	/* May name devices that had no event since the last block. */
	error = device_list_decode(&r->devices, &in);
	if (error)
		return error;
	return r->in.at == r->in.end ? 0 : ERROR_CORRUPT;
}

/* From the last that is known on, not from when it was written: what was typed before may have waited longer than it. */
static int get_cut(struct segment_reader *r, const struct record *record)
{
	int64_t from_us, to_us;
	int error = record_cut(record, &from_us, &to_us);
	if (error)
		return error;
	if (r->in.at != r->in.end)
		return ERROR_CORRUPT;
	struct event gap = {.kind = EVENT_GAP, .reason = REASON_CRASH, .has = HAS_REASON | HAS_END, .t_us = r->t_last,
		.mono_us = r->mono_last, .end_us = to_us > r->t_last ? to_us : r->t_last};
	r->was_cut = true;
	return columns_add(&r->columns, &gap);
}

/* GO_ON: there are rows again, or a record was skipped. */
static int get_record(struct segment_reader *r)
{
	struct record record;
	bool last;
	columns_clear(&r->columns);
	r->cursor = (struct cursor){0};
	int error = record_get(&r->in, r->records, &record);
	if (error)
		return error;
	if (record.type == RECORD_CUT)
		return get_cut(r, &record);
	/* Also of a kind that is skipped: the stream goes on behind it. */
	error = cipher_get(r->cipher, &record, NULL, &r->plain, &last);
	if (error)
		return error == ERROR_DENIED ? ERROR_CORRUPT : error;
	r->records++;
	if (last != (record.type == RECORD_FOOTER))
		return ERROR_CORRUPT;
	switch (record.type) {
	case RECORD_BLOCK: return get_block(r, false);
	case RECORD_SEALED: return get_block(r, true);
	case RECORD_FOOTER: return get_footer(r);
	case RECORD_HEADER: return ERROR_CORRUPT;
	default: return record.type >= RECORD_OPTIONAL ? GO_ON : ERROR_UNSUPPORTED;
	}
}

int segment_reader_next(struct segment_reader *r, struct event *event)
{
	while (!columns_next(&r->columns, &r->cursor, event)) {
		if (r->status != GO_ON)
			return r->status;
		r->status = get_record(r);
	}
	return 1;
}

int segment_reader_block(struct segment_reader *r, const struct columns **block)
{
	while (r->cursor.row == r->columns.rows) {
		if (r->status != GO_ON)
			return r->status;
		r->status = get_record(r);
	}
	r->cursor.row = r->columns.rows;
	*block = &r->columns;
	return 1;
}
