/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the focused application waits for its own keys.
 *
 *   probe COUNT          opens a window, takes the focus, strikes COUNT keys by XTEST from a second connection, and prints the
 *                        delay of each KeyPress in ns, from just before its request was sent until it was read
 *   probe --keys COUNT   only strikes them, into whatever has the focus, and prints when (CLOCK_MONOTONIC, ns)
 *
 * Strikes are 15 to 45 ms apart at random, so that they fall anywhere between two rounds of a listener.
 */
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XTest.h>
#include <X11/keysym.h>

enum { COUNT_MAX = 100000, GAP_MIN_US = 15000, GAP_MAX_US = 45000, HOLD_US = 5000, PATIENCE_MS = 3000 };

static int count;
static int64_t *struck;

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void wait_us(long us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };
	nanosleep(&t, NULL);
}

static void *strike(void *connection)
{
	Display *display = connection;
	KeyCode code = XKeysymToKeycode(display, XK_a);
	unsigned seed = (unsigned)now_ns();
	for (int i = 0; i < count; i++) {
		wait_us(GAP_MIN_US - HOLD_US + rand_r(&seed) % (GAP_MAX_US - GAP_MIN_US));
		struck[i] = now_ns();
		XTestFakeKeyEvent(display, code, True, CurrentTime);
		XFlush(display);
		wait_us(HOLD_US);
		XTestFakeKeyEvent(display, code, False, CurrentTime);
		XFlush(display);
	}
	XSync(display, False);
	return NULL;
}

static bool wait_event(Display *display, XEvent *event)
{
	while (!XPending(display)) {
		struct pollfd fd = { .fd = ConnectionNumber(display), .events = POLLIN };
		if (poll(&fd, 1, PATIENCE_MS) <= 0)
			return false;
	}
	XNextEvent(display, event);
	return true;
}

static bool open_window(Display *display)
{
	Window window = XCreateSimpleWindow(display, DefaultRootWindow(display), 500, 500, 200, 100, 0, 0, 0);
	XWMHints hints = { .flags = InputHint, .input = True };
	XEvent event;
	XSetWMHints(display, window, &hints);
	XStoreName(display, window, "probe");
	XSelectInput(display, window, KeyPressMask | FocusChangeMask | StructureNotifyMask);
	XMapWindow(display, window);
	do {
		if (!wait_event(display, &event))
			return false;
	} while (event.type != MapNotify);
	/* A window manager may have reasons of its own not to focus it. */
	XSetInputFocus(display, window, RevertToParent, CurrentTime);
	do {
		if (!wait_event(display, &event))
			return false;
	} while (event.type != FocusIn);
	return true;
}

int main(int argc, char **argv)
{
	bool keys_only = argc == 3 && strcmp(argv[1], "--keys") == 0;
	count = argc == 2 + keys_only ? atoi(argv[argc - 1]) : 0;
	if (count <= 0 || count > COUNT_MAX) {
		fprintf(stderr, "usage: probe [--keys] COUNT\n");
		return 2;
	}
	struck = calloc((size_t)count, sizeof *struck);
	Display *hands = XOpenDisplay(NULL), *display = keys_only ? NULL : XOpenDisplay(NULL);
	if (!struck || !hands || (!keys_only && !display)) {
		fprintf(stderr, "probe: no display\n");
		return 1;
	}
	if (keys_only) {
		strike(hands);
		for (int i = 0; i < count; i++)
			printf("%lld\n", (long long)struck[i]);
		return 0;
	}
	if (!open_window(display)) {
		fprintf(stderr, "probe: did not get the focus\n");
		return 1;
	}
	wait_us(300000);
	pthread_t thread;
	if (pthread_create(&thread, NULL, strike, hands))
		return 1;
	int64_t *delay = calloc((size_t)count, sizeof *delay);
	int seen = 0;
	XEvent event;
	while (delay && seen < count && wait_event(display, &event)) {
		int64_t at = now_ns();
		if (event.type == KeyPress) {
			delay[seen] = at - struck[seen];
			seen++;
		}
	}
	pthread_join(thread, NULL);
	if (seen < count) {
		fprintf(stderr, "probe: %d of %d keys arrived\n", seen, count);
		return 1;
	}
	for (int i = 0; i < count; i++)
		printf("%lld\n", (long long)delay[i]);
	return 0;
}
