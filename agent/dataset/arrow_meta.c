/* SPDX-License-Identifier: Apache-2.0 */
/* Arrow's metadata: Schema.fbs, Message.fbs and File.fbs. The numbers of fields, types and unions are theirs. */
#include <string.h>

#include "arrow_inside.h"

enum { VERSION_5 = 4 };
enum { MESSAGE_SCHEMA = 1, MESSAGE_DICTIONARY = 2, MESSAGE_ROWS = 3 };
enum { TYPE_INT = 2, TYPE_FLOAT = 3, TYPE_UTF8 = 5, TYPE_BOOL = 6 };
enum { CODEC_ZSTD = 1 };

static void key_value(struct flat *f, size_t place, const char *key, const char *value)
{
	struct flat_field pair[2] = {{.size = 4}, {.size = 4}};
	flat_table(f, place, pair, 2);
	flat_string(f, pair[0].at, key);
	flat_string(f, pair[1].at, value);
}

static void integer(struct flat *f, size_t place, unsigned bits)
{
	struct flat_field type[2] = {{.size = 4, .value = bits}, {.size = 1, .value = 1}};
	flat_table(f, place, type, 2);
}

static void field(struct flat *f, size_t place, enum batch_column column)
{
	static const uint8_t types[] = {
		[BATCH_INT64] = TYPE_INT, [BATCH_INT32] = TYPE_INT, [BATCH_INT16] = TYPE_INT, [BATCH_FLOAT] = TYPE_FLOAT, [BATCH_BOOL] = TYPE_BOOL,
		[BATCH_STRING] = TYPE_UTF8,
	};
	const struct batch_field *b = &batch_fields[column];
	bool words = arrow_is_enum(column);
	/* name, nullable, type's type, type, dictionary, children, metadata */
	struct flat_field t[7] = {{.size = 4}, {.size = 1, .value = b->presence != 0}, {.size = 1, .value = types[b->type]}, {.size = 4}, {.size = words ? 4 : 0},
		{.size = 4}, {.size = 4}};
	struct flat_field precision = {.size = 2, .value = 1};
	flat_table(f, place, t, 7);
	flat_string(f, t[0].at, b->name);
	if (types[b->type] == TYPE_INT)
		integer(f, t[3].at, b->type == BATCH_INT64 ? 64 : b->type == BATCH_INT32 ? 32 : 16);
	else
		flat_table(f, t[3].at, &precision, types[b->type] == TYPE_FLOAT);
	if (words) {
		struct flat_field dictionary[2] = {{.size = 8, .value = (uint64_t)column}, {.size = 4}};
		flat_table(f, t[4].at, dictionary, 2);
		integer(f, dictionary[1].at, 8);
	}
	flat_vector(f, t[5].at, 0, 4);
	key_value(f, flat_vector(f, t[6].at, 1, 4), "description", b->meaning);
}

static void schema(const struct arrow *a, struct flat *f, size_t place)
{
	/* endianness, fields, metadata */
	struct flat_field t[3] = {{.size = 2}, {.size = 4}, {.size = 4}};
	uint32_t count = 0;
	for (int i = 0; i < BATCH_COLUMNS; i++)
		count += arrow_has(a, (enum batch_column)i);
	flat_table(f, place, t, 3);
	size_t at = flat_vector(f, t[1].at, count, 4);
	for (int i = 0; i < BATCH_COLUMNS; i++)
		if (arrow_has(a, (enum batch_column)i)) {
			field(f, at, (enum batch_column)i);
			at += 4;
		}
	at = flat_vector(f, t[2].at, 2, 4);
	key_value(f, at, "created_by", "assent version " ASSENT_VERSION);
	key_value(f, at + 4, "assent",
		"events of input, pseudonymised: times and movements can identify people; see dataset.json for consent and purposes");
}

/* A message: the place of its header. */
static size_t begin(struct arrow *a, struct flat *f, unsigned header, uint64_t body)
{
	struct flat_field t[4] = {{.size = 2, .value = VERSION_5}, {.size = 1, .value = header}, {.size = 4}, {.size = 8, .value = body}};
	bytes_clear(&a->meta);
	flat_table(f, flat_begin(f, &a->meta), t, 4);
	return t[2].at;
}

static void rows(const struct arrow *a, struct flat *f, size_t place)
{
	const struct arrow_body *b = &a->body;
	/* length, nodes, buffers, compression */
	struct flat_field t[4] = {{.size = 8, .value = b->rows}, {.size = 4}, {.size = 4}, {.size = 4}};
	struct flat_field compression[2] = {{.size = 1, .value = CODEC_ZSTD}, {.size = 1}};
	flat_table(f, place, t, 4);
	size_t at = flat_vector(f, t[1].at, b->nodes, 16);
	for (unsigned i = 0; i < b->nodes; i++, at += 16) {
		flat_set(f, at, b->node[i].rows, 8);
		flat_set(f, at + 8, b->node[i].nulls, 8);
	}
	at = flat_vector(f, t[2].at, b->buffers, 16);
	for (unsigned i = 0; i < b->buffers; i++, at += 16) {
		flat_set(f, at, b->buffer[i].at, 8);
		flat_set(f, at + 8, b->buffer[i].length, 8);
	}
	flat_table(f, t[3].at, compression, 2);
}

void arrow_meta_schema(struct arrow *a)
{
	struct flat f;
	schema(a, &f, begin(a, &f, MESSAGE_SCHEMA, 0));
	flat_end(&f);
}

void arrow_meta_rows(struct arrow *a)
{
	struct flat f;
	rows(a, &f, begin(a, &f, MESSAGE_ROWS, a->body.bytes.length));
	flat_end(&f);
}

void arrow_meta_words(struct arrow *a, enum batch_column column)
{
	struct flat f;
	struct flat_field t[2] = {{.size = 8, .value = (uint64_t)column}, {.size = 4}};
	flat_table(&f, begin(a, &f, MESSAGE_DICTIONARY, a->body.bytes.length), t, 2);
	rows(a, &f, t[1].at);
	flat_end(&f);
}

static void blocks(struct flat *f, size_t place, const void *list, size_t count)
{
	size_t at = flat_vector(f, place, (uint32_t)count, 24);
	for (size_t i = 0; i < count; i++, at += 24) {
		struct arrow_block b;
		memcpy(&b, (const uint8_t *)list + i * sizeof b, sizeof b);
		flat_set(f, at, b.at, 8);
		flat_set(f, at + 8, b.meta, 4);
		flat_set(f, at + 16, b.body, 8);
	}
}

void arrow_meta_footer(struct arrow *a)
{
	struct flat f;
	/* version, schema, dictionaries, record batches */
	struct flat_field t[4] = {{.size = 2, .value = VERSION_5}, {.size = 4}, {.size = 4}, {.size = 4}};
	bytes_clear(&a->meta);
	flat_table(&f, flat_begin(&f, &a->meta), t, 4);
	schema(a, &f, t[1].at);
	blocks(&f, t[2].at, a->dictionary, a->dictionaries);
	blocks(&f, t[3].at, a->blocks.data, a->blocks.length / sizeof(struct arrow_block));
	flat_end(&f);
}
