/* SPDX-License-Identifier: Apache-2.0 */
/* Distinct words (runs of bytes), numbered in the order in which they first came. */
#ifndef ASSENT_DICTIONARY_H
#define ASSENT_DICTIONARY_H

#include <string.h>

#include "bytes.h"

struct dictionary {
	struct bytes text;       /* the words, end to end */
	uint32_t *ends;          /* where each ends in text */
	uint32_t count, capacity;
	uint32_t *table;         /* hash → number + 1; 0: free. Only where words are looked up. */
	uint32_t table_size;     /* a power of two, or 0 */
	uint64_t seed[2];        /* of the hash: random, drawn with the first table */
};

/* memcmp is a call, and words are short. */
static inline bool dictionary_same(const uint8_t *a, const uint8_t *b, size_t length)
{
	uint32_t first[2], last[2];
	if (length < sizeof *first || length > 2 * sizeof *first)
		return memcmp(a, b, length) == 0;
	memcpy(&first[0], a, sizeof *first);
	memcpy(&first[1], b, sizeof *first);
	memcpy(&last[0], a + length - sizeof *last, sizeof *last);
	memcpy(&last[1], b + length - sizeof *last, sizeof *last);
	return first[0] == first[1] && last[0] == last[1];
}

void dictionary_release(struct dictionary *d);
void dictionary_clear(struct dictionary *d);
/* The word's number, a new one if it is new. ERROR_MEMORY. */
int64_t dictionary_number(struct dictionary *d, const void *word, size_t length);
/* The word of a number below count. */
static inline const uint8_t *dictionary_word(const struct dictionary *d, uint32_t number, size_t *length)
{
	uint32_t begin = number ? d->ends[number - 1] : 0;
	*length = d->ends[number] - begin;
	return d->text.data + begin;
}
/* Count, then length and bytes of each word. */
void dictionary_encode(const struct dictionary *d, struct bytes *out);
/* Replaces the content. At most `most` words. ERROR_CORRUPT, ERROR_MEMORY. */
int dictionary_decode(struct dictionary *d, struct bytes_reader *in, uint32_t most);

#endif
