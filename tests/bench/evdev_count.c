/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evdev_count stream SOCKET [FILE]: the agent's source of input devices (source/evdev.h), counting. With FILE it writes a line for
 * each event, as those do that it is compared with.
 * evdev_count device NODE: the least that a program can do which reads a device itself.
 *
 * "ready" when it reads; at SIGTERM "counted MOVEMENTS LOST HOLES": LOST as far as it was told how many, HOLES without a number.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/input.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/source/evdev.h"

static volatile sig_atomic_t ended;

struct counts { long moved, lost, holes; FILE *out; };

static void end(int number)
{
	(void)number;
	ended = 1;
}

static void count(void *user, const struct raw_event *raw)
{
	struct counts *c = user;
	c->moved += raw->kind == RAW_MOTION;
	if (raw->kind == RAW_LOST && raw->as.lost.count > 0)
		c->lost += raw->as.lost.count;
	else if (raw->kind == RAW_LOST)
		c->holes++;
	if (c->out && raw->kind == RAW_MOTION)
		fprintf(c->out, "Event: time %" PRId64 ", device %d, motion %g %g\n", raw->mono_us, raw->as.input.device,
			(double)raw->as.input.dx, (double)raw->as.input.dy);
}

static int wait_for(int fd, const sigset_t *mask)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return ppoll(&p, 1, NULL, mask);
}

static int read_stream(const char *path, struct counts *c, const sigset_t *mask)
{
	struct evdev_options options = { .wanted = { DETAIL_CODE, POINTER_FULL, true } };
	const char *what = "", *remedy = "";
	struct evdev *e;
	size_t bytes;
	int error = evdev_open(path, &options, count, c, &e, &what, &remedy, NULL);
	if (error) {
		fprintf(stderr, "evdev_count: %s\n", what);
		return error;
	}
	puts("ready");
	while (!ended && !error)
		if (wait_for(evdev_fd(e), mask) > 0)
			error = evdev_drain(e, &bytes);
	evdev_close(e);
	return error;
}

static int read_device(const char *path, struct counts *c, const sigset_t *mask)
{
	struct input_event events[64];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		perror(path);
		return ERROR_GONE;
	}
	puts("ready");
	while (!ended) {
		if (wait_for(fd, mask) <= 0)
			continue;
		while ((n = read(fd, events, sizeof events)) > 0) {
			for (size_t i = 0; i < (size_t)n / sizeof *events; i++) {
				c->moved += events[i].type == EV_SYN && events[i].code == SYN_REPORT;
				c->holes += events[i].type == EV_SYN && events[i].code == SYN_DROPPED;
			}
		}
	}
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = end };
	struct counts c = { 0 };
	sigset_t block, mask;
	if (argc < 3 || (strcmp(argv[1], "stream") && strcmp(argv[1], "device")))
		return 2;
	/* It comes in ppoll only. */
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &mask);
	sigaction(SIGTERM, &act, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 3 && !(c.out = fopen(argv[3], "w")))
		return 1;
	int error = strcmp(argv[1], "stream") ? read_device(argv[2], &c, &mask) : read_stream(argv[2], &c, &mask);
	if (c.out)
		fclose(c.out);
	printf("counted %ld %ld %ld\n", c.moved, c.lost, c.holes);
	return error ? 1 : 0;
}
