/* SPDX-License-Identifier: Apache-2.0 */
#include "x11_private.h"

#include <stdlib.h>
#include <string.h>

#include <X11/extensions/XI2.h>
#include <X11/extensions/XInput2.h>
#include <X11/extensions/XI2proto.h>

/* xcb puts the full request number between the first 32 bytes of a long event and the rest. */
enum { REST = 36 };

int x11_input_select(struct x11 *x)
{
	unsigned char world[XIMaskLen(XI_LASTEVENT)] = { 0 };
	unsigned char input[XIMaskLen(XI_LASTEVENT)] = { 0 };
	const struct x11_options *o = &x->options;

	XISetMask(world, XI_HierarchyChanged);
	XISetMask(world, XI_DeviceChanged);
	if (o->keys) {
		XISetMask(input, XI_RawKeyPress);
		XISetMask(input, XI_RawKeyRelease);
	}
	if (o->pointer != POINTER_NONE) {
		XISetMask(input, XI_RawButtonPress);
		XISetMask(input, XI_RawButtonRelease);
		XISetMask(input, XI_RawTouchBegin);
		XISetMask(input, XI_RawTouchEnd);
	}
	if (o->pointer == POINTER_FULL) {
		XISetMask(input, XI_RawMotion);
		XISetMask(input, XI_RawTouchUpdate);
	}
	XIEventMask masks[] = {
		{ .deviceid = XIAllDevices, .mask_len = sizeof world, .mask = world },
		{ .deviceid = XIAllMasterDevices, .mask_len = sizeof input, .mask = input },
	};
	return XISelectEvents(x->display, x->root, masks, 2) == Success ? 0 : ERROR_GONE;
}

bool x11_input_is_history(const xcb_generic_event_t *event, uint32_t request)
{
	return (int32_t)(event->full_sequence - request) < 0;
}

static double fixed(const unsigned char *at)
{
	FP3232 f;
	memcpy(&f, at, sizeof f);
	return f.integral + f.frac / 4294967296.0;
}

/* Without the instruction that not every processor has, this is a call; most bytes are 0. */
static int bits(const unsigned char *mask, size_t length)
{
	int n = 0;
	for (size_t i = 0; i < length; i++)
		for (unsigned rest = mask[i]; rest; rest &= rest - 1)
			n++;
	return n;
}

/* Valuators stand in the order of the bits of the mask: first all processed, then all raw values. */
static void axes(struct x11_item *item, const struct x11_device *d, const unsigned char *rest, int mask_len)
{
	int n = bits(rest, (size_t)mask_len);
	const unsigned char *value = rest + mask_len, *raw = value + 8 * n;
	for (int axis = 0; axis < 8 * mask_len; axis++) {
		if (!(rest[axis / 8] & 1 << axis % 8))
			continue;
		if (axis < 2) {
			item->axes |= (uint8_t)(AXIS_X << axis);
			item->value[axis] = (float)fixed(value);
			item->raw[axis] = (float)fixed(raw);
		} else if (d) {
			for (int s = 0; s < 2; s++) {
				if (d->scroll_axis[s] == axis) {
					item->axes |= (uint8_t)(AXIS_SCROLL_X << s);
					item->scroll[s] = (float)fixed(raw);
				}
			}
		}
		value += 8;
		raw += 8;
	}
}

static bool key_action(struct x11_item *item, struct x11_device *d, const xXIRawEvent *raw)
{
	bool press = raw->evtype == XI_RawKeyPress;
	uint8_t bit = (uint8_t)(1 << raw->detail % 8);
	uint8_t *down = d && raw->detail < 256 ? &d->down[raw->detail / 8] : NULL;

	if (!press)
		item->action = KEY_RELEASE;
	else if (raw->flags & XIKeyRepeat || (down && *down & bit))
		item->action = KEY_REPEAT;
	else
		item->action = KEY_PRESS;
	if (down)
		*down = press ? *down | bit : *down & (uint8_t)~bit;
	return true;
}

static bool button_action(const struct x11 *x, struct x11_item *item, struct x11_device *d, const xXIRawEvent *raw)
{
	bool press = raw->evtype == XI_RawButtonPress;
	bool wheel = raw->detail >= 4 && raw->detail <= 7;
	/* Made by the server from movement, a touch or smooth scrolling, which is recorded as what it was; where the
	 * movement is not selected the wheel's buttons are all there is. */
	if (raw->flags & XIPointerEmulated && !(wheel && x->options.pointer != POINTER_FULL))
		return false;
	if (!wheel) {
		item->action = press ? KEY_PRESS : KEY_RELEASE;
		return true;
	}
	if (!press || !x->options.scroll)
		return false;
	int axis = raw->detail >= 6 ? 0 : 1;
	item->kind = ITEM_MOTION;
	item->axes = (uint8_t)(AXIS_SCROLL_X << axis);
	/* In steps of the device's own axis, if it has one. */
	float step = d && d->scroll_axis[axis] >= 0 ? (float)d->scroll_step[axis] : 1.0f;
	item->scroll[axis] = raw->detail % 2 ? step : -step;
	return true;
}

/* True: the item is to be kept. */
static bool decode(struct x11 *x, const xXIRawEvent *raw, struct x11_item *item)
{
	memset(item, 0, sizeof *item);
	item->device = (int16_t)x11_device_find(x, raw->sourceid);
	if (item->device < 0 && x11_device_refresh(x) == 0)
		item->device = (int16_t)x11_device_find(x, raw->sourceid);
	struct x11_device *d = item->device >= 0 ? &x->device[item->device] : NULL;
	item->time = (uint32_t)raw->time;
	item->detail = raw->detail;
	item->relative = d && !d->absolute && !d->synthetic;

	switch (raw->evtype) {
	case XI_RawKeyPress:
	case XI_RawKeyRelease:
		item->kind = ITEM_KEY;
		return key_action(item, d, raw);
	case XI_RawButtonPress:
	case XI_RawButtonRelease:
		item->kind = ITEM_BUTTON;
		return button_action(x, item, d, raw);
	case XI_RawMotion:
		item->kind = ITEM_MOTION;
		break;
	case XI_RawTouchBegin:
	case XI_RawTouchUpdate:
	case XI_RawTouchEnd:
		item->kind = ITEM_TOUCH;
		item->action = raw->evtype == XI_RawTouchBegin ? TOUCH_BEGIN :
			raw->evtype == XI_RawTouchEnd ? TOUCH_END : TOUCH_UPDATE;
		break;
	default:
		return false;
	}
	size_t length = 4 * (size_t)raw->length;
	size_t mask_len = 4 * (size_t)raw->valuators_len;
	const unsigned char *rest = (const unsigned char *)raw + REST;
	size_t n = (size_t)bits(rest, mask_len < length ? mask_len : length);
	if (mask_len > 64 || mask_len + 16 * n > length)
		return false;
	axes(item, d, rest, (int)mask_len);
	if (item->kind == ITEM_MOTION) {
		/* A touch moves the pointer too: it was recorded as a touch. */
		if (raw->flags & XIPointerEmulated)
			item->axes &= AXIS_SCROLL;
		return item->axes != 0;
	}
	return true;
}

void x11_input_take(struct x11 *x, xcb_generic_event_t *event)
{
	struct x11_item *item = &x->batch[x->items];
	unsigned type = event->response_type & 0x7fU;
	const xXIRawEvent *raw = (const xXIRawEvent *)(const void *)event;

	if (type == GenericEvent && raw->extension == x->xi_opcode && raw->evtype >= XI_RawKeyPress) {
		x->bytes += 32 + 4 * (size_t)raw->length;
		if (decode(x, raw, item)) {
			x->items++;
			x->has_pointer |= item->kind != ITEM_KEY && item->kind != ITEM_TOUCH;
		}
		free(event);
		return;
	}
	/* Another device than before moves the pointer: no news, and as frequent as that. */
	if (type == GenericEvent && raw->extension == x->xi_opcode && raw->evtype == XI_DeviceChanged &&
	    ((const xXIDeviceChangedEvent *)(const void *)event)->reason == XISlaveSwitch) {
		free(event);
		return;
	}
	x->bytes += 32 + (type == GenericEvent ? 4 * (size_t)raw->length : 0);
	switch (type) {
	case 0:                          /* an error: of a window that is gone already */
	case MapNotify:
	case UnmapNotify:
	case DestroyNotify:
	case GravityNotify:
	case CirculateNotify:
		free(event);
		return;
	case CreateNotify: {
		const xcb_create_notify_event_t *e = (const void *)event;
		x11_focus_adopt(x, e->window, e->parent == x->root ? 1 : 2);
		free(event);
		return;
	}
	case ReparentNotify: {
		const xcb_reparent_notify_event_t *e = (const void *)event;
		x11_focus_adopt(x, e->window, e->parent == x->root ? 1 : 2);
		free(event);
		return;
	}
	case ConfigureNotify:
		if (((const xcb_configure_notify_event_t *)(const void *)event)->window != x->root) {
			free(event);
			return;
		}
		break;
	case FocusIn:
	case FocusOut:
		if (x11_input_is_history(event, x->focus_since)) {
			free(event);
			return;
		}
		x11_focus_track(x, &x->ahead, event);
		break;
	default:
		break;
	}
	memset(item, 0, sizeof *item);
	item->kind = ITEM_OTHER;
	item->device = -1;
	item->other = event;
	x->items++;
}
