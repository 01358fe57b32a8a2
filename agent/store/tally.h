/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on their way to the disk, as the counters are to tell them once they are there. */
#ifndef ASSENT_TALLY_H
#define ASSENT_TALLY_H

#include "../stats.h"

struct tally {
	uint64_t rows, kept;
	uint64_t spans[REASON_COUNT], gaps[REASON_COUNT], lost[REASON_COUNT];
};

void tally_row(struct tally *t, const struct event *event);
/* Adds what is in from to t, and empties it. */
void tally_move(struct tally *t, struct tally *from);
/* Tells what is in t, and empties it. */
void tally_tell(struct tally *t, struct counters *counters);

#endif
