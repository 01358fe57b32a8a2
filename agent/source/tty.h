/* SPDX-License-Identifier: Apache-2.0 */
/* Are the terminals of a terminal emulator's window safe to record? Opens each pty for one look and closes it. */
#ifndef ASSENT_TTY_H
#define ASSENT_TTY_H

#include "source.h"
#include "../base/study.h"

/* Looks at the ttys of all descendants of pid that are not pid's own controlling tty. programs: further raw-mode
 * programs, may be NULL. Several ttys (tabs, windows): the worst counts. No tty at all, another mount namespace, an error: TTY_UNKNOWN. */
enum tty_state tty_look(int pid, const struct pattern_list *programs);

#endif
