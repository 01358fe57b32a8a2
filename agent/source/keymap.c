/* SPDX-License-Identifier: Apache-2.0 */
#include "keymap.h"

#include <stdlib.h>
#include <string.h>

#include <xkbcommon/xkbcommon-compose.h>

#include "../error.h"

enum { KEYS = 256, EVDEV_OFFSET = 8 };

struct keymap {
	struct xkb_keymap *map;
	struct xkb_state *state;
	struct xkb_context *context;
	struct xkb_compose_table *table;
	struct xkb_compose_state *compose;
	xkb_mod_mask_t chord;
	uint8_t pressed_as[KEYS];        /* 1 + class at its press: the release has the same, whatever Shift does */
	char name[EVENT_TEXT_MAX + 1];
};

static enum key_class class_of_character(uint32_t u)
{
	if ((u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z'))
		return CLASS_LETTER;
	/* Also Arabic-Indic, Persian and Devanagari digits. */
	if ((u >= '0' && u <= '9') || (u >= 0x660 && u <= 0x669) || (u >= 0x6f0 && u <= 0x6f9) || (u >= 0x966 && u <= 0x96f))
		return CLASS_DIGIT;
	if (u == ' ' || u == 0xa0 || (u >= 0x2000 && u <= 0x200a) || u == 0x3000)
		return CLASS_SPACE;
	if (u < 0x20 || (u >= 0x7f && u < 0xa0))
		return CLASS_OTHER;
	if (u < 0x80 || (u < 0xc0 && u != 0xaa && u != 0xb5 && u != 0xba) || u == 0xd7 || u == 0xf7 ||
	    (u >= 0x2010 && u < 0x2c00) || (u > 0x3000 && u < 0x3040))
		return CLASS_PUNCTUATION;
	return CLASS_LETTER;
}

static bool is_dead(xkb_keysym_t s)
{
	return s >= XKB_KEY_dead_grave && s <= XKB_KEY_dead_greek;
}

static enum key_class class_of(xkb_keysym_t s)
{
	switch (s) {
	case XKB_KEY_NoSymbol:
		return CLASS_OTHER;
	case XKB_KEY_Return: case XKB_KEY_KP_Enter: case XKB_KEY_ISO_Enter: case XKB_KEY_Linefeed:
		return CLASS_ENTER;
	case XKB_KEY_BackSpace: case XKB_KEY_Delete: case XKB_KEY_KP_Delete: case XKB_KEY_Clear:
		return CLASS_ERASE;
	case XKB_KEY_KP_Space:
		return CLASS_SPACE;
	case XKB_KEY_Tab: case XKB_KEY_ISO_Left_Tab: case XKB_KEY_KP_Tab: case XKB_KEY_Escape:
	case XKB_KEY_Insert: case XKB_KEY_KP_Insert:
		return CLASS_NAVIGATION;
	case XKB_KEY_Mode_switch: case XKB_KEY_Num_Lock: case XKB_KEY_Scroll_Lock:
		return CLASS_MODIFIER;
	case XKB_KEY_Sys_Req:
		return CLASS_FUNCTION;
	default:
		break;
	}
	if ((s >= XKB_KEY_Shift_L && s <= XKB_KEY_Hyper_R) || (s >= XKB_KEY_ISO_Lock && s <= XKB_KEY_ISO_Level5_Lock))
		return CLASS_MODIFIER;
	if ((s >= XKB_KEY_Home && s <= XKB_KEY_Begin) || (s >= XKB_KEY_KP_Home && s <= XKB_KEY_KP_Begin))
		return CLASS_NAVIGATION;
	/* F keys; Print, Menu, Help, ...; Pause; media keys. */
	if ((s >= XKB_KEY_F1 && s <= XKB_KEY_F35) || (s >= XKB_KEY_KP_F1 && s <= XKB_KEY_KP_F4) ||
	    (s >= XKB_KEY_Select && s <= XKB_KEY_Break) || s == XKB_KEY_Pause ||
	    (s >= 0x10080000 && s <= 0x1008ffff) || (s >= 0x1005ff00 && s <= 0x1005ffff))
		return CLASS_FUNCTION;
	if (is_dead(s))
		return CLASS_PUNCTUATION;
	uint32_t u = xkb_keysym_to_utf32(s);
	return u ? class_of_character(u) : CLASS_OTHER;
}

static void name_layout(struct keymap *k)
{
	xkb_layout_index_t group = xkb_state_serialize_layout(k->state, XKB_STATE_LAYOUT_EFFECTIVE);
	const char *name = xkb_keymap_layout_get_name(k->map, group);

	if (!name || !name[0])
		name = "unknown";
	size_t n = strnlen(name, EVENT_TEXT_MAX + 1);
	if (n > EVENT_TEXT_MAX) {
		n = EVENT_TEXT_MAX;
		while (n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(k->name, name, n);
	k->name[n] = 0;
}

static xkb_mod_mask_t mask_of(struct xkb_keymap *map, const char *name)
{
	xkb_mod_index_t index = xkb_keymap_mod_get_index(map, name);
	return index == XKB_MOD_INVALID || index > 31 ? 0 : 1U << index;
}

int keymap_replace(struct keymap *k, struct xkb_keymap *xkb, struct xkb_state *state)
{
	xkb_keymap_ref(xkb);
	xkb_state_ref(state);
	xkb_keymap_unref(k->map);
	xkb_state_unref(k->state);
	k->map = xkb;
	k->state = state;
	k->chord = mask_of(xkb, XKB_MOD_NAME_CTRL) | mask_of(xkb, XKB_MOD_NAME_ALT) | mask_of(xkb, XKB_MOD_NAME_LOGO);
	name_layout(k);
	return 0;
}

static const char *locale_name(void)
{
	const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	for (int i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);
		if (value && value[0])
			return value;
	}
	return "C";
}

static int start_compose(struct keymap *k)
{
	k->context = xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES);
	if (!k->context)
		return ERROR_MEMORY;
	xkb_context_set_log_level(k->context, (enum xkb_log_level)0);
	k->table = xkb_compose_table_new_from_locale(k->context, locale_name(), XKB_COMPOSE_COMPILE_NO_FLAGS);
	/* A locale without a table has no dead keys; that is no error. */
	if (!k->table)
		return 0;
	k->compose = xkb_compose_state_new(k->table, XKB_COMPOSE_STATE_NO_FLAGS);
	return k->compose ? 0 : ERROR_MEMORY;
}

int keymap_new(struct xkb_keymap *xkb, struct xkb_state *state, bool compose, struct keymap **keymap)
{
	struct keymap *k = calloc(1, sizeof *k);
	int e = ERROR_MEMORY;

	if (!k)
		goto out;
	e = compose ? start_compose(k) : 0;
	if (e < 0)
		goto out;
	e = keymap_replace(k, xkb, state);
out:
	if (e < 0) {
		keymap_free(k);
		k = NULL;
	}
	*keymap = k;
	return e;
}

void keymap_free(struct keymap *k)
{
	if (!k)
		return;
	xkb_compose_state_unref(k->compose);
	xkb_compose_table_unref(k->table);
	xkb_state_unref(k->state);
	xkb_keymap_unref(k->map);
	xkb_context_unref(k->context);
	explicit_bzero(k, sizeof *k);
	free(k);
}

static bool is_printable(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	for (; *s; s++) {
		if (*s < 0x20 || *s == 0x7f || (*s == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0))
			return false;
	}
	return true;
}

/* What the press produced; nothing while a sequence of dead keys is unfinished. */
static void produce(struct keymap *k, xkb_keycode_t code, xkb_keysym_t sym, struct raw_input *input)
{
	char text[RAW_TEXT_MAX + 1] = "";
	int n = 0;

	if (k->compose && xkb_compose_state_feed(k->compose, sym) == XKB_COMPOSE_FEED_ACCEPTED) {
		switch (xkb_compose_state_get_status(k->compose)) {
		case XKB_COMPOSE_COMPOSED:
			n = xkb_compose_state_get_utf8(k->compose, text, sizeof text);
			xkb_compose_state_reset(k->compose);
			goto out;
		case XKB_COMPOSE_CANCELLED:
			xkb_compose_state_reset(k->compose);
			goto out;
		case XKB_COMPOSE_COMPOSING:
			goto out;
		case XKB_COMPOSE_NOTHING:
			break;
		}
	}
	n = xkb_state_key_get_utf8(k->state, code, text, sizeof text);
out:
	/* Longer than there is room for: not half a text. */
	if (n > 0 && n < (int)sizeof text && is_printable(text))
		memcpy(input->text, text, sizeof text);
	explicit_bzero(text, sizeof text);
}

void keymap_key(struct keymap *k, struct raw_input *input)
{
	xkb_keycode_t code = (xkb_keycode_t)(input->code + EVDEV_OFFSET);
	uint8_t *as = input->code >= 0 && input->code < KEYS ? &k->pressed_as[input->code] : NULL;
	bool release = input->action == KEY_RELEASE;

	xkb_keysym_t sym = xkb_state_key_get_one_sym(k->state, code);
	input->key_class = release && as && *as ? (uint8_t)(*as - 1) : (uint8_t)class_of(sym);
	input->dead = is_dead(sym);
	if (as)
		*as = release ? 0 : (uint8_t)(input->key_class + 1);
	input->chord = (xkb_state_serialize_mods(k->state, XKB_STATE_MODS_EFFECTIVE) & k->chord) != 0;
	input->text[0] = 0;
	if (!release && !input->chord)
		produce(k, code, sym, input);
	if (input->action != KEY_REPEAT)
		xkb_state_update_key(k->state, code, release ? XKB_KEY_UP : XKB_KEY_DOWN);
}

void keymap_state(struct keymap *k, uint32_t depressed, uint32_t latched, uint32_t locked,
		  uint32_t group_depressed, uint32_t group_latched, uint32_t group_locked)
{
	xkb_state_update_mask(k->state, depressed, latched, locked, group_depressed, group_latched, group_locked);
	name_layout(k);
}

uint32_t keymap_locked(const struct keymap *k)
{
	return xkb_state_serialize_mods(k->state, XKB_STATE_MODS_LOCKED) & 0xff;
}

const char *keymap_name(const struct keymap *k)
{
	return k->name;
}
