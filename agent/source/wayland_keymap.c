/* SPDX-License-Identifier: Apache-2.0 */
#include "wayland_keymap.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <wayland-client.h>
#include <xkbcommon/xkbcommon.h>

#include "../base/clock.h"
#include "../error.h"

enum {
	OPEN_US = 2000000,               /* the whole of wayland_keymap_open */
	KEYMAP_MAX = 1024 * 1024,        /* real ones have 60 KiB */
	SEAT_VERSION = 3                 /* a keyboard can be given back from 3 on */
};

struct wayland_keymap {
	struct wl_display *display;
	struct wl_registry *registry;
	struct wl_seat *seat;
	struct wl_keyboard *keyboard;
	struct xkb_context *context;
	struct xkb_keymap *map;
	uint32_t seat_name;
	int seats;                       /* there are */
	bool changed;
	int broken;                      /* an error that ended the connection: it is told again */
};

static void replace(struct wayland_keymap *w, struct xkb_keymap *map)
{
	w->changed |= map || w->map;
	xkb_keymap_unref(w->map);
	w->map = map;
}

/* ---- The keymap -------------------------------------------------------------------------- */

/* Read, not mapped: who made the file could shorten it meanwhile, and a mapping then ends in SIGBUS. */
static char *read_all(int fd, uint32_t size)
{
	struct stat s;
	char *text = NULL;
	size_t length = 0;
	ssize_t n = 0;

	/* A pipe or a device could make us wait. */
	if (size == 0 || size > KEYMAP_MAX || fstat(fd, &s) < 0 || !S_ISREG(s.st_mode))
		return NULL;
	text = malloc((size_t)size + 1);
	while (text && length < size && (n = pread(fd, text + length, size - length, (off_t)length)) > 0)
		length += (size_t)n;
	if (text && (n < 0 || length < size)) {
		free(text);
		return NULL;
	}
	if (text)
		text[length] = 0;
	return text;
}

static void on_keymap(void *user, struct wl_keyboard *keyboard, uint32_t format, int32_t fd, uint32_t size)
{
	struct wayland_keymap *w = user;
	char *text = format == WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1 ? read_all(fd, size) : NULL;

	(void)keyboard;
	close(fd);
	/* Its end is a 0, as the protocol has it; or not, as some have it. */
	replace(w, text ? xkb_keymap_new_from_buffer(w->context, text, strlen(text), XKB_KEYMAP_FORMAT_TEXT_V1, XKB_KEYMAP_COMPILE_NO_FLAGS)
			: NULL);
	free(text);
}

/* What follows is for whoever has a window. */
static void on_enter(void *user, struct wl_keyboard *k, uint32_t serial, struct wl_surface *surface, struct wl_array *keys)
{
	(void)user, (void)k, (void)serial, (void)surface, (void)keys;
}

static void on_leave(void *user, struct wl_keyboard *k, uint32_t serial, struct wl_surface *surface)
{
	(void)user, (void)k, (void)serial, (void)surface;
}

static void on_key(void *user, struct wl_keyboard *k, uint32_t serial, uint32_t time, uint32_t key, uint32_t state)
{
	(void)user, (void)k, (void)serial, (void)time, (void)key, (void)state;
}

static void on_modifiers(void *user, struct wl_keyboard *k, uint32_t serial, uint32_t depressed, uint32_t latched, uint32_t locked,
			 uint32_t group)
{
	(void)user, (void)k, (void)serial, (void)depressed, (void)latched, (void)locked, (void)group;
}

static void on_repeat(void *user, struct wl_keyboard *k, int32_t rate, int32_t delay)
{
	(void)user, (void)k, (void)rate, (void)delay;
}

static const struct wl_keyboard_listener on_keyboard = { on_keymap, on_enter, on_leave, on_key, on_modifiers, on_repeat };

/* ---- The seat ---------------------------------------------------------------------------- */

static void drop_keyboard(struct wayland_keymap *w)
{
	if (w->keyboard && wl_keyboard_get_version(w->keyboard) >= WL_KEYBOARD_RELEASE_SINCE_VERSION)
		wl_keyboard_release(w->keyboard);
	else if (w->keyboard)
		wl_keyboard_destroy(w->keyboard);
	w->keyboard = NULL;
	replace(w, NULL);
}

static void drop_seat(struct wayland_keymap *w)
{
	drop_keyboard(w);
	if (w->seat)
		wl_seat_destroy(w->seat);
	w->seat = NULL;
}

static void on_capabilities(void *user, struct wl_seat *seat, uint32_t capabilities)
{
	struct wayland_keymap *w = user;
	bool has = capabilities & WL_SEAT_CAPABILITY_KEYBOARD;

	if (!has)
		drop_keyboard(w);
	if (!has || w->keyboard)
		return;
	w->keyboard = wl_seat_get_keyboard(seat);
	if (w->keyboard)
		wl_keyboard_add_listener(w->keyboard, &on_keyboard, w);
}

static void on_name(void *user, struct wl_seat *seat, const char *name)
{
	(void)user, (void)seat, (void)name;
}

static const struct wl_seat_listener on_seat = { on_capabilities, on_name };

static void on_global(void *user, struct wl_registry *registry, uint32_t name, const char *interface, uint32_t version)
{
	struct wayland_keymap *w = user;

	if (strcmp(interface, wl_seat_interface.name) != 0)
		return;
	/* With two nobody can say to which of them a device belongs. */
	if (w->seats++ > 0) {
		drop_seat(w);
		return;
	}
	w->seat_name = name;
	w->seat = wl_registry_bind(registry, name, &wl_seat_interface, version < SEAT_VERSION ? version : SEAT_VERSION);
	if (w->seat)
		wl_seat_add_listener(w->seat, &on_seat, w);
}

static void on_global_remove(void *user, struct wl_registry *registry, uint32_t name)
{
	struct wayland_keymap *w = user;

	(void)registry;
	/* Of two, which are not told apart, neither is used again. */
	if (w->seat && name == w->seat_name) {
		drop_seat(w);
		w->seats--;
	}
}

static const struct wl_registry_listener on_registry = { on_global, on_global_remove };

/* ---- The connection ---------------------------------------------------------------------- */

/* Not wl_display_connect: that waits for as long as a compositor hangs. */
static int connect_to(const char **what)
{
	const char *place = getenv("XDG_RUNTIME_DIR"), *name = getenv("WAYLAND_DISPLAY");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer;
	socklen_t size = sizeof peer;

	*what = "no Wayland compositor: WAYLAND_DISPLAY is not set";
	if (!name || !name[0] || (name[0] != '/' && !place))
		return ERROR_GONE;
	*what = "no Wayland compositor at WAYLAND_DISPLAY";
	int n = name[0] == '/' ? snprintf(address.sun_path, sizeof address.sun_path, "%s", name)
			       : snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", place, name);
	if (n >= (int)sizeof address.sun_path)
		return ERROR_GONE;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ERROR_GONE;
	int result = ERROR_GONE;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		goto out;
	*what = "the Wayland compositor is another user's";
	result = ERROR_UNSUPPORTED;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid())
		goto out;
	return fd;
out:
	close(fd);
	return result;
}

static void silent(const char *format, va_list arguments)
{
	(void)format, (void)arguments;
}

static void silent_xkb(struct xkb_context *context, enum xkb_log_level level, const char *format, va_list arguments)
{
	(void)context, (void)level, (void)format, (void)arguments;
}

/* Takes in what has come, waiting for it until a moment (0: not at all). */
static int take(struct wayland_keymap *w, int64_t until_us)
{
	struct pollfd p = { .fd = wl_display_get_fd(w->display), .events = POLLIN };

	while (wl_display_prepare_read(w->display) != 0)
		if (wl_display_dispatch_pending(w->display) < 0)
			return ERROR_GONE;
	wl_display_flush(w->display);
	int64_t left = until_us - clock_mono_us();
	if (poll(&p, 1, until_us && left > 0 ? (int)(left / 1000) + 1 : 0) > 0) {
		if (wl_display_read_events(w->display) < 0)
			return ERROR_GONE;
	} else {
		wl_display_cancel_read(w->display);
	}
	if (wl_display_dispatch_pending(w->display) < 0)
		return ERROR_GONE;
	wl_display_flush(w->display);
	return 0;
}

static void on_done(void *user, struct wl_callback *callback, uint32_t data)
{
	(void)callback, (void)data;
	*(bool *)user = true;
}

/* Until all that was asked for is answered. */
static int settle(struct wayland_keymap *w, int64_t until_us)
{
	static const struct wl_callback_listener listener = { on_done };
	bool done = false;
	int result = 0;
	struct wl_callback *callback = wl_display_sync(w->display);

	if (!callback)
		return ERROR_MEMORY;
	wl_callback_add_listener(callback, &listener, &done);
	while (!done && result == 0)
		result = clock_mono_us() >= until_us ? ERROR_GONE : take(w, until_us);
	wl_callback_destroy(callback);
	return result;
}

/* The seat; then what it has; then its keyboard's keymap. */
static int hear_first(struct wayland_keymap *w, const char **what)
{
	int64_t until = clock_mono_us() + OPEN_US;

	for (int i = 0; i < 3; i++) {
		int result = settle(w, until);
		*what = "the Wayland compositor does not answer";
		if (result < 0)
			return result;
	}
	*what = w->seats == 0 ? "the Wayland compositor has no seat" :
		w->seats > 1 ? "the Wayland compositor has more than one seat" :
		!w->keyboard ? "the Wayland compositor's seat has no keyboard" :
		!w->map ? "the Wayland compositor tells no keymap that could be read" : NULL;
	return *what ? ERROR_UNSUPPORTED : 0;
}

int wayland_keymap_open(struct wayland_keymap **out, const char **what)
{
	struct wayland_keymap *w = calloc(1, sizeof *w);
	int result = ERROR_MEMORY, fd = -1;

	*what = "out of memory";
	if (!w)
		goto out;
	w->context = xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES | XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
	if (!w->context)
		goto out;
	xkb_context_set_log_fn(w->context, silent_xkb);
	wl_log_set_handler_client(silent);
	result = fd = connect_to(what);
	if (fd < 0)
		goto out;
	result = ERROR_MEMORY;
	*what = "out of memory";
	w->display = wl_display_connect_to_fd(fd); /* takes fd, also when it fails */
	w->registry = w->display ? wl_display_get_registry(w->display) : NULL;
	if (!w->registry)
		goto out;
	wl_registry_add_listener(w->registry, &on_registry, w);
	result = hear_first(w, what);
	w->changed = false;
out:
	if (result < 0) {
		wayland_keymap_close(w);
		w = NULL;
	}
	*out = w;
	return result < 0 ? result : 0;
}

void wayland_keymap_close(struct wayland_keymap *w)
{
	if (!w)
		return;
	drop_seat(w);
	if (w->registry)
		wl_registry_destroy(w->registry);
	if (w->display)
		wl_display_disconnect(w->display);
	xkb_keymap_unref(w->map);
	xkb_context_unref(w->context);
	free(w);
}

int wayland_keymap_fd(const struct wayland_keymap *w)
{
	return wl_display_get_fd(w->display);
}

int wayland_keymap_process(struct wayland_keymap *w, bool *changed)
{
	if (!w->broken)
		w->broken = take(w, 0);
	/* Of a compositor that is gone no keymap is in force. */
	if (w->broken)
		replace(w, NULL);
	*changed = w->changed;
	w->changed = false;
	return w->broken;
}

struct xkb_keymap *wayland_keymap_get(const struct wayland_keymap *w)
{
	return w->map;
}
