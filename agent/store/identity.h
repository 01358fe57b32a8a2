/* SPDX-License-Identifier: Apache-2.0 */
/* The participant's secret (data/identity, 0600, 32 random bytes as hex), and the pseudonyms made of it. */
#ifndef ASSENT_IDENTITY_H
#define ASSENT_IDENTITY_H

#include <stdint.h>

/* Makes the file if it is missing. ERROR_IO, ERROR_INVALID (not ours, wrong mode, damaged). */
int identity_ensure(const char *path);
/* Keyed BLAKE2b of the study's id under the secret: 16 bytes as hex. The same person differs between studies. */
int identity_pseudonym(const char *path, const char *study, char out[33]);
/* The key of the edges of spans (base/jitter.h): made of the same secret, in a context of its own. */
int identity_jitter_key(const char *path, uint8_t out[16]);

#endif
