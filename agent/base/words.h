/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentences that stand around a study's own text: a catalogue per language, words_LANGUAGE.c, which words.c lists. Another language is
 * another such file. {a} and {b} are places that are filled in; a test holds the catalogues together.
 */
#ifndef ASSENT_WORDS_H
#define ASSENT_WORDS_H

#include <stdbool.h>
#include <stdint.h>

enum word {
	/* The answers. YES and NO have the same number of letters of a to z, so that they cost the same; LATER has such letters, too. */
	WORD_YES, WORD_NO, WORD_LATER,
	WORD_QUESTION,                   /* {a}: the purpose's id */
	WORD_AGAIN, WORD_MORE,
	WORD_ANSWER_TITLE, WORD_ANSWER, WORD_ANSWER_PASSPHRASE,
	/* first screen */
	WORD_STUDY, WORD_ASKS,           /* {a}: the study's id; the controller */
	WORD_UNDONE_TITLE, WORD_UNDONE_HANDED, WORD_UNDONE_KEPT, WORD_UNDONE_MODEL, WORD_UNDONE_RHYTHM, WORD_UNDONE_POINTER, WORD_UNDONE_SECRETS,
	WORD_UNDONE_REST,
	WORD_OWN_TITLE,
	/* what is recorded; each group in the order of its enum in limits.h */
	WORD_RECORDED_TITLE,
	WORD_KEYS_NONE, WORD_KEYS_CLASS, WORD_KEYS_CODE, WORD_KEYS_TEXT,
	WORD_TIMES_EXACT, WORD_TIMES_GRID, /* {a}: "20 ms" */
	WORD_POINTER_NONE, WORD_POINTER_BUTTONS, WORD_POINTER_FULL,
	WORD_SCROLL_NONE, WORD_SCROLL,
	WORD_APPS_NONE, WORD_APPS_ID, WORD_APPS_TITLE,
	WORD_ONLY_APPS, WORD_EXCLUDE_APPS, /* {a}: a list */
	WORD_LESS_POLICY, WORD_LESS_SETTINGS, WORD_LESS_MEANS, /* {a}: the sentence of what the study asks for */
	WORD_NEVER_TITLE, WORD_NEVER_SECRETS, WORD_NEVER_UNKNOWN, WORD_NEVER_ELSE, WORD_NEVER_SPAN,
	/* what for */
	WORD_WHY_TITLE, WORD_WHY_EACH,
	WORD_CATEGORY_GENERATING, WORD_CATEGORY_MODEL, WORD_CATEGORY_RESEARCH, WORD_CATEGORY_PRODUCT,
	WORD_TO_NOBODY, WORD_TO,         /* {a}: recipients */
	WORD_WHY_ONLY, WORD_WHY_NEVER,
	/* how long, where, what can be done */
	WORD_KEPT_TITLE, WORD_KEPT_WHERE, WORD_KEPT_KEY, WORD_KEPT_NO_KEY, /* {a}: the key */
	WORD_REVIEW_HAND, WORD_REVIEW_NONE, WORD_REVIEW, WORD_REVIEW_FORBIDDEN, WORD_RETENTION, WORD_RETENTION_HERE, WORD_VALID, /* {a}: a duration */
	WORD_DO_LOOK, WORD_DO_FORGET, WORD_DO_PAUSE, WORD_DO_WITHDRAW, WORD_DO_ERASE, WORD_DO_ERASE_HERE,
	/* who answers */
	WORD_WHO_TITLE, WORD_WHO_CONTACT, WORD_WHO_AUTHORITY, WORD_WHO_LAW, WORD_WHO_ETHICS, WORD_WHO_ASSESSMENT, WORD_WHO_AGREEMENT,
	WORD_RIGHTS_TITLE, WORD_RIGHTS_FREE, WORD_RIGHTS_BASIS, WORD_RIGHTS, WORD_RIGHTS_BENEFIT, WORD_RIGHTS_RECEIPT,
	/* what changed */
	WORD_CHANGED_TITLE, WORD_CHANGED_STOPPED, /* {a}: when it was agreed to */
	WORD_CHANGED_BEFORE, WORD_CHANGED_NOW, WORD_CHANGED_REST, /* {a}: the study's id */
	WORD_CHANGED_CONTROLLER, WORD_CHANGED_PURPOSE, WORD_CHANGED_PURPOSE_NEW, WORD_CHANGED_PURPOSE_GONE, /* {a}: the purpose's id */
	WORD_CHANGED_CATEGORY, WORD_CHANGED_TEXT, WORD_CHANGED_RECIPIENTS, WORD_CHANGED_KEY, WORD_CHANGED_ONLY, WORD_CHANGED_EXCLUDE,
	WORD_NONE,
	/* durations: one, many */
	WORD_DAY, WORD_DAYS, WORD_HOUR, WORD_HOURS, WORD_MINUTE, WORD_MINUTES, WORD_SECOND, WORD_SECONDS,
	/* what came of it */
	WORD_AGREED, WORD_REFUSED,       /* of a purpose */
	WORD_END_GIVEN, WORD_END_REFUSED, WORD_END_DEFERRED, /* {a}: study; {b}: until */
	WORD_END_RECEIPT, WORD_END_NEXT, WORD_END_BEFORE, /* {a}: the receipt's id */
	WORD_COUNT
};

extern const char *const words_en[WORD_COUNT], *const words_de[WORD_COUNT];

/* The catalogue of a language ("de", "de-AT"); English where there is none. */
const char *const *words_of(const char *language);
/* The catalogues one after the other, for tests; NULL after the last. */
const char *const *words_at(int i, const char **language);

/* A sentence with its places filled in (NULL: nothing), malloc'ed; NULL: no memory. */
char *words_fill(const char *sentence, const char *a, const char *b);
/* "90 days": the largest unit that is exact. Returns out. */
char *words_duration(const char *const *words, int64_t us, char out[64]);

#endif
