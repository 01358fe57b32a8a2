/* SPDX-License-Identifier: Apache-2.0 */
/* One device's events as records: what each kind of device tells, and what is never told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../agent/inputd/decode.h"
#include "fake_caps.h"

static const struct stream_terms everything = { DETAIL_CODE, POINTER_FULL, true };

static struct decode_seat seat;
static struct decode device;
static char told[4096];
static bool telling;             /* what is emitted reaches the client */
static int64_t now_us;

static void collect(void *user, struct decode *d, const struct stream_record *r)
{
	static const char *const kinds[] = { "device", "key", "button", "motion", "scroll", "touch", "lost", "session" };
	struct stream_record shown = *r;
	size_t n = strlen(told);
	(void)user;
	/* Both fields are set here; a client gets one. */
	if (shown.kind == STREAM_KEY) {
		assert_in_range(shown.x, 1, STREAM_HELD_MAX);
		shown.x = 0;
	}
	assert_true(stream_is_record(&shown));
	assert_int_equal(r->device, d->ordinal);
	snprintf(told + n, sizeof told - n, "%s", kinds[r->kind]);
	n = strlen(told);
	switch (r->kind) {
	case STREAM_KEY:
		snprintf(told + n, sizeof told - n, " %d %d %s @%d", r->code, r->action, event_class_name(r->klass), r->x);
		break;
	case STREAM_BUTTON:
		snprintf(told + n, sizeof told - n, " %#x %d", (unsigned)r->code, r->action);
		break;
	case STREAM_TOUCH:
		snprintf(told + n, sizeof told - n, " %d %d", r->code, r->action);
		if (r->action == TOUCH_UPDATE)
			snprintf(told + strlen(told), sizeof told - strlen(told), " %d,%d", r->x, r->y);
		break;
	case STREAM_MOTION: case STREAM_SCROLL:
		snprintf(told + n, sizeof told - n, " %d,%d", r->x, r->y);
		break;
	default:
		break;
	}
	snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s%s\n", r->flags & STREAM_CHORD ? " chord" : "",
		 r->flags & STREAM_RESYNC ? " resync" : "", r->flags & STREAM_SYNTHETIC ? " synthetic" : "");
	if (r->kind != STREAM_LOST)
		assert_int_equal(r->mono_us, now_us);
	if (telling)
		decode_told(d, r);
}

static void begin(const char *kind, const struct stream_terms *terms)
{
	struct libevdev *caps = fake_caps(kind);
	seat = (struct decode_seat){ 0 };
	told[0] = 0;
	telling = true;
	now_us = 5000000;
	assert_non_null(caps);
	assert_true(decode_init(&device, caps, terms, &seat, 3, strstr(kind, "-virtual") != NULL));
	libevdev_free(caps);
}

static void event(unsigned type, unsigned code, int value)
{
	struct input_event e = { .type = (uint16_t)type, .code = (uint16_t)code, .value = value };
	e.input_event_sec = now_us / 1000000;
	e.input_event_usec = now_us % 1000000;
	decode_event(&device, &e, false, collect, NULL);
}

static void found_out(unsigned type, unsigned code, int value)
{
	struct input_event e = { .type = (uint16_t)type, .code = (uint16_t)code, .value = value };
	e.input_event_sec = now_us / 1000000;
	e.input_event_usec = now_us % 1000000;
	decode_event(&device, &e, true, collect, NULL);
}

static void report(void)
{
	event(EV_SYN, SYN_REPORT, 0);
	now_us += 1001;
}

static void key(unsigned code, int value)
{
	event(EV_KEY, code, value);
	report();
}

static void expect(const char *text)
{
	assert_string_equal(told, text);
	told[0] = 0;
}

static void test_keys(void **unused)
{
	(void)unused;
	begin("keyboard", &everything);
	assert_int_equal(device.klass, DEVICE_KEYBOARD);
	key(KEY_A, 1);
	key(KEY_A, 2);
	key(KEY_B, 1);
	key(KEY_A, 0);
	key(KEY_C, 1);
	key(KEY_B, 0);
	key(KEY_C, 0);
	expect("key 30 1 letter @1\nkey 30 2 letter @1\nkey 48 1 letter @2\nkey 30 0 letter @1\nkey 46 1 letter @1\n"
	       "key 48 0 letter @2\nkey 46 0 letter @1\n");
	/* What is down does not go down, what is up not up, and what is up is not repeated. */
	key(KEY_A, 0);
	key(KEY_A, 2);
	key(KEY_A, 1);
	key(KEY_A, 1);
	key(KEY_A, 3);
	key(KEY_A, -1);
	key(KEY_A, 0);
	expect("key 30 1 letter @1\nkey 30 0 letter @1\n");
	/* The release has the class of the press. */
	key(KEY_LEFTSHIFT, 1);
	key(KEY_1, 1);
	key(KEY_LEFTSHIFT, 0);
	key(KEY_1, 0);
	key(KEY_1, 1);
	key(KEY_1, 0);
	expect("key 42 1 modifier @1\nkey 2 1 punctuation @2\nkey 42 0 modifier @1\nkey 2 0 punctuation @2\nkey 2 1 digit @1\n"
	       "key 2 0 digit @1\n");
	/* Num Lock's lamp. */
	key(KEY_KP7, 1);
	key(KEY_KP7, 0);
	event(EV_LED, LED_NUML, 1);
	key(KEY_KP7, 1);
	key(KEY_KP7, 0);
	expect("key 71 1 navigation @1\nkey 71 0 navigation @1\nkey 71 1 digit @1\nkey 71 0 digit @1\n");
}

static void test_chord(void **unused)
{
	(void)unused;
	begin("keyboard-virtual", &everything);
	key(KEY_LEFTCTRL, 1);
	key(KEY_C, 1);
	key(KEY_C, 0);
	key(KEY_LEFTCTRL, 0);
	key(KEY_C, 1);
	key(KEY_C, 0);
	expect("key 29 1 modifier @1 synthetic\nkey 46 1 letter @2 chord synthetic\nkey 46 0 letter @2 chord synthetic\n"
	       "key 29 0 modifier @1 chord synthetic\nkey 46 1 letter @1 synthetic\nkey 46 0 letter @1 synthetic\n");
	/* The right Alt makes characters. */
	key(KEY_RIGHTALT, 1);
	key(KEY_Q, 1);
	expect("key 100 1 modifier @1 synthetic\nkey 16 1 letter @2 synthetic\n");
	/* A device that is gone holds nothing. */
	key(KEY_LEFTMETA, 1);
	assert_int_equal(seat.chord, 1);
	decode_end(&device);
	assert_true(seat.chord == 0 && seat.places == 0 && seat.shift == 0);
}

/* More keys than places: the last is shared, and nothing is lost. */
static void test_many_keys(void **unused)
{
	(void)unused;
	begin("keyboard", &everything);
	for (unsigned code = KEY_1; code < KEY_1 + 40; code++)
		key(code, 1);
	told[0] = 0;
	for (unsigned code = KEY_1; code < KEY_1 + 40; code++)
		key(code, 0);
	assert_int_equal(seat.places, 0);
	told[0] = 0;
	key(KEY_A, 1);
	expect("key 30 1 letter @1\n");
}

static void test_mouse(void **unused)
{
	(void)unused;
	begin("mouse", &everything);
	assert_int_equal(device.klass, DEVICE_MOUSE);
	event(EV_REL, REL_X, 3);
	event(EV_REL, REL_Y, -2);
	report();
	event(EV_REL, REL_X, 1);
	event(EV_KEY, BTN_LEFT, 1);
	report();
	event(EV_KEY, BTN_LEFT, 0);
	event(EV_KEY, BTN_SIDE, 1);
	report();
	expect("motion 768,-512\nbutton 0x110 1\nmotion 256,0\nbutton 0x110 0\nbutton 0x113 1\n");
	/* Down and right are positive. */
	event(EV_REL, REL_WHEEL, 1);
	report();
	event(EV_REL, REL_HWHEEL, 2);
	event(EV_REL, REL_WHEEL, -1);
	report();
	expect("scroll 0,-120\nscroll 240,120\n");
	report();
	expect("");
}

static void test_wheel(void **unused)
{
	(void)unused;
	begin("wheel", &everything);
	/* Told twice, counted once. */
	event(EV_REL, REL_WHEEL_HI_RES, -15);
	report();
	event(EV_REL, REL_WHEEL_HI_RES, -105);
	event(EV_REL, REL_WHEEL, -1);
	report();
	event(EV_REL, REL_HWHEEL_HI_RES, 30);
	report();
	expect("scroll 0,15\nscroll 0,105\nscroll 30,0\n");
}

static void finger(int slot, int id, int x, int y)
{
	event(EV_ABS, ABS_MT_SLOT, slot);
	if (id != 0)
		event(EV_ABS, ABS_MT_TRACKING_ID, id);
	if (x >= 0)
		event(EV_ABS, ABS_MT_POSITION_X, x);
	if (y >= 0)
		event(EV_ABS, ABS_MT_POSITION_Y, y);
}

static void test_touchpad(void **unused)
{
	(void)unused;
	begin("touchpad", &everything);
	assert_int_equal(device.klass, DEVICE_TOUCHPAD);
	finger(0, 10, 1000, 1000);
	event(EV_KEY, BTN_TOUCH, 1);
	event(EV_KEY, BTN_TOOL_FINGER, 1);
	event(EV_ABS, ABS_X, 1000);
	report();
	/* 40 units a mm: 127 units are an eighth of an inch, 125 of 1/1000. */
	finger(0, 0, 1127, -1);
	event(EV_ABS, ABS_X, 1127);
	report();
	expect("touch 0 0\nmotion 32000,0\n");
	/* A second finger: both are told as touches. */
	finger(1, 11, 2000, 2000);
	report();
	finger(0, 0, 1000, -1);
	finger(1, 0, -1, 2254);
	report();
	finger(1, -1, -1, -1);
	report();
	finger(0, 0, 1127, -1);
	report();
	finger(0, -1, -1, -1);
	event(EV_KEY, BTN_TOUCH, 0);
	report();
	expect("touch 1 0\ntouch 0 1 -32000,0\ntouch 1 1 0,64000\ntouch 1 2\nmotion 32000,0\ntouch 0 2\n");
	/* Another finger in the same place and frame; a button is a button. */
	finger(0, 12, 10, 10);
	report();
	finger(0, 13, 500, 500);
	event(EV_KEY, BTN_LEFT, 1);
	report();
	expect("touch 0 0\nbutton 0x110 1\ntouch 0 2\ntouch 0 0\n");
	/* No sum of rounding: there and back is nowhere. */
	int sum = 0;
	for (int i = 1; i <= 300; i++) {
		finger(0, 0, 500 + i, -1);
		report();
		int dx = 0, dy;
		assert_int_equal(sscanf(told, "motion %d,%d", &dx, &dy), 2);
		sum += dx;
		told[0] = 0;
	}
	finger(0, 0, 500, -1);
	report();
	int back, dy;
	assert_int_equal(sscanf(told, "motion %d,%d", &back, &dy), 2);
	assert_int_equal(sum + back, 0);
}

static void test_screen(void **unused)
{
	(void)unused;
	begin("screen", &everything);
	assert_int_equal(device.klass, DEVICE_TOUCHSCREEN);
	finger(0, 10, 1000, 1000);
	event(EV_KEY, BTN_TOUCH, 1);
	report();
	finger(0, 0, 1127, 1127);
	report();
	finger(0, -1, -1, -1);
	event(EV_KEY, BTN_TOUCH, 0);
	report();
	expect("touch 0 0\ntouch 0 1 32000,32000\ntouch 0 2\n");
	/* A slot that is not counted, and one that is none. */
	finger(STREAM_SLOTS_MAX, 11, 1, 1);
	finger(-1, 12, 1, 1);
	finger(1 << 30, 13, 1, 1);
	report();
	expect("");
}

static void test_pen(void **unused)
{
	(void)unused;
	begin("pen", &everything);
	assert_int_equal(device.klass, DEVICE_TABLET);
	/* Where it comes into reach is no movement. */
	event(EV_ABS, ABS_X, 5000);
	event(EV_ABS, ABS_Y, 5000);
	event(EV_KEY, BTN_TOOL_PEN, 1);
	report();
	event(EV_ABS, ABS_X, 5254);
	report();
	event(EV_KEY, BTN_TOUCH, 1);
	report();
	event(EV_KEY, BTN_TOUCH, 0);
	event(EV_KEY, BTN_STYLUS, 1);
	report();
	event(EV_KEY, BTN_TOOL_PEN, 0);
	report();
	event(EV_ABS, ABS_X, 100);
	report();
	event(EV_KEY, BTN_TOOL_PEN, 1);
	event(EV_ABS, ABS_X, 9000);
	report();
	expect("motion 25600,0\nbutton 0x110 1\nbutton 0x110 0\nbutton 0x14b 1\n");
}

static void test_absolute_mouse(void **unused)
{
	(void)unused;
	begin("absolute", &everything);
	assert_int_equal(device.klass, DEVICE_MOUSE);
	event(EV_ABS, ABS_X, 100);
	event(EV_ABS, ABS_Y, 50);
	report();
	event(EV_ABS, ABS_X, 90);
	report();
	expect("motion 25600,12800\nmotion -2560,0\n");
}

static void test_terms(void **unused)
{
	struct stream_terms terms = { DETAIL_NONE, POINTER_BUTTONS, false };
	struct libevdev *caps;
	(void)unused;
	begin("wheel", &terms);
	event(EV_REL, REL_X, 3);
	event(EV_KEY, BTN_LEFT, 1);
	event(EV_REL, REL_WHEEL_HI_RES, 120);
	report();
	expect("button 0x110 1\n");
	begin("touchpad", &terms);
	finger(0, 10, 1000, 1000);
	report();
	finger(0, 0, 1100, 1000);
	report();
	finger(1, 11, 1100, 1000);
	report();
	finger(0, 0, 1200, 1000);
	report();
	finger(0, -1, -1, -1);
	report();
	expect("touch 0 0\ntouch 1 0\ntouch 0 2\n");
	/* Without keys a keyboard is not even kept open. */
	caps = fake_caps("keyboard");
	assert_false(decode_init(&device, caps, &terms, &seat, 1, false));
	libevdev_free(caps);
	terms = (struct stream_terms){ DETAIL_CLASS, POINTER_NONE, false };
	caps = fake_caps("mouse");
	assert_false(decode_init(&device, caps, &terms, &seat, 1, false));
	libevdev_free(caps);
	caps = fake_caps("game");
	assert_false(decode_init(&device, caps, &everything, &seat, 1, false));
	libevdev_free(caps);
	caps = fake_caps("nothing");
	assert_false(decode_init(&device, caps, &everything, &seat, 1, false));
	libevdev_free(caps);
}

/* The kernel dropped: what libevdev found out follows the hole, and no movement leads across it. */
static void test_dropped(void **unused)
{
	(void)unused;
	begin("keyboard", &everything);
	key(KEY_LEFTSHIFT, 1);
	key(KEY_A, 1);
	told[0] = 0;
	event(EV_SYN, SYN_DROPPED, 0);
	found_out(EV_KEY, KEY_A, 0);
	found_out(EV_KEY, KEY_S, 1);
	found_out(EV_SYN, SYN_REPORT, 0);
	expect("lost\nkey 30 0 letter @2 resync\nkey 31 1 letter @2 resync\n");
	key(KEY_S, 0);
	key(KEY_LEFTSHIFT, 0);
	expect("key 31 0 letter @2\nkey 42 0 modifier @1\n");

	begin("touchpad", &everything);
	finger(0, 10, 1000, 1000);
	report();
	told[0] = 0;
	finger(0, 0, 1500, -1);      /* the half of a frame */
	event(EV_SYN, SYN_DROPPED, 0);
	found_out(EV_ABS, ABS_MT_SLOT, 0);
	found_out(EV_ABS, ABS_MT_POSITION_X, 3000);
	found_out(EV_SYN, SYN_REPORT, 0);
	finger(0, 0, 3127, -1);
	report();
	expect("lost\nmotion 32000,0\n");

	begin("mouse", &everything);
	event(EV_REL, REL_X, 30);
	event(EV_SYN, SYN_DROPPED, 0);
	event(EV_REL, REL_X, 1);
	report();
	expect("lost\nmotion 256,0\n");

	begin("pen", &everything);
	event(EV_ABS, ABS_X, 5000);
	event(EV_KEY, BTN_TOOL_PEN, 1);
	report();
	event(EV_SYN, SYN_DROPPED, 0);
	found_out(EV_ABS, ABS_X, 8000);
	found_out(EV_SYN, SYN_REPORT, 0);
	event(EV_ABS, ABS_X, 8254);
	report();
	expect("lost\nmotion 25600,0\n");
}

/* The client had no room: what it must know afterwards. */
static void test_mended(void **unused)
{
	(void)unused;
	begin("keyboard", &everything);
	key(KEY_A, 1);           /* told, and released in the hole */
	key(KEY_LEFTSHIFT, 1);   /* told, and still down */
	telling = false;
	key(KEY_A, 0);
	key(KEY_B, 1);           /* pressed in the hole, and still down */
	key(KEY_C, 1);
	key(KEY_C, 0);
	telling = true;
	told[0] = 0;
	decode_mend(&device, now_us, false, collect, NULL);
	expect("key 30 0 letter @1 resync\n");
	decode_mend(&device, now_us, true, collect, NULL);
	expect("key 48 1 letter @1 resync\n");
	/* And then all is known. */
	decode_mend(&device, now_us, false, collect, NULL);
	decode_mend(&device, now_us, true, collect, NULL);
	expect("");

	begin("touchpad", &everything);
	finger(0, 10, 1000, 1000);
	report();
	telling = false;
	finger(0, -1, -1, -1);
	report();
	finger(1, 11, 1000, 1000);
	report();
	telling = true;
	told[0] = 0;
	decode_mend(&device, now_us, false, collect, NULL);
	decode_mend(&device, now_us, true, collect, NULL);
	expect("touch 0 2 resync\ntouch 1 0 resync\n");
}

/* Any events at all: records are good ones, and what is held adds up. */
static void test_random(void **unused)
{
	static const char *const kinds[] = { "keyboard", "mouse", "wheel", "touchpad", "screen", "pen", "absolute" };
	static const uint16_t types[] = { EV_SYN, EV_SYN, EV_KEY, EV_KEY, EV_REL, EV_ABS, EV_ABS, EV_LED, EV_MSC, 31 };
	static const uint16_t abs_codes[] = { ABS_X, ABS_Y, ABS_MT_SLOT, ABS_MT_TRACKING_ID, ABS_MT_POSITION_X, ABS_MT_POSITION_Y };
	uint32_t state = 1;
	(void)unused;
	for (unsigned kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
		begin(kinds[kind], &everything);
		for (int i = 0; i < 30000; i++) {
			state = state * 1103515245 + 12345;
			unsigned dice = state >> 8;
			unsigned type = types[dice % 10], code = dice / 10 % 0x300;
			int value = dice % 7 == 0 ? (int)(state ^ 0x5a5a5a5a) : (int)(dice % 4) - 1;
			if (type == EV_ABS && dice & 64)
				code = abs_codes[code % 6];
			if (type == EV_REL)
				code %= 16;
			if (type == EV_SYN)
				code = code % 4;
			if (dice % 50 == 0)
				found_out(type, code, value);
			else
				event(type, code, value);
			told[0] = 0;
		}
		decode_end(&device);
		assert_true(seat.places == 0 && seat.chord == 0 && seat.shift == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys), cmocka_unit_test(test_chord), cmocka_unit_test(test_many_keys), cmocka_unit_test(test_mouse),
		cmocka_unit_test(test_wheel), cmocka_unit_test(test_touchpad), cmocka_unit_test(test_screen), cmocka_unit_test(test_pen),
		cmocka_unit_test(test_absolute_mouse), cmocka_unit_test(test_terms), cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_mended), cmocka_unit_test(test_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
