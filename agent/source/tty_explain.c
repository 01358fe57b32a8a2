/* SPDX-License-Identifier: Apache-2.0 */
#include "tty_explain.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

struct process { int pid, parent, foreground; unsigned tty; bool below; };

static bool read_process(const char *name, struct process *p)
{
	char path[64], text[1024];
	int tty = 0;

	snprintf(path, sizeof path, "/proc/%.16s/stat", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	/* A name may hold anything, also brackets. After it: state ppid pgrp session tty tpgid. */
	const char *at = strrchr(text, ')');
	if (!at || sscanf(at + 1, " %*c %d %*d %*d %d %d", &p->parent, &tty, &p->foreground) != 3)
		return false;
	p->pid = atoi(name);
	p->tty = (unsigned)tty;
	p->below = false;
	return true;
}

static int read_all(struct process **out)
{
	struct process *all = NULL;
	int count = 0, room = 0;
	DIR *d = opendir("/proc");

	for (struct dirent *e; d && (e = readdir(d));) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		if (count == room) {
			room = room ? 2 * room : 256;
			struct process *more = realloc(all, (size_t)room * sizeof *all);
			if (!more)
				break;
			all = more;
		}
		count += read_process(e->d_name, &all[count]);
	}
	if (d)
		closedir(d);
	*out = all;
	return count;
}

static void mark_below(struct process *all, int count, int pid)
{
	/* Children may stand before their parents: until nothing is added any more. */
	for (bool more = true; more;) {
		more = false;
		for (int i = 0; i < count; i++) {
			if (all[i].below || all[i].pid == pid)
				continue;
			bool below = all[i].parent == pid;
			for (int k = 0; k < count && !below; k++)
				below = all[k].below && all[k].pid == all[i].parent;
			all[i].below = below;
			more |= below;
		}
	}
}

static void read_name(struct tty_told *t)
{
	char path[64], text[4096];
	struct stat ours, theirs;

	snprintf(path, sizeof path, "/proc/%d/exe", t->pid);
	ssize_t n = readlink(path, text, sizeof text - 1);
	t->named = n > 0;
	if (t->named) {
		text[n] = 0;
		char *deleted = strstr(text, " (deleted)");
		if (deleted)
			*deleted = 0;
		const char *slash = strrchr(text, '/');
		snprintf(t->program, sizeof t->program, "%.*s", TTY_PROGRAM_NAME_MAX, slash ? slash + 1 : text);
	} else {
		/* Another user's (sudo): only its own word for itself. */
		snprintf(path, sizeof path, "/proc/%d/comm", t->pid);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
		if (fd >= 0)
			close(fd);
		text[n > 0 ? n : 0] = 0;
		text[strcspn(text, "\n")] = 0;
		snprintf(t->program, sizeof t->program, "%.*s", TTY_PROGRAM_NAME_MAX, text);
	}
	snprintf(path, sizeof path, "/proc/%d/ns/mnt", t->pid);
	t->namespaced = stat(path, &theirs) == 0 && stat("/proc/self/ns/mnt", &ours) == 0 &&
			(theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev);
}

static enum tty_mode mode_of(unsigned number, dev_t device)
{
	char path[32];
	struct termios t;
	struct stat s;
	enum tty_mode mode = TTY_MODE_CLOSED;

	snprintf(path, sizeof path, "/dev/pts/%u", number);
	int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return mode;
	if (fstat(fd, &s) == 0 && s.st_rdev == device && tcgetattr(fd, &t) == 0)
		mode = t.c_lflag & ECHO ? TTY_MODE_ECHO : t.c_lflag & ICANON ? TTY_MODE_PROMPT : TTY_MODE_RAW;
	close(fd);
	return mode;
}

int tty_explain(int32_t pid, struct tty_told out[TTY_EXPLAIN_MAX])
{
	struct process *all = NULL;
	unsigned own = 0, seen[TTY_EXPLAIN_MAX];
	int told = 0, count = read_all(&all);

	mark_below(all, count, pid);
	for (int i = 0; i < count; i++) {
		if (all[i].pid == pid)
			own = all[i].tty;
	}
	for (int i = 0; i < count && told < TTY_EXPLAIN_MAX; i++) {
		const struct process *p = &all[i];
		/* As the kernel packs it: minor in the bits 0-7 and 20-31, major in 8-19; Unix98 ptys have the majors 136 to 143. */
		unsigned high = p->tty >> 8 & 0xfff, low = (p->tty & 0xff) | (p->tty >> 12 & 0xfff00);
		bool known = false;
		for (int k = 0; k < told; k++)
			known |= seen[k] == p->tty;
		if (!p->below || known || !p->tty || p->tty == own || high < 136 || high > 143)
			continue;
		seen[told] = p->tty;
		struct tty_told *t = &out[told++];
		memset(t, 0, sizeof *t);
		t->number = (high - 136) * 256 + low;
		t->pid = p->foreground > 0 ? p->foreground : 0;
		t->mode = mode_of(t->number, makedev(high, low));
		if (t->pid)
			read_name(t);
	}
	free(all);
	return told;
}
