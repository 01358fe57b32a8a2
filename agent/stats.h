/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters in memory shared by the supervisor (reads), capture and writer (add). Numbers of kept events
 * and of spans only: how many keys were masked is nowhere, since that is a password's length.
 */
#ifndef ASSENT_STATS_H
#define ASSENT_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "event.h"

/* BROKER_ABSENT: it is not there, or went away without a word. */
enum { BROKER_ABSENT = -1, STATS_TEXT_MAX = 255 };

struct stats {
	_Atomic uint64_t kept;                   /* events sent to the writer */
	_Atomic uint64_t spans[REASON_COUNT];
	_Atomic uint64_t gaps[REASON_COUNT];
	_Atomic uint64_t lost;                   /* in counted gaps */
	_Atomic uint64_t written;                /* events in flushed blocks */
	_Atomic uint64_t bytes;                  /* flushed */
	_Atomic uint64_t flushes, segments;
	_Atomic uint64_t sealed;                 /* segments written anew, small (store/sealer.h) */
	_Atomic uint64_t recovered;              /* segments mended after a crash */
	_Atomic int64_t last_flush_us;           /* UTC */
	_Atomic int32_t capture_ready;           /* 1: input is selected */
	_Atomic int32_t masked_now;              /* 1 + reason while masked; 0 open */
	_Atomic int64_t airlock_p50_us, airlock_p99_us; /* how long kept key presses waited, to a fifth; 0: none yet */
	_Atomic int32_t broker_refusal;          /* capture's, as it ends (obstacle.h): enum stream_refusal, BROKER_ABSENT; 0: it is not the devices */
	_Atomic int32_t no_context;              /* capture's, as it ends: 1: nobody says where the keys go */
	char obstacle[STATS_TEXT_MAX + 1], remedy[STATS_TEXT_MAX + 1]; /* of either, for people */
	_Atomic uint64_t private_asked;          /* the supervisor's: counts its requests by 2; the lowest bit: on */
	_Atomic uint64_t private_done;           /* the last of them that capture took (the supervisor, where there is none) */
	_Atomic int32_t private_on;              /* private mode, as capture has it; a new capture begins with it */
	_Atomic int64_t private_since_us;        /* UTC */
	_Atomic int64_t keep_next_us;            /* the keeper's: UTC when the next segment is due, to be deleted or released */
	_Atomic int64_t seal_until_us;           /* the supervisor's: mono, until when a writer that ends may seal, as somebody waits; 0: nobody does */
	_Atomic int32_t keep_under_way;          /* one that is due to be deleted is in the writer's hands */
};

static inline void stats_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

#endif
