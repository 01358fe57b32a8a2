/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rawdump [OPTION...]: prints what the X11 and AT-SPI sources see, one line an event, for developers and tests of
 * Assent. It shows keys: run it on a private display (it wants ASSENT_DESK in its environment, which tests/lib/desk.py sets).
 *
 *   --no-keys --pointer none|buttons|full --no-scroll --titles --text --no-atspi
 *   --sample MS   x11_sample every MS, tty_look at a focused terminal, atspi_ask about the focused object
 *   --program P   a further raw-mode program for tty_look, as configuration has them
 *   --quiet       count input events instead of printing them; totals and CPU time at the end
 *   --delay MS    wait before each drain (50)
 *   --sandbox     enter capture's sandbox after connecting
 *   --open-only   connect, do not select input, wait
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../agent/base/clock.h"
#include "../../agent/base/sandbox.h"
#include "../../agent/error.h"
#include "../../agent/source/atspi.h"
#include "../../agent/source/tty.h"
#include "../../agent/source/x11.h"

static struct {
	bool quiet, atspi, open_only, sandbox;
	int sample_ms, delay_ms;
	struct x11_options x11;
	struct pattern_list programs;
} options = { .atspi = true, .delay_ms = 50, .x11 = { .keys = true, .pointer = POINTER_FULL, .scroll = true } };

static volatile sig_atomic_t stop;
static uint64_t counts[RAW_KIND_COUNT], positioned, relative;
static int32_t focus_pid;
static bool focus_terminal;
static uint64_t focus_window, focus_object;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void print_input(const struct raw_event *raw)
{
	const struct raw_input *in = &raw->as.input;
	static const char *const names[] = { [RAW_KEY] = "key", [RAW_BUTTON] = "button", [RAW_MOTION] = "motion",
		[RAW_SCROLL] = "scroll", [RAW_TOUCH] = "touch" };
	static const char *const actions[] = { "up", "down", "repeat" };

	counts[raw->kind]++;
	positioned += in->has & HAS_POSITION ? 1 : 0;
	relative += in->has & HAS_DELTA ? 1 : 0;
	if (options.quiet)
		return;
	printf("%s t=%lld device=%d synthetic=%d", names[raw->kind], (long long)raw->mono_us, in->device, in->synthetic);
	if (raw->kind == RAW_KEY || raw->kind == RAW_BUTTON)
		printf(" code=%d action=%s", in->code, actions[in->action]);
	if (raw->kind == RAW_KEY)
		printf(" class=%s chord=%d text=%s", event_class_name(in->key_class), in->chord, in->text);
	if (raw->kind == RAW_SCROLL)
		printf(" scroll_x=%d scroll_y=%d", in->scroll_x, in->scroll_y);
	if (in->has & HAS_POSITION)
		printf(" x=%d y=%d", in->x, in->y);
	if (in->has & HAS_DELTA)
		printf(" dx=%g dy=%g", (double)in->dx, (double)in->dy);
	putchar('\n');
}

static void print_field(const struct raw_event *raw)
{
	static const char *const roles[] = { "pending", "text", "secret", "terminal", "other", "dead" };
	if (raw->as.field.role == FIELD_PENDING)
		focus_object = raw->as.field.object;
	printf("field t=%lld object=%016llx pid=%d role=%s focused=%d private=%d asked=%lld\n", (long long)raw->mono_us,
	       (unsigned long long)raw->as.field.object, raw->as.field.pid, roles[raw->as.field.role], raw->as.field.focused, raw->as.field.private_window,
	       (long long)raw->as.field.asked_us);
}

static void print_event(void *user, const struct raw_event *raw)
{
	const struct raw_app *app;

	(void)user;
	switch (raw->kind) {
	case RAW_KEY: case RAW_BUTTON: case RAW_MOTION: case RAW_SCROLL: case RAW_TOUCH:
		print_input(raw);
		return;
	case RAW_FOCUS:
		app = raw->as.app;
		focus_pid = app->pid;
		focus_terminal = app->terminal;
		focus_window = app->window;
		printf("focus t=%lld window=%llu pid=%d terminal=%d foreign=%d exe=%s sandbox=%s class=%s instance=%s title=%s\n",
		       (long long)raw->mono_us, (unsigned long long)app->window, app->pid, app->terminal, app->foreign, app->exe,
		       app->sandbox, app->klass, app->instance, app->title);
		break;
	case RAW_FIELD:
		print_field(raw);
		break;
	case RAW_CARET:
		printf("caret t=%lld object=%016llx pid=%d moved=%d\n", (long long)raw->mono_us, (unsigned long long)raw->as.caret.object,
		       raw->as.caret.pid, raw->as.caret.moved);
		break;
	case RAW_GRAB:
		printf("grab grabbed=%d\n", raw->as.grab.grabbed);
		break;
	case RAW_AGREE:
		printf("agree agrees=%d\n", raw->as.agree.agrees);
		break;
	case RAW_DEVICE:
		printf("device device=%d class=%s present=%d\n", raw->as.device.device, event_device_name(raw->as.device.klass),
		       raw->as.device.present);
		break;
	case RAW_SCREEN:
		printf("screen width=%d height=%d\n", raw->as.screen.width, raw->as.screen.height);
		break;
	case RAW_LAYOUT:
		printf("layout name=%s\n", raw->as.layout.name);
		break;
	default:
		printf("other kind=%d\n", raw->kind);
		break;
	}
	counts[raw->kind]++;
}

static int arguments(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
		if (!strcmp(a, "--no-keys"))
			options.x11.keys = false;
		else if (!strcmp(a, "--pointer"))
			i++, options.x11.pointer = !strcmp(value, "none") ? POINTER_NONE : !strcmp(value, "full") ? POINTER_FULL : POINTER_BUTTONS;
		else if (!strcmp(a, "--no-scroll"))
			options.x11.scroll = false;
		else if (!strcmp(a, "--titles"))
			options.x11.titles = true;
		else if (!strcmp(a, "--text"))
			options.x11.text = true;
		else if (!strcmp(a, "--no-atspi"))
			options.atspi = false;
		else if (!strcmp(a, "--quiet"))
			options.quiet = true;
		else if (!strcmp(a, "--sandbox"))
			options.sandbox = true;
		else if (!strcmp(a, "--open-only"))
			options.open_only = true;
		else if (!strcmp(a, "--sample"))
			i++, options.sample_ms = atoi(value);
		else if (!strcmp(a, "--program") && options.programs.count < STUDY_PATTERNS_MAX)
			i++, snprintf(options.programs.pattern[options.programs.count++], sizeof options.programs.pattern[0], "%s", value);
		else if (!strcmp(a, "--delay"))
			i++, options.delay_ms = atoi(value);
		else
			return -1;
	}
	return 0;
}

static int sample(struct x11 *x, struct atspi *a)
{
	static const char *const states[] = { "echo", "program", "secret", "unknown", "starting" };
	int e = x11_sample(x);
	if (focus_terminal) {
		int64_t begin_us = clock_mono_us();
		enum tty_state state = tty_look(focus_pid, &options.programs);
		printf("tty window=%llu state=%s us=%lld\n", (unsigned long long)focus_window, states[state],
		       (long long)(clock_mono_us() - begin_us));
	}
	if (a && focus_object)
		atspi_ask(a, focus_object, clock_mono_us());
	return e;
}

static int loop(struct x11 *x, struct atspi *a)
{
	int64_t next_us = clock_mono_us() + options.sample_ms * 1000;
	size_t bytes = 0;
	int e = 0;

	while (!stop && e == 0) {
		struct pollfd fds[2] = { { .fd = x11_fd(x), .events = POLLIN }, { .fd = -1 } };
		int64_t until_us = options.sample_ms ? next_us : INT64_MAX;
		if (a) {
			fds[1] = (struct pollfd){ .fd = atspi_fd(a), .events = (short)atspi_events(a) };
			if (atspi_deadline_us(a) < until_us)
				until_us = atspi_deadline_us(a);
		}
		int64_t wait_us = until_us == INT64_MAX ? -1 : until_us - clock_mono_us();
		int wait_ms = until_us == INT64_MAX ? -1 : wait_us <= 0 ? 0 : (int)(wait_us / 1000 + 1);
		if (x11_pending(x))
			wait_ms = 0;
		fflush(stdout);
		if (poll(fds, 2, wait_ms) < 0 && errno != EINTR)
			return ERROR_IO;
		if (stop)
			break;
		if (a && (e = atspi_process(a)) < 0) {
			printf("gone server=atspi\n");
			return e;
		}
		if ((fds[0].revents || x11_pending(x)) && e == 0) {
			if (bytes < 32768)
				usleep((useconds_t)options.delay_ms * 1000);
			e = x11_drain(x, &bytes);
		}
		if (options.sample_ms && clock_mono_us() >= next_us && e == 0) {
			e = sample(x, a);
			next_us += options.sample_ms * 1000;
		}
	}
	if (e == ERROR_GONE)
		printf("gone server=x11\n");
	return e;
}

int main(int argc, char **argv)
{
	struct x11 *x = NULL;
	struct atspi *a = NULL;
	struct rusage before, after;
	const char *what = NULL;
	int e;

	if (arguments(argc, argv) < 0) {
		fprintf(stderr, "usage: see the head of rawdump.c\n");
		return 2;
	}
	if (!getenv("ASSENT_DESK")) {
		fprintf(stderr, "rawdump: shows keys, so it runs on a test's own desktop only (tests/lib/desk.py)\n");
		return 2;
	}
	struct sigaction action = { .sa_handler = on_signal };
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	setvbuf(stdout, NULL, _IOFBF, 65536);
	e = x11_open(NULL, &options.x11, print_event, NULL, &x, &what);
	if (e == 0 && options.open_only) {
		printf("open\n");
		fflush(stdout);
		while (!stop)
			pause();
		goto out;
	}
	if (e == 0 && options.atspi)
		e = atspi_open(print_event, NULL, &a, &what);
	if (e == 0 && options.sandbox)
		e = sandbox_capture(&what);
	if (e == 0)
		e = x11_select(x, &what);
	if (e < 0) {
		printf("failed error=%d text=%s what=%s\n", e, error_text(e), what ? what : "");
		goto out;
	}
	printf("ready\n");
	fflush(stdout);
	getrusage(RUSAGE_SELF, &before);
	e = loop(x, a);
	getrusage(RUSAGE_SELF, &after);
	printf("total keys=%llu buttons=%llu motion=%llu scroll=%llu positioned=%llu relative=%llu cpu_us=%lld rss_kib=%ld error=%d\n",
	       (unsigned long long)counts[RAW_KEY], (unsigned long long)counts[RAW_BUTTON], (unsigned long long)counts[RAW_MOTION],
	       (unsigned long long)counts[RAW_SCROLL], (unsigned long long)positioned, (unsigned long long)relative,
	       (long long)((after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1000000LL +
		after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec),
	       after.ru_maxrss, e);
out:
	x11_close(x);
	atspi_close(a);
	fflush(stdout);
	return e < 0 ? 1 : 0;
}
