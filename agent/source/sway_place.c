/* SPDX-License-Identifier: Apache-2.0 */
#include "sway_place.h"

#include <string.h>

const struct sway_node *sway_place_window(const struct sway_place *p)
{
	return p->sight == SWAY_SEEN && p->top.id && p->top.view ? &p->top : NULL;
}

static enum sway_sight unless_locked(const struct sway_place *p)
{
	return p->locker() ? SWAY_LOCKER : SWAY_SEEN;
}

static unsigned put(struct sway_place *p, const struct sway_node *node, enum sway_sight sight)
{
	bool had = sway_place_window(p) != NULL;
	if (node != &p->top)
		p->top = *node;
	p->sight = sight;
	return had || sway_place_window(p) ? SWAY_MOVED : SWAY_NO_NEWS;
}

/* A window or a workspace got the focus. */
static unsigned got(struct sway_place *p, const struct sway_node *node)
{
	bool again = node->id == p->top.id, back = !node->focused;
	unsigned blinked = p->sight == SWAY_SEEN && (again || back) ? SWAY_BLINKED : 0;
	/* Of what had it before nothing is known if that is gone, or if this is the first that is heard. */
	if (back)
		return put(p, node, again || !p->top.id ? unless_locked(p) : SWAY_DOUBT) | blinked;
	if (p->sight == SWAY_SEEN)
		return put(p, node, SWAY_SEEN) | blinked;
	/* A workspace, or a container of several, gets it back without an event: it had it, and hands it on now. */
	if (p->sight == SWAY_AWAY)
		return put(p, node, p->top.view ? SWAY_DOUBT : unless_locked(p));
	return put(p, node, SWAY_DOUBT);
}

static unsigned retitled(struct sway_place *p, const struct sway_node *node)
{
	struct sway_node top = *node;
	top.focused = p->top.focused;
	return put(p, &top, p->sight);
}

static unsigned closed(struct sway_place *p)
{
	struct sway_node none = { .id = 0 };
	unsigned news = put(p, &none, p->sight);
	return p->sight == SWAY_SEEN ? news : news | SWAY_ASK;
}

unsigned sway_place_event(struct sway_place *p, enum sway_change change, const struct sway_node *node)
{
	switch (change) {
	case SWAY_FOCUS:
		/* A workspace with a window in it hands the focus on at once, and its event says so. */
		return node->view || node->focused ? got(p, node) : SWAY_NO_NEWS;
	case SWAY_TITLE:
		return node->id == p->top.id ? retitled(p, node) : SWAY_NO_NEWS;
	case SWAY_CLOSE:
		return node->id == p->top.id ? closed(p) : SWAY_NO_NEWS;
	default:
		return SWAY_NO_NEWS;
	}
}

unsigned sway_place_seat(struct sway_place *p, int64_t focus)
{
	if (focus == 0)
		return put(p, &p->top, p->sight == SWAY_DOUBT ? SWAY_DOUBT : SWAY_AWAY) | (p->top.id ? 0 : SWAY_ASK);
	if (focus != p->top.id)
		return SWAY_ASK;
	/* A window gets it back with an event, and none came. */
	if (p->sight == SWAY_AWAY)
		return put(p, &p->top, p->top.view ? SWAY_DOUBT : unless_locked(p));
	return p->sight == SWAY_LOCKER ? put(p, &p->top, unless_locked(p)) : SWAY_NO_NEWS;
}

unsigned sway_place_tree(struct sway_place *p, const struct sway_node *node)
{
	if (!node->id || !node->focused)
		return put(p, p->top.id && node->id ? &p->top : node, p->sight == SWAY_SEEN ? SWAY_AWAY : p->sight);
	if (p->sight == SWAY_SEEN)
		return put(p, node, SWAY_SEEN);
	/* The first that is heard; or what needs no event. */
	if (p->sight == SWAY_AWAY && (!p->top.id || !node->view))
		return put(p, node, unless_locked(p));
	if (p->sight == SWAY_LOCKER && node->id == p->top.id)
		return put(p, node, unless_locked(p));
	return put(p, node, SWAY_DOUBT);
}

bool sway_place_agrees(const struct sway_place *p, int64_t focus)
{
	return focus ? p->sight == SWAY_SEEN && focus == p->top.id : p->sight == SWAY_AWAY;
}
