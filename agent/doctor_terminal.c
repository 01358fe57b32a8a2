/* SPDX-License-Identifier: Apache-2.0 */
/* Why a terminal is as it is, in words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_inside.h"
#include "source/tty_explain.h"
#include "source/tty_program.h"

/* By the better of both lists' words: policy and participant may each add programs. */
static enum tty_kind kind_of(const struct doctor *d, const struct tty_told *t)
{
	enum tty_kind kind = t->process.pid ? tty_program_kind(&t->process, &d->participant.programs) : TTY_KIND_UNKNOWN;
	if (kind == TTY_KIND_UNKNOWN && t->process.pid && d->policy.programs.count)
		kind = tty_program_kind(&t->process, &d->policy.programs);
	return kind;
}

/* What it hides is looked at pane by pane. */
static bool resolved(const struct doctor *d, const struct tty_told *t)
{
	enum tty_kind kind = kind_of(d, t);
	return kind == TTY_KIND_TMUX || kind == TTY_KIND_SCREEN;
}

/* Behind it another program, another machine or another user takes the keys: no configuration changes that. */
static bool hides(const struct doctor *d, const struct tty_told *t)
{
	enum tty_kind kind = kind_of(d, t);
	return !t->here || kind == TTY_KIND_NEVER || resolved(d, t);
}

/* Would it help to name it under programs: (not where it runs a script)? */
static bool can_be_named(const struct tty_told *t)
{
	struct pattern_list *only = calloc(1, sizeof *only);
	if (!only)
		return false;
	only->count = 1;
	snprintf(only->pattern[0], sizeof only->pattern[0], "%s", t->program);
	enum tty_kind kind = t->process.pid ? tty_program_kind(&t->process, only) : TTY_KIND_UNKNOWN;
	free(only);
	return kind == TTY_KIND_SHOWS || kind == TTY_KIND_EDITS;
}

/* "bash, less and 2 more". */
static void names(const struct tty_told *told, int count, char *out, size_t size)
{
	size_t used = 0;
	int shown = 0, left = 0;
	out[0] = 0;
	for (int i = 0; i < count; i++) {
		bool known = false;
		for (int k = 0; k < i; k++)
			known |= !strcmp(told[k].program, told[i].program);
		if (known || !told[i].program[0])
			continue;
		if (shown == 3) {
			left++;
			continue;
		}
		int n = snprintf(out + used, size - used, "%s%s", shown ? ", " : "", told[i].program);
		used = (size_t)n < size - used ? used + (size_t)n : size - 1;
		shown++;
	}
	if (left)
		snprintf(out + used, size - used, " and %d more", left);
}

static void open_one(struct doctor_window *w, const struct tty_told *told, int count)
{
	char text[300];
	names(told, count, text, sizeof text);
	w->cause = DOCTOR_LINE;
	snprintf(w->why, sizeof w->why, count > 1 ? "its terminals run %s; all show what is typed" : "its terminal runs %s; what is typed is shown",
		 text[0] ? text : "something");
}

/* The terminal at fault, by how much it is. */
static const struct tty_told *worst(const struct doctor *d, const struct tty_told *told, int count)
{
	const struct tty_told *found = NULL;
	for (int i = 0; i < count && !found; i++)
		found = told[i].mode == TTY_MODE_PROMPT ? &told[i] : NULL;
	for (int i = 0; i < count && !found; i++)
		found = told[i].mode == TTY_MODE_RAW && hides(d, &told[i]) ? &told[i] : NULL;
	for (int i = 0; i < count && !found; i++)
		found = told[i].mode == TTY_MODE_RAW && kind_of(d, &told[i]) == TTY_KIND_UNKNOWN ? &told[i] : NULL;
	for (int i = 0; i < count && !found; i++)
		found = told[i].mode == TTY_MODE_CLOSED ? &told[i] : NULL;
	for (int i = 0; i < count && !found; i++)
		found = hides(d, &told[i]) ? &told[i] : NULL;
	return found;
}

void doctor_advise_terminal(const struct doctor *d, struct doctor_window *w, const struct doctor_place *place)
{
	struct tty_told told[TTY_EXPLAIN_MAX];
	int count = tty_explain(w->seen->app.pid, told);
	char where[64] = "";

	if (place->tty == TTY_ECHO || place->tty == TTY_PROGRAM) {
		open_one(w, told, count);
		return;
	}
	const struct tty_told *t = worst(d, told, count);
	if (t && count > 1)
		snprintf(where, sizeof where, " (in /dev/pts/%u, one of %d terminals of its process)", t->number, count);
	const char *program = t && t->program[0] ? t->program : "a program";
	w->cause = DOCTOR_NO_TTY;
	if (!t) {
		snprintf(w->why, sizeof w->why, count ? "what its terminals run cannot be told" : "no terminal was found inside it");
		snprintf(w->mend, sizeof w->mend, count ? "look again: it may have changed just now" : "look again when a shell runs in it");
	} else if (place->tty == TTY_SECRET || t->mode == TTY_MODE_PROMPT) {
		w->cause = DOCTOR_PROMPT;
		if (t->mode == TTY_MODE_PROMPT)
			snprintf(w->why, sizeof w->why, "%s asks for a password: it takes a line and does not show it%s", program, where);
		else
			snprintf(w->why, sizeof w->why, "behind %s a password is asked for%s", program, where);
		snprintf(w->mend, sizeof w->mend, "none needed: that is meant");
	} else if (t->mode == TTY_MODE_CLOSED) {
		snprintf(w->why, sizeof w->why, "the terminal that %s runs in cannot be looked at%s", program, where);
		snprintf(w->mend, sizeof w->mend, "it belongs to another user or a container: open another terminal for what may be recorded");
	} else if (hides(d, t)) {
		w->cause = DOCTOR_HIDDEN_PROGRAM;
		if (!t->here)
			snprintf(w->why, sizeof w->why, "%s runs in it in a container%s", program, where);
		else if (resolved(d, t))
			snprintf(w->why, sizeof w->why, "in a pane of %s runs what is not known, or hides another program; any of them counts%s", program, where);
		else
			snprintf(w->why, sizeof w->why, "%s runs in it: what takes the keys behind it cannot be seen%s", program, where);
		snprintf(w->mend, sizeof w->mend, "none needed: that is meant");
	} else {
		w->cause = DOCTOR_UNKNOWN_PROGRAM;
		snprintf(w->why, sizeof w->why, "%s reads its keys raw, and is not known to take no passwords%s", program, where);
		if (can_be_named(t))
			snprintf(w->mend, sizeof w->mend, "if you never type a secret into %s: name it under programs: in assent.yaml (or IT in policy.yaml)",
				 program);
		else
			snprintf(w->mend, sizeof w->mend, "none: a script may ask for anything, so no setting allows %s to run one", program);
	}
}
