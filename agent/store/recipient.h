/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recipient's keys. Public: "assent-pub-" and 47 characters (base64url without padding of the 32 bytes of an X25519 key and 3
 * bytes of its BLAKE2b-256, so that a letter that was mistyped is noticed). It stands in the study's manifest. Secret: a file of
 * mode 0600 as people know it from age:
 *
 *   # assent recipient key. Whoever has this file can read what was released to it.
 *   # created: 2026-05-01T12:34:56Z
 *   # public key: assent-pub-...
 *   assent-secret-...              written the same way
 *
 * Under a passphrase the last line is "sealed: argon2id ..." (store/passbox.h), and before it stands "public: assent-pub-...". Other lines that
 * begin with # may be anywhere; if one names the public key, it must be the right one.
 */
#ifndef ASSENT_RECIPIENT_H
#define ASSENT_RECIPIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/pubkey.h"

enum { RECIPIENT_KEY = PUBKEY_BYTES, RECIPIENT_TEXT = PUBKEY_TEXT, RECIPIENT_ID = 17 };

/* "assent-pub-..." (base/pubkey.h). ERROR_INVALID. */
int recipient_parse(const char *text, uint8_t out[RECIPIENT_KEY]);
void recipient_format(const uint8_t key[RECIPIENT_KEY], char out[RECIPIENT_TEXT]);
/* 16 hex digits that name a public key: the first 8 bytes of its BLAKE2b-256. */
void recipient_id(const uint8_t key[RECIPIENT_KEY], char out[RECIPIENT_ID]);

/* Makes a pair and writes its file (which must not exist: ERROR_IO with EEXIST). passphrase: NULL = none. ERROR_MEMORY. */
int recipient_generate(const char *path, const char *passphrase, uint8_t public_key[RECIPIENT_KEY]);
/* Reads a secret key's file into locked memory of the caller's. *sealed: it needs a passphrase (then ERROR_DENIED if that is NULL or
 * another; public_key is filled in all the same). secret: may be NULL, to know the public key only. ERROR_IO; ERROR_INVALID, and *what (may be NULL)
 * says for people what is wrong (others may read it, damaged, ...); ERROR_MEMORY. */
int recipient_load(const char *path, const char *passphrase, uint8_t secret[RECIPIENT_KEY], uint8_t public_key[RECIPIENT_KEY], bool *sealed,
	const char **what);
/* The same of its text. */
int recipient_read(const char *text, const char *passphrase, uint8_t secret[RECIPIENT_KEY], uint8_t public_key[RECIPIENT_KEY], bool *sealed,
	const char **what);

#endif
