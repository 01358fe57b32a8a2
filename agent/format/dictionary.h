/* SPDX-License-Identifier: Apache-2.0 */
/* Distinct words (runs of bytes), numbered in the order in which they first came. */
#ifndef ASSENT_DICTIONARY_H
#define ASSENT_DICTIONARY_H

#include "bytes.h"

struct dictionary {
	struct bytes text;       /* the words, end to end */
	uint32_t *ends;          /* where each ends in text */
	uint32_t count, capacity;
	uint32_t *table;         /* hash → number + 1; 0: free. Only where words are looked up. */
	uint32_t table_size;     /* a power of two, or 0 */
};

void dictionary_release(struct dictionary *d);
void dictionary_clear(struct dictionary *d);
/* The word's number, a new one if it is new. ERROR_MEMORY. */
int64_t dictionary_number(struct dictionary *d, const void *word, size_t length);
/* The word of a number below count. */
const uint8_t *dictionary_word(const struct dictionary *d, uint32_t number, size_t *length);
/* Count, then length and bytes of each word. */
void dictionary_encode(const struct dictionary *d, struct bytes *out);
/* Replaces the content. At most `most` words. ERROR_CORRUPT, ERROR_MEMORY. */
int dictionary_decode(struct dictionary *d, struct bytes_reader *in, uint32_t most);

#endif
