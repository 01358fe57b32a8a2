/* SPDX-License-Identifier: Apache-2.0 */
#include "event.h"

#include <stddef.h>
#include <string.h>

static const char *const kinds[EVENT_KIND_COUNT] = {
	"key_down", "key_up", "key_repeat", "button_down", "button_up", "motion", "scroll",
	"touch_down", "touch_move", "touch_up", "focus", "span", "gap", "start", "stop", "clock",
	"screen", "layout", "skew",
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

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

bool event_same(const struct event *a, const struct event *b)
{
	uint16_t has = a->has;
	return a->kind == b->kind && has == b->has && a->mono_us == b->mono_us && a->t_us == b->t_us &&
	       (!(has & HAS_DEVICE) || a->device == b->device) && (!(has & HAS_CLASS) || a->key_class == b->key_class) &&
	       (!(has & HAS_CODE) || a->code == b->code) && (!(has & HAS_TEXT) || strcmp(a->text, b->text) == 0) &&
	       (!(has & HAS_POSITION) || (a->x == b->x && a->y == b->y)) &&
	       /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): bit by bit, 0.0 is not -0.0 */
	       (!(has & HAS_DELTA) || (memcmp(&a->dx, &b->dx, sizeof a->dx) == 0 && memcmp(&a->dy, &b->dy, sizeof a->dy) == 0)) &&
	       (!(has & HAS_SCROLL) || (a->scroll_x == b->scroll_x && a->scroll_y == b->scroll_y)) &&
	       (!(has & HAS_APP) || same_text(a->app, b->app)) && (!(has & HAS_TITLE) || same_text(a->title, b->title)) &&
	       (!(has & HAS_REASON) || a->reason == b->reason) && (!(has & HAS_END) || a->end_us == b->end_us) &&
	       (!(has & HAS_LOST) || a->lost == b->lost) && (!(has & HAS_SYNTHETIC) || a->synthetic == b->synthetic);
}
