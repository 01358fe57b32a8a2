/* SPDX-License-Identifier: Apache-2.0 */
#include "world_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static uint32_t rnd(uint32_t n) { return world_random(n); }

double world_told_seconds(int64_t mono_us) { return (double)(mono_us - world_start_us) / SECOND; }

__attribute__((format(printf, 1, 2))) void world_told_trace(const char *format, ...)
{
	if (!w.trace)
		return;
	va_list args;
	va_start(args, format);
	printf("%10.6f  ", world_told_seconds(w.now_us));
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

void world_told_fail(const char *what, int input)
{
	if (w.wrong[0])
		return;
	if (input < 0) {
		snprintf(w.wrong, sizeof w.wrong, "%s, at %.6f s", what, world_told_seconds(w.now_us));
	} else {
		const struct item *i = w.item;
		while (i->input != input)
			i++;
		snprintf(w.wrong, sizeof w.wrong, "%s: input %d, kind %d class %d%s in window %d at %.6f s", what, input,
			 (int)i->kind, (int)i->klass, i->chord ? " chord" : "", i->window, world_told_seconds(i->at_us));
	}
	world_told_trace("WRONG %s", w.wrong);
}

/* ---- what the policy is told ---- */

void world_told_raw(struct raw_event *raw)
{
	pipeline_feed(&w.pipeline, raw);
}

static void look(void)
{
	struct raw_event raw = { .kind = RAW_TTY, .mono_us = w.now_us };
	raw.as.tty.window = TERMINAL + 1;
	raw.as.tty.state = w.prompt ? TTY_SECRET : TTY_ECHO;
	world_told_raw(&raw);
}

static void tell_focus(int window, int title);
static bool read_stream(void);

/* The compositor answers behind what it told before, and has handled the input that came before the question. */
static bool ask_compositor(void)
{
	read_stream();
	world_told_places(w.places);
	bool layer = w.grabbed || w.locked;
	int window = layer ? NOWHERE : w.window;
	if (window != w.told_window)
		tell_focus(window, w.titles);
	return window != NOWHERE;
}

static void ask_server(void)
{
	w.sampled_us = w.now_us;
	bool loose = w.features & LOOSE;
	if (loose && !ask_compositor())
		return;
	struct raw_event raw = { .kind = RAW_GRAB, .mono_us = w.now_us };
	raw.as.grab.grabbed = w.grabbed && !loose;
	world_told_raw(&raw);
	raw = (struct raw_event){ .kind = RAW_AGREE, .mono_us = w.now_us };
	raw.as.agree.agrees = true;
	world_told_raw(&raw);
}

void world_told_sample(void)
{
	if (w.told_window == TERMINAL)
		look();
	ask_server();
}

void world_told_ask_field(int field)
{
	int app = world_app_of(world_fields[field].window);
	int64_t stalled = w.stalled_us[app], at = w.now_us + 1 + rnd(30 * MS);
	/* An honest application answers after the input that came before; others from what they have at hand, or when they
	 * go on, but before they look at their input. */
	if (stalled > w.now_us && !world_has(CACHED))
		at = stalled + 1 + rnd(10 * MS);
	else if (stalled > w.now_us && !rnd(3))
		at = stalled - 1;
	int64_t *last = &w.answered_us[app];
	at = at > *last ? at : *last + 1;
	if (at < w.now_us + ANSWER_US)
		world_plan(*last = at, ANSWER, field, 0, w.now_us);
	else
		world_plan(w.now_us + ANSWER_US, NO_ANSWER, field, 0, w.now_us);
}

void world_told_ask(void *user, const struct question *q)
{
	(void)user;
	if (q->kind == ASK_SAMPLE)
		ask_server();
	else if (q->kind == ASK_TTY)
		look();
	else
		world_told_ask_field((int)q->object - 1);
}

static void tell_focus(int window, int title)
{
	struct raw_app app = { 0 };
	struct raw_event raw = { .kind = RAW_FOCUS, .mono_us = w.now_us, .as.app = &app };
	if (window != NOWHERE) {
		app.window = (uint64_t)window + 1;
		app.pid = world_pids[window];
		app.terminal = window == TERMINAL;
		snprintf(app.title, sizeof app.title, "%d", title);
		snprintf(app.exe, sizeof app.exe, window == VAULT ? "/usr/bin/keepassxc" : "/usr/bin/app%d", world_pids[window]);
	}
	app.loose = w.features & LOOSE;
	w.told_window = window;
	world_told_trace("focus window %d", window);
	world_told_raw(&raw);
}

int world_told_code(const struct item *i)
{
	static const uint8_t codes[CLASS_COUNT] = { 30, 2, 51, 57, 28, 14, 42, 15, 67, 1 };
	return i->kind == RAW_BUTTON ? 0x110 : i->hotkey ? HOTKEY : i->klass == CLASS_FUNCTION ? HOTKEY - 1 : codes[i->klass];
}

static bool read_stream(void)
{
	bool keys = false;
	for (; w.read < w.available; w.read++) {
		const struct item *i = &w.item[w.read];
		if (i->kind == RAW_FOCUS) {
			if (!(w.features & LOOSE))
				tell_focus(i->window, i->title);
			continue;
		}
		struct raw_event raw = { .kind = i->kind, .mono_us = i->at_us };
		raw.as.input.device = (int16_t)i->input;
		raw.as.input.action = (uint8_t)i->action;
		raw.as.input.key_class = (uint8_t)i->klass;
		raw.as.input.chord = i->chord;
		raw.as.input.code = (int16_t)world_told_code(i);
		keys |= i->kind != RAW_MOTION;
		world_told_trace("input %d of %.6f: kind %d class %d%s action %d", i->input, world_told_seconds(i->at_us), (int)i->kind, (int)i->klass,
		      i->chord ? " chord" : i->hotkey ? " hotkey" : "", (int)i->action);
		world_told_raw(&raw);
	}
	return keys;
}

void world_told_places(int until)
{
	read_stream();
	for (; w.places_told < until; w.places_told++)
		tell_focus(w.place[w.places_told].window, w.place[w.places_told].title);
}

void world_told_drain(void)
{
	bool keys = read_stream();
	w.drain_due = false;
	if (keys)
		world_told_sample();
}

void world_told_field(int field, enum field_role role, bool focused, int64_t asked_us)
{
	struct raw_event raw = { .kind = RAW_FIELD, .mono_us = w.now_us };
	raw.as.field.object = (uint64_t)field + 1;
	raw.as.field.pid = world_pids[world_fields[field].window];
	raw.as.field.role = role;
	raw.as.field.focused = focused;
	raw.as.field.asked_us = asked_us;
	if (role == FIELD_SECRET)
		w.told_secret[field] = true;
	world_told_trace("field %d role %d focused %d asked %.6f", field, (int)role, focused, asked_us ? world_told_seconds(asked_us) : 0);
	world_told_raw(&raw);
}

void world_told_caret(int object, int at)
{
	int moved = w.told_caret[object] ? at - w.told_caret[object] : 0;
	w.told_caret[object] = at;
	if (object != w.listened && !(w.features & UNFILTERED))
		return;
	struct raw_event raw = { .kind = RAW_CARET, .mono_us = w.now_us };
	raw.as.caret.object = (uint64_t)object + 1;
	raw.as.caret.pid = world_pids[world_window_of(object)];
	raw.as.caret.moved = moved > 0 ? moved : 0;
	world_told_trace("caret of %d moved %d", object, moved);
	world_told_raw(&raw);
}

void world_told_consent(bool given, bool paused)
{
	struct raw_event raw = { .kind = RAW_CONSENT, .mono_us = w.now_us };
	raw.as.consent.state = given ? CONSENT_GIVEN : CONSENT_PAUSED;
	raw.as.consent.given_us = w.now_us + world_offset_us;
	raw.as.consent.until_us = w.now_us + world_offset_us + (int64_t)86400 * SECOND;
	raw.as.consent.paused_us = given && paused ? w.now_us + world_offset_us - SECOND : 0;
	w.given = given;
	world_told_trace("consent %d", given);
	world_told_raw(&raw);
}

void world_told_leak(int input)
{
	struct fate *f = &w.fate[input];
	/* What moves no caret tells nobody where it went while its application says that nothing changed. */
	if (f->other && w.features & CACHED && w.features & STALLS && w.now_us - f->at_us > LAG_US)
		w.accepted++;
	else if (f->untold)
		w.untold++;
	else
		world_told_fail("a secret came out", input);
}

/* ---- what comes out ---- */

int64_t world_told_jitter(void *user, uint64_t what)
{
	(void)user;
	return (int64_t)(what * 0x9e3779b97f4a7c15u >> 40) % SECOND;
}

/* Is it on the grid, moved outwards by the jitter of its place? */
static bool on_grid(int64_t utc_us, bool end)
{
	for (int64_t cell = utc_us / SECOND - 1; cell <= utc_us / SECOND + 1; cell++) {
		int64_t by = w.pipeline.redact.jitter ? world_told_jitter(NULL, (uint64_t)cell * 2 + end) : 0;
		if (cell * SECOND + (end ? by : -by) == utc_us)
			return true;
	}
	return false;
}

void world_told_keep(void *user, const struct event *e)
{
	(void)user;
	world_told_trace("      kept: kind %d device %d of %.6f", (int)e->kind, e->device, world_told_seconds(e->t_us - world_offset_us));
	if (e->kind == EVENT_SPAN) {
		world_told_trace("      until %.6f reason %d", world_told_seconds(e->end_us - world_offset_us), (int)e->reason);
		if (e->end_us <= e->t_us)
			world_told_fail("a span that is empty", -1);
		if (e->t_us < w.newest_us)
			world_told_fail("a span over what was kept", -1);
		if (e->t_us > w.now_us + world_offset_us + 2 * SECOND)
			world_told_fail("a span of a time to come", -1);
		if (!on_grid(e->end_us, true))
			world_told_fail("a span's end is not on its grid", -1);
		if (!on_grid(e->t_us, false) && e->t_us != w.newest_us && e->t_us != w.span_end_us)
			world_told_fail("a span's begin is neither on its grid nor what was kept last", -1);
		w.span_end_us = e->end_us;
		return;
	}
	if (e->t_us > w.newest_us && e->kind != EVENT_GAP)
		w.newest_us = e->t_us;
	if (e->kind > EVENT_TOUCH_UP)
		return;
	if (e->t_us < w.span_end_us)
		world_told_fail("an event inside a span", e->device);
	w.fate[e->device].kept = true;
	if (w.fate[e->device].secret)
		world_told_leak(e->device);
}

