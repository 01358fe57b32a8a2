/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the keys go, out of what sway tells. It tells of windows; of layers, screen lockers and X11's own windows (menus, launchers) only that
 * no window has the focus, if at all (sway 1.7 to 1.12, its source):
 *
 *   - A layer or a locker that takes the keys: no event, but the seat's focus is 0 from then on.
 *   - It goes: "window focus" of the window that had it, with focused false, since no window had it until then. If a workspace had it: no event.
 *   - Under ext-session-lock (sway 1.8 and later) a window that opens, or is activated, is told as if it had the focus, though
 *     the locker keeps the keys. It is not the window that had it, or that event came before: it is not believed until it gets
 *     it back a second time.
 *   - An X11 window that the compositor does not manage: nothing at all while it is there (sway_process.h), and the event when it goes.
 */
#ifndef ASSENT_SWAY_PLACE_H
#define ASSENT_SWAY_PLACE_H

#include "sway_json.h"

enum sway_sight {
	SWAY_AWAY,               /* something that sway does not tell of has the keys, or nothing is known as yet */
	SWAY_SEEN,               /* top has them */
	SWAY_LOCKER,             /* top got them back, but a screen locker still runs */
	SWAY_DOUBT               /* top is told to have them, but came there in a way that a locker may be behind */
};

/* Zeroed, but for locker. */
struct sway_place {
	bool (*locker)(void);    /* does a known screen locker run? It ends a moment after it has given the focus back */
	struct sway_node top;    /* what has the focus, or will get it back, as far as was told; id 0: not known */
	enum sway_sight sight;
};

enum sway_news {
	SWAY_NO_NEWS = 0,
	SWAY_MOVED = 1,          /* it is elsewhere now (sway_place_window) */
	SWAY_BLINKED = 2,        /* and it was nowhere in between */
	SWAY_ASK = 4             /* only the tree knows where */
};

/* The window that has the keys; NULL: none, or nobody knows. */
const struct sway_node *sway_place_window(const struct sway_place *p);

/* Each: a set of enum sway_news. */
unsigned sway_place_event(struct sway_place *p, enum sway_change change, const struct sway_node *node);
/* The seat's focus, as it was answered. */
unsigned sway_place_seat(struct sway_place *p, int64_t focus);
/* The tree, as it was answered. */
unsigned sway_place_tree(struct sway_place *p, const struct sway_node *node);
/* The seat's focus is what has been told. */
bool sway_place_agrees(const struct sway_place *p, int64_t focus);

#endif
