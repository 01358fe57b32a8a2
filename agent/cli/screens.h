/* SPDX-License-Identifier: Apache-2.0 */
/* Text on a terminal, a screen at a time. */
#ifndef ASSENT_SCREENS_H
#define ASSENT_SCREENS_H

#include <stdbool.h>

#include "prompt.h"

/* The width that text should be set in: the window's, LAYOUT_WIDTH at most. */
int screens_width(const struct prompt *p);
/* Each page begins a screen of its own; between screens, and after the last if `wait`, `more` is printed and Enter waited for. All at once if it fits into the
 * window (and a `wait` is not wanted), or if the window's size is not known. ERROR_GONE: stop (prompt.h). */
int screens_show(struct prompt *p, char *const *page, int count, const char *more, bool wait);

#endif
