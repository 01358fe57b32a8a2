/* SPDX-License-Identifier: Apache-2.0 */
/* Why a terminal is as it is, in words. */
#include <stdio.h>
#include <string.h>

#include "doctor_inside.h"
#include "source/tty_explain.h"
#include "source/tty_program.h"

/* Behind these another program, or another machine, takes the keys: to name them under programs: would be a mistake. */
static const char *const hiding[] = { "ssh", "mosh", "mosh-client", "telnet", "ftp", "sftp", "su", "sudo", "doas", "pkexec", "run0",
	"docker", "podman", "kubectl", "lxc", "lxc-attach", "incus", "machinectl", "nsenter", "chroot", "unshare", "bwrap", "toolbox",
	"distrobox", "vagrant", "virsh", "adb", "tmux", "screen", "SCREEN", "zellij", "script", "expect", "minicom", "picocom", "login",
	"passwd", "dialog", "whiptail", "pass", "gpg", "gpg-agent", "pinentry", "cryptsetup", NULL };

static bool hides(const struct tty_told *t)
{
	if (t->namespaced || !strncmp(t->program, "pinentry", 8) || !strncmp(t->program, "tmux:", 5))
		return true;
	for (int i = 0; hiding[i]; i++) {
		if (!strcmp(t->program, hiding[i]))
			return true;
	}
	return false;
}

static bool is_known(const struct doctor *d, const struct tty_told *t)
{
	return t->pid && (tty_program_known(t->pid, &d->participant.programs) ||
			  (d->policy.programs.count && tty_program_known(t->pid, &d->policy.programs)));
}

/* "bash, less and vim". */
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
	snprintf(w->why, sizeof w->why, "its terminal%s well; in %s: %s", count > 1 ? "s are" : " is", count > 1 ? "them" : "it",
		 text[0] ? text : "?");
}

/* The terminal at fault, by how much it is. */
static const struct tty_told *worst(const struct doctor *d, const struct tty_told *told, int count)
{
	const struct tty_told *found = NULL;
	for (int i = 0; i < count && !found; i++)
		found = told[i].mode == TTY_MODE_PROMPT ? &told[i] : NULL;
	for (int i = 0; i < count && !found; i++)
		found = told[i].mode == TTY_MODE_RAW && hides(&told[i]) ? &told[i] : NULL;
	for (int i = 0; i < count && !found; i++)
		found = told[i].mode == TTY_MODE_RAW && !is_known(d, &told[i]) ? &told[i] : NULL;
	for (int i = 0; i < count && !found; i++)
		found = told[i].mode == TTY_MODE_CLOSED ? &told[i] : NULL;
	for (int i = 0; i < count && !found; i++)
		found = hides(&told[i]) ? &told[i] : NULL;
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
		snprintf(w->why, sizeof w->why, "%s asks for a password: it takes a line and does not show it%s", program, where);
		snprintf(w->mend, sizeof w->mend, "nothing: that is meant");
	} else if (t->mode == TTY_MODE_CLOSED) {
		snprintf(w->why, sizeof w->why, "the terminal that %s runs in cannot be looked at%s", program, where);
		snprintf(w->mend, sizeof w->mend, "it belongs to another user or a container: open another terminal for what may be recorded");
	} else if (hides(t)) {
		w->cause = DOCTOR_HIDDEN_PROGRAM;
		if (t->namespaced)
			snprintf(w->why, sizeof w->why, "%s runs in it in a container%s", program, where);
		else
			snprintf(w->why, sizeof w->why, "%s runs in it: what takes the keys behind it cannot be seen%s", program, where);
		snprintf(w->mend, sizeof w->mend, "nothing: that is meant");
	} else {
		w->cause = DOCTOR_UNKNOWN_PROGRAM;
		snprintf(w->why, sizeof w->why, "%s reads its keys raw, and is not known to take no passwords%s", program, where);
		snprintf(w->mend, sizeof w->mend, "if you never type a secret into %s: name it under programs: in assent.yaml (or IT in policy.yaml)",
			 program);
	}
}
