/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"

#define LOGIN "org.freedesktop.login1"
#define MANAGER_PATH "/org/freedesktop/login1"
#define MANAGER LOGIN ".Manager"
#define SESSION LOGIN ".Session"
#define USER LOGIN ".User"
#define PROPERTIES "org.freedesktop.DBus.Properties"

enum {
	OPEN_US = 5000000,                /* the whole of session_open */
	ANSWER_US = 2000000,
	RETRY_US = 1000000,
	PATH_SIZE = 256
};

struct session {
	sd_bus *bus;
	source_emit *emit;
	void *user;
	sd_bus_slot *find, *state, *sleep; /* questions under way */
	char given[PATH_SIZE];            /* empty: it is to be found */
	char own[PATH_SIZE];              /* of this process, if it has one; not yet chosen */
	char path[PATH_SIZE];             /* the one that is watched; empty: none */
	bool expected;                    /* no word from a session means locked */
	bool seen;                        /* one was found: from then on it is expected for good */
	bool absent;                      /* nobody answers to logind's name */
	bool state_known, sleep_known;
	bool locked, active, asleep;
	bool open;                        /* before that nothing is told */
	bool told_locked;
	int64_t retry_us;
};

static void find(struct session *s);

static bool is_locked(const struct session *s)
{
	return s->expected && (!s->state_known || !s->sleep_known || s->locked || !s->active || s->asleep);
}

static void tell(struct session *s)
{
	bool locked = is_locked(s);
	if (!s->open || locked == s->told_locked)
		return;
	s->told_locked = locked;
	struct raw_event raw = { .kind = RAW_LOCK, .mono_us = clock_mono_us(), .as.lock.locked = locked };
	s->emit(s->user, &raw);
}

/* A question is asked anew: the answer to the one before could be older than what made us ask. */
static void drop(sd_bus_slot **question)
{
	*question = sd_bus_slot_unref(*question);
}

static void retry_later(struct session *s)
{
	s->state_known = s->sleep_known = false;
	s->retry_us = clock_mono_us() + RETRY_US;
	tell(s);
}

/* An error that logind itself gave: it answers, and there is no such thing. Everything else is no answer. */
static bool said_no(sd_bus_message *reply)
{
	const sd_bus_error *e = sd_bus_message_get_error(reply);
	return e && e->name && (!strncmp(e->name, LOGIN ".", sizeof LOGIN) ||
		!strcmp(e->name, SD_BUS_ERROR_UNKNOWN_METHOD) || !strcmp(e->name, SD_BUS_ERROR_UNKNOWN_OBJECT) ||
		!strcmp(e->name, SD_BUS_ERROR_UNKNOWN_INTERFACE) || !strcmp(e->name, SD_BUS_ERROR_UNKNOWN_PROPERTY));
}

static void fail(struct session *s, sd_bus_message *reply)
{
	const sd_bus_error *e = sd_bus_message_get_error(reply);
	s->absent = e && e->name && (!strcmp(e->name, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
		!strcmp(e->name, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
		!strncmp(e->name, "org.freedesktop.DBus.Error.Spawn.", strlen("org.freedesktop.DBus.Error.Spawn.")) ||
		!strncmp(e->name, "org.freedesktop.systemd1.", strlen("org.freedesktop.systemd1.")));
	s->path[0] = 0;
	retry_later(s);
}

/* ---- what the session says ---- */

/* The properties that matter of an a{sv}; *all: both were in it. */
static int read_state(sd_bus_message *m, bool *locked, bool *active, bool *all)
{
	bool has_locked = false, has_active = false;
	int e = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (e >= 0 && (e = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		const char *name = NULL;
		int value = 0;
		e = sd_bus_message_read(m, "s", &name);
		if (e < 0)
			break;
		bool is_locked = !strcmp(name, "LockedHint"), is_active = !strcmp(name, "Active");
		if (is_locked || is_active) {
			e = sd_bus_message_read(m, "v", "b", &value);
			if (e < 0)
				break;
			*(is_locked ? locked : active) = value != 0;
			*(is_locked ? &has_locked : &has_active) = true;
		} else {
			e = sd_bus_message_skip(m, "v");
		}
		if (e >= 0)
			e = sd_bus_message_exit_container(m);
	}
	*all = has_locked && has_active;
	return e < 0 ? e : sd_bus_message_exit_container(m);
}

static int on_state(sd_bus_message *reply, void *user, sd_bus_error *error)
{
	struct session *s = user;
	bool all = false;

	(void)error;
	drop(&s->state);
	if (sd_bus_message_is_method_error(reply, NULL)) {
		fail(s, reply);
		return 0;
	}
	s->state_known = read_state(reply, &s->locked, &s->active, &all) >= 0 && all;
	if (!s->state_known)
		retry_later(s);
	tell(s);
	return 0;
}

static int on_sleep(sd_bus_message *reply, void *user, sd_bus_error *error)
{
	struct session *s = user;
	int asleep = 0;

	(void)error;
	drop(&s->sleep);
	if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "v", "b", &asleep) < 0) {
		fail(s, reply);
		return 0;
	}
	s->asleep = asleep != 0;
	s->sleep_known = true;
	tell(s);
	return 0;
}

static void ask_state(struct session *s)
{
	drop(&s->state);
	if (sd_bus_call_method_async(s->bus, &s->state, LOGIN, s->path, PROPERTIES, "GetAll", on_state, s, "s", SESSION) < 0)
		retry_later(s);
}

static void ask_sleep(struct session *s)
{
	drop(&s->sleep);
	if (sd_bus_call_method_async(s->bus, &s->sleep, LOGIN, MANAGER_PATH, PROPERTIES, "Get", on_sleep, s, "ss", MANAGER,
				     "PreparingForSleep") < 0)
		retry_later(s);
}

/* ---- which session ---- */

static bool keep_path(char *out, const char *path)
{
	if (!path || !path[0] || !strcmp(path, "/") || strlen(path) >= PATH_SIZE)
		return false;
	snprintf(out, PATH_SIZE, "%s", path);
	return true;
}

static void follow(struct session *s, const char *path)
{
	if (!keep_path(s->path, path)) {
		/* Logind knows of none. That is no reason to mask, unless there was one. */
		s->path[0] = 0;
		s->expected = s->seen;
		tell(s);
		return;
	}
	s->seen = s->expected = true;
	ask_state(s);
	ask_sleep(s);
	tell(s);
}

static int on_display(sd_bus_message *reply, void *user, sd_bus_error *error)
{
	struct session *s = user;
	const char *id = NULL, *path = NULL;

	(void)error;
	drop(&s->find);
	if (sd_bus_message_is_method_error(reply, NULL) && !said_no(reply)) {
		fail(s, reply);
		return 0;
	}
	if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "v", "(so)", &id, &path) < 0 || !id[0])
		path = NULL;
	follow(s, path ? path : s->own);
	return 0;
}

static int on_user(sd_bus_message *reply, void *user, sd_bus_error *error)
{
	struct session *s = user;
	const char *path = NULL;

	(void)error;
	drop(&s->find);
	if (sd_bus_message_is_method_error(reply, NULL) && !said_no(reply)) {
		fail(s, reply);
		return 0;
	}
	if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "o", &path) < 0) {
		follow(s, s->own);
		return 0;
	}
	if (sd_bus_call_method_async(s->bus, &s->find, LOGIN, path, PROPERTIES, "Get", on_display, s, "ss", USER, "Display") < 0)
		retry_later(s);
	return 0;
}

static int on_type(sd_bus_message *reply, void *user, sd_bus_error *error)
{
	struct session *s = user;
	const char *type = "";

	(void)error;
	drop(&s->find);
	if (!sd_bus_message_is_method_error(reply, NULL) && sd_bus_message_read(reply, "v", "s", &type) >= 0 &&
	    (!strcmp(type, "x11") || !strcmp(type, "wayland") || !strcmp(type, "mir"))) {
		follow(s, s->own);
		return 0;
	}
	/* It was started from a terminal or over ssh: the session that locks is the one with the display. */
	if (sd_bus_call_method_async(s->bus, &s->find, LOGIN, MANAGER_PATH, MANAGER, "GetUser", on_user, s, "u",
				     (uint32_t)getuid()) < 0)
		retry_later(s);
	return 0;
}

static int on_own(sd_bus_message *reply, void *user, sd_bus_error *error)
{
	struct session *s = user;
	const char *path = NULL;
	int e;

	(void)error;
	drop(&s->find);
	if (sd_bus_message_is_method_error(reply, NULL) && !said_no(reply)) {
		fail(s, reply);
		return 0;
	}
	if (!sd_bus_message_is_method_error(reply, NULL) && sd_bus_message_read(reply, "o", &path) >= 0 &&
	    keep_path(s->own, path))
		e = sd_bus_call_method_async(s->bus, &s->find, LOGIN, s->own, PROPERTIES, "Get", on_type, s, "ss", SESSION, "Type");
	else
		/* A unit of the user's service manager is in no session. */
		e = sd_bus_call_method_async(s->bus, &s->find, LOGIN, MANAGER_PATH, MANAGER, "GetUser", on_user, s, "u",
					     (uint32_t)getuid());
	if (e < 0)
		retry_later(s);
	return 0;
}

static void find(struct session *s)
{
	drop(&s->find);
	drop(&s->state);
	drop(&s->sleep);
	s->own[0] = s->path[0] = 0;
	s->state_known = s->sleep_known = s->absent = false;
	s->retry_us = INT64_MAX;
	tell(s);
	if (s->given[0])
		follow(s, s->given);
	else if (sd_bus_call_method_async(s->bus, &s->find, LOGIN, MANAGER_PATH, MANAGER, "GetSessionByPID", on_own, s, "u",
				     (uint32_t)getpid()) < 0)
		retry_later(s);
}

/* ---- signals ---- */

static int on_changed(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct session *s = user;
	const char *interface = NULL, *path = sd_bus_message_get_path(m);
	bool locked = false, active = true, all;

	(void)error;
	if (!s->path[0] || !path || strcmp(path, s->path) != 0)
		return 0;
	if (sd_bus_message_read(m, "s", &interface) >= 0 && read_state(m, &locked, &active, &all) >= 0) {
		s->locked = s->locked || locked;
		s->active = s->active && active;
		tell(s);
	}
	ask_state(s);
	return 0;
}

static int on_prepare_for_sleep(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct session *s = user;
	int asleep = 0;

	(void)error;
	if (!s->path[0])
		return 0;
	if (sd_bus_message_read(m, "b", &asleep) >= 0 && asleep) {
		s->asleep = true;
		tell(s);
	}
	ask_sleep(s);
	return 0;
}

static int on_session_new(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct session *s = user;

	(void)m;
	(void)error;
	if (!s->path[0] && !s->find)
		find(s);
	return 0;
}

static int on_session_removed(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct session *s = user;
	const char *id = NULL, *path = NULL;

	(void)error;
	if (sd_bus_message_read(m, "so", &id, &path) >= 0 && !strcmp(path, s->path))
		find(s);
	return 0;
}

static int on_owner(sd_bus_message *m, void *user, sd_bus_error *error)
{
	(void)m;
	(void)error;
	/* It went, or it came back: nothing that it said before holds. */
	find(user);
	return 0;
}

static int listen_to(struct session *s)
{
	static const struct { const char *match; sd_bus_message_handler_t handler; } signals[] = {
		{ "type='signal',sender='" LOGIN "',path_namespace='" MANAGER_PATH "/session',interface='" PROPERTIES "',"
		  "member='PropertiesChanged',arg0='" SESSION "'", on_changed },
		{ "type='signal',sender='" LOGIN "',path='" MANAGER_PATH "',interface='" MANAGER "',member='PrepareForSleep'",
		  on_prepare_for_sleep },
		{ "type='signal',sender='" LOGIN "',path='" MANAGER_PATH "',interface='" MANAGER "',member='SessionNew'",
		  on_session_new },
		{ "type='signal',sender='" LOGIN "',path='" MANAGER_PATH "',interface='" MANAGER "',member='SessionRemoved'",
		  on_session_removed },
		{ "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',"
		  "arg0='" LOGIN "'", on_owner },
	};
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		if (sd_bus_add_match(s->bus, NULL, signals[i].match, signals[i].handler, s) < 0)
			return ERROR_GONE;
	}
	return 0;
}

/* ---- the source ---- */

/* As sd-login(3) says to find out: only logind and elogind make it. It speaks of the machine's own bus, not of one that was
 * chosen instead. */
static bool has_logind(void)
{
	return !getenv("DBUS_SYSTEM_BUS_ADDRESS") && access("/run/systemd/seats", F_OK) == 0;
}

static int hear_first(struct session *s)
{
	int64_t until = clock_mono_us() + OPEN_US;
	find(s);
	while ((s->find || s->state || s->sleep) && clock_mono_us() < until) {
		int n = sd_bus_process(s->bus, NULL);
		if (n < 0 || sd_bus_is_open(s->bus) <= 0)
			return ERROR_GONE;
		if (n == 0)
			sd_bus_wait(s->bus, (uint64_t)(until - clock_mono_us() > 0 ? until - clock_mono_us() : 0));
	}
	return 0;
}

static bool take_id(struct session *s, const char *id)
{
	char *path = NULL;
	bool taken = sd_bus_path_encode(MANAGER_PATH "/session", id, &path) >= 0 && keep_path(s->given, path);
	free(path);
	return taken;
}

int session_open(const char *id, source_emit *emit, void *user, struct session **out, const char **what)
{
	int e = ERROR_MEMORY;
	struct session *s = calloc(1, sizeof *s);

	*what = "out of memory";
	if (!s || (id && !take_id(s, id)))
		goto out;
	s->emit = emit;
	s->user = user;
	s->expected = true;
	s->retry_us = INT64_MAX;
	e = has_logind() ? ERROR_GONE : ERROR_UNSUPPORTED;
	*what = "no system bus, hence no logind";
	if (sd_bus_open_system(&s->bus) < 0)
		goto out;
	sd_bus_set_method_call_timeout(s->bus, ANSWER_US);
	/* Waits until the bus has let us in. */
	if (listen_to(s) < 0 || hear_first(s) < 0)
		goto out;
	*what = "no logind on the system bus";
	if (s->absent && e == ERROR_UNSUPPORTED)
		goto out;
	s->open = true;
	/* The other one than what is to be told. */
	s->told_locked = !is_locked(s);
	tell(s);
	*what = !s->told_locked && !s->seen ? "logind knows no session of this user" :
		!s->state_known || !s->sleep_known ? "logind does not answer: the session counts as locked until it does" : NULL;
	e = 0;
out:
	if (e < 0) {
		session_close(s);
		s = NULL;
	}
	*out = s;
	return e;
}

void session_close(struct session *s)
{
	if (!s)
		return;
	drop(&s->find);
	drop(&s->state);
	drop(&s->sleep);
	sd_bus_flush_close_unref(s->bus);
	free(s);
}

int session_fd(const struct session *s)
{
	return s ? sd_bus_get_fd(s->bus) : -1;
}

int session_events(const struct session *s)
{
	int events = s ? sd_bus_get_events(s->bus) : 0;
	return events < 0 ? 0 : events;
}

int64_t session_deadline_us(const struct session *s)
{
	uint64_t at = 0;
	if (!s)
		return INT64_MAX;
	if (sd_bus_get_timeout(s->bus, &at) < 0 || at > INT64_MAX)
		return s->retry_us;
	return (int64_t)at < s->retry_us ? (int64_t)at : s->retry_us;
}

int session_process(struct session *s)
{
	if (!s)
		return 0;
	for (;;) {
		int n = sd_bus_process(s->bus, NULL);
		if (n < 0 || sd_bus_is_open(s->bus) <= 0) {
			s->expected = true;
			s->state_known = false;
			tell(s);
			return ERROR_GONE;
		}
		if (n == 0)
			break;
	}
	if (s->retry_us <= clock_mono_us())
		find(s);
	return 0;
}
