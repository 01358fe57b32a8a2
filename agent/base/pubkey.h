/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X25519 keys as text that people copy: a prefix and 47 characters, base64url without padding of the 32 bytes and 3 bytes of their
 * BLAKE2b-256, so that a letter that was mistyped is noticed. One key has one text.
 */
#ifndef ASSENT_PUBKEY_H
#define ASSENT_PUBKEY_H

#include <stdint.h>

#define PUBKEY_PREFIX "assent-pub-"

enum { PUBKEY_BYTES = 32, PUBKEY_CHARACTERS = 47, PUBKEY_TEXT = 11 + PUBKEY_CHARACTERS + 1 };

/* A recipient's public key, "assent-pub-...", and nothing around it. ERROR_INVALID: it is not one, a letter is wrong, or nothing can be sealed to it
 * (a point of small order). */
int pubkey_parse(const char *text, uint8_t key[PUBKEY_BYTES]);
void pubkey_format(const uint8_t key[PUBKEY_BYTES], char out[PUBKEY_TEXT]);

/* The same of any 32 bytes behind any prefix; out has room for the prefix, PUBKEY_CHARACTERS and a 0. */
int pubkey_decode(const char *prefix, const char *text, uint8_t key[PUBKEY_BYTES]);
void pubkey_encode(const char *prefix, const uint8_t key[PUBKEY_BYTES], char *out);

#endif
