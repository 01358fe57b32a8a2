/* SPDX-License-Identifier: Apache-2.0 */
/* The counters of stats.h as JSON: what is masked in spans, never in keys. */
#ifndef ASSENT_STATUS_COUNTERS_H
#define ASSENT_STATUS_COUNTERS_H

#include <stddef.h>

#include "stats.h"

/* Fewer kept key presses than this are no ground for a quantile. */
enum { STATUS_AIRLOCK_LEAST = 100, STATUS_COUNTERS_MAX = 3000 };

/* What they are now, for counters_json to count from. */
void counters_copy(const struct counters *from, struct counters *to);
/* One object. since_us: UTC, when before was the state of things (NULL: nothing was counted). last_flush_us: UTC; 0: none since then. */
void counters_json(char out[STATUS_COUNTERS_MAX], const struct counters *now, const struct counters *before, int64_t since_us, int64_t last_flush_us);
/* The upper end, in ms, of the place of the share (0..1) of the durations in t; 0: there are none. */
int64_t times_quantile(const uint64_t t[STATS_TIMES], double share);

#endif
