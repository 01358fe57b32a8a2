/* SPDX-License-Identifier: Apache-2.0 */
/* Class and text of a key under the layout in force (libxkbcommon). Follows the server's own state where it is told. */
#ifndef ASSENT_KEYMAP_H
#define ASSENT_KEYMAP_H

#include <xkbcommon/xkbcommon.h>

#include "../event.h"

struct keymap;

/* Takes its own reference of both. compose: dead keys and Compose by the user's locale. */
int keymap_new(struct xkb_keymap *xkb, struct xkb_state *state, bool compose, struct keymap **keymap);
void keymap_free(struct keymap *k);
/* The layout itself changed: another map and state, the same compose table. */
int keymap_replace(struct keymap *k, struct xkb_keymap *xkb, struct xkb_state *state);
/* Fills key_class, chord and text of input (its code and action are set), and follows modifiers. */
void keymap_key(struct keymap *k, struct raw_input *input);
/* The server's state changed (XkbStateNotify): masks and groups as the protocol has them. */
void keymap_state(struct keymap *k, uint32_t depressed, uint32_t latched, uint32_t locked,
		  uint32_t group_depressed, uint32_t group_latched, uint32_t group_locked);
/* Of the modifiers, those that are locked (Caps Lock, Num Lock): a mask of the real ones, which are the same in every map. */
uint32_t keymap_locked(const struct keymap *k);
/* Name of the layout in force, e.g. "German", at most EVENT_TEXT_MAX bytes of UTF-8. Never NULL. */
const char *keymap_name(const struct keymap *k);

#endif
