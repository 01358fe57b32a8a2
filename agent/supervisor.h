/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that waits until the ledger holds a valid decision, starts capture and writer for as long as it does, and
 * answers on the control socket. It never sees an event: without consent there is no process that could.
 */
#ifndef ASSENT_SUPERVISOR_H
#define ASSENT_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/places.h"
#include "base/settings.h"
#include "control/server.h"
#include "keeper.h"
#include "private.h"
#include "stats.h"
#include "store/ledger.h"

/* An hour's segment is sealed in a fraction of it; for a larger one, or on a busy machine, nobody is to wait. */
enum { SUPERVISOR_HURRY_US = 100000 };

/* What is masked now is looked at once in each of these stretches of the clock, for whoever asks. */
enum { SUPERVISOR_LOOK_US = 5000000 };

struct supervisor {
	struct places places;
	const char *given;               /* --source; NULL: what the participant's file says counts */
	const char *source;              /* "x11", "x11+evdev", "evdev", "replay:FILE" */
	struct settings policy, participant;
	struct server server;
	struct stats *stats;
	struct private_mode private_mode;
	struct identity *identity;        /* never opened here; NULL: there is none that can be used */
	struct ledger_trust trust;
	struct ledger_view view;
	struct study *study;              /* of the decision in force */
	struct merged merged;
	uint8_t secrets_hash[32], recorded_secrets[32]; /* of the known phrases: the file's, and those of the capture that runs */
	uint8_t recorded_hash[32];        /* of merged, as the capture that runs knows it */
	struct ledger_watch watch;
	pid_t supervisor;                 /* ourselves */
	pid_t capture, writer;            /* 0: not running */
	int64_t retry_at_us, retry_us;    /* mono */
	int64_t started_us;               /* mono: the capture that runs */
	pid_t keeper;                     /* 0: not running */
	struct keeper_clock keep;
	bool rotating;                    /* capture and writer end, so that the segment under way is finished, and begin anew */
	int64_t kill_at_us;               /* mono: when a child that was asked to end is ended */
	int64_t look_at_us;               /* mono: when the standing changes by itself (a pause or the consent runs out) */
	bool paused, after_pause, ending, once, killed;
	bool accessibility_ours;          /* it was switched on for this capture: switched off when that ends */
	int exit_code;
	int64_t begun_us, recording_us;   /* UTC: of the agent; of the last capture (0: there was none) */
	struct counters before;           /* as they were when that began */
	int64_t masked_place;             /* when masked_shown was looked at, in SUPERVISOR_LOOK_US */
	int masked_shown;                 /* 1 + reason; 0: nothing is masked */
	int signal_fd, ledger_fd, clock_fd;
	char why[1600];                   /* why it is not recording, for people */
	bool told_idle;                  /* the journal knows already that nothing is recorded */
};

/* Fills s but for places, given, policy and participant, which are the caller's: descriptors, shared counters, the control socket.
 * 0, or an error that was logged. */
int supervisor_open(struct supervisor *s);
/* Runs until a signal (or the end of a replay); the program's exit code. */
int supervisor_run(struct supervisor *s);
void supervisor_close(struct supervisor *s);
/* What records, of --source and the participant's settings: to be called when those were read. */
void supervisor_source(struct supervisor *s);
/* Reads the ledger and does what it says. */
void supervisor_judge(struct supervisor *s);
/* Ends capture and writer as a pause would, with all that waits in the airlock, and lets them begin anew: what was recorded until now is then in
 * finished segments, and nothing of it comes out later. rotating is true until both have ended. False: not in a replay. */
bool supervisor_rotate(struct supervisor *s);
/* Somebody waits for the writer's end (a command, or recording, that is to begin anew): it seals for SUPERVISOR_HURRY_US at most from now on. */
void supervisor_hurry(struct supervisor *s);
/* What to do about an error of the system (errno), for people; a phrase without a full stop, and safe in JSON. */
const char *supervisor_remedy(int error);
/* The control socket's answer to request: server_answer, user is the supervisor. */
void supervisor_answer(void *user, const char *request, char *out, size_t size);

#endif
