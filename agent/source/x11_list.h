/* SPDX-License-Identifier: Apache-2.0 */
/* The windows that keys could go to, looked at once; for `assent doctor`. Selects nothing, changes nothing. */
#ifndef ASSENT_X11_LIST_H
#define ASSENT_X11_LIST_H

#include "x11.h"

enum { X11_LIST_MAX = 128 };

struct x11_seen {
	struct raw_app app;              /* as RAW_FOCUS would tell it; title only if x11_options.titles */
	bool focused;                    /* keys go there now */
	bool visible;                    /* else minimized, or on another desktop */
	bool wants_keys;                 /* false: by its own hints it never takes any (a panel, a dock) */
	bool elsewhere;                  /* its machine is not this one, as it says itself */
};

struct x11_list {
	int count;
	struct x11_seen seen[X11_LIST_MAX];
	bool more;                       /* there are more windows than that */
	bool managed;                    /* a window manager tells which windows there are */
	bool focus;                      /* some window has the focus; false: nowhere (PointerRoot, None) */
	bool grabbed;                    /* another program has grabbed the keyboard now */
};

/* A connection from x11_open, on which x11_select was not called. ERROR_GONE, ERROR_MEMORY; free the list with free(). */
int x11_list(struct x11 *x, struct x11_list **out);

#endif
