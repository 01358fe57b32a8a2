/* SPDX-License-Identifier: Apache-2.0 */
/* Is a program one that reads its keys raw but shows what is typed? */
#ifndef ASSENT_TTY_PROGRAM_H
#define ASSENT_TTY_PROGRAM_H

#include <stdbool.h>

#include "../base/study.h"

/* By the executable of the process: a name can be claimed. An interpreter counts only without a script, since scripts
 * can ask for passwords in raw mode. more: further programs, may be NULL. */
bool tty_program_known(int pid, const struct pattern_list *more);

#endif
