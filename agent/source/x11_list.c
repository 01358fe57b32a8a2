/* SPDX-License-Identifier: Apache-2.0 */
#include "x11_list.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "x11_private.h"

enum { DEPTH_MAX = 4, CHILDREN_MAX = 512, SMALLEST = 2 };

struct looking {
	struct x11 *x;
	struct x11_list *list;
	xcb_atom_t client_list, supporting, type, state, protocols, take_focus;
	xcb_atom_t passing[5];           /* types of windows that come and go over others, and take no keys of their own */
	int32_t manager;                 /* pid of the window manager; 0: there is none, or it does not say */
	xcb_window_t from[X11_LIST_MAX]; /* the window by which each was found */
};

static xcb_atom_t atom(struct x11 *x, const char *name)
{
	xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(x->c, xcb_intern_atom(x->c, 0, (uint16_t)strlen(name), name), NULL);
	xcb_atom_t a = reply ? reply->atom : XCB_ATOM_NONE;
	free(reply);
	return a;
}

/* A property of 32-bit words: how many, at most max. -1: the window is gone, or has none. */
static int words(struct x11 *x, xcb_window_t window, xcb_atom_t name, uint32_t *out, int max)
{
	xcb_get_property_reply_t *reply = xcb_get_property_reply(x->c,
		xcb_get_property(x->c, 0, window, name, XCB_ATOM_ANY, 0, (uint32_t)max), NULL);
	int n = -1;
	if (reply && reply->type != XCB_ATOM_NONE && reply->format == 32) {
		n = xcb_get_property_value_length(reply) / 4;
		memcpy(out, xcb_get_property_value(reply), 4 * (size_t)n);
	}
	free(reply);
	return n;
}

static bool has_word(struct x11 *x, xcb_window_t window, xcb_atom_t name, xcb_atom_t wanted)
{
	uint32_t list[32];
	int n = words(x, window, name, list, 32);
	for (int i = 0; i < n; i++) {
		if (list[i] == wanted)
			return true;
	}
	return false;
}

/* ICCCM: with the input hint off and without WM_TAKE_FOCUS a window never has the focus. */
static bool wants_keys(const struct looking *l, xcb_window_t window)
{
	uint32_t hints[9];
	enum { FLAG_INPUT = 1 };
	int n = words(l->x, window, XCB_ATOM_WM_HINTS, hints, 9);
	return n < 2 || !(hints[0] & FLAG_INPUT) || hints[1] || has_word(l->x, window, l->protocols, l->take_focus);
}

static bool elsewhere(struct x11 *x, xcb_window_t window)
{
	char ours[256] = "";
	xcb_get_property_reply_t *reply = xcb_get_property_reply(x->c,
		xcb_get_property(x->c, 0, window, XCB_ATOM_WM_CLIENT_MACHINE, XCB_ATOM_ANY, 0, 64), NULL);
	bool other = false;
	if (reply && reply->format == 8 && gethostname(ours, sizeof ours - 1) == 0) {
		const char *theirs = xcb_get_property_value(reply);
		size_t n = (size_t)xcb_get_property_value_length(reply);
		n = strnlen(theirs, n);
		/* Some say the full name, some the first part of it. */
		size_t a = strcspn(ours, "."), b = 0;
		while (b < n && theirs[b] != '.')
			b++;
		other = n > 0 && (a != b || strncasecmp(ours, theirs, a) != 0);
	}
	free(reply);
	return other;
}

static bool visible(struct x11 *x, xcb_window_t window)
{
	xcb_get_window_attributes_reply_t *a = xcb_get_window_attributes_reply(x->c, xcb_get_window_attributes(x->c, window), NULL);
	bool is = a && a->map_state == XCB_MAP_STATE_VIEWABLE;
	free(a);
	return is;
}

static struct x11_seen *add(struct looking *l, xcb_window_t window)
{
	if (l->list->count == X11_LIST_MAX) {
		l->list->more = true;
		return NULL;
	}
	struct x11_seen *s = &l->list->seen[l->list->count];
	xcb_window_t titled = 0;
	memset(s, 0, sizeof *s);
	x11_window_identify(l->x, window, &s->app, &titled);
	if (l->x->options.titles && !s->app.title[0])
		x11_window_title(l->x, window, &s->app);
	for (int i = 0; i < l->list->count; i++) {
		if (l->list->seen[i].app.window == s->app.window)
			return &l->list->seen[i];
	}
	s->visible = visible(l->x, window);
	s->wants_keys = wants_keys(l, window);
	s->elsewhere = elsewhere(l->x, window);
	l->from[l->list->count++] = window;
	return s;
}

static bool is_passing(const struct looking *l, xcb_window_t window)
{
	for (size_t i = 0; i < sizeof l->passing / sizeof *l->passing; i++) {
		if (has_word(l->x, window, l->type, l->passing[i]))
			return true;
	}
	return false;
}

static bool is_known(const struct looking *l, int32_t pid)
{
	for (int i = 0; i < l->list->count; i++) {
		if (pid && l->list->seen[i].app.pid == pid)
			return true;
	}
	return false;
}

/* A window that no window manager sees: a locker, a launcher, some prompts. Menus, tips and the like of a program that is on
 * the list take their keys in its name. */
static void add_override(struct looking *l, xcb_window_t window, const xcb_get_geometry_reply_t *g)
{
	struct raw_app app = { 0 };
	xcb_window_t titled = 0;

	if (window == l->x->probe || g->width < SMALLEST || g->height < SMALLEST || g->x >= l->x->width || g->y >= l->x->height ||
	    g->x + g->width <= 0 || g->y + g->height <= 0 || is_passing(l, window))
		return;
	x11_window_identify(l->x, window, &app, &titled);
	if (!is_known(l, app.pid) && !(app.pid && app.pid == l->manager))
		add(l, window);
}

/* The client window in a frame: the first below it that the window manager gave a state. 0: none. */
static xcb_window_t client_below(struct looking *l, xcb_window_t window, int depth)
{
	uint32_t state[2];
	if (words(l->x, window, l->state, state, 2) > 0)
		return window;
	if (depth == DEPTH_MAX)
		return 0;
	xcb_query_tree_reply_t *tree = xcb_query_tree_reply(l->x->c, xcb_query_tree(l->x->c, window), NULL);
	xcb_window_t found = 0;
	for (int i = 0; tree && !found && i < xcb_query_tree_children_length(tree) && i < CHILDREN_MAX; i++)
		found = client_below(l, xcb_query_tree_children(tree)[i], depth + 1);
	free(tree);
	return found;
}

/* What is on the screen itself. overrides: only those past the window manager; else only the others. */
static void add_children(struct looking *l, bool overrides)
{
	xcb_query_tree_reply_t *tree = xcb_query_tree_reply(l->x->c, xcb_query_tree(l->x->c, l->x->root), NULL);
	for (int i = 0; tree && i < xcb_query_tree_children_length(tree); i++) {
		xcb_window_t window = xcb_query_tree_children(tree)[i];
		xcb_get_window_attributes_cookie_t ask_a = xcb_get_window_attributes(l->x->c, window);
		xcb_get_geometry_cookie_t ask_g = xcb_get_geometry(l->x->c, window);
		xcb_get_window_attributes_reply_t *a = xcb_get_window_attributes_reply(l->x->c, ask_a, NULL);
		xcb_get_geometry_reply_t *g = xcb_get_geometry_reply(l->x->c, ask_g, NULL);
		if (a && g && a->map_state == XCB_MAP_STATE_VIEWABLE && (bool)a->override_redirect == overrides) {
			if (overrides) {
				add_override(l, window, g);
			} else {
				xcb_window_t client = client_below(l, window, 0);
				/* Without a window manager nobody gives states: it is the client's own window. */
				if (client || !l->manager)
					add(l, client ? client : window);
			}
		}
		free(a);
		free(g);
	}
	free(tree);
}

static void add_managed(struct looking *l)
{
	uint32_t window[X11_LIST_MAX * 2], check;
	struct raw_app app = { 0 };
	xcb_window_t titled = 0;

	/* The list of a window manager that died stays behind: the window that stands for it does not. */
	if (words(l->x, l->x->root, l->supporting, &check, 1) == 1 && words(l->x, check, l->supporting, &check, 1) == 1) {
		x11_window_identify(l->x, check, &app, &titled);
		l->manager = app.pid;
		int n = words(l->x, l->x->root, l->client_list, window, X11_LIST_MAX * 2);
		l->list->managed = n >= 0;
		for (int i = 0; i < n; i++)
			add(l, window[i]);
	}
	if (!l->list->managed)
		add_children(l, false);
}

static void mark_focus(struct looking *l, xcb_window_t focus)
{
	struct raw_app app = { 0 };
	xcb_window_t titled = 0;

	l->list->focus = focus > 1 && focus != l->x->root;
	if (!l->list->focus)
		return;
	x11_window_identify(l->x, focus, &app, &titled);
	struct x11_seen *focused = NULL;
	for (int i = 0; i < l->list->count && !focused; i++)
		focused = l->list->seen[i].app.window == app.window ? &l->list->seen[i] : NULL;
	/* Inside one of the windows, or around it. */
	for (int depth = 0; !focused && focus && focus != l->x->root && depth < 8; depth++) {
		for (int i = 0; i < l->list->count && !focused; i++)
			focused = l->from[i] == focus ? &l->list->seen[i] : NULL;
		xcb_query_tree_reply_t *tree = xcb_query_tree_reply(l->x->c, xcb_query_tree(l->x->c, focus), NULL);
		focus = tree ? tree->parent : 0;
		free(tree);
	}
	if (!focused)
		focused = add(l, (xcb_window_t)app.window);
	if (focused)
		focused->focused = focused->wants_keys = true;
}

static int look_at_keyboard(struct x11 *x, xcb_window_t *focus, bool *grabbed)
{
	/* Refused on an unmapped window in any case: why says whether another client has a grab. */
	xcb_grab_keyboard_cookie_t ask_grab = xcb_grab_keyboard(x->c, 0, x->probe, XCB_CURRENT_TIME, XCB_GRAB_MODE_ASYNC,
								XCB_GRAB_MODE_ASYNC);
	xcb_get_input_focus_cookie_t ask_focus = xcb_get_input_focus(x->c);
	xcb_get_input_focus_reply_t *f = xcb_get_input_focus_reply(x->c, ask_focus, NULL);
	xcb_grab_keyboard_reply_t *g = xcb_grab_keyboard_reply(x->c, ask_grab, NULL);
	int e = f && g ? 0 : ERROR_GONE;
	if (e == 0) {
		*focus = f->focus;
		*grabbed = g->status != XCB_GRAB_STATUS_NOT_VIEWABLE && g->status != XCB_GRAB_STATUS_SUCCESS;
		if (g->status == XCB_GRAB_STATUS_SUCCESS)
			xcb_ungrab_keyboard(x->c, XCB_CURRENT_TIME);
		xcb_flush(x->c);
	}
	free(f);
	free(g);
	return e;
}

int x11_list(struct x11 *x, struct x11_list **out)
{
	static const char *const passing[] = { "_NET_WM_WINDOW_TYPE_TOOLTIP", "_NET_WM_WINDOW_TYPE_NOTIFICATION",
		"_NET_WM_WINDOW_TYPE_DND", "_NET_WM_WINDOW_TYPE_DOCK", "_NET_WM_WINDOW_TYPE_DESKTOP" };
	xcb_window_t focus = 0;
	struct looking l = { .x = x, .list = calloc(1, sizeof *l.list) };

	*out = NULL;
	if (!l.list)
		return ERROR_MEMORY;
	l.client_list = atom(x, "_NET_CLIENT_LIST");
	l.supporting = atom(x, "_NET_SUPPORTING_WM_CHECK");
	l.type = atom(x, "_NET_WM_WINDOW_TYPE");
	l.state = atom(x, "WM_STATE");
	l.protocols = atom(x, "WM_PROTOCOLS");
	l.take_focus = atom(x, "WM_TAKE_FOCUS");
	for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
		l.passing[i] = atom(x, passing[i]);
	add_managed(&l);
	add_children(&l, true);
	int e = look_at_keyboard(x, &focus, &l.list->grabbed);
	if (e == 0)
		mark_focus(&l, focus);
	if (e == 0 && xcb_connection_has_error(x->c))
		e = ERROR_GONE;
	if (e < 0)
		free(l.list);
	else
		*out = l.list;
	return e;
}
