/* SPDX-License-Identifier: Apache-2.0 */
#include "hotkey.h"

#include <linux/input-event-codes.h>
#include <string.h>

/* In pairs, left and right, in the order of CHORD_*. */
static const int16_t modifiers[] = { KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_LEFTALT, KEY_RIGHTALT, KEY_LEFTSHIFT, KEY_RIGHTSHIFT,
	KEY_LEFTMETA, KEY_RIGHTMETA };
enum { MODIFIERS = sizeof modifiers / sizeof modifiers[0] };

void hotkey_init(struct hotkey *h, const struct hotkey_chord *chord)
{
	memset(h, 0, sizeof *h);
	h->chord = *chord;
}

void hotkey_forget(struct hotkey *h)
{
	h->held = 0;
	h->down = false;
}

static uint8_t held(const struct hotkey *h)
{
	uint8_t set = 0;
	for (int i = 0; i < MODIFIERS; i++)
		if (h->held >> i & 1)
			set |= (uint8_t)(1 << i / 2);
	return set;
}

bool hotkey_key(struct hotkey *h, const struct raw_input *in)
{
	if (!h->chord.code || in->action == KEY_REPEAT)
		return false;
	bool press = in->action == KEY_PRESS;
	for (int i = 0; i < MODIFIERS; i++) {
		if (modifiers[i] != in->code)
			continue;
		uint8_t bit = (uint8_t)(1 << i);
		h->held = press ? h->held | bit : h->held & (uint8_t)~bit;
		return false;
	}
	if (in->code != h->chord.code)
		return false;
	bool again = h->down;
	h->down = press;
	/* Exactly these: a chord with one more is some application's shortcut, and must not end private mode. */
	return press && !again && held(h) == h->chord.modifiers;
}
