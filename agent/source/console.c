/* SPDX-License-Identifier: Apache-2.0 */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "tty.h"
#include "tty_process.h"

/* Which virtual terminal the keys go to, as the kernel tells; pollable. */
#define ACTIVE "/sys/class/tty/tty0/active"

struct console {
	source_emit *emit;
	void *user;
	int active;                      /* descriptor of ACTIVE */
	unsigned number;                 /* of the virtual terminal */
	char *session;
	struct raw_app app;              /* as told last; window 0: nowhere */
};

/* ---- Whose terminal ---------------------------------------------------------------------- */

/* A terminal where its user sits and types: not a desktop, not a greeter, nothing remote. */
static bool is_console(const char *session, unsigned *number)
{
	char *type = NULL, *class = NULL;
	bool is = sd_session_get_type(session, &type) >= 0 && !strcmp(type, "tty") &&
		  sd_session_get_class(session, &class) >= 0 && !strcmp(class, "user") &&
		  sd_session_is_remote(session) == 0 && sd_session_get_vt(session, number) >= 0 &&
		  *number > 0 && *number <= TTY_VIRTUAL_MAX;
	free(type);
	free(class);
	return is;
}

static bool is_ours(const char *session)
{
	uid_t uid;
	return sd_session_get_uid(session, &uid) >= 0 && uid == geteuid();
}

/* This process's own session, else the user's active one. A service of the user's manager is in no session. */
static int find_session(struct console *c, const char **what)
{
	char *own = NULL, **all = NULL;
	int n, result = ERROR_UNSUPPORTED;

	if (sd_pid_get_session(0, &own) >= 0 && is_ours(own) && is_console(own, &c->number)) {
		c->session = own;
		return 0;
	}
	free(own);
	n = sd_uid_get_sessions(geteuid(), 1, &all);
	*what = n == -ENOENT || n == -ENXIO || n == -ENODATA || n >= 0 ? "this user has no active session on a text console" :
		"no logind tells which console is this user's";
	for (int i = 0; i < n && !c->session; i++) {
		if (is_console(all[i], &c->number)) {
			c->session = strdup(all[i]);
			result = c->session ? 0 : ERROR_MEMORY;
		}
	}
	for (int i = 0; i < n; i++)
		free(all[i]);
	free(all);
	return result;
}

/* The terminal in the foreground; 0: not told. Read anew from its beginning each time, which also lets poll wait for the next change. */
static unsigned foreground(const struct console *c)
{
	char text[32];
	unsigned number;
	ssize_t n = pread(c->active, text, sizeof text - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = 0;
	return sscanf(text, "tty%u", &number) == 1 ? number : 0;
}

int console_open(source_emit *emit, void *user, struct console **out, const char **what)
{
	struct console *c = calloc(1, sizeof *c);
	int result = ERROR_MEMORY;

	*what = "out of memory";
	if (!c)
		goto out;
	c->emit = emit;
	c->user = user;
	c->active = -1;
	result = ERROR_UNSUPPORTED;
	/* As sd-login(3) says to find out. */
	*what = "no logind tells which console is this user's";
	if (access("/run/systemd/seats", F_OK) < 0)
		goto out;
	result = find_session(c, what);
	if (result < 0)
		goto out;
	*what = "the kernel has no virtual terminals (" ACTIVE ")";
	c->active = open(ACTIVE, O_RDONLY | O_CLOEXEC);
	result = c->active < 0 || !foreground(c) ? ERROR_UNSUPPORTED : 0;
out:
	if (result < 0) {
		console_close(c);
		c = NULL;
	}
	*out = c;
	return result;
}

void console_close(struct console *c)
{
	if (!c)
		return;
	if (c->active >= 0)
		close(c->active);
	free(c->session);
	free(c);
}

const char *console_session(const struct console *c)
{
	return c->session;
}

int console_fd(const struct console *c)
{
	return c->active;
}

/* ---- Where the keys go ------------------------------------------------------------------- */

/* Who began what runs in the terminal: login, or the shell. 0: nobody is there. */
static int leader(const struct console *c)
{
	dev_t tty = makedev(TTY_VIRTUAL, c->number);
	struct tty_process p;

	/* The one from before, without a look at all of /proc. */
	if (c->app.pid && tty_process_read(c->app.pid, &p) && p.tty == tty && p.pid == p.session)
		return p.pid;
	return tty_process_leader(tty, &p) ? p.pid : 0;
}

static void find_place(const struct console *c, struct raw_app *app)
{
	memset(app, 0, sizeof *app);
	app->loose = true;
	if (foreground(c) != c->number)
		return;
	app->pid = leader(c);
	if (!app->pid)
		return;
	app->window = c->number;
	app->terminal = true;
	snprintf(app->exe, sizeof app->exe, "console");
}

static void tell(struct console *c, const struct raw_app *app)
{
	struct raw_event raw = { .kind = RAW_FOCUS, .mono_us = clock_mono_us() };
	c->app = *app;
	raw.as.app = &c->app;
	c->emit(c->user, &raw);
}

/* Something was in the foreground that was not there when it was read last; also if it is the same again now. */
static bool has_switched(const struct console *c)
{
	struct pollfd p = { .fd = c->active, .events = POLLPRI };
	return poll(&p, 1, 0) != 0;
}

static int look(struct console *c, bool always, bool *here)
{
	static const struct raw_app nowhere = { .loose = true };
	int active = sd_session_is_active(c->session);
	bool switched = has_switched(c);
	struct raw_app app;

	find_place(c, &app);
	/* Who logs in at the same terminal next may be somebody else. */
	if (active < 0)
		app = nowhere;
	bool there = app.window == c->app.window && app.pid == c->app.pid;
	if (there && app.window && switched)
		tell(c, &nowhere);
	if (always || !there || (app.window && switched))
		tell(c, &app);
	*here = app.window != 0 && active > 0;
	return active < 0 ? ERROR_GONE : 0;
}

int console_select(struct console *c)
{
	bool here;
	return look(c, true, &here);
}

int console_process(struct console *c)
{
	bool here;
	return look(c, false, &here);
}

int console_sample(struct console *c)
{
	struct raw_event raw = { .kind = RAW_AGREE, .mono_us = clock_mono_us(), .as.agree.agrees = true };
	bool here;
	int result = look(c, false, &here);

	if (result < 0 || !here)
		return result;
	c->emit(c->user, &raw);
	raw.kind = RAW_GRAB;
	memset(&raw.as, 0, sizeof raw.as);
	c->emit(c->user, &raw);
	return 0;
}

enum tty_state console_look(const struct console *c, const struct pattern_list *programs)
{
	return tty_look_virtual(c->number, programs);
}
