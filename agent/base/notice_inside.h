/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the notice share. */
#ifndef ASSENT_NOTICE_INSIDE_H
#define ASSENT_NOTICE_INSIDE_H

#include "layout.h"
#include "notice.h"

struct pages {
	const struct study *study;
	const struct merged *merged;
	const char *language;
	const char *const *words;
	struct layout layout;
	bool lowered;                    /* something is less than the study asks for */
	bool failed;                     /* no memory */
};

void notice_why(struct pages *p);
void notice_kept(struct pages *p);
void notice_who(struct pages *p);
void notice_rights(struct pages *p);

/* Sentences, malloc'ed (or NULL): of key times, and of a list of applications ("none" when it is empty). */
char *notice_times(const char *const *w, const struct limits *l);
char *notice_list(const char *const *w, const struct pattern_list *l);
/* Of a purpose: its kind in words; its recipients, malloc'ed (or NULL). */
const char *notice_category(const char *const *w, const char *name);
char *notice_recipients(const char *const *w, const struct purpose *p);
/* Of a study's review and key. malloc'ed, or NULL. */
char *notice_review(const char *const *w, int64_t review_us);

#endif
