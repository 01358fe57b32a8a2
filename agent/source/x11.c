/* SPDX-License-Identifier: Apache-2.0 */
#include "x11_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <X11/XKBlib.h>
#include <X11/Xlib-xcb.h>
#include <X11/extensions/XInput2.h>
#include <X11/extensions/XRes.h>

#include "../base/clock.h"

enum { DRAIN_ROUNDS = 8 };

/* Errors are expected: windows vanish between an event and the question about them. */
static int ignore_error(Display *display, XErrorEvent *error)
{
	(void)display;
	(void)error;
	return 0;
}

/* Xlib's own ends the program. The connection's state is looked at instead. */
static int ignore_io_error(Display *display)
{
	(void)display;
	return 0;
}

static void ignore_io_exit(Display *display, void *user)
{
	(void)display;
	(void)user;
}

/* ":0", ":0.0", "unix:0" and paths are local; "host:0" and "localhost:10" are TCP. */
static bool is_local_name(const char *name)
{
	if (!name)
		name = getenv("DISPLAY");
	return !name || name[0] == ':' || name[0] == '/' || !strncmp(name, "unix:", 5);
}

static bool is_local_socket(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof address;
	return getpeername(fd, (struct sockaddr *)&address, &length) == 0 && address.ss_family == AF_UNIX;
}

static int extensions(struct x11 *x, const char **what)
{
	int event, error, major = 2, minor = 2;

	*what = "the X server has no XInput 2.2";
	if (!XQueryExtension(x->display, "XInputExtension", &x->xi_opcode, &event, &error) ||
	    XIQueryVersion(x->display, &major, &minor) != Success || major < 2 || (major == 2 && minor < 2))
		return ERROR_UNSUPPORTED;
	*what = "the X server has no XResource 1.2";
	if (!XResQueryExtension(x->display, &event, &error) || !XResQueryVersion(x->display, &major, &minor) ||
	    major < 1 || (major == 1 && minor < 2))
		return ERROR_UNSUPPORTED;
	*what = "the X server has no XKB";
	major = XkbMajorVersion;
	minor = XkbMinorVersion;
	if (!XkbQueryExtension(x->display, NULL, &x->xkb_event, NULL, &major, &minor))
		return ERROR_UNSUPPORTED;
	*what = NULL;
	return 0;
}

static xcb_atom_t atom(struct x11 *x, const char *name)
{
	return (xcb_atom_t)XInternAtom(x->display, name, False);
}

int x11_open(const char *display, const struct x11_options *options, source_emit *emit, void *user,
	     struct x11 **out, const char **what)
{
	int e = ERROR_UNSUPPORTED;
	struct x11 *x = NULL;

	*what = "the display is not on this machine";
	if (!is_local_name(display))
		goto out;
	e = ERROR_MEMORY;
	*what = "out of memory";
	x = calloc(1, sizeof *x);
	if (!x)
		goto out;
	x->batch = calloc(X11_BATCH, sizeof *x->batch);
	if (!x->batch)
		goto out;
	x->options = *options;
	x->emit = emit;
	x->user = user;
	XSetErrorHandler(ignore_error);
	XSetIOErrorHandler(ignore_io_error);
	e = ERROR_GONE;
	*what = "cannot connect to the X server";
	x->display = XOpenDisplay(display);
	if (!x->display)
		goto out;
	XSetIOErrorExitHandler(x->display, ignore_io_exit, NULL);
	x->c = XGetXCBConnection(x->display);
	e = ERROR_UNSUPPORTED;
	*what = "the display is not on this machine";
	if (!is_local_socket(ConnectionNumber(x->display)))
		goto out;
	e = extensions(x, what);
	if (e < 0)
		goto out;
	/* From here on no event passes through Xlib. */
	XSetEventQueueOwner(x->display, XCBOwnsEventQueue);
	x->root = (xcb_window_t)DefaultRootWindow(x->display);
	x->width = DisplayWidth(x->display, DefaultScreen(x->display));
	x->height = DisplayHeight(x->display, DefaultScreen(x->display));
	x->net_wm_name = atom(x, "_NET_WM_NAME");
	x->xtest = atom(x, "XTEST Device");
	x->tapping = atom(x, "libinput Tapping Enabled");
	x->synaptics = atom(x, "Synaptics Off");
	/* Never mapped: a grab on it is refused, and why says whether another client has one. */
	x->probe = xcb_generate_id(x->c);
	uint32_t override = 1;
	xcb_create_window(x->c, 0, x->probe, x->root, -1, -1, 1, 1, 0, XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT,
			  XCB_CW_OVERRIDE_REDIRECT, &override);
	XSync(x->display, False);
	*what = "cannot connect to the X server";
	e = xcb_connection_has_error(x->c) ? ERROR_GONE : 0;
out:
	if (e < 0) {
		x11_close(x);
		x = NULL;
	}
	*out = x;
	return e;
}

static void forget(struct x11 *x)
{
	xcb_generic_event_t *event;

	for (int i = 0; i < x->items; i++)
		free(x->batch[i].other);
	explicit_bzero(x->batch, X11_BATCH * sizeof *x->batch);
	x->items = 0;
	free(x->held);
	x->held = NULL;
	while (x->display && (event = xcb_poll_for_queued_event(x->c)))
		free(event);
}

bool x11_alive(struct x11 *x)
{
	xcb_get_input_focus_reply_t *reply = xcb_get_input_focus_reply(x->c, xcb_get_input_focus(x->c), NULL);
	bool alive = reply != NULL;
	free(reply);
	return alive;
}

void x11_close(struct x11 *x)
{
	if (!x)
		return;
	if (x->batch)
		forget(x);
	x11_layout_release(x);
	if (x->display && x11_alive(x))
		XCloseDisplay(x->display);
	else if (x->display)
		close(ConnectionNumber(x->display));  /* the rest is Xlib's, and lost */
	free(x->batch);
	explicit_bzero(x, sizeof *x);
	free(x);
}

int x11_fd(const struct x11 *x)
{
	return ConnectionNumber(x->display);
}

int x11_select(struct x11 *x, const char **what)
{
	struct raw_event raw = { .kind = RAW_SCREEN, .mono_us = clock_mono_us() };
	int e;

	raw.as.screen.width = x->width;
	raw.as.screen.height = x->height;
	x->emit(x->user, &raw);
	*what = "cannot read the keyboard layout";
	e = x11_layout_select(x);
	if (e < 0)
		goto out;
	*what = "cannot read the list of input devices";
	e = x11_device_refresh(x);
	if (e < 0)
		goto out;
	*what = "cannot follow the focus";
	e = x11_focus_select(x);
	if (e < 0)
		goto out;
	*what = "cannot read the pointer's position";
	e = x->options.pointer == POINTER_FULL ? x11_pointer_now(x) : 0;
	if (e < 0)
		goto out;
	*what = "cannot select input";
	e = x11_alive(x) ? x11_input_select(x) : ERROR_GONE;
	if (e < 0)
		goto out;
	XSync(x->display, False);
	e = xcb_connection_has_error(x->c) ? ERROR_GONE : 0;
out:
	if (e == 0)
		*what = NULL;
	return e;
}

static xcb_generic_event_t *next(struct x11 *x, bool reading)
{
	xcb_generic_event_t *event = x->held;
	x->held = NULL;
	if (event)
		return event;
	return reading ? xcb_poll_for_event(x->c) : xcb_poll_for_queued_event(x->c);
}

/* Takes what is there, up to a full batch. reading: from the socket too; else only what is queued already, and of
 * that only what came before the request. */
static void collect(struct x11 *x, bool reading, uint32_t request)
{
	while (x->items < X11_BATCH) {
		xcb_generic_event_t *event = next(x, reading);
		if (!event)
			return;
		if (!reading && !x11_input_is_history(event, request)) {
			x->held = event;
			return;
		}
		x11_input_take(x, event);
	}
}

bool x11_pending(struct x11 *x)
{
	if (!x->items && !x->held)
		x->held = xcb_poll_for_queued_event(x->c);
	return x->items || x->held || (x->ahead.lost && !xcb_connection_has_error(x->c));
}

int x11_sample(struct x11 *x)
{
	int64_t asked_us = clock_mono_us();
	xcb_grab_keyboard_cookie_t grab = xcb_grab_keyboard(x->c, 0, x->probe, XCB_CURRENT_TIME, XCB_GRAB_MODE_ASYNC,
							    XCB_GRAB_MODE_ASYNC);
	xcb_get_input_focus_cookie_t focus = xcb_get_input_focus(x->c);
	xcb_get_input_focus_reply_t *named = xcb_get_input_focus_reply(x->c, focus, NULL);
	xcb_grab_keyboard_reply_t *grabbed = xcb_grab_keyboard_reply(x->c, grab, NULL);
	int e = ERROR_GONE;

	if (!named || !grabbed)
		goto out;
	if (grabbed->status == XCB_GRAB_STATUS_SUCCESS) {
		/* Cannot be, for an unmapped window; but never keep it. */
		xcb_ungrab_keyboard(x->c, XCB_CURRENT_TIME);
		xcb_flush(x->c);
	}
	/* Frozen and invalid time are somebody's doing too. A second master keyboard has a focus that nobody asked about. */
	struct raw_event raw = { .kind = RAW_GRAB, .mono_us = asked_us };
	raw.as.grab.grabbed = (grabbed->status != XCB_GRAB_STATUS_SUCCESS && grabbed->status != XCB_GRAB_STATUS_NOT_VIEWABLE) ||
			      x->keyboards > 1;
	if (raw.as.grab.grabbed && !x->probe_grabbed && !x->stream_grabbed) {
		/* The stream may say which keys came before: hand it on first. Positions are known at the end of a drain only. */
		collect(x, false, focus.sequence);
		x->chopped |= x->has_pointer;
		x11_emit_batch(x);
	}
	x->probe_grabbed = raw.as.grab.grabbed;
	if (!x->probe_grabbed)
		x->stream_grabbed = false;
	x->emit(x->user, &raw);

	/* What came before the answer is known to it: compare with the focus after all of that. */
	collect(x, false, focus.sequence);
	if (x->items < X11_BATCH) {
		raw = (struct raw_event){ .kind = RAW_AGREE, .mono_us = asked_us };
		raw.as.agree.agrees = x11_focus_agrees(x, &x->ahead, named->focus);
		/* Nothing is on its way any more that could explain it: ask again with the next drain. */
		if (!raw.as.agree.agrees)
			x->ahead.lost = true;
		x->emit(x->user, &raw);
	}
	e = 0;
out:
	free(named);
	free(grabbed);
	return e;
}

/* A batch: what there is, the questions about it, what came before their answers. True: there may be more. */
static int round_trip(struct x11 *x, bool *more)
{
	xcb_get_input_focus_reply_t *focus = NULL;
	xcb_query_pointer_reply_t *pointer = NULL;
	xcb_get_input_focus_cookie_t ask_focus = { 0 };
	xcb_query_pointer_cookie_t ask_pointer = { 0 };
	int e = 0;

	collect(x, true, 0);
	*more = x->items == X11_BATCH;
	bool wants_focus = x->ahead.lost && !*more; /* else with the rest of it */
	bool wants_pointer = x->has_pointer && !*more && x->options.pointer == POINTER_FULL;
	if (wants_focus)
		ask_focus = xcb_get_input_focus(x->c);
	if (wants_pointer)
		ask_pointer = xcb_query_pointer(x->c, x->root);
	if (wants_focus || wants_pointer) {
		e = ERROR_GONE;
		focus = wants_focus ? xcb_get_input_focus_reply(x->c, ask_focus, NULL) : NULL;
		pointer = wants_pointer ? xcb_query_pointer_reply(x->c, ask_pointer, NULL) : NULL;
		if ((wants_focus && !focus) || (wants_pointer && !pointer))
			goto out;
		e = 0;
		collect(x, false, wants_focus ? ask_focus.sequence : ask_pointer.sequence);
		*more = x->items == X11_BATCH || x->held;
	}
	bool full = x->items == X11_BATCH;
	/* A batch that overflowed has no answer for its end. */
	if (full)
		x->chopped |= x->has_pointer;
	else if (pointer)
		x11_pointer_fit(x, pointer->root_x, pointer->root_y);
	x11_emit_batch(x);
	if (focus && x->ahead.lost && !full)
		x11_focus_found(x, focus->focus);
out:
	free(focus);
	free(pointer);
	return e;
}

int x11_drain(struct x11 *x, size_t *bytes)
{
	bool more = true;
	int e = 0;

	x->bytes = 0;
	for (int i = 0; i < DRAIN_ROUNDS && more && e == 0; i++)
		e = round_trip(x, &more);
	/* Questions to the server and adopted windows leave nothing unsent. */
	if (xcb_flush(x->c) <= 0 || xcb_connection_has_error(x->c))
		e = ERROR_GONE;
	*bytes = x->bytes;
	return e;
}
