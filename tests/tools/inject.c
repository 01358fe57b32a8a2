/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input for tests, by XTEST: real key, button and motion events of the server's XTEST devices, on exact times.
 * The last line of the output is the number of events that were injected.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <X11/XKBlib.h>
#include <X11/Xlib.h>
#include <X11/extensions/XTest.h>
#include <X11/keysym.h>

static const char usage[] =
	"usage: inject [--display D] COMMAND\n"
	"  type [--gap-ms N] [--hold-ms N] TEXT...  types; \\n is Return, \\t Tab, \\b BackSpace, \\e Escape\n"
	"  key [--hold-ms N] NAME...      keysym names or text, with modifiers: Return, ctrl+a, hello\n"
	"  keys RATE COUNT [SEED]         COUNT events: random letters, down and up\n"
	"  motion RATE COUNT [SEED]       COUNT relative movements, never more than the screen away\n"
	"  mixed RATE COUNT [SEED]        one key event (down or up) among nine movements\n"
	"  click X Y [BUTTON]   move X Y   scroll N (down; negative: up)   down NAME   up NAME\n"
	"RATE in events a second; 0: as fast as the server takes them.\n";

static Display *display;
static unsigned long injected;

static _Noreturn void die(const char *message, const char *detail)
{
	fprintf(stderr, "inject: %s%s%s\n", message, detail ? ": " : "", detail ? detail : "");
	exit(1);
}

static long number(const char *text)
{
	char *end;
	errno = 0;
	long n = strtol(text, &end, 10);
	if (errno || end == text || *end)
		die("not a number", text);
	return n;
}

/* ---- Pace -------------------------------------------------------------------------------- */

static struct timespec start;

static void pace_start(void) { clock_gettime(CLOCK_MONOTONIC, &start); }

/* Waits until ns after the start. Absolute, so that a late event does not delay those after it. */
static void pace(int64_t ns)
{
	struct timespec until = {start.tv_sec + (ns + start.tv_nsec) / 1000000000, (ns + start.tv_nsec) % 1000000000};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

static void wait_ms(long ms)
{
	XFlush(display);
	if (ms > 0) {
		pace_start();
		pace(ms * INT64_C(1000000));
	}
}

/* ---- Events ------------------------------------------------------------------------------ */

static void press(KeyCode code, bool down)
{
	XTestFakeKeyEvent(display, code, down, CurrentTime);
	injected++;
}

static void button(unsigned which, bool down)
{
	XTestFakeButtonEvent(display, which, down, CurrentTime);
	injected++;
}

static KeyCode code_of(KeySym symbol, bool *shift, bool *level3)
{
	KeyCode code = XKeysymToKeycode(display, symbol);
	if (code == 0)
		return 0;
	for (int level = 0; level < 4; level++)
		if (XkbKeycodeToKeysym(display, code, 0, level) == symbol) {
			*shift = level & 1;
			*level3 = level & 2;
			return code;
		}
	*shift = *level3 = false;
	return code;
}

static void tap(KeySym symbol, const char *shown, long hold_ms)
{
	bool shift, level3;
	KeyCode code = code_of(symbol, &shift, &level3);
	if (code == 0)
		die("this keyboard layout has no key for", shown);
	KeyCode shift_code = XKeysymToKeycode(display, XK_Shift_L);
	KeyCode level3_code = XKeysymToKeycode(display, XK_ISO_Level3_Shift);
	if (shift)
		press(shift_code, true);
	if (level3)
		press(level3_code, true);
	press(code, true);
	wait_ms(hold_ms);
	press(code, false);
	if (level3)
		press(level3_code, false);
	if (shift)
		press(shift_code, false);
}

/* One character of UTF-8, and how long it is; 0 at a broken one. */
static uint32_t character(const char *text, int *length)
{
	const unsigned char *p = (const unsigned char *)text;
	int more = p[0] < 0x80 ? 0 : p[0] < 0xC2 ? -1 : p[0] < 0xE0 ? 1 : p[0] < 0xF0 ? 2 : p[0] < 0xF5 ? 3 : -1;
	if (more < 0)
		return 0;
	uint32_t c = more == 0 ? p[0] : p[0] & (0x3Fu >> more);
	for (int i = 1; i <= more; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3F);
	}
	*length = more + 1;
	return c;
}

static KeySym symbol_of(uint32_t c)
{
	switch (c) {
	case '\n': return XK_Return;
	case '\t': return XK_Tab;
	case '\b': return XK_BackSpace;
	case 27: return XK_Escape;
	}
	/* Latin-1 keysyms are the characters; all others are Unicode keysyms. */
	return c < 0x100 ? c : 0x01000000 | c;
}

static void type(const char *text, long hold_ms, long gap_ms)
{
	while (*text) {
		int length = 1;
		uint32_t c;
		if (text[0] == '\\' && text[1] && strchr("ntbe\\", text[1])) {
			c = text[1] == 'n' ? '\n' : text[1] == 't' ? '\t' : text[1] == 'b' ? '\b' : text[1] == 'e' ? 27 : '\\';
			length = 2;
		} else {
			c = character(text, &length);
		}
		if (c == 0)
			die("not UTF-8", NULL);
		tap(symbol_of(c), text, hold_ms);
		wait_ms(gap_ms);
		text += length;
	}
}

static KeySym modifier(const char *name, size_t length)
{
	static const struct { const char *name; KeySym symbol; } table[] = {
		{"ctrl", XK_Control_L}, {"shift", XK_Shift_L}, {"alt", XK_Alt_L}, {"super", XK_Super_L},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0)
			return table[i].symbol;
	return NoSymbol;
}

/* "ctrl+shift+a", "Return", or plain text. */
static void key(const char *name, long hold_ms)
{
	KeyCode held[4];
	int holds = 0;
	const char *plus;
	while (holds < 4 && (plus = strchr(name, '+')) && plus[1]) {
		KeySym m = modifier(name, (size_t)(plus - name));
		if (m == NoSymbol)
			break;
		held[holds] = XKeysymToKeycode(display, m);
		press(held[holds++], true);
		name = plus + 1;
	}
	KeySym symbol = XStringToKeysym(name);
	if (symbol != NoSymbol)
		tap(symbol, name, hold_ms);
	else
		type(name, hold_ms, 0);
	while (holds > 0)
		press(held[--holds], false);
	wait_ms(0);
}

/* ---- Streams ----------------------------------------------------------------------------- */

static uint32_t seed = 1;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

static KeyCode letters[26];
static KeyCode down;

static void stream_key(void)
{
	if (down) {
		press(down, false);
		down = 0;
	} else {
		down = letters[chance(26)];
		press(down, true);
	}
}

/* A wandering pointer that turns back before it is stuck at an edge. */
static void stream_motion(void)
{
	static int x, y;
	int dx = (int)chance(13) - 6, dy = (int)chance(13) - 6;
	if (dx == 0 && dy == 0)
		dx = 1;
	if (abs(x + dx) > 200)
		dx = -dx;
	if (abs(y + dy) > 200)
		dy = -dy;
	x += dx;
	y += dy;
	XTestFakeRelativeMotionEvent(display, dx, dy, CurrentTime);
	injected++;
}

static void stream(const char *kind, long rate, long count)
{
	enum { BATCH = 256 };
	for (int i = 0; i < 26; i++)
		letters[i] = XKeysymToKeycode(display, (KeySym)(XK_a + i));
	int screen = DefaultScreen(display);
	if (kind[0] != 'k') {
		XTestFakeMotionEvent(display, screen, DisplayWidth(display, screen) / 2,
				     DisplayHeight(display, screen) / 2, CurrentTime);
		injected++;
		count--;
	}
	pace_start();
	for (long i = 0; i < count; i++) {
		if (rate > 0)
			pace(i * INT64_C(1000000000) / rate);
		if (kind[0] == 'k' || (kind[1] == 'i' && i % 10 == 9))
			stream_key();
		else
			stream_motion();
		if (rate > 0 || i % BATCH == BATCH - 1)
			XFlush(display);
	}
	/* A key that is left down would repeat for ever. */
	if (down)
		stream_key();
}

static KeyCode named(const char *name)
{
	KeySym symbol = XStringToKeysym(name);
	KeyCode code = symbol == NoSymbol ? 0 : XKeysymToKeycode(display, symbol);
	if (code == 0)
		die("no such key", name);
	return code;
}

static bool command(int argc, char **argv)
{
	const char *name = argv[0];
	int at = 1;
	long hold_ms = 0, gap_ms = 0;
	for (; at + 1 < argc; at += 2)
		if (strcmp(argv[at], "--hold-ms") == 0)
			hold_ms = number(argv[at + 1]);
		else if (strcmp(argv[at], "--gap-ms") == 0)
			gap_ms = number(argv[at + 1]);
		else
			break;
	argc -= at;
	argv += at;

	if (strcmp(name, "type") == 0 && argc > 0) {
		for (int i = 0; i < argc; i++) {
			if (i > 0)
				type(" ", hold_ms, gap_ms);
			type(argv[i], hold_ms, gap_ms);
		}
	} else if (strcmp(name, "key") == 0 && argc > 0) {
		for (int i = 0; i < argc; i++) {
			key(argv[i], hold_ms);
			wait_ms(gap_ms);
		}
	} else if ((strcmp(name, "keys") == 0 || strcmp(name, "motion") == 0 || strcmp(name, "mixed") == 0) &&
		   (argc == 2 || argc == 3)) {
		if (argc == 3)
			seed = (uint32_t)number(argv[2]);
		stream(name, number(argv[0]), number(argv[1]));
	} else if (strcmp(name, "click") == 0 && (argc == 2 || argc == 3)) {
		unsigned which = argc == 3 ? (unsigned)number(argv[2]) : 1;
		XTestFakeMotionEvent(display, DefaultScreen(display), (int)number(argv[0]), (int)number(argv[1]), CurrentTime);
		injected++;
		button(which, true);
		wait_ms(hold_ms);
		button(which, false);
	} else if (strcmp(name, "move") == 0 && argc == 2) {
		XTestFakeMotionEvent(display, DefaultScreen(display), (int)number(argv[0]), (int)number(argv[1]), CurrentTime);
		injected++;
	} else if (strcmp(name, "scroll") == 0 && argc == 1) {
		long n = number(argv[0]);
		for (long i = 0; i < labs(n); i++) {
			button(n > 0 ? 5 : 4, true);
			button(n > 0 ? 5 : 4, false);
			wait_ms(gap_ms);
		}
	} else if (strcmp(name, "down") == 0 && argc == 1) {
		press(named(argv[0]), true);
	} else if (strcmp(name, "up") == 0 && argc == 1) {
		press(named(argv[0]), false);
	} else {
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	const char *where = NULL;
	int at = 1;
	if (argc > 2 && strcmp(argv[1], "--display") == 0) {
		where = argv[2];
		at = 3;
	}
	if (at >= argc || strcmp(argv[at], "--help") == 0) {
		fputs(usage, at < argc ? stdout : stderr);
		return at < argc ? 0 : 2;
	}
	display = XOpenDisplay(where);
	if (!display)
		die("cannot open the display", XDisplayName(where));
	int event, error, major, minor;
	if (!XTestQueryExtension(display, &event, &error, &major, &minor))
		die("the display has no XTEST extension", NULL);
	/* Injected even while a client holds a server grab, as real input would be. */
	XTestGrabControl(display, True);
	bool known = command(argc - at, argv + at);
	/* The count is only true when the server has taken them all. */
	XSync(display, False);
	XCloseDisplay(display);
	if (!known) {
		fputs(usage, stderr);
		return 2;
	}
	printf("%lu\n", injected);
	return 0;
}
