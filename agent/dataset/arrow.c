/* SPDX-License-Identifier: Apache-2.0 */
#include "arrow_inside.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

static const char magic[8] = "ARROW1";

bool arrow_has(const struct arrow *a, enum batch_column column)
{
	return !a->in_path || (column != BATCH_STUDY && column != BATCH_PARTICIPANT);
}

bool arrow_is_enum(enum batch_column column) { return column == BATCH_KIND || column == BATCH_CLASS || column == BATCH_REASON; }

/* An encapsulated message: a->meta, then the body. */
static int message(struct arrow *a, const struct bytes *body, struct arrow_block *block)
{
	uint8_t head[8] = {0xff, 0xff, 0xff, 0xff};
	if (a->meta.failed || (body && body->failed))
		return ERROR_MEMORY;
	for (int i = 0; i < 4; i++)
		head[4 + i] = (uint8_t)(a->meta.length >> (8 * i));
	*block = (struct arrow_block){a->out->bytes, body ? body->length : 0, (uint32_t)a->meta.length + 8};
	int e = outfile_put(a->out, head, sizeof head);
	e = e ? e : outfile_put(a->out, a->meta.data, a->meta.length);
	return e || !body ? e : outfile_put(a->out, body->data, body->length);
}

static int start(struct arrow *a)
{
	struct arrow_block block;
	int e = outfile_put(a->out, magic, sizeof magic);
	arrow_meta_schema(a);
	e = e ? e : message(a, NULL, &block);
	for (int i = 0; i < BATCH_COLUMNS && e == 0; i++) {
		if (!arrow_is_enum((enum batch_column)i))
			continue;
		e = arrow_body_words(a, (enum batch_column)i);
		arrow_meta_words(a, (enum batch_column)i);
		e = e ? e : message(a, &a->body.bytes, &a->dictionary[a->dictionaries++]);
	}
	return e;
}

int arrow_new(struct outfile *out, bool in_path, struct arrow **arrow)
{
	struct arrow *a = calloc(1, sizeof *a);
	*arrow = NULL;
	if (!a)
		return ERROR_MEMORY;
	a->out = out;
	a->in_path = in_path;
	a->zstd = ZSTD_createCCtx();
	int e = a->zstd ? start(a) : ERROR_MEMORY;
	if (e)
		arrow_free(a);
	else
		*arrow = a;
	return e;
}

void arrow_free(struct arrow *a)
{
	if (!a)
		return;
	bytes_release(&a->meta);
	bytes_release(&a->raw);
	bytes_release(&a->blocks);
	bytes_release(&a->body.bytes);
	ZSTD_freeCCtx(a->zstd);
	free(a);
}

int arrow_write(struct arrow *a, const struct batch *b)
{
	struct arrow_block block;
	if (!b->rows)
		return 0;
	int e = arrow_body_rows(a, b);
	arrow_meta_rows(a);
	e = e ? e : message(a, &a->body.bytes, &block);
	if (e == 0)
		bytes_put(&a->blocks, &block, sizeof block);
	return e == 0 && a->blocks.failed ? ERROR_MEMORY : e;
}

int arrow_finish(struct arrow *a)
{
	static const uint8_t end[8] = {0xff, 0xff, 0xff, 0xff};
	uint8_t length[4];
	arrow_meta_footer(a);
	if (a->meta.failed)
		return ERROR_MEMORY;
	if (a->meta.length > INT32_MAX)
		return ERROR_LIMIT;
	for (int i = 0; i < 4; i++)
		length[i] = (uint8_t)(a->meta.length >> (8 * i));
	int e = outfile_put(a->out, end, sizeof end);
	e = e ? e : outfile_put(a->out, a->meta.data, a->meta.length);
	e = e ? e : outfile_put(a->out, length, sizeof length);
	return e ? e : outfile_put(a->out, magic, 6);
}
