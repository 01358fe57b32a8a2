/* SPDX-License-Identifier: Apache-2.0 */
#include "world_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct world_field world_fields[FIELDS] = {
	{ EDITOR, FIELD_TEXT }, { EDITOR, FIELD_TEXT }, { EDITOR, FIELD_SECRET }, { EDITOR, FIELD_OTHER },
	{ DIALOG, FIELD_TEXT }, { DIALOG, FIELD_SECRET }, { OTHER_APP, FIELD_TEXT }, { OTHER_APP, FIELD_SECRET },
};
const int world_pids[WINDOWS] = { 100, 100, 300, 400, 500, 0 };

struct world w;
static struct held ring[AIRLOCK_CAPACITY];
static uint64_t random_state;
const int64_t world_start_us = 1000 * (int64_t)SECOND, world_offset_us = 1700000000000000 - 1000 * (int64_t)SECOND;

uint32_t world_random(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return n ? (uint32_t)(random_state >> 20) % n : 0;
}

static uint32_t rnd(uint32_t n) { return world_random(n); }
bool world_has(enum feature feature) { return !w.calm && w.features & feature; }

const char *world_wrong(void) { return w.wrong[0] ? w.wrong : NULL; }

void world_plan(int64_t at_us, enum what what, int a, int b, int64_t asked_us)
{
	if (w.tasks == AGENDA)
		abort();
	w.task[w.tasks++] = (struct task){ at_us < w.now_us ? w.now_us : at_us, w.order++, what, a, b, asked_us };
}

int world_app_of(int window) { return window == DIALOG ? EDITOR : window; }
int world_window_of(int object) { return object == LOG ? EDITOR : world_fields[object].window; }

/* ---- what happens ---- */

bool world_has_focus(int field)
{
	int window = world_fields[field].window;
	return w.field[window] == field && w.active[world_app_of(window)] == window;
}

static void news(int window)
{
	int field = w.field[window];
	if (field == NO_FIELD || w.active[world_app_of(window)] != window || (world_has(SILENT) && !rnd(3)))
		return;
	world_plan(w.now_us, NEWS, field, 0, 0);
	if (world_has(TWICE) && !rnd(3))
		world_plan(w.now_us + rnd(2) * rnd(20 * MS), NEWS, field, 1, 0);
}

/* A caret moves by so many places; in browsers it is told with the next frame. */
static void move_caret(int object, int by)
{
	w.caret[object] += by;
	if (w.caret[object] < 1)
		w.caret[object] = 1;
	if (!world_has(FRAMES)) {
		world_plan(w.now_us, CARET, object, w.caret[object], 0);
	} else if (!w.flushing[object]) {
		w.flushing[object] = true;
		world_plan(w.now_us + FRAME_US - w.now_us % FRAME_US, FLUSH, object, 0, 0);
	}
}

static void some_carets(int object, uint32_t most)
{
	for (uint32_t n = rnd(most + 1); n > 0 && world_has(MORE); n--)
		move_caret(object, (int)rnd(9) - 4);
}

static void focus_field(int window, int field, bool clicked)
{
	if (w.field[window] == field) {
		if (clicked || !rnd(4))
			some_carets(field, 2);
		return;
	}
	int old = w.field[window];
	w.told[field] = false;
	/* What a frame holds back is told before the focus moves, or after. */
	if (old != NO_FIELD && w.flushing[old] && rnd(2)) {
		w.flushing[old] = false;
		world_plan(w.now_us, CARET, old, w.caret[old], 0);
	}
	w.field[window] = field;
	if (w.role[field] != FIELD_OTHER && !rnd(3))
		some_carets(field, 1);   /* Qt, Chromium: before the news */
	news(window);
	if (w.role[field] != FIELD_OTHER)
		some_carets(field, 2);
}

static bool is_character(const struct item *i)
{
	return i->kind == RAW_KEY && !i->chord && (i->klass == CLASS_LETTER || i->klass == CLASS_SPACE);
}

/* The application takes a key press into its focused field. Did a character move its caret? */
static bool take(const struct item *i, int field)
{
	if (w.role[field] == FIELD_OTHER)
		return false;
	if (is_character(i)) {
		if (world_has(MORE) && !rnd(12))
			return false;    /* refused */
		if (world_has(MORE) && !rnd(12))
			move_caret(field, -(int)rnd(3)); /* a selection is deleted first */
		move_caret(field, 1);
		return true;
	}
	if (i->chord)
		some_carets(field, 2);
	else if (i->klass == CLASS_ERASE && w.caret[field] > 1)
		move_caret(field, -1);
	else if ((i->klass == CLASS_ENTER && rnd(2)) || i->klass == CLASS_NAVIGATION)
		some_carets(field, 1);
	return false;
}

static void handle(const struct item *i)
{
	if (i->kind == RAW_FOCUS) {
		w.active[world_app_of(i->window)] = i->window;
		if (!(world_has(SILENT) && rnd(2)))
			news(i->window);
		return;
	}
	/* What another client has grabbed never comes to the application. */
	int field = i->window < TERMINAL && !i->grabbed ? w.field[i->window] : NO_FIELD;
	struct fate *f = &w.fate[i->input];
	bool secret = field != NO_FIELD && (w.role[field] == FIELD_SECRET || w.told_secret[field]);
	world_told_trace("  (input %d handled in %d%s)", i->input, field, secret ? ", a secret" : "");
	/* A release tells of nothing but its press. */
	if (i->kind == RAW_KEY && i->action == KEY_RELEASE)
		secret = f->press >= 0 && w.fate[f->press].secret;
	if (i->kind == RAW_KEY && secret && !f->secret) {
		f->secret = true;
		f->other = !is_character(i);
		f->untold = f->press >= 0 ? w.fate[f->press].untold : (w.features & SILENT && !w.told[field]);
		if (f->kept)
			world_told_leak(i->input);
	}
	if (i->kind == RAW_KEY && i->action == KEY_PRESS && field != NO_FIELD)
		f->ordinary = take(i, field) && !f->secret;
	if (i->field != NO_FIELD)
		focus_field(i->window, i->field, i->kind == RAW_BUTTON);
}

/* What an application does by itself it does when it goes on. */
static bool stands_still(const struct task *t)
{
	int64_t until = w.stalled_us[world_app_of(world_window_of(t->a))];
	if (until > w.now_us)
		world_plan(until + 1, t->what, t->a, t->b, t->asked_us);
	return until > w.now_us;
}

static void itself(int object)
{
	w.caret[object]++;
	world_plan(w.now_us, CARET, object, w.caret[object], 0);
}

static void run(const struct task *t)
{
	switch (t->what) {
	case STREAM:
		w.available = t->a + 1;
		if (!w.drain_due) {
			if (w.now_us - w.sampled_us >= SAMPLE_US || w.features & LOOSE)
				world_told_sample();
			world_plan(w.now_us + DRAIN_US, DRAIN, 0, 0, 0);
			w.drain_due = true;
		}
		break;
	case DRAIN:
		if (w.drain_due)
			world_told_drain();
		break;
	case HANDLED:
		handle(&w.item[t->a]);
		break;
	case ITSELF:
		if (!stands_still(t))
			itself(t->a);
		break;
	case MOVED:
		if (stands_still(t))
			break;
		focus_field(world_fields[t->a].window, t->a, false);
		break;
	case TURNED:
		if (stands_still(t))
			break;
		/* Nobody shows a password within the moment that it takes to ask what the field is. */
		if (!t->b && w.role[t->a] == FIELD_SECRET && !w.told_secret[t->a])
			break;
		w.role[t->a] = t->b ? FIELD_SECRET : FIELD_TEXT;
		world_told_trace("  (field %d turned, secret: %d)", t->a, t->b);
		break;
	case NEWS:
		world_told_drain();
		/* News that are repeated late may be old by then: an honest application repeats only what holds. */
		if (t->b && !world_has_focus(t->a))
			break;
		w.listened = t->a;
		w.told[t->a] = true;
		world_told_field(t->a, FIELD_PENDING, true, 0);
		world_told_ask_field(t->a);
		break;
	case CARET:
		world_told_drain();
		world_told_caret(t->a, t->b);
		break;
	case FLUSH:
		if (!w.flushing[t->a])
			break;
		w.flushing[t->a] = false;
		world_told_drain();
		world_told_caret(t->a, w.caret[t->a]);
		break;
	case NO_ANSWER:
		world_told_field(t->a, FIELD_DEAD, false, t->asked_us);
		break;
	case ANSWER:
		world_told_drain();
		world_told_field(t->a, w.role[t->a], world_has_focus(t->a), t->asked_us);
		break;
	case GRAB:
		w.grabbed = t->a;
		break;
	case PROMPT:
		w.prompt = t->a;
		break;
	case PLACE:
		if (t->a >= w.places_told)
			world_told_places(t->a + 1);
		break;
	case LOCK:
		w.locked = t->a;
		break;
	case LOCK_NEWS: {
		struct raw_event raw = { .kind = RAW_LOCK, .mono_us = w.now_us };
		raw.as.lock.locked = t->a;
		world_told_raw(&raw);
		break;
	}
	case CONSENT:
		world_told_consent(t->a, true);
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
				world_told_fail("the policy asks again and again", -1);
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

void world_go(int64_t us) { go(w.now_us + us); }

/* When the application handles what it gets now: in order, each a little late. */
static int64_t handled(int window)
{
	int64_t *last = &w.handled_us[world_app_of(window)], *stalled = &w.stalled_us[world_app_of(window)];
	int64_t at = w.now_us + (rnd(3) ? rnd(5 * MS) : rnd(LAG_US));
	if (window < TERMINAL && world_has(STALLS) && !rnd(30) && *stalled <= w.now_us)
		at = w.now_us + rnd(2) * LAG_US + rnd(STALL_US);
	/* What piled up is handled at once, but it takes its time. */
	*last = at > *last ? at : *last + rnd(2) * rnd(3 * MS);
	if (*last > w.now_us + LAG_US)
		*stalled = *last;
	return *last;
}

static int put(struct item item)
{
	if (w.items == INPUTS)
		abort();
	int n = w.items++;
	item.at_us = w.now_us;
	item.window = w.window;
	item.title = w.titles;
	item.input = item.kind == RAW_FOCUS ? -1 : w.inputs++;
	w.item[n] = item;
	world_plan(w.now_us, STREAM, n, 0, 0);
	if (w.window != NOWHERE)
		world_plan(handled(w.window), HANDLED, n, 0, 0);
	return item.input;
}

static void input(struct item item, bool secret)
{
	struct fate *f = &w.fate[w.inputs];
	bool key = item.kind == RAW_KEY;
	*f = (struct fate){ .at_us = w.now_us, .character = is_character(&item) };
	int *press = &w.pressed[world_told_code(&item)];
	f->press = key && item.action == KEY_RELEASE ? *press : -1;
	if (item.action == KEY_PRESS)
		*press = w.inputs;
	f->secret = secret || !w.given || w.private_mode ||
		    (key && (w.locked || w.grabbed || w.window == VAULT || w.window == NOWHERE));
	item.grabbed = key && (w.locked || w.grabbed);
	put(item);
}

int world_window(void) { return w.window; }
bool world_busy(void) { return w.grabbed || w.locked || w.prompt; }
int world_inputs(void) { return w.inputs; }

void world_focus(int window)
{
	if (window == w.window)
		w.titles++;
	w.window = window;
	put((struct item){ .kind = RAW_FOCUS, .field = NO_FIELD });
	if (!(w.features & LOOSE))
		return;
	w.place[w.places].window = window;
	w.place[w.places].title = w.titles;
	int64_t at = w.now_us + (rnd(3) ? rnd(5 * MS) : rnd(LAG_US));
	w.place_us = at > w.place_us ? at : w.place_us;
	world_plan(w.place_us, PLACE, w.places++, 0, 0);
}

void world_key(enum key_class klass, enum key_action action, bool chord, int to_field, bool secret)
{
	input((struct item){ .kind = RAW_KEY, .klass = klass, .action = action, .chord = chord, .field = to_field }, secret);
}

void world_button(enum key_action action, int to_field)
{
	input((struct item){ .kind = RAW_BUTTON, .action = action, .field = to_field }, false);
}

void world_motion(void)
{
	input((struct item){ .kind = RAW_MOTION, .field = NO_FIELD }, false);
}

/* In the application's order. */
static int64_t in_turn(int object)
{
	int64_t busy = w.handled_us[world_app_of(world_window_of(object))], at = w.now_us + rnd(100 * MS);
	return at > busy ? at : busy;
}

void world_by_itself(int field) { world_plan(in_turn(field), MOVED, field, 0, 0); }
void world_turn(int field, bool secret) { world_plan(in_turn(field), TURNED, field, secret, 0); }

void world_caret(int object)
{
	world_plan(in_turn(object), ITSELF, object, 0, 0);
}

void world_repeat_news(void)
{
	int field = w.window < TERMINAL ? w.field[w.window] : NO_FIELD;
	if (field != NO_FIELD)
		world_plan(in_turn(field), NEWS, field, 1, 0);
}

void world_grab(bool on, int64_t in_us) { world_plan(w.now_us + in_us, GRAB, on, 0, 0); }
void world_prompt(bool on, int64_t in_us) { world_plan(w.now_us + in_us, PROMPT, on, 0, 0); }

void world_lock(bool on, int64_t news_in_us)
{
	world_plan(w.now_us, LOCK, on, 0, 0);
	world_plan(w.now_us + news_in_us, LOCK_NEWS, on, 0, 0);
}

void world_consent(bool on) { world_plan(w.now_us, CONSENT, on, 0, 0); }

void world_private(bool by_key)
{
	bool on = !w.private_mode;
	w.private_mode = true;
	if (by_key) {
		input((struct item){ .kind = RAW_KEY, .klass = CLASS_FUNCTION, .action = KEY_PRESS, .hotkey = true, .field = NO_FIELD }, true);
		w.private_mode = on;
		input((struct item){ .kind = RAW_KEY, .klass = CLASS_FUNCTION, .hotkey = true, .field = NO_FIELD }, false);
		return;
	}
	go(w.now_us);
	world_told_drain();
	struct raw_event raw = { .kind = RAW_PRIVATE, .mono_us = w.now_us };
	raw.as.private_mode.on = w.private_mode = on;
	world_told_trace("private %d", on);
	world_told_raw(&raw);
}

void world_calm(void)
{
	if (w.private_mode)
		world_private(false);
	w.calm = true;
}

bool world_must_keep(int input_number)
{
	const struct fate *f = &w.fate[input_number];
	if (!f->kept && !f->secret)
		world_told_fail("an event after a calm while did not come out", input_number);
	return !w.wrong[0];
}

void world_new(uint64_t seed, unsigned features, bool traced)
{
	memset(&w, 0, sizeof w);
	random_state = seed * 0x9e3779b97f4a7c15u + 0x123456789u;
	struct limits limits = { .keys = DETAIL_CODE, .pointer = POINTER_FULL, .scroll = true, .apps = APPS_ID,
				 .private_hotkey = { 0, HOTKEY } };
	static const int64_t grids[] = { 0, 20 * MS, 100 * MS };
	limits.key_grid_us = grids[rnd(3)];
	w.features = features;
	w.trace = traced;
	w.now_us = world_start_us + rnd(SECOND);
	w.sampled_us = w.now_us - SECOND;
	w.listened = NO_FIELD;
	pipeline_init(&w.pipeline, &limits, ring, world_told_keep, world_told_ask, NULL);
	if (rnd(2))
		w.pipeline.redact.jitter = world_told_jitter;
	struct raw_event raw = { .kind = RAW_CLOCK, .mono_us = w.now_us };
	raw.as.clock.utc_us = w.now_us + world_offset_us;
	raw.as.clock.boot_us = w.now_us;
	world_told_raw(&raw);
	for (int i = 0; i < OBJECTS; i++) {
		w.caret[i] = 1 + (int)rnd(20);
		if (i < FIELDS)
			w.role[i] = world_fields[i].role;
	}
	for (int i = 0; i < WINDOWS; i++) {
		w.field[i] = i == EDITOR ? (int)rnd(4) : i == DIALOG ? 4 + (int)rnd(2) : i == OTHER_APP ? 6 + (int)rnd(2) : NO_FIELD;
		w.active[i] = i;
	}
	world_told_consent(true, false);
	w.told_window = NOWHERE;
	world_focus((int)rnd(WINDOWS));
}

void world_end(struct tally *tally)
{
	if (airlock_head(&w.pipeline.airlock))
		world_told_fail("the airlock holds on", -1);
	pipeline_stop(&w.pipeline, w.now_us);
	for (int i = 0; i < w.inputs; i++) {
		const struct fate *f = &w.fate[i];
		tally->ordinary += f->ordinary;
		tally->ordinary_kept += f->ordinary && f->kept;
		if (!(w.features & STALLS)) {
			tally->calm += f->ordinary;
			tally->calm_kept += f->ordinary && f->kept;
		}
		if (!w.features) {
			tally->plain += f->ordinary;
			tally->plain_kept += f->ordinary && f->kept;
		}
		tally->secret += f->secret && f->character;
		tally->secret_other += f->secret && f->other;
	}
	tally->accepted += w.accepted;
	tally->untold += w.untold;
}
