/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 32 secret bytes under a passphrase, as one line of text in an identity and in a recipient's file:
 *
 *   argon2id OPSLIMIT MEMLIMIT_KIB SALT NONCE BOX          (SALT, NONCE and BOX as hex)
 *
 * BOX is crypto_secretbox under crypto_pwhash(ARGON2ID13). New ones are made with libsodium's "moderate": 3 passes over 256 MiB, 0.4 s of
 * one core where it was measured. A guess costs whoever stole the file as much: five random words stand, a word with a year does not.
 */
#ifndef ASSENT_PASSBOX_H
#define ASSENT_PASSBOX_H

#include <stddef.h>
#include <stdint.h>

enum {
	PASSBOX_SECRET = 32,
	PASSBOX_PASSES = 3, PASSBOX_KIB = 256 * 1024,
	/* What is taken from a file: one that was tampered with must not take all memory, or the whole day. */
	PASSBOX_PASSES_MAX = 16, PASSBOX_KIB_MIN = 8, PASSBOX_KIB_MAX = 1024 * 1024,
	PASSBOX_TEXT = 9 + 3 + 8 + 2 * (16 + 24 + 48) + 2 + 1
};

struct passbox {
	uint32_t passes, kib;
	uint8_t salt[16], nonce[24], box[48];
};

/* ERROR_MEMORY: what Argon2id needs cannot be had. passphrase is any bytes but 0. */
int passbox_seal(const uint8_t secret[PASSBOX_SECRET], const char *passphrase, struct passbox *p);
/* secret is locked memory of the caller's. ERROR_DENIED: another passphrase; ERROR_MEMORY. */
int passbox_open(const struct passbox *p, const char *passphrase, uint8_t secret[PASSBOX_SECRET]);

/* Takes it from the beginning of text, and returns what follows; NULL: it is none. One box has one text. */
const char *passbox_parse(const char *text, struct passbox *p);
void passbox_format(const struct passbox *p, char out[PASSBOX_TEXT]);

#endif
