/* SPDX-License-Identifier: Apache-2.0 */
/* What the language of tests/flow has no words for: input that is read late, and what a browser says of its windows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <linux/input-event-codes.h>

#include "../../agent/pipeline.h"

enum { MS = 1000, PID = 10, WINDOW = 1, FIELD = 11 };
static const int64_t start_us = 1000000000, utc_us = 1700000000000000;

struct scene {
	struct pipeline pipeline;
	int64_t now_us;
	int kept;                        /* presses of keys */
	int16_t last;                    /* code of the last of them */
	enum reason masked;              /* reason of the last span */
};

static struct held ring[AIRLOCK_CAPACITY];

static void keep(void *user, const struct event *e)
{
	struct scene *s = user;
	if (e->kind == EVENT_KEY_DOWN) {
		s->kept++;
		s->last = e->code;
	}
	if (e->kind == EVENT_SPAN)
		s->masked = (enum reason)e->reason;
}

/* The answers are given by the story. */
static void ask(void *user, const struct question *question) { (void)user, (void)question; }

static struct raw_event event(const struct scene *s, enum raw_kind kind)
{
	return (struct raw_event){ .kind = kind, .mono_us = s->now_us };
}

static void feed(struct scene *s, const struct raw_event *raw)
{
	pipeline_feed(&s->pipeline, raw);
	pipeline_release(&s->pipeline, s->now_us);
}

static void at(struct scene *s, int64_t ms) { s->now_us = start_us + ms * MS; }

/* What a check of the server finds when all is well. */
static void good_sample(struct scene *s)
{
	struct raw_event grab = event(s, RAW_GRAB), agree = event(s, RAW_AGREE);
	agree.as.agree.agrees = true;
	feed(s, &grab);
	feed(s, &agree);
}

static void tty(struct scene *s, enum tty_state state)
{
	struct raw_event raw = event(s, RAW_TTY);
	raw.as.tty.window = WINDOW;
	raw.as.tty.state = state;
	feed(s, &raw);
}

static void field(struct scene *s, bool news, bool private_window)
{
	struct raw_event raw = event(s, RAW_FIELD);
	raw.as.field.object = FIELD;
	raw.as.field.pid = PID;
	raw.as.field.role = news ? FIELD_PENDING : FIELD_TEXT;
	raw.as.field.focused = true;
	raw.as.field.asked_us = news ? 0 : s->now_us - MS;
	raw.as.field.private_window = private_window;
	feed(s, &raw);
}

static void caret(struct scene *s)
{
	struct raw_event raw = event(s, RAW_CARET);
	raw.as.caret.object = FIELD;
	raw.as.caret.pid = PID;
	raw.as.caret.moved = 1;
	feed(s, &raw);
}

/* A press that happened at ms, and is read now. */
static void press(struct scene *s, int64_t ms, int code)
{
	struct raw_event raw = { .kind = RAW_KEY, .mono_us = start_us + ms * MS };
	raw.as.input.code = (int16_t)code;
	raw.as.input.action = KEY_PRESS;
	raw.as.input.key_class = CLASS_LETTER;
	memcpy(raw.as.input.text, "a", 2);
	feed(s, &raw);
}

static void begin(struct scene *s, const char *exe, bool terminal)
{
	struct limits limits = { .keys = DETAIL_CODE, .apps = APPS_ID };
	memset(s, 0, sizeof *s);
	at(s, 0);
	pipeline_init(&s->pipeline, &limits, ring, keep, ask, s);
	struct raw_event clock = event(s, RAW_CLOCK);
	clock.as.clock.utc_us = utc_us;
	clock.as.clock.boot_us = s->now_us;
	feed(s, &clock);
	struct raw_event consent = event(s, RAW_CONSENT);
	consent.as.consent.state = CONSENT_GIVEN;
	consent.as.consent.given_us = utc_us;
	consent.as.consent.until_us = utc_us + (int64_t)3600 * 1000 * MS;
	feed(s, &consent);
	struct raw_app app = { .window = WINDOW, .pid = PID, .terminal = terminal };
	snprintf(app.exe, sizeof app.exe, "%s", exe);
	struct raw_event focus = event(s, RAW_FOCUS);
	focus.as.app = &app;
	feed(s, &focus);
	good_sample(s);
}

/* A prompt is over when the keys that were typed at it are read: they were typed at it nevertheless. */
static void read_after_the_prompt(void **state)
{
	static struct scene s;
	(void)state;
	begin(&s, "/usr/bin/xterm", true);
	tty(&s, TTY_ECHO);
	at(&s, 1000);
	tty(&s, TTY_SECRET);
	at(&s, 1130);
	tty(&s, TTY_ECHO);
	press(&s, 1120, KEY_S);
	press(&s, 1125, KEY_E);
	for (int64_t ms = 1500; ms < 4000; ms += 250) {
		at(&s, ms);
		good_sample(&s);
		tty(&s, TTY_ECHO);
	}
	assert_int_equal(s.kept, 0);
	/* And the line after it is kept. */
	press(&s, 3900, KEY_L);
	at(&s, 4500);
	good_sample(&s);
	tty(&s, TTY_ECHO);
	assert_int_equal(s.kept, 1);
	assert_int_equal(s.last, KEY_L);
}

/* The same with a grab: nobody but the probes ever says that it was there. */
static void read_after_the_grab(void **state)
{
	static struct scene s;
	(void)state;
	begin(&s, "/usr/bin/xterm", true);
	tty(&s, TTY_ECHO);
	at(&s, 1000);
	struct raw_event grab = event(&s, RAW_GRAB);
	grab.as.grab.grabbed = true;
	feed(&s, &grab);
	at(&s, 1130);
	good_sample(&s);
	press(&s, 1120, KEY_S);
	for (int64_t ms = 1500; ms < 4000; ms += 250) {
		at(&s, ms);
		good_sample(&s);
		tty(&s, TTY_ECHO);
	}
	assert_int_equal(s.kept, 0);
}

static void browse(struct scene *s, bool private_window)
{
	begin(s, "/usr/lib/firefox-esr/firefox-esr", false);
	field(s, true, false);
	at(s, 1000);
	field(s, false, false);
	press(s, 1000, KEY_A);
	at(s, 1005);
	caret(s);
	/* Only the answer to the question at the end of the hold tells. */
	at(s, 1500);
	good_sample(s);
	field(s, false, private_window);
	at(s, 5000);
	good_sample(s);
	field(s, false, private_window);
	pipeline_stop(&s->pipeline, s->now_us);
}

static void private_window_is_excluded(void **state)
{
	static struct scene s;
	(void)state;
	browse(&s, false);
	assert_int_equal(s.kept, 1);
	browse(&s, true);
	assert_int_equal(s.kept, 0);
	assert_int_equal(s.masked, REASON_EXCLUDED);
}

static void look_again(struct scene *s, int64_t from_ms, int64_t until_ms)
{
	for (int64_t ms = from_ms; ms < until_ms; ms += 250) {
		at(s, ms);
		good_sample(s);
		tty(s, TTY_ECHO);
	}
}

/* Where the focus is told after the fact, what comes in late from before that went to nobody knows whom. */
static void read_after_a_loose_focus(void **state)
{
	static struct scene s;
	(void)state;
	begin(&s, "/usr/bin/xterm", true);
	look_again(&s, 500, 1000);
	at(&s, 1100);
	struct raw_app app = { .window = WINDOW + 1, .pid = PID, .exe = "/usr/bin/xterm", .loose = true };
	struct raw_event focus = event(&s, RAW_FOCUS);
	focus.as.app = &app;
	feed(&s, &focus);
	at(&s, 1110);
	app.window = WINDOW;
	app.terminal = true;
	focus.mono_us = s.now_us;
	feed(&s, &focus);
	press(&s, 1105, KEY_S);
	look_again(&s, 1200, 5000);
	assert_int_equal(s.kept, 0);
	/* The first ends the span, whose edge swallows it. */
	press(&s, 4800, KEY_L);
	look_again(&s, 5000, 6000);
	press(&s, 5900, KEY_L);
	look_again(&s, 6000, 7000);
	assert_int_equal(s.kept, 1);
	assert_int_equal(s.last, KEY_L);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_after_the_prompt), cmocka_unit_test(read_after_the_grab),
		cmocka_unit_test(private_window_is_excluded), cmocka_unit_test(read_after_a_loose_focus),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
