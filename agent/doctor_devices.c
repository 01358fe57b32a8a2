/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between this session and its input devices: the broker, the policy, the session, the seat. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-device.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "base/bounds.h"
#include "doctor_inside.h"
#include "error.h"
#include "source/evdev.h"

#define ENABLE "IT: systemctl enable --now assent-inputd.socket (as root; the package leaves it off, docs/IT.md says why)"

/* ---- the broker -------------------------------------------------------------------------- */

static void nothing(void *user, const struct raw_event *raw)
{
	(void)user;
	(void)raw;
}

/* Connects, asks for nothing, and leaves: the answer is that which the agent would get. */
static void probe(struct doctor *d)
{
	struct evdev_options options = { .wanted = { .keys = DETAIL_NONE, .pointer = POINTER_NONE } };
	const char *what = "", *remedy = "";
	enum stream_refusal why = 0;
	struct evdev *e = NULL;
	int error = evdev_open(NULL, &options, nothing, NULL, &e, &what, &remedy, &why);
	evdev_close(e);
	d->served = error == 0;
	if (d->served)
		doctor_find(d, "broker", false, NULL, "assent-inputd serves this session");
	else if (why)
		doctor_find(d, "broker", true, remedy, "assent-inputd refuses: %s", what);
	else
		doctor_find(d, "broker", true, error == ERROR_GONE ? "see: systemctl status assent-inputd.socket assent-inputd.service" : remedy,
			    "%s", what);
}

static void find_broker(struct doctor *d)
{
	struct stat st;
	if (d->agent_reads) {
		d->served = true;
		doctor_find(d, "broker", false, NULL, "the agent reads the devices through assent-inputd now");
	} else if (stat(STREAM_SOCKET, &st)) {
		doctor_find(d, "broker", true, ENABLE, "assent-inputd, which reads the devices, is not there: " STREAM_SOCKET ": %s", strerror(errno));
	} else if (!S_ISSOCK(st.st_mode)) {
		doctor_find(d, "broker", true, "IT: remove it, then: systemctl restart assent-inputd.socket", STREAM_SOCKET " is no socket");
	} else if (access(STREAM_SOCKET, W_OK)) {
		doctor_find(d, "broker", true, "IT: the unit's SocketMode=0666 is meant: assent-inputd itself decides whom it serves",
			    "this user may not connect to assent-inputd: " STREAM_SOCKET " has the mode %o", (unsigned)st.st_mode & 07777);
	} else {
		probe(d);
	}
}

/* ---- the policy -------------------------------------------------------------------------- */

static void find_policy(struct doctor *d)
{
	enum detail told = d->policy.has_evdev_keys ? d->policy.evdev_keys : DETAIL_CLASS;
	const struct merged *m = &d->merged;

	if (d->only_devices && m->keys == FROM_EVDEV_KEYS)
		doctor_find(d, "evdev-keys", false, "if the study needs more: IT writes `evdev_keys: code` into /etc/assent/policy.yaml",
			    "%s keys: %s; of the devices the policy lets assent-inputd tell keys: %s (%s)", d->joined ? "the study asks for" : "a study may ask for",
			    bounds_keys_name(d->wanted_keys), bounds_keys_name(told), d->policy.has_evdev_keys ? "evdev_keys" : "it names no evdev_keys");
	else if (d->only_devices && m->keys == FROM_SOURCE)
		doctor_find(d, "evdev-keys", false, "a study that needs text needs an X session (source: x11 or x11+evdev)",
			    "%s keys: %s; no device tells what a key types, so its code is recorded", d->joined ? "the study asks for" : "a study may ask for",
			    bounds_keys_name(d->wanted_keys));
	else if (!d->only_devices && told == DETAIL_NONE && m->limits.keys != DETAIL_NONE)
		doctor_find(d, "evdev-keys", false, "IT writes `evdev_keys: class` into /etc/assent/policy.yaml",
			    "the policy lets assent-inputd tell no keys: theirs stay the X server's times, in milliseconds");
	if (m->hotkey_dead)
		doctor_find(d, "hotkey", true, "take private_hotkey out of assent.yaml; assent private on and off do the same, and sway can bind them to a key",
			    "nothing is recorded: the hotkey for private mode would not work, since classes of keys do not tell which key it was");
}

/* ---- the session ------------------------------------------------------------------------- */

static void free_list(char **list)
{
	for (char **one = list; one && *one; one++)
		free(*one);
	free(list);
}

/* How near to one that is served: at a seat, local, active. */
static int nearness(const char *session)
{
	char *seat = NULL;
	int near = sd_session_is_remote(session) == 0 ? 1 : 0;
	if (sd_session_get_seat(session, &seat) >= 0)
		near += 2;
	if (sd_session_is_active(session) > 0)
		near += 4;
	free(seat);
	return near;
}

/* The one that is nearest: the broker serves a user, not a process. To be freed; NULL: there is none. */
static char *session_of_user(void)
{
	char **sessions = NULL, *found = NULL;
	int best = -1;
	if (sd_uid_get_sessions(getuid(), 0, &sessions) > 0) {
		for (char **one = sessions; one && *one; one++) {
			int near = nearness(*one);
			if (near <= best)
				continue;
			free(found);
			found = strdup(*one);
			best = near;
		}
	}
	free_list(sessions);
	return found;
}

static void judge_session(struct doctor *d, const char *session, const char *seat, const char *klass, const char *type)
{
	static const char ask[] = "loginctl lists the sessions; assent-inputd serves who sits at the machine itself";
	bool remote = sd_session_is_remote(session) != 0;
	if (remote || !seat)
		doctor_find(d, "session", true, remote ? "log in at the machine itself: remote input has no devices here" : ask,
			    "session %s of this user %s", session, remote ? "is a remote one" : "is at no seat, where devices are");
	else if (strcmp(klass, "user") != 0)
		doctor_find(d, "session", true, "log in as an ordinary session", "session %s at %s is of class %s, not user", session, seat, klass);
	else if (sd_session_is_active(session) <= 0)
		doctor_find(d, "session", true, "switch to it (loginctl activate)", "session %s at %s is not active: another one is in front", session, seat);
	else
		doctor_find(d, "session", false, NULL, "session %s (%s) is active at %s", session, type, seat);
}

/* ---- the seat ---------------------------------------------------------------------------- */

/* Not their contents, and not their names: only how many nodes udev gives to this seat. -1: it cannot be asked. */
static int devices_at(const char *seat)
{
	sd_device_enumerator *all = NULL;
	int n = 0;
	if (sd_device_enumerator_new(&all) < 0)
		return -1;
	if (sd_device_enumerator_add_match_subsystem(all, "input", 1) < 0 || sd_device_enumerator_add_match_sysname(all, "event*") < 0)
		n = -1;
	for (sd_device *one = n < 0 ? NULL : sd_device_enumerator_get_device_first(all); one; one = sd_device_enumerator_get_device_next(all)) {
		const char *its = "seat0";
		sd_device_get_property_value(one, "ID_SEAT", &its);
		n += strcmp(its, seat) == 0;
	}
	sd_device_enumerator_unref(all);
	return n;
}

static void find_seat(struct doctor *d, const char *seat)
{
	int n = devices_at(seat);
	if (n < 0)
		doctor_find(d, "seat", true, "mount /sys", "the input devices cannot be counted (/sys/class/input)");
	else if (n == 0)
		doctor_find(d, "seat", true, "plug in a keyboard or a mouse (loginctl seat-status); a container or a server without a console has none",
			    "%s has no input devices (/sys/class/input)", seat);
	else
		doctor_find(d, "seat", false, NULL, "%s has %d input device%s", seat, n, n == 1 ? "" : "s");
}

static void find_session(struct doctor *d)
{
	char *seat = NULL, *klass = NULL, *type = NULL, *session = session_of_user();
	if (!session) {
		doctor_find(d, "session", true, d->no_logind ? "install and start systemd-logind and the system bus; an X session can be recorded without (source: x11)" :
			    "log in at the machine itself (loginctl lists the sessions)",
			    d->no_logind ? "there is no logind: assent-inputd serves nobody of whom it does not know that he sits here" :
			    "logind knows no session of this user");
	} else {
		sd_session_get_seat(session, &seat);
		sd_session_get_class(session, &klass);
		sd_session_get_type(session, &type);
		judge_session(d, session, seat, klass ? klass : "unknown", type ? type : "unknown");
	}
	find_seat(d, seat ? seat : "seat0");
	free(session);
	free(seat);
	free(klass);
	free(type);
}

void doctor_devices(struct doctor *d)
{
	find_broker(d);
	find_policy(d);
	find_session(d);
}
