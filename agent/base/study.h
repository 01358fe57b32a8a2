/* SPDX-License-Identifier: Apache-2.0 */
/* The study manifest (DESIGN: "The study manifest"), its schema check, and what may be captured by it. */
#ifndef ASSENT_STUDY_H
#define ASSENT_STUDY_H

#include "config.h"
#include "../limits.h"

enum { STUDY_PURPOSES_MAX = 16, STUDY_RECIPIENTS_MAX = 16, STUDY_LANGUAGES_MAX = 16 };

struct translated { char language[STUDY_LANGUAGES_MAX][12]; char *text[STUDY_LANGUAGES_MAX]; int count; };

struct purpose {
	char id[65];
	char category[40];
	struct translated text;
	int recipients;
	char recipient[STUDY_RECIPIENTS_MAX][128];
};

struct study {
	char id[65];
	struct translated title, notice;
	char controller_name[256], controller_address[512], controller_contact[256], controller_authority[256];
	char jurisdiction[64];
	int purposes;
	struct purpose purpose[STUDY_PURPOSES_MAX];
	struct limits capture;           /* retention included */
	int64_t consent_valid_us;
	int64_t review_us;               /* -1: manual */
	char recipient_key[128];
	char ethics[256], impact_assessment[256], works_agreement[256];
	uint8_t hash[32];                /* BLAKE2b-256 of the canonical form (study_canonical) */
	uint8_t terms_hash[32];          /* of the terms alone: what a decision is about. The same: a mere correction, the decision stays */
};

/* Reads and checks a manifest. ERROR_INVALID, ERROR_LIMIT, ERROR_IO, ERROR_MEMORY; error->text says file, line, field, remedy. */
int study_load(const char *path, struct study **study, struct config_error *error);
int study_parse(const char *name, const char *text, size_t length, struct study **study, struct config_error *error);
void study_free(struct study *s);

/* The text for the locale (LC_ALL, LC_MESSAGES, LANG), else English, else the first. */
const char *study_text(const struct translated *t);
/* The language that a study is read in here: of its notice, the locale's, else English, else the first. Title and purposes have it too. */
const char *study_language(const struct study *s);
/* The text in that language (as far as it goes: de of de-AT, too), else as study_text. */
const char *study_text_in(const struct translated *t, const char *language);

/*
 * What a manifest says, whatever its file looks like: comments, quotes, the order of keys, of applications and of recipients are not in it;
 * what the manifest leaves out is in it with its default. Normative text: include/assent/MANIFEST.md. terms: only what a decision is about. To a
 * malloc'ed string of *length bytes. ERROR_MEMORY.
 */
int study_canonical(const struct study *s, bool terms, char **text, size_t *length);

#endif
