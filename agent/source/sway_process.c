/* SPDX-License-Identifier: Apache-2.0 */
#include "sway_process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tty_process.h"

enum { DESCRIPTORS_MAX = 1024, LISTENS = 1, CONNECTED = 3 };

/* A part of the name: some distributions wrap them. */
static const char *const lockers[] = { "waylock", /* and swaylock */ "gtklock", "hyprlock" };

struct x_socket { int display; unsigned long inode; unsigned state; };

/* A line of /proc/net/unix: "num: refs protocol flags type state inode path", the path with an @ before it if it is abstract. */
static bool read_line(const char *line, struct x_socket *s)
{
	static const char place[] = "/tmp/.X11-unix/X";
	const char *at = strstr(line, place);
	int end = 0;
	return at && sscanf(line, "%*[^:]: %*x %*x %*x %*x %x %lu", &s->state, &s->inode) == 2 &&
		sscanf(at + strlen(place), "%d%n", &s->display, &end) == 1 && at[strlen(place) + (size_t)end] == '\n';
}

/* Calls for each of X's sockets until it is true. -1: unreadable. */
static int find(int sway, bool (*wanted)(const struct x_socket *s, void *user), void *user)
{
	char path[64], line[512];
	struct x_socket s;
	int found = 0;
	snprintf(path, sizeof path, "/proc/%d/net/unix", sway);
	FILE *f = fopen(path, "re");
	if (!f)
		return -1;
	while (!found && fgets(line, sizeof line, f))
		found = read_line(line, &s) && wanted(&s, user);
	if (ferror(f))
		found = -1;
	fclose(f);
	return found;
}

struct holder { int pid, display, count; int fd[DESCRIPTORS_MAX]; };

static bool holds(const struct x_socket *s, void *user)
{
	struct holder *h = user;
	char wanted[40], path[64], link[64];
	/* Who is connected to another server has one of its own, without a name. */
	if (s->state != LISTENS)
		return false;
	snprintf(wanted, sizeof wanted, "socket:[%lu]", s->inode);
	for (int i = 0; i < h->count; i++) {
		snprintf(path, sizeof path, "/proc/%d/fd/%d", h->pid, h->fd[i]);
		ssize_t n = readlink(path, link, sizeof link - 1);
		link[n > 0 ? n : 0] = 0;
		if (!strcmp(link, wanted)) {
			h->display = s->display;
			return true;
		}
	}
	return false;
}

int sway_process_display(int sway)
{
	struct holder h = { .pid = sway, .display = SWAY_NO_DISPLAY };
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/fd", sway);
	h.count = tty_process_numbers(path, h.fd, DESCRIPTORS_MAX);
	return h.count <= 0 || find(sway, holds, &h) < 0 ? SWAY_ANY_DISPLAY : h.display;
}

struct look { int display; bool listens; };

static bool is_client(const struct x_socket *s, void *user)
{
	struct look *l = user;
	if (l->display != SWAY_ANY_DISPLAY && s->display != l->display)
		return false;
	l->listens |= s->state == LISTENS;
	return s->state == CONNECTED;
}

bool sway_process_x11(int sway, int display)
{
	struct look l = { .display = display };
	if (display == SWAY_NO_DISPLAY)
		return false;
	/* A table in which its own socket is missing is not the one to look at. */
	return find(sway, is_client, &l) != 0 || (display != SWAY_ANY_DISPLAY && !l.listens);
}

bool sway_process_locker(void)
{
	const int *pid;
	struct tty_process p;
	int n = tty_process_all(&pid);
	for (int i = 0; i < n; i++) {
		/* Some belong to root, to ask for a password; those of other users lock other sessions. */
		if (!tty_process_read(pid[i], &p) || (!tty_process_ours(pid[i]) && !tty_process_root(pid[i])))
			continue;
		for (size_t k = 0; k < sizeof lockers / sizeof *lockers; k++) {
			if (strstr(p.name, lockers[k]))
				return true;
		}
	}
	return n <= 0;
}
