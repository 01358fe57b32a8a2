/* SPDX-License-Identifier: Apache-2.0 */
/* The keymap of a Wayland seat, as the compositor tells every client (wl_keyboard.keymap): no surface, no focus, no key. */
#ifndef ASSENT_WAYLAND_KEYMAP_H
#define ASSENT_WAYLAND_KEYMAP_H

#include <stdbool.h>

struct wayland_keymap;
struct xkb_keymap;

/* Connects to $WAYLAND_DISPLAY and waits for the keymap (2 s at most). ERROR_GONE: no compositor, or it went away; ERROR_UNSUPPORTED: no seat, more than one,
 * no keyboard, or another format. To be called before the sandbox. */
int wayland_keymap_open(struct wayland_keymap **out, const char **what);
void wayland_keymap_close(struct wayland_keymap *w);
int wayland_keymap_fd(const struct wayland_keymap *w);
/* Handles what has come. *changed: there is another keymap (or none: then wayland_keymap_get is NULL). */
int wayland_keymap_process(struct wayland_keymap *w, bool *changed);
/* Borrowed, until the next call. */
struct xkb_keymap *wayland_keymap_get(const struct wayland_keymap *w);

#endif
