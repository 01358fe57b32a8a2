/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sensitive text looks like, as data: written by people in YAML (config/sensitive.yaml explains the language),
 * read by base/patterns.c, used by policy/sensitive.c. Like limits.h, a word that both rooms share.
 *
 * A pattern is a chain of parts, one after the other, without alternatives or nesting: what it costs to follow is
 * bounded by its width, whatever is typed.
 */
#ifndef ASSENT_SENSITIVE_RULES_H
#define ASSENT_SENSITIVE_RULES_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SENSITIVE_PATTERNS_MAX = 48,      /* ends ("until") count, too */
	SENSITIVE_PARTS_MAX = 12,
	SENSITIVE_TEXT_MAX = 31,          /* characters of a part that is a text */
	SENSITIVE_WIDTH_MAX = 192,        /* characters of a pattern, without what stands between them */
	SENSITIVE_NAME_MAX = 63
};

/* Characters as patterns see them: ASCII, letters in upper case; digits, spaces and hyphens of other scripts as those of
 * ASCII; and of the rest only this. */
enum { SENSITIVE_LETTER = 128, SENSITIVE_SIGN = 129, SENSITIVE_CHARACTERS = 130 };

struct sensitive_set { uint64_t bits[3]; };

static inline bool sensitive_set_has(const struct sensitive_set *set, unsigned c)
{
	return set->bits[c / 64] >> c % 64 & 1;
}

static inline void sensitive_set_add(struct sensitive_set *set, unsigned c)
{
	set->bits[c / 64] |= UINT64_C(1) << c % 64;
}

struct sensitive_part {
	struct sensitive_set chars;       /* of a text: unused */
	struct sensitive_set gap;         /* one of these may stand before each of its characters, but before the pattern's first */
	uint8_t min, max;                 /* how many characters; of a text both are its length */
	uint8_t strong;                   /* from so many of its characters on, an unfinished stretch counts as one; 0: never */
	char text[SENSITIVE_TEXT_MAX + 1]; /* in upper case; empty: chars holds */
};

/* The order is that of their names in base/patterns.c. */
enum sensitive_check {
	SENSITIVE_ANY,                    /* nothing to compute */
	SENSITIVE_LUHN,                   /* payment cards */
	SENSITIVE_MOD97,                  /* IBAN: ISO 7064 MOD 97-10, first four characters to the end */
	SENSITIVE_ISO7064,                /* MOD 11,10: the German tax id */
	SENSITIVE_SSN,                    /* numbers that a US SSN or ITIN can have */
	SENSITIVE_WEIGHTS731,             /* identity cards and passports: ICAO 9303 */
	SENSITIVE_MIXED                   /* at least one digit and one letter */
};

struct sensitive_pattern {
	char name[SENSITIVE_NAME_MAX + 1];
	int parts;                        /* at least 1; the first and the last have min >= 1 */
	struct sensitive_part part[SENSITIVE_PARTS_MAX];
	struct sensitive_set no_before, no_after; /* none of these directly before it, or behind it */
	enum sensitive_check check;
	int until;                        /* the pattern that ends what follows it; -1: nothing that follows belongs to it */
	bool is_end;                      /* is such an end, and nothing by itself */
};

struct sensitive_rules {
	int patterns;
	struct sensitive_pattern pattern[SENSITIVE_PATTERNS_MAX];
};

#endif
