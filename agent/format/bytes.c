/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 256 };

void bytes_release(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){0};
}

void bytes_clear(struct bytes *b)
{
	b->length = 0;
	b->failed = false;
}

bool bytes_reserve(struct bytes *b, size_t more)
{
	if (b->failed)
		return false;
	if (more <= b->capacity - b->length)
		return true;
	if (more > SIZE_MAX / 2 - b->length) {
		b->failed = true;
		return false;
	}
	size_t capacity = b->capacity < CAPACITY_MIN ? CAPACITY_MIN : b->capacity;
	while (capacity - b->length < more)
		capacity *= 2;
	uint8_t *data = realloc(b->data, capacity);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->capacity = capacity;
	return true;
}

void bytes_put(struct bytes *b, const void *data, size_t length)
{
	if (length == 0 || !bytes_reserve(b, length))
		return;
	memcpy(b->data + b->length, data, length);
	b->length += length;
}

static void put_le(struct bytes *b, uint64_t v, unsigned size)
{
	uint8_t le[8];
	for (unsigned i = 0; i < size; i++)
		le[i] = (uint8_t)(v >> (8 * i));
	bytes_put(b, le, size);
}

void bytes_put_u8(struct bytes *b, uint8_t v) { bytes_put(b, &v, 1); }
void bytes_put_u16(struct bytes *b, uint16_t v) { put_le(b, v, 2); }
void bytes_put_u32(struct bytes *b, uint32_t v) { put_le(b, v, 4); }
void bytes_put_u64(struct bytes *b, uint64_t v) { put_le(b, v, 8); }

void bytes_put_varint(struct bytes *b, uint64_t v)
{
	uint8_t leb[10];
	unsigned n = 0;
	while (v >= 0x80) {
		leb[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	leb[n++] = (uint8_t)v;
	bytes_put(b, leb, n);
}

const uint8_t *bytes_get(struct bytes_reader *r, size_t length)
{
	if (r->failed || length > (size_t)(r->end - r->at)) {
		r->failed = true;
		return NULL;
	}
	const uint8_t *data = r->at;
	if (length > 0)
		r->at += length;
	return data;
}

static uint64_t get_le(struct bytes_reader *r, unsigned size)
{
	const uint8_t *le = bytes_get(r, size);
	uint64_t v = 0;
	if (le)
		for (unsigned i = 0; i < size; i++)
			v |= (uint64_t)le[i] << (8 * i);
	return v;
}

uint8_t bytes_get_u8(struct bytes_reader *r) { return (uint8_t)get_le(r, 1); }
uint16_t bytes_get_u16(struct bytes_reader *r) { return (uint16_t)get_le(r, 2); }
uint32_t bytes_get_u32(struct bytes_reader *r) { return (uint32_t)get_le(r, 4); }
uint64_t bytes_get_u64(struct bytes_reader *r) { return get_le(r, 8); }

uint64_t bytes_get_varint(struct bytes_reader *r)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t byte = bytes_get_u8(r);
		if (r->failed)
			return 0;
		/* The tenth byte has room for one bit only. */
		if (shift == 63 && byte > 1)
			break;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return v;
	}
	r->failed = true;
	return 0;
}
