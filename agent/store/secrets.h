/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phrases that must never be recorded wherever they are typed (`assent secret add`): the file data/secrets, mode 0600.
 * The phrases are not in it. Of each it holds a label, the day it was added, its length rounded up to a multiple of 8, a salt, a hash
 * (Argon2id, 4 MiB, 4 passes, of a BLAKE2b hash under the file's random key) and 8 bits of another keyed hash, by which capture
 * finds out without Argon2id that most of what is typed is not the phrase. Capitals count as their small letters (Latin,
 * Greek, Cyrillic, Armenian; not the sharp s and its capital), since Caps Lock may have been on unseen.
 *
 * What the file gives to somebody who steals it: the labels; how many phrases there are and about how long each is; and
 * the means to try guesses without us. The 8 bits sort out 255 of 256 wrong guesses at once, so that a guess costs about
 * 12 µs of one core (80,000 a second): a passphrase of several random words stands, a word of a dictionary or a
 * password that is used elsewhere and was leaked there does not, and which of its letters are capitals does not help it. The file's key lies in the file: it only makes tables that were
 * computed ahead useless. Whoever can read it can, as a rule, read keys from the X server as well.
 */
#ifndef ASSENT_SECRETS_H
#define ASSENT_SECRETS_H

#include <stddef.h>
#include <stdint.h>

enum {
	SECRETS_MAX = 16,
	SECRETS_LABEL_MAX = 40,           /* bytes of UTF-8 */
	SECRETS_SHORTEST = 6,             /* characters; shorter ones are parts of ordinary words, and guessed at once */
	SECRETS_LONGEST = 128,
	SECRETS_BUCKET = 8
};

struct secret {
	char label[SECRETS_LABEL_MAX + 1];
	int64_t added_us;                 /* UTC, a whole day */
	uint8_t bucket;                   /* it has 8 * bucket characters, or up to 7 less */
	uint8_t filter;
	uint8_t salt[16], hash[32];
};

struct secrets {
	uint8_t key[32];
	int count;
	struct secret secret[SECRETS_MAX];
};

/* No file: none (0). ERROR_DENIED: it is not ours, or open to others (remedy: chmod 600). ERROR_INVALID: its text is
 * damaged. ERROR_LIMIT, ERROR_IO. On any error *s is empty, and nothing may be recorded: a phrase may be missing. */
int secrets_load(const char *path, struct secrets *s);
/* The same of bytes. */
int secrets_parse(const char *text, size_t length, struct secrets *s);
/* Adds one: length code points, as typed. The label must be new, printable and not empty (ERROR_INVALID); ERROR_LIMIT: there
 * are SECRETS_MAX, or it is too short or too long; else as secrets_load, and what atomic_write says. */
int secrets_add(const char *path, const char *label, const uint32_t *phrase, int length);
/* ERROR_GONE: there is none of that label. */
int secrets_remove(const char *path, const char *label);

/* Characters of the longest, rounded up; 0: there are none. */
int secrets_longest(const struct secrets *s);
/* Does the text end in one of them, in whatever case? Its length, or 0 (policy/sensitive.h: sensitive_phrase; user is a struct secrets). */
int secrets_match(void *user, const uint32_t *text, int length);
/* Another value when the file says something else. */
void secrets_fingerprint(const struct secrets *s, uint8_t out[32]);
void secrets_wipe(struct secrets *s);

#endif
