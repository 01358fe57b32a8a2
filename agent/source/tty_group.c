/* SPDX-License-Identifier: Apache-2.0 */
#include "tty_group.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "tty_program.h"

/* So many processes are looked through for one that lives on a pty; so many are above one in a shell's shell. */
enum { SEARCH_MAX = 512, CHILDREN_MAX = 512, ANCESTORS_MAX = 32, REMEMBERED = 64 };

/* Any process of a session tells which group has the foreground: one that did before, if it is still the same one. */
static struct remembered { dev_t tty; int pid; unsigned long long start; } remembered[REMEMBERED];

/* Some process that lives on this terminal; false if there is none (of a pty: below the holder). */
static bool find_resident(int holder, dev_t tty, struct tty_process *p)
{
	static int queue[SEARCH_MAX], children[CHILDREN_MAX];
	struct remembered *r = &remembered[(major(tty) + minor(tty)) % REMEMBERED];

	if (r->tty == tty && tty_process_read(r->pid, p) && p->start == r->start && p->tty == tty)
		return true;
	if (!holder) {
		bool found = tty_process_leader(tty, p);
		if (found)
			*r = (struct remembered){ .tty = tty, .pid = p->pid, .start = p->start };
		return found;
	}
	/* The nearest first: shells are children of what shows them. */
	int end = 0;
	queue[end++] = holder;
	for (int at = 0; at < end; at++) {
		int n = tty_process_children(queue[at], children, CHILDREN_MAX);
		for (int i = 0; i < n; i++) {
			if (!tty_process_read(children[i], p))
				continue;
			if (p->tty == tty) {
				*r = (struct remembered){ .tty = tty, .pid = p->pid, .start = p->start };
				return true;
			}
			if (end < SEARCH_MAX)
				queue[end++] = p->pid;
		}
	}
	return false;
}

static bool add(struct tty_group *g, const struct tty_process *p)
{
	for (int i = 0; i < g->count; i++)
		if (g->member[i].pid == p->pid)
			return true;
	if (g->count == TTY_GROUP_MAX || !tty_process_here(p->pid) || !tty_process_ours(p->pid))
		return false;
	g->member[g->count++] = *p;
	return true;
}

/* Its children in that group; false if they cannot be told, or one of them is not ours. */
static bool add_children(struct tty_group *g, int pid, int group, dev_t tty)
{
	static int children[CHILDREN_MAX];
	struct tty_process p, parent;
	int n = tty_process_children(pid, children, CHILDREN_MAX);

	if (n < 0)
		return !tty_process_read(pid, &parent);  /* it ended meanwhile */
	for (int i = 0; i < n; i++) {
		/* Gone is as good: it reads no keys. */
		if (!tty_process_read(children[i], &p) || p.group != group || p.tty != tty)
			continue;
		if (!add(g, &p) && tty_process_read(children[i], &p))
			return false;
	}
	return true;
}

/* The leader ended: its group is found among all that live on the terminal. */
static bool add_orphans(struct tty_group *g, const struct tty_process *resident)
{
	static int queue[SEARCH_MAX], children[CHILDREN_MAX];
	struct tty_process p;
	int end = 0;

	if (resident->group == resident->foreground && !add(g, resident))
		return false;
	queue[end++] = resident->session;
	if (resident->pid != resident->session)
		queue[end++] = resident->pid;
	for (int at = 0; at < end; at++) {
		int n = tty_process_children(queue[at], children, CHILDREN_MAX);
		for (int i = 0; i < n; i++) {
			if (!tty_process_read(children[i], &p) || p.tty != resident->tty)
				continue;
			if (p.group == resident->foreground && !add(g, &p))
				return false;
			if (end == SEARCH_MAX)
				return false;
			queue[end++] = p.pid;
		}
	}
	return true;
}

/* On a virtual terminal login waits below everything, and hides nothing. Root's alone: any program may call itself so. */
static bool let_in(const struct tty_process *p)
{
	return major(p->tty) == TTY_VIRTUAL && p->pid == p->session && !strcmp(p->name, "login") && tty_process_root(p->pid);
}

/* What was started by su or script is not what it seems, nor what runs inside of one that cannot be named. */
static bool ancestors_are_good(const struct tty_process *p, int holder)
{
	struct tty_process above;
	int pid = p->parent;

	for (int i = 0; i < ANCESTORS_MAX; i++) {
		/* Orphans hang below the first process, or a service manager: from there on nothing is on this terminal. */
		if (pid == holder || pid <= 1 || !tty_process_read(pid, &above) || above.tty != p->tty)
			return true;
		if (let_in(&above))
			return true;
		if (tty_program_never(&above) && tty_process_read(pid, &above))
			return false;
		pid = above.parent;
	}
	return false;
}

bool tty_group_find(struct tty_group *g, int holder, dev_t tty)
{
	struct tty_process resident, leader;

	g->count = 0;
	g->has_leader = false;
	if (!find_resident(holder, tty, &resident) || resident.foreground <= 0)
		return false;
	int group = resident.foreground;
	if (tty_process_read(group, &leader) && leader.group == group && leader.tty == tty) {
		g->has_leader = add(g, &leader);
		/* What ended meanwhile told nothing, but reads nothing either. */
		if (!g->has_leader && tty_process_read(group, &leader))
			return false;
		/* The rest of a pipeline are its siblings; a session's leader has none. */
		if (leader.pid != leader.session && !add_children(g, leader.parent, group, tty))
			return false;
	} else if (!add_orphans(g, &resident)) {
		return false;
	}
	for (int i = 0; i < g->count; i++)
		if (!add_children(g, g->member[i].pid, group, tty))
			return false;
	return !g->count || ancestors_are_good(&g->member[0], holder);
}
