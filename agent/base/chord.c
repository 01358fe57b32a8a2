/* SPDX-License-Identifier: Apache-2.0 */
#include "chord.h"

#include <linux/input-event-codes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../error.h"

static const char *const modifiers[] = { "ctrl", "alt", "shift", "super" }; /* in the order of CHORD_* */
enum { MODIFIERS = sizeof modifiers / sizeof modifiers[0] };

/* types: on its own, or with Shift, it writes or moves something: not to be taken away from people. */
#define TYPES(name, key) { name, KEY_##key, true }
#define FREE(name, key) { name, KEY_##key, false }

static const struct { const char *name; int16_t code; bool types; } keys[] = {
	TYPES("1", 1), TYPES("2", 2), TYPES("3", 3), TYPES("4", 4), TYPES("5", 5), TYPES("6", 6), TYPES("7", 7), TYPES("8", 8),
	TYPES("9", 9), TYPES("0", 0), TYPES("q", Q), TYPES("w", W), TYPES("e", E), TYPES("r", R), TYPES("t", T), TYPES("y", Y),
	TYPES("u", U), TYPES("i", I), TYPES("o", O), TYPES("p", P), TYPES("a", A), TYPES("s", S), TYPES("d", D), TYPES("f", F),
	TYPES("g", G), TYPES("h", H), TYPES("j", J), TYPES("k", K), TYPES("l", L), TYPES("z", Z), TYPES("x", X), TYPES("c", C),
	TYPES("v", V), TYPES("b", B), TYPES("n", N), TYPES("m", M), TYPES("minus", MINUS), TYPES("equal", EQUAL),
	TYPES("leftbrace", LEFTBRACE), TYPES("rightbrace", RIGHTBRACE), TYPES("semicolon", SEMICOLON),
	TYPES("apostrophe", APOSTROPHE), TYPES("grave", GRAVE), TYPES("backslash", BACKSLASH), TYPES("comma", COMMA),
	TYPES("dot", DOT), TYPES("slash", SLASH), TYPES("102nd", 102ND), TYPES("space", SPACE), TYPES("tab", TAB),
	TYPES("enter", ENTER), TYPES("backspace", BACKSPACE), TYPES("esc", ESC), TYPES("home", HOME), TYPES("end", END),
	TYPES("up", UP), TYPES("down", DOWN), TYPES("left", LEFT), TYPES("right", RIGHT), TYPES("pageup", PAGEUP),
	TYPES("pagedown", PAGEDOWN), TYPES("insert", INSERT), TYPES("delete", DELETE),
	FREE("f1", F1), FREE("f2", F2), FREE("f3", F3), FREE("f4", F4), FREE("f5", F5), FREE("f6", F6), FREE("f7", F7),
	FREE("f8", F8), FREE("f9", F9), FREE("f10", F10), FREE("f11", F11), FREE("f12", F12), FREE("f13", F13), FREE("f14", F14),
	FREE("f15", F15), FREE("f16", F16), FREE("f17", F17), FREE("f18", F18), FREE("f19", F19), FREE("f20", F20),
	FREE("f21", F21), FREE("f22", F22), FREE("f23", F23), FREE("f24", F24), FREE("pause", PAUSE),
	FREE("scrolllock", SCROLLLOCK), FREE("sysrq", SYSRQ), FREE("compose", COMPOSE), FREE("menu", MENU),
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static int find_key(const char *name)
{
	for (int i = 0; i < KEYS; i++)
		if (strcasecmp(keys[i].name, name) == 0)
			return i;
	return -1;
}

static int find_modifier(const char *name)
{
	for (int i = 0; i < MODIFIERS; i++)
		if (strcasecmp(modifiers[i], name) == 0)
			return i;
	return -1;
}

int chord_read(const struct config *c, const struct config_node *node, struct hotkey_chord *chord, struct config_error *error)
{
	struct hotkey_chord found = { 0 };
	char text[96];
	int key = -1;
	if (!node)
		return 0;
	int r = config_text(c, node, text, sizeof text, error);
	if (r)
		return r;
	if (strcmp(text, "none") == 0) {
		*chord = found;
		return 0;
	}
	for (char *at = text, *next; at; at = next) {
		next = strchr(at, '+');
		if (next)
			*next++ = 0;
		int modifier = find_modifier(at);
		if (modifier >= 0) {
			if (found.modifiers & 1 << modifier)
				return config_complain(c, node, error, "names %s twice", modifiers[modifier]);
			found.modifiers |= (uint8_t)(1 << modifier);
			continue;
		}
		if (key >= 0)
			return config_complain(c, node, error, "must have one key beside ctrl, alt, shift and super "
					       "(ctrl+alt+shift+p)");
		key = find_key(at);
		if (key < 0)
			return config_complain(c, node, error, "there is no key \"%.24s\" (ctrl, alt, shift, super, and one of "
					       "a-z, 0-9, f1-f24, pause, scrolllock, insert, ...; joined by +)", at);
	}
	if (key < 0)
		return config_complain(c, node, error, "needs a key beside the modifiers (ctrl+alt+shift+p)");
	if (keys[key].types && !(found.modifiers & ~CHORD_SHIFT))
		return config_complain(c, node, error, "%s is typed by itself: add ctrl, alt or super (ctrl+alt+shift+%s)",
				       keys[key].name, keys[key].name);
	found.code = keys[key].code;
	*chord = found;
	return 0;
}
