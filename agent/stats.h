/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory shared by the supervisor (reads), capture and writer. Its counters tell what is on the disk, and change when something gets there: at
 * the writer's next place on its grid of 5 s, never at a key. How many keys were masked is nowhere, nor how many came in: that less what was
 * kept would be a password's length. What is masked counts in spans, which stand in the data, too.
 */
#ifndef ASSENT_STATS_H
#define ASSENT_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "event.h"

/* BROKER_ABSENT: it is not there, or went away without a word. */
enum { BROKER_ABSENT = -1, STATS_TEXT_MAX = 255 };

/* Durations: place i counts those of 2^i ms and more (place 0: those below, too), below the next. Coarse on purpose. */
enum { STATS_TIMES = 16 };
struct times { _Atomic uint64_t count[STATS_TIMES]; };

struct counters {
	_Atomic uint64_t written;                /* rows in flushed blocks: all that came out of capture */
	_Atomic uint64_t kept;                   /* of them: no spans, no gaps */
	_Atomic uint64_t spans[REASON_COUNT];
	_Atomic uint64_t gaps[REASON_COUNT];
	_Atomic uint64_t lost;                   /* in counted gaps, and what could not be written at the end */
	_Atomic uint64_t lost_to[REASON_COUNT];  /* the same, by reason */
	_Atomic uint64_t bytes;                  /* flushed */
	_Atomic uint64_t flushes, segments;
	_Atomic uint64_t sealed;                 /* segments written anew, small (store/sealer.h) */
	_Atomic uint64_t recovered;              /* segments mended after a crash */
	struct times flush;                      /* how long it took to bring a flush to the disk */
	struct times seal;                       /* how much work a sealed segment was */
	struct times airlock;                    /* how long kept key presses had waited */
};

struct stats {
	struct counters count;                   /* since the agent began */
	struct times airlock_live;               /* capture's; the writer takes it into airlock as it flushes */
	_Atomic int64_t last_flush_us;           /* UTC */
	_Atomic int32_t disk_error;              /* the writer's errno while the disk would not; 0: it does */
	_Atomic int32_t capture_ready;           /* 1: input is selected */
	_Atomic int32_t masked_now;              /* 1 + reason while masked; 0 open */
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


static inline void times_add(struct times *t, int64_t us)
{
	unsigned place = 0;
	for (int64_t ms = us / 1000; ms > 1 && place < STATS_TIMES - 1; ms >>= 1)
		place++;
	stats_add(&t->count[place], 1);
}

#endif
