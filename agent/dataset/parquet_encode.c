/* SPDX-License-Identifier: Apache-2.0 */
#include "parquet_encode.h"

#include <string.h>

/* A run of one value is worth leaving the packed ones from this length on: each end costs some bytes. */
enum { RUN_MIN = 64 };

static void run(struct bytes *out, uint32_t count, uint32_t value, unsigned bytes)
{
	bytes_put_varint(out, (uint64_t)count << 1);
	for (unsigned i = 0; i < bytes; i++)
		bytes_put_u8(out, (uint8_t)(value >> (8 * i)));
}

/* ---- Levels ---- */

static void packed_levels(struct bytes *out, const uint8_t *bitmap, uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	bytes_put_varint(out, (uint64_t)(to - from) << 1 | 1);
	bytes_put(out, bitmap + from, to - from);
}

void parquet_encode_levels(struct bytes *out, const uint8_t *bitmap, uint32_t rows)
{
	uint32_t whole = rows / 8, from = 0, i = 0;
	while (i < whole) {
		uint32_t k = i + 1;
		if (bitmap[i] != 0 && bitmap[i] != 0xff) {
			i = k;
			continue;
		}
		while (k < whole && bitmap[k] == bitmap[i])
			k++;
		if (k - i >= RUN_MIN / 8) {
			packed_levels(out, bitmap, from, i);
			run(out, 8 * (k - i), bitmap[i] & 1, 1);
			from = k;
		}
		i = k;
	}
	packed_levels(out, bitmap, from, (rows + 7) / 8);
}

/* ---- Numbers of a dictionary ---- */

/* Up to a multiple of 8; what is missing is 0. */
static void packed_numbers(struct bytes *out, const uint16_t *number, uint32_t count, unsigned width)
{
	uint32_t groups = (count + 7) / 8;
	if (!count)
		return;
	bytes_put_varint(out, (uint64_t)groups << 1 | 1);
	size_t length = (size_t)groups * width;
	if (!bytes_reserve(out, length))
		return;
	uint8_t *to = out->data + out->length;
	memset(to + length - width, 0, width);
	out->length += length;
	if (width == 16) {
		for (uint32_t i = 0; i < count; i++) {
			to[2 * i] = (uint8_t)number[i];
			to[2 * i + 1] = (uint8_t)(number[i] >> 8);
		}
	} else if (width == 8) {
		for (uint32_t i = 0; i < count; i++)
			to[i] = (uint8_t)number[i];
	} else {
		unsigned per = 8 / width;
		for (uint32_t i = 0; i < count; i++) {
			uint8_t *at = to + i / per;
			uint8_t bits = (uint8_t)(number[i] << (i % per * width));
			*at = i % per ? (uint8_t)(*at | bits) : bits;
		}
	}
}

void parquet_encode_numbers(struct bytes *out, const uint16_t *number, uint32_t count, uint32_t limit)
{
	unsigned width = limit <= 2 ? 1 : limit <= 4 ? 2 : limit <= 16 ? 4 : limit <= 256 ? 8 : 16;
	uint32_t from = 0, i = 0;
	bytes_put_u8(out, (uint8_t)width);
	while (i < count) {
		uint32_t k = i + 1;
		while (k < count && number[k] == number[i])
			k++;
		if (k - i >= RUN_MIN) {
			/* Packed ones go by eights: they take what they lack from the run. */
			i += (8 - (i - from) % 8) % 8;
			packed_numbers(out, number + from, i - from, width);
			run(out, k - i, number[i], (width + 7) / 8);
			from = k;
		}
		i = k;
	}
	packed_numbers(out, number + from, count - from, width);
}

/* ---- Steps ---- */

enum { BLOCK = 128, MINI = 32, MINIS = BLOCK / MINI };

/* How many bytes hold v. */
static unsigned size_of(uint64_t v) { return v ? (71 - (unsigned)__builtin_clzll(v)) / 8 : 0; }

static void packed_steps(struct bytes *out, const uint64_t *step, uint64_t least, unsigned size)
{
	if (!size || !bytes_reserve(out, MINI * 8))
		return;
	uint8_t *to = out->data + out->length;
	for (unsigned i = 0; i < MINI; i++) {
		uint64_t v = step[i] - least;
		/* The next one overwrites what is too much of it. */
		for (unsigned k = 0; k < 8; k++)
			to[k] = (uint8_t)(v >> (8 * k));
		to += size;
	}
	out->length += (size_t)MINI * size;
}

/* The steps of up to 128 values; those behind the last are any that are within the others' bounds. */
static void block(struct bytes *out, uint64_t *step, uint32_t count)
{
	int64_t low = INT64_MAX, high = INT64_MIN, least;
	for (uint32_t i = 0; i < count; i++) {
		int64_t s = (int64_t)step[i];
		low = s < low ? s : low;
		high = s > high ? s : high;
	}
	for (uint32_t i = count; i < BLOCK; i++)
		step[i] = (uint64_t)low;
	/* The least step need not be the least: the same one for most blocks gives the same bytes for the same step. */
	if (low == high) {
		least = low;
	} else if (low >= 0) {
		least = 0;
	} else {
		unsigned size = 1;
		while (size < 8 && (low < -(INT64_C(1) << (8 * size - 1)) || high >= INT64_C(1) << (8 * size - 1)))
			size++;
		least = size == 8 ? INT64_MIN : -(INT64_C(1) << (8 * size - 1));
	}
	unsigned size[MINIS];
	bytes_put_varint(out, bytes_zigzag(least));
	for (unsigned m = 0; m < MINIS; m++) {
		uint64_t all = 0;
		for (unsigned i = 0; i < MINI && m * MINI < count; i++)
			all |= step[m * MINI + i] - (uint64_t)least;
		size[m] = size_of(all);
		bytes_put_u8(out, (uint8_t)(8 * size[m]));
	}
	for (unsigned m = 0; m < MINIS; m++)
		packed_steps(out, step + m * MINI, (uint64_t)least, size[m]);
}

static void begin(struct bytes *out, uint32_t count, int64_t first)
{
	bytes_put_varint(out, BLOCK);
	bytes_put_varint(out, MINIS);
	bytes_put_varint(out, count);
	bytes_put_varint(out, bytes_zigzag(first));
}

bool parquet_encode_delta64(struct bytes *out, const int64_t *value, uint32_t count)
{
	uint64_t step[BLOCK];
	begin(out, count, count ? value[0] : 0);
	for (uint32_t i = 1; i < count;) {
		uint32_t n = 0;
		for (; n < BLOCK && i < count; n++, i++) {
			int64_t s;
			/* Half the range, so that also a reader that subtracts the least step first stays within the type. */
			if (__builtin_sub_overflow(value[i], value[i - 1], &s) || s > INT64_MAX / 2 || s < INT64_MIN / 2)
				return false;
			step[n] = (uint64_t)s;
		}
		block(out, step, n);
	}
	return true;
}

bool parquet_encode_delta32(struct bytes *out, const int32_t *value, uint32_t count)
{
	uint64_t step[BLOCK];
	begin(out, count, count ? value[0] : 0);
	for (uint32_t i = 1; i < count;) {
		uint32_t n = 0;
		for (; n < BLOCK && i < count; n++, i++) {
			int64_t s = (int64_t)value[i] - value[i - 1];
			if (s > INT32_MAX / 2 || s < INT32_MIN / 2)
				return false;
			step[n] = (uint64_t)s;
		}
		block(out, step, n);
	}
	return true;
}
