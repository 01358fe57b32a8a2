/* SPDX-License-Identifier: Apache-2.0 */
/* Was the participant's hotkey pressed? Looks at physical keys, so that it works in any layout and during any grab. */
#ifndef ASSENT_HOTKEY_H
#define ASSENT_HOTKEY_H

#include "../event.h"
#include "../limits.h"

struct hotkey {
	struct hotkey_chord chord;
	uint8_t held;            /* modifier keys that are down, one bit for each of left and right */
	bool down;               /* the chord's key is: its repetition is no new press */
};

/* A chord of code 0 is never pressed. */
void hotkey_init(struct hotkey *h, const struct hotkey_chord *chord);
/* Takes every RAW_KEY, in order. True when the chord's key goes down while exactly its modifiers are held. */
bool hotkey_key(struct hotkey *h, const struct raw_input *in);
/* Keys were lost: nothing is known to be held. */
void hotkey_forget(struct hotkey *h);

#endif
