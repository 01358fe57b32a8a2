/* SPDX-License-Identifier: Apache-2.0 */
#include "evdev.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "evdev_connect.h"
#include "keymap.h"

enum {
	PACKETS_AT_ONCE = 1024,
	SYNC_PATIENCE_US = 100000,
	XKB_OFFSET = 8                   /* of xkb's codes from the kernel's */
};

struct evdev_device {
	bool present;
	int16_t ordinal;
	uint8_t klass;
	uint8_t held[(STREAM_CODE_MAX + 1) / 8];
};

struct evdev {
	int fd;
	struct evdev_options options;
	struct stream_terms granted;
	source_emit *emit;
	void *user;
	struct keymap *keymap;           /* NULL: no layout is known */
	char layout[EVENT_TEXT_MAX + 1]; /* as told; "": not yet */
	bool begun, open;                /* the session's state was told; it is OPEN */
	bool asked;                      /* a SYNC is not answered yet */
	int64_t asked_us;
	enum stream_refusal refusal;
	struct evdev_device device[EVDEV_DEVICES];
};

int evdev_new(const struct evdev_options *options, const struct stream_terms *granted, source_emit *emit, void *user, struct evdev **out)
{
	struct evdev *e = calloc(1, sizeof *e);
	*out = e;
	if (!e)
		return ERROR_MEMORY;
	e->fd = -1;
	e->options = *options;
	e->granted = *granted;
	e->emit = emit;
	e->user = user;
	return 0;
}

int evdev_open(const char *path, const struct evdev_options *options, source_emit *emit, void *user, struct evdev **out,
	       const char **what, const char **remedy, enum stream_refusal *refusal)
{
	struct stream_terms granted;
	enum stream_refusal unused;
	int fd = -1;
	int error = evdev_connect(path ? path : STREAM_SOCKET, &options->wanted, &granted, &fd, what, remedy, refusal ? refusal : &unused);
	*out = NULL;
	if (error)
		return error;
	error = evdev_new(options, &granted, emit, user, out);
	if (error) {
		*what = "out of memory";
		*remedy = "";
		close(fd);
		return error;
	}
	(*out)->fd = fd;
	return 0;
}

void evdev_close(struct evdev *e)
{
	if (!e)
		return;
	if (e->fd >= 0)
		close(e->fd);
	keymap_free(e->keymap);
	explicit_bzero(e, sizeof *e);
	free(e);
}

int evdev_fd(const struct evdev *e) { return e->fd; }
const struct stream_terms *evdev_granted(const struct evdev *e) { return &e->granted; }
enum stream_refusal evdev_refusal(const struct evdev *e) { return e->refusal; }

/* ---- Layout ------------------------------------------------------------------------------ */

static bool is_held(const struct evdev_device *d, int code)
{
	return d->held[code / 8] >> code % 8 & 1;
}

static void set_held(struct evdev_device *d, int code, bool held)
{
	uint8_t bit = (uint8_t)(1U << code % 8);
	d->held[code / 8] = held ? d->held[code / 8] | bit : d->held[code / 8] & (uint8_t)~bit;
}

static void tell_layout(struct evdev *e)
{
	struct raw_event raw = { .kind = RAW_LAYOUT, .mono_us = clock_mono_us() };
	const char *name = e->keymap ? keymap_name(e->keymap) : "unknown";
	if (!strcmp(e->layout, name))
		return;
	snprintf(e->layout, sizeof e->layout, "%s", name);
	memcpy(raw.as.layout.name, e->layout, sizeof e->layout);
	e->emit(e->user, &raw);
}

/* A new state knows of nothing that is held, or locked. */
static void follow(const struct evdev *e, struct xkb_state *state, uint32_t group)
{
	for (int i = 0; i < EVDEV_DEVICES; i++)
		for (int code = 0; code <= STREAM_CODE_MAX; code++)
			if (is_held(&e->device[i], code))
				xkb_state_update_key(state, (xkb_keycode_t)(code + XKB_OFFSET), XKB_KEY_DOWN);
	/* Then the masks: a lock or a group that these keys would switch was switched when they were pressed. */
	xkb_state_update_mask(state, xkb_state_serialize_mods(state, XKB_STATE_MODS_DEPRESSED), 0,
			      e->keymap ? keymap_locked(e->keymap) : 0, 0, 0, group);
}

int evdev_keymap(struct evdev *e, struct xkb_keymap *map, uint32_t group)
{
	struct xkb_state *state;
	int error = ERROR_MEMORY;
	if (!map) {
		keymap_free(e->keymap);
		e->keymap = NULL;
		tell_layout(e);
		return 0;
	}
	if (group >= xkb_keymap_num_layouts(map))
		return ERROR_INVALID;
	state = xkb_state_new(map);
	if (!state)
		goto out;
	follow(e, state, group);
	error = e->keymap ? keymap_replace(e->keymap, map, state) : keymap_new(map, state, true, &e->keymap);
	if (error == 0)
		tell_layout(e);
out:
	xkb_state_unref(state);
	return error;
}

/* ---- Records ----------------------------------------------------------------------------- */

static struct evdev_device *find(struct evdev *e, int16_t ordinal)
{
	for (int i = 0; i < EVDEV_DEVICES; i++)
		if (e->device[i].present && e->device[i].ordinal == ordinal)
			return &e->device[i];
	return NULL;
}

/* It is gone, or closed: a modifier that was held on it must not hold for ever. */
static void let_go(struct evdev *e, struct evdev_device *d)
{
	for (int code = 0; e->keymap && code <= STREAM_CODE_MAX; code++) {
		if (is_held(d, code)) {
			struct raw_input in = { .code = (int16_t)code, .action = KEY_RELEASE };
			keymap_key(e->keymap, &in);
		}
	}
	memset(d->held, 0, sizeof d->held);
}

static int take_device(struct evdev *e, const struct stream_record *r)
{
	struct raw_event raw = { .kind = RAW_DEVICE, .mono_us = r->mono_us };
	struct evdev_device *d = find(e, r->device);
	if ((d != NULL) == (r->action == 1))
		return ERROR_CORRUPT;
	for (int i = 0; i < EVDEV_DEVICES && !d; i++)
		if (!e->device[i].present)
			d = &e->device[i];
	if (!d || (r->action == 0 && d->klass != r->klass))
		return ERROR_CORRUPT;
	let_go(e, d);
	d->present = r->action == 1;
	d->ordinal = r->device;
	d->klass = r->klass;
	raw.as.device.device = r->device;
	raw.as.device.klass = (enum device_class)r->klass;
	raw.as.device.present = d->present;
	e->emit(e->user, &raw);
	return 0;
}

static void take_session(struct evdev *e, const struct stream_record *r)
{
	bool open = r->action == STREAM_SESSION_OPEN, news = !e->begun || open != e->open;
	struct raw_event raw = { .kind = RAW_LOCK, .mono_us = r->mono_us, .as.lock = { !open, LOCK_DEVICES } };
	e->begun = true;
	e->open = open;
	for (int i = 0; i < EVDEV_DEVICES && !open; i++)
		let_go(e, &e->device[i]);
	if (news)
		e->emit(e->user, &raw);
}

static void take_lost(struct evdev *e, const struct stream_record *r)
{
	struct raw_event raw = { .kind = RAW_LOST, .mono_us = r->mono_us, .as.lost.count = r->x };
	e->emit(e->user, &raw);
}

/* The answer to what was asked, and the clock is ours. */
static int take_synced(struct evdev *e, const struct stream_record *r)
{
	if (!e->asked || r->mono_us < e->asked_us)
		return ERROR_CORRUPT;
	e->asked = false;
	return 0;
}

static bool is_keypad(int code)
{
	return code >= KEY_KP7 && code <= KEY_KPDOT && code != KEY_KPMINUS && code != KEY_KPPLUS;
}

/* Whether Num Lock is on, only the broker knows from the beginning. */
static void fill_keypad(const struct stream_record *r, struct raw_input *in)
{
	static const char digits[] = "789-456+1230.";
	in->key_class = r->klass;
	memset(in->text, 0, sizeof in->text);
	if ((r->klass == CLASS_DIGIT || r->klass == CLASS_PUNCTUATION) && r->action != KEY_RELEASE && !in->chord)
		in->text[0] = digits[r->code - KEY_KP7];
}

/* False: it only changes what is held. */
static bool fill_key(struct evdev *e, struct evdev_device *d, const struct stream_record *r, struct raw_input *in)
{
	in->code = r->code;
	in->action = r->action;
	in->key_class = r->klass;
	in->chord = r->flags & STREAM_CHORD;
	if (r->code && r->action != KEY_REPEAT)
		set_held(d, r->code, r->action == KEY_PRESS);
	if (r->code && e->keymap) {
		keymap_key(e->keymap, in);
		if (is_keypad(r->code))
			fill_keypad(r, in);
	} else if (!r->code && e->options.places) {
		in->code = (int16_t)(EVDEV_PLACE + r->x - 1);
	}
	/* When it went down is not known; that it is down now, a modifier's key needs. */
	return !(r->flags & STREAM_RESYNC && r->action == KEY_PRESS);
}

static bool fill(struct evdev *e, struct evdev_device *d, const struct stream_record *r, struct raw_event *raw)
{
	struct raw_input *in = &raw->as.input;
	switch (r->kind) {
	case STREAM_KEY:
		raw->kind = RAW_KEY;
		return fill_key(e, d, r, in);
	case STREAM_BUTTON:
		raw->kind = RAW_BUTTON;
		in->code = r->code;
		in->action = r->action;
		return !(r->flags & STREAM_RESYNC && r->action == KEY_PRESS);
	case STREAM_SCROLL:
		raw->kind = RAW_SCROLL;
		in->scroll_x = (int16_t)r->x;
		in->scroll_y = (int16_t)r->y;
		return true;
	case STREAM_TOUCH:
		raw->kind = RAW_TOUCH;
		in->code = r->code;
		in->action = r->action;
		break;
	default:
		raw->kind = RAW_MOTION;
		break;
	}
	if (r->kind == STREAM_MOTION || r->action == TOUCH_UPDATE) {
		in->dx = (float)r->x / STREAM_UNIT;
		in->dy = (float)r->y / STREAM_UNIT;
		in->has = HAS_DELTA;
	}
	return !(r->flags & STREAM_RESYNC && r->action == TOUCH_BEGIN && r->kind == STREAM_TOUCH);
}

/* Is it something that was granted? */
static bool is_granted(const struct evdev *e, const struct stream_record *r)
{
	switch (r->kind) {
	case STREAM_KEY:
		return e->granted.keys == (r->code ? DETAIL_CODE : DETAIL_CLASS);
	case STREAM_BUTTON:
		return e->granted.pointer != POINTER_NONE;
	case STREAM_MOTION:
		return e->granted.pointer == POINTER_FULL;
	case STREAM_SCROLL:
		return e->granted.scroll;
	case STREAM_TOUCH:
		return e->granted.pointer >= (r->action == TOUCH_UPDATE ? POINTER_FULL : POINTER_BUTTONS);
	default:
		return true;
	}
}

static int take_record(struct evdev *e, const struct stream_record *r, int64_t now_us)
{
	struct raw_event raw = { .mono_us = r->mono_us };
	/* It is our own clock, and it was before it was told. */
	if (r->mono_us > now_us || (!e->begun && r->kind != STREAM_SESSION) || !is_granted(e, r))
		return ERROR_CORRUPT;
	if (r->kind == STREAM_SESSION) {
		take_session(e, r);
		return 0;
	}
	if (r->kind == STREAM_LOST) {
		take_lost(e, r);
		return 0;
	}
	if (r->kind == STREAM_SYNCED)
		return take_synced(e, r);
	/* A device may be told as gone at any time; but what it told while the session was locked nobody may hear. */
	if (r->kind == STREAM_DEVICE)
		return take_device(e, r);
	struct evdev_device *d = find(e, r->device);
	if (!d || !e->open)
		return ERROR_CORRUPT;
	raw.as.input.device = r->device;
	raw.as.input.synthetic = r->flags & STREAM_SYNTHETIC;
	if (fill(e, d, r, &raw))
		e->emit(e->user, &raw);
	explicit_bzero(&raw, sizeof raw);
	return 0;
}

int evdev_take(struct evdev *e, const uint8_t *packet, size_t length, int64_t now_us)
{
	struct stream_record records[STREAM_RECORDS_MAX];
	int error = 0, n = stream_type(packet, length);
	if (n == STREAM_REFUSAL)
		return stream_get_refusal(packet, length, &e->refusal) ? ERROR_CORRUPT : ERROR_GONE;
	n = stream_get_records(packet, length, records);
	if (n < 0)
		error = n;
	for (int i = 0; i < n && !error; i++)
		error = take_record(e, &records[i], now_us);
	explicit_bzero(records, sizeof records);
	return error;
}

int evdev_drain(struct evdev *e, size_t *bytes)
{
	uint8_t packet[STREAM_PACKET_MAX + 1];
	int error = 0;
	*bytes = 0;
	for (int i = 0; i < PACKETS_AT_ONCE && !error; i++) {
		ssize_t n = evdev_receive(e->fd, packet, sizeof packet);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n > 0)
			*bytes += (size_t)n;
		error = n > 0 ? evdev_take(e, packet, (size_t)n, clock_mono_us()) : ERROR_GONE;
	}
	explicit_bzero(packet, sizeof packet);
	return error;
}

/* Not while another one is under way: that one's answer comes first. */
static bool ask(struct evdev *e)
{
	uint8_t packet[STREAM_HEAD_SIZE];
	if (e->asked)
		return false;
	stream_put_sync(packet);
	e->asked_us = clock_mono_us();
	/* If it fails, the broker is gone, and why is there to be read. */
	e->asked = send(e->fd, packet, sizeof packet, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof packet;
	return e->asked;
}

int evdev_sync(struct evdev *e, bool *synced, size_t *bytes)
{
	int64_t left_us, until_us = clock_mono_us() + SYNC_PATIENCE_US;
	bool mine = false;
	size_t more;
	int error;
	*synced = false;
	*bytes = 0;
	do {
		struct pollfd p = { .fd = e->fd, .events = POLLIN };
		mine = mine || ask(e);
		left_us = until_us - clock_mono_us();
		poll(&p, 1, left_us > 0 ? (int)(left_us / 1000 + 1) : 0);
		error = evdev_drain(e, &more);
		*bytes += more;
		*synced = mine && !e->asked;
	} while (!error && !*synced && left_us > 0);
	return error;
}
