/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any interleaving of raw events through the policy: it keeps its own promises whatever the world does. Nothing is kept inside a
 * span, while locked, grabbed, private or not agreed to, in an excluded place, or of a process that never spoke; spans end
 * after they begin; questions are few; memory is the sanitizers'.
 */
#include <stdlib.h>
#include <string.h>

#include "../../agent/pipeline.h"

enum { SECOND = 1000000 };

static struct pipeline p;
static struct held ring[AIRLOCK_CAPACITY];
static int64_t now_us, span_end_us, newest_us;
static bool forbidden[1 << 15];          /* by number of the input, which it carries as its device */

static const int64_t offset_us = 1700000000000000;

static void keep(void *user, const struct event *e)
{
	(void)user;
	if (e->kind == EVENT_SPAN) {
		if (e->end_us <= e->t_us || e->t_us < newest_us)
			abort();
		span_end_us = e->end_us;
		return;
	}
	if (e->kind > EVENT_TOUCH_UP)
		return;
	if (e->t_us < span_end_us || e->device < 0 || forbidden[e->device])
		abort();
	if (e->t_us > newest_us)
		newest_us = e->t_us;
}

static int asked;
static void ask(void *user, const struct question *q)
{
	(void)user;
	(void)q;
	if (++asked > CONTEXT_QUESTIONS)
		abort();
}

static void feed(struct raw_event *raw)
{
	raw->mono_us = now_us;
	pipeline_feed(&p, raw);
}

static void clock_now(void)
{
	struct raw_event raw = { .kind = RAW_CLOCK };
	raw.as.clock.utc_us = now_us + offset_us;
	raw.as.clock.boot_us = now_us;
	feed(&raw);
}

static void consent(bool given)
{
	struct raw_event raw = { .kind = RAW_CONSENT };
	raw.as.consent.state = given ? CONSENT_GIVEN : CONSENT_PAUSED;
	raw.as.consent.given_us = now_us + offset_us;
	raw.as.consent.until_us = now_us + offset_us + (int64_t)3600 * SECOND;
	feed(&raw);
}

struct place { bool locked, grabbed, secret_window, given; };

static void input(uint8_t what, uint8_t more, const struct place *place, int16_t number)
{
	struct raw_event raw = { .kind = what % 4 ? RAW_KEY : (enum raw_kind)(RAW_BUTTON + more % 4) };
	bool key = raw.kind == RAW_KEY;
	raw.as.input.device = number;
	raw.as.input.action = (uint8_t)(raw.kind == RAW_MOTION || raw.kind == RAW_SCROLL ? 0 : what >> 2 & 1);
	raw.as.input.key_class = (uint8_t)(key ? more % CLASS_COUNT : 0);
	raw.as.input.code = (int16_t)(key ? 1 + more % 90 : raw.kind == RAW_TOUCH ? more % 8 : 0x110);
	raw.as.input.chord = key && more & 128;
	bool toggles = key && raw.as.input.code == p.hotkey.chord.code;
	/* A pointer is not typed anywhere: a grab or an excluded place masks it, too, since each is a firm no. */
	forbidden[number] = !place->given || place->locked || place->grabbed || place->secret_window || p.context.private_mode;
	feed(&raw);
	forbidden[number] = forbidden[number] || (toggles && p.context.private_mode);
}

static void focus(uint8_t what, struct place *place)
{
	unsigned window = what % 6u;
	struct raw_app app = { .window = window, .pid = window == 5 ? 0 : 10 + what % 3, .terminal = window == 3, .foreign = window == 2 };
	struct raw_event raw = { .kind = RAW_FOCUS, .as.app = &app };
	bool excluded = window == 4;
	strcpy(app.exe, excluded ? "/usr/bin/keepassxc" : "/usr/bin/app");
	app.title[0] = (char)('a' + (what >> 6));
	place->secret_window = excluded || !app.window || !app.pid || app.foreign;
	feed(&raw);
}

static void field(uint8_t what, uint8_t more)
{
	struct raw_event raw = { .kind = RAW_FIELD };
	raw.as.field.object = 1 + what % 8u;
	raw.as.field.pid = 10 + what % 3;
	raw.as.field.role = (enum field_role)(more % 6);
	raw.as.field.focused = more & 64;
	raw.as.field.asked_us = more & 128 ? now_us - (more >> 3 & 7) * 50000 : 0;
	feed(&raw);
}

static void world(uint8_t kind, uint8_t what, uint8_t more, struct place *place)
{
	struct raw_event raw = { 0 };
	switch (kind) {
	case 0:
		raw.kind = RAW_CARET;
		raw.as.caret.object = 1 + what % 8u;
		raw.as.caret.pid = 10 + what % 3;
		raw.as.caret.moved = more % 5;
		break;
	case 1:
		raw.kind = RAW_TTY;
		raw.as.tty.window = what % 6u;
		raw.as.tty.state = (enum tty_state)(more % 4);
		break;
	case 2:
		raw.kind = RAW_GRAB;
		raw.as.grab.grabbed = place->grabbed = what % 8 == 0;
		break;
	case 3:
		raw.kind = RAW_AGREE;
		raw.as.agree.agrees = what & 7;
		break;
	case 4:
		raw.kind = RAW_LOCK;
		raw.as.lock.locked = place->locked = what % 8 == 0;
		break;
	case 5:
		raw.kind = RAW_PRIVATE;
		raw.as.private_mode.on = what % 8 == 0;
		break;
	case 6:
		raw.kind = RAW_LOST;
		raw.as.lost.count = what % 3 - 1;
		break;
	default:
		raw.kind = RAW_DEVICE;
		raw.as.device.device = 1;
		raw.as.device.present = what & 1;
		break;
	}
	feed(&raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct limits limits = { .keys = DETAIL_TEXT, .pointer = POINTER_FULL, .scroll = true, .apps = APPS_TITLE,
					      .private_hotkey = { 0, 67 } };
	struct place place = { .secret_window = true, .given = true };
	int16_t number = 0;
	now_us = (int64_t)1000 * SECOND;
	span_end_us = newest_us = 0;
	pipeline_init(&p, &limits, ring, keep, ask, NULL);
	clock_now();
	consent(true);
	for (size_t i = 0; i + 3 <= size && number < 30000; i += 3) {
		uint8_t what = data[i + 1], more = data[i + 2];
		/* Time goes on by 0 to 4 s, mostly by little. */
		now_us += (int64_t)(what >> 5) * (what >> 5) * (more & 1 ? 1000 : 80000) * (data[i] >> 7);
		switch (data[i] % 8) {
		case 0: case 1: case 2:
			input(what, more, &place, number++);
			break;
		case 3:
			focus(what, &place);
			break;
		case 4:
			field(what, more);
			break;
		case 5:
			world(what >> 4 & 7, what & 15, more, &place);
			break;
		case 6:
			asked = 0;
			if (pipeline_deadline(&p) <= now_us)
				pipeline_check(&p, now_us);
			break;
		default:
			if (what == 255)
				consent(place.given = more & 1);
			pipeline_release(&p, now_us);
			break;
		}
	}
	now_us += 10 * SECOND;
	pipeline_release(&p, now_us);
	pipeline_stop(&p, now_us);
	if (airlock_head(&p.airlock))
		abort();
	return 0;
}
