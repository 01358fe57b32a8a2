/* SPDX-License-Identifier: Apache-2.0 */
/* Who reads the keys of a terminal: the processes of its foreground group. */
#ifndef ASSENT_TTY_GROUP_H
#define ASSENT_TTY_GROUP_H

#include "tty_process.h"

enum { TTY_GROUP_MAX = 64 };

struct tty_group {
	struct tty_process member[TTY_GROUP_MAX];
	int count;
	bool has_leader;                 /* it is member[0]; else it ended before the others (cat FILE | less) */
};

/* The foreground group of tty, whose other side process holder has (0: it is a virtual terminal, and the kernel has that).
 * It is empty between a program's end and the shell's prompt. False if it cannot be told, has a member of another mount
 * namespace, root or user, or was started by a program that hides what it runs (su, script). */
bool tty_group_find(struct tty_group *g, int holder, dev_t tty);

#endif
