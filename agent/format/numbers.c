/* SPDX-License-Identifier: Apache-2.0 */
#include "numbers.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

/* The first byte of an encoded run. */
enum { ORDER_MASK = 0x03, ORDER_MAX = 2, FLAG_SIGNED = 0x10, FLAG_UNIT = 0x20,
	FLAGS_KNOWN = ORDER_MASK | FLAG_SIGNED | FLAG_UNIT };

/* The first byte of a packed stream: 0 = one value for all, 1-8 planes, 0x10 + 1-8 with escapes. */
enum { PACK_CONSTANT = 0, PACK_ESCAPE = 0x10, PLANES_MAX = 8, ESCAPE = 255 };

/* Each divides the next, so that one walk down the list finds the largest that fits. */
static const int64_t units[] = {10, 100, 1000, 10000, 20000, 100000};
enum { UNITS = sizeof units / sizeof units[0], UNIT_MAX = 1 << 30, UNIT_SAMPLE = 1024 };

void numbers_release(struct numbers *n)
{
	free(n->data);
	*n = (struct numbers){0};
}

bool numbers_reserve(struct numbers *n, uint32_t more)
{
	if (n->count + more <= n->capacity)
		return true;
	uint32_t capacity = n->capacity ? n->capacity : 64;
	while (capacity < n->count + more)
		capacity *= 2;
	int64_t *data = realloc(n->data, capacity * sizeof *data);
	if (!data)
		return false;
	n->data = data;
	n->capacity = capacity;
	return true;
}

/* All arithmetic is modulo 2^64, so that extreme values survive. */
static int64_t minus(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
static int64_t plus(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }

static unsigned width(uint64_t v) { return v ? 64u - (unsigned)__builtin_clzll(v) : 0; }

static unsigned planes_of(uint64_t largest)
{
	unsigned planes = (width(largest) + 7) / 8;
	return planes ? planes : 1;
}

/* The order of differences that leaves the fewest significant bits. */
static unsigned best_order(const struct numbers *n)
{
	uint64_t cost[ORDER_MAX + 1] = {0};
	int64_t last = 0, step = 0;
	for (uint32_t i = 0; i < n->count; i++) {
		int64_t v = n->data[i], first = minus(v, last);
		if (i >= ORDER_MAX) {
			cost[0] += width(bytes_zigzag(v));
			cost[1] += width(bytes_zigzag(first));
			cost[2] += width(bytes_zigzag(minus(first, step)));
		}
		last = v;
		step = first;
	}
	unsigned order = 0;
	for (unsigned i = 1; i <= ORDER_MAX; i++)
		if (cost[i] < cost[order])
			order = i;
	return order;
}

/* The largest unit that nearly all of the first are multiples of, or 1. */
static int64_t best_unit(const int64_t *v, uint32_t count)
{
	uint32_t fits[UNITS + 1] = {0}, sum = 0;
	bool differs = false;
	if (count > UNIT_SAMPLE)
		count = UNIT_SAMPLE;
	for (uint32_t i = 0; i < count; i++) {
		unsigned u = 0;
		while (u < UNITS && v[i] % units[u] == 0)
			u++;
		fits[u]++;
		differs |= v[i] != v[0];
	}
	for (unsigned u = UNITS; differs && u > 0; u--) {
		sum += fits[u];
		if (sum >= count - count / 8)
			return units[u - 1];
	}
	return 1;
}

static void put_planes(const int64_t *v, uint32_t count, unsigned planes, struct bytes *out)
{
	if (!bytes_reserve(out, (size_t)count * planes))
		return;
	for (unsigned p = 0; p < planes; p++) {
		uint8_t *at = out->data + out->length;
		for (uint32_t i = 0; i < count; i++)
			at[i] = (uint8_t)((uint64_t)v[i] >> (8 * p));
		out->length += count;
	}
}

/* v holds unsigned values, and is overwritten. */
static void pack(int64_t *v, uint32_t count, struct bytes *out)
{
	uint64_t largest = 0, differs = 0;
	uint32_t escapes = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t u = (uint64_t)v[i];
		differs |= u ^ (uint64_t)v[0];
		if (u > largest)
			largest = u;
		escapes += u >= ESCAPE;
	}
	if (differs == 0) {
		bytes_put_u8(out, PACK_CONSTANT);
		bytes_put_varint(out, largest);
		return;
	}
	unsigned planes = planes_of(largest);
	if (planes == 1 || escapes > count / 8) {
		bytes_put_u8(out, (uint8_t)planes);
		put_planes(v, count, planes, out);
		return;
	}
	/* Few are large: one byte each, and the large ones behind. */
	planes = planes_of(largest - ESCAPE);
	bytes_put_u8(out, (uint8_t)(PACK_ESCAPE + planes));
	if (!bytes_reserve(out, count))
		return;
	uint8_t *at = out->data + out->length;
	uint32_t tail = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t u = (uint64_t)v[i];
		at[i] = u >= ESCAPE ? ESCAPE : (uint8_t)u;
		if (u >= ESCAPE)
			v[tail++] = (int64_t)(u - ESCAPE);
	}
	out->length += count;
	put_planes(v, tail, planes, out);
}

int numbers_encode(const struct numbers *n, enum numbers_hint hint, struct numbers *scratch, struct bytes *out)
{
	unsigned order = hint == NUMBERS_INDEX || n->count <= ORDER_MAX ? 0 : best_order(n);
	uint32_t count = n->count - order;
	numbers_clear(scratch);
	if (!numbers_reserve(scratch, 2 * count))
		return ERROR_MEMORY;
	int64_t *v = scratch->data, *rest = v + count;
	int64_t lead[ORDER_MAX] = {0}, last = 0, step = 0, sign = 0;
	for (uint32_t i = 0; i < n->count; i++) {
		int64_t first = minus(n->data[i], last), second = minus(first, step);
		if (i < order)
			lead[i] = first;
		else
			sign |= v[i - order] = order == 0 ? n->data[i] : order == 1 ? first : second;
		last = n->data[i];
		step = first;
	}
	int64_t unit = hint == NUMBERS_TIME ? best_unit(v, count) : 1;
	if (unit > 1) {
		for (uint32_t i = 0; i < count; i++) {
			/* Towards minus infinity: what is left over is never negative. */
			int64_t r = v[i] % unit;
			rest[i] = r < 0 ? r + unit : r;
			v[i] = v[i] / unit - (r < 0);
		}
	}
	if (sign < 0)
		for (uint32_t i = 0; i < count; i++)
			v[i] = (int64_t)bytes_zigzag(v[i]);

	bytes_put_u8(out, (uint8_t)(order | (sign < 0 ? FLAG_SIGNED : 0) | (unit > 1 ? FLAG_UNIT : 0)));
	for (unsigned i = 0; i < order; i++)
		bytes_put_varint(out, bytes_zigzag(lead[i]));
	if (unit > 1)
		bytes_put_varint(out, (uint64_t)unit);
	pack(v, count, out);
	if (unit > 1)
		pack(rest, count, out);
	return out->failed ? ERROR_MEMORY : 0;
}

static bool get_planes(int64_t *v, uint32_t count, unsigned planes, struct bytes_reader *in)
{
	memset(v, 0, count * sizeof *v);
	for (unsigned p = 0; p < planes; p++) {
		const uint8_t *at = bytes_get(in, count);
		if (!at)
			return false;
		for (uint32_t i = 0; i < count; i++)
			v[i] = (int64_t)((uint64_t)v[i] | (uint64_t)at[i] << (8 * p));
	}
	return true;
}

static bool unpack(int64_t *v, uint32_t count, struct bytes_reader *in)
{
	uint8_t packing = bytes_get_u8(in);
	if (packing == PACK_CONSTANT) {
		int64_t all = (int64_t)bytes_get_varint(in);
		for (uint32_t i = 0; i < count; i++)
			v[i] = all;
		return !in->failed;
	}
	unsigned planes = packing & (PACK_ESCAPE - 1);
	if (in->failed || packing >= 2 * PACK_ESCAPE || planes == 0 || planes > PLANES_MAX)
		return false;
	if (packing < PACK_ESCAPE)
		return get_planes(v, count, planes, in);
	const uint8_t *low = bytes_get(in, count);
	if (!low)
		return false;
	uint32_t tail = 0;
	for (uint32_t i = 0; i < count; i++) {
		v[i] = low[i];
		tail += low[i] == ESCAPE;
	}
	/* No more than what is there: tail * planes bytes, plane by plane. */
	const uint8_t *high = bytes_get(in, (size_t)tail * planes);
	if (!high)
		return false;
	for (uint32_t i = 0, k = 0; i < count; i++) {
		if (low[i] != ESCAPE)
			continue;
		uint64_t u = 0;
		for (unsigned p = 0; p < planes; p++)
			u |= (uint64_t)high[(size_t)p * tail + k] << (8 * p);
		v[i] = (int64_t)(u + ESCAPE);
		k++;
	}
	return true;
}

/* Adds unit * v to what is left over. */
static bool unpack_units(struct numbers *n, uint32_t begin, uint32_t count, int64_t unit, struct bytes_reader *in)
{
	int64_t *v = n->data + begin, *rest = n->data + n->count;
	if (!unpack(rest, count, in))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (rest[i] < 0 || rest[i] >= unit)
			return false;
		v[i] = (int64_t)((uint64_t)v[i] * (uint64_t)unit + (uint64_t)rest[i]);
	}
	return true;
}

int numbers_decode(struct numbers *n, uint32_t count, int64_t least, int64_t most, struct bytes_reader *in)
{
	numbers_clear(n);
	uint8_t flags = bytes_get_u8(in);
	unsigned order = flags & ORDER_MASK;
	if (in->failed || flags & ~FLAGS_KNOWN || order > ORDER_MAX || order >= count)
		return ERROR_CORRUPT;
	if (!numbers_reserve(n, flags & FLAG_UNIT ? 2 * count : count))
		return ERROR_MEMORY;
	n->count = count;
	int64_t lead[ORDER_MAX] = {0};
	for (unsigned i = 0; i < order; i++)
		lead[i] = bytes_unzigzag(bytes_get_varint(in));
	uint64_t unit = flags & FLAG_UNIT ? bytes_get_varint(in) : 1;
	int64_t *v = n->data + order;
	if (in->failed || unit == 0 || unit > UNIT_MAX || !unpack(v, count - order, in))
		return ERROR_CORRUPT;
	if (flags & FLAG_SIGNED)
		for (uint32_t i = 0; i < count - order; i++)
			v[i] = bytes_unzigzag((uint64_t)v[i]);
	if (flags & FLAG_UNIT && !unpack_units(n, order, count - order, (int64_t)unit, in))
		return ERROR_CORRUPT;

	int64_t last = 0, step = 0;
	for (uint32_t i = 0; i < count; i++) {
		int64_t first = i < order ? lead[i] : order == 2 ? plus(step, n->data[i]) : n->data[i];
		int64_t value = i < order || order ? plus(last, first) : first;
		n->data[i] = value;
		step = minus(value, last);
		last = value;
		if (value < least || value > most)
			return ERROR_CORRUPT;
	}
	return 0;
}
