/* SPDX-License-Identifier: Apache-2.0 */
#include "tty.h"

#include <fcntl.h>
#include <linux/kd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tty_group.h"
#include "tty_program.h"
#include "tty_servers.h"

/* More ptys than this below one window, or ptys inside ptys: cannot tell. */
enum { TTYS_MAX = 128, NESTED_MAX = 6 };

/* Exec follows fork in a ms, in 50 under load: a copy of the shell that is older reads keys itself. A program that asks for a secret switches the
 * echo off when it has started, which takes a script half a second on a busy machine: what is typed ahead of that waits (CONTEXT_LIMIT_US is longer). */
enum { COPY_MS = 350, STARTED_MS = 2000 };

struct look {
	const struct pattern_list *programs;
	dev_t tty[TTYS_MAX];
	int ttys;
	int served[2];                   /* of them, shown by servers of tmux and of screen */
	enum tty_state state;
};

/* Between looks: hints, each verified before it is used. One of each for the process: there is one kernel. */
static struct tty_servers servers;

static void worse(struct look *l, enum tty_state state)
{
	/* A certain secret outweighs what cannot be told. */
	static const int badness[] = { [TTY_ECHO] = 0, [TTY_PROGRAM] = 1, [TTY_STARTING] = 2, [TTY_UNKNOWN] = 3, [TTY_SECRET] = 4 };
	if (badness[state] > badness[l->state])
		l->state = state;
}

static void look_at_masters(struct look *l, int holder, int nested);

/* Screen shows serial lines and telnet, too, which are no ptys of its own: nobody can say whether they echo. */
static void look_at_server(struct look *l, enum tty_server_kind kind, int pid, int nested)
{
	if (kind == TTY_SERVER_SCREEN && tty_process_reaches(pid, l->tty, l->ttys))
		worse(l, TTY_UNKNOWN);
	look_at_masters(l, pid, nested + 1);
}

/* The servers may be many, and only they know which one shows what: all of them count. */
static void look_at_servers(struct look *l, enum tty_server_kind kind, int client, int nested)
{
	int before = l->ttys, alive = 0;
	struct tty_process p;

	if (!tty_servers_refresh(&servers) || (kind == TTY_SERVER_TMUX && !tty_servers_own(client))) {
		worse(l, TTY_UNKNOWN);
		return;
	}
	for (int i = 0; i < servers.count; i++) {
		if (servers.server[i].kind != kind || !tty_process_read(servers.server[i].pid, &p))
			continue;
		alive++;
		if (tty_process_here(p.pid))
			look_at_server(l, kind, p.pid, nested);
		else if (tty_process_read(p.pid, &p))
			worse(l, TTY_UNKNOWN);
	}
	l->served[kind] += l->ttys - before;
	/* No server, or none that shows anything: then it is another one than we see. */
	if (!alive || !l->served[kind])
		worse(l, TTY_UNKNOWN);
}

/* Since its fork; exec does not begin it anew. */
static long long age_ms(const struct tty_process *p)
{
	struct timespec t;
	long tick = sysconf(_SC_CLK_TCK);
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000 - (long long)p->start * 1000 / (tick > 0 ? tick : 100);
}

static bool is_copy(const struct tty_process *p)
{
	struct tty_process parent;
	return p->pid != p->session && p->stack && tty_process_read(p->parent, &parent) && parent.stack == p->stack;
}

/* Whose keys are whose is told here only by their names; nothing is read from the terminal. */
static enum tty_state judge_lines(const struct tty_group *g)
{
	struct tty_process p;
	for (int i = 0; i < g->count; i++)
		if (tty_program_never(&g->member[i]) && tty_process_read(g->member[i].pid, &p))
			return TTY_UNKNOWN;
	/* It has not become the program yet that it is going to be: sudo, on a disk that has to wake up. */
	if (g->has_leader && is_copy(&g->member[0]) && age_ms(&g->member[0]) >= COPY_MS)
		return TTY_UNKNOWN;
	for (int i = 0; i < g->count; i++)
		if (age_ms(&g->member[i]) < STARTED_MS)
			return TTY_STARTING;
	return TTY_ECHO;
}

/* Line editors switch literal-next off, in one way or another, since they do it themselves. `read -s -n 8` does not. */
static bool line_editor(const struct termios *t)
{
	return !(t->c_lflag & ISIG) || !(t->c_lflag & IEXTEN) || t->c_cc[VLNEXT] == _POSIX_VDISABLE;
}

static bool all_known(const struct tty_group *g, const enum tty_kind *kind, const struct termios *t, dev_t tty)
{
	int readers = 0;

	for (int i = 0; i < g->count; i++) {
		bool leads = g->has_leader && i == 0;
		if (kind[i] == TTY_KIND_NEVER || (kind[i] == TTY_KIND_EDITS && !line_editor(t)))
			return false;
		/* A program's helpers talk to it by pipes; one that can read the terminal is asked who it is, too. */
		if (kind[i] == TTY_KIND_UNKNOWN && (leads || tty_process_has(g->member[i].pid, 0, tty)))
			return false;
		readers += kind[i] > TTY_KIND_FEEDS;
	}
	return readers > 0;
}

static enum tty_state judge_raw(struct look *l, const struct tty_group *g, const struct termios *t, dev_t tty, int nested)
{
	enum tty_kind kind[TTY_GROUP_MAX];

	for (int i = 0; i < g->count; i++) {
		kind[i] = tty_program_kind(&g->member[i], l->programs);
		/* Also of one that is not known: a prompt inside of it is a better reason. */
		if (kind[i] == TTY_KIND_TMUX)
			look_at_servers(l, TTY_SERVER_TMUX, g->member[i].pid, nested);
		else if (kind[i] == TTY_KIND_SCREEN)
			look_at_servers(l, TTY_SERVER_SCREEN, g->member[i].pid, nested);
		else if (kind[i] != TTY_KIND_FEEDS)
			look_at_masters(l, g->member[i].pid, nested + 1);
	}
	return all_known(g, kind, t, tty) ? TTY_PROGRAM : TTY_UNKNOWN;
}

/* Keys of a virtual terminal are its own unless a display server has the keyboard: then they go where only that knows. */
static bool keys_go_to(int fd, dev_t tty)
{
	int keys, screen;
	if (major(tty) != TTY_VIRTUAL)
		return true;
	return ioctl(fd, KDGKBMODE, &keys) == 0 && (keys == K_XLATE || keys == K_UNICODE) &&
	       ioctl(fd, KDGETMODE, &screen) == 0 && screen == KD_TEXT;
}

static enum tty_state look_at(struct look *l, int holder, dev_t tty, int nested)
{
	static struct tty_group groups[NESTED_MAX + 1];
	struct tty_group *g = &groups[nested];
	char path[TTY_PATH];
	struct termios t;
	struct stat s;

	tty_process_path(tty, path);
	/* Opened for this one look: a terminal that closes waits for whoever keeps it open. */
	int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return TTY_UNKNOWN;
	bool told = fstat(fd, &s) == 0 && s.st_rdev == tty && keys_go_to(fd, tty) && tcgetattr(fd, &t) == 0;
	close(fd);
	if (!told)
		return TTY_UNKNOWN;
	if ((t.c_lflag & ICANON) && !(t.c_lflag & ECHO))
		return TTY_SECRET;
	if (!tty_group_find(g, holder, tty))
		return TTY_UNKNOWN;
	return t.c_lflag & ECHO ? judge_lines(g) : judge_raw(l, g, &t, tty, nested);
}

/* Every pty that this process shows. */
static void look_at_masters(struct look *l, int holder, int nested)
{
	dev_t tty[TTYS_MAX];
	int n = nested > NESTED_MAX ? -1 : tty_process_masters(holder, tty, TTYS_MAX);

	if (n < 0)
		worse(l, TTY_UNKNOWN);
	for (int i = 0; i < n; i++) {
		int seen = 0;
		while (seen < l->ttys && l->tty[seen] != tty[i])
			seen++;
		if (seen < l->ttys)
			continue;
		if (l->ttys == TTYS_MAX) {
			worse(l, TTY_UNKNOWN);
			return;
		}
		l->tty[l->ttys++] = tty[i];
		worse(l, look_at(l, holder, tty[i], nested));
	}
}

/* gpg-agent starts its pinentry on the terminal that it was told once, beside whatever runs there. */
static void look_for_pinentry(struct look *l)
{
	if (!tty_servers_refresh(&servers)) {
		worse(l, TTY_UNKNOWN);
		return;
	}
	for (int i = 0; i < servers.count; i++) {
		for (int k = 0; servers.server[i].kind == TTY_SERVER_PINENTRY && k < l->ttys; k++)
			if (tty_process_has(servers.server[i].pid, -1, l->tty[k]))
				worse(l, TTY_SECRET);
	}
}

static void begin(struct look *l, const struct pattern_list *programs)
{
	l->programs = programs;
	l->state = TTY_ECHO;
	l->ttys = l->served[0] = l->served[1] = 0;
}

enum tty_state tty_look(int pid, const struct pattern_list *programs)
{
	struct look l;

	begin(&l, programs);
	if (pid <= 0 || !tty_process_here(pid))
		return TTY_UNKNOWN;
	look_at_masters(&l, pid, 0);
	if (!l.ttys)
		worse(&l, TTY_UNKNOWN);
	look_for_pinentry(&l);
	return l.state;
}

enum tty_state tty_look_virtual(unsigned number, const struct pattern_list *programs)
{
	struct look l;

	begin(&l, programs);
	if (!number || number > TTY_VIRTUAL_MAX)
		return TTY_UNKNOWN;
	l.tty[l.ttys++] = makedev(TTY_VIRTUAL, number);
	worse(&l, look_at(&l, 0, l.tty[0], 0));
	look_for_pinentry(&l);
	return l.state;
}
