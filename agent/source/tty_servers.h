/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that serve terminals from outside their tree: servers of tmux and screen, and pinentry, which gpg-agent
 * starts on whatever terminal it was told. Scans /proc, and not again until the kernel made a new process.
 */
#ifndef ASSENT_TTY_SERVERS_H
#define ASSENT_TTY_SERVERS_H

#include "tty_process.h"

enum { TTY_SERVERS_MAX = 64, TTY_SERVERS_YOUNG = 64 };

enum tty_server_kind { TTY_SERVER_TMUX, TTY_SERVER_SCREEN, TTY_SERVER_PINENTRY };

struct tty_servers {             /* all zeros to begin with */
	struct { int pid; enum tty_server_kind kind; } server[TTY_SERVERS_MAX];
	int count;
	int young[TTY_SERVERS_YOUNG]; /* made a moment ago: may still become one */
	int youngs;
	int last;                     /* the newest process id of the last scan */
	long long scanned_ms;         /* when all of /proc was read; 0: never */
};

/* Brings the list up to date. False: it cannot be, and nothing may be concluded from it. */
bool tty_servers_refresh(struct tty_servers *s);
/* Is the server that this client of tmux speaks to one of the user's own, so that the list holds it? */
bool tty_servers_own(int client);

#endif
