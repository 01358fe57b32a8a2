/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the participant's session locked, inactive or going to sleep, by logind (or elogind) on the system bus. What a signal
 * says is believed only if it says "locked", since any program may send one; else it is a reason to ask, and only the
 * answer counts. Once a session was found, whatever is not known is "locked": no answer, no logind, no session.
 */
#ifndef ASSENT_SESSION_H
#define ASSENT_SESSION_H

#include "source.h"

struct session;

/* Joins the system bus, takes the session with this id of logind's, or finds one if it is NULL (the own one if it is graphical, else the
 * user's graphical one, else whatever there is), and emits RAW_LOCK: here once, later at each change. Waits 5 s at most; without an answer it is locked, until
 * there is one. *what: NULL, or what a person should know (no session: then nothing is locked by it).
 * ERROR_UNSUPPORTED: there is no logind on this machine; *what says what is missing, *s is NULL, which all below take.
 * ERROR_GONE: there is one, but it cannot be reached; *what says why. */
int session_open(const char *id, source_emit *emit, void *user, struct session **s, const char **what);
void session_close(struct session *s);

/* For poll(): descriptor, wanted events, and when to call session_process even without them (mono µs, INT64_MAX never). */
int session_fd(const struct session *s);
int session_events(const struct session *s);
int64_t session_deadline_us(const struct session *s);

/* Handles what has come. ERROR_GONE: the system bus is gone; RAW_LOCK locked was emitted, and no other will be. */
int session_process(struct session *s);

#endif
