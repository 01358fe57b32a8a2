/* SPDX-License-Identifier: Apache-2.0 */
#include "devices_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../error.h"

enum {
	RETRY_US = 50000,
	PATIENCE_US = 5000000
};

void devices_init(struct devices *d, const char *seat, const struct stream_terms *terms, devices_emit *emit, void *user)
{
	memset(d, 0, sizeof *d);
	d->any_seat = seat == NULL;
	snprintf(d->seat, sizeof d->seat, "%s", seat ? seat : "");
	d->terms = *terms;
	d->emit = emit;
	d->user = user;
	d->inotify = d->database = -1;
	d->scan_us = d->drain_us = INT64_MAX;
}

/* ---- Coming and going -------------------------------------------------------------------- */

static void tell(struct devices *d, const struct devices_entry *e, bool present, int64_t now_us)
{
	struct stream_record r = { .mono_us = now_us, .device = e->ordinal, .kind = STREAM_DEVICE, .action = present,
				   .klass = e->klass, .flags = e->synthetic ? STREAM_SYNTHETIC : 0 };
	d->emit(d->user, NULL, &r);
}

static void discard(struct device *device)
{
	node_close(&device->node);
	explicit_bzero(device, sizeof *device);
	free(device);
}

/* The device of an entry that was open, revoked; NULL: it was not. */
static struct device *revoked(struct devices_entry *e)
{
	struct device *device = e->device;
	if (!device)
		return NULL;
	node_revoke(&device->node);
	decode_end(&device->decode);
	e->device = NULL;
	e->state = DEVICES_CLOSED;
	return device;
}

/* Its last records first. */
void devices_gone(struct devices *d, struct devices_entry *e, int64_t now_us)
{
	devices_hand_on(d, INT64_MAX);
	struct device *device = revoked(e);
	if (device)
		discard(device);
	if (e->state == DEVICES_CLOSED)
		tell(d, e, false, now_us);
	memset(e, 0, sizeof *e);
}

/* Opens the node of an entry. ERROR_AGAIN: later, perhaps. */
static int try_open(struct devices *d, struct devices_entry *e, int64_t now_us)
{
	struct devices_reading reading = { d, (int)(e - d->entry) };
	struct device *device = calloc(1, sizeof *device);
	int error = ERROR_MEMORY;
	if (!device)
		return error;
	error = node_open(&device->node, e->name, d->any_seat ? NULL : d->seat, &d->terms);
	if (error) {
		free(device);
		return error;
	}
	bool known = e->state == DEVICES_CLOSED;
	int ordinal = known ? e->ordinal : d->next_ordinal;
	if (ordinal > INT16_MAX || !decode_init(&device->decode, device->node.dev, &d->terms, &d->held, (int16_t)ordinal,
						 device->node.synthetic)) {
		node_close(&device->node);
		free(device);
		return ERROR_UNSUPPORTED;
	}
	e->device = device;
	e->state = DEVICES_OPEN;
	e->ordinal = (int16_t)ordinal;
	e->klass = (uint8_t)device->decode.klass;
	e->synthetic = device->node.synthetic;
	if (!known) {
		d->next_ordinal++;
		tell(d, e, true, now_us);
	}
	decode_begin(&device->decode, now_us, devices_take, &reading);
	return 0;
}

static struct devices_entry *find(struct devices *d, const char *name, const struct stat *st)
{
	for (int i = 0; i < DEVICES_MAX; i++) {
		struct devices_entry *e = &d->entry[i];
		if (e->state != DEVICES_FREE && e->rdev == st->st_rdev && e->ino == st->st_ino && strcmp(e->name, name) == 0)
			return e;
	}
	return NULL;
}

static struct devices_entry *place(struct devices *d, const char *name, const struct stat *st)
{
	for (int i = 0; i < DEVICES_MAX; i++) {
		struct devices_entry *e = &d->entry[i];
		if (e->state == DEVICES_FREE) {
			*e = (struct devices_entry){ .rdev = st->st_rdev, .ino = st->st_ino };
			snprintf(e->name, sizeof e->name, "%s", name);
			return e;
		}
	}
	return NULL;
}

/* One node of the directory. True: it may become usable soon. */
static bool look_at(struct devices *d, const char *name, const struct stat *st, int64_t now_us)
{
	struct devices_entry *e = find(d, name, st);
	if (!e && !(e = place(d, name, st))) {
		log_warn("more than %d input devices: %s is left out", DEVICES_MAX, name);
		return false;
	}
	e->seen = true;
	if (e->state == DEVICES_IGNORED)
		return false;
	if (e->state == DEVICES_OPEN) {
		if (!d->any_seat && node_check(st, d->seat) == ERROR_DENIED)
			devices_gone(d, e, now_us);
		return false;
	}
	int error = try_open(d, e, now_us);
	if (error == ERROR_AGAIN) {
		if (e->state == DEVICES_FREE)
			memset(e, 0, sizeof *e);
		return true;
	}
	if (error && e->state == DEVICES_CLOSED)
		devices_gone(d, e, now_us);
	else if (error)
		e->state = DEVICES_IGNORED;
	return false;
}

void devices_scan(struct devices *d, int64_t now_us)
{
	bool pending = false;
	DIR *directory = opendir(node_directory());
	d->scan_us = INT64_MAX;
	for (int i = 0; i < DEVICES_MAX; i++)
		d->entry[i].seen = false;
	for (struct dirent *name; directory && (name = readdir(directory));) {
		struct stat st;
		if (strncmp(name->d_name, "event", 5) == 0 && strlen(name->d_name) < sizeof d->entry->name &&
		    fstatat(dirfd(directory), name->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			pending |= look_at(d, name->d_name, &st, now_us);
	}
	if (directory)
		closedir(directory);
	for (int i = 0; i < DEVICES_MAX; i++)
		if (d->entry[i].state != DEVICES_FREE && !d->entry[i].seen)
			devices_gone(d, &d->entry[i], now_us);
	if (pending && now_us < d->patience_us)
		d->scan_us = now_us + RETRY_US;
	if (d->items && d->drain_us == INT64_MAX)
		d->drain_us = now_us + DEVICES_DELAY_US;
}

/* Of what changes in udev's database: is it an input device? Names there are "c13:64": kind, major, minor. */
static bool concerns(const struct devices *d, const struct inotify_event *event)
{
	static const char input[] = "c13:";
	return event->wd != d->database || event->mask & IN_Q_OVERFLOW || strncmp(event->name, input, sizeof input - 1) == 0;
}

void devices_noticed(struct devices *d, int64_t now_us)
{
	char buffer[4096] __attribute__((aligned(8)));
	bool concerned = false;
	ssize_t n;
	while ((n = read(d->inotify, buffer, sizeof buffer)) > 0) {
		const struct inotify_event *event;
		for (char *at = buffer; at < buffer + n; at += sizeof *event + event->len) {
			event = (const struct inotify_event *)at;
			concerned |= concerns(d, event);
		}
	}
	if (!concerned)
		return;
	d->patience_us = now_us + PATIENCE_US;
	d->scan_us = now_us;
}

/* The nodes; and what udev says of them, which it writes only after it has touched the node: a look in between finds the old seat. */
static int watch(struct devices *d)
{
	d->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (d->inotify < 0 || inotify_add_watch(d->inotify, node_directory(), IN_CREATE | IN_ATTRIB | IN_DELETE | IN_MOVED_TO |
						IN_MOVED_FROM | IN_ONLYDIR) < 0)
		return ERROR_IO;
	if (d->any_seat)
		return 0;
	d->database = inotify_add_watch(d->inotify, node_database(), IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_ONLYDIR);
	/* Without a database no device has a seat that is known, and none is opened. */
	return d->database >= 0 || errno == ENOENT ? 0 : ERROR_IO;
}

int devices_open(struct devices *d, int64_t now_us)
{
	if (d->open)
		return 0;
	devices_release(d);
	/* First the watch, then the look: nothing comes between. */
	if (watch(d)) {
		int saved = errno;
		if (d->inotify >= 0)
			close(d->inotify);
		d->inotify = d->database = -1;
		errno = saved;
		return ERROR_IO;
	}
	d->open = true;
	d->patience_us = now_us + PATIENCE_US;
	for (int i = 0; i < DEVICES_MAX; i++)
		if (d->entry[i].state == DEVICES_IGNORED)
			d->entry[i].state = DEVICES_FREE;
	devices_scan(d, now_us);
	return 0;
}

void devices_close_one(struct devices *d)
{
	if (d->closings > 0)
		discard(d->closing[--d->closings]);
}

bool devices_close(struct devices *d)
{
	struct pollfd fds[DEVICES_MAX];
	int of[DEVICES_MAX], n;
	/* Also what is there, and was not read. */
	bool forgot = d->items > 0 || devices_readable(d, fds, of, &n) > 0;
	for (int i = 0; i < DEVICES_MAX; i++) {
		struct device *device = revoked(&d->entry[i]);
		if (device)
			d->closing[d->closings++] = device;
	}
	if (d->inotify >= 0)
		close(d->inotify);
	d->inotify = d->database = -1;
	explicit_bzero(d->batch, (size_t)d->items * sizeof *d->batch);
	d->items = 0;
	d->held = (struct decode_seat){ 0 };
	d->scan_us = d->drain_us = INT64_MAX;
	d->open = false;
	return forgot;
}

void devices_release(struct devices *d)
{
	devices_close(d);
	while (d->closings > 0)
		devices_close_one(d);
}

