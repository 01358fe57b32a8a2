/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of program reads a terminal's keys? */
#ifndef ASSENT_TTY_PROGRAM_H
#define ASSENT_TTY_PROGRAM_H

#include "../base/study.h"
#include "tty_process.h"

enum tty_kind {
	TTY_KIND_NEVER,          /* asks for secrets, or hides a program that cannot be seen; no configuration changes that */
	TTY_KIND_UNKNOWN,
	TTY_KIND_FEEDS,          /* cat, sort, ...: reads no keys where another program of its group does */
	TTY_KIND_EDITS,          /* reads its keys raw but shows what is typed, if its line editor is at work: shells, interpreters */
	TTY_KIND_SHOWS,          /* reads its keys raw but shows what is typed: editors, pagers */
	TTY_KIND_TMUX, TTY_KIND_SCREEN
};

/* By the executable: a name can be claimed, so it counts only against the program. An interpreter counts only without a
 * script or command, since those can ask for passwords in raw mode, and is told by what it has been started as where one
 * file has many names (busybox). more: further programs, may be NULL; an interpreter among them is held to the same. */
enum tty_kind tty_program_kind(const struct tty_process *p, const struct pattern_list *more);
/* Only the part that is never allowed: for programs that read whole lines, too. True if the executable is not told. */
bool tty_program_never(const struct tty_process *p);

#endif
