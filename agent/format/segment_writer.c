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

enum { KEEP_ROWS = 4096, KEEP_BYTES = 256 << 10 };  /* memory beyond that is given back after a flush */

struct segment_writer {
	ZSTD_CCtx *packer;
	struct cipher *cipher;
	uint64_t records;               /* so far */
	struct columns columns;
	struct device_list fresh;       /* named since the last block */
	uint64_t events, blocks;
	struct device_list devices;     /* all */
	struct numbers scratch, cuts;
	struct bytes content, plain;    /* columns; what is encrypted */
	bool seals, finished;
	struct sealed_writer *sealed;   /* once there is something to seal */
	struct bytes lanes;
};

static bool put_string(struct bytes *out, const char *text, size_t size)
{
	int length = check_string(text, size - 1);
	if (length < 0)
		return false;
	bytes_put_u8(out, (uint8_t)length);
	bytes_put(out, text, (size_t)length);
	return true;
}

static int put_meta(const struct segment_meta *meta, struct bytes *out)
{
	bool valid = put_string(out, meta->study, sizeof meta->study)
		&& put_string(out, meta->epoch, sizeof meta->epoch)
		&& put_string(out, meta->participant, sizeof meta->participant)
		&& put_string(out, meta->segment, sizeof meta->segment);
	bytes_put(out, meta->receipt_hash, sizeof meta->receipt_hash);
	bytes_put(out, meta->policy_hash, sizeof meta->policy_hash);
	bytes_put(out, meta->boot_id, sizeof meta->boot_id);
	bytes_put_u64(out, (uint64_t)meta->t_us);
	bytes_put_u64(out, (uint64_t)meta->mono_us);
	return !valid ? ERROR_INVALID : out->failed ? ERROR_MEMORY : 0;
}

/* The record with what is in w->content and w->lanes, behind the lead that is in w->plain already. */
static int put_record(struct segment_writer *w, enum record_type type, int64_t t_us, const uint8_t *prelude, const struct numbers *cuts,
	struct bytes *out)
{
	size_t at = w->plain.length, lengths = type == RECORD_SEALED ? 8 : 4, step = RECORD_PAD_BYTES;
	bytes_put_u32(&w->plain, 0);
	if (type == RECORD_SEALED)
		bytes_put_u32(&w->plain, (uint32_t)w->lanes.length);
	int error = w->content.failed || w->plain.failed ? ERROR_MEMORY : pack_frame(w->packer, &w->content, cuts, &w->plain);
	if (error)
		return error;
	struct bytes length = {w->plain.data + at, 0, 4, false};
	bytes_put_u32(&length, (uint32_t)(w->plain.length - at - lengths));
	if (type == RECORD_SEALED)
		bytes_put(&w->plain, w->lanes.data, w->lanes.length);
	/* Of a full one its length tells how well it could be compressed, and that it is full. */
	if (type == RECORD_SEALED && w->columns.rows < SEGMENT_BLOCK_EVENTS_MAX)
		step = RECORD_PAD_COARSE_BYTES;
	error = cipher_put(w->cipher, (uint8_t)type, type == RECORD_FOOTER, t_us, w->records, prelude, step, &w->plain, out);
	if (error == 0)
		w->records++;
	return error;
}

int segment_writer_new(const struct segment_meta *meta, const uint8_t key[SEGMENT_KEY], int level, struct bytes *out,
	struct segment_writer **writer)
{
	*writer = NULL;
	size_t begin = out->length;
	uint8_t header[CIPHER_HEADER];
	struct bytes prelude = {0};
	struct segment_writer *w = calloc(1, sizeof *w);
	if (!w)
		return ERROR_MEMORY;
	int error = put_meta(meta, &w->content);
	if (error)
		goto out;
	w->columns.mono_base = meta->mono_us;
	w->columns.utc_base = meta->t_us;
	error = ERROR_MEMORY;
	w->packer = pack_new(level);
	if (!w->packer)
		goto out;
	error = cipher_new_sealing(key, header, &w->cipher);
	if (error)
		goto out;
	record_put_prelude(&prelude);
	bytes_put(out, prelude.data, prelude.length);
	bytes_put(out, header, sizeof header);
	error = prelude.failed || out->failed ? ERROR_MEMORY : put_record(w, RECORD_HEADER, meta->t_us, prelude.data, NULL, out);
	if (error)
		goto out;
	*writer = w;
	w = NULL;
out:
	if (error)
		out->length = begin;
	bytes_release(&prelude);
	segment_writer_free(w);
	return error;
}

void segment_writer_free(struct segment_writer *w)
{
	if (!w)
		return;
	ZSTD_freeCCtx(w->packer);
	columns_release(&w->columns);
	cipher_free(w->cipher);
	numbers_release(&w->scratch);
	numbers_release(&w->cuts);
	bytes_release(&w->content);
	bytes_release(&w->plain);
	bytes_release(&w->lanes);
	sealed_writer_free(w->sealed);
	free(w);
}

void segment_writer_seal(struct segment_writer *w)
{
	w->seals = true;
}

void segment_writer_device(struct segment_writer *w, int16_t device, enum device_class klass)
{
	const struct device_list *known = &w->devices;
	for (uint32_t i = 0; i < known->count; i++)
		if (known->at[i].device == device && known->at[i].klass == klass)
			return;
	device_list_set(&w->fresh, device, klass);
	device_list_set(&w->devices, device, klass);
}

int segment_writer_add(struct segment_writer *w, const struct event *event)
{
	return w->finished ? ERROR_INVALID : columns_add(&w->columns, event);
}

uint32_t segment_writer_waiting(const struct segment_writer *w)
{
	return w->columns.rows;
}

static void clear(struct segment_writer *w)
{
	uint32_t rows = w->columns.rows;
	columns_clear(&w->columns);
	w->fresh.count = 0;
	if (rows > KEEP_ROWS && !w->seals) {
		columns_release(&w->columns);
		numbers_release(&w->scratch);
	}
	if (w->content.capacity > KEEP_BYTES)
		bytes_release(&w->content);
	if (w->plain.capacity > KEEP_BYTES)
		bytes_release(&w->plain);
}

static void put_lead(struct segment_writer *w)
{
	const struct columns *c = &w->columns;
	bytes_put_u32(&w->plain, c->rows);
	bytes_put_u64(&w->plain, (uint64_t)c->t_first);
	bytes_put_u64(&w->plain, (uint64_t)c->t_last);
}

static int put_block(struct segment_writer *w, int64_t t_us, struct bytes *out)
{
	numbers_clear(&w->cuts);
	int error = columns_encode(&w->columns, &w->fresh, &w->scratch, &w->content, &w->cuts);
	if (error)
		return error;
	put_lead(w);
	return put_record(w, RECORD_BLOCK, t_us, NULL, &w->cuts, out);
}

static int put_sealed(struct segment_writer *w, int64_t t_us, struct bytes *out)
{
	if (!w->sealed)
		w->sealed = sealed_writer_new();
	if (!w->sealed)
		return ERROR_MEMORY;
	bytes_clear(&w->lanes);
	/* All devices: who looks for a time passes over the blocks before it unread. */
	int error = sealed_encode(w->sealed, &w->columns, &w->devices, &w->content, &w->lanes);
	if (error)
		return error;
	put_lead(w);
	bytes_put_u64(&w->plain, (uint64_t)w->columns.mono_last);
	return put_record(w, RECORD_SEALED, t_us, NULL, NULL, out);
}

int segment_writer_flush(struct segment_writer *w, int64_t t_us, struct bytes *out)
{
	uint32_t rows = w->columns.rows;
	if (w->finished)
		return ERROR_INVALID;
	if (rows == 0)
		return 0;
	bytes_clear(&w->content);
	bytes_clear(&w->plain);
	int error = w->seals ? put_sealed(w, t_us, out) : put_block(w, t_us, out);
	if (error)
		return error;
	w->events += rows;
	w->blocks++;
	clear(w);
	return 0;
}

int segment_writer_finish(struct segment_writer *w, int64_t t_us, struct bytes *out)
{
	int error = segment_writer_flush(w, t_us, out);
	if (error)
		return error;
	bytes_clear(&w->content);
	bytes_clear(&w->plain);
	bytes_put_varint(&w->content, w->blocks);
	bytes_put_varint(&w->content, w->events);
	device_list_encode(&w->devices, &w->content);
	error = put_record(w, RECORD_FOOTER, t_us, NULL, NULL, out);
	if (error == 0)
		w->finished = true;
	return error;
}
