/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STALL_US = 5000000, ANSWER_US = 1000000, DRAIN_US = 50000, SAMPLE_US = 200000, FRAME_US = 16000, AGENDA = 4096 };

static const struct { int window; enum field_role role; } fields[FIELDS] = {
	{ EDITOR, FIELD_TEXT }, { EDITOR, FIELD_TEXT }, { EDITOR, FIELD_SECRET }, { EDITOR, FIELD_OTHER },
	{ DIALOG, FIELD_TEXT }, { DIALOG, FIELD_SECRET }, { OTHER_APP, FIELD_TEXT }, { OTHER_APP, FIELD_SECRET },
};
static const int pids[WINDOWS] = { 100, 100, 300, 400, 500, 0 };

enum what { STREAM, DRAIN, HANDLED, MOVED, TURNED, ITSELF, NEWS, CARET, FLUSH, ANSWER, NO_ANSWER, GRAB, PROMPT, LOCK, LOCK_NEWS, CONSENT };
struct task { int64_t at_us; uint64_t order; enum what what; int a, b; int64_t asked_us; };

/* What the stream holds. */
struct item { int64_t at_us; int window, input; enum raw_kind kind; enum key_class klass; enum key_action action; int field, title; bool chord, hotkey; };

struct fate { int64_t at_us; bool secret, kept, ordinary, other, character, untold; int press; };

struct world {
	struct pipeline pipeline;
	unsigned features;
	bool trace, calm;
	int64_t now_us, sampled_us, handled_us[WINDOWS], stalled_us[WINDOWS], answered_us[WINDOWS];
	struct task task[AGENDA];
	int tasks;
	uint64_t order;
	struct item item[INPUTS];
	int items, read, available;
	bool drain_due, grabbed, locked, prompt, given, private_mode;
	int titles;
	int window;                       /* as the stream has it, at its end */
	int told_window;                  /* as the policy was told */
	int field[WINDOWS];               /* focused in each window, as its application has it */
	int active[WINDOWS];              /* the window that an application, by its first window, thinks is active */
	enum field_role role[FIELDS];
	bool told_secret[FIELDS], flushing[OBJECTS];
	bool told[FIELDS];                /* that it has the focus now */
	int caret[OBJECTS], told_caret[OBJECTS]; /* where it is; 0 in told: not told yet */
	int listened;                     /* the object whose carets the source hands on */
	struct fate fate[INPUTS];
	int64_t checks_since_us, span_end_us, newest_us;
	int checks, inputs;
	int pressed[768];                 /* the newest press, by code */
	uint64_t accepted, untold;
	char wrong[160];
};

static struct world w;
static struct held ring[AIRLOCK_CAPACITY];
static uint64_t random_state;
static const int64_t start_us = 1000 * (int64_t)SECOND, offset_us = 1700000000000000 - 1000 * (int64_t)SECOND;

uint32_t world_random(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return n ? (uint32_t)(random_state >> 20) % n : 0;
}

static uint32_t rnd(uint32_t n) { return world_random(n); }
static bool has(enum feature feature) { return !w.calm && w.features & feature; }

static double seconds(int64_t mono_us) { return (double)(mono_us - start_us) / SECOND; }

__attribute__((format(printf, 1, 2))) static void trace(const char *format, ...)
{
	if (!w.trace)
		return;
	va_list args;
	va_start(args, format);
	printf("%10.6f  ", seconds(w.now_us));
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

static void fail(const char *what, int input)
{
	if (w.wrong[0])
		return;
	if (input < 0) {
		snprintf(w.wrong, sizeof w.wrong, "%s, at %.6f s", what, seconds(w.now_us));
	} else {
		const struct item *i = w.item;
		while (i->input != input)
			i++;
		snprintf(w.wrong, sizeof w.wrong, "%s: input %d, kind %d class %d%s in window %d at %.6f s", what, input,
			 (int)i->kind, (int)i->klass, i->chord ? " chord" : "", i->window, seconds(i->at_us));
	}
	trace("WRONG %s", w.wrong);
}

const char *world_wrong(void) { return w.wrong[0] ? w.wrong : NULL; }

static void plan(int64_t at_us, enum what what, int a, int b, int64_t asked_us)
{
	if (w.tasks == AGENDA)
		abort();
	w.task[w.tasks++] = (struct task){ at_us < w.now_us ? w.now_us : at_us, w.order++, what, a, b, asked_us };
}

static int app_of(int window) { return window == DIALOG ? EDITOR : window; }
static int window_of(int object) { return object == LOG ? EDITOR : fields[object].window; }

/* ---- what the policy is told ---- */

static void feed(struct raw_event *raw)
{
	pipeline_feed(&w.pipeline, raw);
}

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
	int app = app_of(fields[field].window);
	int64_t stalled = w.stalled_us[app], at = w.now_us + 1 + rnd(30 * MS);
	/* An honest application answers after the input that came before; others from what they have at hand, or when they
	 * go on, but before they look at their input. */
	if (stalled > w.now_us && !has(CACHED))
		at = stalled + 1 + rnd(10 * MS);
	else if (stalled > w.now_us && !rnd(3))
		at = stalled - 1;
	int64_t *last = &w.answered_us[app];
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
	trace("focus window %d", window);
	feed(&raw);
}

static int code_of(const struct item *i)
{
	static const uint8_t codes[CLASS_COUNT] = { 30, 2, 51, 57, 28, 14, 42, 15, 67, 1 };
	return i->kind == RAW_BUTTON ? 0x110 : i->hotkey ? HOTKEY : i->klass == CLASS_FUNCTION ? HOTKEY - 1 : codes[i->klass];
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
		raw.as.input.chord = i->chord;
		raw.as.input.code = (int16_t)code_of(i);
		keys |= i->kind != RAW_MOTION;
		trace("input %d of %.6f: kind %d class %d%s action %d", i->input, seconds(i->at_us), (int)i->kind, (int)i->klass,
		      i->chord ? " chord" : i->hotkey ? " hotkey" : "", (int)i->action);
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
	if (role == FIELD_SECRET)
		w.told_secret[field] = true;
	trace("field %d role %d focused %d asked %.6f", field, (int)role, focused, asked_us ? seconds(asked_us) : 0);
	feed(&raw);
}

static void tell_caret(int object, int at)
{
	int moved = w.told_caret[object] ? at - w.told_caret[object] : 0;
	w.told_caret[object] = at;
	if (object != w.listened && !(w.features & UNFILTERED))
		return;
	struct raw_event raw = { .kind = RAW_CARET, .mono_us = w.now_us };
	raw.as.caret.object = (uint64_t)object + 1;
	raw.as.caret.pid = pids[window_of(object)];
	raw.as.caret.moved = moved > 0 ? moved : 0;
	trace("caret of %d moved %d", object, moved);
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
	trace("consent %d", given);
	feed(&raw);
}

/* ---- what happens ---- */

static void news(int window)
{
	int field = w.field[window];
	if (field == NO_FIELD || w.active[app_of(window)] != window || (has(SILENT) && !rnd(3)))
		return;
	plan(w.now_us, NEWS, field, 0, 0);
	if (has(TWICE) && !rnd(3))
		plan(w.now_us + rnd(2) * rnd(20 * MS), NEWS, field, 1, 0);
}

/* A caret moves by so many places; in browsers it is told with the next frame. */
static void move_caret(int object, int by)
{
	w.caret[object] += by;
	if (w.caret[object] < 1)
		w.caret[object] = 1;
	if (!has(FRAMES)) {
		plan(w.now_us, CARET, object, w.caret[object], 0);
	} else if (!w.flushing[object]) {
		w.flushing[object] = true;
		plan(w.now_us + FRAME_US - w.now_us % FRAME_US, FLUSH, object, 0, 0);
	}
}

static void some_carets(int object, uint32_t most)
{
	for (uint32_t n = rnd(most + 1); n > 0 && has(MORE); n--)
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
		plan(w.now_us, CARET, old, w.caret[old], 0);
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
		if (has(MORE) && !rnd(12))
			return false;    /* refused */
		if (has(MORE) && !rnd(12))
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

static void leaked(int input)
{
	struct fate *f = &w.fate[input];
	/* What moves no caret tells nobody where it went while its application says that nothing changed. */
	if (f->other && w.features & CACHED && w.features & STALLS && w.now_us - f->at_us > LAG_US)
		w.accepted++;
	else if (f->untold)
		w.untold++;
	else
		fail("a secret came out", input);
}

static void handle(const struct item *i)
{
	if (i->kind == RAW_FOCUS) {
		w.active[app_of(i->window)] = i->window;
		if (!(has(SILENT) && rnd(2)))
			news(i->window);
		return;
	}
	int field = i->window < TERMINAL ? w.field[i->window] : NO_FIELD;
	struct fate *f = &w.fate[i->input];
	bool secret = field != NO_FIELD && (w.role[field] == FIELD_SECRET || w.told_secret[field]);
	trace("  (input %d handled in %d%s)", i->input, field, secret ? ", a secret" : "");
	/* A release tells of nothing but its press. */
	if (i->kind == RAW_KEY && i->action == KEY_RELEASE)
		secret = f->press >= 0 && w.fate[f->press].secret;
	if (i->kind == RAW_KEY && secret && !f->secret) {
		f->secret = true;
		f->other = !is_character(i);
		f->untold = w.features & SILENT && !w.told[field];
		if (f->press >= 0)
			f->untold = w.fate[f->press].untold;
		if (f->kept)
			leaked(i->input);
	}
	if (i->kind == RAW_KEY && i->action == KEY_PRESS && field != NO_FIELD)
		f->ordinary = take(i, field) && !f->secret;
	if (i->field != NO_FIELD)
		focus_field(i->window, i->field, i->kind == RAW_BUTTON);
}

/* What an application does by itself it does when it goes on. */
static bool stands_still(const struct task *t)
{
	int64_t until = w.stalled_us[app_of(window_of(t->a))];
	if (until > w.now_us)
		plan(until + 1, t->what, t->a, t->b, t->asked_us);
	return until > w.now_us;
}

static void itself(int object)
{
	w.caret[object]++;
	plan(w.now_us, CARET, object, w.caret[object], 0);
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
		focus_field(fields[t->a].window, t->a, false);
		break;
	case TURNED:
		if (stands_still(t))
			break;
		w.role[t->a] = t->b ? FIELD_SECRET : FIELD_TEXT;
		trace("  (field %d turned, secret: %d)", t->a, t->b);
		break;
	case NEWS:
		drain();
		/* News that are repeated late may be old by then: an honest application repeats only what holds. */
		if (t->b && !has_focus(t->a))
			break;
		w.listened = t->a;
		w.told[t->a] = true;
		tell_field(t->a, FIELD_PENDING, true, 0);
		ask_field(t->a);
		break;
	case CARET:
		drain();
		tell_caret(t->a, t->b);
		break;
	case FLUSH:
		if (!w.flushing[t->a])
			break;
		w.flushing[t->a] = false;
		drain();
		tell_caret(t->a, w.caret[t->a]);
		break;
	case NO_ANSWER:
		tell_field(t->a, FIELD_DEAD, false, t->asked_us);
		break;
	case ANSWER:
		drain();
		tell_field(t->a, w.role[t->a], has_focus(t->a), t->asked_us);
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

void world_go(int64_t us) { go(w.now_us + us); }

/* When the application handles what it gets now: in order, each a little late. */
static int64_t handled(int window)
{
	int64_t *last = &w.handled_us[app_of(window)], *stalled = &w.stalled_us[app_of(window)];
	int64_t at = w.now_us + (rnd(3) ? rnd(5 * MS) : rnd(LAG_US));
	if (window < TERMINAL && has(STALLS) && !rnd(30) && *stalled <= w.now_us)
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
	plan(w.now_us, STREAM, n, 0, 0);
	if (w.window != NOWHERE)
		plan(handled(w.window), HANDLED, n, 0, 0);
	return item.input;
}

static void input(struct item item, bool secret)
{
	struct fate *f = &w.fate[w.inputs];
	bool key = item.kind == RAW_KEY;
	*f = (struct fate){ .at_us = w.now_us, .character = is_character(&item) };
	int *press = &w.pressed[code_of(&item)];
	f->press = key && item.action == KEY_RELEASE ? *press : -1;
	if (item.action == KEY_PRESS)
		*press = w.inputs;
	f->secret = secret || !w.given || w.private_mode ||
		    (key && (w.locked || w.grabbed || w.window == VAULT || w.window == NOWHERE));
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
	int64_t busy = w.handled_us[app_of(window_of(object))], at = w.now_us + rnd(100 * MS);
	return at > busy ? at : busy;
}

void world_by_itself(int field) { plan(in_turn(field), MOVED, field, 0, 0); }
void world_turn(int field, bool secret) { plan(in_turn(field), TURNED, field, secret, 0); }

void world_caret(int object)
{
	plan(in_turn(object), ITSELF, object, 0, 0);
}

void world_repeat_news(void)
{
	int field = w.window < TERMINAL ? w.field[w.window] : NO_FIELD;
	if (field != NO_FIELD)
		plan(in_turn(field), NEWS, field, 1, 0);
}

void world_grab(bool on, int64_t in_us) { plan(w.now_us + in_us, GRAB, on, 0, 0); }
void world_prompt(bool on, int64_t in_us) { plan(w.now_us + in_us, PROMPT, on, 0, 0); }

void world_lock(bool on, int64_t news_in_us)
{
	plan(w.now_us, LOCK, on, 0, 0);
	plan(w.now_us + news_in_us, LOCK_NEWS, on, 0, 0);
}

void world_consent(bool on) { plan(w.now_us, CONSENT, on, 0, 0); }

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
	drain();
	struct raw_event raw = { .kind = RAW_PRIVATE, .mono_us = w.now_us };
	raw.as.private_mode.on = w.private_mode = on;
	trace("private %d", on);
	feed(&raw);
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
		fail("an event after a calm while did not come out", input_number);
	return !w.wrong[0];
}

/* ---- what comes out ---- */

static int64_t jitter(void *user, uint64_t what)
{
	(void)user;
	return (int64_t)(what * 0x9e3779b97f4a7c15u >> 40) % SECOND;
}

/* Is it on the grid, moved outwards by the jitter of its place? */
static bool on_grid(int64_t utc_us, bool end)
{
	for (int64_t cell = utc_us / SECOND - 1; cell <= utc_us / SECOND + 1; cell++) {
		int64_t by = w.pipeline.redact.jitter ? jitter(NULL, (uint64_t)cell * 2 + end) : 0;
		if (cell * SECOND + (end ? by : -by) == utc_us)
			return true;
	}
	return false;
}

static void keep(void *user, const struct event *e)
{
	(void)user;
	trace("      kept: kind %d device %d of %.6f", (int)e->kind, e->device, seconds(e->t_us - offset_us));
	if (e->kind == EVENT_SPAN) {
		trace("      until %.6f reason %d", seconds(e->end_us - offset_us), (int)e->reason);
		if (e->end_us <= e->t_us)
			fail("a span that is empty", -1);
		if (e->t_us < w.newest_us)
			fail("a span over what was kept", -1);
		if (e->t_us > w.now_us + offset_us + 2 * SECOND)
			fail("a span of a time to come", -1);
		if (!on_grid(e->end_us, true))
			fail("a span's end is not on its grid", -1);
		if (!on_grid(e->t_us, false) && e->t_us != w.newest_us && e->t_us != w.span_end_us)
			fail("a span's begin is neither on its grid nor what was kept last", -1);
		w.span_end_us = e->end_us;
		return;
	}
	if (e->t_us > w.newest_us && e->kind != EVENT_GAP)
		w.newest_us = e->t_us;
	if (e->kind > EVENT_TOUCH_UP)
		return;
	if (e->t_us < w.span_end_us)
		fail("an event inside a span", e->device);
	w.fate[e->device].kept = true;
	if (w.fate[e->device].secret)
		leaked(e->device);
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
	w.now_us = start_us + rnd(SECOND);
	w.sampled_us = w.now_us - SECOND;
	w.listened = NO_FIELD;
	pipeline_init(&w.pipeline, &limits, ring, keep, ask, NULL);
	if (rnd(2))
		w.pipeline.redact.jitter = jitter;
	struct raw_event raw = { .kind = RAW_CLOCK, .mono_us = w.now_us };
	raw.as.clock.utc_us = w.now_us + offset_us;
	raw.as.clock.boot_us = w.now_us;
	feed(&raw);
	for (int i = 0; i < OBJECTS; i++) {
		w.caret[i] = 1 + (int)rnd(20);
		if (i < FIELDS)
			w.role[i] = fields[i].role;
	}
	for (int i = 0; i < WINDOWS; i++) {
		w.field[i] = i == EDITOR ? (int)rnd(4) : i == DIALOG ? 4 + (int)rnd(2) : i == OTHER_APP ? 6 + (int)rnd(2) : NO_FIELD;
		w.active[i] = i;
	}
	tell_consent(true, false);
	world_focus((int)rnd(WINDOWS));
}

void world_end(struct tally *tally)
{
	if (airlock_head(&w.pipeline.airlock))
		fail("the airlock holds on", -1);
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
