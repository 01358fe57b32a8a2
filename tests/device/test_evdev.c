/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's side of the stream: what comes of records, and of what is no stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/input-event-codes.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xkbcommon/xkbcommon.h>

#include "../../agent/base/clock.h"
#include "../../agent/error.h"
#include "../../agent/source/evdev.h"

enum { NOW = 1000000 };

static struct evdev *e;
static struct evdev_options options;
static char told[4096], typed[256];

static void collect(void *user, const struct raw_event *raw)
{
	const struct raw_input *in = &raw->as.input;
	size_t n = strlen(told), room = sizeof told - n;
	char *at = told + n;
	(void)user;
	switch (raw->kind) {
	case RAW_KEY:
		snprintf(at, room, "key %d/%d %d %s%s%s", in->device, in->code, in->action, event_class_name(in->key_class),
			 in->chord ? " chord" : "", in->synthetic ? " synthetic" : "");
		snprintf(typed + strlen(typed), sizeof typed - strlen(typed), "%s", in->text);
		break;
	case RAW_BUTTON:
		snprintf(at, room, "button %d/%d %d", in->device, in->code, in->action);
		break;
	case RAW_MOTION:
		snprintf(at, room, "motion %g,%g %d", (double)in->dx, (double)in->dy, in->has);
		break;
	case RAW_SCROLL:
		snprintf(at, room, "scroll %d,%d", in->scroll_x, in->scroll_y);
		break;
	case RAW_TOUCH:
		snprintf(at, room, "touch %d %d %g,%g %d", in->code, in->action, (double)in->dx, (double)in->dy, in->has);
		break;
	case RAW_LOCK:
		snprintf(at, room, "%s", raw->as.lock.locked ? "locked" : "unlocked");
		assert_int_equal(raw->as.lock.by, LOCK_DEVICES);
		break;
	case RAW_DEVICE:
		snprintf(at, room, "%s %d %s", raw->as.device.present ? "came" : "gone", raw->as.device.device,
			 event_device_name(raw->as.device.klass));
		break;
	case RAW_LOST:
		snprintf(at, room, "lost %d", raw->as.lost.count);
		break;
	case RAW_LAYOUT:
		snprintf(at, room, "layout %s", raw->as.layout.name);
		break;
	default:
		fail();
	}
	strcat(told, "\n");
	assert_true(raw->kind == RAW_LAYOUT || raw->mono_us < NOW);
}

static int give(const struct stream_record *records, size_t n)
{
	uint8_t packet[STREAM_PACKET_MAX];
	size_t length = stream_put_records(packet, records, n);
	/* Exactly as long as it is, for the sanitizer. */
	uint8_t *exact = malloc(length);
	memcpy(exact, packet, length);
	int r = evdev_take(e, exact, length, NOW);
	free(exact);
	return r;
}

static int one(enum stream_kind kind, int device, int action, int code, int klass, int x, int y, unsigned flags)
{
	static int64_t us = 1000;
	struct stream_record r = { us++ % (NOW - 1), x, y, (int16_t)device, (int16_t)code, (uint8_t)kind, (uint8_t)action, (uint8_t)klass,
				   (uint8_t)flags };
	return give(&r, 1);
}

#define EXPECT(text) do { assert_string_equal(told, text); told[0] = 0; } while (0)

static void start(enum detail keys, bool begun)
{
	struct stream_terms granted = { keys, POINTER_FULL, true };
	evdev_close(e);
	told[0] = 0;
	assert_int_equal(evdev_new(&options, &granted, collect, NULL, &e), 0);
	if (!begun)
		return;
	assert_int_equal(one(STREAM_SESSION, -1, STREAM_SESSION_OPEN, 0, 0, 0, 0, 0), 0);
	assert_int_equal(one(STREAM_DEVICE, 0, 1, 0, DEVICE_KEYBOARD, 0, 0, 0), 0);
	assert_int_equal(one(STREAM_DEVICE, 1, 1, 0, DEVICE_MOUSE, 0, 0, STREAM_SYNTHETIC), 0);
	EXPECT("unlocked\ncame 0 keyboard\ncame 1 mouse\n");
}

static int key(int code, int action, int klass, unsigned flags)
{
	return one(STREAM_KEY, 0, action, code, klass, 0, 0, flags);
}

static void test_events(void **unused)
{
	(void)unused;
	options = (struct evdev_options){ 0 };
	start(DETAIL_CODE, true);
	assert_int_equal(key(KEY_A, KEY_PRESS, CLASS_LETTER, 0), 0);
	assert_int_equal(key(KEY_A, KEY_REPEAT, CLASS_LETTER, STREAM_CHORD | STREAM_SYNTHETIC), 0);
	assert_int_equal(key(KEY_A, KEY_RELEASE, CLASS_LETTER, STREAM_RESYNC), 0);
	/* When it was pressed nobody knows. */
	assert_int_equal(key(KEY_B, KEY_PRESS, CLASS_LETTER, STREAM_RESYNC), 0);
	EXPECT("key 0/30 1 letter\nkey 0/30 2 letter chord synthetic\nkey 0/30 0 letter\n");
	assert_int_equal(one(STREAM_BUTTON, 1, KEY_PRESS, BTN_LEFT, 0, 0, 0, 0), 0);
	assert_int_equal(one(STREAM_BUTTON, 1, KEY_PRESS, BTN_RIGHT, 0, 0, 0, STREAM_RESYNC), 0);
	assert_int_equal(one(STREAM_MOTION, 1, 0, 0, 0, 384, -64, 0), 0);
	assert_int_equal(one(STREAM_SCROLL, 1, 0, 0, 0, -15, 32767, 0), 0);
	assert_int_equal(one(STREAM_TOUCH, 1, TOUCH_BEGIN, 3, 0, 0, 0, 0), 0);
	assert_int_equal(one(STREAM_TOUCH, 1, TOUCH_UPDATE, 3, 0, 256, 0, 0), 0);
	assert_int_equal(one(STREAM_TOUCH, 1, TOUCH_END, 3, 0, 0, 0, 0), 0);
	assert_int_equal(one(STREAM_LOST, -1, 0, 0, 0, 12, 0, 0), 0);
	assert_int_equal(one(STREAM_LOST, 1, 0, 0, 0, -1, 0, 0), 0);
	assert_int_equal(one(STREAM_DEVICE, 1, 0, 0, DEVICE_MOUSE, 0, 0, 0), 0);
	EXPECT("button 1/272 1\nmotion 1.5,-0.25 32\nscroll -15,32767\ntouch 3 0 0,0 0\ntouch 3 1 1,0 32\ntouch 3 2 0,0 0\nlost 12\nlost -1\n"
	       "gone 1 mouse\n");
}

static void test_classes(void **unused)
{
	(void)unused;
	for (int places = 0; places < 2; places++) {
		options = (struct evdev_options){ .places = places };
		start(DETAIL_CLASS, true);
		assert_int_equal(one(STREAM_KEY, 0, KEY_PRESS, 0, CLASS_DIGIT, STREAM_HELD_MAX, 0, 0), 0);
		assert_int_equal(one(STREAM_KEY, 0, KEY_RELEASE, 0, CLASS_DIGIT, 1, 0, STREAM_CHORD), 0);
		if (places)
			EXPECT("key 0/767 1 digit\nkey 0/744 0 digit chord\n");
		else
			EXPECT("key 0/0 1 digit\nkey 0/0 0 digit chord\n");
	}
}

static int tap(int code)
{
	return key(code, KEY_PRESS, CLASS_OTHER, 0) || key(code, KEY_RELEASE, CLASS_OTHER, 0);
}

static struct xkb_keymap *map_of(const char *layouts, const char *xkb_options)
{
	struct xkb_rule_names names = { .layout = layouts, .options = xkb_options };
	struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
	struct xkb_keymap *map = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
	xkb_context_unref(context);
	assert_non_null(map);
	return map;
}

/* The layout in force tells the class; a modifier that was let go out of sight does not stay. */
static void test_layout(void **unused)
{
	struct xkb_keymap *map = map_of("de", NULL);
	(void)unused;
	options = (struct evdev_options){ 0 };
	start(DETAIL_CODE, true);
	assert_int_equal(evdev_keymap(e, map, 1), ERROR_INVALID);
	EXPECT("");
	assert_int_equal(evdev_keymap(e, map, 0), 0);
	xkb_keymap_unref(map);
	EXPECT("layout German\n");
	tap(KEY_SEMICOLON);
	EXPECT("key 0/39 1 letter\nkey 0/39 0 letter\n");
	/* Held when the stream began. */
	key(KEY_LEFTSHIFT, KEY_PRESS, CLASS_MODIFIER, STREAM_RESYNC);
	tap(KEY_1);
	EXPECT("key 0/2 1 punctuation\nkey 0/2 0 punctuation\n");
	assert_int_equal(one(STREAM_SESSION, -1, STREAM_SESSION_LOCKED, 0, 0, 0, 0, 0), 0);
	assert_int_equal(one(STREAM_SESSION, -1, STREAM_SESSION_INACTIVE, 0, 0, 0, 0, 0), 0);
	assert_int_equal(one(STREAM_SESSION, -1, STREAM_SESSION_OPEN, 0, 0, 0, 0, 0), 0);
	key(KEY_1, KEY_PRESS, CLASS_DIGIT, 0);
	EXPECT("locked\nunlocked\nkey 0/2 1 digit\n");
	key(KEY_LEFTCTRL, KEY_PRESS, CLASS_MODIFIER, 0);
	one(STREAM_DEVICE, 0, 0, 0, DEVICE_KEYBOARD, 0, 0, 0);
	one(STREAM_DEVICE, 2, 1, 0, DEVICE_KEYBOARD, 0, 0, 0);
	told[0] = 0;
	one(STREAM_KEY, 2, KEY_PRESS, KEY_B, CLASS_LETTER, 0, 0, 0);
	EXPECT("key 2/48 1 letter\n");
	/* Num Lock was on before anybody looked: the broker has seen its lamp. */
	one(STREAM_KEY, 2, KEY_PRESS, KEY_KP7, CLASS_DIGIT, 0, 0, 0);
	one(STREAM_KEY, 2, KEY_RELEASE, KEY_KP7, CLASS_DIGIT, 0, 0, 0);
	EXPECT("key 2/71 1 digit\nkey 2/71 0 digit\n");
}

/* What the participant never wants recorded is looked for in what is typed: so that is known, where its keymap is. */
static void test_text(void **unused)
{
	struct xkb_keymap *map = map_of("de", NULL);
	(void)unused;
	options = (struct evdev_options){ 0 };
	start(DETAIL_CODE, true);
	typed[0] = 0;
	tap(KEY_A);
	assert_string_equal(typed, "");
	assert_int_equal(evdev_keymap(e, map, 0), 0);
	xkb_keymap_unref(map);
	tap(KEY_Z);
	key(KEY_LEFTSHIFT, KEY_PRESS, CLASS_MODIFIER, 0);
	tap(KEY_SEMICOLON);
	key(KEY_LEFTSHIFT, KEY_RELEASE, CLASS_MODIFIER, 0);
	key(KEY_4, KEY_PRESS, CLASS_DIGIT, 0);
	key(KEY_4, KEY_REPEAT, CLASS_DIGIT, 0);
	key(KEY_4, KEY_RELEASE, CLASS_DIGIT, 0);
	assert_string_equal(typed, "y\xc3\x96" "44");
	/* A card's number is often typed there; Num Lock was on before anybody looked. */
	typed[0] = 0;
	key(KEY_KP4, KEY_PRESS, CLASS_DIGIT, 0);
	key(KEY_KP4, KEY_RELEASE, CLASS_DIGIT, 0);
	key(KEY_KP0, KEY_PRESS, CLASS_DIGIT, 0);
	key(KEY_KP0, KEY_RELEASE, CLASS_DIGIT, 0);
	key(KEY_KP4, KEY_PRESS, CLASS_NAVIGATION, 0);
	key(KEY_KP4, KEY_RELEASE, CLASS_NAVIGATION, 0);
	key(KEY_KPDOT, KEY_PRESS, CLASS_PUNCTUATION, 0);
	assert_string_equal(typed, "40.");
	typed[0] = 0;
	key(KEY_LEFTCTRL, KEY_PRESS, CLASS_MODIFIER, 0);
	tap(KEY_C);
	key(KEY_KP5, KEY_PRESS, CLASS_DIGIT, 0);
	key(KEY_LEFTCTRL, KEY_RELEASE, CLASS_MODIFIER, 0);
	assert_string_equal(typed, "");
	assert_int_equal(evdev_keymap(e, NULL, 0), 0);
	tap(KEY_A);
	assert_string_equal(typed, "");
}

/* Another layout, or another group of it: what is held stays held, until it is let go, and Caps Lock stays. */
static void test_layout_changes(void **unused)
{
	/* French: digits with Shift, or Caps Lock. */
	struct xkb_keymap *map = map_of("fr,us", "caps:shiftlock,grp:alt_shift_toggle"), *other = map_of("us,de", NULL);
	(void)unused;
	options = (struct evdev_options){ 0 };
	start(DETAIL_CODE, true);
	/* Before any is known. */
	key(KEY_LEFTSHIFT, KEY_PRESS, CLASS_MODIFIER, 0);
	told[0] = 0;
	assert_int_equal(evdev_keymap(e, map, 0), 0);
	tap(KEY_1);
	EXPECT("layout French\nkey 0/2 1 digit\nkey 0/2 0 digit\n");
	assert_int_equal(evdev_keymap(e, map, 1), 0);
	tap(KEY_1);
	EXPECT("layout English (US)\nkey 0/2 1 punctuation\nkey 0/2 0 punctuation\n");
	/* The keys that switched it are still down. */
	key(KEY_LEFTALT, KEY_PRESS, CLASS_MODIFIER, 0);
	key(KEY_LEFTCTRL, KEY_PRESS, CLASS_MODIFIER, 0);
	told[0] = 0;
	assert_int_equal(evdev_keymap(e, map, 0), 0);
	EXPECT("layout French\n");
	tap(KEY_A);
	EXPECT("key 0/30 1 letter chord\nkey 0/30 0 letter chord\n");
	key(KEY_LEFTCTRL, KEY_RELEASE, CLASS_MODIFIER, 0);
	key(KEY_LEFTALT, KEY_RELEASE, CLASS_MODIFIER, 0);
	key(KEY_LEFTSHIFT, KEY_RELEASE, CLASS_MODIFIER, 0);
	told[0] = 0;
	tap(KEY_1);
	EXPECT("key 0/2 1 punctuation\nkey 0/2 0 punctuation\n");
	tap(KEY_CAPSLOCK);
	told[0] = 0;
	assert_int_equal(evdev_keymap(e, other, 1), 0);
	assert_int_equal(evdev_keymap(e, map, 0), 0);
	EXPECT("layout German\nlayout French\n");
	tap(KEY_1);
	EXPECT("key 0/2 1 digit\nkey 0/2 0 digit\n");
	assert_int_equal(evdev_keymap(e, NULL, 0), 0);
	assert_int_equal(key(KEY_1, KEY_PRESS, CLASS_DIGIT, 0), 0);
	EXPECT("layout unknown\nkey 0/2 1 digit\n");
	xkb_keymap_unref(map);
	xkb_keymap_unref(other);
}

/* What no broker says ends the source, before anything of it is told. */
static void test_corrupt(void **unused)
{
	uint8_t packet[STREAM_CONTROL_SIZE];
	struct stream_terms terms = { DETAIL_CODE, POINTER_FULL, true };
	(void)unused;
	options = (struct evdev_options){ 0 };
	start(DETAIL_CODE, false);
	assert_int_equal(one(STREAM_DEVICE, 0, 1, 0, 0, 0, 0, 0), ERROR_CORRUPT);   /* the state comes first */
	start(DETAIL_CODE, true);
	assert_int_equal(one(STREAM_KEY, 5, KEY_PRESS, KEY_A, 0, 0, 0, 0), ERROR_CORRUPT);
	assert_int_equal(one(STREAM_DEVICE, 1, 1, 0, DEVICE_MOUSE, 0, 0, 0), ERROR_CORRUPT);
	assert_int_equal(one(STREAM_DEVICE, 9, 0, 0, DEVICE_MOUSE, 0, 0, 0), ERROR_CORRUPT);
	/* Not granted. */
	assert_int_equal(one(STREAM_KEY, 0, KEY_PRESS, 0, 0, 1, 0, 0), ERROR_CORRUPT);
	EXPECT("");
	start(DETAIL_CLASS, true);
	assert_int_equal(key(KEY_A, KEY_PRESS, CLASS_LETTER, 0), ERROR_CORRUPT);
	EXPECT("");
	/* In the future. */
	start(DETAIL_CODE, true);
	struct stream_record r = { NOW + 1, 0, 0, 0, KEY_A, STREAM_KEY, KEY_PRESS, 0, 0 };
	assert_int_equal(give(&r, 1), ERROR_CORRUPT);
	/* While it is locked. */
	assert_int_equal(one(STREAM_SESSION, -1, STREAM_SESSION_LOCKED, 0, 0, 0, 0, 0), 0);
	EXPECT("locked\n");
	assert_int_equal(key(KEY_A, KEY_PRESS, CLASS_LETTER, 0), ERROR_CORRUPT);
	assert_int_equal(one(STREAM_BUTTON, 1, KEY_PRESS, BTN_LEFT, 0, 0, 0, 0), ERROR_CORRUPT);
	EXPECT("");
	/* Nobody asked. */
	start(DETAIL_CODE, true);
	assert_int_equal(one(STREAM_SYNCED, -1, 0, 0, 0, 0, 0, 0), ERROR_CORRUPT);
	EXPECT("");
	/* More devices than there are. */
	start(DETAIL_CODE, true);
	int n = 2;
	while (n < 1000 && one(STREAM_DEVICE, n, 1, 0, 0, 0, 0, 0) == 0)
		n++;
	assert_int_equal(n, EVDEV_DEVICES);
	/* Other packets. */
	start(DETAIL_CODE, true);
	stream_put_welcome(packet, &terms, 1);
	assert_int_equal(evdev_take(e, packet, sizeof packet, NOW), ERROR_CORRUPT);
	assert_int_equal(evdev_refusal(e), 0);
	stream_put_refusal(packet, STREAM_REFUSED_ENDED);
	assert_int_equal(evdev_take(e, packet, sizeof packet, NOW), ERROR_GONE);
	assert_int_equal(evdev_refusal(e), STREAM_REFUSED_ENDED);
	EXPECT("");
}

/* ---- A broker that answers once ---- */

/* welcome: that, with the time at which it is sent and shift_us, instead of the packet. */
struct answer { int listener; uint8_t packet[STREAM_PACKET_MAX]; size_t length; bool early; const struct stream_terms *welcome; int64_t shift_us; };

static void *serve(void *user)
{
	struct answer *a = user;
	uint8_t hello[100];
	int fd = accept(a->listener, NULL, NULL);
	if (!a->early)
		assert_int_equal(recv(fd, hello, sizeof hello, 0), STREAM_CONTROL_SIZE);
	if (a->welcome)
		stream_put_welcome(a->packet, a->welcome, clock_mono_us() + a->shift_us);
	if (a->length)
		assert_int_equal(send(fd, a->packet, a->length, MSG_NOSIGNAL), a->length);
	close(fd);
	return NULL;
}

static int open_with(struct answer *a, enum stream_refusal *refusal)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *what = NULL, *remedy = NULL;
	struct evdev *opened = NULL;
	pthread_t thread;
	size_t bytes = 1;
	snprintf(address.sun_path, sizeof address.sun_path, "/tmp/test_evdev.%d", (int)getpid());
	unlink(address.sun_path);
	a->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(a->listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(a->listener, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, serve, a), 0);
	options = (struct evdev_options){ .wanted = { DETAIL_CLASS, POINTER_BUTTONS, false } };
	int r = evdev_open(address.sun_path, &options, collect, NULL, &opened, &what, &remedy, refusal);
	pthread_join(thread, NULL);
	close(a->listener);
	unlink(address.sun_path);
	assert_true((r == 0) == (opened != NULL));
	assert_true(r == 0 || (what && *what && remedy));
	if (opened) {
		assert_int_equal(evdev_granted(opened)->keys, DETAIL_CLASS);
		assert_true(evdev_fd(opened) >= 0);
		assert_int_equal(evdev_drain(opened, &bytes), ERROR_GONE);
		assert_int_equal(bytes, 0);
	}
	evdev_close(opened);
	return r;
}

static void test_open(void **unused)
{
	struct answer a = { .length = STREAM_CONTROL_SIZE };
	struct stream_terms wanted = { DETAIL_CLASS, POINTER_BUTTONS, false }, more = { DETAIL_CODE, POINTER_BUTTONS, false };
	const char *what, *remedy;
	enum stream_refusal refusal;
	struct evdev *none;
	(void)unused;
	assert_int_equal(evdev_open("/nonexistent/socket", &options, collect, NULL, &none, &what, &remedy, NULL), ERROR_GONE);
	assert_true(what[0] && remedy[0] && !none);
	a.welcome = &wanted;
	assert_int_equal(open_with(&a, &refusal), 0);
	assert_int_equal(refusal, 0);
	a.shift_us = -100000000;
	assert_int_equal(open_with(&a, &refusal), ERROR_UNSUPPORTED);
	a.welcome = &more;
	a.shift_us = 0;
	assert_int_equal(open_with(&a, &refusal), ERROR_CORRUPT);
	a.welcome = NULL;
	for (int early = 0; early < 2; early++) {
		/* Refused before, and after, it was heard. */
		a.early = early;
		stream_put_refusal(a.packet, STREAM_REFUSED_INACTIVE);
		assert_int_equal(open_with(&a, &refusal), ERROR_DENIED);
		assert_int_equal(refusal, STREAM_REFUSED_INACTIVE);
		stream_put_refusal(a.packet, STREAM_REFUSED_VERSION);
		assert_int_equal(open_with(&a, &refusal), ERROR_UNSUPPORTED);
	}
	a.early = false;
	a.length = 3;
	assert_int_equal(open_with(&a, &refusal), ERROR_CORRUPT);
	a.length = 0;
	assert_int_equal(open_with(&a, &refusal), ERROR_GONE);
}

/* ---- One that is asked for all there is ---- */

enum how { HOW_AT_ONCE, HOW_LATE, HOW_BEFORE, HOW_TWICE, HOW_END };

struct asked { int fd; enum how how; int count; };

static void send_records(int fd, const struct stream_record *records, size_t n)
{
	uint8_t packet[STREAM_PACKET_MAX];
	size_t length = stream_put_records(packet, records, n);
	/* Who was told nonsense may be gone. */
	ssize_t ignored = send(fd, packet, length, MSG_NOSIGNAL);
	(void)ignored;
}

static void *answer_syncs(void *user)
{
	struct asked *a = user;
	uint8_t packet[100];
	ssize_t n;
	while ((n = recv(a->fd, packet, sizeof packet, 0)) > 0) {
		assert_int_equal(stream_type(packet, (size_t)n), STREAM_SYNC);
		struct stream_record records[] = {
			{ 6, 0, 0, 0, KEY_A, STREAM_KEY, KEY_PRESS, CLASS_LETTER, 0 },
			{ clock_mono_us(), 0, 0, -1, 0, STREAM_SYNCED, 0, 0, 0 },
			{ 7, 0, 0, 0, KEY_A, STREAM_KEY, KEY_RELEASE, CLASS_LETTER, 0 },
		};
		if (a->how == HOW_BEFORE)
			records[1].mono_us = 5;
		send_records(a->fd, records, 1);
		/* Longer than anybody waits; the next one at once. */
		if (a->how == HOW_LATE && a->count == 0)
			usleep(150000);
		if (a->how == HOW_END)
			shutdown(a->fd, SHUT_RDWR);
		else
			send_records(a->fd, records + 1, 2);
		if (a->how == HOW_TWICE)
			send_records(a->fd, records + 1, 1);
		a->count++;
	}
	return NULL;
}

static void begin_syncs(int listener, struct asked *a)
{
	static const struct stream_record begin[] = { { 1, 0, 0, -1, 0, STREAM_SESSION, STREAM_SESSION_OPEN, 0, 0 },
		{ 2, 0, 0, 0, 0, STREAM_DEVICE, 1, DEVICE_KEYBOARD, 0 } };
	uint8_t packet[STREAM_CONTROL_SIZE];
	a->fd = accept(listener, NULL, NULL);
	assert_int_equal(recv(a->fd, packet, sizeof packet, 0), STREAM_CONTROL_SIZE);
	stream_put_welcome(packet, &options.wanted, clock_mono_us());
	assert_int_equal(send(a->fd, packet, sizeof packet, MSG_NOSIGNAL), sizeof packet);
	send_records(a->fd, begin, 2);
}

static void *serve_asked(void *user)
{
	void **both = user;
	begin_syncs(*(int *)both[0], both[1]);
	return answer_syncs(both[1]);
}

/* Asks once, or twice, of one that answers like that: the last result. */
static int sync_with(enum how how, int times, bool *synced, int *count)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct asked a = { .how = how };
	const char *what, *remedy;
	struct evdev *opened;
	pthread_t thread;
	size_t bytes;
	int r = 0, listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	void *both[] = { &listener, &a };
	snprintf(address.sun_path, sizeof address.sun_path, "/tmp/test_evdev.%d", (int)getpid());
	unlink(address.sun_path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 1), 0);
	options = (struct evdev_options){ .wanted = { DETAIL_CODE, POINTER_FULL, true } };
	assert_int_equal(pthread_create(&thread, NULL, serve_asked, both), 0);
	assert_int_equal(evdev_open(address.sun_path, &options, collect, NULL, &opened, &what, &remedy, NULL), 0);
	told[0] = 0;
	for (int i = 0; i < times && r == 0; i++) {
		int64_t began_us = clock_mono_us();
		r = evdev_sync(opened, synced, &bytes);
		int64_t took_us = clock_mono_us() - began_us;
		assert_true(*synced || r || took_us >= 100000);
		assert_true(r || bytes > 0);
	}
	if (r == 0 && how == HOW_TWICE) {
		usleep(20000);
		r = evdev_drain(opened, &bytes);
	}
	evdev_close(opened);
	pthread_join(thread, NULL);
	close(a.fd);
	close(listener);
	unlink(address.sun_path);
	*count = a.count;
	return r;
}

static void test_sync(void **unused)
{
	bool synced = false;
	int count;
	(void)unused;
	assert_int_equal(sync_with(HOW_AT_ONCE, 1, &synced, &count), 0);
	assert_true(synced && count == 1);
	EXPECT("unlocked\ncame 0 keyboard\nkey 0/30 1 letter\nkey 0/30 0 letter\n");
	/* The answer to the first comes while the second waits, and is not the second's. */
	assert_int_equal(sync_with(HOW_LATE, 1, &synced, &count), 0);
	assert_false(synced);
	EXPECT("unlocked\ncame 0 keyboard\nkey 0/30 1 letter\n");
	assert_int_equal(sync_with(HOW_LATE, 2, &synced, &count), 0);
	assert_true(synced && count == 2);
	assert_int_equal(sync_with(HOW_BEFORE, 1, &synced, &count), ERROR_CORRUPT);
	assert_false(synced);
	assert_int_equal(sync_with(HOW_TWICE, 1, &synced, &count), ERROR_CORRUPT);
	assert_int_equal(sync_with(HOW_END, 1, &synced, &count), ERROR_GONE);
	assert_false(synced);
}

static int release(void **unused)
{
	(void)unused;
	evdev_close(e);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events), cmocka_unit_test(test_classes), cmocka_unit_test(test_layout), cmocka_unit_test(test_text), cmocka_unit_test(test_layout_changes),
		cmocka_unit_test(test_corrupt), cmocka_unit_test(test_open), cmocka_unit_test(test_sync),
	};
	return cmocka_run_group_tests(tests, NULL, release);
}
