/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream cipher of a segment (libsodium's secretstream), with its state in locked memory. Each record is one message of it, and every
 * message depends on all before it: none can be dropped, doubled, moved, or taken from another segment.
 */
#ifndef ASSENT_CIPHER_H
#define ASSENT_CIPHER_H

#include <stdbool.h>

#include "record.h"

enum { CIPHER_KEY = 32, CIPHER_HEADER = 24, CIPHER_MORE = 17 /* bytes that a message has more than its content */ };

struct cipher;

/* header: stands in clear before the first message. ERROR_MEMORY: also when memory cannot be locked. */
int cipher_new_sealing(const uint8_t key[CIPHER_KEY], uint8_t header[CIPHER_HEADER], struct cipher **cipher);
int cipher_new_opening(const uint8_t key[CIPHER_KEY], const uint8_t header[CIPHER_HEADER], struct cipher **cipher);
/* Wipes it. Takes NULL. */
void cipher_free(struct cipher *c);

/* Appends a whole record with this content, padded to a multiple of step (RECORD_PAD_BYTES or _COARSE_BYTES), or nothing. prelude (or NULL): what is
 * authenticated with it besides. last: no message follows. ERROR_MEMORY, ERROR_LIMIT. content is padded in place. */
int cipher_put(struct cipher *c, uint8_t type, bool last, int64_t t_us, uint64_t n, const uint8_t *prelude, size_t step, struct bytes *content,
	struct bytes *out);
/* Replaces content by the record's, with its padding. ERROR_DENIED: by another key, at another place, or changed. ERROR_MEMORY. */
int cipher_get(struct cipher *c, const struct record *record, const uint8_t *prelude, struct bytes *content, bool *last);

#endif
