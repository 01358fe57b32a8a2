/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A number that looks like chance to whoever has not the key, and is the same each time for who has it: so that a span's
 * edges are not on a grid that everyone knows, and yet asking twice (a replay, two spans at one place) tells nothing more.
 */
#ifndef ASSENT_JITTER_H
#define ASSENT_JITTER_H

#include <stdint.h>

enum { JITTER_KEY = 16, JITTER_RANGE_US = 1000000 };

struct jitter { uint8_t key[JITTER_KEY]; };      /* identity_jitter_key() makes it */

/* 0 .. JITTER_RANGE_US - 1 of what, evenly. jitter: a const struct jitter, as void * since it is handed on as a callback. */
int64_t jitter_us(void *jitter, uint64_t what);

#endif
