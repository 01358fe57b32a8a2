/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor_inside.h"
#include "policy/exclude.h"
#include "source/toolkit.h"

#define SWITCH_ON "`accessibility: on` in assent.yaml while recording, or for all: " \
	"gsettings set org.gnome.desktop.interface toolkit-accessibility true"

static void say(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(char *out, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(out, size, format, args);
	va_end(args);
}

#define WHY(w, ...) say((w)->why, sizeof (w)->why, __VA_ARGS__)
#define MEND(w, ...) say((w)->mend, sizeof (w)->mend, __VA_ARGS__)

bool doctor_pages_silent(int32_t pid)
{
	static const char wanted[] = "--force-renderer-accessibility";
	enum toolkit kit = toolkit_of(pid);
	char path[64], text[32768];
	if (kit != TOOLKIT_CHROMIUM && kit != TOOLKIT_ELECTRON)
		return false;
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	/* Chromium writes its own command line anew, with spaces. */
	return n <= 0 || !memmem(text, (size_t)n, wanted, sizeof wanted - 1);
}

/* Which list it is on. The merged list holds the study's patterns first, then the policy's, then the participant's. */
static bool excluded(const struct doctor *d, struct doctor_window *w)
{
	const struct raw_app *app = &w->seen->app;
	const struct limits *l = &d->merged.limits;
	const char *pattern = exclude_which(NULL, app);
	w->cause = DOCTOR_EXCLUDED;
	if (pattern) {
		WHY(w, "on the built-in list of password managers, prompts and lockers (%s), which nobody can change", pattern);
		return true;
	}
	if ((pattern = exclude_which(&l->exclude_apps, app))) {
		int i = 0;
		while (i < l->exclude_apps.count && l->exclude_apps.pattern[i] != pattern)
			i++;
		int study = l->exclude_apps.count - d->merged.exclude_from_policy - d->merged.exclude_from_participant;
		const char *whose = i < study ? "study" : i < study + d->merged.exclude_from_policy ? "policy" : NULL;
		if (whose)
			WHY(w, "excluded by the %s (%s)", whose, pattern);
		else
			WHY(w, "excluded by your own settings (%s)", pattern);
		return true;
	}
	if (!l->only_apps.count || exclude_which(&l->only_apps, app))
		return false;
	w->cause = DOCTOR_NOT_INCLUDED;
	WHY(w, "the study records only some applications, and this is none of them");
	return true;
}

static void silent(const struct doctor *d, struct doctor_window *w)
{
	int32_t pid = w->seen->app.pid;
	const char *off = toolkit_switched_off(pid);
	const char *on = atspi_list_enabled(d->bus) ? "" : "; before that " SWITCH_ON;

	w->cause = DOCTOR_SILENT;
	WHY(w, "it tells the accessibility bus nothing, so nobody vouches for its fields");
	switch (toolkit_of(pid)) {
	case TOOLKIT_FIREFOX:
		if (atspi_list_enabled(d->bus))
			MEND(w, "start it again; if that does not help: accessibility.force_disabled must be 0 or -1 (about:config, or IT's policies.json)");
		else
			MEND(w, SWITCH_ON "; Firefox notices at once");
		return;
	case TOOLKIT_CHROMIUM:
		MEND(w, "start it with --force-renderer-accessibility (for all: a file in /etc/chromium.d with export "
		     "CHROMIUM_FLAGS=\"$CHROMIUM_FLAGS --force-renderer-accessibility\"; else in its .desktop file)%s", on);
		return;
	case TOOLKIT_ELECTRON:
		MEND(w, "start it with --force-renderer-accessibility (Exec line of its .desktop file)%s", on);
		return;
	case TOOLKIT_JAVA:
		MEND(w, "install libatk-wrapper-java-jni (Swing and AWT programs speak after a new start; JavaFX does not on Linux)");
		return;
	case TOOLKIT_QT4:
		MEND(w, "install qt-at-spi and start it with QT_ACCESSIBILITY=1; better a program of Qt 5 or later");
		return;
	case TOOLKIT_QT5:
	case TOOLKIT_QT6:
		if (off)
			MEND(w, "start it without %s", off);
		else
			MEND(w, "start it again with QT_LINUX_ACCESSIBILITY_ALWAYS_ON=1 (for all: /etc/environment.d or /etc/environment)");
		return;
	case TOOLKIT_GTK2:
		MEND(w, "install libgail-common and libatk-adaptor, and start it with GTK_MODULES=gail:atk-bridge");
		return;
	case TOOLKIT_GTK3:
	case TOOLKIT_GTK4:
		if (off)
			MEND(w, "start it without %s", off);
		else
			MEND(w, "start it again: it was started without this session's accessibility bus, or by another bus");
		return;
	case TOOLKIT_SILENT:
		MEND(w, "none: it draws its text by itself and has no accessibility (a terminal emulator: name it "
		     "under terminals: in assent.yaml)");
		return;
	case TOOLKIT_UNKNOWN:
		MEND(w, "it cannot be seen what it is made with; start it again, with accessibility switched on: " SWITCH_ON);
		return;
	}
}

static void no_bus(const struct doctor *d, struct doctor_window *w)
{
	w->cause = DOCTOR_NO_BUS;
	WHY(w, "there is no accessibility bus, so nobody vouches for its fields");
	if (atspi_list_state(d->bus) == ATSPI_BUS_NOT_INSTALLED)
		MEND(w, "install at-spi2-core, and log in again");
	else
		MEND(w, "see below");
}

/* Known before any oracle is asked. */
static bool nowhere(const struct doctor *d, struct doctor_window *w)
{
	const struct raw_app *app = &w->seen->app;
	const char *slash = strrchr(app->exe, '/'), *name = slash ? slash + 1 : app->exe;

	if (!strcmp(name, "ssh") || !strcmp(name, "sshd") || (app->pid <= 0 && w->seen->elsewhere)) {
		w->cause = DOCTOR_REMOTE;
		WHY(w, "it runs on another machine%s, where nothing can be looked at", name[0] ? " (ssh shows it here)" : "");
		return true;
	}
	if (app->pid <= 0) {
		w->cause = DOCTOR_NO_PROCESS;
		WHY(w, d->only_devices ? "sway does not know its process: it is a window of Xwayland, or one of sway's own" :
		    "the X server does not know its process: it is connected over a network, or from a container");
		return true;
	}
	if (app->foreign && (app->exe[0] || app->sandbox[0])) {
		w->cause = DOCTOR_OTHER_NAMESPACE;
		WHY(w, "it runs in a container or sandbox%s%s, whose files and terminals are not ours", app->sandbox[0] ? " " : "",
		    app->sandbox);
		MEND(w, app->sandbox[0] ? "use its ordinary package instead of the sandboxed one" : "none: what runs in a container is masked");
		return true;
	}
	if (!app->exe[0] && !app->sandbox[0]) {
		w->cause = DOCTOR_HIDDEN_PROCESS;
		WHY(w, "which program it is cannot be seen: it belongs to another user, or protects itself");
		return true;
	}
	return false;
}

static void by_accessibility(const struct doctor *d, struct doctor_window *w, const struct doctor_place *place,
			     const struct doctor_verdict *lasting)
{
	if (!w->seen->wants_keys) {
		w->cause = DOCTOR_NO_KEYS;
		WHY(w, "it takes no keys, as it says itself");
	} else if (atspi_list_state(d->bus) != ATSPI_BUS_GOOD) {
		no_bus(d, w);
	} else if (!atspi_list_has(d->bus, w->seen->app.pid)) {
		silent(d, w);
	} else if (lasting->open) {
		w->cause = DOCTOR_TEXT;
		WHY(w, w->seen->focused ? "a text field has the focus; its caret confirms each character" :
		    "its text fields tell what they are; the caret confirms each character");
	} else if (place->role == FIELD_SECRET) {
		w->cause = DOCTOR_PASSWORD;
		WHY(w, "a password field has the focus");
	} else if (doctor_pages_silent(w->seen->app.pid)) {
		w->cause = DOCTOR_SILENT_PAGES;
		WHY(w, "its bars are on the accessibility bus, its pages are not");
		MEND(w, "start it with --force-renderer-accessibility (Chromium for all: a file in /etc/chromium.d with export "
		     "CHROMIUM_FLAGS=\"$CHROMIUM_FLAGS --force-renderer-accessibility\"; else in its .desktop file)");
	} else if (place->role == FIELD_OTHER) {
		w->cause = DOCTOR_NO_TEXT;
		WHY(w, "what has the focus takes no text (a button, a list); no character is kept there");
	} else if (place->role == FIELD_PENDING) {
		w->cause = DOCTOR_NO_FIELD;
		WHY(w, "it is on the accessibility bus, but nothing in it says that it has the focus");
		MEND(w, "click into a text field and look again; if it stays so, the application does not tell of it");
	} else {
		w->cause = DOCTOR_OTHER;
		WHY(w, "the oracles do not agree");
	}
}

void doctor_advise(const struct doctor *d, struct doctor_window *w, const struct doctor_place *place,
		   const struct doctor_verdict *lasting)
{
	if (excluded(d, w))
		return;
	if (!nowhere(d, w)) {
		if (w->seen->app.terminal && place->role != FIELD_SECRET)
			doctor_advise_terminal(d, w, place);
		else
			by_accessibility(d, w, place, lasting);
	}
	if (lasting->open && !w->now.open) {
		if (d->doubt && !d->is_private && !d->locked) {
			w->cause = DOCTOR_OTHER;
			WHY(w, "%s", d->doubt);
			MEND(w, "see below");
			return;
		}
		w->cause = d->is_private ? DOCTOR_PRIVATE : d->locked ? DOCTOR_LOCKED : DOCTOR_GRABBED;
		WHY(w, d->is_private ? "you switched private mode on" : d->locked ? "the session is locked" : "another program holds the keyboard (a locker, a prompt, a menu)");
		MEND(w, d->is_private ? "none needed; assent private off" : "none needed: recording goes on when that is over");
		return;
	}
	switch (w->cause) {
	case DOCTOR_UNKNOWN_PROGRAM: case DOCTOR_NO_TTY: case DOCTOR_NO_PROCESS: case DOCTOR_REMOTE: case DOCTOR_HIDDEN_PROCESS:
	case DOCTOR_OTHER_NAMESPACE: case DOCTOR_NO_BUS: case DOCTOR_SILENT: case DOCTOR_SILENT_PAGES: case DOCTOR_OTHER:
		w->wants_oracle = !lasting->open;
		break;
	default:
		break;
	}
}
