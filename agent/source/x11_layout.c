/* SPDX-License-Identifier: Apache-2.0 */
#include "x11_private.h"

#include <stdio.h>
#include <string.h>

#include <X11/XKBlib.h>
#include <X11/extensions/XKBproto.h>
#include <xkbcommon/xkbcommon-x11.h>

#include "../base/clock.h"

static void tell(struct x11 *x)
{
	struct raw_event raw = { .kind = RAW_LAYOUT, .mono_us = clock_mono_us() };

	if (!strcmp(x->layout, keymap_name(x->keymap)))
		return;
	snprintf(x->layout, sizeof x->layout, "%s", keymap_name(x->keymap));
	memcpy(raw.as.layout.name, x->layout, sizeof x->layout);
	x->emit(x->user, &raw);
}

static int fetch(struct x11 *x)
{
	struct xkb_keymap *map = NULL;
	struct xkb_state *state = NULL;
	int e = ERROR_GONE;

	map = xkb_x11_keymap_new_from_device(x->xkb, x->c, x->xkb_device, XKB_KEYMAP_COMPILE_NO_FLAGS);
	if (!map)
		goto out;
	state = xkb_x11_state_new_from_device(map, x->c, x->xkb_device);
	if (!state)
		goto out;
	e = x->keymap ? keymap_replace(x->keymap, map, state) : keymap_new(map, state, x->options.text, &x->keymap);
out:
	xkb_state_unref(state);
	xkb_keymap_unref(map);
	return e;
}

void x11_layout_fresh(struct x11 *x)
{
	if (!x->keymap_stale)
		return;
	x->keymap_stale = false;
	if (fetch(x) == 0)
		tell(x);
}

int x11_layout_select(struct x11 *x)
{
	if (!x->options.keys)
		return 0;
	/* No include paths: the server sends the whole keymap, and no file is to be read. */
	x->xkb = xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES | XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
	if (!x->xkb)
		return ERROR_MEMORY;
	/* Its messages would go to stderr. */
	xkb_context_set_log_level(x->xkb, (enum xkb_log_level)0);
	x->xkb_device = xkb_x11_get_core_keyboard_device_id(x->c);
	unsigned mask = XkbNewKeyboardNotifyMask | XkbMapNotifyMask | XkbStateNotifyMask;
	if (x->xkb_device < 0 || !x11_alive(x) || !XkbSelectEvents(x->display, XkbUseCoreKbd, mask, mask))
		return ERROR_GONE;
	int e = fetch(x);
	if (e == 0)
		tell(x);
	return e;
}

void x11_layout_event(struct x11 *x, const xcb_generic_event_t *event)
{
	const xkbStateNotify *s = (const void *)event;

	if (!x->keymap)
		return;
	switch (s->xkbType) {
	case XkbNewKeyboardNotify:
	case XkbMapNotify:
		/* Often several in a row (each change of the keyboard in use): fetched when the next key needs it. */
		x->keymap_stale = true;
		break;
	case XkbStateNotify:
		if (x->keymap_stale)
			break;
		keymap_state(x->keymap, s->baseMods, s->latchedMods, s->lockedMods, (uint32_t)s->baseGroup,
			     (uint32_t)s->latchedGroup, s->lockedGroup);
		tell(x);
		break;
	default:
		break;
	}
}

void x11_layout_release(struct x11 *x)
{
	keymap_free(x->keymap);
	xkb_context_unref(x->xkb);
	x->keymap = NULL;
	x->xkb = NULL;
}
