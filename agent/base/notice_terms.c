/* SPDX-License-Identifier: Apache-2.0 */
/* The pages about what for, how long and who. */
#include "notice_inside.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "words.h"

const char *notice_category(const char *const *w, const char *name)
{
	static const char *const names[] = {"train-content-generating-model", "train-other-model", "hci-research", "product-improvement"};
	for (int i = 0; i < 4; i++)
		if (strcmp(names[i], name) == 0)
			return w[WORD_CATEGORY_GENERATING + i];
	return name;
}

char *notice_recipients(const char *const *w, const struct purpose *p)
{
	char *names = NULL;
	size_t size;
	if (!p->recipients)
		return words_fill(w[WORD_TO_NOBODY], NULL, NULL);
	FILE *f = open_memstream(&names, &size);
	if (!f)
		return NULL;
	for (int i = 0; i < p->recipients; i++)
		fprintf(f, "%s%s", i ? "; " : "", p->recipient[i]);
	if (fclose(f)) {
		free(names);
		return NULL;
	}
	char *text = words_fill(w[WORD_TO], names, NULL);
	free(names);
	return text;
}

static bool purpose(struct layout *l, const struct purpose *one, const char *language)
{
	const char *const *w = words_of(language);
	char *to = notice_recipients(w, one);
	layout_filled(l, "  - ", "    ", "{a}: {b}", one->id, notice_category(w, one->category));
	layout_paragraph(l, "    ", "    ", study_text_in(&one->text, language));
	if (to)
		layout_paragraph(l, "    ", "    ", to);
	free(to);
	return to != NULL;
}

int notice_purpose(const struct purpose *one, const char *language, int width, char **text)
{
	size_t size;
	struct layout l = {open_memstream(text, &size), width < LAYOUT_WIDTH_MIN ? LAYOUT_WIDTH_MIN : width};
	if (!l.f)
		return ERROR_MEMORY;
	bool done = purpose(&l, one, language);
	if (fclose(l.f) == 0 && done)
		return 0;
	free(*text);
	*text = NULL;
	return ERROR_MEMORY;
}

void notice_why(struct pages *p)
{
	const struct study *s = p->study;
	const char *const *w = p->words;
	layout_heading(&p->layout, w[WORD_WHY_TITLE]);
	if (s->purposes > 1) {
		layout_paragraph(&p->layout, "", "", w[WORD_WHY_EACH]);
		putc('\n', p->layout.f);
	}
	for (int i = 0; i < s->purposes; i++)
		p->failed |= !purpose(&p->layout, &s->purpose[i], p->language);
	putc('\n', p->layout.f);
	layout_paragraph(&p->layout, "", "", w[WORD_WHY_ONLY]);
	layout_paragraph(&p->layout, "", "", w[WORD_WHY_NEVER]);
}

char *notice_review(const char *const *w, int64_t review_us)
{
	char time[64];
	if (review_us < 0)
		return words_fill(w[WORD_REVIEW_HAND], NULL, NULL);
	return words_fill(w[review_us ? WORD_REVIEW : WORD_REVIEW_NONE], words_duration(w, review_us, time), NULL);
}

static const char *less(const struct pages *p, enum settings_origin from)
{
	return p->words[from == FROM_POLICY || from == FROM_EVDEV_KEYS ? WORD_LESS_POLICY : WORD_LESS_SETTINGS];
}

static void handed(struct pages *p)
{
	const struct study *s = p->study;
	const char *const *w = p->words;
	if (!*s->recipient_key) {
		layout_item(&p->layout, w[WORD_KEPT_NO_KEY]);
		return;
	}
	layout_item_filled(&p->layout, w[WORD_KEPT_KEY], s->recipient_key);
	if (p->merged->release_forbidden)
		layout_item(&p->layout, w[WORD_REVIEW_FORBIDDEN]);
	int64_t review_us = p->merged->review_us;
	enum settings_origin from = p->merged->review;
	/* Deleted before the review is over: by itself nothing is handed over. */
	if (review_us >= p->merged->limits.retention_us) {
		from = review_us == s->review_us ? p->merged->retention : from;
		review_us = -1;
	}
	char *here = notice_review(w, review_us), *asked = notice_review(w, s->review_us);
	if (here && asked) {
		layout_item(&p->layout, here);
		if (strcmp(here, asked) != 0)
			layout_filled(&p->layout, "    ", "    ", less(p, from), asked, NULL);
	} else {
		p->failed = true;
	}
	free(here);
	free(asked);
}

void notice_kept(struct pages *p)
{
	const char *const *w = p->words;
	const int64_t here_us = p->merged->limits.retention_us, asked_us = p->study->capture.retention_us;
	char here[64], asked[64];
	layout_heading(&p->layout, w[WORD_KEPT_TITLE]);
	layout_item(&p->layout, w[WORD_KEPT_WHERE]);
	handed(p);
	layout_item_filled(&p->layout, w[*p->study->recipient_key ? WORD_RETENTION : WORD_RETENTION_HERE], words_duration(w, here_us, here));
	if (here_us != asked_us) {
		char *before = words_fill("{a}.", words_duration(w, asked_us, asked), NULL);
		layout_filled(&p->layout, "    ", "    ", less(p, p->merged->retention), before, NULL);
		free(before);
	}
	layout_item_filled(&p->layout, w[WORD_VALID], words_duration(w, p->study->consent_valid_us, here));
	layout_item(&p->layout, w[WORD_DO_LOOK]);
	layout_item(&p->layout, w[WORD_DO_FORGET]);
	layout_item(&p->layout, w[WORD_DO_PAUSE]);
	layout_item(&p->layout, w[WORD_DO_WITHDRAW]);
	layout_item(&p->layout, w[*p->study->recipient_key ? WORD_DO_ERASE : WORD_DO_ERASE_HERE]);
}

static void line(struct pages *p, enum word sentence, const char *value)
{
	if (*value)
		layout_filled(&p->layout, "  ", "    ", p->words[sentence], value, NULL);
}

void notice_who(struct pages *p)
{
	const struct study *s = p->study;
	const char *const *w = p->words;
	layout_heading(&p->layout, w[WORD_WHO_TITLE]);
	layout_paragraph(&p->layout, "  ", "    ", s->controller_name);
	if (*s->controller_address)
		layout_paragraph(&p->layout, "  ", "    ", s->controller_address);
	line(p, WORD_WHO_CONTACT, s->controller_contact);
	line(p, WORD_WHO_AUTHORITY, s->controller_authority);
	line(p, WORD_WHO_LAW, s->jurisdiction);
	line(p, WORD_WHO_ETHICS, s->ethics);
	line(p, WORD_WHO_ASSESSMENT, s->impact_assessment);
	line(p, WORD_WHO_AGREEMENT, s->works_agreement);
}

void notice_rights(struct pages *p)
{
	const char *const *w = p->words;
	layout_heading(&p->layout, w[WORD_RIGHTS_TITLE]);
	layout_item(&p->layout, w[WORD_RIGHTS_FREE]);
	layout_item(&p->layout, w[WORD_RIGHTS_BASIS]);
	layout_item(&p->layout, w[WORD_RIGHTS]);
	layout_item(&p->layout, w[WORD_RIGHTS_BENEFIT]);
	layout_item(&p->layout, w[WORD_RIGHTS_RECEIPT]);
}
