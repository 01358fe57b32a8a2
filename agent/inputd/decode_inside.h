/* SPDX-License-Identifier: Apache-2.0 */
/* What decode.c and decode_learn.c share. */
#ifndef ASSENT_DECODE_INSIDE_H
#define ASSENT_DECODE_INSIDE_H

#include "decode.h"

/* Of the codes of EV_KEY: what is a key, what is a button (else it is a tool, or of a game's device). */
bool decode_is_key(unsigned code);
bool decode_is_button(unsigned code);
/* A position on an axis (0: x, 1: y), in 1/256 unit. */
int64_t decode_scaled(const struct decode *d, unsigned axis, int value);
/* A key or button is down: its class, and its place. */
void decode_hold(struct decode *d, unsigned code);

#endif
