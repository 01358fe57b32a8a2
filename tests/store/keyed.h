/* SPDX-License-Identifier: Apache-2.0 */
/* Key files for segments that a test makes itself. */
#ifndef ASSENT_TEST_KEYED_H
#define ASSENT_TEST_KEYED_H

#include "../../agent/store/keyring.h"

/* Makes a key and puts FOLDER/SEGMENT.key in place, sealed to this participant: as the writer does. 0, or an error. */
int keyed_make(const char *folder, const struct segment_meta *meta, const uint8_t participant[32], uint8_t key[SEGMENT_KEY]);
/* The public key of FOLDER/identity, which is made if it is missing. 0, or an error. */
int keyed_participant(const char *folder, uint8_t participant[32]);
/* A keyring with it. NULL: there is none. */
struct keyring *keyed_ring(const char *folder);

#endif
