/* SPDX-License-Identifier: Apache-2.0 */
#include "lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"

#define LOGIN "org.freedesktop.login1"
#define SESSIONS "/org/freedesktop/login1/session"
#define SESSION LOGIN ".Session"
#define PROPERTIES "org.freedesktop.DBus.Properties"

enum { RETRY_US = 1000000, ANSWER_US = 2000000 };

static void ask(struct lock_session *s);

static void forget(struct lock_session *s)
{
	s->question = sd_bus_slot_unref(s->question);
	s->known = false;
}

static void later(struct lock *l)
{
	int64_t at = clock_mono_us() + RETRY_US;
	if (at < l->retry_us)
		l->retry_us = at;
}

static int on_answer(sd_bus_message *reply, void *user, sd_bus_error *error)
{
	struct lock_session *s = user;
	int locked = 1;
	(void)error;
	forget(s);
	if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "v", "b", &locked) < 0) {
		/* If it is gone nobody will ask about it again; else it gets a place again. */
		s->id[0] = 0;
		later(s->lock);
		return 0;
	}
	s->known = true;
	s->locked = locked != 0;
	return 0;
}

/* What was known stays known until the answer. */
static void ask(struct lock_session *s)
{
	s->question = sd_bus_slot_unref(s->question);
	if (!s->lock->bus || sd_bus_call_method_async(s->lock->bus, &s->question, LOGIN, s->path, PROPERTIES, "Get", on_answer, s,
						       "ss", SESSION, "LockedHint") < 0) {
		s->known = false;
		later(s->lock);
	}
}

static bool says_locked(sd_bus_message *m)
{
	bool locked = false;
	int e = sd_bus_message_skip(m, "s");
	if (e >= 0)
		e = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (e >= 0 && sd_bus_message_enter_container(m, 'e', "sv") > 0) {
		const char *name = NULL;
		int value = 0;
		e = sd_bus_message_read(m, "s", &name);
		if (e >= 0 && strcmp(name, "LockedHint") == 0) {
			e = sd_bus_message_read(m, "v", "b", &value);
			locked |= value != 0;
		} else if (e >= 0) {
			e = sd_bus_message_skip(m, "v");
		}
		if (e >= 0)
			e = sd_bus_message_exit_container(m);
	}
	return locked;
}

static int on_changed(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct lock *l = user;
	const char *path = sd_bus_message_get_path(m);
	(void)error;
	for (int i = 0; path && i < LOCK_SESSIONS; i++) {
		struct lock_session *s = &l->session[i];
		if (!s->id[0] || strcmp(s->path, path) != 0)
			continue;
		if (says_locked(m))
			s->locked = true;
		ask(s);
		break;
	}
	return 0;
}

static void ask_all(struct lock *l)
{
	l->retry_us = INT64_MAX;
	for (int i = 0; i < LOCK_SESSIONS; i++) {
		if (!l->session[i].id[0])
			continue;
		forget(&l->session[i]);
		ask(&l->session[i]);
	}
}

/* Those that nothing is known of, and were not asked about since the last error. */
static void ask_again(struct lock *l)
{
	l->retry_us = INT64_MAX;
	for (int i = 0; i < LOCK_SESSIONS; i++) {
		struct lock_session *s = &l->session[i];
		if (s->id[0] && !s->known && !s->question)
			ask(s);
	}
}

static int on_owner(sd_bus_message *m, void *user, sd_bus_error *error)
{
	(void)m;
	(void)error;
	/* Logind went, or came back: nothing that it said before holds. */
	ask_all(user);
	return 0;
}

static void disconnect(struct lock *l)
{
	for (int i = 0; i < LOCK_SESSIONS; i++)
		forget(&l->session[i]);
	l->bus = sd_bus_close_unref(l->bus);
}

static void join(struct lock *l)
{
	l->retry_us = INT64_MAX;
	if (sd_bus_open_system(&l->bus) < 0 ||
	    sd_bus_set_method_call_timeout(l->bus, ANSWER_US) < 0 ||
	    sd_bus_add_match_async(l->bus, NULL, "type='signal',sender='" LOGIN "',path_namespace='" SESSIONS "',interface='" PROPERTIES
				   "',member='PropertiesChanged',arg0='" SESSION "'", on_changed, NULL, l) < 0 ||
	    sd_bus_add_match_async(l->bus, NULL, "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
				   "member='NameOwnerChanged',arg0='" LOGIN "'", on_owner, NULL, l) < 0) {
		disconnect(l);
		later(l);
		return;
	}
	ask_all(l);
}

void lock_init(struct lock *l)
{
	memset(l, 0, sizeof *l);
	for (int i = 0; i < LOCK_SESSIONS; i++)
		l->session[i].lock = l;
	join(l);
}

void lock_release(struct lock *l)
{
	disconnect(l);
}

bool lock_has_bus(const struct lock *l)
{
	return l->bus != NULL;
}

int lock_fd(const struct lock *l)
{
	return l->bus ? sd_bus_get_fd(l->bus) : -1;
}

short lock_events(const struct lock *l)
{
	int events = l->bus ? sd_bus_get_events(l->bus) : 0;
	return events < 0 ? 0 : (short)events;
}

int64_t lock_deadline_us(const struct lock *l)
{
	uint64_t at = 0;
	if (!l->bus || sd_bus_get_timeout(l->bus, &at) < 0 || at > INT64_MAX)
		return l->retry_us;
	return (int64_t)at < l->retry_us ? (int64_t)at : l->retry_us;
}

void lock_handle(struct lock *l, int64_t now_us)
{
	int n;
	while (l->bus && (n = sd_bus_process(l->bus, NULL)) != 0) {
		if (n < 0 || sd_bus_is_open(l->bus) < 0) {
			disconnect(l);
			later(l);
		}
	}
	if (l->retry_us > now_us)
		return;
	if (l->bus)
		ask_again(l);
	else
		join(l);
}

bool lock_is(struct lock *l, const char *session)
{
	struct lock_session *s = NULL;
	l->count++;
	for (int i = 0; i < LOCK_SESSIONS; i++) {
		struct lock_session *one = &l->session[i];
		if (one->id[0] && strcmp(one->id, session) == 0) {
			one->used = l->count;
			return !one->known || one->locked;
		}
		if (!s || !one->id[0] || (s->id[0] && one->used < s->used))
			s = one;
	}
	char *path = NULL;
	if (strlen(session) > LOCK_ID_MAX || sd_bus_path_encode(SESSIONS, session, &path) < 0)
		return true;
	forget(s);
	snprintf(s->id, sizeof s->id, "%s", session);
	snprintf(s->path, sizeof s->path, "%s", path);
	free(path);
	s->locked = true;
	s->used = l->count;
	/* After an error not before its time: the answer might be the same, and so on for ever. */
	if (l->retry_us == INT64_MAX)
		ask(s);
	return true;
}
