/* SPDX-License-Identifier: Apache-2.0 */
#include "x11_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <linux/input-event-codes.h>

#include "../base/clock.h"

/* The server's clock is CLOCK_MONOTONIC in ms, of which it tells 32 bits. */
static int64_t unwrap(uint32_t server_ms, int64_t now_us)
{
	int64_t now_ms = now_us / 1000;
	int64_t ms = now_ms + (int32_t)(server_ms - (uint32_t)now_ms);
	return ms * 1000 < now_us ? ms * 1000 : now_us;
}

static int16_t button_code(uint32_t button)
{
	static const int16_t known[] = { [1] = BTN_LEFT, [2] = BTN_MIDDLE, [3] = BTN_RIGHT, [8] = BTN_SIDE, [9] = BTN_EXTRA };
	if (button < sizeof known / sizeof *known && known[button])
		return known[button];
	return (int16_t)(BTN_MISC + (button < 255 ? button : 255));
}

static int16_t touch_slot(struct x11 *x, const struct x11_item *item)
{
	int slot = 0;
	while (slot < X11_TOUCHES && x->touch[slot] != item->detail + 1)
		slot++;
	if (slot == X11_TOUCHES && item->action != TOUCH_END) {
		for (slot = 0; slot < X11_TOUCHES - 1 && x->touch[slot]; slot++)
			;
		x->touch[slot] = item->detail + 1;
	}
	if (slot == X11_TOUCHES)
		return -1;
	if (item->action == TOUCH_END)
		x->touch[slot] = 0;
	return (int16_t)slot;
}

/* Steps of the device to 1/120 of a notch; what is less than one is kept for the next time. */
static int16_t notches(struct x11_device *d, int axis, float steps)
{
	double step = d && d->scroll_axis[axis] >= 0 ? d->scroll_step[axis] : 1;
	double sum = steps / step * 120 + (d ? d->scroll_rest[axis] : 0);
	double whole = fmax(fmin(trunc(sum), INT16_MAX), INT16_MIN);
	if (d)
		d->scroll_rest[axis] = fabs(sum - whole) < 1 ? sum - whole : 0;
	return (int16_t)whole;
}

static void emit_motion(struct x11 *x, const struct x11_item *item, struct x11_device *d, struct raw_event *raw)
{
	struct raw_input *in = &raw->as.input;

	if (item->axes & AXIS_MOVE && x->options.pointer == POINTER_FULL) {
		raw->kind = RAW_MOTION;
		if (item->relative) {
			in->dx = item->raw[0];
			in->dy = item->raw[1];
			in->has |= HAS_DELTA;
		}
		x->emit(x->user, raw);
		in->dx = in->dy = 0;
		in->has &= (uint8_t)~HAS_DELTA;
	}
	if (item->axes & AXIS_SCROLL && x->options.scroll) {
		raw->kind = RAW_SCROLL;
		if (item->axes & AXIS_SCROLL_X)
			in->scroll_x = notches(d, 0, item->scroll[0]);
		if (item->axes & AXIS_SCROLL_Y)
			in->scroll_y = notches(d, 1, item->scroll[1]);
		if (in->scroll_x || in->scroll_y)
			x->emit(x->user, raw);
	}
}

static void emit_input(struct x11 *x, const struct x11_item *item, int64_t now_us)
{
	struct raw_event raw = { .mono_us = unwrap(item->time, now_us) };
	struct raw_input *in = &raw.as.input;
	struct x11_device *d = item->device >= 0 ? &x->device[item->device] : NULL;

	x->input_us = raw.mono_us;
	in->device = d ? d->ordinal : -1;
	in->synthetic = d && d->synthetic;
	in->action = item->action;
	if (item->positioned) {
		in->x = item->x;
		in->y = item->y;
		in->has = HAS_POSITION;
	}
	switch (item->kind) {
	case ITEM_KEY:
		raw.kind = RAW_KEY;
		in->code = (int16_t)(item->detail - 8);
		x11_layout_fresh(x);
		if (x->keymap)
			keymap_key(x->keymap, in);
		else
			in->key_class = CLASS_OTHER;
		if (!x->options.text)
			explicit_bzero(in->text, sizeof in->text);
		break;
	case ITEM_BUTTON:
		raw.kind = RAW_BUTTON;
		in->code = button_code(item->detail);
		break;
	case ITEM_TOUCH: {
		double px = 0, py = 0;
		raw.kind = RAW_TOUCH;
		in->code = touch_slot(x, item);
		if (d && x->options.pointer == POINTER_FULL && x11_pointer_scaled(x, d, item, &px, &py)) {
			in->x = (int32_t)px;
			in->y = (int32_t)py;
			in->has = HAS_POSITION;
		}
		break;
	}
	default:
		emit_motion(x, item, d, &raw);
		explicit_bzero(&raw, sizeof raw);
		return;
	}
	x->emit(x->user, &raw);
	explicit_bzero(&raw, sizeof raw);
}

static void emit_screen(struct x11 *x, const xcb_generic_event_t *event)
{
	const xcb_configure_notify_event_t *e = (const void *)event;
	if (e->width == x->width && e->height == x->height)
		return;
	x->width = e->width;
	x->height = e->height;
	struct raw_event raw = { .kind = RAW_SCREEN, .mono_us = clock_mono_us() };
	raw.as.screen.width = x->width;
	raw.as.screen.height = x->height;
	x->emit(x->user, &raw);
}

static void emit_other(struct x11 *x, const xcb_generic_event_t *event)
{
	unsigned type = event->response_type & 0x7fU;

	switch (type) {
	case FocusIn:
	case FocusOut:
		if (x11_focus_grab(x, event))
			break;
		x11_focus_track(x, &x->focus, event);
		/* FocusOut, FocusIn of the frame, FocusIn of the window: one change. Told when something depends on it. */
		x->focus_changed = true;
		break;
	case PropertyNotify: {
		const xcb_property_notify_event_t *e = (const void *)event;
		if (e->atom == x->net_wm_name || e->atom == XCB_ATOM_WM_NAME)
			x11_focus_retitle(x, e->window);
		break;
	}
	case ConfigureNotify:
		emit_screen(x, event);
		break;
	case GenericEvent: {
		x11_focus_settle(x);
		x11_device_refresh(x);
		break;
	}
	default:
		if ((int)type == x->xkb_event)
			x11_layout_event(x, event);
		break;
	}
}

void x11_emit_batch(struct x11 *x)
{
	int64_t now_us = clock_mono_us();

	for (int n = 0; n < x->items; n++) {
		struct x11_item *item = &x->batch[n];
		if (item->kind == ITEM_OTHER) {
			emit_other(x, item->other);
			free(item->other);
			continue;
		}
		if (x->focus_changed)
			x11_focus_settle(x);
		emit_input(x, item, now_us);
	}
	x11_focus_settle(x);
	explicit_bzero(x->batch, (size_t)x->items * sizeof *x->batch);
	x->items = 0;
	x->has_pointer = false;
}
