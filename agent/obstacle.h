/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why capture ended, where it is the devices or the place that the keys go to: capture notes it in the shared memory, the supervisor
 * tells the participant.
 */
#ifndef ASSENT_OBSTACLE_H
#define ASSENT_OBSTACLE_H

#include <stdbool.h>
#include <stddef.h>

#include "source/desktop.h"
#include "stats.h"

struct obstacle {
	const char *part;                /* for scripts: "broker", "context" */
	const char *refusal;             /* for scripts: why the broker refused; NULL: it did not, or it is not the broker */
	char text[STATS_TEXT_MAX + 1], remedy[STATS_TEXT_MAX + 1]; /* phrases without a full stop; remedy may be empty */
};

/* Capture's. Problems of other parts than these two are left out. */
void obstacle_note(struct stats *stats, const struct desktop_problem *problem);
/* The supervisor's, before each capture. */
void obstacle_clear(struct stats *stats);
/* The supervisor's, once that capture has ended: what it noted; false: nothing. */
bool obstacle_read(struct stats *stats, struct obstacle *out);

#endif
