/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose session is active at which seat, by sd-login(3) and by the kernel's own word on which console is in front (logind's
 * comes up to 75 ms later), and whether it is locked, by logind's LockedHint on the system bus: not the client's word, since it
 * is the client that must not read what is typed into a locker. Whatever is not known is locked: no bus, no logind, no answer.
 */
#ifndef ASSENT_SEAT_H
#define ASSENT_SEAT_H

#include <poll.h>
#include <sys/types.h>

#include "../base/stream.h"

enum { SEAT_NAME_MAX = 63, SEAT_POLL_MAX = 3 };

enum seat_state {
	SEAT_OPEN,       /* the user's session is active, and not locked */
	SEAT_INACTIVE,   /* another one is active */
	SEAT_LOCKED,     /* it is active and locked, or nobody can say */
	SEAT_ENDED       /* the user has no session there any more */
};

struct seat;

/* without_logind: for tests alone: serves the user who runs this program, as long as it runs. ERROR_MEMORY. */
int seat_new(bool without_logind, struct seat **s);
void seat_free(struct seat *s);

/* For poll(): fills at most SEAT_POLL_MAX, returns how many; when to call seat_handle even without them (INT64_MAX: never). */
int seat_poll(const struct seat *s, struct pollfd *fds);
int64_t seat_deadline_us(const struct seat *s);
/* Handles what has come: ask seat_state again after it. */
void seat_handle(struct seat *s, int64_t now_us);

/* May this user have a stream now? 0: yes, of that seat; else why not. */
enum stream_refusal seat_admit(struct seat *s, uid_t uid, char seat[SEAT_NAME_MAX + 1]);
enum seat_state seat_state(struct seat *s, uid_t uid, const char *seat);
/* The devices of which seat are to be opened: its name, or NULL for all of them (without logind). */
const char *seat_devices(const struct seat *s, const char *seat);

#endif
