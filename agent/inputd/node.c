/* SPDX-License-Identifier: Apache-2.0 */
#include "node.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <systemd/sd-device.h>
#include <time.h>
#include <unistd.h>

#include "../error.h"

const char *node_directory(void)
{
	return "/dev/input";
}

const char *node_database(void)
{
	return "/run/udev/data";
}

/* Compositors and X servers do not hear it: who does is a program of its own, and not what has the focus. */
static bool is_ignored(sd_device *device)
{
	const char *ignored = NULL;
	return sd_device_get_property_value(device, "LIBINPUT_IGNORE_DEVICE", &ignored) >= 0 && strcmp(ignored, "0") != 0;
}

/* Devices of udev's first seat have no ID_SEAT. A device that udev has not finished with could be of any. */
static int check_seat(sd_device *device, const char *seat)
{
	const char *its = NULL;
	int ready = sd_device_get_is_initialized(device);
	if (ready <= 0)
		return ERROR_AGAIN;
	if (sd_device_get_property_value(device, "ID_SEAT", &its) < 0 || !its[0])
		its = "seat0";
	return strcmp(its, seat) == 0 && !is_ignored(device) ? 0 : ERROR_DENIED;
}

/* What udev and the kernel's tree say about it. */
static int look_up(struct node *n, const struct stat *st, const char *seat)
{
	static const char software[] = "/sys/devices/virtual/input/"; /* not below uhid: that is Bluetooth */
	sd_device *device = NULL;
	const char *path = NULL;
	int e = 0;
	if (sd_device_new_from_devnum(&device, 'c', st->st_rdev) < 0)
		return seat ? ERROR_AGAIN : 0;
	if (sd_device_get_syspath(device, &path) >= 0)
		n->synthetic = strncmp(path, software, sizeof software - 1) == 0;
	if (seat)
		e = check_seat(device, seat);
	sd_device_unref(device);
	return e;
}

int node_check(const struct stat *st, const char *seat)
{
	struct node unused = { .fd = -1 };
	return look_up(&unused, st, seat);
}

static void mask(int fd, unsigned type, const uint8_t *bits, size_t size)
{
	/* A kernel before 4.4 has none, and then we read and ignore. */
	struct input_mask m = { .type = type, .codes_size = (uint32_t)size, .codes_ptr = (uint64_t)(uintptr_t)bits };
	ioctl(fd, EVIOCSMASK, &m);
}

static void set_bit(uint8_t *bits, unsigned n)
{
	bits[n / 8] |= (uint8_t)(1U << n % 8);
}

/* What is not wanted is not even read, and leaves the kernel's buffer to what is. */
static void mask_unwanted(int fd, const struct stream_terms *terms)
{
	uint8_t types[(EV_CNT + 7) / 8] = { 0 }, buttons[(KEY_CNT + 7) / 8] = { 0 };
	uint8_t wheels[(REL_CNT + 7) / 8] = { 0 }, fingers[(ABS_CNT + 7) / 8] = { 0 };
	set_bit(types, EV_SYN);
	set_bit(types, EV_KEY);
	set_bit(types, EV_LED); /* Num Lock */
	if (terms->pointer == POINTER_FULL || terms->scroll)
		set_bit(types, EV_REL);
	if (terms->pointer != POINTER_NONE)
		set_bit(types, EV_ABS);
	mask(fd, EV_SYN, types, sizeof types);
	if (terms->pointer != POINTER_FULL) {
		/* Not where they move. */
		set_bit(wheels, REL_WHEEL);
		set_bit(wheels, REL_HWHEEL);
		set_bit(wheels, REL_WHEEL_HI_RES);
		set_bit(wheels, REL_HWHEEL_HI_RES);
		mask(fd, EV_REL, wheels, sizeof wheels);
		set_bit(fingers, ABS_MT_SLOT);
		set_bit(fingers, ABS_MT_TRACKING_ID);
		mask(fd, EV_ABS, fingers, sizeof fingers);
	}
	if (terms->keys != DETAIL_NONE)
		return;
	for (unsigned code = BTN_MISC; code < KEY_OK; code++)
		set_bit(buttons, code);
	mask(fd, EV_KEY, buttons, sizeof buttons);
}

static void be_silent(const struct libevdev *dev, enum libevdev_log_priority priority, void *data, const char *file, int line,
		      const char *func, const char *format, va_list args)
{
	(void)dev, (void)priority, (void)data, (void)file, (void)line, (void)func, (void)format, (void)args;
}

int node_open(struct node *n, const char *name, const char *seat, const struct stream_terms *terms)
{
	char path[320];
	struct stat st;
	int e;
	memset(n, 0, sizeof *n);
	snprintf(path, sizeof path, "%s/%s", node_directory(), name);
	n->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
	if (n->fd < 0)
		/* Before udev has given it to its group nobody but root may open it. */
		return errno == EACCES || errno == EPERM ? ERROR_AGAIN : ERROR_GONE;
	e = ERROR_UNSUPPORTED;
	if (fstat(n->fd, &st) || !S_ISCHR(st.st_mode))
		goto out;
	e = look_up(n, &st, seat);
	if (e)
		goto out;
	e = ERROR_MEMORY;
	n->dev = libevdev_new();
	if (!n->dev)
		goto out;
	libevdev_set_device_log_function(n->dev, be_silent, LIBEVDEV_LOG_ERROR, NULL);
	mask_unwanted(n->fd, terms);
	/* The kernel forgets what it had stamped with another clock. Before libevdev looks at the state. */
	int clock = CLOCK_MONOTONIC;
	e = ioctl(n->fd, EVIOCSCLOCKID, &clock) ? ERROR_UNSUPPORTED : 0;
	if (e == 0 && libevdev_set_fd(n->dev, n->fd) < 0)
		e = ERROR_UNSUPPORTED;
out:
	if (e)
		node_close(n);
	return e;
}

int node_read(struct node *n, struct input_event *event, bool *resync)
{
	for (int tries = 0; tries < 2; tries++) {
		int r = libevdev_next_event(n->dev, n->syncing ? LIBEVDEV_READ_FLAG_SYNC : LIBEVDEV_READ_FLAG_NORMAL, event);
		*resync = n->syncing;
		if (r == LIBEVDEV_READ_STATUS_SUCCESS)
			return 1;
		if (r == LIBEVDEV_READ_STATUS_SYNC && !n->syncing) {
			/* The SYN_DROPPED itself. */
			n->syncing = true;
			return 1;
		}
		if (r == LIBEVDEV_READ_STATUS_SYNC)
			return 1;
		if (r != -EAGAIN)
			return ERROR_GONE;
		if (!n->syncing)
			return 0;
		n->syncing = false;
	}
	return 0;
}

void node_revoke(struct node *n)
{
	if (n->fd >= 0)
		ioctl(n->fd, EVIOCREVOKE, NULL);
}

void node_close(struct node *n)
{
	node_revoke(n);
	libevdev_free(n->dev);
	n->dev = NULL;
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}
