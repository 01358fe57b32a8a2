/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that tests make: in place of agent/inputd/node.c, and in no product. A node is a FIFO "eventN" in $ASSENT_FAKE_INPUT
 * that carries struct input_event; what it can do stands beside it in "kind-eventN": keyboard, mouse, wheel (a mouse with 1/120
 * notches), touchpad, screen, pen, game; "-virtual" behind that makes it one of software; "-closed" one that may not be opened until
 * there is "../open-eventN"; "-seat1" one of another seat, as one becomes of whose inode udev's database, "../data", has "c13:INODE".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/inputd/node.h"
#include "fake_caps.h"

const char *node_directory(void)
{
	const char *directory = getenv("ASSENT_FAKE_INPUT");
	return directory ? directory : "/nonexistent";
}

const char *node_database(void)
{
	static char path[512];
	snprintf(path, sizeof path, "%s/../data", node_directory());
	return path;
}

static void kind_of(const char *name, char kind[64])
{
	char path[512];
	snprintf(path, sizeof path, "%s/kind-%s", node_directory(), name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, kind, 63) : 0;
	kind[n > 0 ? n : 0] = 0;
	if (fd >= 0)
		close(fd);
}

int node_check(const struct stat *st, const char *seat)
{
	char path[600];
	(void)seat;
	snprintf(path, sizeof path, "%s/c13:%ju", node_database(), (uintmax_t)st->st_ino);
	return access(path, F_OK) == 0 ? ERROR_DENIED : 0;
}

int node_open(struct node *n, const char *name, const char *seat, const struct stream_terms *terms)
{
	char path[512], kind[64];
	(void)terms;
	memset(n, 0, sizeof *n);
	n->fd = -1;
	kind_of(name, kind);
	snprintf(path, sizeof path, "%s/../open-%s", node_directory(), name);
	if (strstr(kind, "-closed") && access(path, F_OK) != 0)
		return ERROR_AGAIN;
	if (seat && strcmp(seat, strstr(kind, "-seat1") ? "seat1" : "seat0") != 0)
		return ERROR_DENIED;
	snprintf(path, sizeof path, "%s/%s", node_directory(), name);
	n->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	n->dev = fake_caps(kind);
	n->synthetic = strstr(kind, "-virtual") != NULL;
	if (n->fd >= 0 && n->dev)
		return 0;
	node_close(n);
	return ERROR_UNSUPPORTED;
}

/* What comes between a SYN_DROPPED and the next SYN_REPORT is as if libevdev had found it out. */
int node_read(struct node *n, struct input_event *event, bool *resync)
{
	ssize_t r = read(n->fd, event, sizeof *event);
	*resync = false;
	if (r < 0 && errno == EAGAIN)
		return 0;
	if (r != (ssize_t)sizeof *event)
		return ERROR_GONE;
	*resync = n->syncing;
	if (event->type == EV_SYN && event->code == SYN_DROPPED)
		n->syncing = true;
	else if (event->type == EV_SYN && event->code == SYN_REPORT)
		n->syncing = false;
	return 1;
}

void node_revoke(struct node *n)
{
	(void)n;
}

void node_close(struct node *n)
{
	libevdev_free(n->dev);
	n->dev = NULL;
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}
