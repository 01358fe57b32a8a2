/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console_dump MS: what the console's source says, from within capture's sandbox, a line at each change: "focus WINDOW PID EXE", "agrees"
 * or "silent" (a sample every MS), "tty STATE" (a look every MS); "end: ..." when the session is gone.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../agent/base/sandbox.h"
#include "../../agent/error.h"
#include "../../agent/source/console.h"

static bool agreed;

static void print(void *user, const struct raw_event *raw)
{
	(void)user;
	if (raw->kind == RAW_FOCUS)
		printf("focus %" PRIu64 " %d %s%s\n", raw->as.app->window, raw->as.app->pid, raw->as.app->exe, raw->as.app->loose ? "" : " order");
	agreed |= raw->kind == RAW_AGREE && raw->as.agree.agrees;
}

int main(int argc, char **argv)
{
	static const char *const states[] = { "echo", "program", "secret", "unknown", "starting" };
	struct console *c;
	const char *what;
	bool said = false;
	int ms = argc > 1 ? atoi(argv[1]) : 50, last = -1;
	int error = console_open(print, NULL, &c, &what);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (error) {
		printf("no console: %s: %s\n", error_text(error), what);
		return 1;
	}
	if (sandbox_begin(&what) || sandbox_supervisor(&what) || sandbox_capture(&what)) {
		printf("no sandbox: %s\n", what);
		return 1;
	}
	for (error = console_select(c); !error;) {
		struct pollfd p = { .fd = console_fd(c), .events = POLLPRI };
		if (poll(&p, 1, ms) > 0) {
			error = console_process(c);
			continue;
		}
		bool before = agreed;
		agreed = false;
		error = console_sample(c);
		if (!said || before != agreed)
			puts(agreed ? "agrees" : "silent");
		said = true;
		int state = (int)console_look(c, NULL);
		if (state != last)
			printf("tty %s\n", states[state]);
		last = state;
	}
	printf("end: %s\n", error_text(error));
	console_close(c);
	return 0;
}
