/* SPDX-License-Identifier: Apache-2.0 */
#include "dictionary.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"

enum { TABLE_MIN = 64 };

void dictionary_release(struct dictionary *d)
{
	bytes_release(&d->text);
	free(d->ends);
	free(d->table);
	*d = (struct dictionary){0};
}

void dictionary_clear(struct dictionary *d)
{
	bytes_clear(&d->text);
	d->count = 0;
	if (d->table)
		memset(d->table, 0, d->table_size * sizeof *d->table);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Titles are chosen by web pages, and all words by who writes a segment: without random seeds, they could choose words that all fall into one place
 * of the table, and looking for them would take the square of their number. Nothing in the file depends on it. */
static uint32_t hash(const struct dictionary *d, const uint8_t *word, size_t length)
{
	uint64_t h = d->seed[0] ^ length, piece;
	for (; length > sizeof piece; word += sizeof piece, length -= sizeof piece) {
		memcpy(&piece, word, sizeof piece);
		h = mix(h ^ piece, d->seed[1]);
	}
	piece = 0;
	if (length > 0)
		memcpy(&piece, word, length);
	h = mix(h ^ piece, d->seed[1]);
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t *slot(const struct dictionary *d, const void *word, size_t length)
{
	uint32_t mask = d->table_size - 1;
	for (uint32_t i = hash(d, word, length) & mask;; i = (i + 1) & mask) {
		if (d->table[i] == 0)
			return &d->table[i];
		size_t n;
		const uint8_t *known = dictionary_word(d, d->table[i] - 1, &n);
		if (n == length && dictionary_same(known, word, n))
			return &d->table[i];
	}
}

static int grow_table(struct dictionary *d)
{
	uint32_t size = d->table_size ? d->table_size * 2 : TABLE_MIN;
	uint32_t *table = calloc(size, sizeof *table);
	if (!table)
		return ERROR_MEMORY;
	if (d->table_size == 0) {
		randombytes_buf(d->seed, sizeof d->seed);
		d->seed[1] |= 1;
	}
	free(d->table);
	d->table = table;
	d->table_size = size;
	for (uint32_t i = 0; i < d->count; i++) {
		size_t length;
		const uint8_t *word = dictionary_word(d, i, &length);
		*slot(d, word, length) = i + 1;
	}
	return 0;
}

static int append(struct dictionary *d, const void *word, size_t length)
{
	if (d->count == d->capacity) {
		uint32_t capacity = d->capacity ? d->capacity * 2 : 16;
		uint32_t *ends = realloc(d->ends, capacity * sizeof *ends);
		if (!ends)
			return ERROR_MEMORY;
		d->ends = ends;
		d->capacity = capacity;
	}
	/* One more, so that the first empty word has an address too. */
	if (!bytes_reserve(&d->text, length + 1)) {
		d->text.failed = false;
		return ERROR_MEMORY;
	}
	bytes_put(&d->text, word, length);
	d->ends[d->count++] = (uint32_t)d->text.length;
	return 0;
}

int64_t dictionary_number(struct dictionary *d, const void *word, size_t length)
{
	if (d->count * 2 >= d->table_size && grow_table(d))
		return ERROR_MEMORY;
	uint32_t *found = slot(d, word, length);
	if (*found == 0) {
		if (append(d, word, length))
			return ERROR_MEMORY;
		*found = d->count;
	}
	return *found - 1;
}

void dictionary_encode(const struct dictionary *d, struct bytes *out)
{
	bytes_put_varint(out, d->count);
	for (uint32_t i = 0; i < d->count; i++) {
		size_t length;
		const uint8_t *word = dictionary_word(d, i, &length);
		bytes_put_varint(out, length);
		bytes_put(out, word, length);
	}
}

int dictionary_decode(struct dictionary *d, struct bytes_reader *in, uint32_t most)
{
	dictionary_clear(d);
	uint64_t count = bytes_get_varint(in);
	if (in->failed || count > most)
		return ERROR_CORRUPT;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t length = bytes_get_varint(in);
		const uint8_t *word = length <= UINT32_MAX ? bytes_get(in, (size_t)length) : NULL;
		if (in->failed || !word)
			return ERROR_CORRUPT;
		if (append(d, word, (size_t)length))
			return ERROR_MEMORY;
	}
	return 0;
}
