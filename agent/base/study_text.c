/* SPDX-License-Identifier: Apache-2.0 */
/* Which translation a person reads. */
#include "study.h"

#include <stdlib.h>
#include <string.h>

/* "de_DE.UTF-8@euro" is "de-DE" here. Empty for C and POSIX, which name no language. */
static void locale(char out[32])
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *v = NULL;
	for (size_t i = 0; i < 3 && (!v || !*v); i++)
		v = getenv(names[i]);
	size_t n = v ? strcspn(v, ".@") : 0;
	if (n == 0 || n > 31 || (n == 1 && *v == 'C') || (n == 5 && strncmp(v, "POSIX", 5) == 0))
		n = 0;
	for (size_t i = 0; i < n; i++)
		out[i] = v[i] == '_' ? '-' : v[i];
	out[n] = 0;
}

static int of_language(const struct translated *t, const char *language, size_t n)
{
	for (int i = 0; i < t->count; i++)
		if (strncmp(t->language[i], language, n) == 0 && !t->language[i][n])
			return i;
	return -1;
}

/* -1: neither the language nor what it is a variety of. */
static int nearest(const struct translated *t, const char *language)
{
	int i = *language ? of_language(t, language, strlen(language)) : -1;
	return i < 0 && *language ? of_language(t, language, strcspn(language, "-")) : i;
}

static int here(const struct translated *t)
{
	char want[32];
	locale(want);
	int i = nearest(t, want);
	if (i < 0)
		i = of_language(t, "en", 2);
	return i < 0 ? 0 : i;
}

const char *study_text(const struct translated *t)
{
	return t->count ? t->text[here(t)] : "";
}

const char *study_language(const struct study *s)
{
	return s->notice.count ? s->notice.language[here(&s->notice)] : "en";
}

const char *study_text_in(const struct translated *t, const char *language)
{
	int i = nearest(t, language);
	return i < 0 ? study_text(t) : t->text[i];
}
