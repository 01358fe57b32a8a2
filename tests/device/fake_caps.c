/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_caps.h"

#include <stdbool.h>
#include <string.h>

static bool is(const char *kind, const char *name)
{
	return strncmp(kind, name, strlen(name)) == 0;
}

static void keys(struct libevdev *d, unsigned from, unsigned to)
{
	for (unsigned code = from; code <= to; code++)
		libevdev_enable_event_code(d, EV_KEY, code, NULL);
}

static void axis(struct libevdev *d, unsigned code, int most, int per_mm)
{
	struct input_absinfo info = { .maximum = most, .resolution = per_mm };
	libevdev_enable_event_code(d, EV_ABS, code, &info);
}

static void slots(struct libevdev *d, int per_mm)
{
	axis(d, ABS_MT_SLOT, 4, 0);
	axis(d, ABS_MT_TRACKING_ID, 65535, 0);
	axis(d, ABS_MT_POSITION_X, 4000, per_mm);
	axis(d, ABS_MT_POSITION_Y, 3000, per_mm);
}

static void mouse(struct libevdev *d)
{
	keys(d, BTN_LEFT, BTN_TASK);
	libevdev_enable_event_code(d, EV_REL, REL_X, NULL);
	libevdev_enable_event_code(d, EV_REL, REL_Y, NULL);
	libevdev_enable_event_code(d, EV_REL, REL_WHEEL, NULL);
	libevdev_enable_event_code(d, EV_REL, REL_HWHEEL, NULL);
}

struct libevdev *fake_caps(const char *kind)
{
	struct libevdev *d = libevdev_new();
	if (!d)
		return NULL;
	libevdev_enable_event_type(d, EV_SYN);
	if (is(kind, "keyboard")) {
		keys(d, KEY_ESC, KEY_MICMUTE);
		libevdev_enable_event_code(d, EV_LED, LED_NUML, NULL);
	} else if (is(kind, "mouse") || is(kind, "wheel")) {
		mouse(d);
		if (is(kind, "wheel")) {
			libevdev_enable_event_code(d, EV_REL, REL_WHEEL_HI_RES, NULL);
			libevdev_enable_event_code(d, EV_REL, REL_HWHEEL_HI_RES, NULL);
		}
	} else if (is(kind, "absolute")) {
		keys(d, BTN_LEFT, BTN_MIDDLE);
		axis(d, ABS_X, 32767, 0);
		axis(d, ABS_Y, 32767, 0);
	} else if (is(kind, "touchpad") || is(kind, "screen")) {
		/* 40 units a mm: 1,016 an inch. */
		axis(d, ABS_X, 4000, 40);
		axis(d, ABS_Y, 3000, 40);
		slots(d, 40);
		keys(d, BTN_TOUCH, BTN_TOUCH);
		if (is(kind, "screen")) {
			libevdev_enable_property(d, INPUT_PROP_DIRECT);
		} else {
			keys(d, BTN_TOOL_FINGER, BTN_TOOL_FINGER);
			keys(d, BTN_LEFT, BTN_LEFT);
		}
	} else if (is(kind, "pen")) {
		axis(d, ABS_X, 20000, 100);
		axis(d, ABS_Y, 10000, 100);
		axis(d, ABS_PRESSURE, 2047, 0);
		keys(d, BTN_TOOL_PEN, BTN_TOOL_RUBBER);
		keys(d, BTN_TOUCH, BTN_TOUCH);
		keys(d, BTN_STYLUS, BTN_STYLUS);
	} else if (is(kind, "game")) {
		keys(d, BTN_GAMEPAD, BTN_THUMBR);
		axis(d, ABS_X, 255, 0);
		axis(d, ABS_Y, 255, 0);
	} else if (!is(kind, "nothing")) {
		libevdev_free(d);
		d = NULL;
	}
	return d;
}
