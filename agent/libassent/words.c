/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../format/columns_inside.h"
#include "inside.h"

enum { WORD_MAX = EVENT_TITLE_MAX + 1 };

static const enum words source[INSIDE_WORDS] = {
	[ASSENT_WORDS_TEXT] = WORDS_KEY, [ASSENT_WORDS_APP] = WORDS_APP, [ASSENT_WORDS_TITLE] = WORDS_TITLE,
};

/* The text in a key's word, which has been checked (FORMAT.md, "Key"); NULL: it has none. */
static const uint8_t *text_of(const uint8_t *key, size_t *length)
{
	unsigned has = key[0] * (unsigned)HAS_CLASS;
	size_t n = 1u + (has & HAS_CLASS ? 1 : 0) + (has & HAS_CODE ? 2 : 0);
	*length -= n;
	return has & HAS_TEXT ? key + n : NULL;
}

/* Words of keys differ although their text is the same; those of other writers may, too. Given out is each once. */
int words_fill(struct assent_reader *r, enum assent_words which)
{
	struct inside_words *w = &r->words[which];
	const struct dictionary *from = &r->block->words[source[which]];
	if (w->there)
		return 0;
	dictionary_clear(&w->each);
	numbers_clear(&w->of);
	if (!numbers_reserve(&w->of, from->count))
		return ERROR_MEMORY;
	for (uint32_t i = 0; i < from->count; i++) {
		size_t length;
		const uint8_t *word = dictionary_word(from, i, &length);
		int64_t number = -1;
		if (which == ASSENT_WORDS_TEXT)
			word = text_of(word, &length);
		if (word) {
			/* With a 0 behind it: to be a string of C. */
			char text[WORD_MAX];
			memcpy(text, word, length);
			text[length] = 0;
			number = dictionary_number(&w->each, text, length + 1);
			if (number < 0)
				return ERROR_MEMORY;
		}
		numbers_push(&w->of, number);
	}
	w->there = true;
	return 0;
}

void words_forget(struct assent_reader *r)
{
	for (unsigned i = 0; i < INSIDE_WORDS; i++)
		r->words[i].there = false;
}

void words_release(struct assent_reader *r)
{
	for (unsigned i = 0; i < INSIDE_WORDS; i++) {
		dictionary_release(&r->words[i].each);
		numbers_release(&r->words[i].of);
	}
}

static const struct dictionary *there(const struct assent_reader *r, int words)
{
	return words >= 0 && words < INSIDE_WORDS && r->words[words].there ? &r->words[words].each : NULL;
}

uint32_t assent_word_count(const struct assent_reader *r, int words)
{
	const struct dictionary *d = there(r, words);
	return d ? d->count : 0;
}

const char *assent_word(const struct assent_reader *r, int words, int32_t number)
{
	const struct dictionary *d = there(r, words);
	size_t length;
	return d && number >= 0 && (uint32_t)number < d->count ? (const char *)dictionary_word(d, (uint32_t)number, &length) : NULL;
}
