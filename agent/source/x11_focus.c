/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The focus by the order of FocusIn and FocusOut, which stand in one stream with the keys. Watched are the windows
 * down to X11_DEPTH; for those below, the server tells their ancestors (NotifyVirtual). A window so new that it got
 * the focus before it could be watched is noticed by the FocusOut of another: then the server is asked (x11.c), and
 * until it answers nobody has the focus.
 */
#include "x11_private.h"

#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"

static void watch(struct x11 *x, xcb_window_t window, int depth)
{
	uint32_t mask = XCB_EVENT_MASK_FOCUS_CHANGE;
	if (depth < 2)                   /* frames: clients are reparented into them, and made in them */
		mask |= XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY;
	if (window == x->root)
		mask |= XCB_EVENT_MASK_STRUCTURE_NOTIFY;
	if (window == x->titled)
		mask |= XCB_EVENT_MASK_PROPERTY_CHANGE;
	xcb_change_window_attributes(x->c, window, XCB_CW_EVENT_MASK, &mask);
}

/* How deep a window stands below the root, or -1. */
static int depth_of(struct x11 *x, xcb_window_t window)
{
	for (int depth = 0; depth < 32; depth++) {
		if (window == x->root)
			return depth;
		xcb_query_tree_reply_t *tree = xcb_query_tree_reply(x->c, xcb_query_tree(x->c, window), NULL);
		if (!tree)
			return -1;
		window = tree->parent;
		free(tree);
		if (!window)
			return -1;
	}
	return -1;
}

void x11_focus_adopt(struct x11 *x, xcb_window_t window, int depth)
{
	if (window == x->probe)
		return;
	watch(x, window, depth);
	if (depth >= X11_DEPTH)
		return;
	xcb_query_tree_reply_t *tree = xcb_query_tree_reply(x->c, xcb_query_tree(x->c, window), NULL);
	if (!tree)
		return;
	const xcb_window_t *child = xcb_query_tree_children(tree);
	for (int i = 0; i < xcb_query_tree_children_length(tree); i++)
		x11_focus_adopt(x, child[i], depth + 1);
	free(tree);
}

void x11_focus_track(struct x11 *x, struct x11_tracked *t, const xcb_generic_event_t *event)
{
	const xcb_focus_in_event_t *e = (const void *)event;
	bool in = (event->response_type & 0x7f) == XCB_FOCUS_IN;
	bool root = e->event == x->root;
	bool virtual = e->detail == XCB_NOTIFY_DETAIL_VIRTUAL || e->detail == XCB_NOTIFY_DETAIL_NONLINEAR_VIRTUAL;

	/* A grab borrows the keyboard, the focus stays. NotifyPointer goes to whatever is under the pointer. */
	if (e->mode == XCB_NOTIFY_MODE_GRAB || e->mode == XCB_NOTIFY_MODE_UNGRAB || e->detail == XCB_NOTIFY_DETAIL_POINTER)
		return;
	if (in) {
		t->window = root ? 0 : e->event;
		t->lost = root && virtual;
	} else if (!virtual || e->event == t->window) {
		t->window = 0;
		t->lost = true;
	}
}

/*
 * The server tells the focused window of every grab, also of one that no probe is fast enough to see; but not of a grab on
 * that very window. So the end of a grab that the probe saw is for the probe to tell.
 */
bool x11_focus_grab(struct x11 *x, const xcb_generic_event_t *event)
{
	const xcb_focus_in_event_t *e = (const void *)event;
	bool begins = e->mode == XCB_NOTIFY_MODE_GRAB, ends = e->mode == XCB_NOTIFY_MODE_UNGRAB;

	/* The event has no time of its own: it came after the last input, and no later than now. A grab that begins says that
	 * until then there was none. */
	struct raw_event raw = { .kind = RAW_GRAB, .mono_us = x->input_us };
	if (!x->probe_grabbed && (ends || (begins && !x->stream_grabbed)))
		x->emit(x->user, &raw);
	raw.mono_us = clock_mono_us();
	raw.as.grab.grabbed = raw.as.grab.in_order = true;
	if (begins && !x->stream_grabbed)
		x->emit(x->user, &raw);
	if (begins || ends)
		x->stream_grabbed = begins;
	return begins || ends;
}

static bool same_app(const struct raw_app *a, const struct raw_app *b)
{
	return a->window == b->window && a->pid == b->pid && a->terminal == b->terminal && a->foreign == b->foreign && a->private_window == b->private_window &&
	       !strcmp(a->exe, b->exe) && !strcmp(a->sandbox, b->sandbox) && !strcmp(a->klass, b->klass) &&
	       !strcmp(a->instance, b->instance) && !strcmp(a->title, b->title);
}

void x11_focus_settle(struct x11 *x)
{
	if (!x->focus_changed)
		return;
	x->focus_changed = false;
	struct raw_event raw = { .kind = RAW_FOCUS, .as.app = &x->app };
	struct raw_app app = { 0 };
	xcb_window_t before = x->titled;
	x->titled = 0;
	if (x->focus.window)
		x11_window_identify(x, x->focus.window, &app, &x->titled);
	if (before && before != x->titled)
		watch(x, before, 1);
	if (x->titled && x->titled != before) {
		watch(x, x->titled, 1);
		/* It may have changed between the question and the watch. */
		x11_window_title(x, x->titled, &app);
	}
	/* Asked even if the window is the same: ids are used again. Told only if it is another. */
	if (same_app(&app, &x->app))
		return;
	x->app = app;
	raw.mono_us = clock_mono_us();
	x->emit(x->user, &raw);
}

void x11_focus_retitle(struct x11 *x, xcb_window_t window)
{
	if (!window || window != x->titled || x->focus_changed)
		return;
	struct raw_app app = x->app;
	x11_window_title(x, window, &app);
	if (!strcmp(app.title, x->app.title) && app.private_window == x->app.private_window)
		return;
	x->app = app;
	struct raw_event raw = { .kind = RAW_FOCUS, .mono_us = clock_mono_us(), .as.app = &x->app };
	x->emit(x->user, &raw);
}

bool x11_focus_agrees(struct x11 *x, const struct x11_tracked *t, xcb_window_t actual)
{
	/* None is 0, PointerRoot is 1. */
	if (actual <= 1 || actual == x->root)
		return !t->window && !t->lost;
	if (t->lost || !t->window)
		return false;
	/* The server never names a window above the one that had FocusIn; one below is not watched itself. */
	for (int depth = 0; actual && depth < 16; depth++) {
		if (actual == t->window)
			return true;
		xcb_query_tree_reply_t *tree = xcb_query_tree_reply(x->c, xcb_query_tree(x->c, actual), NULL);
		if (!tree)
			return false;
		actual = tree->parent == x->root ? 0 : tree->parent;
		free(tree);
	}
	return false;
}

void x11_focus_found(struct x11 *x, xcb_window_t actual)
{
	x->focus.lost = false;
	x->focus.window = actual <= 1 || actual == x->root ? 0 : actual;
	x->ahead = x->focus;
	x->focus_changed = true;
	if (x->focus.window)
		watch(x, x->focus.window, depth_of(x, x->focus.window));
	x11_focus_settle(x);
}

int x11_focus_select(struct x11 *x)
{
	x11_focus_adopt(x, x->root, 0);
	xcb_get_input_focus_cookie_t asked = xcb_get_input_focus(x->c);
	xcb_get_input_focus_reply_t *reply = xcb_get_input_focus_reply(x->c, asked, NULL);
	if (!reply)
		return ERROR_GONE;
	x->focus_since = asked.sequence;
	/* An impossible window: the first is told whatever it is. */
	x->app.window = UINT64_MAX;
	x11_focus_found(x, reply->focus);
	free(reply);
	return 0;
}
