/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest watch FILE DEVICE...: what the kernel says of devices ("event3"; "all": of those that are there and of those
 * that come), a line each: "TIME_US DEVICE TYPE CODE VALUE", times on CLOCK_MONOTONIC. It says "reads DEVICE" of each, and
 * "ready" when it has those that are there. At SIGTERM it reads what is left, and ends. A device that is gone is "TIME_US
 * DEVICE gone 0 0".
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { DEVICES = 32, BATCH = 256 };

static struct pollfd fds[DEVICES];
static int numbers[DEVICES];
static nfds_t count;
static FILE *out;

static void add(const char *name)
{
	char path[64];
	int clock = CLOCK_MONOTONIC, number;
	if (sscanf(name, "event%d", &number) != 1 || count == DEVICES)
		return;
	for (nfds_t i = 1; i < count; i++)
		if (fds[i].fd >= 0 && numbers[i] == number)
			return;
	snprintf(path, sizeof path, "/dev/input/event%d", number);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, EVIOCSCLOCKID, &clock))
		guest_die(path, strerror(errno));
	numbers[count] = number;
	fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	printf("reads event%d\n", number);
}

static void come(int watch)
{
	_Alignas(struct inotify_event) char data[4096];
	ssize_t n = read(watch, data, sizeof data);
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *e = (const void *)(data + at);
		if (!strncmp(e->name, "event", 5))
			add(e->name);
		at += (ssize_t)(sizeof *e + e->len);
	}
}

static void drain(nfds_t i)
{
	struct input_event events[BATCH];
	ssize_t n;
	while ((n = read(fds[i].fd, events, sizeof events)) > 0)
		for (size_t k = 0; k < (size_t)n / sizeof *events; k++) {
			const struct input_event *e = &events[k];
			fprintf(out, "%lld %d %u %u %d\n", (long long)e->input_event_sec * 1000000 + (long long)e->input_event_usec,
				numbers[i], e->type, e->code, e->value);
		}
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		fprintf(out, "%lld %d gone 0 0\n", (long long)guest_now_us(), numbers[i]);
		close(fds[i].fd);
		fds[i].fd = -1;
	}
}

int guest_watch(char **words)
{
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (!words[0] || !words[1])
		guest_die("watch: FILE DEVICE...", NULL);
	out = fopen(words[0], "w");
	if (!out || watch < 0)
		guest_die(words[0], strerror(errno));
	fds[count++] = (struct pollfd){.fd = watch, .events = POLLIN};
	guest_catch_end();
	if (!strcmp(words[1], "all")) {
		char name[16];
		inotify_add_watch(watch, "/dev/input", IN_CREATE);
		for (int i = 0; i < DEVICES; i++) {
			char path[64];
			snprintf(name, sizeof name, "event%d", i);
			snprintf(path, sizeof path, "/dev/input/%s", name);
			if (!access(path, F_OK))
				add(name);
		}
	} else {
		for (char **w = words + 1; *w; w++)
			add(*w);
	}
	puts("ready");
	do {
		if (poll(fds, count, guest_ended() ? 0 : 50) <= 0) {
			fflush(out);
			continue;
		}
		if (fds[0].revents)
			come(watch);
		for (nfds_t i = 1; i < count; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				drain(i);
	} while (!guest_ended());
	for (nfds_t i = 1; i < count; i++)
		if (fds[i].fd >= 0)
			drain(i);
	return fclose(out) ? 1 : 0;
}
