/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <linux/input-event-codes.h>

#include "../error.h"

enum { WINDOWS = 64, OBJECTS = 64, PENDING = 256, LINE = 1024 };

struct window { struct raw_app app; enum tty_state tty; };
struct object { uint64_t id; int32_t pid; enum field_role role; int64_t delay_us, caret_us; bool dead, still; };
/* The answer to a question, or (asked_us -1) a caret that moves. */
struct pending { int64_t at_us, asked_us; uint64_t object; bool used; };

struct replay {
	const struct replay_hooks *hooks;
	int64_t now_us, utc_offset_us, boot_offset_us;
	struct window windows[WINDOWS];
	struct object objects[OBJECTS];
	int window_count, object_count;
	struct pending pending[PENDING];
	uint64_t focus;                   /* window */
	uint64_t object;                  /* focused object, as the bus says */
	uint64_t into;                    /* where the keys go */
	bool grabbed, disagrees, synthetic, sampling, loose;
	enum raw_timed timed;
	int32_t skew_us;
	bool ctrl, alt, shift;
	int16_t device;
	int line;
	struct replay_error *error;
};

static const struct { const char *name; int code; enum key_class klass; const char *text; } keys[] = {
	{ "Return", KEY_ENTER, CLASS_ENTER, "" }, { "Tab", KEY_TAB, CLASS_NAVIGATION, "" },
	{ "BackSpace", KEY_BACKSPACE, CLASS_ERASE, "" }, { "space", KEY_SPACE, CLASS_SPACE, " " },
	{ "Escape", KEY_ESC, CLASS_OTHER, "" }, { "Left", KEY_LEFT, CLASS_NAVIGATION, "" },
	{ "Right", KEY_RIGHT, CLASS_NAVIGATION, "" }, { "Home", KEY_HOME, CLASS_NAVIGATION, "" },
	{ "F5", KEY_F5, CLASS_FUNCTION, "" }, { "Shift", KEY_LEFTSHIFT, CLASS_MODIFIER, "" },
	{ "Ctrl", KEY_LEFTCTRL, CLASS_MODIFIER, "" }, { "Alt", KEY_LEFTALT, CLASS_MODIFIER, "" },
	{ "adiaeresis", KEY_APOSTROPHE, CLASS_LETTER, "\xc3\xa4" },
};

/* A US keyboard, by position of the character in the string. */
static const struct { const char *plain, *shifted; int first; } rows[] = {
	{ "1234567890-=", "!@#$%^&*()_+", KEY_1 }, { "qwertyuiop[]", "QWERTYUIOP{}", KEY_Q },
	{ "asdfghjkl;'", "ASDFGHJKL:\"", KEY_A }, { "zxcvbnm,./", "ZXCVBNM<>?", KEY_Z },
};

static int fail(struct replay *w, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = snprintf(w->error->text, sizeof w->error->text, "line %d: ", w->line);
	vsnprintf(w->error->text + n, sizeof w->error->text - (size_t)n, format, args);
	va_end(args);
	return ERROR_INVALID;
}

int64_t replay_now(const struct replay *w) { return w->now_us; }

static void emit(struct replay *w, struct raw_event *raw)
{
	raw->mono_us = w->now_us;
	w->hooks->feed(w->hooks->user, raw);
}

static void settle(struct replay *w)
{
	w->hooks->settled(w->hooks->user, w->now_us);
}

static struct window *find_window(struct replay *w, uint64_t id)
{
	for (int i = 0; i < w->window_count; i++)
		if (w->windows[i].app.window == id)
			return &w->windows[i];
	return NULL;
}

static struct object *find_object(struct replay *w, uint64_t id)
{
	for (int i = 0; i < w->object_count; i++)
		if (w->objects[i].id == id)
			return &w->objects[i];
	return NULL;
}

static void expect(struct replay *w, uint64_t object, int64_t asked_us, int64_t at_us)
{
	for (int i = 0; i < PENDING; i++) {
		if (w->pending[i].used)
			continue;
		w->pending[i] = (struct pending){ .used = true, .object = object, .asked_us = asked_us, .at_us = at_us };
		return;
	}
}

static void ask_object(struct replay *w, uint64_t id)
{
	const struct object *o = find_object(w, id);
	expect(w, id, w->now_us, w->now_us + (o && !o->dead ? o->delay_us : 1000000));
}

/* As applications do: what takes text moves its caret for each character. */
static void type_into(struct replay *w, const struct raw_input *in)
{
	const struct object *o = find_object(w, w->into);
	const struct window *win = find_window(w, w->focus);
	bool takes = o && win && o->pid == win->app.pid && (o->role == FIELD_TEXT || o->role == FIELD_SECRET) && !o->dead && !o->still;
	if (takes && in->action != KEY_RELEASE && !in->chord && (in->text[0] || in->key_class == CLASS_ERASE))
		expect(w, o->id, -1, w->now_us + o->caret_us);
}

static void answer(struct replay *w, struct pending *p)
{
	const struct object *o = find_object(w, p->object);
	struct raw_event raw = { .kind = RAW_FIELD };
	if (p->asked_us == -1) {
		raw.kind = RAW_CARET;
		raw.as.caret.object = p->object;
		raw.as.caret.pid = o ? o->pid : 0;
		p->used = false;
		emit(w, &raw);
		return;
	}
	raw.as.field.object = p->object;
	raw.as.field.asked_us = p->asked_us;
	raw.as.field.role = o && !o->dead ? o->role : FIELD_DEAD;
	raw.as.field.pid = o ? o->pid : 0;
	raw.as.field.focused = o && w->object == o->id;
	p->used = false;
	emit(w, &raw);
}

static void look(struct replay *w, uint64_t window)
{
	const struct window *win = find_window(w, window);
	if (!win || !win->app.terminal)
		return;
	struct raw_event raw = { .kind = RAW_TTY };
	raw.as.tty.window = window;
	raw.as.tty.state = win->tty;
	emit(w, &raw);
}

static void sample(struct replay *w)
{
	struct raw_event grab = { .kind = RAW_GRAB }, agree = { .kind = RAW_AGREE };
	grab.as.grab.grabbed = w->grabbed;
	emit(w, &grab);
	agree.as.agree.agrees = !w->disagrees;
	emit(w, &agree);
}

void replay_ask(struct replay *w, int kind, uint64_t window, uint64_t object, int64_t now_us)
{
	(void)now_us;
	if (kind == 0)
		sample(w);
	else if (kind == 1)
		look(w, window);
	else
		ask_object(w, object);
}

/* Lets virtual time pass, with everything that falls due on the way. */
static void advance(struct replay *w, int64_t to)
{
	for (;;) {
		int64_t at = w->hooks->deadline(w->hooks->user);
		struct pending *due = NULL;
		for (int i = 0; i < PENDING; i++)
			if (w->pending[i].used && (!due || w->pending[i].at_us < due->at_us))
				due = &w->pending[i];
		if (due && due->at_us <= at && due->at_us <= to) {
			if (due->at_us > w->now_us)
				w->now_us = due->at_us;
			answer(w, due);
		} else if (at <= to) {
			if (at > w->now_us)
				w->now_us = at;
			w->hooks->check(w->hooks->user, w->now_us);
		} else {
			break;
		}
		settle(w);
	}
	if (to > w->now_us)
		w->now_us = to;
	settle(w);
}

static int64_t duration(const char *text)
{
	char *end;
	double v = strtod(text, &end);
	if (end == text)
		return -1;
	double unit = strcmp(end, "us") == 0 ? 1 : strcmp(end, "ms") == 0 ? 1e3 : strcmp(end, "s") == 0 ? 1e6 :
		      strcmp(end, "m") == 0 ? 60e6 : strcmp(end, "h") == 0 ? 3600e6 : strcmp(end, "d") == 0 ? 86400e6 : 0;
	return unit == 0 ? -1 : (int64_t)(v * unit + (v < 0 ? -0.5 : 0.5));
}

static bool option(const char *rest, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);
	for (const char *p = rest; p && *p; p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL) {
		if (strncmp(p, name, n) == 0 && p[n] == '=') {
			size_t length = strcspn(p + n + 1, " ");
			if (length >= size)
				length = size - 1;
			memcpy(out, p + n + 1, length);
			out[length] = 0;
			return true;
		}
	}
	return false;
}

static bool flag(const char *rest, const char *name)
{
	const char *p = strstr(rest, name);
	size_t n = strlen(name);
	return p && (p == rest || p[-1] == ' ') && (p[n] == 0 || p[n] == ' ');
}

static int key_of(const char *name, struct raw_input *in)
{
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		if (strcmp(keys[i].name, name) == 0) {
			in->code = (int16_t)keys[i].code;
			in->key_class = (uint8_t)keys[i].klass;
			snprintf(in->text, sizeof in->text, "%s", keys[i].text);
			return 0;
		}
	}
	if (strlen(name) != 1)
		return ERROR_INVALID;
	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
		const char *plain = strchr(rows[r].plain, name[0]), *shifted = strchr(rows[r].shifted, name[0]);
		if (!plain && !shifted)
			continue;
		in->code = (int16_t)(rows[r].first + (int)(plain ? plain - rows[r].plain : shifted - rows[r].shifted));
		in->key_class = isalpha((unsigned char)name[0]) ? CLASS_LETTER :
				isdigit((unsigned char)name[0]) ? CLASS_DIGIT : CLASS_PUNCTUATION;
		in->text[0] = name[0];
		return 0;
	}
	return ERROR_INVALID;
}

static void input(struct replay *w, enum raw_kind kind, const struct raw_input *in)
{
	struct raw_event raw = { .kind = kind };
	raw.as.input = *in;
	raw.as.input.device = w->device;
	raw.as.input.synthetic = w->synthetic;
	raw.as.input.timed = w->timed & 3;
	raw.as.input.skew_us = w->skew_us;
	/* As the live loop does: a look before the input is read, and after it. */
	if (w->sampling) {
		look(w, w->focus);
		sample(w);
	}
	emit(w, &raw);
	if (w->sampling && (kind == RAW_KEY || kind == RAW_BUTTON)) {
		look(w, w->focus);
		sample(w);
	}
	if (kind == RAW_KEY)
		type_into(w, in);
	settle(w);
}

static int key(struct replay *w, const char *name, enum key_action action)
{
	struct raw_input in = { .action = (uint8_t)action };
	if (key_of(name, &in))
		return fail(w, "there is no key '%s'", name);
	bool down = action != KEY_RELEASE;
	if (in.code == KEY_LEFTCTRL)
		w->ctrl = down;
	if (in.code == KEY_LEFTALT)
		w->alt = down;
	in.chord = (w->ctrl || w->alt) && in.key_class != CLASS_MODIFIER;
	if (in.chord)
		in.text[0] = 0;
	input(w, RAW_KEY, &in);
	return 0;
}

static int type(struct replay *w, const char *text)
{
	for (; *text; text++) {
		char name[2] = { *text, 0 };
		const char *one = *text == ' ' ? "space" : *text == '\\' ? "Return" : name;
		int error = key(w, one, KEY_PRESS);
		if (error)
			return error;
		advance(w, w->now_us + 30000);
		key(w, one, KEY_RELEASE);
		advance(w, w->now_us + 70000);
	}
	return 0;
}

static int do_window(struct replay *w, const char *rest)
{
	char value[256];
	uint64_t id = strtoull(rest, NULL, 0);
	struct window *win = find_window(w, id);
	if (!win && w->window_count == WINDOWS)
		return fail(w, "too many windows");
	if (!win)
		win = &w->windows[w->window_count++];
	memset(win, 0, sizeof *win);
	win->app.window = id;
	win->app.pid = option(rest, "pid", value, sizeof value) ? atoi(value) : 0;
	option(rest, "exe", win->app.exe, sizeof win->app.exe);
	option(rest, "class", win->app.klass, sizeof win->app.klass);
	option(rest, "sandbox", win->app.sandbox, sizeof win->app.sandbox);
	option(rest, "title", win->app.title, sizeof win->app.title);
	win->app.terminal = flag(rest, "terminal");
	win->app.foreign = flag(rest, "foreign");
	return 0;
}

static int role_of(const char *name)
{
	static const char *const names[] = { "pending", "text", "password", "terminal", "other", "dead" };
	for (int i = 0; i < 6; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	return -1;
}

static int do_object(struct replay *w, const char *rest)
{
	char value[64];
	uint64_t id = strtoull(rest, NULL, 0);
	struct object *o = find_object(w, id);
	if (!o && w->object_count == OBJECTS)
		return fail(w, "too many objects");
	if (!o) {
		o = &w->objects[w->object_count++];
		*o = (struct object){ .id = id, .delay_us = 1000, .caret_us = 2000, .role = FIELD_TEXT };
	}
	if (option(rest, "pid", value, sizeof value))
		o->pid = atoi(value);
	if (option(rest, "delay", value, sizeof value))
		o->delay_us = duration(value);
	if (option(rest, "caret", value, sizeof value)) {
		o->still = strcmp(value, "none") == 0;
		o->caret_us = o->still ? 0 : duration(value);
	}
	if (option(rest, "role", value, sizeof value)) {
		int role = role_of(value);
		if (role < 0)
			return fail(w, "there is no role '%s'", value);
		o->role = (enum field_role)role;
		o->dead = role == FIELD_DEAD;
	}
	return 0;
}

static int do_focus(struct replay *w, const char *rest)
{
	static const struct raw_app nowhere;
	w->focus = strcmp(rest, "none") == 0 ? 0 : strtoull(rest, NULL, 0);
	const struct window *win = w->focus ? find_window(w, w->focus) : NULL;
	if (w->focus && !win)
		return fail(w, "window %s was not declared", rest);
	struct raw_event raw = { .kind = RAW_FOCUS };
	struct raw_app app = win ? win->app : nowhere;
	app.loose = w->loose;
	raw.as.app = &app;
	emit(w, &raw);
	settle(w);
	return 0;
}

static int do_field(struct replay *w, const char *rest)
{
	const struct object *o = find_object(w, strtoull(rest, NULL, 0));
	if (!o)
		return fail(w, "object %s was not declared", rest);
	w->object = w->into = o->id;
	struct raw_event raw = { .kind = RAW_FIELD };
	raw.as.field.object = o->id;
	raw.as.field.pid = o->pid;
	raw.as.field.focused = true;
	raw.as.field.role = FIELD_PENDING;
	emit(w, &raw);
	ask_object(w, o->id);
	settle(w);
	return 0;
}

static int do_tty(struct replay *w, const char *rest)
{
	static const char *const names[] = { "echo", "program", "secret", "unknown", "starting" };
	char *end;
	struct window *win = find_window(w, strtoull(rest, &end, 0));
	if (!win || *end != ' ')
		return fail(w, "tty WINDOW echo|program|secret|unknown|starting");
	for (int i = 0; i < 5; i++) {
		if (strcmp(end + 1, names[i]) == 0) {
			win->tty = (enum tty_state)i;
			return 0;
		}
	}
	return fail(w, "there is no tty state '%s'", end + 1);
}

static int do_consent(struct replay *w, const char *rest)
{
	static const char *const names[] = { "none", "given", "paused", "withdrawn", "expired", "invalid" };
	struct raw_event raw = { .kind = RAW_CONSENT };
	char value[64];
	int state = -1;
	for (int i = 0; i < 6; i++)
		if (strncmp(rest, names[i], strlen(names[i])) == 0)
			state = i;
	if (state < 0)
		return fail(w, "there is no consent state '%s'", rest);
	int64_t utc = w->now_us + w->utc_offset_us;
	raw.as.consent.state = (enum consent_state)state;
	raw.as.consent.given_us = utc;
	raw.as.consent.until_us = utc + (option(rest, "for", value, sizeof value) ? duration(value) : (int64_t)86400 * 1000000);
	if (option(rest, "paused", value, sizeof value))
		raw.as.consent.paused_us = utc - duration(value);
	emit(w, &raw);
	settle(w);
	return 0;
}

static void clock_now(struct replay *w)
{
	struct raw_event raw = { .kind = RAW_CLOCK };
	raw.as.clock.utc_us = w->now_us + w->utc_offset_us;
	raw.as.clock.boot_us = w->now_us + w->boot_offset_us;
	emit(w, &raw);
	settle(w);
}

static bool on(const char *rest) { return strncmp(rest, "on", 2) == 0 && (!rest[2] || rest[2] == ' '); }

/* 1: done; 0: not a word of the pointer's. */
static int pointer(struct replay *w, const char *word, const char *rest)
{
	struct raw_input in = { 0 };
	int a = 0, b = 0;
	float dx = 0, dy = 0;
	if (strcmp(word, "motion") == 0) {
		int n = sscanf(rest, "%d %d %f %f", &a, &b, &dx, &dy);
		in = (struct raw_input){ .x = a, .y = b, .dx = dx, .dy = dy, .has = (uint8_t)(HAS_POSITION | (n == 4 ? HAS_DELTA : 0)) };
		input(w, RAW_MOTION, &in);
	} else if (strcmp(word, "flood") == 0) {
		/* Many at one moment, and no look between them. */
		bool was = w->sampling;
		w->sampling = false;
		for (int i = 0, n = atoi(rest); i < n; i++) {
			struct raw_event raw = { .kind = RAW_MOTION };
			raw.as.input.device = w->device;
			emit(w, &raw);
		}
		w->sampling = was;
		settle(w);
	} else if (strcmp(word, "scroll") == 0) {
		sscanf(rest, "%d %d", &a, &b);
		in.scroll_x = (int16_t)a;
		in.scroll_y = (int16_t)b;
		input(w, RAW_SCROLL, &in);
	} else if (strcmp(word, "button") == 0) {
		in.code = BTN_LEFT;
		in.action = strcmp(rest, "down") == 0 ? KEY_PRESS : KEY_RELEASE;
		input(w, RAW_BUTTON, &in);
	} else if (strcmp(word, "touch") == 0) {
		in.action = strncmp(rest, "begin", 5) == 0 ? TOUCH_BEGIN : strncmp(rest, "end", 3) == 0 ? TOUCH_END : TOUCH_UPDATE;
		const char *at = strchr(rest, ' ');
		if (at && sscanf(at, "%d %d", &a, &b) == 2)
			in.has = HAS_POSITION;
		in.x = a;
		in.y = b;
		input(w, RAW_TOUCH, &in);
	} else {
		return 0;
	}
	return 1;
}

static int run(struct replay *w, const char *word, const char *rest)
{
	struct raw_event raw = { 0 };
	int a = 0, b = 0;
	if (pointer(w, word, rest))
		return 0;
	if (strcmp(word, "press") == 0)
		return key(w, rest, KEY_PRESS);
	if (strcmp(word, "release") == 0)
		return key(w, rest, KEY_RELEASE);
	if (strcmp(word, "repeat") == 0)
		return key(w, rest, KEY_REPEAT);
	if (strcmp(word, "type") == 0)
		return type(w, rest);
	if (strcmp(word, "window") == 0)
		return do_window(w, rest);
	if (strcmp(word, "object") == 0)
		return do_object(w, rest);
	if (strcmp(word, "focus") == 0)
		return do_focus(w, rest);
	if (strcmp(word, "field") == 0)
		return do_field(w, rest);
	if (strcmp(word, "tty") == 0)
		return do_tty(w, rest);
	if (strcmp(word, "into") == 0) {
		w->into = strtoull(rest, NULL, 0);
		return 0;
	}
	if (strcmp(word, "caret") == 0) {
		expect(w, strtoull(rest, NULL, 0), -1, w->now_us);
		advance(w, w->now_us);
		return 0;
	}
	if (strcmp(word, "consent") == 0)
		return do_consent(w, rest);
	if (strcmp(word, "grab") == 0)
		w->grabbed = on(rest);
	else if (strcmp(word, "disagree") == 0)
		w->disagrees = on(rest);
	else if (strcmp(word, "synthetic") == 0)
		w->synthetic = on(rest);
	else if (strcmp(word, "sampling") == 0)
		w->sampling = on(rest);
	else if (strcmp(word, "loose") == 0)
		w->loose = on(rest);
	else if (strcmp(word, "skew") == 0) {
		w->timed = strcmp(rest, "none") == 0 ? TIMED_UNJOINED : TIMED_JOINED;
		w->skew_us = w->timed == TIMED_JOINED ? (int32_t)duration(rest) : 0;
	}
	else if (strcmp(word, "sample") == 0)
		sample(w);
	else if (strcmp(word, "lock") == 0) {
		raw.kind = RAW_LOCK;
		raw.as.lock.by = strstr(rest, " devices") ? LOCK_DEVICES : LOCK_SESSION;
		raw.as.lock.locked = on(rest);
		emit(w, &raw);
	} else if (strcmp(word, "private") == 0) {
		raw.kind = RAW_PRIVATE;
		raw.as.private_mode.on = on(rest);
		emit(w, &raw);
	} else if (strcmp(word, "clock") == 0) {
		w->utc_offset_us += duration(rest);
		clock_now(w);
	} else if (strcmp(word, "suspend") == 0) {
		w->utc_offset_us += duration(rest);
		w->boot_offset_us += duration(rest);
		clock_now(w);
	} else if (strcmp(word, "screen") == 0 && sscanf(rest, "%d %d", &a, &b) == 2) {
		raw.kind = RAW_SCREEN;
		raw.as.screen.width = a;
		raw.as.screen.height = b;
		emit(w, &raw);
	} else if (strcmp(word, "layout") == 0) {
		raw.kind = RAW_LAYOUT;
		snprintf(raw.as.layout.name, sizeof raw.as.layout.name, "%s", rest);
		emit(w, &raw);
	} else if (strcmp(word, "device") == 0 && (sscanf(rest, "add %d", &a) == 1 || sscanf(rest, "remove %d", &a) == 1)) {
		raw.kind = RAW_DEVICE;
		raw.as.device.device = w->device = (int16_t)a;
		raw.as.device.present = rest[0] == 'a';
		emit(w, &raw);
	} else if (strcmp(word, "lost") == 0) {
		raw.kind = RAW_LOST;
		raw.as.lost.count = atoi(rest);
		emit(w, &raw);
	} else if (w->hooks->command) {
		w->hooks->command(w->hooks->user, word, rest, w->now_us);
	} else {
		return fail(w, "unknown word '%s'", word);
	}
	settle(w);
	return 0;
}

static int run_line(struct replay *w, char *line)
{
	line[strcspn(line, "\r\n")] = 0;
	char *p = line + strspn(line, " \t");
	if (!*p || *p == '#')
		return 0;
	while (*p == '+') {
		int64_t wait = 0;
		char *end = p + strcspn(p, " ");
		char *rest = end + strspn(end, " ");
		*end = 0;
		wait = duration(p + 1);
		if (wait < 0)
			return fail(w, "'%s' is no duration (+20ms, +1s)", p);
		advance(w, w->now_us + wait);
		p = rest;
		if (!*p)
			return 0;
	}
	char *end = p + strcspn(p, " ");
	char *rest = end + strspn(end, " ");
	if (*end)
		*end = 0;
	return run(w, p, rest);
}

int replay_run(FILE *text, int64_t start_mono_us, int64_t start_utc_us, const struct replay_hooks *hooks,
	       struct replay **world, struct replay_error *error)
{
	static struct replay w;
	memset(&w, 0, sizeof w);
	w.hooks = hooks;
	w.error = error;
	w.now_us = start_mono_us;
	w.utc_offset_us = start_utc_us - start_mono_us;
	w.sampling = true;
	*world = &w;
	error->text[0] = 0;
	clock_now(&w);
	char line[LINE];
	int failed = 0;
	while (!failed && fgets(line, sizeof line, text)) {
		w.line++;
		if (!strchr(line, '\n') && !feof(text))
			failed = fail(&w, "longer than %d bytes", LINE - 2);
		else if (strncmp(line, "--", 2) == 0)
			break;
		else
			failed = run_line(&w, line);
	}
	/* What still waits is judged in the world's own time. */
	if (!failed)
		advance(&w, w.now_us + 5000000);
	return failed;
}
