/* SPDX-License-Identifier: Apache-2.0 */
/* The different strings of a column, numbered in the order in which they first came. */
#ifndef ASSENT_LEXICON_H
#define ASSENT_LEXICON_H

#include <stdbool.h>

#include "../format/bytes.h"

enum {
	LEXICON_WORDS = 65535,       /* of one lexicon: a number of a word is 16 bits */
	LEXICON_BYTES = 2 << 20      /* of their text */
};

struct lexicon {
	uint32_t count, last;        /* last: the number given out last */
	uint32_t slots, *slot;       /* open addressing: number + 1, or 0 */
	uint32_t *end;               /* where each word ends in text; room for capacity of them */
	uint32_t capacity;
	struct bytes text;
	uint8_t key[16];             /* of the hash, by chance: who makes up the words cannot make them collide */
};

void lexicon_init(struct lexicon *l);
void lexicon_release(struct lexicon *l);
void lexicon_clear(struct lexicon *l);   /* keeps the memory */
/* The number of a word, which is added if it is new. Bytes that are no UTF-8 become U+FFFD. ERROR_LIMIT: full. ERROR_MEMORY. */
int lexicon_add(struct lexicon *l, const char *word, uint16_t *number);
static inline const uint8_t *lexicon_word(const struct lexicon *l, uint32_t number, uint32_t *length)
{
	uint32_t from = number ? l->end[number - 1] : 0;
	*length = l->end[number] - from;
	/* A lexicon of nothing but "" has no text. */
	return *length ? l->text.data + from : (const uint8_t *)"";
}

#endif
