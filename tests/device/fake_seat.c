/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A logind that tests steer: in place of agent/inputd/seat.c and lock.c, and in no product. $ASSENT_FAKE_SEATS is a file in a folder of its own,
 * a line for each user: "UID SEAT open|inactive|locked|ended", or "UID - N" for a refusal by number. Who is not in it has no session.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/inputd/seat.h"

struct seat { int inotify; };

static const char *path(void)
{
	const char *file = getenv("ASSENT_FAKE_SEATS");
	return file ? file : "/nonexistent";
}

int seat_new(bool without_logind, struct seat **out)
{
	struct seat *s = calloc(1, sizeof *s);
	char folder[512];
	(void)without_logind;
	*out = s;
	if (!s)
		return ERROR_MEMORY;
	snprintf(folder, sizeof folder, "%s", path());
	char *slash = strrchr(folder, '/');
	if (slash)
		*slash = 0;
	s->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	inotify_add_watch(s->inotify, folder, IN_MOVED_TO);
	return 0;
}

void seat_free(struct seat *s)
{
	close(s->inotify);
	free(s);
}

int seat_poll(const struct seat *s, struct pollfd *fds)
{
	fds[0] = (struct pollfd){ .fd = s->inotify, .events = POLLIN };
	return 1;
}

int64_t seat_deadline_us(const struct seat *s)
{
	(void)s;
	return INT64_MAX;
}

void seat_handle(struct seat *s, int64_t now_us)
{
	char buffer[1024] __attribute__((aligned(8)));
	(void)now_us;
	while (read(s->inotify, buffer, sizeof buffer) > 0)
		;
}

static bool look_up(uid_t uid, char seat[64], char state[16])
{
	char line[128];
	unsigned its;
	bool found = false;
	FILE *f = fopen(path(), "re");
	while (f && !found && fgets(line, sizeof line, f))
		found = sscanf(line, "%u %63s %15s", &its, seat, state) == 3 && its == uid;
	if (f)
		fclose(f);
	return found;
}

enum stream_refusal seat_admit(struct seat *s, uid_t uid, char name[SEAT_NAME_MAX + 1])
{
	char seat[64], state[16];
	(void)s;
	name[0] = 0;
	if (!look_up(uid, seat, state))
		return STREAM_REFUSED_NO_SESSION;
	if (seat[0] == '-')
		return (enum stream_refusal)atoi(state);
	if (strcmp(state, "open") != 0 && strcmp(state, "locked") != 0)
		return strcmp(state, "inactive") ? STREAM_REFUSED_NO_SESSION : STREAM_REFUSED_INACTIVE;
	memcpy(name, seat, sizeof seat);
	return 0;
}

enum seat_state seat_state(struct seat *s, uid_t uid, const char *seat)
{
	char its[64], state[16];
	(void)s;
	if (!look_up(uid, its, state) || strcmp(its, seat) != 0)
		return SEAT_ENDED;
	return strcmp(state, "open") == 0 ? SEAT_OPEN : strcmp(state, "locked") == 0 ? SEAT_LOCKED :
		strcmp(state, "inactive") == 0 ? SEAT_INACTIVE : SEAT_ENDED;
}

const char *seat_devices(const struct seat *s, const char *seat)
{
	(void)s;
	return seat;
}
