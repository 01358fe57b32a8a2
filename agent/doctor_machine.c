/* SPDX-License-Identifier: Apache-2.0 */
/* What of the machine, the session, the settings and the ledger stands in the way, whatever the windows say. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "control/client.h"
#include "doctor_inside.h"
#include "error.h"
#include "store/ledger.h"
#include "store/mark.h"

enum { MEMLOCK_KIB = 8192, ANSWER_MS = 1000 };

/* Of the year this was written: a clock before that was never set. */
#define BUILT_US INT64_C(1750000000000000)

void doctor_find(struct doctor *d, const char *id, bool problem, const char *mend, const char *format, ...)
{
	if (d->findings == DOCTOR_FINDINGS_MAX)
		return;
	struct doctor_finding *f = &d->finding[d->findings++];
	f->id = id;
	f->problem = problem;
	va_list args;
	va_start(args, format);
	vsnprintf(f->text, sizeof f->text, format, args);
	va_end(args);
	snprintf(f->mend, sizeof f->mend, "%s", mend ? mend : "");
}

/* ---- what was agreed ---- */

/* The limits of the study that was joined; without one those of policy and participant. */
static void merge(struct doctor *d, const struct ledger_view *view)
{
	static const struct limits all = { .keys = DETAIL_TEXT, .pointer = POINTER_FULL, .scroll = true, .apps = APPS_TITLE,
					   .retention_us = INT64_MAX };
	char path[PLACE_MAX + 80];
	struct config_error error;
	struct study *study = NULL;

	if (view->standing == STANDING_GIVEN || view->standing == STANDING_PAUSED) {
		snprintf(path, sizeof path, "%s/%s.yaml", d->places->studies, view->given.study);
		if (study_load(path, &study, &error)) {
			doctor_find(d, "study", true, "join the study again: assent join", "nothing is recorded: the manifest that was agreed to cannot be used: %s",
				    error.text);
		} else if (memcmp(study->terms_hash, view->given.terms_hash, sizeof study->terms_hash) != 0) {
			doctor_find(d, "study", true, "join the study again: assent join", "nothing is recorded: the study's manifest was changed since it was agreed to");
			study_free(study);
			study = NULL;
		}
	}
	d->joined = study != NULL;
	if (!study) {
		study = calloc(1, sizeof *study);
		if (study)
			study->capture = all;
	}
	if (study)
		d->wanted_keys = study->capture.keys;
	if (study)
		settings_merge(study, &d->policy, &d->participant, &d->merged);
	if (d->joined && d->merged.forbidden)
		doctor_find(d, "forbidden", true, d->merged.hotkey_dead ? "change your settings, or ask your IT" : "ask your IT", "nothing is recorded: %s",
			    d->merged.why);
	else if (d->policy.forbid)
		doctor_find(d, "forbidden", true, "ask your IT", "nothing is recorded: the policy forbids all capture on this machine");
	if (d->joined && d->merged.limits.keys == DETAIL_NONE)
		doctor_find(d, "no-keys", false, NULL, "no key is recorded anywhere: the study, the policy or your settings say keys: none");
	study_free(study);
}

static void find_ledger(struct doctor *d, struct ledger_view *view)
{
	static struct ledger_trust trust;
	struct identity *identity = NULL;
	if (identity_load(d->places->identity, &identity))
		identity = NULL;
	if (identity) {
		identity_close(identity);
		ledger_trust_init(&trust, identity);
	}
	int e = ledger_read(d->places->ledger, identity ? &trust : NULL, clock_utc_us(), view);
	identity_free(identity);
	if (e) {
		memset(view, 0, sizeof *view);
		view->standing = STANDING_INVALID;
		doctor_find(d, "ledger", true, "mend what the message says; nothing is recorded meanwhile", "the ledger %s cannot be read: %s", d->places->ledger,
			    e == ERROR_IO ? strerror(errno) : error_text(e));
	} else if (view->damaged) {
		doctor_find(d, "ledger", true, "assent withdraw keeps it aside and begins a new one; then join anew", "the ledger %s is damaged: %s",
			    d->places->ledger, view->why);
	} else if (view->clock_wrong) {
		doctor_find(d, "clock", true, "set the clock (timedatectl set-ntp true)", "the clock is behind the newest decision in the ledger: %s", view->why);
	} else if (view->standing != STANDING_GIVEN) {
		doctor_find(d, "not-joined", false, NULL, "nothing is recorded now: %s", view->why);
	}
	if (clock_utc_us() < BUILT_US)
		doctor_find(d, "clock", true, "set it (timedatectl set-ntp true)", "the clock is wrong: it is before this program was written");
}

static void find_agent(struct doctor *d, const struct ledger_view *view)
{
	char answer[16384];
	if (view->standing != STANDING_GIVEN)
		return;
	int e = client_ask(d->places->control, "status", answer, sizeof answer, ANSWER_MS);
	if (e == ERROR_GONE)
		doctor_find(d, "agent", false, "systemctl --user start assentd", "no agent is running, so nothing is recorded");
	else if (e)
		doctor_find(d, "agent", false, "systemctl --user restart assentd", "the agent does not answer");
	else if (strncmp(answer, "{\"recording\":true", 17) == 0)
		d->agent_reads = strstr(answer, "evdev\",\"obstacle\":") != NULL;
	else
		doctor_find(d, "agent", false, "assent status tells why", "the agent is running and does not record");
}

void doctor_settings(struct doctor *d)
{
	static struct ledger_view view;
	struct config_error error;

	if (settings_load(d->places->policy, true, &d->policy, &error))
		doctor_find(d, "settings", true, "IT mends that line; nothing is recorded meanwhile", "%s", error.text);
	if (settings_load(d->places->config, false, &d->participant, &error))
		doctor_find(d, "settings", true, "mend that line; nothing is recorded meanwhile", "%s", error.text);
	if (d->source[0])
		memcpy(d->participant.source, d->source, sizeof d->source);
	else
		snprintf(d->source, sizeof d->source, "%s", d->participant.source[0] ? d->participant.source : "x11");
	d->only_devices = strcmp(d->source, "evdev") == 0;
	d->devices = d->only_devices || strcmp(d->source, "x11+evdev") == 0;
	find_ledger(d, &view);
	merge(d, &view);
	find_agent(d, &view);
	int64_t since_us;
	d->is_private = mark_read(d->places->mark, &since_us);
	if (d->is_private)
		doctor_find(d, "private", false, "assent private off", "private mode is on: everything is masked");
}

/* ---- the machine ---- */

static void find_bus(struct doctor *d)
{
	switch (atspi_list_state(d->bus)) {
	case ATSPI_BUS_GOOD:
		break;
	case ATSPI_BUS_NO_SESSION:
		doctor_find(d, "accessibility-bus", true, "log in to a desktop session, or start one under dbus-run-session",
			    "there is no session bus (DBUS_SESSION_BUS_ADDRESS), hence no accessibility: nothing can be recorded");
		break;
	case ATSPI_BUS_NOT_INSTALLED:
		doctor_find(d, "accessibility-bus", true, "install at-spi2-core, and log in again",
			    "there is no accessibility bus: nothing can be recorded");
		break;
	case ATSPI_BUS_NOT_STARTED:
		doctor_find(d, "accessibility-bus", true, "it starts with assentd, or the first application that uses it; those that run already may have to be started again",
			    "the accessibility bus is not running yet: no application is on it");
		break;
	case ATSPI_BUS_SILENT:
		doctor_find(d, "accessibility-bus", true, "log out and in again", "the accessibility bus does not answer: nothing can be recorded");
		break;
	}
}

static bool proc_hides(void)
{
	char line[4352];
	bool hides = false;
	FILE *f = fopen("/proc/self/mountinfo", "re");
	while (f && fgets(line, sizeof line, f)) {
		const char *options = strstr(line, " - proc ");
		if (!options || !strstr(line, " /proc "))
			continue;
		const char *at = strstr(options, "hidepid=");
		hides = at && strncmp(at, "hidepid=0", 9) != 0 && strncmp(at, "hidepid=off", 11) != 0;
	}
	if (f)
		fclose(f);
	return hides;
}

static void find_proc(struct doctor *d)
{
	char path[96];
	if (access("/proc/self/exe", F_OK) != 0) {
		doctor_find(d, "proc", true, "mount it", "/proc is not there: no program can be told from another");
		return;
	}
	snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)syscall(SYS_gettid));
	if (access(path, F_OK) != 0)
		doctor_find(d, "proc-children", true, "a kernel with CONFIG_PROC_CHILDREN",
			    "the kernel does not tell the children of a process: terminals are masked");
	if (proc_hides())
		doctor_find(d, "proc-hidepid", false, "mount /proc without hidepid, or with gid= of a group that the participant is in",
			    "/proc hides the processes of others (hidepid): a terminal with a program of another user in it is masked");
}

static void find_limits(struct doctor *d)
{
	struct rlimit limit;
	const char *features = sandbox_features();

	if (geteuid() != 0 && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_max != RLIM_INFINITY &&
	    limit.rlim_max < (rlim_t)MEMLOCK_KIB * 1024)
		doctor_find(d, "memlock", true, "LimitMEMLOCK=8M in the unit, or memlock in /etc/security/limits.conf",
			    "only %ju KiB of memory may be locked (RLIMIT_MEMLOCK): the agent needs %d", (uintmax_t)limit.rlim_max / 1024,
			    MEMLOCK_KIB);
	if (strstr(features, "seccomp: no"))
		doctor_find(d, "seccomp", true, "a kernel with CONFIG_SECCOMP_FILTER", "the kernel has no seccomp filters: the agent does not run without");
	if (strstr(features, "landlock: no"))
		doctor_find(d, "landlock", false, "Linux 5.13 or later with landlock in lsm=",
			    "the kernel has no Landlock (or an outer sandbox hides it): the writer is confined by seccomp alone");
}

static void find_session(struct doctor *d)
{
	const char *wayland = getenv("WAYLAND_DISPLAY"), *type = getenv("XDG_SESSION_TYPE");
	if (!d->only_devices && ((wayland && wayland[0]) || (type && !strcmp(type, "wayland"))))
		doctor_find(d, "wayland", true, "log in to an Xorg session; under sway see: assent doctor --source evdev",
			    "this is a Wayland session: an X server sees nothing there but the windows of Xwayland, so only these are recorded");
	if (d->locked)
		doctor_find(d, "locked", false, NULL, "the session is locked or inactive, says logind: everything is masked meanwhile");
	if (!d->list || d->only_devices)
		return;
	if (d->list->grabbed && !d->locked)
		doctor_find(d, "grab", false, NULL, "another program holds the keyboard now (a locker, a prompt, a menu): everything is masked meanwhile");
	if (!d->list->managed)
		doctor_find(d, "window-manager", false, NULL, "no window manager tells which windows there are: these are those found on the screen");
	if (!d->list->focus)
		doctor_find(d, "focus", false, "click into a window", "no window has the focus: a key typed now is masked");
	if (d->list->more)
		doctor_find(d, "more-windows", false, NULL, "there are more windows than the %d that are shown", X11_LIST_MAX);
}

void doctor_machine(struct doctor *d)
{
	find_session(d);
	if (doctor_has_fields(d))
		find_bus(d);
	find_proc(d);
	find_limits(d);
}
