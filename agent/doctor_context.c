/* SPDX-License-Identifier: Apache-2.0 */
/* Who says where the keys go when it is not an X server: sway, or a text console; and where they would go now. */
#include <stdlib.h>
#include <string.h>

#include "doctor_inside.h"
#include "error.h"
#include "source/console.h"
#include "source/sway.h"
#include "source/wayland_keymap.h"

struct doctor_context {
	struct sway *sway;               /* one of these two */
	struct console *console;
	struct x11_list *list;           /* what it told: one window at most */
};

static bool is_set(const char *name)
{
	const char *value = getenv(name);
	return value && value[0];
}

static void take(void *user, const struct raw_event *raw)
{
	struct doctor_context *c = user;
	if (raw->kind != RAW_FOCUS)
		return;
	c->list->focus = raw->as.app->window != 0;
	c->list->count = c->list->focus ? 1 : 0;
	c->list->seen[0] = (struct x11_seen){ .app = *raw->as.app, .focused = true, .visible = true, .wants_keys = true };
}

static void find_keymap(struct doctor *d)
{
	struct wayland_keymap *map = NULL;
	const char *what = "";
	if (d->merged.limits.keys < DETAIL_CODE)
		return;
	if (wayland_keymap_open(&map, &what))
		doctor_find(d, "keymap", true, "give all keyboards one layout; or `capture: {keys: class}` in assent.yaml",
			    "key codes are recorded with their keymap only, and the compositor tells none: %s", what);
	else
		wayland_keymap_close(map);
}

static void open_sway(struct doctor *d, struct doctor_context *c, bool titles)
{
	struct sway_options options = { .titles = titles, .terminals = &d->participant.terminals };
	const char *what = "";
	int e = sway_open(NULL, &options, take, c, &c->sway, &what);
	if (e)
		doctor_find(d, "context", true, e == ERROR_UNSUPPORTED ? "record in the session that has the devices, not inside of another one" :
			    "run it inside of the sway that runs now (SWAYSOCK)", "nothing is recorded: %s", what);
	else
		doctor_find(d, "context", false, NULL, "sway tells which window has the keyboard; while any X11 program is connected to Xwayland, all is masked");
	if (!e)
		find_keymap(d);
}

static void open_console(struct doctor *d, struct doctor_context *c)
{
	const char *what = "";
	if (console_open(take, c, &c->console, &what))
		doctor_find(d, "context", true, "run it in the session of sway or of a text console; on an X server: source: x11 or x11+evdev",
			    "nothing is recorded: there is no sway here (SWAYSOCK), and no text console: %s", what);
	else
		doctor_find(d, "context", false, NULL, "the keys go to this session's text console while that is in front");
	if (c->console && d->merged.limits.keys >= DETAIL_CODE)
		doctor_find(d, "keymap", true, "`capture: {keys: class}` in assent.yaml", "nothing is recorded: on a text console there are only classes of keys");
}

int doctor_context_open(struct doctor *d, bool titles)
{
	struct doctor_context *c = calloc(1, sizeof *c);
	d->context = c;
	if (!c || !(c->list = calloc(1, sizeof *c->list)))
		return ERROR_MEMORY;
	if (is_set("SWAYSOCK"))
		open_sway(d, c, titles);
	else if (is_set("WAYLAND_DISPLAY"))
		doctor_find(d, "context", true, "use sway, or log in to an Xorg session (source: x11, or x11+evdev)",
			    "nothing is recorded: this compositor tells no program which window has the keyboard; of those of Wayland sway does");
	else if (is_set("DISPLAY"))
		doctor_find(d, "context", true, "source: x11, or x11+evdev for the kernel's times", "nothing is recorded: this is an X session, and source evdev is for "
			    "sway and the console");
	else
		open_console(d, c);
	d->place = c->sway ? "sway" : c->console ? "console" : NULL;
	return 0;
}

void doctor_context_close(struct doctor *d)
{
	if (!d->context)
		return;
	if (d->context->sway)
		sway_close(d->context->sway);
	if (d->context->console)
		console_close(d->context->console);
	free(d->context->list);
	free(d->context);
	d->context = NULL;
}

const char *doctor_context_session(const struct doctor *d)
{
	return d->context && d->context->console ? console_session(d->context->console) : NULL;
}

static void say_console(struct doctor *d, struct doctor_context *c)
{
	enum tty_state state = console_look(c->console, &d->participant.programs);
	if (state == TTY_UNKNOWN && d->policy.programs.count)
		state = console_look(c->console, &d->policy.programs);
	bool open = state != TTY_UNKNOWN && state != TTY_SECRET;
	if (!c->list->focus)
		doctor_find(d, "console", false, "switch to it", "another console is in front: what is typed there is masked");
	else if (!d->locked) /* else nothing is kept, whatever is in it */
		doctor_find(d, "console", false, open ? NULL : state == TTY_SECRET ? "none needed: that is meant" :
			    "if it is a program that you never type a secret into: name it under programs: in assent.yaml",
			    open ? "what is typed on this console now would be kept" : state == TTY_SECRET ?
			    "what is typed on this console now is masked: it is not shown (a password prompt)" :
			    "what is typed on this console now is masked: what runs in it is not known, or hides another program");
}

int doctor_context_look(struct doctor *d)
{
	struct doctor_context *c = d->context;
	int e = c->sway ? sway_select(c->sway) : c->console ? console_select(c->console) : ERROR_GONE;
	if (e) {
		if (d->place)
			doctor_find(d, "context", true, "look again", "%s went away", d->place);
		d->place = NULL;
		return 0;
	}
	if (c->console) {
		say_console(d, c);
		return 0;
	}
	if (sway_sample(c->sway))
		d->place = NULL;
	d->doubt = sway_doubt(c->sway);
	if (d->doubt)
		doctor_find(d, "doubt", true, "recording goes on when that is over (an X11 program: end it, or start it as one of Wayland; see xwayland in sway(5))",
			    "everything is masked now: %s", d->doubt);
	if (!c->list->focus)
		doctor_find(d, "focus", false, "click into a window", "no window has the focus: a key typed now is masked");
	else
		doctor_find(d, "more-windows", false, "sleep 5; assent doctor, and go to another window meanwhile",
			    "only the window that has the focus is listed");
	/* As of a display, from here on. */
	c->list->managed = true;
	d->list = c->list;
	c->list = NULL;
	return 0;
}
