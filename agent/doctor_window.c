/* SPDX-License-Identifier: Apache-2.0 */
/* What the oracles say about each window, as capture would ask them. */
#include <string.h>

#include "doctor_inside.h"
#include "policy/exclude.h"
#include "source/tty.h"

static enum tty_state look_at_tty(const struct doctor *d, int32_t pid)
{
	/* As capture does: policy and participant may each add programs. */
	enum tty_state state = tty_look(pid, &d->participant.programs);
	if (state == TTY_UNKNOWN && d->policy.programs.count)
		state = tty_look(pid, &d->policy.programs);
	/* What is typed now waits for a moment, and is kept. */
	return state == TTY_STARTING ? TTY_ECHO : state;
}

static bool is_excluded(const struct doctor *d, const struct raw_app *app)
{
	const struct limits *l = &d->merged.limits;
	return exclude_builtin(app) || exclude_matches(&l->exclude_apps, app) ||
	       (l->only_apps.count && !exclude_matches(&l->only_apps, app));
}

/* Of a window that has not the focus: that of a text field in it, since its toolkit tells of those. The same under a grab,
 * when toolkits take the focus away from what will have it again. */
static enum field_role role_in(const struct doctor *d, const struct x11_seen *seen)
{
	if (!atspi_list_has(d->bus, seen->app.pid))
		return FIELD_PENDING;
	enum field_role role = seen->focused && !d->list->grabbed ? atspi_list_focused(d->bus, seen->app.pid) : FIELD_TEXT;
	if (role == FIELD_DEAD)
		role = FIELD_PENDING;
	/* A terminal's own dialogs apart, what is typed goes to its terminal, whatever it calls that. */
	return seen->app.terminal && role != FIELD_SECRET ? FIELD_TERMINAL : role;
}

static int look(struct doctor *d, struct doctor_window *w)
{
	const struct raw_app *app = &w->seen->app;
	struct doctor_place place = { .app = app, .tty = TTY_UNKNOWN, .role = FIELD_PENDING };
	struct doctor_verdict lasting;

	exclude_app_id(app, w->app);
	/* An excluded program is not looked into: capture does not, either. */
	if (!is_excluded(d, app)) {
		if (app->terminal && !app->foreign)
			place.tty = look_at_tty(d, app->pid);
		place.role = role_in(d, w->seen);
		/* The browser's own bars speak; what is typed mostly goes to its pages. */
		if (!w->seen->focused && place.role == FIELD_TEXT && doctor_pages_silent(app->pid))
			place.role = FIELD_PENDING;
	}
	w->oracle = app->terminal ? DOCTOR_TERMINAL : atspi_list_has(d->bus, app->pid) ? DOCTOR_ACCESSIBILITY : DOCTOR_NO_ORACLE;
	int e = doctor_judge(&d->merged.limits, &place, &lasting);
	w->now = lasting;
	if (e == 0 && (d->locked || d->list->grabbed || d->is_private || d->doubt)) {
		place.locked = d->locked;
		place.grabbed = d->list->grabbed;
		place.is_private = d->is_private;
		place.doubted = d->doubt;
		e = doctor_judge(&d->merged.limits, &place, &w->now);
	}
	if (e == 0)
		doctor_advise(d, w, &place, &lasting);
	return e;
}

int doctor_windows(struct doctor *d)
{
	int e = 0;
	/* The one that has the focus first. */
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < d->list->count && e == 0; i++) {
			if (d->list->seen[i].focused != (pass == 0))
				continue;
			struct doctor_window *w = &d->window[d->windows++];
			memset(w, 0, sizeof *w);
			w->seen = &d->list->seen[i];
			e = look(d, w);
		}
	}
	return e;
}
