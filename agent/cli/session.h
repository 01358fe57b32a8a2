/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands about consent have in common. Each function complains for itself and returns an exit code: EXIT_DONE to go on. */
#ifndef ASSENT_SESSION_H
#define ASSENT_SESSION_H

#include "../base/places.h"
#include "../base/settings.h"
#include "../store/ledger.h"
#include "input.h"

enum { SESSION_ANSWER_MAX = 16384 };

struct session {
	const char *command;
	struct places places;
	struct identity *identity;       /* session_ledger: NULL if there is none; not opened (that is unlock.h's) */
	struct ledger_trust trust;
	struct ledger_view view;         /* session_ledger */
	struct settings policy, participant; /* session_settings */
	struct study *study;             /* session_study */
};

/* Takes --data, --config and more (may be NULL) out of argv. *rest: how many arguments remain, at most `most`. */
int session_begin(struct session *s, const char *command, int argc, char **argv, const struct input_option *more, int most, int *rest);
void session_end(struct session *s);

/* Loads the identity, if there is one, reads the ledger and judges it now. */
int session_ledger(struct session *s);
/* Policy and participant's settings. */
int session_settings(struct session *s);
/* The manifest of the study in view.given, as it was agreed to, into study. Does not complain: *why says what is wrong. */
int session_study(struct session *s, struct config_error *why);
/* Appends a receipt about the study in view.given. A withdrawal is always possible: of a damaged ledger a new one is begun, and without an
 * identity a new one is made; it says so. */
int session_append(struct session *s, enum ledger_state state, int64_t t_us, int64_t until_us);
/* Room that a withdrawal takes where the disk is full (data/reserve). Fails silently: then a full disk has to be mended first. */
void session_reserve(const struct session *s);
/* Complains about a failed ledger_append. */
int session_append_failed(const struct session *s, int error);

enum session_agent { AGENT_NONE, AGENT_IDLE, AGENT_RECORDING, AGENT_SILENT };
/* Has the agent look at the ledger now, and waits up to a second until it has. */
enum session_agent session_sync(const struct session *s);

/* Where a study is that was named on the command line: a file; else, of an id, the one that was joined, or the one
 * that IT put on offer. ERROR_GONE: there is none. */
int session_find_study(const struct session *s, const char *name, char path[PLACE_MAX]);

/* "2026-05-01 14:34:07" in local time. Returns out. */
char *session_time(int64_t utc_us, char out[32]);

#endif
