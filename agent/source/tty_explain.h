/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs in the terminals of a window, in words; for `assent doctor`. It only explains: whether a terminal may be
 * recorded is tty_look's to say. It may look longer than a source could afford.
 */
#ifndef ASSENT_TTY_EXPLAIN_H
#define ASSENT_TTY_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

enum { TTY_EXPLAIN_MAX = 16, TTY_PROGRAM_NAME_MAX = 63 };

enum tty_mode {
	TTY_MODE_ECHO,           /* shows what is typed */
	TTY_MODE_PROMPT,         /* takes a line and does not show it */
	TTY_MODE_RAW,            /* the program there shows what it likes */
	TTY_MODE_CLOSED          /* cannot be looked at: another mount namespace, another user's */
};

struct tty_told {
	unsigned number;                 /* /dev/pts/NUMBER */
	enum tty_mode mode;
	int32_t pid;                     /* whom the keys go to; 0: cannot be told */
	char program[TTY_PROGRAM_NAME_MAX + 1]; /* its executable's name, or what it calls itself where that is hidden; may be empty */
	bool named;                      /* program is the executable's name */
	bool namespaced;                 /* it lives in another mount namespace: a container */
};

/* The ptys of all descendants of pid, but for pid's own. How many, at most TTY_EXPLAIN_MAX; 0: none, or /proc cannot be read. */
int tty_explain(int32_t pid, struct tty_told out[TTY_EXPLAIN_MAX]);

#endif
