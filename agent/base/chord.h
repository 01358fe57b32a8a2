/* SPDX-License-Identifier: Apache-2.0 */
/* A hotkey as it is written in a configuration: "ctrl+alt+shift+p". */
#ifndef ASSENT_CHORD_H
#define ASSENT_CHORD_H

#include "../limits.h"
#include "config.h"

/* Modifiers (ctrl alt shift super) and one key, named as its KEY_* is, joined by +; "none" is no chord. A key that types
 * something needs ctrl, alt or super beside it. node may be NULL: *chord is left as it was. ERROR_INVALID, and the message. */
int chord_read(const struct config *c, const struct config_node *node, struct hotkey_chord *chord, struct config_error *error);

#endif
