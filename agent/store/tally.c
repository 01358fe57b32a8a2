/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include <string.h>

void tally_row(struct tally *t, const struct event *event)
{
	t->rows++;
	if (event->kind == EVENT_SPAN && event->reason < REASON_COUNT) {
		t->spans[event->reason]++;
	} else if (event->kind == EVENT_GAP && event->reason < REASON_COUNT) {
		t->gaps[event->reason]++;
		if (event->has & HAS_LOST && event->lost > 0)
			t->lost[event->reason] += (uint64_t)event->lost;
	} else {
		t->kept++;
	}
}

void tally_move(struct tally *t, struct tally *from)
{
	t->rows += from->rows;
	t->kept += from->kept;
	for (int i = 0; i < REASON_COUNT; i++) {
		t->spans[i] += from->spans[i];
		t->gaps[i] += from->gaps[i];
		t->lost[i] += from->lost[i];
	}
	memset(from, 0, sizeof *from);
}

void tally_tell(struct tally *t, struct counters *counters)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		stats_add(&counters->spans[i], t->spans[i]);
		stats_add(&counters->gaps[i], t->gaps[i]);
		stats_add(&counters->lost_to[i], t->lost[i]);
		stats_add(&counters->lost, t->lost[i]);
	}
	stats_add(&counters->kept, t->kept);
	/* Last: who waits for it finds the others. */
	stats_add(&counters->written, t->rows);
	memset(t, 0, sizeof *t);
}
