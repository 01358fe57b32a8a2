/* SPDX-License-Identifier: Apache-2.0 */
#include "segment_inside.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "../error.h"

enum { KEEP_ROWS = 4096, KEEP_BYTES = 256 << 10 };  /* memory beyond that is given back after a flush */

struct segment_writer {
	ZSTD_CCtx *packer;
	struct record_chain chain;
	struct columns columns;
	struct device_list fresh;       /* named since the last block */
	struct segment_totals totals;
	struct numbers scratch, cuts;
	struct bytes content;
	uint64_t length;                /* of the segment so far */
	bool finished;
};

void segment_totals_add(struct segment_totals *t, const struct columns *c, size_t length)
{
	bytes_put_varint(&t->index, length);
	bytes_put_varint(&t->index, c->rows);
	bytes_put_varint(&t->index, bytes_zigzag((int64_t)((uint64_t)c->t_first - (uint64_t)c->utc_base)));
	bytes_put_varint(&t->index, (uint64_t)c->t_last - (uint64_t)c->t_first);
	t->events += c->rows;
	t->blocks++;
}

void segment_totals_encode(const struct segment_totals *t, struct bytes *out)
{
	bytes_put_varint(out, t->blocks);
	bytes_put_varint(out, t->events);
	device_list_encode(&t->devices, out);
	bytes_put_varint(out, t->index.length);
	bytes_put(out, t->index.data, t->index.length);
}

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

static struct segment_writer *make(int level, const struct segment_meta *meta)
{
	struct segment_writer *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->packer = record_packer_new(level);
	if (!w->packer) {
		free(w);
		return NULL;
	}
	record_chain_init(&w->chain);
	w->columns.mono_base = meta->mono_us;
	w->columns.utc_base = meta->t_us;
	return w;
}

int segment_writer_new(const struct segment_meta *meta, int level, struct bytes *out, struct segment_writer **writer)
{
	*writer = NULL;
	size_t begin = out->length;
	struct segment_writer *w = make(level, meta);
	if (!w)
		return ERROR_MEMORY;
	int error = put_meta(meta, &w->content);
	if (error)
		goto out;
	record_put_prelude(out);
	error = record_put(&w->chain, w->packer, RECORD_HEADER, &w->content, NULL, out);
	if (error)
		goto out;
	record_chain_bind(&w->chain, &w->content);
	w->length = out->length - begin;
	*writer = w;
	return 0;
out:
	out->length = begin;
	segment_writer_free(w);
	return error;
}

int segment_writer_resume(const uint8_t *data, size_t good, int level, struct segment_writer **writer)
{
	*writer = NULL;
	struct segment_reader *r;
	struct segment_writer *w = NULL;
	struct event event;
	int error = segment_reader_new(data, good, &r);
	if (error)
		return error;
	while ((error = segment_reader_next(r, &event)) == 1)
		;
	if (error != ERROR_TRUNCATED || segment_reader_good(r) != good) {
		if (error == 0 || error == ERROR_TRUNCATED)
			error = ERROR_INVALID;
		goto out;
	}
	error = ERROR_MEMORY;
	w = make(level, segment_reader_meta(r));
	if (!w)
		goto out;
	const struct segment_totals *totals = segment_reader_totals(r);
	w->chain = *segment_reader_chain(r);
	w->length = good;
	w->totals.events = totals->events;
	w->totals.blocks = totals->blocks;
	w->totals.devices = totals->devices;
	bytes_put(&w->totals.index, totals->index.data, totals->index.length);
	if (w->totals.index.failed)
		goto out;
	*writer = w;
	w = NULL;
	error = 0;
out:
	segment_writer_free(w);
	segment_reader_free(r);
	return error;
}

void segment_writer_free(struct segment_writer *w)
{
	if (!w)
		return;
	ZSTD_freeCCtx(w->packer);
	columns_release(&w->columns);
	bytes_release(&w->totals.index);
	numbers_release(&w->scratch);
	numbers_release(&w->cuts);
	bytes_release(&w->content);
	free(w);
}

void segment_writer_device(struct segment_writer *w, int16_t device, enum device_class klass)
{
	const struct device_list *known = &w->totals.devices;
	for (uint32_t i = 0; i < known->count; i++)
		if (known->at[i].device == device && known->at[i].klass == klass)
			return;
	device_list_set(&w->fresh, device, klass);
	device_list_set(&w->totals.devices, device, klass);
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
	if (rows > KEEP_ROWS) {
		columns_release(&w->columns);
		numbers_release(&w->scratch);
	}
	if (w->content.capacity > KEEP_BYTES)
		bytes_release(&w->content);
}

int segment_writer_flush(struct segment_writer *w, struct bytes *out)
{
	if (w->finished)
		return ERROR_INVALID;
	if (w->columns.rows == 0)
		return 0;
	bytes_clear(&w->content);
	numbers_clear(&w->cuts);
	/* What the index needs is reserved first: once the block is out, nothing may fail. */
	if (!bytes_reserve(&w->totals.index, 4 * 10)) {
		w->totals.index.failed = false;
		return ERROR_MEMORY;
	}
	int error = columns_encode(&w->columns, &w->fresh, &w->scratch, &w->content, &w->cuts);
	if (error)
		return error;
	size_t begin = out->length;
	error = record_put(&w->chain, w->packer, RECORD_BLOCK, &w->content, &w->cuts, out);
	if (error)
		return error;
	segment_totals_add(&w->totals, &w->columns, out->length - begin);
	w->length += out->length - begin;
	clear(w);
	return 0;
}

int segment_writer_finish(struct segment_writer *w, struct bytes *out)
{
	int error = segment_writer_flush(w, out);
	if (error)
		return error;
	bytes_clear(&w->content);
	segment_totals_encode(&w->totals, &w->content);
	if (w->content.failed || !bytes_reserve(out, RECORD_TRAILER_BYTES))
		return ERROR_MEMORY;
	size_t begin = out->length;
	error = record_put(&w->chain, w->packer, RECORD_FOOTER, &w->content, NULL, out);
	if (error)
		return error;
	record_put_trailer(w->length, out);
	w->length += out->length - begin;
	w->finished = true;
	return 0;
}
