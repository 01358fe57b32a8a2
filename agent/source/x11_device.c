/* SPDX-License-Identifier: Apache-2.0 */
#include "x11_private.h"

#include <stdlib.h>
#include <string.h>

#include <X11/Xatom.h>
#include <X11/extensions/XInput2.h>

#include "../base/clock.h"

int x11_device_find(struct x11 *x, int id)
{
	for (int i = 0; i < x->devices; i++) {
		if (x->device[i].id == id && x->device[i].present)
			return i;
	}
	return -1;
}

static bool has_property(struct x11 *x, int id, Atom name)
{
	Atom type = None;
	int format = 0;
	unsigned long n = 0, after = 0;
	unsigned char *data = NULL;

	if (name == None ||
	    XIGetProperty(x->display, id, name, 0, 1, False, AnyPropertyType, &type, &format, &n, &after, &data) != Success)
		return false;
	if (data)
		XFree(data);
	return type != None;
}

static bool is_label(struct x11 *x, Atom label, const char *name)
{
	return label != None && label == XInternAtom(x->display, name, True);
}

static void learn(struct x11 *x, struct x11_device *d, const XIDeviceInfo *info)
{
	bool direct = false, pressure = false;

	d->absolute = false;
	for (int s = 0; s < 2; s++) {
		d->scroll_axis[s] = -1;
		d->low[s] = d->high[s] = 0;
	}
	for (int i = 0; i < info->num_classes; i++) {
		const XIAnyClassInfo *any = info->classes[i];
		if (any->type == XIValuatorClass) {
			const XIValuatorClassInfo *v = (const void *)any;
			if (v->number >= 0 && v->number < 2) {
				d->absolute |= v->mode == XIModeAbsolute;
				d->low[v->number] = v->min;
				d->high[v->number] = v->max;
			}
			pressure |= is_label(x, v->label, "Abs Pressure");
		} else if (any->type == XIScrollClass) {
			const XIScrollClassInfo *s = (const void *)any;
			int axis = s->scroll_type == XIScrollTypeHorizontal ? 0 : 1;
			if (s->increment != 0) {
				d->scroll_axis[axis] = s->number;
				d->scroll_step[axis] = s->increment;
			}
		} else if (any->type == XITouchClass) {
			direct |= ((const XITouchClassInfo *)(const void *)any)->mode == XIDirectTouch;
		}
	}
	d->synthetic = has_property(x, info->deviceid, x->xtest);
	if (info->use == XISlaveKeyboard)
		d->klass = DEVICE_KEYBOARD;
	else if (direct)
		d->klass = DEVICE_TOUCHSCREEN;
	else if (has_property(x, info->deviceid, x->tapping) || has_property(x, info->deviceid, x->synaptics))
		d->klass = DEVICE_TOUCHPAD;
	else if (pressure)
		d->klass = DEVICE_TABLET;
	else
		d->klass = info->use == XISlavePointer ? DEVICE_MOUSE : DEVICE_OTHER;
}

static void tell(struct x11 *x, const struct x11_device *d)
{
	struct raw_event raw = { .kind = RAW_DEVICE, .mono_us = clock_mono_us() };
	raw.as.device.device = d->ordinal;
	raw.as.device.klass = d->klass;
	raw.as.device.present = d->present;
	x->emit(x->user, &raw);
}

/* A place for a device that came: a new one, else that of the first that left. */
static struct x11_device *place(struct x11 *x)
{
	if (x->devices < X11_DEVICES)
		return &x->device[x->devices++];
	for (int i = 0; i < X11_DEVICES; i++) {
		if (!x->device[i].present)
			return &x->device[i];
	}
	return NULL;
}

int x11_device_refresh(struct x11 *x)
{
	int n = 0;
	if (!x11_alive(x))
		return ERROR_GONE;
	XIDeviceInfo *info = XIQueryDevice(x->display, XIAllDevices, &n);
	if (!info)
		return xcb_connection_has_error(x->c) ? ERROR_GONE : ERROR_MEMORY;

	for (int i = 0; i < x->devices; i++) {
		struct x11_device *d = &x->device[i];
		bool there = false;
		for (int j = 0; j < n && !there; j++)
			there = info[j].deviceid == d->id && info[j].use != XIMasterPointer &&
				info[j].use != XIMasterKeyboard && info[j].enabled;
		if (d->present && !there) {
			d->present = false;
			tell(x, d);
		}
	}
	x->keyboards = 0;
	for (int j = 0; j < n; j++) {
		x->keyboards += info[j].use == XIMasterKeyboard;
		if (info[j].use == XIMasterPointer || info[j].use == XIMasterKeyboard || !info[j].enabled)
			continue;
		int known = x11_device_find(x, info[j].deviceid);
		struct x11_device *d = known >= 0 ? &x->device[known] : place(x);
		if (!d)
			continue;
		if (known < 0) {
			memset(d, 0, sizeof *d);
			d->id = info[j].deviceid;
			d->ordinal = x->next_ordinal <= INT16_MAX ? (int16_t)x->next_ordinal++ : -1;
			d->present = true;
		}
		learn(x, d, &info[j]);
		if (known < 0) {
			d->fits_absolute = d->absolute || d->synthetic;
			tell(x, d);
		}
	}
	XIFreeDeviceInfo(info);
	return 0;
}
