/* SPDX-License-Identifier: Apache-2.0 */
#include "keyclass.h"

#include <linux/input-event-codes.h>

static bool is_letter(int code)
{
	return (code >= KEY_Q && code <= KEY_P) || (code >= KEY_A && code <= KEY_L) || (code >= KEY_Z && code <= KEY_M);
}

/* The digits of the keypad, and its point. */
static enum key_class keypad(int code, bool digits)
{
	if (code == KEY_KPDOT)
		return digits ? CLASS_PUNCTUATION : CLASS_ERASE;
	return digits ? CLASS_DIGIT : CLASS_NAVIGATION;
}

enum key_class keyclass(int code, bool shift, bool numlock)
{
	if (is_letter(code))
		return CLASS_LETTER;
	if (code >= KEY_1 && code <= KEY_0)
		return shift ? CLASS_PUNCTUATION : CLASS_DIGIT;
	switch (code) {
	case KEY_MINUS: case KEY_EQUAL: case KEY_LEFTBRACE: case KEY_RIGHTBRACE: case KEY_SEMICOLON: case KEY_APOSTROPHE:
	case KEY_GRAVE: case KEY_BACKSLASH: case KEY_COMMA: case KEY_DOT: case KEY_SLASH: case KEY_102ND:
	case KEY_KPASTERISK: case KEY_KPMINUS: case KEY_KPPLUS: case KEY_KPSLASH: case KEY_KPEQUAL: case KEY_KPCOMMA:
	case KEY_KPLEFTPAREN: case KEY_KPRIGHTPAREN: case KEY_RO: case KEY_YEN: case KEY_KPJPCOMMA: case KEY_KPPLUSMINUS:
		return CLASS_PUNCTUATION;
	case KEY_KP0: case KEY_KP1: case KEY_KP2: case KEY_KP3: case KEY_KP4: case KEY_KP5: case KEY_KP6: case KEY_KP7:
	case KEY_KP8: case KEY_KP9: case KEY_KPDOT:
		return keypad(code, numlock && !shift);
	case KEY_SPACE:
		return CLASS_SPACE;
	case KEY_ENTER: case KEY_KPENTER: case KEY_LINEFEED:
		return CLASS_ENTER;
	case KEY_BACKSPACE: case KEY_DELETE:
		return CLASS_ERASE;
	case KEY_ESC: case KEY_TAB: case KEY_INSERT: case KEY_HOME: case KEY_UP: case KEY_PAGEUP: case KEY_LEFT: case KEY_RIGHT:
	case KEY_END: case KEY_DOWN: case KEY_PAGEDOWN:
		return CLASS_NAVIGATION;
	case KEY_LEFTCTRL: case KEY_RIGHTCTRL: case KEY_LEFTSHIFT: case KEY_RIGHTSHIFT: case KEY_LEFTALT: case KEY_RIGHTALT:
	case KEY_LEFTMETA: case KEY_RIGHTMETA: case KEY_CAPSLOCK: case KEY_NUMLOCK: case KEY_SCROLLLOCK: case KEY_FN:
		return CLASS_MODIFIER;
	case KEY_RESERVED: case KEY_UNKNOWN: case KEY_ZENKAKUHANKAKU: case KEY_KATAKANA: case KEY_HIRAGANA: case KEY_HENKAN:
	case KEY_KATAKANAHIRAGANA: case KEY_MUHENKAN: case KEY_HANGEUL: case KEY_HANJA:
		return CLASS_OTHER;
	default:
		/* Function keys, and those of media and power. */
		return CLASS_FUNCTION;
	}
}
