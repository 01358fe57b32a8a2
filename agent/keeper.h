/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper: a short-lived child of the supervisor that removes what was kept as long as it may be and releases what is due. It runs at start,
 * every hour, and when the next segment is due, whether anything is recorded or not. It sees no input, and has no key that opens a recording.
 */
#ifndef ASSENT_KEEPER_H
#define ASSENT_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/places.h"
#include "stats.h"

enum { KEEPER_EVERY_S = 3600, KEEPER_SOONEST_S = 5, KEEPER_DOUBT_S = 3600, KEEPER_STEP_S = 86400 };

/* Its exit codes. */
enum { KEEPER_DONE = 0, KEEPER_FAILED = 1 };

/* In a process of its own: enters its sandbox, does its work, leaves in stats when the next is due. Its exit code. */
int keeper_run(const struct places *places, struct stats *stats);

/* The supervisor's part: when to run it. */
struct keeper_clock {
	int64_t next_us;                 /* mono: when it is to run */
	bool known, doubtful;
	int64_t offset_us;               /* UTC less the time since boot, when it was last believed */
	int64_t doubt_us;                /* since boot: when it was first doubted */
};

/*
 * Is the clock to be believed? One that was set forward by more than a day while the agent ran could delete, or release, all at once, by a mistake
 * that nothing mends: it is believed only after it stood so for an hour. (At its start the agent has nothing to compare it with.) When doubt
 * begins, *news is set.
 */
bool keeper_believes(struct keeper_clock *k, int64_t utc_us, int64_t boot_us, bool *news);
/* When it is to run again, after it ended at now_us. due_us: UTC, of the next segment; INT64_MAX: none. */
void keeper_plan(struct keeper_clock *k, int64_t now_us, int64_t utc_us, int64_t due_us, bool failed);

#endif
