/* SPDX-License-Identifier: Apache-2.0 */
#include "thrift.h"

#include <string.h>

static void field(struct thrift *t, int16_t id, enum thrift_type type)
{
	int16_t *last = &t->last[t->depth];
	int step = id - *last;
	if (step >= 1 && step <= 15) {
		bytes_put_u8(t->out, (uint8_t)(step << 4 | (int)type));
	} else {
		bytes_put_u8(t->out, (uint8_t)type);
		bytes_put_varint(t->out, bytes_zigzag(id) & 0xffffffff);
	}
	*last = id;
}

void thrift_bool(struct thrift *t, int16_t id, bool v) { field(t, id, v ? THRIFT_TRUE : THRIFT_FALSE); }

void thrift_i8(struct thrift *t, int16_t id, int8_t v)
{
	field(t, id, THRIFT_I8);
	bytes_put_u8(t->out, (uint8_t)v);
}

static void number(struct thrift *t, int16_t id, enum thrift_type type, int64_t v)
{
	field(t, id, type);
	bytes_put_varint(t->out, bytes_zigzag(v));
}

void thrift_i16(struct thrift *t, int16_t id, int16_t v) { number(t, id, THRIFT_I16, v); }
void thrift_i32(struct thrift *t, int16_t id, int32_t v) { number(t, id, THRIFT_I32, v); }
void thrift_i64(struct thrift *t, int16_t id, int64_t v) { number(t, id, THRIFT_I64, v); }

void thrift_binary(struct thrift *t, int16_t id, const void *data, size_t length)
{
	field(t, id, THRIFT_BINARY);
	bytes_put_varint(t->out, length);
	bytes_put(t->out, data, length);
}

void thrift_string(struct thrift *t, int16_t id, const char *s) { thrift_binary(t, id, s, strlen(s)); }

void thrift_begin(struct thrift *t, int16_t id)
{
	if (id)
		field(t, id, THRIFT_STRUCT);
	t->last[++t->depth] = 0;
}

void thrift_end(struct thrift *t)
{
	bytes_put_u8(t->out, 0);
	if (t->depth)
		t->depth--;
}

void thrift_list(struct thrift *t, int16_t id, enum thrift_type type, uint32_t count)
{
	field(t, id, THRIFT_LIST);
	if (count < 15) {
		bytes_put_u8(t->out, (uint8_t)(count << 4 | (unsigned)type));
	} else {
		bytes_put_u8(t->out, (uint8_t)(0xf0 | (unsigned)type));
		bytes_put_varint(t->out, count);
	}
}

void thrift_element_i32(struct thrift *t, int32_t v) { bytes_put_varint(t->out, bytes_zigzag(v)); }

void thrift_element_string(struct thrift *t, const char *s)
{
	size_t n = strlen(s);
	bytes_put_varint(t->out, n);
	bytes_put(t->out, s, n);
}
