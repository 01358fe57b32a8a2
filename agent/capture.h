/* SPDX-License-Identifier: Apache-2.0 */
/* The capture process: sources and policy, in a sandbox that can write no file. */
#ifndef ASSENT_CAPTURE_H
#define ASSENT_CAPTURE_H

#include <sys/types.h>

#include "base/jitter.h"
#include "base/settings.h"
#include "stats.h"
#include "store/ledger.h"

/* How it ended, as exit code to the supervisor. */
enum capture_end {
	CAPTURE_DONE = 0,                 /* consent ended, a signal asked, or the replay is at its end */
	CAPTURE_FAILED = 1,               /* already logged */
	CAPTURE_NO_DISPLAY = 10,          /* no X server, or it went away */
	CAPTURE_NO_BUS = 11,              /* no accessibility bus, or it went away */
	CAPTURE_NO_SANDBOX = 12,
	CAPTURE_NO_WRITER = 13,
	CAPTURE_NO_BROKER = 14,           /* the devices cannot be read: stats->broker_refusal */
	CAPTURE_NO_CONTEXT = 15           /* nobody says where the keys go: stats->no_context */
};

struct capture_options {
	const char *source;               /* "x11", "x11+evdev", "evdev" or "replay:FILE" */
	const char *ledger;
	struct ledger_trust *trust;       /* narrowed to the study; what it holds is read on from */
	const char *study;                /* id that the decision must be about */
	const uint8_t *terms_hash;        /* 32 bytes: of the manifest that was loaded (study.h) */
	const struct merged *merged;
	const struct settings *policy, *participant; /* lists of terminals and programs */
	const char *secrets;              /* file of the phrases that are never recorded */
	bool after_pause;                 /* the recording before this one ended by a pause: say so in the data */
	pid_t supervisor;
	int pipe;                         /* to the writer */
	struct stats *stats;
	const struct jitter *jitter;      /* of the edges of spans */
	int private_fd;                   /* eventfd: stats->private_asked changed */
	int told_fd;                      /* eventfd, to the supervisor: stats->private_on or private_done changed */
};

/* Runs in a process of its own; returns its exit code. */
int capture_run(const struct capture_options *options);

#endif
