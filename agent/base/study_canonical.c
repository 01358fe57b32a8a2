/* SPDX-License-Identifier: Apache-2.0 */
/* study_canonical(): see include/assent/MANIFEST.md. The members of each object stand in the order of their names: adding one means to keep it. */
#include "study.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "bounds.h"

static void string(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s; s++) {
		switch (*s) {
		case '"': fputs("\\\"", f); break;
		case '\\': fputs("\\\\", f); break;
		case '\n': fputs("\\n", f); break;
		case '\t': fputs("\\t", f); break;
		default: putc(*s, f);   /* other control characters are in no manifest (config.h) */
		}
	}
	putc('"', f);
}

static void member(FILE *f, const char *before, const char *name, const char *value)
{
	fprintf(f, "%s\"%s\":", before, name);
	string(f, value);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

_Static_assert((int)STUDY_PATTERNS_MAX >= (int)STUDY_RECIPIENTS_MAX, "set() holds the larger");

/* A set: in the order of its bytes. */
static void set(FILE *f, const char *first, size_t stride, int count)
{
	const char *entry[STUDY_PATTERNS_MAX];
	for (int i = 0; i < count; i++)
		entry[i] = first + (size_t)i * stride;
	/* cppcheck-suppress uninitvar ; so many of them are set */
	qsort(entry, (size_t)count, sizeof *entry, by_text);
	putc('[', f);
	for (int i = 0, n = 0; i < count; i++) {
		if (i && strcmp(entry[i], entry[i - 1]) == 0)
			continue;
		if (n++)
			putc(',', f);
		string(f, entry[i]);
	}
	putc(']', f);
}

static void translated(FILE *f, const struct translated *t)
{
	int order[STUDY_LANGUAGES_MAX] = {0};
	for (int i = 0; i < t->count; i++) {
		int k = i;
		for (; k && strcmp(t->language[order[k - 1]], t->language[i]) > 0; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	putc('{', f);
	for (int i = 0; i < t->count; i++)
		member(f, i ? "," : "", t->language[order[i]], t->text[order[i]]);
	putc('}', f);
}

static void capture(FILE *f, const struct limits *l)
{
	fprintf(f, ",\"capture\":{\"apps\":\"%s\",\"exclude_apps\":", bounds_apps_name(l->apps));
	set(f, l->exclude_apps.pattern[0], sizeof l->exclude_apps.pattern[0], l->exclude_apps.count);
	fprintf(f, ",\"key_time_us\":%" PRId64 ",\"keys\":\"%s\",\"only_apps\":", l->key_grid_us, bounds_keys_name(l->keys));
	set(f, l->only_apps.pattern[0], sizeof l->only_apps.pattern[0], l->only_apps.count);
	fprintf(f, ",\"pointer\":\"%s\",\"scroll\":%s}", bounds_pointer_name(l->pointer), l->scroll ? "true" : "false");
}

static void purposes(FILE *f, const struct study *s, bool terms)
{
	const struct purpose *order[STUDY_PURPOSES_MAX];
	const int count = s->purposes;
	for (int i = 0; i < count; i++) {
		int k = i;
		/* Which is asked first is seen, and so part of the manifest; what is agreed to is the same in every order. */
		for (; terms && k && strcmp(order[k - 1]->id, s->purpose[i].id) > 0; k--)
			order[k] = order[k - 1];
		order[k] = &s->purpose[i];
	}
	fputs(",\"purposes\":[", f);
	for (int i = 0; i < count; i++) {
		member(f, i ? ",{" : "{", "category", order[i]->category);
		member(f, ",", "id", order[i]->id);
		fputs(",\"recipients\":", f);
		set(f, order[i]->recipient[0], sizeof order[i]->recipient[0], order[i]->recipients);
		fputs(",\"text\":", f);
		translated(f, &order[i]->text);
		putc('}', f);
	}
	putc(']', f);
}

static void put(FILE *f, const struct study *s, bool terms)
{
	fputs("{\"assent\":1", f);
	capture(f, &s->capture);
	fprintf(f, ",\"consent_valid_us\":%" PRId64, s->consent_valid_us);
	if (terms) {
		member(f, ",", "controller", s->controller_name);
	} else {
		member(f, ",\"controller\":{", "address", s->controller_address);
		member(f, ",", "authority", s->controller_authority);
		member(f, ",", "contact", s->controller_contact);
		member(f, ",", "name", s->controller_name);
		member(f, "},", "jurisdiction", s->jurisdiction);
		fputs(",\"notice\":", f);
		translated(f, &s->notice);
	}
	purposes(f, s, terms);
	member(f, ",", "recipient_key", s->recipient_key);
	if (!terms) {
		member(f, ",\"references\":{", "ethics", s->ethics);
		member(f, ",", "impact_assessment", s->impact_assessment);
		member(f, ",", "works_agreement", s->works_agreement);
		putc('}', f);
	}
	fprintf(f, ",\"retention_us\":%" PRId64 ",\"review_us\":%" PRId64, s->capture.retention_us, s->review_us);
	member(f, ",", "study", s->id);
	if (!terms) {
		fputs(",\"title\":", f);
		translated(f, &s->title);
	}
	putc('}', f);
}

int study_canonical(const struct study *s, bool terms, char **text, size_t *length)
{
	*text = NULL;
	FILE *f = open_memstream(text, length);
	if (!f)
		return ERROR_MEMORY;
	put(f, s, terms);
	bool failed = ferror(f);
	if (fclose(f) || failed) {
		free(*text);
		*text = NULL;
		return ERROR_MEMORY;
	}
	return 0;
}
