/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "doctor_inside.h"
#include "error.h"
#include "source/session.h"

static const char *const oracles[] = { [DOCTOR_NO_ORACLE] = "none", [DOCTOR_ACCESSIBILITY] = "accessibility",
	[DOCTOR_TERMINAL] = "terminal" };

static const char *const causes[] = {
	[DOCTOR_TEXT] = "text-fields", [DOCTOR_LINE] = "terminal-good", [DOCTOR_EXCLUDED] = "excluded",
	[DOCTOR_NOT_INCLUDED] = "not-included", [DOCTOR_LOCKED] = "locked", [DOCTOR_GRABBED] = "grabbed",
	[DOCTOR_PASSWORD] = "password-field", [DOCTOR_PROMPT] = "terminal-prompt", [DOCTOR_HIDDEN_PROGRAM] = "terminal-hidden",
	[DOCTOR_UNKNOWN_PROGRAM] = "terminal-unknown-program", [DOCTOR_NO_TTY] = "terminal-not-seen",
	[DOCTOR_NO_PROCESS] = "no-process", [DOCTOR_REMOTE] = "remote", [DOCTOR_HIDDEN_PROCESS] = "hidden-process",
	[DOCTOR_OTHER_NAMESPACE] = "other-namespace", [DOCTOR_NO_BUS] = "no-accessibility-bus", [DOCTOR_SILENT] = "no-accessibility",
	[DOCTOR_SILENT_PAGES] = "no-page-accessibility", [DOCTOR_NO_FIELD] = "no-focused-field", [DOCTOR_NO_TEXT] = "no-text-field",
	[DOCTOR_NO_KEYS] = "takes-no-keys", [DOCTOR_OTHER] = "other", [DOCTOR_PRIVATE] = "private",
};

const char *doctor_oracle_name(enum doctor_oracle oracle) { return oracles[oracle]; }
const char *doctor_cause_name(enum doctor_cause cause) { return causes[cause]; }

const char *doctor_verdict_name(const struct doctor_verdict *v)
{
	return v->open ? "open" : v->reason == REASON_EXCLUDED ? "excluded" : v->reason == REASON_UNKNOWN ? "unknown" : "secret";
}

static void nothing(void *user, const struct raw_event *raw)
{
	(void)user;
	(void)raw;
}

static void on_lock(void *user, const struct raw_event *raw)
{
	struct doctor *d = user;
	if (raw->kind == RAW_LOCK)
		d->locked = raw->as.lock.locked;
}

/* Asked once: the session is locked, or it is not. */
static void look_at_session(struct doctor *d)
{
	struct session *s = NULL;
	const char *what = NULL;
	int e = session_open(doctor_context_session(d), on_lock, d, &s, &what);
	d->no_logind = e == ERROR_UNSUPPORTED;
	if (e == ERROR_UNSUPPORTED && !d->devices)
		doctor_find(d, "logind", false, "systemd-logind or elogind",
			    "%s: that the screen is locked is told by the keyboard's grab and by the locker's name only", what ? what : "there is no logind");
	else if (e && e != ERROR_UNSUPPORTED)
		doctor_find(d, "logind", true, "start it (systemctl status systemd-logind dbus), or log out and in again",
			    "this machine has logind, but its word cannot be had, and nothing is recorded without: %s", what ? what : "no answer");
	else if (e == 0 && what)
		doctor_find(d, "logind", false, NULL, "%s", what);
	session_close(s);
}

static int look(struct doctor *d, bool titles, struct x11 **x)
{
	struct x11_options options = { .titles = titles, .terminals = &d->participant.terminals };
	const char *what = "";
	int e = x11_open(NULL, &options, nothing, NULL, x, &what);
	if (e) {
		const char *display = getenv("DISPLAY");
		doctor_find(d, "display", true, e == ERROR_UNSUPPORTED ? "an Xorg server of this machine, of version 1.14 or later" :
			    "run it in the participant's own X session (DISPLAY, XAUTHORITY)", "no window can be looked at: %s (%s)", what,
			    display && display[0] ? display : "DISPLAY is not set");
		return e;
	}
	d->place = "x11";
	return 0;
}

/* As capture, which sees through the same rights: no file is written, no program run, no connection made from here on. */
static int confine(void)
{
	const char *what = "";
	if (sandbox_capture(&what) == 0)
		return 0;
	log_error("sandbox: %s", what);
	return ERROR_DENIED;
}

static int look_at_windows(struct doctor *d, struct x11 *x)
{
	int e = 0;
	if (d->only_devices) {
		e = doctor_context_look(d);
	} else if (x11_list(x, &d->list)) {
		doctor_find(d, "display", true, "look again", "the X server went away");
		d->place = NULL;
	}
	return e == 0 && d->list ? doctor_windows(d) : e;
}

static bool wants_oracle(const struct doctor *d)
{
	bool wants = doctor_has_fields(d) && atspi_list_state(d->bus) != ATSPI_BUS_GOOD;
	for (int i = 0; i < d->windows; i++)
		wants |= d->window[i].wants_oracle;
	return wants;
}

int doctor_run(const struct places *places, const struct doctor_options *options)
{
	/* Not static: what is never used would be locked in every process of assentd. */
	struct doctor *d = calloc(1, sizeof *d);
	struct x11 *x = NULL;
	const char *what = "";
	int code = 1;
	bool titles = options->titles || (!options->json && isatty(STDOUT_FILENO));

	setlocale(LC_CTYPE, "");
	if (!d || sandbox_begin(&what)) {
		log_error("%s%s", d ? "sandbox: " : "out of memory", what);
		free(d);
		return code;
	}
	d->places = places;
	if (options->source)
		snprintf(d->source, sizeof d->source, "%s", options->source);
	doctor_settings(d);
	int e = d->only_devices ? doctor_context_open(d, titles) : 0;
	look_at_session(d);
	if (e == 0)
		e = atspi_list_open(&d->bus);
	if (e == 0 && d->devices)
		doctor_devices(d);
	if (e == 0 && !d->only_devices)
		look(d, titles, &x);
	if (e == 0 && d->place) {
		e = confine();
		if (e == 0)
			e = look_at_windows(d, x);
	}
	if (e == ERROR_MEMORY)
		log_error("out of memory");
	if (e)
		goto out;
	d->wants_oracle = wants_oracle(d);
	doctor_machine(d);
	if (options->json)
		doctor_json(d, titles, stdout);
	else
		doctor_print(d, titles, stdout);
	/* A reader that has seen enough is no failure. */
	if ((fflush(stdout) == 0 || errno == EPIPE) && d->place && (d->served || !d->devices))
		code = d->wants_oracle ? 3 : 0;
out:
	x11_close(x);
	doctor_context_close(d);
	atspi_list_close(d->bus);
	free(d->list);
	free(d);
	return code;
}
