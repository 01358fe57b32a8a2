/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only place where a raw event becomes an event. What is open leaves in the permitted detail; what is not becomes
 * part of a span: begin and end on a grid of REDACT_EDGE_US, each moved outwards by less than that, by a secret of the
 * participant's that is the same for all moments of one place on the grid; no count, no time inside, one span for all that is
 * masked in a row under one window focus. Nothing is kept that lies inside a span: what is open before its end on the
 * grid is swallowed too.
 */
#ifndef ASSENT_REDACT_H
#define ASSENT_REDACT_H

#include "airlock.h"
#include "consent.h"
#include "context.h"

enum { REDACT_EDGE_US = 1000000, REDACT_SKEW_US = 600000000 /* between two rows of it */ };

typedef void redact_keep(void *user, const struct event *event);
/* 0..999999 µs, the same for the same what, not to be guessed without its key. */
typedef int64_t redact_jitter(void *user, uint64_t what);

/* How two clocks differed, of the rows that were kept since the last row of kind skew: what was masked has no part in it. */
struct redact_skew {
	int64_t since_us;                 /* mono */
	int64_t sum_us;
	int32_t least_us, most_us;        /* valid with joined > 0 */
	uint32_t joined, unjoined;
};

struct redact {
	redact_keep *keep;
	void *user;
	redact_jitter *jitter;            /* widens a span's ends; NULL: whole seconds */
	void *jitter_user;
	int64_t utc_offset_us;            /* t_us - mono_us, of the newest clock that was released */
	int64_t boot_offset_us;           /* CLOCK_BOOTTIME - CLOCK_MONOTONIC */
	bool clock_known, started;
	bool span_open;
	enum reason span_reason;
	uint64_t span_focus;
	int64_t span_begin_us;            /* mono, on the grid */
	int64_t span_until_us;            /* mono: the last masked moment, INT64_MAX while a whole stay is masked */
	int64_t swallow_until_us;         /* mono */
	int64_t newest_us;                /* mono, of what was kept */
	uint64_t focus_shown;
	bool focus_due;                   /* its row waits for the end of what a span swallows */
	char app[EVENT_APP_MAX + 1], title[EVENT_TITLE_MAX + 1];
	struct redact_skew skew;
	uint32_t touched;                 /* touches whose beginning was kept, by slot */
	uint8_t down[96];                 /* keys and buttons whose press was kept, by code: releases follow them */
};

void redact_init(struct redact *r, redact_keep *keep, void *user);
/* Capture under this permit begins. paused_us: UTC when the pause before it began, 0 if there was none. */
void redact_start(struct redact *r, const struct permit *permit, int64_t now_us, int64_t paused_us);
/* Capture ends: closes what is open. */
void redact_stop(struct redact *r, const struct permit *permit, int64_t now_us);
/* Was the press of this key kept, and its release not yet? */
bool redact_is_down(const struct redact *r, int code);
/* An entry that is open, in its stay. */
void redact_open(struct redact *r, const struct permit *permit, const struct held *entry, const struct stay *stay);
/* An entry that is masked. moment: it alone, in a stay that is open; else all up to the next open one. */
void redact_mask(struct redact *r, const struct permit *permit, const struct held *entry, const struct stay *stay,
		 enum reason reason, bool moment);
/* A gap of what the source or the airlock lost. */
void redact_lost(struct redact *r, const struct held *entry);
/* Entries that are no input and belong to no verdict: clock, device, screen, layout. */
void redact_world(struct redact *r, const struct permit *permit, const struct held *entry);
/* UTC of a moment, by the newest clock released. */
int64_t redact_utc(const struct redact *r, int64_t mono_us);

#endif
