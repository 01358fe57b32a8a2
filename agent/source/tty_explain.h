/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs in the terminals of a window, in words; for `assent doctor`. It only explains: whether a terminal may be
 * recorded is tty_look's to say. It takes longer than a source could afford.
 */
#ifndef ASSENT_TTY_EXPLAIN_H
#define ASSENT_TTY_EXPLAIN_H

#include "tty_process.h"

enum { TTY_EXPLAIN_MAX = 16 };

enum tty_mode {
	TTY_MODE_ECHO,           /* shows what is typed */
	TTY_MODE_PROMPT,         /* takes a line and does not show it */
	TTY_MODE_RAW,            /* the program there shows what it likes */
	TTY_MODE_CLOSED          /* cannot be looked at: another mount namespace, another user's */
};

struct tty_told {
	unsigned number;                 /* /dev/pts/NUMBER */
	enum tty_mode mode;
	struct tty_process process;      /* whom the keys go to; pid 0: cannot be told */
	char program[64];                /* its executable's name, or what it calls itself where that is hidden; may be empty */
	bool here;                       /* in our mount namespace: no container */
};

/* The ptys of all descendants of pid, but for pid's own. How many, at most TTY_EXPLAIN_MAX; 0: none, or /proc cannot be read. */
int tty_explain(int pid, struct tty_told out[TTY_EXPLAIN_MAX]);

#endif
