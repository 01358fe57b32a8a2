/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices of one seat, open for one client while its session is active and not locked. New ones are found by inotify on
 * the directory and on udev's database (udev's own news do not reach a process without a network).
 */
#ifndef ASSENT_DEVICES_H
#define ASSENT_DEVICES_H

#include <poll.h>

#include "decode.h"
#include "node.h"

enum {
	DEVICES_MAX = 64,                /* nodes that are looked at; there are seldom more than 30 */
	DEVICES_POLL_MAX = DEVICES_MAX + 1,
	DEVICES_BATCH = 1024
};

struct device {                          /* on the heap while it is open */
	struct node node;
	struct decode decode;
};

/* A record for the client, in the order of the kernel's times; d: whose it is, NULL for DEVICE. */
typedef void devices_emit(void *user, struct decode *d, const struct stream_record *r);

struct devices_entry {
	enum { DEVICES_FREE, DEVICES_IGNORED, DEVICES_CLOSED, DEVICES_OPEN } state;
	char name[32];
	dev_t rdev;
	ino_t ino;                       /* another one when it was unplugged and plugged in again */
	int16_t ordinal;
	uint8_t klass;
	bool synthetic, seen;
	struct device *device;           /* while it is OPEN */
};

struct devices {
	char seat[64];
	bool any_seat;
	struct stream_terms terms;
	devices_emit *emit;
	void *user;
	bool open;
	int inotify, database;           /* one descriptor; in it, the watch of udev's database, or -1 */
	int next_ordinal;
	int64_t scan_us, patience_us;    /* when to look at the directory again; until when to hope for udev */
	int64_t drain_us;                /* when to read; INT64_MAX: when there is something */
	int64_t since_us;                /* when what is there to be read began to come */
	struct decode_seat held;
	struct devices_entry entry[DEVICES_MAX];
	struct device *closing[DEVICES_MAX]; /* revoked */
	int closings;
	/* What was read and not handed on: a record of another device may belong before it. */
	struct { struct stream_record r; int entry; } batch[DEVICES_BATCH];
	int items;
};

/* seat: NULL: all devices (no logind). Opens nothing. */
void devices_init(struct devices *d, const char *seat, const struct stream_terms *terms, devices_emit *emit, void *user);
/* Opens what there is, and tells what is new, gone, and held down. ERROR_IO: the directory cannot be watched; errno. */
int devices_open(struct devices *d, int64_t now_us);
/* Revokes all, at once: from then on nothing is read; what was not handed on is forgotten. True: something was. They are closed
 * one after the other by devices_handle, since each may take a while. */
bool devices_close(struct devices *d);
/* The same, and closes all before it returns. */
void devices_release(struct devices *d);

/* At most DEVICES_POLL_MAX; the number filled. While reads are put off the devices themselves are not among them. */
int devices_poll(const struct devices *d, struct pollfd *fds);
int64_t devices_deadline_us(const struct devices *d);
/* After poll(), with what devices_poll filled; also when nothing but a deadline came. */
void devices_handle(struct devices *d, const struct pollfd *fds, int count, int64_t now_us);

/* Reads all that can be read now, and hands on what happened before this call; what came since then may follow later. */
void devices_sync(struct devices *d);
/* Hands on all that was read. */
void devices_settle(struct devices *d);
/* After a hole in what was handed to the client: what it must know now. */
void devices_mend(struct devices *d, int64_t now_us);

#endif
