/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "arrow.h"
#include "batch.h"
#include "outfile.h"
#include "parquet.h"
#include "text.h"

struct table {
	enum table_format format;
	struct outfile out;
	uint64_t rows;
	struct text text;        /* of CSV and JSON Lines: the row */
	struct batch batch;      /* of Parquet and Arrow: the rows that wait */
	struct parquet *parquet;
	struct arrow *arrow;
};

static const char *const names[TABLE_FORMATS] = {"csv", "jsonl", "parquet", "arrow"};

const char *table_format_name(enum table_format format) { return names[format]; }

int table_format_of(const char *name)
{
	for (int i = 0; i < TABLE_FORMATS; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static bool is_columns(const struct table *t) { return t->format == TABLE_PARQUET || t->format == TABLE_ARROW; }

int table_new(enum table_format format, int fd, bool in_path, struct table **table)
{
	int e;
	*table = NULL;
	struct table *t = calloc(1, sizeof *t);
	if (!t)
		return ERROR_MEMORY;
	t->format = format;
	e = outfile_init(&t->out, fd);
	if (e == 0 && format == TABLE_CSV)
		e = outfile_put(&t->out, csv_columns, strlen(csv_columns));
	if (e == 0 && is_columns(t))
		e = batch_init(&t->batch);
	if (e == 0 && format == TABLE_PARQUET)
		e = parquet_new(&t->out, in_path, &t->parquet);
	if (e == 0 && format == TABLE_ARROW)
		e = arrow_new(&t->out, in_path, &t->arrow);
	if (e)
		table_free(t);
	else
		*table = t;
	return e;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	outfile_release(&t->out);
	if (is_columns(t))
		batch_release(&t->batch);
	parquet_free(t->parquet);
	arrow_free(t->arrow);
	free(t);
}

static int flush(struct table *t)
{
	int e = t->parquet ? parquet_write(t->parquet, &t->batch) : arrow_write(t->arrow, &t->batch);
	batch_clear(&t->batch);
	return e;
}

static int add(struct table *t, const struct segment_meta *meta, const struct event *event)
{
	int e = batch_add(&t->batch, meta, event);
	if (e != ERROR_LIMIT)
		return e;
	e = flush(t);
	return e ? e : batch_add(&t->batch, meta, event);
}

int table_row(struct table *t, const struct segment_meta *meta, const struct event *event)
{
	int e = 0;
	if (is_columns(t)) {
		e = add(t, meta, event);
	} else {
		if (t->format == TABLE_JSONL)
			jsonl_text(&t->text, meta, event);
		else
			csv_text(&t->text, meta, event);
		e = outfile_put(&t->out, t->text.at, t->text.length);
	}
	t->rows += e == 0;
	return e;
}

int table_finish(struct table *t, struct table_stats *stats)
{
	int e = is_columns(t) ? flush(t) : 0;
	if (e == 0 && is_columns(t))
		e = t->parquet ? parquet_finish(t->parquet) : arrow_finish(t->arrow);
	if (e == 0)
		e = outfile_finish(&t->out, stats->hash);
	stats->rows = t->rows;
	stats->bytes = t->out.bytes;
	return e;
}
