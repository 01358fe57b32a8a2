/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor of the benchmark: what it costs to be told of every raw event, and to do nothing with it but count.
 *
 *   floor           wakes for each event
 *   floor DELAY_MS  waits that long after the first event, then takes all there is
 *
 * Prints "ready" when input is selected, and at SIGTERM how many events it saw.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <X11/Xlib-xcb.h>
#include <X11/Xlib.h>
#include <X11/extensions/XInput2.h>

enum { LARGE = 32768 };          /* the server is ahead: do not wait (as the agent does) */

static volatile sig_atomic_t ended;

static void end(int signal_number)
{
	(void)signal_number;
	ended = 1;
}

static bool select_raw(Display *display)
{
	int opcode, event, error, major = 2, minor = 2;
	if (!XQueryExtension(display, "XInputExtension", &opcode, &event, &error) ||
	    XIQueryVersion(display, &major, &minor) != Success)
		return false;
	unsigned char mask[XIMaskLen(XI_LASTEVENT)] = { 0 };
	for (int type = XI_RawKeyPress; type <= XI_RawMotion; type++)
		XISetMask(mask, type);
	XIEventMask wanted = { .deviceid = XIAllMasterDevices, .mask_len = sizeof mask, .mask = mask };
	XISelectEvents(display, DefaultRootWindow(display), &wanted, 1);
	XSetEventQueueOwner(display, XCBOwnsEventQueue);
	XSync(display, False);
	return true;
}

static unsigned long drain(xcb_connection_t *c, size_t *bytes)
{
	unsigned long n = 0;
	xcb_generic_event_t *event;
	*bytes = 0;
	while ((event = xcb_poll_for_event(c))) {
		*bytes += 32 + ((event->response_type & 0x7f) == GenericEvent ?
				4 * (size_t)((xcb_ge_generic_event_t *)event)->length : 0);
		n += (event->response_type & 0x7f) == GenericEvent;
		free(event);
	}
	return n;
}

int main(int argc, char **argv)
{
	long delay_ms = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	Display *display = XOpenDisplay(NULL);
	if (!display || !select_raw(display)) {
		fprintf(stderr, "floor: no display with XInput 2\n");
		return 1;
	}
	struct sigaction action = { .sa_handler = end };
	sigset_t block, none;
	sigemptyset(&block);
	sigemptyset(&none);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, NULL);
	sigaction(SIGTERM, &action, NULL);
	xcb_connection_t *c = XGetXCBConnection(display);
	printf("ready\n");
	fflush(stdout);

	unsigned long count = 0;
	size_t bytes = 0;
	while (!ended && !xcb_connection_has_error(c)) {
		struct pollfd fd = { .fd = ConnectionNumber(display), .events = POLLIN };
		if (ppoll(&fd, 1, NULL, &none) < 0 && errno != EINTR)
			break;
		if (delay_ms > 0 && bytes < LARGE && !ended) {
			struct timespec delay = { delay_ms / 1000, delay_ms % 1000 * 1000000 };
			nanosleep(&delay, NULL);
		}
		count += drain(c, &bytes);
	}
	count += drain(c, &bytes);
	printf("%lu\n", count);
	XCloseDisplay(display);
	return 0;
}
