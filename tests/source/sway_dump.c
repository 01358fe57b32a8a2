/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sway_dump [--real] [--inside] SOCKET: what the agent's source makes of a sway, a line each, until it ends. It asks when it reads "sample", and then says
 * whether that agreed, and how long it took. It shows titles: for tests. --real: refuses a sway without devices, as the agent does. --inside: in
 * capture's sandbox, with its memory locked.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../agent/base/clock.h"
#include "../../agent/base/sandbox.h"
#include "../../agent/error.h"
#include "../../agent/source/sway.h"

struct seen { int64_t agreed_us, focus_us; };

static void print(void *user, const struct raw_event *raw)
{
	struct seen *seen = user;
	const struct raw_app *app = raw->as.app;
	switch (raw->kind) {
	case RAW_FOCUS:
		seen->focus_us = raw->mono_us;
		printf("focus window=%" PRIu64 " pid=%d exe=%s class=%s terminal=%d private=%d foreign=%d loose=%d title=%s\n", app->window,
		       app->pid, app->exe, app->klass, app->terminal, app->private_window, app->foreign, app->loose, app->title);
		break;
	case RAW_AGREE:
		seen->agreed_us = raw->mono_us;
		/* What is vouched for is the stay that was told before. */
		printf("agree agrees=%d late=%d\n", raw->as.agree.agrees, raw->mono_us < seen->focus_us);
		break;
	case RAW_GRAB:
		printf("grab grabbed=%d\n", raw->as.grab.grabbed);
		break;
	default:
		puts("unexpected");
		break;
	}
}

int main(int argc, char **argv)
{
	struct sway_options options = { .titles = true, .nested_ok = true };
	struct seen seen = { 0, 0 };
	const char *what;
	char line[64];
	struct sway *s;
	bool inside = false;
	int error, at = 1;
	for (; at < argc && argv[at][0] == '-'; at++) {
		options.nested_ok &= strcmp(argv[at], "--real") != 0;
		inside |= !strcmp(argv[at], "--inside");
	}
	if (at + 1 != argc)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (inside && sandbox_lock_memory(&what)) {
		printf("failed why=%s\n", what);
		return 1;
	}
	error = sway_open(argv[at], &options, print, &seen, &s, &what);
	if (error) {
		printf("failed error=%d why=%s\n", error, what);
		return 1;
	}
	if (inside && sandbox_capture(&what)) {
		printf("failed why=%s\n", what);
		return 1;
	}
	error = sway_select(s);
	puts("ready");
	while (!error) {
		struct pollfd p[2] = { { .fd = sway_fd(s), .events = POLLIN }, { .fd = 0, .events = POLLIN } };
		if (!sway_pending(s))
			poll(p, 2, -1);
		if (p[1].revents) {
			if (read(0, line, sizeof line) <= 0)
				break;
			seen.agreed_us = 0;
			int64_t began_us = clock_mono_us();
			error = sway_sample(s);
			printf("sampled agreed=%d group=%d us=%d doubt=%s\n", seen.agreed_us != 0, sway_group(s), (int)(clock_mono_us() - began_us),
			       sway_doubt(s) ? sway_doubt(s) : "");
		} else {
			error = sway_process(s);
		}
	}
	printf("end why=%s\n", error_text(error));
	sway_close(s);
	return 0;
}
