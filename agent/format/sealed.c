/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed_inside.h"

#include <sodium.h>
#include <stdlib.h>

#include "../error.h"

const uint16_t context_count[MODELS] = {
	[MODEL_PLAIN] = PLAIN_CONTEXTS, [MODEL_TIME] = TIME_CONTEXTS, [MODEL_MOVE] = MOVE_CONTEXTS,
	[MODEL_FOLLOW] = FOLLOW_CONTEXTS, [MODEL_KEY] = KEY_CONTEXTS,
};

const uint8_t context_sizes[65] = {
	0, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6,
	6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
	7,
};

void releases_release(struct releases *r)
{
	free(r->word);
	free(r->table);
	*r = (struct releases){0};
}

/* Class and code of a word, as one number; 0: it has neither. */
static uint32_t class_and_code(const struct dictionary *keys, uint32_t number, bool *text)
{
	size_t length;
	const uint8_t *word = dictionary_word(keys, number, &length);
	unsigned has = word[0] * (unsigned)HAS_CLASS, at = 1;
	uint32_t same = (has & (HAS_CLASS | HAS_CODE)) << 24;
	if (has & HAS_CLASS)
		same |= (uint32_t)word[at++] << 16;
	if (has & HAS_CODE)
		same |= word[at] | (uint32_t)word[at + 1] << 8;
	*text = has & HAS_TEXT;
	return same;
}

/* Where the first word with this class and code is, or may be put. Of the product the high bits, 17 of them: as many as the largest table needs. */
static uint32_t *slot(const struct releases *r, const struct dictionary *keys, uint32_t same)
{
	uint32_t mask = 2 * r->capacity - 1;
	for (uint32_t i = same * r->seed >> 15 & mask;; i = (i + 1) & mask) {
		bool text;
		if (r->table[i] == RELEASE_NONE || class_and_code(keys, r->table[i], &text) == same)
			return &r->table[i];
	}
}

int releases_find(struct releases *r, const struct dictionary *keys)
{
	if (keys->count > r->capacity) {
		uint32_t capacity = 64;
		while (capacity < keys->count)
			capacity *= 2;
		releases_release(r);
		r->word = malloc(capacity * sizeof *r->word);
		r->table = malloc(2 * capacity * sizeof *r->table);
		if (!r->word || !r->table)
			return ERROR_MEMORY;
		r->capacity = capacity;
		/* Random, so that nobody can choose words that all fall into one place. */
		r->seed = randombytes_random() | 1;
	}
	if (r->capacity > 0)
		memset(r->table, 0xff, 2 * r->capacity * sizeof *r->table);
	bool text;
	for (uint32_t i = 0; i < keys->count; i++) {
		uint32_t same = class_and_code(keys, i, &text);
		uint32_t *first = slot(r, keys, same);
		if (!text && *first == RELEASE_NONE)
			*first = i;
	}
	for (uint32_t i = 0; i < keys->count; i++) {
		uint32_t same = class_and_code(keys, i, &text);
		r->word[i] = same == 0 ? RELEASE_NONE : *slot(r, keys, same);
	}
	return 0;
}
