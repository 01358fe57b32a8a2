/* SPDX-License-Identifier: Apache-2.0 */
#include "obstacle.h"

#include <stdio.h>
#include <string.h>

static const char *const refusals[STREAM_REFUSED_END] = {
	[STREAM_REFUSED_VERSION] = "version", [STREAM_REFUSED_HELLO] = "hello", [STREAM_REFUSED_NO_SESSION] = "no-session",
	[STREAM_REFUSED_INACTIVE] = "inactive", [STREAM_REFUSED_REMOTE] = "remote", [STREAM_REFUSED_CLASS] = "class",
	[STREAM_REFUSED_NO_LOGIND] = "no-logind", [STREAM_REFUSED_POLICY] = "policy", [STREAM_REFUSED_BUSY] = "busy",
	[STREAM_REFUSED_FULL] = "full", [STREAM_REFUSED_ENDED] = "ended", [STREAM_REFUSED_FAILED] = "failed",
};

void obstacle_note(struct stats *stats, const struct desktop_problem *problem)
{
	if (problem->part != DESKTOP_BROKER && problem->part != DESKTOP_PLACE)
		return;
	snprintf(stats->obstacle, sizeof stats->obstacle, "%s", problem->what);
	snprintf(stats->remedy, sizeof stats->remedy, "%s", problem->remedy);
	if (problem->part == DESKTOP_BROKER)
		atomic_store(&stats->broker_refusal, problem->refusal ? (int32_t)problem->refusal : BROKER_ABSENT);
	else
		atomic_store(&stats->no_context, 1);
}

void obstacle_clear(struct stats *stats)
{
	atomic_store(&stats->broker_refusal, 0);
	atomic_store(&stats->no_context, 0);
	memset(stats->obstacle, 0, sizeof stats->obstacle);
	memset(stats->remedy, 0, sizeof stats->remedy);
}

/* Capture sees what others send: of its own words only what is fit for a terminal and for JSON is handed on. */
static void copy(char out[STATS_TEXT_MAX + 1], const char *from)
{
	memcpy(out, from, STATS_TEXT_MAX);
	out[STATS_TEXT_MAX] = 0;
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

bool obstacle_read(struct stats *stats, struct obstacle *out)
{
	int32_t refusal = atomic_load(&stats->broker_refusal);
	if (!refusal && !atomic_load(&stats->no_context))
		return false;
	out->part = refusal ? "broker" : "context";
	out->refusal = refusal > 0 && refusal < STREAM_REFUSED_END ? refusals[refusal] : NULL;
	copy(out->text, stats->obstacle);
	copy(out->remedy, stats->remedy);
	return true;
}
