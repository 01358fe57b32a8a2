/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source x11+evdev: X11 says what happened and where, the kernel when. What the kernel saw waits here until X11 tells of the same; X11's
 * event then gets the kernel's time. Nothing is recorded that X11 did not tell of, and what finds no partner keeps X11's time. Pure.
 *
 * Each event of X11's says then whose time it has (raw_input.timed), and by how much the two differ. One that keeps X11's time is not before the one
 * before it.
 *
 * X11's times are whole milliseconds: of when the server read the event, rounded down; up to JOIN_LATE_US later than the kernel's, of a busy server. It reads
 * each device's events in their order: of several partners that are alike the first is taken, and what of its kind the same device did before that
 * waits no longer. So what X11 did not tell of shifts nothing beyond the next event that is not like it.
 *
 * If the first is older than that, of the device that the last of its kind was of (or it is the first), then either the server stood still, or it did not tell of this one and tells of
 * a later one that is like it. Nobody knows which, so X11's time stays.
 */
#ifndef ASSENT_JOIN_H
#define ASSENT_JOIN_H

#include "../event.h"

enum {
	JOIN_WAITING = 4096,             /* a half second of a mouse at 8 kHz; then the oldest goes */
	JOIN_LATE_US = 100000,
	JOIN_STILL_US = 2000000          /* a server stands still for that long, no longer */
};

struct join_one {
	int64_t mono_us;
	float dx, dy;
	int16_t code;                    /* 0: not told (a stream of classes only) */
	int16_t device;
	uint8_t kind, action;            /* raw_kind, key_action or touch_action */
	bool synthetic;
	bool free;                       /* joined: nothing of it is left */
};

/* Raw input: in locked memory. */
struct join {
	struct join_one at[JOIN_WAITING];
	uint32_t first, count;           /* those that wait are among count from first on */
	int32_t told_by[RAW_TOUCH + 1];  /* by kind: whose was the last that was joined; -1: none was */
	int64_t last_us;                 /* the time of the last of X11's events */
};

void join_init(struct join *j);
/* What the kernel saw; all but input is passed over. */
void join_kernel(struct join *j, const struct raw_event *raw);
/* Is there a partner? True also of what needs none: all but input, and what software injected into X11 (raw_input.synthetic). */
bool join_finds(struct join *j, const struct raw_event *raw);
/* Gives an event of X11's its partner's time, and whether a device made by software told of it. True: it had one. */
bool join_time(struct join *j, struct raw_event *raw);
/* Forgets what came before mono_us: X11 will not tell of it any more (other displays, grabs of the device, what was not selected). */
void join_forget(struct join *j, int64_t mono_us);

#endif
