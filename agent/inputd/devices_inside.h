/* SPDX-License-Identifier: Apache-2.0 */
/* What devices.c (they come and go) and devices_read.c (what they tell) share; for nobody else. */
#ifndef ASSENT_DEVICES_INSIDE_H
#define ASSENT_DEVICES_INSIDE_H

#include "devices.h"

/*
 * From the first event to reading: a few events together cost a fraction. The kernel's buffer has room for 128 events of a mouse: one of
 * 8,000 Hz fills it in 5.3 ms. Other devices are slower, and have room for 8 of their largest reports at least.
 */
enum { DEVICES_DELAY_US = 2000 };

/* Whose records devices_take gets. */
struct devices_reading { struct devices *d; int entry; };

/* A decode_emit: puts a record where its time belongs. The order of one device is its own, whatever its times say. */
void devices_take(void *reading, struct decode *decode, const struct stream_record *r);
/* Hands on what happened until then. */
void devices_hand_on(struct devices *d, int64_t until_us);
/* Those that are open, with the entry of each, and how many they are (fds, of, count); how many of them can be read. */
int devices_readable(const struct devices *d, struct pollfd fds[DEVICES_MAX], int of[DEVICES_MAX], int *count);

/* An entry's node is not there any more, or is not the seat's: its last records first. */
void devices_gone(struct devices *d, struct devices_entry *e, int64_t now_us);
/* Closes the next of those that were revoked. */
void devices_close_one(struct devices *d);
/* Something happened in the directory: it is to be looked at. */
void devices_noticed(struct devices *d, int64_t now_us);
void devices_scan(struct devices *d, int64_t now_us);

#endif
