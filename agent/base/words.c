/* SPDX-License-Identifier: Apache-2.0 */
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct { const char *language; const char *const *words; } catalogues[] = {
	{"en", words_en},                /* the first is for every other language */
	{"de", words_de},
};

enum { CATALOGUES = sizeof catalogues / sizeof *catalogues };

const char *const *words_of(const char *language)
{
	size_t n = strcspn(language, "-");
	for (int i = 0; i < CATALOGUES; i++)
		if (strncmp(catalogues[i].language, language, n) == 0 && !catalogues[i].language[n])
			return catalogues[i].words;
	return catalogues[0].words;
}

const char *const *words_at(int i, const char **language)
{
	if (i < 0 || i >= CATALOGUES)
		return NULL;
	*language = catalogues[i].language;
	return catalogues[i].words;
}

char *words_fill(const char *sentence, const char *a, const char *b)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	while (*sentence) {
		bool is_a = strncmp(sentence, "{a}", 3) == 0, is_b = strncmp(sentence, "{b}", 3) == 0;
		const char *value = is_a ? a : b;
		if (!is_a && !is_b) {
			putc(*sentence++, f);
			continue;
		}
		if (value)
			fputs(value, f);
		sentence += 3;
	}
	bool failed = ferror(f);
	if (fclose(f) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

char *words_duration(const char *const *words, int64_t us, char out[64])
{
	static const int64_t units[] = {86400000000, 3600000000, 60000000, 1000000};
	for (int i = 0; i < 4; i++) {
		if (us < units[i] || us % units[i])
			continue;
		int64_t n = us / units[i];
		snprintf(out, 64, "%lld %s", (long long)n, words[WORD_DAY + 2 * i + (n == 1 ? 0 : 1)]);
		return out;
	}
	snprintf(out, 64, us % 1000 ? "%lld µs" : "%lld ms", (long long)(us % 1000 ? us : us / 1000));
	return out;
}
