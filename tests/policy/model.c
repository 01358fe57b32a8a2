/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random stories of an honest world against the policy. Applications handle their input up to LAG_US late, the bus tells
 * and answers in their order, the X server's stream is read up to 50 ms after it happened: all below the hold. One that
 * stalls longer says nothing meanwhile. Each input carries its number as its device, and the world, which knows what it was typed into, looks at all that comes out.
 *
 * Nothing secret may come out, nothing may lie inside a span, nothing may spin, and after a calm while all must flow again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/pipeline.h"

enum { LAG_US = 290000, STALL_US = 2500000, ANSWER_US = 1000000, DRAIN_US = 50000, SAMPLE_US = 200000, MS = 1000, INPUTS = 2048, AGENDA = 4096, SECOND = 1000000 };
enum { EDITOR, DIALOG, OTHER_APP, TERMINAL, VAULT, NOWHERE, WINDOWS };
enum { NO_FIELD = -1, FIELDS = 8 };

static const struct { int window; enum field_role role; } fields[FIELDS] = {
	{ EDITOR, FIELD_TEXT }, { EDITOR, FIELD_TEXT }, { EDITOR, FIELD_SECRET }, { EDITOR, FIELD_OTHER },
	{ DIALOG, FIELD_TEXT }, { DIALOG, FIELD_SECRET }, { OTHER_APP, FIELD_TEXT }, { OTHER_APP, FIELD_SECRET },
};
static const int pids[WINDOWS] = { 100, 100, 300, 400, 500, 0 };

enum what { STREAM, DRAIN, HANDLED, MOVED, NEWS, ANSWER, NO_ANSWER, GRAB, PROMPT, LOCK, LOCK_NEWS, CONSENT };
struct task { int64_t at_us; uint64_t order; enum what what; int a, b; int64_t asked_us; };

/* What the stream holds. */
struct item { int64_t at_us; int window; int input; enum raw_kind kind; enum key_class klass; enum key_action action; int field, title; };

struct world {
	struct pipeline pipeline;
	int64_t now_us, sampled_us, handled_us[WINDOWS], stalled_us[WINDOWS], answered_us[WINDOWS];
	struct task task[AGENDA];
	int tasks;
	uint64_t order;
	struct item item[INPUTS];
	int items, read, available;
	bool calm, drain_due, grabbed, locked, prompt, given;
	int titles;
	int window;                       /* as the stream has it, at its end */
	int told_window;                  /* as the policy was told */
	int field[WINDOWS];               /* focused in each window, as its application has it */
	int active[WINDOWS];              /* the window that an application, by its first window, thinks is active */
	bool secret[INPUTS], known[INPUTS], kept[INPUTS];
	int64_t checks_since_us, span_end_us, newest_us;
	int checks, inputs;
	const char *wrong;
	int wrong_input;
};

static struct world w;
static struct held ring[AIRLOCK_CAPACITY];
static uint64_t seed_state;
static const int64_t offset_us = 1700000000000000 - 1000 * (int64_t)SECOND;

static uint32_t rnd(uint32_t n)
{
	seed_state ^= seed_state << 13;
	seed_state ^= seed_state >> 7;
	seed_state ^= seed_state << 17;
	return n ? (uint32_t)(seed_state >> 20) % n : 0;
}

static void fail(const char *what, int input)
{
	if (!w.wrong) {
		w.wrong = what;
		w.wrong_input = input;
	}
}

static void plan(int64_t at_us, enum what what, int a, int b, int64_t asked_us)
{
	if (w.tasks == AGENDA)
		abort();
	w.task[w.tasks++] = (struct task){ at_us < w.now_us ? w.now_us : at_us, w.order++, what, a, b, asked_us };
}

static void feed(struct raw_event *raw)
{
	pipeline_feed(&w.pipeline, raw);
}

static int app_of(int window) { return window == DIALOG ? EDITOR : window; }

/* ---- what the policy is told ---- */

static void look(void)
{
	struct raw_event raw = { .kind = RAW_TTY, .mono_us = w.now_us };
	raw.as.tty.window = TERMINAL + 1;
	raw.as.tty.state = w.prompt ? TTY_SECRET : TTY_ECHO;
	feed(&raw);
}

static void ask_server(void)
{
	struct raw_event raw = { .kind = RAW_GRAB, .mono_us = w.now_us };
	raw.as.grab.grabbed = w.grabbed;
	feed(&raw);
	raw = (struct raw_event){ .kind = RAW_AGREE, .mono_us = w.now_us };
	raw.as.agree.agrees = true;
	feed(&raw);
	w.sampled_us = w.now_us;
}

static void sample(void)
{
	if (w.told_window == TERMINAL)
		look();
	ask_server();
}

static void ask_field(int field)
{
	/* Questions are answered by whom handles the input: after what came before, if that is stalled. */
	int64_t stalled = w.stalled_us[app_of(fields[field].window)];
	int64_t at = w.now_us + 1 + rnd(30 * MS);
	if (stalled > w.now_us)
		at = stalled + 1 + rnd(10 * MS);
	int64_t *last = &w.answered_us[app_of(fields[field].window)];
	at = at > *last ? at : *last + 1;
	if (at < w.now_us + ANSWER_US)
		plan(*last = at, ANSWER, field, 0, w.now_us);
	else
		plan(w.now_us + ANSWER_US, NO_ANSWER, field, 0, w.now_us);
}

static void ask(void *user, const struct question *q)
{
	(void)user;
	if (q->kind == ASK_SAMPLE)
		ask_server();
	else if (q->kind == ASK_TTY)
		look();
	else
		ask_field((int)q->object - 1);
}

static void tell_focus(int window, int title)
{
	struct raw_app app = { 0 };
	struct raw_event raw = { .kind = RAW_FOCUS, .mono_us = w.now_us, .as.app = &app };
	if (window != NOWHERE) {
		app.window = (uint64_t)window + 1;
		app.pid = pids[window];
		app.terminal = window == TERMINAL;
		snprintf(app.title, sizeof app.title, "%d", title);
		snprintf(app.exe, sizeof app.exe, window == VAULT ? "/usr/bin/keepassxc" : "/usr/bin/app%d", pids[window]);
	}
	w.told_window = window;
	feed(&raw);
}

static void drain(void)
{
	bool keys = false;
	for (; w.read < w.available; w.read++) {
		const struct item *i = &w.item[w.read];
		if (i->kind == RAW_FOCUS) {
			tell_focus(i->window, i->title);
			continue;
		}
		struct raw_event raw = { .kind = i->kind, .mono_us = i->at_us };
		raw.as.input.device = (int16_t)i->input;
		raw.as.input.action = (uint8_t)i->action;
		raw.as.input.key_class = (uint8_t)i->klass;
		raw.as.input.code = i->kind == RAW_BUTTON ? 0x110 : i->klass == CLASS_ENTER ? 28 : i->klass == CLASS_NAVIGATION ? 15 : 30;
		keys |= i->kind != RAW_MOTION;
		feed(&raw);
	}
	w.drain_due = false;
	if (keys)
		sample();
}

static void tell_field(int field, enum field_role role, bool focused, int64_t asked_us)
{
	struct raw_event raw = { .kind = RAW_FIELD, .mono_us = w.now_us };
	raw.as.field.object = (uint64_t)field + 1;
	raw.as.field.pid = pids[fields[field].window];
	raw.as.field.role = role;
	raw.as.field.focused = focused;
	raw.as.field.asked_us = asked_us;
	feed(&raw);
}

static bool has_focus(int field)
{
	int window = fields[field].window;
	return w.field[window] == field && w.active[app_of(window)] == window;
}

static void tell_consent(bool given, bool paused)
{
	struct raw_event raw = { .kind = RAW_CONSENT, .mono_us = w.now_us };
	raw.as.consent.state = given ? CONSENT_GIVEN : CONSENT_PAUSED;
	raw.as.consent.given_us = w.now_us + offset_us;
	raw.as.consent.until_us = w.now_us + offset_us + (int64_t)86400 * SECOND;
	raw.as.consent.paused_us = given && paused ? w.now_us + offset_us - SECOND : 0;
	w.given = given;
	feed(&raw);
}

/* ---- what happens ---- */

static void news(int window)
{
	if (w.field[window] != NO_FIELD && w.active[app_of(window)] == window)
		plan(w.now_us, NEWS, w.field[window], 0, 0);
}

static void run(const struct task *t)
{
	switch (t->what) {
	case STREAM:
		w.available = t->a + 1;
		if (!w.drain_due) {
			if (w.now_us - w.sampled_us >= SAMPLE_US)
				sample();
			plan(w.now_us + DRAIN_US, DRAIN, 0, 0, 0);
			w.drain_due = true;
		}
		break;
	case DRAIN:
		if (w.drain_due)
			drain();
		break;
	case HANDLED: {
		const struct item *i = &w.item[t->a];
		if (i->kind == RAW_FOCUS) {
			w.active[app_of(i->window)] = i->window;
			news(i->window);
			break;
		}
		int field = i->window < TERMINAL ? w.field[i->window] : NO_FIELD;
		if (i->input >= 0) {
			w.known[i->input] = true;
			if (i->kind == RAW_KEY && field != NO_FIELD && fields[field].role == FIELD_SECRET)
				w.secret[i->input] = true;
		}
		if (i->field != NO_FIELD && w.field[i->window] != i->field) {
			w.field[i->window] = i->field;
			news(i->window);
		}
		break;
	}
	case MOVED:                      /* by the application itself */
		if (w.field[fields[t->a].window] != t->a) {
			w.field[fields[t->a].window] = t->a;
			news(fields[t->a].window);
		}
		break;
	case NEWS:
		drain();
		tell_field(t->a, FIELD_PENDING, true, 0);
		ask_field(t->a);
		break;
	case NO_ANSWER:
		tell_field(t->a, FIELD_DEAD, false, t->asked_us);
		break;
	case ANSWER:
		drain();
		tell_field(t->a, fields[t->a].role, has_focus(t->a), t->asked_us);
		break;
	case GRAB:
		w.grabbed = t->a;
		break;
	case PROMPT:
		w.prompt = t->a;
		break;
	case LOCK:
		w.locked = t->a;
		break;
	case LOCK_NEWS: {
		struct raw_event raw = { .kind = RAW_LOCK, .mono_us = w.now_us };
		raw.as.lock.locked = t->a;
		feed(&raw);
		break;
	}
	case CONSENT:
		tell_consent(t->a, true);
		break;
	}
}

static void go(int64_t to_us)
{
	for (;;) {
		int best = -1;
		for (int i = 0; i < w.tasks; i++)
			if (best < 0 || w.task[i].at_us < w.task[best].at_us ||
			    (w.task[i].at_us == w.task[best].at_us && w.task[i].order < w.task[best].order))
				best = i;
		int64_t due = pipeline_deadline(&w.pipeline);
		if (best >= 0 && w.task[best].at_us <= due && w.task[best].at_us <= to_us) {
			struct task t = w.task[best];
			w.task[best] = w.task[--w.tasks];
			w.now_us = t.at_us;
			run(&t);
		} else if (due <= to_us) {
			if (due > w.now_us)
				w.now_us = due;
			if (w.now_us - w.checks_since_us > SECOND) {
				w.checks_since_us = w.now_us;
				w.checks = 0;
			}
			if (++w.checks > 8) {
				fail("the policy asks again and again", -1);
				return;
			}
			pipeline_check(&w.pipeline, w.now_us);
		} else {
			break;
		}
		pipeline_release(&w.pipeline, w.now_us);
	}
	if (to_us > w.now_us)
		w.now_us = to_us;
	pipeline_release(&w.pipeline, w.now_us);
}

/* The application handles what it gets in order, each a little late. Returns when. */
static int64_t handled(int window)
{
	int64_t *last = &w.handled_us[app_of(window)];
	int64_t at = w.now_us + (rnd(3) ? rnd(5 * MS) : rnd(LAG_US));
	if (window < TERMINAL && !w.calm && !rnd(100) && w.stalled_us[app_of(window)] <= w.now_us)
		at = w.stalled_us[app_of(window)] = w.now_us + LAG_US + rnd(STALL_US);
	*last = at > *last ? at : *last;
	return *last;
}

static void put(enum raw_kind kind, enum key_class klass, enum key_action action, int field, bool secret)
{
	if (w.items == INPUTS)
		abort();
	int n = w.items++;
	w.item[n] = (struct item){ w.now_us, w.window, -1, kind, klass, action, field, w.titles };
	if (kind != RAW_FOCUS) {
		w.item[n].input = w.inputs++;
		w.secret[w.item[n].input] = secret || !w.given ||
			((kind == RAW_KEY) && (w.locked || w.grabbed || w.window == VAULT || w.window == NOWHERE));
	}
	plan(w.now_us, STREAM, n, 0, 0);
	if (w.window != NOWHERE)
		plan(handled(w.window), HANDLED, n, 0, 0);
	else if (kind != RAW_FOCUS)
		w.known[w.item[n].input] = true;
}

static void pause_for(int64_t us) { go(w.now_us + us); }

static void type(int keys, bool secret)
{
	for (int i = 0; i < keys; i++) {
		put(RAW_KEY, CLASS_LETTER, KEY_PRESS, NO_FIELD, secret);
		pause_for(5 * MS + rnd(60 * MS));
		put(RAW_KEY, CLASS_LETTER, KEY_RELEASE, NO_FIELD, secret);
		pause_for(rnd(80 * MS));
	}
}

static void strike(enum key_class klass, int field, bool secret)
{
	put(RAW_KEY, klass, KEY_PRESS, field, secret);
	pause_for(rnd(30 * MS));
	put(RAW_KEY, klass, KEY_RELEASE, NO_FIELD, secret);
}

static int any_field(int window)
{
	int first = window == EDITOR ? 0 : window == DIALOG ? 4 : 6;
	return first + (int)rnd(window == EDITOR ? 4 : 2);
}

static void by_itself(int field)
{
	int64_t busy = w.handled_us[app_of(fields[field].window)];
	int64_t at = w.now_us + rnd(100 * MS);
	plan(at > busy ? at : busy, MOVED, field, 0, 0);
}

static void act(void)
{
	switch (rnd(13)) {
	case 0: case 1: case 2:
		type(1 + (int)rnd(5), false);
		break;
	case 3:                          /* Tab or a click, inside the window */
		if (w.window >= TERMINAL)
			break;
		if (rnd(2)) {
			strike(CLASS_NAVIGATION, any_field(w.window), false);
		} else {
			put(RAW_BUTTON, 0, KEY_PRESS, any_field(w.window), false);
			put(RAW_BUTTON, 0, KEY_RELEASE, NO_FIELD, false);
		}
		if (rnd(2))
			type(1 + (int)rnd(4), false);
		break;
	case 4:                          /* the application moves it */
		by_itself((int)rnd(FIELDS));
		break;
	case 5: case 6:                  /* another window */
		w.window = (int)rnd(WINDOWS);
		put(RAW_FOCUS, 0, 0, NO_FIELD, false);
		if (rnd(2))
			type(1 + (int)rnd(3), false);
		break;
	case 7:                          /* a prompt in the terminal */
		if (w.window != TERMINAL || w.prompt || w.grabbed || w.locked)
			break;
		strike(CLASS_ENTER, NO_FIELD, false);
		plan(w.now_us + 1 + rnd(249 * MS), PROMPT, 1, 0, 0);
		type((int)rnd(3), true);
		pause_for(260 * MS);
		type(2 + (int)rnd(4), true);
		pause_for(60 * MS);
		put(RAW_KEY, CLASS_ENTER, KEY_PRESS, NO_FIELD, true);
		plan(w.now_us + 1 + rnd(20 * MS), PROMPT, 0, 0, 0);
		pause_for(21 * MS);
		put(RAW_KEY, CLASS_ENTER, KEY_RELEASE, NO_FIELD, false);
		break;
	case 8: {                        /* a dialog with a grab; the focus may move while it lasts */
		if (w.grabbed)
			break;
		plan(w.now_us, GRAB, 1, 0, 0);
		pause_for(1);
		type(2 + (int)rnd(4), true);
		pause_for(60 * MS);
		if (!rnd(3)) {
			w.window = (int)rnd(WINDOWS);
			put(RAW_FOCUS, 0, 0, NO_FIELD, false);
		}
		type((int)rnd(3), true);
		put(RAW_KEY, CLASS_ENTER, KEY_PRESS, NO_FIELD, true);
		plan(w.now_us + 1 + rnd(10 * MS), GRAB, 0, 0, 0);
		pause_for(11 * MS);
		break;
	}
	case 9:
		if (rnd(3))
			break;
		plan(w.now_us, LOCK, 1, 0, 0);
		plan(w.now_us + rnd(200 * MS), LOCK_NEWS, 1, 0, 0);
		pause_for(1);
		type((int)rnd(4), true);
		pause_for(200 * MS + rnd(SECOND));
		type((int)rnd(3), true);
		plan(w.now_us, LOCK, 0, 0, 0);
		plan(w.now_us + 1 + rnd(20 * MS), LOCK_NEWS, 0, 0, 0);
		pause_for(21 * MS);
		break;
	case 10:
		if (rnd(3))
			break;
		plan(w.now_us, CONSENT, 0, 0, 0);
		pause_for(1);
		type((int)rnd(4), true);
		pause_for(100 * MS);
		plan(w.now_us, CONSENT, 1, 0, 0);
		pause_for(1);
		break;
	case 11:                         /* a new title, or nowhere for a moment */
		w.titles++;
		put(RAW_FOCUS, 0, 0, NO_FIELD, false);
		if (!rnd(3)) {
			int window = w.window;
			w.window = NOWHERE;
			put(RAW_FOCUS, 0, 0, NO_FIELD, false);
			pause_for(rnd(50 * MS));
			w.window = window;
			put(RAW_FOCUS, 0, 0, NO_FIELD, false);
		}
		break;
	default:
		for (int i = (int)rnd(5); i >= 0; i--) {
			put(RAW_MOTION, 0, 0, NO_FIELD, false);
			pause_for(rnd(20 * MS));
		}
		break;
	}
	pause_for(rnd(3) ? rnd(200 * MS) : rnd(4 * SECOND));
}

static void keep(void *user, const struct event *e)
{
	(void)user;
	if (e->kind == EVENT_SPAN) {
		if (e->end_us <= e->t_us)
			fail("a span that is empty", -1);
		if (e->t_us < w.newest_us)
			fail("a span over what was kept", -1);
		w.span_end_us = e->end_us;
		return;
	}
	if (e->kind > EVENT_TOUCH_UP)
		return;
	if (e->t_us < w.span_end_us)
		fail("an event inside a span", e->device);
	if (e->t_us > w.newest_us)
		w.newest_us = e->t_us;
	w.kept[e->device] = true;
	if (!w.known[e->device])
		fail("an event that its application did not even handle yet", e->device);
	if (w.secret[e->device])
		fail("a secret came out", e->device);
}

static bool story(uint64_t seed)
{
	memset(&w, 0, sizeof w);
	seed_state = seed * 0x9e3779b97f4a7c15u + 0x123456789u;
	struct limits limits = { .keys = DETAIL_CODE, .pointer = POINTER_FULL, .scroll = true, .apps = APPS_ID };
	static const int64_t grids[] = { 0, 20 * MS, 100 * MS };
	limits.key_grid_us = grids[rnd(3)];
	w.now_us = (int64_t)1000 * SECOND + rnd(SECOND);
	w.sampled_us = w.now_us - SECOND;
	pipeline_init(&w.pipeline, &limits, ring, keep, ask, NULL);
	struct raw_event raw = { .kind = RAW_CLOCK, .mono_us = w.now_us };
	raw.as.clock.utc_us = w.now_us + offset_us;
	raw.as.clock.boot_us = w.now_us;
	feed(&raw);
	for (int i = 0; i < WINDOWS; i++) {
		w.field[i] = i < TERMINAL ? any_field(i) : NO_FIELD;
		w.active[i] = i;
	}
	tell_consent(true, false);
	w.window = (int)rnd(WINDOWS);
	put(RAW_FOCUS, 0, 0, NO_FIELD, false);
	for (int i = 6 + (int)rnd(10); i > 0 && !w.wrong; i--)
		act();

	/* A calm while, and all must flow again. */
	w.calm = true;
	w.window = OTHER_APP;
	put(RAW_FOCUS, 0, 0, NO_FIELD, false);
	pause_for(SECOND);
	strike(CLASS_NAVIGATION, 6, false);
	pause_for(5 * SECOND);
	type(1, false);                  /* ends the last span, and may be swallowed by its edge */
	pause_for(3 * SECOND);
	int first = w.inputs;
	type(3, false);
	pause_for(5 * SECOND);
	for (int i = first; i < w.inputs && !w.wrong; i++)
		if (!w.kept[i] && !w.secret[i])
			fail("an event after a calm while did not come out", i);
	if (airlock_head(&w.pipeline.airlock))
		fail("the airlock holds on", -1);
	pipeline_stop(&w.pipeline, w.now_us);
	if (w.wrong) {
		printf("story %" PRIu64 ": %s", seed, w.wrong);
		for (int i = 0; i < w.items && w.wrong_input >= 0; i++)
			if (w.item[i].input == w.wrong_input)
				printf(" (typed at %.3f s in window %d)", (double)(w.item[i].at_us - 1000 * (int64_t)SECOND) / SECOND, w.item[i].window);
		putchar('\n');
	}
	return !w.wrong;
}

/* model [STORIES [FIRST]]: FIRST is the seed of the first story, as a failure names it. */
int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 50000;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	int wrong = 0;
	for (uint64_t i = 0; i < count && wrong < 20; i++)
		wrong += !story(first + i);
	printf("%" PRIu64 " stories, %d wrong\n", count, wrong);
	return wrong ? 1 : 0;
}
