/* SPDX-License-Identifier: Apache-2.0 */
/* notice_changes(): old against new. */
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "notice_inside.h"
#include "words.h"

struct changes {
	struct layout layout;
	const char *const *words;
	const char *language;
	int count;
	bool failed;
};

static void sides(struct changes *c, const char *before, const char *now)
{
	const char *const texts[2] = {before, now};
	for (int i = 0; i < 2; i++) {
		/* An entry that is only there or no more has one side. */
		if (!texts[i])
			continue;
		char *text = words_fill("{a} {b}", c->words[i ? WORD_CHANGED_NOW : WORD_CHANGED_BEFORE], texts[i]);
		if (text)
			layout_paragraph(&c->layout, "    ", "      ", text);
		else
			c->failed = true;
		free(text);
	}
}

static void differs(struct changes *c, const char *name, const char *before, const char *now)
{
	if (!before || !now) {
		c->failed = true;
		return;
	}
	if (strcmp(before, now) == 0)
		return;
	c->count++;
	if (name) {
		char *head = words_fill("{a}:", name, NULL);
		layout_item(&c->layout, head ? head : name);
		free(head);
		sides(c, before, now);
	} else {
		/* The sentences say by themselves what they are about. */
		layout_filled(&c->layout, "  - ", "    ", "{a} {b}", c->words[WORD_CHANGED_BEFORE], before);
		layout_filled(&c->layout, "    ", "    ", "{a} {b}", c->words[WORD_CHANGED_NOW], now);
	}
}

/* Both are malloc'ed, or NULL. */
static void differ(struct changes *c, const char *name, char *before, char *now)
{
	differs(c, name, before, now);
	free(before);
	free(now);
}

static void listed(struct changes *c, enum word name, const struct pattern_list *before, const struct pattern_list *now)
{
	differ(c, c->words[name], notice_list(c->words, before), notice_list(c->words, now));
}

static void lasting(struct changes *c, enum word sentence, int64_t before_us, int64_t now_us)
{
	char a[64], b[64];
	differ(c, NULL, words_fill(c->words[sentence], words_duration(c->words, before_us, a), NULL),
	       words_fill(c->words[sentence], words_duration(c->words, now_us, b), NULL));
}

static const struct purpose *find(const struct study *s, const char *id)
{
	for (int i = 0; i < s->purposes; i++)
		if (strcmp(s->purpose[i].id, id) == 0)
			return &s->purpose[i];
	return NULL;
}

/* In the language of the reader; where that is the same, in one that is not: a change is never passed over. */
static void texts(struct changes *c, const struct translated *before, const struct translated *now)
{
	const char *a = study_text_in(before, c->language), *b = study_text_in(now, c->language);
	if (strcmp(a, b) != 0) {
		differs(c, c->words[WORD_CHANGED_TEXT], a, b);
		return;
	}
	for (int i = 0; i < now->count + before->count; i++) {
		const struct translated *t = i < now->count ? now : before;
		int k = i < now->count ? i : i - now->count;
		char name[64];
		a = b = c->words[WORD_NONE];
		for (int j = 0; j < before->count; j++)
			if (strcmp(before->language[j], t->language[k]) == 0)
				a = before->text[j];
		for (int j = 0; j < now->count; j++)
			if (strcmp(now->language[j], t->language[k]) == 0)
				b = now->text[j];
		/* What both have was compared in the first round. */
		if (t == before && b != c->words[WORD_NONE])
			continue;
		snprintf(name, sizeof name, "%s (%s)", c->words[WORD_CHANGED_TEXT], t->language[k]);
		differs(c, name, a, b);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Recipients are a set. */
static char *recipients(struct changes *c, const struct purpose *p)
{
	struct purpose *sorted = malloc(sizeof *sorted);
	if (!sorted)
		return NULL;
	*sorted = *p;
	qsort(sorted->recipient, (size_t)sorted->recipients, sizeof sorted->recipient[0], by_text);
	char *text = notice_recipients(c->words, sorted);
	free(sorted);
	return text;
}

static void whole(struct changes *c, enum word name, const struct purpose *p)
{
	char *to = notice_recipients(c->words, p);
	c->count++;
	layout_item_filled(&c->layout, c->words[name], p->id);
	layout_paragraph(&c->layout, "    ", "    ", notice_category(c->words, p->category));
	layout_paragraph(&c->layout, "    ", "    ", study_text_in(&p->text, c->language));
	if (to)
		layout_paragraph(&c->layout, "    ", "    ", to);
	else
		c->failed = true;
	free(to);
}

static void purposes(struct changes *c, const struct study *before, const struct study *now)
{
	const char *const *w = c->words;
	for (int i = 0; i < now->purposes; i++) {
		const struct purpose *n = &now->purpose[i], *b = find(before, n->id);
		if (!b) {
			whole(c, WORD_CHANGED_PURPOSE_NEW, n);
			continue;
		}
		/* Its name only if something is different: found out by writing it down apart. */
		char *text = NULL;
		size_t size;
		struct changes part = {.layout = {open_memstream(&text, &size), c->layout.width}, .words = w, .language = c->language};
		if (!part.layout.f) {
			c->failed = true;
			return;
		}
		differs(&part, w[WORD_CHANGED_CATEGORY], notice_category(w, b->category), notice_category(w, n->category));
		texts(&part, &b->text, &n->text);
		differ(&part, w[WORD_CHANGED_RECIPIENTS], recipients(c, b), recipients(c, n));
		bool failed = fclose(part.layout.f) || part.failed;
		if (!failed && part.count) {
			layout_filled(&c->layout, "", "", w[WORD_CHANGED_PURPOSE], n->id, NULL);
			fprintf(c->layout.f, "%s\n", text);
		}
		c->count += part.count;
		c->failed |= failed;
		free(text);
	}
	for (int i = 0; i < before->purposes; i++)
		if (!find(now, before->purpose[i].id))
			whole(c, WORD_CHANGED_PURPOSE_GONE, &before->purpose[i]);
}

static void capture(struct changes *c, const struct limits *b, const struct limits *n)
{
	const char *const *w = c->words;
	differs(c, NULL, w[WORD_KEYS_NONE + b->keys], w[WORD_KEYS_NONE + n->keys]);
	differ(c, NULL, notice_times(w, b), notice_times(w, n));
	differs(c, NULL, w[WORD_POINTER_NONE + b->pointer], w[WORD_POINTER_NONE + n->pointer]);
	differs(c, NULL, w[WORD_SCROLL_NONE + b->scroll], w[WORD_SCROLL_NONE + n->scroll]);
	differs(c, NULL, w[WORD_APPS_NONE + b->apps], w[WORD_APPS_NONE + n->apps]);
	listed(c, WORD_CHANGED_ONLY, &b->only_apps, &n->only_apps);
	listed(c, WORD_CHANGED_EXCLUDE, &b->exclude_apps, &n->exclude_apps);
}

int notice_changes(const struct study *before, const struct study *now, const char *agreed, const char *name, const char *language, int width,
	char **text, int *count)
{
	size_t size;
	struct changes c = {.layout = {NULL, width < LAYOUT_WIDTH_MIN ? LAYOUT_WIDTH_MIN : width}, .words = words_of(language), .language = language};
	const char *const *w = c.words;
	*text = NULL;
	*count = 0;
	c.layout.f = open_memstream(text, &size);
	if (!c.layout.f)
		return ERROR_MEMORY;
	layout_filled(&c.layout, "", "", w[WORD_CHANGED_TITLE], study_text_in(&now->title, language), NULL);
	putc('\n', c.layout.f);
	layout_filled(&c.layout, "", "", w[WORD_CHANGED_STOPPED], agreed, NULL);
	putc('\n', c.layout.f);
	differs(&c, w[WORD_CHANGED_CONTROLLER], before->controller_name, now->controller_name);
	purposes(&c, before, now);
	capture(&c, &before->capture, &now->capture);
	differs(&c, w[WORD_CHANGED_KEY], *before->recipient_key ? before->recipient_key : w[WORD_NONE],
		*now->recipient_key ? now->recipient_key : w[WORD_NONE]);
	differ(&c, NULL, notice_review(w, before->review_us), notice_review(w, now->review_us));
	lasting(&c, WORD_RETENTION, before->capture.retention_us, now->capture.retention_us);
	lasting(&c, WORD_VALID, before->consent_valid_us, now->consent_valid_us);
	putc('\n', c.layout.f);
	layout_filled(&c.layout, "", "", w[WORD_CHANGED_REST], name, NULL);
	bool failed = ferror(c.layout.f) || c.failed;
	if (fclose(c.layout.f) || failed) {
		free(*text);
		*text = NULL;
		return ERROR_MEMORY;
	}
	*count = c.count;
	return 0;
}
