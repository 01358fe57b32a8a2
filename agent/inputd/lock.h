/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sessions are locked: logind's LockedHint. A signal is believed only if it says "locked", since any program may send
 * one; else it is a reason to ask, and the answer counts.
 */
#ifndef ASSENT_LOCK_H
#define ASSENT_LOCK_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

enum { LOCK_SESSIONS = 16, LOCK_ID_MAX = 63 };

struct lock_session {
	struct lock *lock;
	char id[LOCK_ID_MAX + 1];        /* empty: free */
	char path[256];
	bool known, locked;
	uint64_t used;                   /* when it was asked about last, by lock.count */
	sd_bus_slot *question;
};

struct lock {
	sd_bus *bus;                     /* NULL: not connected */
	int64_t retry_us;
	uint64_t count;
	struct lock_session session[LOCK_SESSIONS];
};

/* Connects if it can; if not, and whenever the bus goes away, it tries again each second. */
void lock_init(struct lock *l);
void lock_release(struct lock *l);

bool lock_has_bus(const struct lock *l);
int lock_fd(const struct lock *l);       /* -1: none */
short lock_events(const struct lock *l);
int64_t lock_deadline_us(const struct lock *l);
void lock_handle(struct lock *l, int64_t now_us);

/* Is this session locked, as far as one knows? What was not asked about before is asked now, and locked until the answer. */
bool lock_is(struct lock *l, const char *session);

#endif
