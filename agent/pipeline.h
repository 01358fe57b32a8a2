/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow, on one page: raw events in, events out. Pure but for the two callbacks; the caller gives the time. Live
 * sources and replayed files drive it alike.
 */
#ifndef ASSENT_PIPELINE_H
#define ASSENT_PIPELINE_H

#include "policy/airlock.h"
#include "policy/consent.h"
#include "policy/context.h"
#include "policy/hotkey.h"
#include "policy/redact.h"
#include "policy/sensitive.h"

enum {
	PIPELINE_REST_US = 2000000,       /* a pause of this length ends a password that was being typed */
	PIPELINE_CHECK_US = 250000,       /* oracles are asked no more often than this while keys wait, */
	PIPELINE_CHECK_POINTER_US = 1000000 /* and this while only pointer events do */
};

/* How long key presses that were kept had waited: place i counts those of 2^i ms and more (place 0: those below, too), below the next. */
enum { PIPELINE_DELAYS = 16 };
struct delays { uint64_t count[PIPELINE_DELAYS]; };

typedef void pipeline_ask(void *user, const struct question *question);

struct pipeline {
	struct context context;
	struct airlock airlock;
	struct consent consent;
	struct redact redact;
	struct hotkey hotkey;
	struct delays delays;
	struct sensitive *sensitive;      /* the caller's; NULL: nothing is looked for in what is typed */
	bool ending;                      /* no more text will come */
	bool lingers;                     /* the oldest entry is open, and waits only for more text, */
	size_t cleared;                   /* as do so many after it, or were masked */
	pipeline_ask *ask;
	void *user;
	int64_t barrier_us, checked_us, input_us, key_us;
	int64_t rest_us;                  /* the last key of a secret that nothing ended yet; INT64_MIN */
	enum reason rest_reason;
	bool running;                     /* a given decision is in force, */
	int64_t start_us;                 /* since then: what happened before is no part of this recording, also if it comes now */
	int64_t end_us;                   /* nor what happens from then on; INT64_MAX */
	struct raw_event screen, layout;  /* the last that were told; kind: RAW_SCREEN, RAW_LAYOUT, else none was */
};

/* ring: AIRLOCK_CAPACITY places of locked memory. keep gets each event; ask each question of a check. */
void pipeline_init(struct pipeline *p, const struct limits *limits, struct held *ring, redact_keep *keep,
		   pipeline_ask *ask, void *user);
/* One raw event, in the order of the world. */
void pipeline_feed(struct pipeline *p, const struct raw_event *raw);
/* Judges what waits; call after a run of pipeline_feed. utc_us: the time now, for consent. */
void pipeline_release(struct pipeline *p, int64_t now_us);
/* Is private mode on, by word or by hotkey? */
bool pipeline_private(const struct pipeline *p);
/* When oracles must be asked next (mono µs), INT64_MAX when nothing waits: then no timer is needed. */
int64_t pipeline_deadline(const struct pipeline *p);
/* Asks them. The answers come by pipeline_feed, then call pipeline_release. */
void pipeline_check(struct pipeline *p, int64_t now_us);
/* What is decided: input from mono_us on is as if it had not been, also what waits already. */
void pipeline_end_at(struct pipeline *p, int64_t mono_us);
/* Before the end: what has been vouched for and waited only for more text leaves. */
void pipeline_finish(struct pipeline *p, int64_t now_us);
/* The end: what waits is forgotten, what is open is closed. */
void pipeline_stop(struct pipeline *p, int64_t now_us);

#endif
