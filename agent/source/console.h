/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the keys go on a text console: to the virtual terminal in the foreground (/sys/class/tty/tty0/active), if it is this session's.
 * One terminal, one focus; what runs in it is looked at as in a terminal's window (tty.h).
 */
#ifndef ASSENT_CONSOLE_H
#define ASSENT_CONSOLE_H

#include "source.h"
#include "../base/study.h"

struct console;

/* Finds the session's virtual terminal (sd-login: of this process, else the user's active one that has a VT and is of type tty).
 * ERROR_UNSUPPORTED: none, or no logind; *what says which. To be called before the sandbox. */
int console_open(source_emit *emit, void *user, struct console **out, const char **what);
void console_close(struct console *c);
/* Logind's id of the session. */
const char *console_session(const struct console *c);
/* Becomes readable, as POLLPRI | POLLERR, when another terminal comes to the foreground. */
int console_fd(const struct console *c);
/* Emits RAW_FOCUS (loose): of the terminal (its exe "console", window not 0, pid the session's leader, terminal true), or of nowhere. */
int console_select(struct console *c);
/* The same if it has changed; nowhere first if another terminal was in the foreground meanwhile, however short. ERROR_GONE, also of the two
 * others: the session has ended (nowhere was told). */
int console_process(struct console *c);
/* console_process, then RAW_AGREE and RAW_GRAB (never grabbed), with the time before it looked; both only if ours is in the foreground. */
int console_sample(struct console *c);
/* As tty_look, of what runs in this terminal. */
enum tty_state console_look(const struct console *c, const struct pattern_list *programs);

#endif
