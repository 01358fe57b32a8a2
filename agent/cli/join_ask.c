/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/layout.h"
#include "../base/words.h"
#include "../error.h"
#include "join.h"
#include "screens.h"

enum { TRIES = 5 };

static int print_filled(struct prompt *p, const char *sentence, const char *a, const char *b)
{
	char *text = words_fill(sentence, a, b);
	int e = text ? prompt_print(p, text) : ERROR_MEMORY;
	free(text);
	return e;
}

/* A paragraph in the window's width. */
static int print_paragraph(struct prompt *p, const char *sentence, const char *a, const char *b)
{
	char *text = NULL;
	size_t size;
	struct layout l = {open_memstream(&text, &size), screens_width(p)};
	if (!l.f)
		return ERROR_MEMORY;
	layout_filled(&l, "", "", sentence, a, b);
	int e = fclose(l.f) ? ERROR_MEMORY : prompt_print(p, text);
	free(text);
	return e;
}

static int show_changes(struct join *j, struct prompt *p, bool *shown)
{
	char *text, time[32];
	int count, e = notice_changes(j->before, j->session.study, session_time(j->session.view.given.t_us, time), j->path, j->language,
				      screens_width(p), &text, &count);
	*shown = e == 0 && count > 0;
	if (*shown)
		e = screens_show(p, &text, 1, j->words[WORD_MORE], true);
	free(text);
	return e;
}

int join_show(struct join *j, struct prompt *p)
{
	const char *const *w = j->words;
	struct notice *n = NULL;
	bool shown = false;
	int e = j->before ? show_changes(j, p, &shown) : 0;
	if (e == 0 && !shown)
		e = notice_new(j->session.study, &j->merged, j->language, screens_width(p), &n);
	if (e == 0 && !shown)
		e = screens_show(p, n->page, n->pages, w[WORD_MORE], true);
	notice_free(n);
	if (e == 0)
		e = print_filled(p, "\n{a}\n\n", w[WORD_ANSWER_TITLE], NULL);
	if (e == 0)
		e = print_paragraph(p, w[WORD_ANSWER], NULL, NULL);
	if (e == 0 && j->session.identity && j->session.identity->has_passphrase)
		e = print_paragraph(p, w[WORD_ANSWER_PASSPHRASE], NULL, NULL);
	return e;
}

static int purpose(struct join *j, struct prompt *p, int i)
{
	const struct study *s = j->session.study;
	char number[32], *text;
	snprintf(number, sizeof number, "\n%d/%d\n", i + 1, s->purposes);
	int e = notice_purpose(&s->purpose[i], j->language, screens_width(p), &text);
	if (e)
		return e;
	e = prompt_print(p, number);
	if (e == 0)
		e = prompt_print(p, text);
	free(text);
	return e;
}

static enum prompt_answer answer(struct join *j, struct prompt *p, const char *id)
{
	const char *const *w = j->words;
	const char *const words[3] = {w[WORD_YES], w[WORD_NO], w[WORD_LATER]};
	char *question = words_fill(w[WORD_QUESTION], id, NULL);
	enum prompt_answer a = question ? PROMPT_UNCLEAR : PROMPT_STOP;
	for (int i = 0; i < TRIES && a == PROMPT_UNCLEAR; i++) {
		a = prompt_choose(p, question, words);
		if (a == PROMPT_UNCLEAR && i + 1 < TRIES && print_paragraph(p, w[WORD_AGAIN], NULL, NULL))
			a = PROMPT_STOP;
	}
	free(question);
	return a;
}

int join_ask(struct join *j, struct prompt *p, struct receipt *r)
{
	const struct study *s = j->session.study;
	int agreed = 0;
	for (int i = 0; i < s->purposes; i++) {
		memcpy(r->purpose[i].id, s->purpose[i].id, sizeof r->purpose[i].id);
		enum prompt_answer a = purpose(j, p, i) ? PROMPT_STOP : answer(j, p, s->purpose[i].id);
		/* Who breaks off in the middle has not agreed to the beginning, nor refused it. */
		if (a != PROMPT_YES && a != PROMPT_NO)
			return ERROR_GONE;
		r->purpose[i].agreed = a == PROMPT_YES;
		agreed += a == PROMPT_YES;
	}
	r->purposes = s->purposes;
	return agreed;
}

void join_tell(struct join *j, struct prompt *p, const struct receipt *r)
{
	const char *const *w = j->words;
	const char *study = j->session.study->id;
	char time[32], *line;
	/* The terminal may be gone: what was decided is written down all the same. */
	prompt_print(p, "\n");
	for (int i = 0; i < r->purposes; i++) {
		line = words_fill("{a}  {b}\n", w[r->purpose[i].agreed ? WORD_AGREED : WORD_REFUSED], r->purpose[i].id);
		if (line)
			prompt_print(p, line);
		free(line);
	}
	if (r->state == LEDGER_REFUSED)
		print_paragraph(p, w[WORD_END_REFUSED], study, session_time(r->t_us + JOIN_SILENCE_US, time));
	else if (r->state == LEDGER_DEFERRED)
		print_paragraph(p, w[WORD_END_DEFERRED], NULL, NULL);
	else
		print_paragraph(p, w[WORD_END_GIVEN], study, session_time(r->until_us, time));
	if (j->reason != JOIN_NEW && (r->state == LEDGER_REFUSED || r->state == LEDGER_DEFERRED))
		print_paragraph(p, w[WORD_END_BEFORE], NULL, NULL);
	print_paragraph(p, w[WORD_END_RECEIPT], r->id, NULL);
	if (r->state == LEDGER_GIVEN || r->state == LEDGER_RENEWED)
		print_paragraph(p, w[WORD_END_NEXT], NULL, NULL);
}
