/* SPDX-License-Identifier: Apache-2.0 */
/* Browsers' private windows, by what their name ends in: nothing else tells them (Firefox ESR 153, Chromium 156). */
#ifndef ASSENT_PRIVATE_WINDOW_H
#define ASSENT_PRIVATE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

/* The title of a Firefox window, as long as it is, UTF-8: "Page — Mozilla Firefox Private Browsing". */
bool private_window_title(const char *title, size_t n);
/* The name of the accessible frame of a Chromium window: "Page - Chromium (Incognito)"; its title does not tell. */
bool private_window_frame(const char *name, size_t n);

#endif
