/* SPDX-License-Identifier: Apache-2.0 */
/* The secret keys that a reader has: the participant's own, or recipients'. In locked memory. */
#ifndef ASSENT_KEYRING_H
#define ASSENT_KEYRING_H

#include "keyfile.h"

enum { KEYRING_MAX = 16 };

struct keyring;

/* ERROR_MEMORY: also when memory cannot be locked. */
int keyring_new(struct keyring **keyring);
void keyring_free(struct keyring *k);
/* ERROR_DENIED: the identity is not open; ERROR_LIMIT. */
int keyring_add_identity(struct keyring *k, const struct identity *identity);
int keyring_add_recipient(struct keyring *k, const uint8_t secret[32], const uint8_t public_key[32]);
/* The key of the segment at path (a .seg or .part), by the key file beside it, which it also fills in (may be NULL).
 * ERROR_GONE: there is no key file (erased: nobody can read it); ERROR_DENIED: sealed to others; ERROR_INVALID: damaged, *what; ERROR_IO. */
int keyring_segment(const struct keyring *k, const char *path, uint8_t key[SEGMENT_KEY], struct keyfile *file, const char **what);

#endif
