/* SPDX-License-Identifier: Apache-2.0 */
/* What sway does not tell, and /proc does: who can have taken the keys without a word. */
#ifndef ASSENT_SWAY_PROCESS_H
#define ASSENT_SWAY_PROCESS_H

#include <stdbool.h>

enum { SWAY_NO_DISPLAY = -1, SWAY_ANY_DISPLAY = -2 };

/* The number of the X display on which this process listens for Xwayland; SWAY_NO_DISPLAY: none; SWAY_ANY_DISPLAY: not told. */
int sway_process_display(int sway);
/*
 * An X11 program is connected to that display. Its windows may be such as the compositor does not manage (menus, dmenu): while they have
 * the keys, sway says that the window below has them. Also true where that cannot be told.
 */
bool sway_process_x11(int sway, int display);
/* A screen locker runs, by its name. Also true where that cannot be told. */
bool sway_process_locker(void);

#endif
