/* SPDX-License-Identifier: Apache-2.0 */
#include "devices_inside.h"

#include <string.h>

#include "../base/clock.h"
#include "../error.h"

enum {
	CALM_DELAY_US = 4000,
	CALM_GAP_US = 667,               /* between reports: they may be 1,000 a second */
	EVENTS_AT_ONCE = 512,            /* of one device: others want their turn */
	SYNC_ROUNDS = 16                 /* together more than any device's buffer: what was there at first has been read */
};

/* ---- In the order of time ---------------------------------------------------------------- */

void devices_hand_on(struct devices *d, int64_t until_us)
{
	int n = d->items;
	/* From the end: a device may have told an earlier time after a later one. */
	while (n > 0 && d->batch[n - 1].r.mono_us > until_us)
		n--;
	for (int i = 0; i < n; i++)
		d->emit(d->user, &d->entry[d->batch[i].entry].device->decode, &d->batch[i].r);
	memmove(d->batch, d->batch + n, (size_t)(d->items - n) * sizeof *d->batch);
	d->items -= n;
	explicit_bzero(d->batch + d->items, (size_t)n * sizeof *d->batch);
}

void devices_take(void *user, struct decode *decode, const struct stream_record *r)
{
	const struct devices_reading *reading = user;
	struct devices *d = reading->d;
	(void)decode;
	if (d->items == DEVICES_BATCH)
		devices_hand_on(d, INT64_MAX);
	int at = d->items++;
	for (; at > 0 && d->batch[at - 1].r.mono_us > r->mono_us && d->batch[at - 1].entry != reading->entry; at--)
		d->batch[at] = d->batch[at - 1];
	d->batch[at].r = *r;
	d->batch[at].entry = reading->entry;
}

/* ---- Reading ----------------------------------------------------------------------------- */

int devices_readable(const struct devices *d, struct pollfd fds[DEVICES_MAX], int of[DEVICES_MAX], int *count)
{
	int n = 0;
	for (int i = 0; i < DEVICES_MAX; i++) {
		if (d->entry[i].device) {
			of[n] = i;
			fds[n++] = (struct pollfd){ .fd = d->entry[i].device->node.fd, .events = POLLIN };
		}
	}
	*count = n;
	return poll(fds, (nfds_t)n, 0);
}

int devices_poll(const struct devices *d, struct pollfd *fds)
{
	int n = 0;
	if (!d->open)
		return 0;
	fds[n++] = (struct pollfd){ .fd = d->inotify, .events = POLLIN };
	for (int i = 0; i < DEVICES_MAX && d->drain_us == INT64_MAX; i++)
		if (d->entry[i].device)
			fds[n++] = (struct pollfd){ .fd = d->entry[i].device->node.fd, .events = POLLIN };
	return n;
}

int64_t devices_deadline_us(const struct devices *d)
{
	if (d->closings > 0)
		return 0;
	return d->scan_us < d->drain_us ? d->scan_us : d->drain_us;
}

/* False: it is gone. *reports: how many there were. */
static bool read_one(struct devices *d, int entry, int *reports, bool *more)
{
	struct devices_reading reading = { d, entry };
	struct device *device = d->entry[entry].device;
	struct input_event event;
	bool resync;
	*reports = 0;
	for (int n = 0; n < EVENTS_AT_ONCE; n++) {
		int r = node_read(&device->node, &event, &resync);
		if (r <= 0)
			return r == 0;
		*reports += event.type == EV_SYN && event.code == SYN_REPORT;
		decode_event(&device->decode, &event, resync, devices_take, &reading);
	}
	*more = true;
	return true;
}

/* When to read again, after so many reports of the device that had the most. Where there were several more will come: they need not
 * wake us before that. */
static int64_t next_drain_us(const struct devices *d, int most, int64_t now_us)
{
	if (most > 1)
		return now_us + ((now_us - d->since_us) / most >= CALM_GAP_US ? CALM_DELAY_US : DEVICES_DELAY_US);
	return d->items ? now_us + DEVICES_DELAY_US : INT64_MAX;
}

/* True: there may be more. */
static bool drain(struct devices *d)
{
	struct pollfd fds[DEVICES_MAX];
	int of[DEVICES_MAX], n, reports, most = 0;
	bool more = false;
	/* What happened before this moment is readable now, from all of them: later ones wait for the next round. */
	int64_t until_us = clock_mono_us();
	if (devices_readable(d, fds, of, &n) < 0)
		n = 0;
	for (int i = 0; i < n; i++) {
		if (!fds[i].revents)
			continue;
		bool there = read_one(d, of[i], &reports, &more);
		most = reports > most ? reports : most;
		if (!there)
			devices_gone(d, &d->entry[of[i]], clock_mono_us());
	}
	devices_hand_on(d, until_us);
	d->drain_us = more ? until_us : next_drain_us(d, most, until_us);
	d->since_us = until_us;
	return more;
}

void devices_sync(struct devices *d)
{
	for (int i = 0; d->open && i < SYNC_ROUNDS && drain(d); i++)
		;
}

void devices_handle(struct devices *d, const struct pollfd *fds, int count, int64_t now_us)
{
	bool news = false;
	devices_close_one(d);
	if (!d->open)
		return;
	for (int i = 1; i < count; i++)
		news |= fds[i].revents != 0;
	if (count > 0 && fds[0].revents)
		devices_noticed(d, now_us);
	/* Not at once: reading a few events together costs a fraction. */
	if (news && d->drain_us == INT64_MAX) {
		d->drain_us = now_us + DEVICES_DELAY_US;
		d->since_us = now_us;
	}
	if (d->drain_us <= now_us)
		drain(d);
	if (d->scan_us <= now_us)
		devices_scan(d, now_us);
}

void devices_settle(struct devices *d)
{
	devices_hand_on(d, INT64_MAX);
}

void devices_mend(struct devices *d, int64_t now_us)
{
	for (int presses = 0; presses < 2; presses++) {
		for (int i = 0; i < DEVICES_MAX; i++) {
			struct device *device = d->entry[i].device;
			if (device)
				decode_mend(&device->decode, now_us, presses, d->emit, d->user);
		}
	}
}
