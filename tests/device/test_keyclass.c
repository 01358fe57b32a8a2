/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's classes of keys are those of the layout "us", which X11's source would give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/input-event-codes.h>

#include "../../agent/inputd/keyclass.h"
#include "../../agent/source/keymap.h"

static struct xkb_keymap *map;

static int find_layout(void **unused)
{
	(void)unused;
	struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
	struct xkb_rule_names names = { .rules = "evdev", .model = "pc105", .layout = "us" };
	map = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
	xkb_context_unref(context);
	return map ? 0 : -1;
}

static int drop_layout(void **unused)
{
	(void)unused;
	xkb_keymap_unref(map);
	return 0;
}

static void tap(struct keymap *k, int code)
{
	struct raw_input in = { .code = (int16_t)code, .action = KEY_PRESS };
	keymap_key(k, &in);
	in.action = KEY_RELEASE;
	keymap_key(k, &in);
}

/* Keys that this layout has no symbol for: the function is one all the same, and so are Japanese keyboards' two characters and
 * comma. Codes without a name are X11's own modifiers. */
static bool is_known_difference(int code, enum key_class theirs)
{
	return (theirs == CLASS_OTHER && (keyclass(code, false, false) == CLASS_FUNCTION || code == KEY_RO || code == KEY_YEN ||
					  code == KEY_KPJPCOMMA)) || code == 84 || (code >= 195 && code <= 199);
}

static void compare(bool shift, bool numlock)
{
	struct xkb_state *state = xkb_state_new(map);
	struct keymap *k = NULL;
	assert_int_equal(keymap_new(map, state, false, &k), 0);
	if (numlock)
		tap(k, KEY_NUMLOCK);
	if (shift)
		keymap_key(k, &(struct raw_input){ .code = KEY_LEFTSHIFT, .action = KEY_PRESS });
	for (int code = 1; code < 248; code++) {
		struct raw_input in = { .code = (int16_t)code, .action = KEY_PRESS };
		if (code == KEY_LEFTSHIFT || code == KEY_NUMLOCK)
			continue;
		keymap_key(k, &in);
		if (keyclass(code, shift, numlock) != in.key_class && !is_known_difference(code, in.key_class))
			fail_msg("key %d%s%s: %s here, %s there", code, shift ? " shift" : "", numlock ? " numlock" : "",
				 event_class_name(keyclass(code, shift, numlock)), event_class_name(in.key_class));
		in.action = KEY_RELEASE;
		keymap_key(k, &in);
		/* Caps Lock and the like: back again. */
		if (in.key_class == CLASS_MODIFIER)
			tap(k, code);
	}
	keymap_free(k);
	xkb_state_unref(state);
}

static void test_same(void **unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++)
		compare(i & 1, i & 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_same) };
	return cmocka_run_group_tests(tests, find_layout, drop_layout);
}
