/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XInput2 raw events, the focused window by the order of FocusIn/FocusOut on the same connection, whose it is
 * (XRes, /proc), the grab probe, screen size and keyboard layout. One connection, never blocks on anything but the X server.
 */
#ifndef ASSENT_X11_H
#define ASSENT_X11_H

#include "source.h"
#include "../base/study.h"

struct x11;

/* Scrolling down and to the right is positive. With pointer BUTTONS nothing has a position, and of scrolling only the
 * whole notches that the server makes buttons of are seen. Without keys no layout is told. The server's own
 * auto-repeat is not among raw events: KEY_REPEAT is what a device or a remote desktop repeated. RAW_FOCUS names the window that has
 * a WM_CLASS, of those around the focused one. */
struct x11_options {
	bool keys;                        /* select raw keys at all */
	enum pointer_detail pointer;      /* NONE: no pointer event is selected, FULL: motion too */
	bool scroll;
	bool titles;                      /* ask for window titles */
	bool text;                        /* fill raw_input.text */
	const struct pattern_list *terminals; /* further terminal emulators; may be NULL */
};

/* Connects to a local display (NULL: $DISPLAY). Selects no input. ERROR_GONE: cannot connect; ERROR_UNSUPPORTED:
 * no XI 2.2, XRes or XKB, or a display over TCP; *what says which, for people. */
int x11_open(const char *display, const struct x11_options *options, source_emit *emit, void *user,
	     struct x11 **x, const char **what);
void x11_close(struct x11 *x);
int x11_fd(const struct x11 *x);

/* Selects focus changes and input, then emits the world as it is: RAW_SCREEN, RAW_LAYOUT, RAW_DEVICE (each), RAW_FOCUS. */
int x11_select(struct x11 *x, const char **what);

/* Emits RAW_GRAB and RAW_AGREE as they are now (mono_us: before the server was asked); they take into account the focus changes that
 * are still queued. Queued events are not emitted. The window agrees if the server names it or one inside it. ERROR_GONE. */
int x11_sample(struct x11 *x);

/* Emits everything that is queued or readable, in the server's order, without waiting for more; motion with its
 * position. Times are the server's, unwrapped, as CLOCK_MONOTONIC µs. *bytes: how much was read (to skip the next
 * delay when it was a lot). ERROR_GONE when the server is gone. */
int x11_drain(struct x11 *x, size_t *bytes);

/* Events are queued inside the library although the descriptor may not be readable. */
bool x11_pending(struct x11 *x);

#endif
