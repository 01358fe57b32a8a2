/* SPDX-License-Identifier: Apache-2.0 */
#include "desktop.h"

#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../error.h"
#include "console.h"
#include "evdev.h"
#include "join.h"
#include "sway.h"
#include "tty.h"
#include "wayland_keymap.h"
#include "x11.h"

enum {
	REST_KEYS_US = 200000,
	REST_POINTER_US = 1000000,
	/* X11 may be that late with what the kernel told. */
	FORGET_US = 5000000
};

struct desktop {
	struct x11 *x;                   /* NULL: source evdev */
	struct evdev *devices;           /* NULL: source x11 */
	struct sway *sway;               /* evdev: one of these two */
	struct console *console;
	struct wayland_keymap *keymap;   /* NULL: no codes */
	int group;                       /* of the keymap, as evdev has it */
	struct join *join;               /* x11+evdev */
	int64_t synced_us;               /* when the broker was asked for all that the kernel told before */
	source_emit *emit;
	void *user;
	int error;                       /* of the devices, while X11 was read */
	struct desktop_problem problem;
};

static int fail(struct desktop *d, int error, enum desktop_part part, const char *what, const char *remedy)
{
	d->problem.part = part;
	d->problem.what = what;
	d->problem.remedy = remedy;
	return error;
}

static int place_gone(struct desktop *d, int error)
{
	return fail(d, error, DESKTOP_PLACE, d->sway ? "sway went away" : "the console cannot be watched any more", "");
}

const struct desktop_problem *desktop_problem(const struct desktop *d)
{
	return &d->problem;
}

bool desktop_is_source(const char *source)
{
	return !strcmp(source, "x11") || !strcmp(source, "x11+evdev") || !strcmp(source, "evdev");
}

/* ---- x11+evdev --------------------------------------------------------------------------- */

/* What the kernel saw only gives its time; but a session that the broker calls locked is locked. */
static void emit_kernel(void *user, const struct raw_event *raw)
{
	struct desktop *d = user;
	if (raw->kind == RAW_LOCK)
		d->emit(d->user, raw);
	else
		join_kernel(d->join, raw);
}

static int devices_gone(struct desktop *d, int error)
{
	enum stream_refusal why = evdev_refusal(d->devices);
	d->problem.refusal = why;
	return fail(d, error, DESKTOP_BROKER, why ? stream_refusal_text(why) : error == ERROR_CORRUPT ?
		    "what assent-inputd sends is not a stream" : "assent-inputd went away", why ? stream_refusal_remedy(why) : "");
}

static int sync_devices(struct desktop *d, bool *synced)
{
	size_t bytes;
	/* Also of one that does not answer: nothing is gained by asking it for each event. */
	d->synced_us = clock_mono_us();
	int error = evdev_sync(d->devices, synced, &bytes);
	return error ? devices_gone(d, error) : 0;
}

static void emit_display(void *user, const struct raw_event *raw)
{
	struct desktop *d = user;
	struct raw_event timed = *raw;
	bool synced;
	/* X11's times are rounded down: what is that young may have come after the last word of the broker. */
	if (raw->mono_us + 1000 >= d->synced_us && !d->error && !join_finds(d->join, raw))
		d->error = sync_devices(d, &synced);
	join_time(d->join, &timed);
	d->emit(d->user, &timed);
	explicit_bzero(&timed, sizeof timed);
}

static int drain_display(struct desktop *d, size_t *bytes)
{
	size_t of_devices = 0;
	if (x11_drain(d->x, bytes))
		return fail(d, ERROR_GONE, DESKTOP_DISPLAY, "the X server went away", "");
	if (!d->devices)
		return 0;
	/* What X11 does not tell of must not pile up. */
	int error = d->error ? 0 : evdev_drain(d->devices, &of_devices);
	if (error)
		d->error = devices_gone(d, error);
	join_forget(d->join, clock_mono_us() - FORGET_US);
	return d->error;
}

/* ---- evdev ------------------------------------------------------------------------------- */

/* Codes without their keymap are not kept: what is typed could not be looked at for what the participant never wants recorded. */
static int take_keymap(struct desktop *d)
{
	int group = sway_group(d->sway);
	struct xkb_keymap *map = wayland_keymap_get(d->keymap);
	d->group = group;
	if (!map || group < 0)
		return fail(d, ERROR_UNSUPPORTED, DESKTOP_PLACE, "the keyboards have different layouts, or none that is known",
			    "give them one layout, or record classes of keys");
	if (evdev_keymap(d->devices, map, (uint32_t)group))
		return fail(d, ERROR_INVALID, DESKTOP_PLACE, "the compositor's keyboard layout cannot be used",
			    "record classes of keys");
	return 0;
}

static int follow_place(struct desktop *d)
{
	int error = d->sway ? sway_process(d->sway) : console_process(d->console);
	if (error)
		return place_gone(d, error);
	if (d->keymap && sway_group(d->sway) != d->group)
		return take_keymap(d);
	return 0;
}

static int follow_keymap(struct desktop *d)
{
	bool changed;
	if (wayland_keymap_process(d->keymap, &changed))
		return place_gone(d, ERROR_GONE);
	return changed ? take_keymap(d) : 0;
}

static int drain_devices(struct desktop *d, size_t *bytes)
{
	bool synced;
	int error = evdev_drain(d->devices, bytes);
	if (error)
		return devices_gone(d, error);
	error = sync_devices(d, &synced);
	return error ? error : follow_place(d);
}

static int sample_devices(struct desktop *d)
{
	bool synced;
	int error = sync_devices(d, &synced);
	/* Keys that may still come, from before, would have the word of a look after them. */
	if (error || !synced)
		return error;
	error = d->sway ? sway_sample(d->sway) : console_sample(d->console);
	if (error)
		return place_gone(d, error);
	return 0;
}

/* ---- Opening ----------------------------------------------------------------------------- */

static int open_display(struct desktop *d, const struct desktop_options *o)
{
	struct x11_options x11 = {
		.keys = o->keys != DETAIL_NONE, .pointer = o->pointer, .scroll = o->scroll, .titles = o->titles,
		.text = o->keys >= DETAIL_CODE, .terminals = o->terminals,
	};
	const char *what = "";
	int error = d->devices ? x11_open(NULL, &x11, emit_display, d, &d->x, &what) :
		x11_open(NULL, &x11, d->emit, d->user, &d->x, &what);
	return error ? fail(d, error, DESKTOP_DISPLAY, what, "") : 0;
}

static int open_devices(struct desktop *d, const struct desktop_options *o, bool join)
{
	struct evdev_options options = {
		.wanted = { .keys = o->keys > DETAIL_CODE ? DETAIL_CODE : o->keys, .pointer = o->pointer, .scroll = o->scroll },
		.places = !join,
	};
	const char *what = "", *remedy = "";
	enum stream_refusal refusal = 0;
	if (join && !(d->join = malloc(sizeof *d->join)))
		return fail(d, ERROR_MEMORY, DESKTOP_BROKER, "out of memory", "");
	if (join)
		join_init(d->join);
	int error = join ? evdev_open(NULL, &options, emit_kernel, d, &d->devices, &what, &remedy, &refusal) :
		evdev_open(NULL, &options, d->emit, d->user, &d->devices, &what, &remedy, &refusal);
	d->problem.refusal = refusal;
	if (error)
		return fail(d, error, DESKTOP_BROKER, what, remedy);
	const struct stream_terms *granted = evdev_granted(d->devices);
	if (!join && (granted->keys < options.wanted.keys || granted->pointer < o->pointer || granted->scroll < o->scroll)) {
		d->problem.refusal = STREAM_REFUSED_POLICY;
		return fail(d, ERROR_DENIED, DESKTOP_BROKER, stream_refusal_text(STREAM_REFUSED_POLICY),
			    stream_refusal_remedy(STREAM_REFUSED_POLICY));
	}
	return 0;
}

static bool is_set(const char *name)
{
	const char *value = getenv(name);
	return value && value[0];
}

static int open_place(struct desktop *d, const struct desktop_options *o)
{
	struct sway_options sway = { .titles = o->titles, .terminals = o->terminals };
	const char *what = "";
	int error;
	if (is_set("SWAYSOCK")) {
		error = sway_open(NULL, &sway, d->emit, d->user, &d->sway, &what);
		if (error)
			return fail(d, error, DESKTOP_PLACE, what, "");
		if (o->keys >= DETAIL_CODE && (error = wayland_keymap_open(&d->keymap, &what)))
			return fail(d, error, DESKTOP_PLACE, what, "record classes of keys");
		return 0;
	}
	if (is_set("WAYLAND_DISPLAY"))
		return fail(d, ERROR_UNSUPPORTED, DESKTOP_PLACE, "nobody tells to whom the keys go: of Wayland's compositors only sway does",
				  "use sway, or an X11 session with source x11");
	if (is_set("DISPLAY"))
		return fail(d, ERROR_UNSUPPORTED, DESKTOP_PLACE, "source evdev is for Wayland and the console", "use source x11+evdev on X11");
	if (o->keys >= DETAIL_CODE)
		return fail(d, ERROR_UNSUPPORTED, DESKTOP_PLACE, "on a text console there are only classes of keys", "record classes of keys");
	error = console_open(d->emit, d->user, &d->console, &what);
	return error ? fail(d, error, DESKTOP_PLACE, what, "") : 0;
}

int desktop_open(const char *source, const struct desktop_options *options, source_emit *emit, void *user, struct desktop **out,
		 struct desktop_problem *problem)
{
	bool joins = !strcmp(source, "x11+evdev"), display = joins || !strcmp(source, "x11");
	struct desktop *d = calloc(1, sizeof *d);
	*out = NULL;
	*problem = (struct desktop_problem){ .what = "out of memory", .remedy = "" };
	if (!d)
		return ERROR_MEMORY;
	d->emit = emit;
	d->user = user;
	d->synced_us = INT64_MIN;
	int error = joins || !display ? open_devices(d, options, joins) : 0;
	if (!error)
		error = display ? open_display(d, options) : open_place(d, options);
	if (error) {
		*problem = d->problem;
		desktop_close(d);
		return error;
	}
	*out = d;
	return 0;
}

void desktop_close(struct desktop *d)
{
	if (!d)
		return;
	if (d->x)
		x11_close(d->x);
	evdev_close(d->devices);
	if (d->sway)
		sway_close(d->sway);
	if (d->console)
		console_close(d->console);
	if (d->keymap)
		wayland_keymap_close(d->keymap);
	if (d->join)
		explicit_bzero(d->join, sizeof *d->join);
	free(d->join);
	free(d);
}

int desktop_select(struct desktop *d)
{
	const char *what = "";
	if (d->x)
		return x11_select(d->x, &what) ? fail(d, ERROR_GONE, DESKTOP_DISPLAY, what, "") : 0;
	int error = d->keymap ? take_keymap(d) : 0;
	if (!error && (d->sway ? sway_select(d->sway) : console_select(d->console)))
		error = place_gone(d, ERROR_GONE);
	return error;
}

/* ---- The loop's side --------------------------------------------------------------------- */

enum { FD_DISPLAY, FD_DEVICES, FD_PLACE, FD_KEYMAP };

void desktop_poll(const struct desktop *d, bool delayed, struct pollfd fds[DESKTOP_FDS])
{
	for (int i = 0; i < DESKTOP_FDS; i++)
		fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (d->x && !delayed)
		fds[FD_DISPLAY].fd = x11_fd(d->x);
	if (d->devices && !delayed)
		fds[FD_DEVICES].fd = evdev_fd(d->devices);
	if (d->sway)
		fds[FD_PLACE].fd = sway_fd(d->sway);
	if (d->console)
		fds[FD_PLACE] = (struct pollfd){ .fd = console_fd(d->console), .events = POLLPRI };
	if (d->keymap)
		fds[FD_KEYMAP].fd = wayland_keymap_fd(d->keymap);
}

bool desktop_has_input(struct desktop *d, const struct pollfd fds[DESKTOP_FDS])
{
	return fds[FD_DISPLAY].revents || fds[FD_DEVICES].revents || (d->x && fds[FD_DISPLAY].fd >= 0 && x11_pending(d->x));
}

int desktop_news(struct desktop *d, const struct pollfd fds[DESKTOP_FDS])
{
	bool synced;
	int error = 0;
	if (fds[FD_PLACE].revents || (d->sway && sway_pending(d->sway))) {
		error = sync_devices(d, &synced);
		if (!error)
			error = follow_place(d);
	}
	if (!error && fds[FD_KEYMAP].revents)
		error = follow_keymap(d);
	return error;
}

bool desktop_pending(struct desktop *d)
{
	return d->x ? x11_pending(d->x) : d->sway && sway_pending(d->sway);
}

int desktop_drain(struct desktop *d, size_t *bytes)
{
	return d->x ? drain_display(d, bytes) : drain_devices(d, bytes);
}

int desktop_sample(struct desktop *d)
{
	if (!d->x)
		return sample_devices(d);
	return x11_sample(d->x) ? fail(d, ERROR_GONE, DESKTOP_DISPLAY, "the X server went away", "") : 0;
}

const char *desktop_session(const struct desktop *d)
{
	return d->console ? console_session(d->console) : NULL;
}

bool desktop_has_fields(const struct desktop *d)
{
	return !d->console;
}

int64_t desktop_rest_us(const struct desktop *d, bool keys)
{
	/* Sway tells nothing of launchers and lockers: only a look does, as often as keys are read. */
	if (d->sway && keys)
		return 0;
	return keys ? REST_KEYS_US : REST_POINTER_US;
}

enum tty_state desktop_look(const struct desktop *d, int32_t pid, const struct pattern_list *programs)
{
	return d->console ? console_look(d->console, programs) : tty_look(pid, programs);
}
