/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is admitted, by what sd-login says: here it is the test that says it. What is not said, is denied.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <systemd/sd-login.h>

#include "../../agent/inputd/lock.h"
#include "../../agent/inputd/seat.h"

/* A session of the made world. */
struct made { const char *id, *seat, *klass, *type; uid_t uid; int remote, active; bool locked; unsigned vt; };

static struct made world[8];
static struct { const char *seat, *session; uid_t uid; } seats[4];
static bool logind, bus;

static const struct made *find(const char *id)
{
	for (const struct made *m = world; m->id; m++)
		if (strcmp(m->id, id) == 0)
			return m;
	return NULL;
}

static int copy(const char *value, char **out)
{
	if (!value)
		return -ENODATA;
	*out = strdup(value);
	return 0;
}

/* ---- sd-login(3) and lock.h, as the world is ---- */

struct sd_login_monitor { int unused; };
static struct sd_login_monitor monitor;

int sd_login_monitor_new(const char *category, sd_login_monitor **m)
{
	assert_string_equal(category, "seat");
	*m = logind ? &monitor : NULL;
	return logind ? 0 : -ENOENT;
}
sd_login_monitor *sd_login_monitor_unref(sd_login_monitor *m) { (void)m; return NULL; }
int sd_login_monitor_flush(sd_login_monitor *m) { (void)m; return 0; }
int sd_login_monitor_get_fd(sd_login_monitor *m) { (void)m; return 1000; }
int sd_login_monitor_get_events(sd_login_monitor *m) { (void)m; return POLLIN; }

int sd_get_seats(char ***out)
{
	int n = 0;
	*out = calloc(5, sizeof **out);
	for (; n < 4 && seats[n].seat; n++)
		(*out)[n] = strdup(seats[n].seat);
	return n;
}

int sd_seat_get_active(const char *seat, char **session, uid_t *uid)
{
	for (int i = 0; i < 4 && seats[i].seat; i++) {
		if (strcmp(seats[i].seat, seat) == 0 && seats[i].session) {
			*uid = seats[i].uid;
			return copy(seats[i].session, session);
		}
	}
	return -ENXIO;
}

int sd_uid_get_sessions(uid_t uid, int active, char ***out)
{
	int n = 0;
	assert_int_equal(active, 0);
	*out = calloc(9, sizeof **out);
	for (const struct made *m = world; m->id; m++)
		if (m->uid == uid)
			(*out)[n++] = strdup(m->id);
	return n;
}

int sd_session_get_vt(const char *id, unsigned *vt)
{
	const struct made *m = find(id);
	*vt = m ? m->vt : 0;
	return m && m->vt ? 0 : -ENODATA;
}
#define ABOUT(id) const struct made *m = find(id); if (!m) return -ENXIO
int sd_session_get_uid(const char *id, uid_t *uid) { ABOUT(id); *uid = m->uid; return 0; }
int sd_session_is_active(const char *id) { ABOUT(id); return m->active; }
int sd_session_is_remote(const char *id) { ABOUT(id); return m->remote; }
int sd_session_get_seat(const char *id, char **out) { ABOUT(id); return copy(m->seat, out); }
int sd_session_get_class(const char *id, char **out) { ABOUT(id); return copy(m->klass, out); }
int sd_session_get_type(const char *id, char **out) { ABOUT(id); return copy(m->type, out); }

void lock_init(struct lock *l) { (void)l; }
void lock_release(struct lock *l) { (void)l; }
bool lock_has_bus(const struct lock *l) { (void)l; return bus; }
int lock_fd(const struct lock *l) { (void)l; return bus ? 1001 : -1; }
short lock_events(const struct lock *l) { (void)l; return POLLIN; }
int64_t lock_deadline_us(const struct lock *l) { (void)l; return INT64_MAX; }
void lock_handle(struct lock *l, int64_t now_us) { (void)l; (void)now_us; }
bool lock_is(struct lock *l, const char *session) { const struct made *m = find(session); (void)l; return !bus || !m || m->locked; }

/* ---- The tests ---- */

static const struct made desk = { "2", "seat0", "user", "wayland", 1000, 0, 1, false, 0 };

static void begin(const struct made *m)
{
	memset(world, 0, sizeof world);
	memset(seats, 0, sizeof seats);
	logind = bus = true;
	world[0] = *m;
	seats[0].seat = "seat0";
	if (m->active && m->seat) {
		seats[0].session = m->id;
		seats[0].uid = m->uid;
	}
}

static enum stream_refusal admit(uid_t uid)
{
	char name[SEAT_NAME_MAX + 1];
	struct seat *s = NULL;
	assert_int_equal(seat_new(false, &s), 0);
	enum stream_refusal why = seat_admit(s, uid, name);
	if (!why)
		assert_string_equal(name, "seat0");
	seat_free(s);
	return why;
}

static enum seat_state state(uid_t uid)
{
	struct seat *s = NULL;
	assert_int_equal(seat_new(false, &s), 0);
	enum seat_state is = seat_state(s, uid, "seat0");
	seat_free(s);
	return is;
}

static void test_admitted(void **unused)
{
	static const char *const types[] = { "x11", "wayland", "tty", "mir" };
	(void)unused;
	for (int i = 0; i < 4; i++) {
		struct made m = desk;
		m.type = types[i];
		begin(&m);
		assert_int_equal(admit(1000), 0);
		assert_int_equal(state(1000), SEAT_OPEN);
	}
	world[0].locked = true;
	assert_int_equal(admit(1000), 0);
	assert_int_equal(state(1000), SEAT_LOCKED);
	/* Nobody can say. */
	begin(&desk);
	bus = false;
	assert_int_equal(state(1000), SEAT_LOCKED);
	assert_int_equal(admit(1000), STREAM_REFUSED_NO_LOGIND);
}

static void test_denied(void **unused)
{
	struct made m;
	(void)unused;
#define WITH(field, value, why) do { m = desk; m.field = (value); begin(&m); assert_int_equal(admit(1000), (why)); \
	assert_int_not_equal(state(1000), SEAT_OPEN); } while (0)
	WITH(remote, 1, STREAM_REFUSED_REMOTE);
	WITH(remote, -EIO, STREAM_REFUSED_REMOTE);
	WITH(klass, "greeter", STREAM_REFUSED_CLASS);
	WITH(klass, "background", STREAM_REFUSED_CLASS);
	WITH(klass, "lock-screen", STREAM_REFUSED_CLASS);
	WITH(klass, NULL, STREAM_REFUSED_CLASS);
	WITH(type, "unspecified", STREAM_REFUSED_CLASS);
	WITH(type, NULL, STREAM_REFUSED_CLASS);
	WITH(active, 0, STREAM_REFUSED_INACTIVE);
	WITH(seat, NULL, STREAM_REFUSED_NO_SESSION);
	/* Another user; also if the seat's file were to name the wrong one. */
	begin(&desk);
	assert_int_equal(admit(1001), STREAM_REFUSED_NO_SESSION);
	assert_int_equal(state(1001), SEAT_ENDED);
	seats[0].uid = 1001;
	assert_int_equal(admit(1001), STREAM_REFUSED_NO_SESSION);
	assert_int_not_equal(state(1001), SEAT_OPEN);
	assert_int_not_equal(state(1000), SEAT_OPEN);
	/* The seat says active, the session does not. */
	begin(&desk);
	world[0].active = 0;
	assert_int_equal(admit(1000), STREAM_REFUSED_INACTIVE);
	assert_int_equal(state(1000), SEAT_INACTIVE);
	/* A session that is gone. */
	begin(&desk);
	world[0].id = NULL;
	assert_int_equal(admit(1000), STREAM_REFUSED_NO_SESSION);
	assert_int_equal(state(1000), SEAT_ENDED);
	begin(&desk);
	logind = false;
	assert_int_equal(admit(1000), STREAM_REFUSED_NO_LOGIND);
}

/* The kernel knows of a switch before logind does. */
static void test_console(void **unused)
{
	static const struct { const char *text; unsigned vt; bool open; } cases[] = {
		{ "tty2\n", 2, true }, { "tty3\n", 2, false }, { "tty20\n", 2, false }, { "", 2, false }, { "nonsense\n", 2, false },
		{ "tty3\n", 0, true }, /* a session without a console */
		{ NULL, 2, true },      /* a machine without consoles */
	};
	struct seat *s = NULL;
	struct pollfd fds[SEAT_POLL_MAX];
	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		FILE *f = cases[i].text ? fopen(SEAT_CONSOLE, "w") : NULL;
		struct made m = desk;
		if (f) {
			fputs(cases[i].text, f);
			fclose(f);
		} else {
			unlink(SEAT_CONSOLE);
		}
		m.vt = cases[i].vt;
		begin(&m);
		assert_int_equal(state(1000), cases[i].open ? SEAT_OPEN : SEAT_INACTIVE);
		assert_int_equal(admit(1000), cases[i].open ? 0 : STREAM_REFUSED_INACTIVE);
		assert_int_equal(seat_new(false, &s), 0);
		assert_int_equal(seat_poll(s, fds), cases[i].text ? 3 : 2);
		seat_handle(s, 1);
		seat_free(s);
	}
}

/* Two users at one seat; and the same user also from afar. */
static void test_switch(void **unused)
{
	(void)unused;
	begin(&desk);
	world[1] = (struct made){ "5", "seat0", "user", "x11", 1001, 0, 0, false, 0 };
	world[2] = (struct made){ "7", NULL, "user", "tty", 1000, 1, 1, false, 0 };
	assert_int_equal(state(1000), SEAT_OPEN);
	assert_int_equal(state(1001), SEAT_INACTIVE);
	assert_int_equal(admit(1001), STREAM_REFUSED_INACTIVE);
	world[0].active = 0;
	world[1].active = 1;
	seats[0].session = "5";
	seats[0].uid = 1001;
	assert_int_equal(state(1000), SEAT_INACTIVE);
	assert_int_equal(state(1001), SEAT_OPEN);
	assert_int_equal(admit(1001), 0);
	/* The greeter is active: nobody is. */
	world[1].active = 0;
	world[3] = (struct made){ "c1", "seat0", "greeter", "wayland", 110, 0, 1, false, 0 };
	seats[0].session = "c1";
	seats[0].uid = 110;
	assert_int_equal(state(1000), SEAT_INACTIVE);
	assert_int_equal(admit(110), STREAM_REFUSED_CLASS);
	assert_int_not_equal(state(110), SEAT_OPEN);
}

static void test_without_logind(void **unused)
{
	char name[SEAT_NAME_MAX + 1];
	struct seat *s = NULL;
	struct pollfd fds[SEAT_POLL_MAX];
	(void)unused;
	begin(&desk);
	logind = bus = false;
	assert_int_equal(seat_new(true, &s), 0);
	assert_int_equal(seat_admit(s, getuid(), name), 0);
	assert_int_equal(seat_admit(s, getuid() + 1, name), STREAM_REFUSED_NO_SESSION);
	assert_int_equal(seat_state(s, getuid(), name), SEAT_OPEN);
	assert_null(seat_devices(s, name));
	assert_int_equal(seat_poll(s, fds), 0);
	seat_handle(s, 1);
	seat_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_admitted), cmocka_unit_test(test_denied), cmocka_unit_test(test_switch), cmocka_unit_test(test_console),
		cmocka_unit_test(test_without_logind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
