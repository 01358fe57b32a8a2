/* SPDX-License-Identifier: Apache-2.0 */
/* Are the terminals of a terminal emulator's window safe to record? Opens each pty for one look and closes it. */
#ifndef ASSENT_TTY_H
#define ASSENT_TTY_H

#include "source.h"
#include "../base/study.h"

/*
 * Looks at every pty that process pid shows (whose other side it holds), and at those that are shown inside of one by a
 * known program: an editor's terminal, tmux, screen. Several of them (tabs, windows, panes): the worst counts.
 *
 *   TTY_SECRET   reads lines without echo; or gpg-agent's pinentry has it open
 *   TTY_ECHO     echoes, and what has the foreground is not on the list of those that hide a program or ask for secrets
 *   TTY_STARTING the same, but some of that was started less than 2 s ago
 *   TTY_PROGRAM  raw, and everything that reads keys in its foreground group is known to show what is typed
 *   TTY_UNKNOWN  anything else: no pty, another mount namespace or root, another user's program, not told, too many
 *
 * programs: further raw-mode programs, may be NULL. Keeps nothing open and trusts nothing that it remembers without
 * asking the kernel again.
 */
enum tty_state tty_look(int pid, const struct pattern_list *programs);

enum { TTY_VIRTUAL_MAX = 63 };

/* The same for a virtual terminal (/dev/ttyNUMBER), which no window shows, and for what is shown inside of it. TTY_UNKNOWN
 * also before anybody has logged in, for a login's own prompt, and while a display server has its keys (startx). */
enum tty_state tty_look_virtual(unsigned number, const struct pattern_list *programs);

#endif
