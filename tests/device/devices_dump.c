/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devices_dump [SEAT]: what the broker's devices.c and node.c find and read, without broker, socket and sandbox, a line for each record: "KIND DEVICE
 * ACTION CLASS CODE X Y FLAGS" in numbers (base/stream.h), until SIGTERM. For umockdev (test_umockdev.py). It shows keys.
 *
 * What umockdev lacks is made up for here, by the linker (--wrap): its nodes are links to pseudo-terminals, so they are followed, and fstat is to
 * mean the node; it knows no EVIOCSCLOCKID; and it has no udev that could have finished with a device: there the last thing that udev
 * finds out, ID_INPUT, counts.
 */
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <systemd/sd-device.h>

#include "../../agent/base/clock.h"
#include "../../agent/inputd/devices.h"

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_fstat(int fd, struct stat *st);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_sd_device_get_is_initialized(sd_device *device);

static char opened[512]; /* the last one */
static volatile sig_atomic_t ended;

int __wrap_open(const char *path, int flags, ...)
{
	snprintf(opened, sizeof opened, "%s", path);
	return __real_open(path, flags & ~O_NOFOLLOW);
}

int __wrap_fstat(int fd, struct stat *st)
{
	(void)fd;
	return stat(opened, st);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	va_start(args, request);
	void *argument = va_arg(args, void *);
	va_end(args);
	return request == EVIOCSCLOCKID ? 0 : __real_ioctl(fd, request, argument);
}

int __wrap_sd_device_get_is_initialized(sd_device *device)
{
	const char *value;
	return sd_device_get_property_value(device, "ID_INPUT", &value) >= 0;
}

static void end(int number)
{
	(void)number;
	ended = 1;
}

static void show(void *user, struct decode *d, const struct stream_record *r)
{
	(void)user;
	if (d)
		decode_told(d, r);
	printf("%d %d %d %d %d %d %d %d\n", r->kind, r->device, r->action, r->klass, r->code, r->x, r->y, r->flags);
}

int main(int argc, char **argv)
{
	static struct devices d;
	const struct stream_terms terms = { DETAIL_CODE, POINTER_FULL, true };
	struct pollfd fds[DEVICES_POLL_MAX];
	struct sigaction act = { .sa_handler = end };
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGTERM, &act, NULL);
	devices_init(&d, argc > 1 ? argv[1] : NULL, &terms, show, NULL);
	if (devices_open(&d, clock_mono_us())) {
		puts("no directory");
		return 1;
	}
	puts("ready");
	while (!ended) {
		int n = devices_poll(&d, fds);
		int64_t left = devices_deadline_us(&d) - clock_mono_us();
		if (poll(fds, (nfds_t)n, left > 200000 ? 200 : left > 0 ? (int)(left / 1000) + 1 : 0) < 0)
			n = 0;
		devices_handle(&d, fds, n, clock_mono_us());
	}
	devices_release(&d);
	return 0;
}
