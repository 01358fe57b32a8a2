/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw events as text, and a small simulated world that answers the policy's questions, in virtual time: the whole
 * pipeline without a display. The language is described in tests/flow/README.md.
 */
#ifndef ASSENT_REPLAY_H
#define ASSENT_REPLAY_H

#include <stdio.h>

#include "source.h"

struct replay;

/* What drives the consumer. All times are virtual CLOCK_MONOTONIC µs. */
struct replay_hooks {
	source_emit *feed;                        /* a raw event */
	void (*settled)(void *user, int64_t now_us);   /* a run of events at one time is over: judge */
	int64_t (*deadline)(void *user);          /* when check wants to be called, INT64_MAX never */
	void (*check)(void *user, int64_t now_us);     /* may call replay_ask */
	void (*command)(void *user, const char *word, const char *rest, int64_t now_us); /* lines the world does not know */
	void *user;
};

struct replay_error { char text[256]; };

/* Reads text up to a line "--" or its end, running the world as it goes. start_mono, start_utc: where its clocks begin.
 * ERROR_INVALID with "line N: what" in error. */
int replay_run(FILE *text, int64_t start_mono_us, int64_t start_utc_us, const struct replay_hooks *hooks,
	       struct replay **world, struct replay_error *error);
/* Called from check: the world answers by feed, now or after its own delay. kind: 0 sample, 1 tty, 2 field. */
void replay_ask(struct replay *world, int kind, uint64_t window, uint64_t object, int64_t now_us);
/* Virtual time now. */
int64_t replay_now(const struct replay *world);

#endif
