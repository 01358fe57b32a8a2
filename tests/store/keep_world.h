/* SPDX-License-Identifier: Apache-2.0 */
/* A data directory with an identity and finished segments, made without the agent: for tests of what is done to them later. */
#ifndef ASSENT_TEST_KEEP_WORLD_H
#define ASSENT_TEST_KEEP_WORLD_H

#include "../../agent/store/keep.h"

#define WORLD_T0 INT64_C(1777636800000000)   /* 2026-05-01T12:00:00Z */
#define WORLD_SECOND INT64_C(1000000)

struct world {
	struct places places;
	struct identity *identity;
	struct keyring *keyring;
	uint8_t recipient_secret[32], recipient_public[32];
};

/* data: a folder that exists. */
void world_init(struct world *w, const char *data);
void world_release(struct world *w);
/* A finished segment with those rows, begun at t_us: its name. released: it stands in released.jsonl. */
void world_segment(struct world *w, const char *study, int64_t t_us, const struct event *events, int count, bool released, char name[SPOOL_NAME_MAX]);
/* The same, not finished: a .part without a footer. */
void world_part(struct world *w, const char *study, int64_t t_us, const struct event *events, int count, char name[SPOOL_NAME_MAX]);

/* A row a second for so many seconds: keys in two applications by turns of 20 s, a focus row at each turn, a pointer's movement now and then, a
 * span in the middle; first a start, a screen and a layout. At most WORLD_ROWS. Returns how many. */
enum { WORLD_ROWS = 400 };
int world_rows(int64_t t_us, int seconds, struct event out[WORLD_ROWS]);

/* All rows of all segments of a study, in the order of their names, without what only points elsewhere: app and title are copied. */
struct world_read { int count, capacity, segments, unreadable; struct event *event; char (*app)[EVENT_APP_MAX + 1]; };
void world_read(const struct world *w, const struct keyring *keyring, const char *study, struct world_read *r);
void world_read_release(struct world_read *r);
bool world_same(const struct event *a, const struct event *b);

#endif
