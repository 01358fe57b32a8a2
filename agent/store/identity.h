/* SPDX-License-Identifier: Apache-2.0 */
/* The participant's secret (data/identity, 0600, 32 random bytes as hex), and the pseudonyms made of it. */
#ifndef ASSENT_IDENTITY_H
#define ASSENT_IDENTITY_H

/* Makes the file if it is missing. ERROR_IO, ERROR_INVALID (not ours, wrong mode, damaged). */
int identity_ensure(const char *path);
/* Keyed BLAKE2b of the study's id under the secret: 16 bytes as hex. The same person differs between studies. */
int identity_pseudonym(const char *path, const char *study, char out[33]);

#endif
