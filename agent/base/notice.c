/* SPDX-License-Identifier: Apache-2.0 */
#include "notice.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "layout.h"
#include "notice_inside.h"
#include "words.h"

static void first(struct pages *p)
{
	struct layout *l = &p->layout;
	const struct study *s = p->study;
	const char *const *w = p->words, *title = study_text_in(&s->title, p->language);
	int under = layout_columns(title, strlen(title));
	layout_paragraph(l, "", "", title);
	for (int i = 0; i < under && i < l->width; i++)
		putc('=', l->f);
	putc('\n', l->f);
	layout_filled(l, "", "", w[WORD_STUDY], s->id, NULL);
	putc('\n', l->f);
	layout_filled(l, "", "", w[WORD_ASKS], s->controller_name, NULL);
	putc('\n', l->f);
	layout_heading(l, w[WORD_UNDONE_TITLE]);
	layout_item(l, w[*s->recipient_key ? WORD_UNDONE_HANDED : WORD_UNDONE_KEPT]);
	if (*s->recipient_key)
		layout_item(l, w[WORD_UNDONE_MODEL]);
	/* What the study may record, and not only what is left of it today. */
	layout_item(l, w[s->capture.keys != DETAIL_NONE ? WORD_UNDONE_RHYTHM : WORD_UNDONE_POINTER]);
	layout_item(l, w[WORD_UNDONE_SECRETS]);
	putc('\n', l->f);
	layout_paragraph(l, "", "", w[WORD_UNDONE_REST]);
}

static void own(struct pages *p)
{
	layout_heading(&p->layout, p->words[WORD_OWN_TITLE]);
	/* Set in: only what this program says itself begins a line. */
	layout_paragraph(&p->layout, "  ", "  ", study_text_in(&p->study->notice, p->language));
}

/* Of one limit: what is recorded here, and, where that is less, what the study asks for. */
static void limit(struct pages *p, const char *here, const char *asked, enum settings_origin from)
{
	layout_item(&p->layout, here);
	if (strcmp(here, asked) == 0)
		return;
	p->lowered = true;
	layout_filled(&p->layout, "    ", "    ", p->words[from == FROM_POLICY || from == FROM_EVDEV_KEYS ? WORD_LESS_POLICY : WORD_LESS_SETTINGS], asked, NULL);
}

char *notice_times(const char *const *w, const struct limits *l)
{
	char grid[64];
	return words_fill(w[l->key_grid_us ? WORD_TIMES_GRID : WORD_TIMES_EXACT], words_duration(w, l->key_grid_us, grid), NULL);
}

char *notice_list(const char *const *w, const struct pattern_list *l)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	for (int i = 0; i < l->count; i++)
		fprintf(f, "%s%s", i ? ", " : "", l->pattern[i]);
	if (!l->count)
		fputs(w[WORD_NONE], f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static void recorded(struct pages *p)
{
	const struct limits *l = &p->merged->limits, *s = &p->study->capture;
	const struct merged *m = p->merged;
	const char *const *w = p->words;
	layout_heading(&p->layout, w[WORD_RECORDED_TITLE]);
	limit(p, w[WORD_KEYS_NONE + l->keys], w[WORD_KEYS_NONE + s->keys], m->keys);
	if (l->keys != DETAIL_NONE) {
		char *here = notice_times(w, l), *asked = notice_times(w, s);
		if (here && asked)
			limit(p, here, asked, m->grid);
		else
			p->failed = true;
		free(here);
		free(asked);
	}
	limit(p, w[WORD_POINTER_NONE + l->pointer], w[WORD_POINTER_NONE + s->pointer], m->pointer);
	limit(p, w[WORD_SCROLL_NONE + l->scroll], w[WORD_SCROLL_NONE + s->scroll], m->scroll);
	limit(p, w[WORD_APPS_NONE + l->apps], w[WORD_APPS_NONE + s->apps], m->apps);
	if (l->only_apps.count) {
		char *list = notice_list(w, &l->only_apps);
		layout_item_filled(&p->layout, w[WORD_ONLY_APPS], list);
		free(list);
	}
	if (p->lowered) {
		putc('\n', p->layout.f);
		layout_paragraph(&p->layout, "", "", w[WORD_LESS_MEANS]);
	}
}

static void never(struct pages *p)
{
	const char *const *w = p->words;
	layout_heading(&p->layout, w[WORD_NEVER_TITLE]);
	layout_item(&p->layout, w[WORD_NEVER_SECRETS]);
	layout_item(&p->layout, w[WORD_NEVER_UNKNOWN]);
	layout_item(&p->layout, w[WORD_NEVER_ELSE]);
	if (p->merged->limits.exclude_apps.count) {
		char *list = notice_list(w, &p->merged->limits.exclude_apps);
		layout_item_filled(&p->layout, w[WORD_EXCLUDE_APPS], list);
		free(list);
	}
	layout_item(&p->layout, w[WORD_NEVER_SPAN]);
}

static int build(struct notice *n, const struct study *study, const struct merged *merged, const char *language, int width)
{
	static void (*const matters[NOTICE_PAGES])(struct pages *) = {first, own, recorded, never, notice_why, notice_kept, notice_who, notice_rights};
	struct pages p = {.study = study, .merged = merged, .language = language, .words = words_of(language), .layout = {NULL, width}};
	for (int i = 0; i < NOTICE_PAGES; i++) {
		size_t size;
		p.layout.f = open_memstream(&n->page[i], &size);
		if (!p.layout.f)
			return ERROR_MEMORY;
		matters[i](&p);
		bool failed = ferror(p.layout.f) || p.failed;
		if (fclose(p.layout.f) || failed)
			return ERROR_MEMORY;
		n->pages++;
	}
	size_t size = 1;
	for (int i = 0; i < n->pages; i++)
		size += strlen(n->page[i]) + 1;
	n->text = malloc(size);
	if (!n->text)
		return ERROR_MEMORY;
	*n->text = 0;
	for (int i = 0; i < n->pages; i++) {
		if (i)
			strcat(n->text, "\n");
		strcat(n->text, n->page[i]);
	}
	return 0;
}

int notice_new(const struct study *study, const struct merged *merged, const char *language, int width, struct notice **notice)
{
	struct notice *n = calloc(1, sizeof *n), *same = NULL;
	int e = ERROR_MEMORY;
	*notice = NULL;
	if (width < LAYOUT_WIDTH_MIN)
		width = LAYOUT_WIDTH_MIN;
	if (n)
		e = build(n, study, merged, language, width);
	if (e == 0 && width != LAYOUT_WIDTH)
		e = notice_new(study, merged, language, LAYOUT_WIDTH, &same);
	if (e) {
		notice_free(n);
		return e;
	}
	if (same)
		memcpy(n->hash, same->hash, sizeof n->hash);
	else
		crypto_generichash(n->hash, sizeof n->hash, (const unsigned char *)n->text, strlen(n->text), NULL, 0);
	notice_free(same);
	*notice = n;
	return 0;
}

void notice_free(struct notice *n)
{
	if (!n)
		return;
	for (int i = 0; i < NOTICE_PAGES; i++)
		free(n->page[i]);
	free(n->text);
	free(n);
}
