/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One device node, read only, never grabbed, never written to. The only part of the broker that touches devices: tests
 * put another one in its place.
 */
#ifndef ASSENT_NODE_H
#define ASSENT_NODE_H

#include <libevdev/libevdev.h>
#include <sys/stat.h>

#include "../base/stream.h"

struct node {
	int fd;
	struct libevdev *dev;
	bool synthetic;                  /* made by software */
	bool syncing;                    /* between a SYN_DROPPED and the end of what libevdev found out */
};

/* Where nodes are, "/dev/input". */
const char *node_directory(void);
/* Where udev writes what it knows of devices, "/run/udev/data": a file each, renamed into place. */
const char *node_database(void);

/* Does it still belong to the seat? 0, ERROR_AGAIN, ERROR_DENIED as node_open. */
int node_check(const struct stat *st, const char *seat);

/* Opens the node of that name, with times of CLOCK_MONOTONIC, without the events that the terms do not need; seat: NULL, or the
 * one that it must belong to. ERROR_AGAIN: not yet (udev has not finished with it); ERROR_DENIED: of another seat, or no right;
 * ERROR_UNSUPPORTED: no evdev device; ERROR_GONE, ERROR_MEMORY. */
int node_open(struct node *n, const char *name, const char *seat, const struct stream_terms *terms);

/* The next event. 1: *event is one, *resync: found out after a SYN_DROPPED (which comes itself, first); 0: no more now;
 * ERROR_GONE: the device is gone. */
int node_read(struct node *n, struct input_event *event, bool *resync);

/* Takes from the descriptor, and every copy of it, all that it may: at once. */
void node_revoke(struct node *n);
/* The same, and closes it: that may take as long as all processors need to forget it (tens of ms). */
void node_close(struct node *n);

#endif
