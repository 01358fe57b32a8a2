/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that must not be recorded wherever it is typed: what looks like a card number, an address, a key (patterns), and
 * phrases that the participant named (known secrets).
 *
 * It follows the stretch: what was typed since the last click, Tab, Enter, arrow, shortcut or window change, with
 * backspaces applied. A press is held while a pattern that includes it could still be completed (a word until its end,
 * digits until they can be no number of the list any more) and, where phrases are known, until it is further
 * back than the longest of them. A match masks every press from the match's first character to its last, with what
 * was erased in between and just before it.
 *
 * Without further input the hold ends after SENSITIVE_HOLD_US, and in any case SENSITIVE_LONGEST_US after the press:
 * what is unfinished then is masked if it is strong (the rules say from where on), else released. The same at a
 * click, arrow, shortcut or window change, after which it may be mended in place; Enter and Tab finish a
 * text, and only what is complete is masked there. What was released stays in the stretch: if it is completed later the rest is
 * masked. What looked strong and turned out not to be one stays held SENSITIVE_HOLD_US longer: people correct themselves.
 *
 * Pure, no allocation; memory is this struct; the work of a key is bounded by SENSITIVE_BEGUN x SENSITIVE_PARTS_MAX,
 * that of a backspace by SENSITIVE_STRETCH times that. What is in here is as secret as the airlock.
 */
#ifndef ASSENT_SENSITIVE_H
#define ASSENT_SENSITIVE_H

#include "../event.h"
#include "../sensitive_rules.h"

enum {
	SENSITIVE_HOLD_US = 5000000,
	SENSITIVE_LONGEST_US = 30000000,
	SENSITIVE_REMEMBER_US = 60000000, /* without input: so long a stretch may go on, though nothing of it is held any more */
	SENSITIVE_STRETCH = 512,          /* characters; a pattern with gaps is never longer than 3/4 of that */
	SENSITIVE_BEGUN = 512,            /* patterns that may be begun at one time; more: masked */
	SENSITIVE_RANGES = 8,
	SENSITIVE_FOLLOW = 16384,         /* presses that at most belong to what follows a pattern with "until" */
	SENSITIVE_PHRASE_MAX = 128        /* characters of a known phrase */
};

/* Does the text end in a known phrase? Its length in characters (the longest one), or 0. Unicode code points, as typed. */
typedef int sensitive_phrase(void *user, const uint32_t *text, int length);

struct sensitive_bits { uint64_t word[SENSITIVE_WIDTH_MAX / 64]; };

/* A pattern that was begun: how far it may be. */
struct sensitive_begun {
	struct sensitive_bits at, gap;    /* behind which of its characters; the same with one gap after that */
	uint16_t start;                   /* index in the stretch */
	uint8_t pattern;
	bool found;                       /* is, or lies in, a whole one with an end behind it: unfinished, it does not count */
};

struct sensitive_machine {
	struct sensitive_bits body[SENSITIVE_PARTS_MAX], leave[SENSITIVE_PARTS_MAX], gap_from[SENSITIVE_PARTS_MAX];
	struct sensitive_bits inner;      /* positions that another one of the same part follows */
	struct sensitive_bits strong;
	uint8_t first[SENSITIVE_PARTS_MAX];
};

struct sensitive_range { uint32_t first, last; };

struct sensitive {
	const struct sensitive_rules *rules;
	sensitive_phrase *is_phrase;
	void *user;
	int longest;                      /* of the known phrases; 0: there are none */
	struct sensitive_machine machine[SENSITIVE_PATTERNS_MAX];

	uint32_t point[SENSITIVE_STRETCH]; /* the stretch: code points, */
	uint32_t press[SENSITIVE_STRETCH]; /* the presses that made them, */
	int64_t when[SENSITIVE_STRETCH];
	uint8_t seen[SENSITIVE_STRETCH];  /* as patterns see them, */
	bool fresh[SENSITIVE_STRETCH];    /* and: something was erased just before, so that anything may begin here */
	int length;
	bool erased;                      /* since the last character */
	uint32_t begin;                   /* the first press of the stretch; 0: there is none yet */
	uint32_t newest;                  /* press */
	int64_t newest_us;

	struct sensitive_begun begun[SENSITIVE_BEGUN];
	int begun_count;
	int following;                    /* the pattern that ends it; -1: nothing is followed */
	int follow_left;

	uint32_t hold_from;               /* presses from this one on are held; 0: none */
	uint32_t decided;                 /* presses up to this one are not held any more */
	uint32_t linger_from;             /* 0: nothing lingers */
	int64_t linger_us, linger_until_us; /* since when, until when */
	struct sensitive_range range[SENSITIVE_RANGES];
	int ranges;
};

/* rules must outlive s; NULL: no patterns. is_phrase may be NULL; longest: characters of the longest phrase, at most
 * SENSITIVE_PHRASE_MAX. */
void sensitive_init(struct sensitive *s, const struct sensitive_rules *rules, sensitive_phrase *is_phrase, void *user, int longest);
/* One press or repeat, in the order typed. press: 1.., growing; in->text is what it produced. */
void sensitive_key(struct sensitive *s, uint32_t press, int64_t mono_us, const struct raw_input *in);
/* A click, a change of window or field: the stretch ends before what comes. */
void sensitive_break(struct sensitive *s);
/* Presses first..last (with all between) must be masked now. Call until false, before anything is released at now_us. */
bool sensitive_match(struct sensitive *s, int64_t now_us, uint32_t *first, uint32_t *last);
/* Must this press wait yet? */
bool sensitive_holds(const struct sensitive *s, uint32_t press, int64_t now_us);
/* When a hold ends without further input: then call sensitive_match and release. INT64_MAX: nothing is held. */
int64_t sensitive_deadline(const struct sensitive *s);
/* Forgets and wipes all that was typed, and what waits to be masked; the stretch begins anew. */
void sensitive_forget(struct sensitive *s);

#endif
