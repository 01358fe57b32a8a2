/* SPDX-License-Identifier: Apache-2.0 */
#include "tty.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "tty_program.h"

/* More processes or ttys than this below one terminal, or more children of one process: cannot tell. */
enum { PROCESSES_MAX = 512, TTYS_MAX = 64, THREADS_MAX = 64, CHILDREN_TEXT = 8192 };

struct process { int pid, group, foreground; dev_t tty; };

struct look {
	const struct pattern_list *programs;
	struct stat mounts;              /* our mount namespace */
	struct process process[PROCESSES_MAX];
	int count;
	dev_t tty[TTYS_MAX];
	int ttys;
	enum tty_state state;
	bool failed;
};

/* A small file of /proc; -1 if it cannot be read, or is longer. */
static ssize_t slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, text, size);
	close(fd);
	if (n < 0 || (size_t)n >= size)
		return -1;
	text[n] = 0;
	return n;
}

static bool read_process(int pid, struct process *p)
{
	char path[64], text[1024];
	int tty = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (slurp(path, text, sizeof text) < 0)
		return false;
	/* The name may hold anything, also brackets: the fields are after the last one. state ppid pgrp session tty tpgid */
	const char *at = strrchr(text, ')');
	if (!at || sscanf(at + 1, " %*c %*d %d %*d %d %d", &p->group, &tty, &p->foreground) != 3)
		return false;
	/* As the kernel puts it into an int: minor in 0-7 and 20-31, major in 8-19. */
	unsigned d = (unsigned)tty;
	p->pid = pid;
	p->tty = tty ? makedev(d >> 8 & 0xfff, (d & 0xff) | (d >> 12 & 0xfff00)) : 0;
	return true;
}

static bool same_mounts(const struct look *l, int pid)
{
	char path[64];
	struct stat s;
	snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
	return stat(path, &s) == 0 && s.st_ino == l->mounts.st_ino && s.st_dev == l->mounts.st_dev;
}

static void add_children(struct look *l, int pid, const char *thread)
{
	char path[64], text[CHILDREN_TEXT];
	snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", pid, thread);
	if (slurp(path, text, sizeof text) < 0) {
		/* Too many, or no such file at all in this kernel; a thread that ended has no children. */
		l->failed |= access(path, F_OK) == 0 || l->count == 1;
		return;
	}
	for (char *at = text, *end; ; at = end) {
		struct process p;
		long child = strtol(at, &end, 10);
		if (end == at)
			return;
		if (!read_process((int)child, &p))
			continue;        /* ended meanwhile: it reads no keys */
		if (l->count == PROCESSES_MAX) {
			l->failed = true;
			return;
		}
		l->process[l->count++] = p;
	}
}

/* A terminal may fork its shells from any of its threads. */
static void add_children_of_all(struct look *l, int pid)
{
	char path[64];
	int threads = 0;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	DIR *d = opendir(path);
	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d)) && !l->failed;) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		if (++threads > THREADS_MAX)
			l->failed = true;
		add_children(l, pid, e->d_name);
	}
	closedir(d);
}

/* Who reads the keys: the leader of the foreground group. When it ended before the others (cat FILE | less), all others. */
static bool known_foreground(const struct look *l, int group, dev_t tty)
{
	char path[64];
	int known = 0;

	if (group <= 0)
		return false;
	snprintf(path, sizeof path, "/proc/%d", group);
	if (access(path, F_OK) == 0)
		return same_mounts(l, group) && tty_program_known(group, l->programs);
	for (int i = 1; i < l->count; i++) {
		const struct process *p = &l->process[i];
		if (p->group != group || p->tty != tty)
			continue;
		if (!same_mounts(l, p->pid) || !tty_program_known(p->pid, l->programs))
			return false;
		known++;
	}
	return known > 0;
}

static enum tty_state look_at(const struct look *l, const struct process *p)
{
	enum tty_state state = TTY_UNKNOWN;
	char path[32];
	struct termios t;
	struct stat s;

	/* Its pty may be another of the same number. */
	if (!same_mounts(l, p->pid))
		return TTY_UNKNOWN;
	/* Unix98 ptys have the majors 136 to 143, 256 each; anything else is no terminal emulator's. */
	if (major(p->tty) < 136 || major(p->tty) > 143)
		return TTY_UNKNOWN;
	snprintf(path, sizeof path, "/dev/pts/%u", (major(p->tty) - 136) * 256 + minor(p->tty));
	/* Opened for this one look: a terminal that closes waits for whoever keeps it open. */
	int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return TTY_UNKNOWN;
	if (fstat(fd, &s) == 0 && s.st_rdev == p->tty && tcgetattr(fd, &t) == 0) {
		if (t.c_lflag & ECHO)
			state = TTY_ECHO;
		else if (t.c_lflag & ICANON)
			state = TTY_SECRET;
		else if (known_foreground(l, p->foreground, p->tty))
			state = TTY_PROGRAM;
	}
	close(fd);
	return state;
}

static void look_at_all(struct look *l)
{
	/* A certain secret outweighs what cannot be told. */
	static const int badness[] = { [TTY_ECHO] = 0, [TTY_PROGRAM] = 1, [TTY_UNKNOWN] = 2, [TTY_SECRET] = 3 };

	for (int i = 1; i < l->count; i++) {
		const struct process *p = &l->process[i];
		int seen = 0;
		while (seen < l->ttys && l->tty[seen] != p->tty)
			seen++;
		/* The tty that the terminal was started from is not inside its window. */
		if (!p->tty || p->tty == l->process[0].tty || seen < l->ttys)
			continue;
		if (l->ttys == TTYS_MAX) {
			l->failed = true;
			return;
		}
		l->tty[l->ttys++] = p->tty;
		enum tty_state state = look_at(l, p);
		if (badness[state] > badness[l->state])
			l->state = state;
	}
}

enum tty_state tty_look(int pid, const struct pattern_list *programs)
{
	struct look l;

	l.programs = programs;
	l.state = TTY_ECHO;
	l.failed = false;
	l.count = l.ttys = 0;
	if (pid <= 0 || stat("/proc/self/ns/mnt", &l.mounts) < 0 || !read_process(pid, &l.process[0]) || !same_mounts(&l, pid))
		return TTY_UNKNOWN;
	l.count = 1;
	for (int i = 0; i < l.count && !l.failed; i++)
		add_children_of_all(&l, l.process[i].pid);
	look_at_all(&l);
	if (l.state == TTY_SECRET)
		return TTY_SECRET;
	return l.failed || !l.ttys ? TTY_UNKNOWN : l.state;
}
