/* SPDX-License-Identifier: Apache-2.0 */
#include "x11_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <X11/Xmd.h>
#include <X11/extensions/XResproto.h>
#include <xcb/xcbext.h>

#include "app.h"
#include "private_window.h"
#include "title.h"

static bool text_property(struct x11 *x, xcb_window_t window, xcb_atom_t name, char *out, size_t size, bool *private_window)
{
	xcb_get_property_reply_t *reply = xcb_get_property_reply(x->c,
		xcb_get_property(x->c, 0, window, name, XCB_ATOM_ANY, 0, 16384), NULL);
	bool found = reply && reply->format == 8 && xcb_get_property_value_length(reply) > 0;
	if (found) {
		size_t n = (size_t)xcb_get_property_value_length(reply);
		title_clean(xcb_get_property_value(reply), n, out, size);
		/* The whole of it, or at least a long piece: what tells stands at its end. */
		*private_window = reply->bytes_after > 0 || private_window_title(xcb_get_property_value(reply), n);
	}
	free(reply);
	return found;
}

/* Of the Firefox family: its main windows are called so, whatever the brand. */
static bool tells_private(const struct raw_app *app)
{
	return !strcmp(app->instance, "Navigator");
}

void x11_window_title(struct x11 *x, xcb_window_t window, struct raw_app *app)
{
	bool private_window = false;
	memset(app->title, 0, sizeof app->title);
	if (!text_property(x, window, x->net_wm_name, app->title, sizeof app->title, &private_window))
		text_property(x, window, XCB_ATOM_WM_NAME, app->title, sizeof app->title, &private_window);
	app->private_window = tells_private(app) && private_window;
}

/* WM_CLASS is two strings, each ended by 0: instance, class. */
static bool read_class(struct x11 *x, xcb_window_t window, struct raw_app *app, bool *gone)
{
	xcb_generic_error_t *error = NULL;
	xcb_get_property_reply_t *reply = xcb_get_property_reply(x->c,
		xcb_get_property(x->c, 0, window, XCB_ATOM_WM_CLASS, XCB_ATOM_ANY, 0, 128), &error);
	bool found = reply && reply->format == 8 && xcb_get_property_value_length(reply) > 0;
	if (found) {
		const unsigned char *v = xcb_get_property_value(reply);
		size_t n = (size_t)xcb_get_property_value_length(reply);
		size_t first = strnlen((const char *)v, n);
		title_clean(v, first, app->instance, sizeof app->instance);
		if (first < n)
			title_clean(v + first + 1, strnlen((const char *)v + first + 1, n - first - 1), app->klass, sizeof app->klass);
	}
	*gone = !reply;
	free(reply);
	free(error);
	return found;
}

/* On the wire, not by libXRes: Xlib does not survive a request on a connection that is dead already. */
static int32_t process_of(struct x11 *x, xcb_window_t window)
{
	static xcb_extension_t res = { XRES_NAME, 0 };
	xcb_protocol_request_t protocol = { .count = 1, .ext = &res, .opcode = X_XResQueryClientIds, .isvoid = 0 };
	struct { xXResQueryClientIdsReq head; xXResClientIdSpec spec; } request = {
		.head = { .numSpecs = 1 }, .spec = { .client = window, .mask = X_XResLocalClientPIDMask } };
	struct iovec parts[3] = { [2] = { .iov_base = &request, .iov_len = sizeof request } }; /* xcb wants two before */
	struct { xXResClientIdValue head; CARD32 pid; } value = { .pid = 0 };

	request.head.length = sizeof request / 4;
	unsigned sequence = xcb_send_request(x->c, XCB_REQUEST_CHECKED, parts + 2, &protocol);
	xcb_generic_error_t *error = NULL;
	xXResQueryClientIdsReply *reply = xcb_wait_for_reply(x->c, sequence, &error);
	/* Nothing where the client is remote. */
	if (reply && reply->numIds == 1 && 4 * (size_t)reply->length >= sizeof value)
		memcpy(&value, reply + 1, sizeof value);
	free(reply);
	free(error);
	return value.head.spec.mask == X_XResLocalClientPIDMask && (int32_t)value.pid > 0 ? (int32_t)value.pid : 0;
}

/* The one window with a class among those inside a frame; 0 if there is none or more than one. */
static xcb_window_t client_in(struct x11 *x, xcb_window_t frame, struct raw_app *app, int depth)
{
	xcb_window_t found = 0;
	xcb_query_tree_reply_t *tree = xcb_query_tree_reply(x->c, xcb_query_tree(x->c, frame), NULL);
	if (!tree)
		return 0;
	const xcb_window_t *child = xcb_query_tree_children(tree);
	int n = xcb_query_tree_children_length(tree);
	for (int i = 0; i < n && i < 32; i++) {
		bool gone;
		xcb_window_t one = read_class(x, child[i], app, &gone) ? child[i] :
			depth > 1 ? client_in(x, child[i], app, depth - 1) : 0;
		if (one && found) {
			found = 0;
			break;
		}
		found = one ? one : found;
	}
	free(tree);
	return found;
}

void x11_window_identify(struct x11 *x, xcb_window_t window, struct raw_app *app, xcb_window_t *titled)
{
	xcb_window_t named = window, owner = window;
	bool gone = false, found;

	/* Focus proxies and inner windows have no class; a window around them has. */
	for (int depth = 0; !(found = read_class(x, named, app, &gone)) && !gone && depth < 8; depth++) {
		xcb_query_tree_reply_t *tree = xcb_query_tree_reply(x->c, xcb_query_tree(x->c, named), NULL);
		xcb_window_t parent = tree ? tree->parent : 0;
		free(tree);
		if (!parent || parent == x->root)
			break;
		named = parent;
	}
	if (!found && !gone) {
		/* A frame, whose owner is the window manager: whose is what is inside? */
		xcb_window_t inside = client_in(x, window, app, 2);
		if (inside)
			named = owner = inside;
		else
			app->klass[0] = app->instance[0] = 0;
		found = inside != 0;
	}
	/* Moves between the inner windows of one window are no news; it is the pid that must be of the very window. */
	app->window = found ? named : window;
	app->pid = process_of(x, owner);
	if (found && (x->options.titles || tells_private(app))) {
		*titled = named;
		x11_window_title(x, named, app);
	}
	if (app->pid)
		app_identify(app, x->options.terminals);
	else
		app->foreign = true;
}
