/* SPDX-License-Identifier: Apache-2.0 */
#include "tty_explain.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

enum { PROCESSES_MAX = 16384 };

struct look { struct tty_process *all; bool *below; int count; };

static void read_all(struct look *l)
{
	int *number = malloc(PROCESSES_MAX * sizeof *number);
	int n = number ? tty_process_numbers("/proc", number, PROCESSES_MAX) : 0;

	l->all = n > 0 ? calloc((size_t)n, sizeof *l->all) : NULL;
	l->below = n > 0 ? calloc((size_t)n, sizeof *l->below) : NULL;
	for (int i = 0; l->all && l->below && i < n; i++)
		l->count += tty_process_read(number[i], &l->all[l->count]);
	free(number);
}

static void mark_below(struct look *l, int pid)
{
	/* A child may stand before its parent: until nothing is added any more. */
	for (bool more = true; more;) {
		more = false;
		for (int i = 0; i < l->count; i++) {
			if (l->below[i] || l->all[i].pid == pid)
				continue;
			bool below = l->all[i].parent == pid;
			for (int k = 0; k < l->count && !below; k++)
				below = l->below[k] && l->all[k].pid == l->all[i].parent;
			l->below[i] = below;
			more |= below;
		}
	}
}

static void name_program(struct tty_told *t)
{
	char exe[4096];
	const char *name = t->process.name;
	if (tty_process_exe(t->process.pid, exe, sizeof exe)) {
		const char *slash = strrchr(exe, '/');
		name = slash ? slash + 1 : exe;
	}
	snprintf(t->program, sizeof t->program, "%.*s", (int)sizeof t->program - 1, name);
	t->here = tty_process_here(t->process.pid);
}

static enum tty_mode mode_of(unsigned number, dev_t device)
{
	char path[32];
	struct termios t;
	struct stat s;
	enum tty_mode mode = TTY_MODE_CLOSED;

	snprintf(path, sizeof path, "/dev/pts/%u", number);
	/* For this one look: a terminal that closes waits for whoever keeps it open. */
	int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return mode;
	if (fstat(fd, &s) == 0 && s.st_rdev == device && tcgetattr(fd, &t) == 0)
		mode = t.c_lflag & ECHO ? TTY_MODE_ECHO : t.c_lflag & ICANON ? TTY_MODE_PROMPT : TTY_MODE_RAW;
	close(fd);
	return mode;
}

static void tell(const struct look *l, const struct tty_process *p, struct tty_told *t)
{
	memset(t, 0, sizeof *t);
	/* Unix98 ptys have the majors 136 to 143, 256 each. */
	t->number = (major(p->tty) - 136) * 256 + minor(p->tty);
	t->mode = mode_of(t->number, p->tty);
	t->here = true;
	/* The leader of the foreground's group, or whoever is left of it. */
	for (int i = 0; i < l->count; i++) {
		const struct tty_process *q = &l->all[i];
		if (p->foreground > 0 && q->group == p->foreground && (!t->process.pid || q->pid == p->foreground))
			t->process = *q;
	}
	if (t->process.pid)
		name_program(t);
}

int tty_explain(int pid, struct tty_told out[TTY_EXPLAIN_MAX])
{
	struct look l = { 0 };
	dev_t own = 0, seen[TTY_EXPLAIN_MAX];
	int told = 0;

	read_all(&l);
	mark_below(&l, pid);
	for (int i = 0; i < l.count; i++) {
		if (l.all[i].pid == pid)
			own = l.all[i].tty;
	}
	for (int i = 0; i < l.count && told < TTY_EXPLAIN_MAX; i++) {
		const struct tty_process *p = &l.all[i];
		bool known = !l.below[i] || !p->tty || p->tty == own || major(p->tty) < 136 || major(p->tty) > 143;
		for (int k = 0; k < told && !known; k++)
			known = seen[k] == p->tty;
		if (known)
			continue;
		seen[told] = p->tty;
		tell(&l, p, &out[told++]);
	}
	free(l.all);
	free(l.below);
	return told;
}
