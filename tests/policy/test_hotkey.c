/* SPDX-License-Identifier: Apache-2.0 */
/* A chord is pressed when its key goes down while exactly its modifiers are held; once for each press. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/input-event-codes.h>

#include "../../agent/policy/hotkey.h"

static bool key(struct hotkey *h, int code, enum key_action action)
{
	struct raw_input in = { .code = (int16_t)code, .action = (uint8_t)action };
	return hotkey_key(h, &in);
}

static struct hotkey make(unsigned modifiers, int code)
{
	struct hotkey h;
	struct hotkey_chord chord = { .modifiers = (uint8_t)modifiers, .code = (int16_t)code };
	hotkey_init(&h, &chord);
	return h;
}

static void any_side_and_order(void **state)
{
	static const int ctrl[] = { KEY_LEFTCTRL, KEY_RIGHTCTRL }, alt[] = { KEY_LEFTALT, KEY_RIGHTALT };
	(void)state;
	struct hotkey h = make(CHORD_CTRL | CHORD_ALT, KEY_P);
	for (int i = 0; i < 8; i++) {
		int first = i & 4 ? ctrl[i & 1] : alt[i >> 1 & 1], second = i & 4 ? alt[i >> 1 & 1] : ctrl[i & 1];
		assert_false(key(&h, first, KEY_PRESS));
		assert_false(key(&h, second, KEY_PRESS));
		assert_true(key(&h, KEY_P, KEY_PRESS));
		assert_false(key(&h, KEY_P, KEY_RELEASE));
		assert_false(key(&h, second, KEY_RELEASE));
		assert_false(key(&h, first, KEY_RELEASE));
	}
	/* Both sides at once are one; letting go of one leaves the other. */
	key(&h, KEY_LEFTCTRL, KEY_PRESS);
	key(&h, KEY_RIGHTCTRL, KEY_PRESS);
	key(&h, KEY_LEFTALT, KEY_PRESS);
	key(&h, KEY_LEFTCTRL, KEY_RELEASE);
	assert_true(key(&h, KEY_P, KEY_PRESS));
}

static void repetition_is_no_press(void **state)
{
	(void)state;
	struct hotkey h = make(CHORD_SUPER, KEY_F12);
	key(&h, KEY_LEFTMETA, KEY_PRESS);
	assert_true(key(&h, KEY_F12, KEY_PRESS));
	for (int i = 0; i < 3; i++) {
		assert_false(key(&h, KEY_F12, KEY_REPEAT));
		/* As a source without a word for it would say it. */
		assert_false(key(&h, KEY_F12, KEY_PRESS));
		assert_false(key(&h, KEY_LEFTMETA, KEY_REPEAT));
	}
	assert_false(key(&h, KEY_F12, KEY_RELEASE));
	assert_true(key(&h, KEY_F12, KEY_PRESS));
}

static void neither_more_nor_less(void **state)
{
	(void)state;
	struct hotkey h = make(CHORD_CTRL | CHORD_SHIFT, KEY_P);
	assert_false(key(&h, KEY_P, KEY_PRESS));
	/* Held already when the modifiers come: no press of the chord. */
	key(&h, KEY_LEFTCTRL, KEY_PRESS);
	key(&h, KEY_LEFTSHIFT, KEY_PRESS);
	assert_false(key(&h, KEY_P, KEY_REPEAT));
	assert_false(key(&h, KEY_P, KEY_RELEASE));
	assert_false(key(&h, KEY_Q, KEY_PRESS));
	key(&h, KEY_LEFTALT, KEY_PRESS);
	assert_false(key(&h, KEY_P, KEY_PRESS));
	key(&h, KEY_P, KEY_RELEASE);
	key(&h, KEY_LEFTALT, KEY_RELEASE);
	assert_true(key(&h, KEY_P, KEY_PRESS));
	key(&h, KEY_P, KEY_RELEASE);
	key(&h, KEY_LEFTSHIFT, KEY_RELEASE);
	assert_false(key(&h, KEY_P, KEY_PRESS));
}

static void none_and_single(void **state)
{
	(void)state;
	struct hotkey none = make(0, 0), single = make(0, KEY_PAUSE);
	assert_false(key(&none, 0, KEY_PRESS));
	assert_false(key(&none, KEY_PAUSE, KEY_PRESS));
	assert_true(key(&single, KEY_PAUSE, KEY_PRESS));
	key(&single, KEY_PAUSE, KEY_RELEASE);
	key(&single, KEY_LEFTSHIFT, KEY_PRESS);
	assert_false(key(&single, KEY_PAUSE, KEY_PRESS));
}

static void forgets(void **state)
{
	(void)state;
	struct hotkey h = make(CHORD_CTRL, KEY_P);
	key(&h, KEY_LEFTCTRL, KEY_PRESS);
	assert_true(key(&h, KEY_P, KEY_PRESS));
	/* Both releases were lost. */
	hotkey_forget(&h);
	assert_false(key(&h, KEY_P, KEY_PRESS));
	key(&h, KEY_P, KEY_RELEASE);
	key(&h, KEY_RIGHTCTRL, KEY_PRESS);
	assert_true(key(&h, KEY_P, KEY_PRESS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_side_and_order), cmocka_unit_test(repetition_is_no_press),
		cmocka_unit_test(neither_more_nor_less), cmocka_unit_test(none_and_single), cmocka_unit_test(forgets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
