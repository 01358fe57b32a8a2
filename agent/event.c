/* SPDX-License-Identifier: Apache-2.0 */
#include "event.h"

#include <stddef.h>
#include <string.h>

static const char *const kinds[EVENT_KIND_COUNT] = {
	"key_down", "key_up", "key_repeat", "button_down", "button_up", "motion", "scroll",
	"touch_down", "touch_move", "touch_up", "focus", "span", "gap", "start", "stop", "clock",
	"screen", "layout",
};

static const char *const classes[CLASS_COUNT] = {
	"letter", "digit", "punctuation", "space", "enter", "erase", "modifier", "navigation",
	"function", "other",
};

static const char *const reasons[REASON_COUNT] = {
	"password", "terminal-echo-off", "excluded-app", "locked", "grab", "private", "unknown",
	"sensitive-text",
	"paused", "overflow", "device-lost", "suspend", "crash", "forgotten", "disk-full", "inactive",
};

static const char *const devices[DEVICE_CLASS_COUNT] = {
	"keyboard", "mouse", "touchpad", "touchscreen", "tablet", "other",
};

#define NAME(table, i) ((i) < sizeof(table) / sizeof((table)[0]) ? (table)[i] : NULL)

static int find(const char *const *table, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(table[i], name) == 0)
			return i;
	return -1;
}

const char *event_kind_name(unsigned kind) { return NAME(kinds, kind); }
const char *event_class_name(unsigned key_class) { return NAME(classes, key_class); }
const char *event_reason_name(unsigned reason) { return NAME(reasons, reason); }
const char *event_device_name(unsigned device_class) { return NAME(devices, device_class); }
int event_kind_of(const char *name) { return find(kinds, EVENT_KIND_COUNT, name); }
int event_class_of(const char *name) { return find(classes, CLASS_COUNT, name); }
int event_reason_of(const char *name) { return find(reasons, REASON_COUNT, name); }
