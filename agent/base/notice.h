/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A study's notice: the text of a person's decision, one page a matter. What cannot be undone is on the first. The study's own text is in the
 * language that study_language() tells, the sentences around it in the same, or English where there is no catalogue (words.h).
 */
#ifndef ASSENT_NOTICE_H
#define ASSENT_NOTICE_H

#include "settings.h"

enum { NOTICE_PAGES = 8 };

struct notice {
	int pages;
	char *page[NOTICE_PAGES];        /* owned; each is a whole number of lines */
	char *text;                      /* owned; all of them, an empty line between */
	uint8_t hash[32];                /* BLAKE2b-256 of text as it is at LAYOUT_WIDTH, whatever width was asked for */
};

/* merged: what policy and participant leave of it. width: of a line. ERROR_MEMORY. */
int notice_new(const struct study *study, const struct merged *merged, const char *language, int width, struct notice **notice);
void notice_free(struct notice *n);

/* One purpose as the notice has it: its kind, what for, who gets it. malloc'ed. ERROR_MEMORY. */
int notice_purpose(const struct purpose *purpose, const char *language, int width, char **text);

/* What became of a study's terms since they were agreed to on `agreed` (for people): old against new, matter by matter, and nothing else. whole: how
 * to name the study to `assent notice`. *text is malloc'ed. *count: how many differences. ERROR_MEMORY. */
int notice_changes(const struct study *before, const struct study *now, const char *agreed, const char *whole, const char *language, int width,
	char **text, int *count);

#endif
