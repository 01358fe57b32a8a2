/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x11_dump [SOCKET]: what the agent's X11 source makes of the input, a line each: "KIND X11_US JOINED_US CODE ACTION DX DY", until SIGTERM.
 * With the broker's SOCKET each is joined with what the kernel saw (source/join.h), as source x11+evdev does it; JOINED_US is -1 where
 * it found no partner. It shows keys: for tests.
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/source/evdev.h"
#include "../../agent/source/join.h"
#include "../../agent/source/x11.h"

enum { DELAY_US = 50000 };           /* capture waits as long before it reads */

static volatile sig_atomic_t ended;
static struct join join;

static void end(int number)
{
	(void)number;
	ended = 1;
}

static void saw_kernel(void *user, const struct raw_event *raw)
{
	(void)user;
	join_kernel(&join, raw);
}

static struct evdev *devices;

static void saw_x11(void *user, const struct raw_event *raw)
{
	static const char *const names[] = {[RAW_KEY] = "key", [RAW_BUTTON] = "button", [RAW_MOTION] = "motion", [RAW_SCROLL] = "scroll",
		[RAW_TOUCH] = "touch"};
	const struct raw_input *in = &raw->as.input;
	struct raw_event joined = *raw;
	bool found, synced;
	size_t bytes;
	(void)user;
	if (raw->kind > RAW_TOUCH)
		return;
	if (devices && !join_finds(&join, raw))
		evdev_sync(devices, &synced, &bytes);
	found = devices && join_time(&join, &joined);
	printf("%s %" PRId64 " %" PRId64 " %d %d %g %g\n", names[raw->kind], raw->mono_us,
	       found ? joined.mono_us : -1, in->code, in->action, (double)in->dx, (double)in->dy);
}

int main(int argc, char **argv)
{
	const struct x11_options x11 = {.keys = true, .pointer = POINTER_FULL, .scroll = true};
	const struct evdev_options evdev = {.wanted = {DETAIL_CODE, POINTER_FULL, true}};
	struct x11 *x = NULL;
	const char *what, *remedy;
	struct sigaction act = {.sa_handler = end};
	size_t bytes;
	bool synced;
	int error = 0;

	sigaction(SIGTERM, &act, NULL);
	join_init(&join);
	if (argc > 1 && evdev_open(argv[1], &evdev, saw_kernel, NULL, &devices, &what, &remedy, NULL)) {
		printf("no stream: %s (%s)\n", what, remedy);
		return 1;
	}
	if (x11_open(NULL, &x11, saw_x11, NULL, &x, &what) || x11_select(x, &what)) {
		printf("no display: %s\n", what);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (!error) {
		struct pollfd p[] = {{.fd = x11_fd(x), .events = POLLIN}, {.fd = devices ? evdev_fd(devices) : -1, .events = POLLIN}};
		bool last = ended;
		if (!last && !x11_pending(x))
			poll(p, 2, 200);
		usleep(DELAY_US);
		if (devices)
			error = evdev_sync(devices, &synced, &bytes);
		if (!error)
			error = x11_drain(x, &bytes);
		if (last)
			break;
	}
	if (error)
		printf("end: %s\n", error_text(error));
	x11_close(x);
	evdev_close(devices);
	return error != 0;
}
