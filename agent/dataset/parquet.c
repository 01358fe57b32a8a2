/* SPDX-License-Identifier: Apache-2.0 */
#include "parquet_inside.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

enum { GROUPS_MAX = 32767 };     /* a row group's ordinal is 16 bits */
enum { UTF8 = 0, INT_16 = 16 };  /* ConvertedType */

bool parquet_has(const struct parquet *p, enum batch_column column)
{
	return !p->in_path || (column != BATCH_STUDY && column != BATCH_PARTICIPANT);
}

int parquet_type(enum batch_column column)
{
	switch (batch_fields[column].type) {
	case BATCH_INT64: return PARQUET_INT64;
	case BATCH_INT32: case BATCH_INT16: return PARQUET_INT32;
	case BATCH_FLOAT: return PARQUET_FLOAT;
	case BATCH_BOOL: return PARQUET_BOOLEAN;
	default: return PARQUET_BYTE_ARRAY;
	}
}

static uint32_t width(const struct parquet *p)
{
	uint32_t n = 0;
	for (int i = 0; i < BATCH_COLUMNS; i++)
		n += parquet_has(p, (enum batch_column)i);
	return n;
}

int parquet_new(struct outfile *out, bool in_path, struct parquet **parquet)
{
	int e = ERROR_MEMORY;
	struct parquet *p = calloc(1, sizeof *p);
	*parquet = NULL;
	if (!p)
		return e;
	p->out = out;
	p->in_path = in_path;
	p->spread = randombytes_random() | 1;
	p->seen = calloc(1 << 16, sizeof *p->seen);
	p->zstd = ZSTD_createCCtx();
	if (p->seen && p->zstd)
		e = outfile_put(out, "PAR1", 4);
	if (e)
		parquet_free(p);
	else
		*parquet = p;
	return e;
}

void parquet_free(struct parquet *p)
{
	if (!p)
		return;
	bytes_release(&p->meta);
	bytes_release(&p->columns);
	bytes_release(&p->page);
	bytes_release(&p->packed);
	bytes_release(&p->head);
	ZSTD_freeCCtx(p->zstd);
	free(p->seen);
	free(p);
}

int parquet_write(struct parquet *p, const struct batch *b)
{
	uint64_t bytes = 0, packed = 0, from = p->out->bytes;
	struct thrift t = {.out = &p->meta};
	if (!b->rows)
		return 0;
	if (p->groups == GROUPS_MAX)
		return ERROR_LIMIT;
	bytes_clear(&p->columns);
	for (int i = 0; i < BATCH_COLUMNS; i++) {
		int e = parquet_has(p, (enum batch_column)i) ? parquet_column(p, b, (enum batch_column)i, &bytes, &packed) : 0;
		if (e)
			return e;
	}
	thrift_list(&t, 1, THRIFT_STRUCT, width(p));
	bytes_put(&p->meta, p->columns.data, p->columns.length);
	thrift_i64(&t, 2, (int64_t)bytes);
	thrift_i64(&t, 3, b->rows);
	thrift_i64(&t, 5, (int64_t)from);
	thrift_i64(&t, 6, (int64_t)packed);
	thrift_i16(&t, 7, (int16_t)p->groups);
	thrift_end(&t);
	p->groups++;
	p->rows += b->rows;
	return p->columns.failed || p->meta.failed ? ERROR_MEMORY : 0;
}

/* ---- The footer ---- */

static void schema(const struct parquet *p, struct thrift *t)
{
	thrift_list(t, 2, THRIFT_STRUCT, width(p) + 1);
	thrift_begin(t, 0);
	thrift_string(t, 4, "events");
	thrift_i32(t, 5, (int32_t)width(p));
	thrift_end(t);
	for (int i = 0; i < BATCH_COLUMNS; i++) {
		const struct batch_field *f = &batch_fields[i];
		if (!parquet_has(p, (enum batch_column)i))
			continue;
		thrift_begin(t, 0);
		thrift_i32(t, 1, parquet_type((enum batch_column)i));
		thrift_i32(t, 3, f->presence != 0);      /* required, optional */
		thrift_string(t, 4, f->name);
		/* Both annotations: the old one for old readers. */
		if (f->type == BATCH_STRING || f->type == BATCH_INT16) {
			thrift_i32(t, 6, f->type == BATCH_STRING ? UTF8 : INT_16);
			thrift_begin(t, 10);
			thrift_begin(t, f->type == BATCH_STRING ? 1 : 10);
			if (f->type == BATCH_INT16) {
				thrift_i8(t, 1, 16);
				thrift_bool(t, 2, true);
			}
			thrift_end(t);
			thrift_end(t);
		}
		thrift_end(t);
	}
}

static void meanings(const struct parquet *p, struct thrift *t)
{
	char key[64];
	thrift_list(t, 5, THRIFT_STRUCT, width(p) + 1);
	thrift_begin(t, 0);
	thrift_string(t, 1, "assent");
	thrift_string(t, 2, "events of input, pseudonymised: times and movements can identify people; see dataset.json for consent and purposes");
	thrift_end(t);
	for (int i = 0; i < BATCH_COLUMNS; i++) {
		if (!parquet_has(p, (enum batch_column)i))
			continue;
		strcpy(key, "assent.column.");
		strcat(key, batch_fields[i].name);
		thrift_begin(t, 0);
		thrift_string(t, 1, key);
		thrift_string(t, 2, batch_fields[i].meaning);
		thrift_end(t);
	}
}

int parquet_finish(struct parquet *p)
{
	struct bytes *b = &p->page;
	struct thrift t = {.out = b};
	bytes_clear(b);
	thrift_i32(&t, 1, 1);
	schema(p, &t);
	thrift_i64(&t, 3, (int64_t)p->rows);
	thrift_list(&t, 4, THRIFT_STRUCT, p->groups);
	bytes_put(b, p->meta.data, p->meta.length);
	meanings(p, &t);
	thrift_string(&t, 6, "assent version " ASSENT_VERSION);
	/* Without it readers may not trust least and greatest values of strings. */
	thrift_list(&t, 7, THRIFT_STRUCT, width(p));
	for (uint32_t i = 0; i < width(p); i++) {
		thrift_begin(&t, 0);
		thrift_begin(&t, 1);
		thrift_end(&t);
		thrift_end(&t);
	}
	thrift_end(&t);
	if (b->failed)
		return ERROR_MEMORY;
	if (b->length > INT32_MAX)
		return ERROR_LIMIT;
	bytes_put_u32(b, (uint32_t)b->length);
	bytes_put(b, "PAR1", 4);
	return b->failed ? ERROR_MEMORY : outfile_put(p->out, b->data, b->length);
}
