/* SPDX-License-Identifier: Apache-2.0 */
#include "seat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "../error.h"
#include "lock.h"

/* Says "tty2", and is readable (POLLPRI) when that changes. Tests have another one. */
#ifndef SEAT_CONSOLE
#define SEAT_CONSOLE "/sys/class/tty/tty0/active"
#endif

struct seat {
	int console;                     /* -1: this machine has none */
	bool without_logind;
	sd_login_monitor *monitor;       /* NULL: no logind, as far as one can see */
	struct lock lock;
};

static void watch(struct seat *s)
{
	if (sd_login_monitor_new("seat", &s->monitor) < 0)
		s->monitor = NULL;
}

int seat_new(bool without_logind, struct seat **out)
{
	struct seat *s = calloc(1, sizeof *s);
	*out = s;
	if (!s)
		return ERROR_MEMORY;
	s->without_logind = without_logind;
	s->console = without_logind ? -1 : open(SEAT_CONSOLE, O_RDONLY | O_CLOEXEC);
	if (!without_logind) {
		watch(s);
		lock_init(&s->lock);
	}
	return 0;
}

void seat_free(struct seat *s)
{
	if (!s)
		return;
	if (!s->without_logind) {
		sd_login_monitor_unref(s->monitor);
		lock_release(&s->lock);
	}
	if (s->console >= 0)
		close(s->console);
	free(s);
}

int seat_poll(const struct seat *s, struct pollfd *fds)
{
	int n = 0;
	if (s->without_logind)
		return 0;
	if (s->monitor)
		fds[n++] = (struct pollfd){ .fd = sd_login_monitor_get_fd(s->monitor),
					    .events = (short)sd_login_monitor_get_events(s->monitor) };
	if (s->console >= 0)
		fds[n++] = (struct pollfd){ .fd = s->console, .events = POLLPRI };
	if (lock_fd(&s->lock) >= 0)
		fds[n++] = (struct pollfd){ .fd = lock_fd(&s->lock), .events = lock_events(&s->lock) };
	return n;
}

int64_t seat_deadline_us(const struct seat *s)
{
	return s->without_logind ? INT64_MAX : lock_deadline_us(&s->lock);
}

/* The number of the console in front, 0: there is none, -1: it cannot be told. Looking is what ends the news about it. */
static int console_now(const struct seat *s)
{
	char text[32];
	unsigned number;
	if (s->console < 0)
		return 0;
	ssize_t n = pread(s->console, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = 0;
	return sscanf(text, "tty%u", &number) == 1 && number < 64 ? (int)number : -1;
}

void seat_handle(struct seat *s, int64_t now_us)
{
	if (s->without_logind)
		return;
	if (s->monitor)
		sd_login_monitor_flush(s->monitor);
	console_now(s);
	lock_handle(&s->lock, now_us);
}

/* ---- Whose it is ------------------------------------------------------------------------- */

static bool is_class_user(const char *session)
{
	char *klass = NULL;
	bool is = sd_session_get_class(session, &klass) >= 0 && strcmp(klass, "user") == 0;
	free(klass);
	return is;
}

static bool is_type_local(const char *session)
{
	static const char *const types[] = { "x11", "wayland", "tty", "mir" };
	char *type = NULL;
	bool is = false;
	if (sd_session_get_type(session, &type) >= 0)
		for (size_t i = 0; i < sizeof types / sizeof *types; i++)
			is |= strcmp(type, types[i]) == 0;
	free(type);
	return is;
}

/* Of what is wrong with a session, the first; 0: nothing, but that it may not be active. What logind does not say is wrong. */
static enum stream_refusal judge(const char *session)
{
	char *seat = NULL;
	int at = sd_session_get_seat(session, &seat);
	free(seat);
	if (sd_session_is_remote(session) != 0)
		return STREAM_REFUSED_REMOTE;
	if (at < 0)
		return STREAM_REFUSED_NO_SESSION;
	if (!is_class_user(session) || !is_type_local(session))
		return STREAM_REFUSED_CLASS;
	return 0;
}

/* A session on a console is active only while that is in front. */
static bool is_in_front(const struct seat *s, const char *session)
{
	unsigned its;
	int now = console_now(s);
	if (now == 0 || sd_session_get_vt(session, &its) < 0 || its == 0)
		return true;
	return (int)its == now;
}

/* The session that is active at the seat, if it is this user's: to be freed; else NULL. */
static char *active_of(const struct seat *s, const char *seat, uid_t uid)
{
	char *session = NULL;
	uid_t owner = 0, again = 0;
	/* Twice, from two files: that of the seat, and that of the session. */
	if (sd_seat_get_active(seat, &session, &owner) >= 0 && owner == uid &&
	    sd_session_get_uid(session, &again) >= 0 && again == uid && sd_session_is_active(session) > 0 && is_in_front(s, session))
		return session;
	free(session);
	return NULL;
}

static void free_list(char **list)
{
	for (char **one = list; one && *one; one++)
		free(*one);
	free(list);
}

static enum stream_refusal why_not(uid_t uid)
{
	/* The nearer to what is wanted, the better an answer it is. */
	static const enum stream_refusal order[] = { STREAM_REFUSED_INACTIVE, STREAM_REFUSED_CLASS, STREAM_REFUSED_REMOTE };
	char **sessions = NULL;
	unsigned found = 0;
	enum stream_refusal why = STREAM_REFUSED_NO_SESSION;
	if (sd_uid_get_sessions(uid, 0, &sessions) > 0) {
		for (char **one = sessions; one && *one; one++) {
			enum stream_refusal wrong = judge(*one);
			found |= 1U << (wrong ? wrong : STREAM_REFUSED_INACTIVE);
		}
	}
	free_list(sessions);
	for (int i = 2; i >= 0; i--)
		if (found >> order[i] & 1)
			why = order[i];
	return why;
}

enum stream_refusal seat_admit(struct seat *s, uid_t uid, char name[SEAT_NAME_MAX + 1])
{
	char **seats = NULL;
	bool admitted = false;
	enum stream_refusal wrong = 0;

	name[0] = 0;
	if (s->without_logind)
		return uid == getuid() ? 0 : STREAM_REFUSED_NO_SESSION;
	if (!s->monitor)
		watch(s);
	if (!s->monitor || !lock_has_bus(&s->lock) || sd_get_seats(&seats) < 0)
		return STREAM_REFUSED_NO_LOGIND;
	for (char **seat = seats; seat && *seat && !admitted; seat++) {
		char *session = strlen(*seat) <= SEAT_NAME_MAX ? active_of(s, *seat, uid) : NULL;
		if (!session)
			continue;
		wrong = judge(session);
		if (!wrong) {
			snprintf(name, SEAT_NAME_MAX + 1, "%s", *seat);
			lock_is(&s->lock, session); /* asks */
			admitted = true;
		}
		free(session);
	}
	free_list(seats);
	return admitted ? 0 : wrong ? wrong : why_not(uid);
}

static bool has_session_at(uid_t uid, const char *seat)
{
	char **sessions = NULL;
	bool has = false;
	if (sd_uid_get_sessions(uid, 0, &sessions) > 0) {
		for (char **one = sessions; one && *one && !has; one++) {
			char *its = NULL;
			has = sd_session_get_seat(*one, &its) >= 0 && strcmp(its, seat) == 0 && judge(*one) == 0;
			free(its);
		}
	}
	free_list(sessions);
	return has;
}

enum seat_state seat_state(struct seat *s, uid_t uid, const char *seat)
{
	if (s->without_logind)
		return SEAT_OPEN;
	char *session = active_of(s, seat, uid);
	enum seat_state state = SEAT_INACTIVE;
	if (session && judge(session) == 0)
		state = lock_is(&s->lock, session) ? SEAT_LOCKED : SEAT_OPEN;
	else if (!has_session_at(uid, seat))
		state = SEAT_ENDED;
	free(session);
	return state;
}

const char *seat_devices(const struct seat *s, const char *seat)
{
	return s->without_logind ? NULL : seat;
}
