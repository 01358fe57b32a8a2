/* SPDX-License-Identifier: Apache-2.0 */
#include "lexicon.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "text.h"

enum { WORD_MAX = 3 * 512 };     /* every byte as U+FFFD */

void lexicon_init(struct lexicon *l)
{
	memset(l, 0, sizeof *l);
	randombytes_buf(l->key, sizeof l->key);
}

void lexicon_release(struct lexicon *l)
{
	free(l->slot);
	free(l->end);
	bytes_release(&l->text);
	memset(l, 0, sizeof *l);
}

void lexicon_clear(struct lexicon *l)
{
	if (l->count)
		memset(l->slot, 0, l->slots * sizeof *l->slot);
	l->count = l->last = 0;
	bytes_clear(&l->text);
}

static bool is(const struct lexicon *l, uint32_t number, const char *word, size_t length)
{
	uint32_t n;
	const uint8_t *w = lexicon_word(l, number, &n);
	return n == length && memcmp(w, word, length) == 0;
}

static uint32_t place(const struct lexicon *l, const char *word, size_t length)
{
	uint64_t hash;
	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)word, length, l->key);
	uint32_t at = (uint32_t)hash & (l->slots - 1);
	while (l->slot[at] && !is(l, l->slot[at] - 1, word, length))
		at = (at + 1) & (l->slots - 1);
	return at;
}

/* Twice the room, for words and for their places. */
static int grow(struct lexicon *l)
{
	uint32_t capacity = l->capacity ? 2 * l->capacity : 64, slots = 2 * capacity;
	uint32_t *end = realloc(l->end, capacity * sizeof *end);
	if (!end)
		return ERROR_MEMORY;
	l->end = end;
	uint32_t *slot = calloc(slots, sizeof *slot);
	if (!slot)
		return ERROR_MEMORY;
	free(l->slot);
	l->slot = slot;
	l->slots = slots;
	l->capacity = capacity;
	for (uint32_t i = 0; i < l->count; i++) {
		uint32_t n;
		const uint8_t *w = lexicon_word(l, i, &n);
		l->slot[place(l, (const char *)w, n)] = i + 1;
	}
	return 0;
}

static size_t clean(const char *word, char out[WORD_MAX])
{
	size_t length = 0;
	while (*word && length + 4 <= WORD_MAX) {
		size_t n = text_utf8(word);
		memcpy(out + length, n ? word : "\xef\xbf\xbd", n ? n : 3);
		length += n ? n : 3;
		word += n ? n : 1;
	}
	return length;
}

int lexicon_add(struct lexicon *l, const char *word, uint16_t *number)
{
	char text[WORD_MAX];
	size_t length = strlen(word);
	/* Nearly every row has the word of the row before it. */
	if (l->count && is(l, l->last, word, length)) {
		*number = (uint16_t)l->last;
		return 0;
	}
	if (l->count == l->capacity) {
		int e = grow(l);
		if (e)
			return e;
	}
	uint32_t at = place(l, word, length);
	if (!l->slot[at]) {
		length = clean(word, text);
		at = place(l, text, length);
	}
	if (!l->slot[at]) {
		if (l->count == LEXICON_WORDS || l->text.length + length > LEXICON_BYTES)
			return ERROR_LIMIT;
		bytes_put(&l->text, text, length);
		if (l->text.failed) {
			l->text.failed = false;
			return ERROR_MEMORY;
		}
		l->end[l->count++] = (uint32_t)l->text.length;
		l->slot[at] = l->count;
	}
	l->last = l->slot[at] - 1;
	*number = (uint16_t)l->last;
	return 0;
}
