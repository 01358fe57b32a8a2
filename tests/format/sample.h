/* SPDX-License-Identifier: Apache-2.0 */
/* Events for the tests of the format: reproducible, of every kind, with extreme values. */
#ifndef ASSENT_SAMPLE_H
#define ASSENT_SAMPLE_H

#include "../../agent/format/segment.h"

/* When all of it is said to have been written. */
#define SAMPLE_WRITTEN INT64_C(1700000005000000)

/* The key of every segment in these tests and in the corpora: the bytes 0 to 31. */
extern const uint8_t sample_key[SEGMENT_KEY];

struct sample {
	uint64_t state;
	int64_t mono_us;
	int32_t x, y;            /* of the pointer, for sample_screen */
};

uint64_t sample_random(struct sample *s);
/* Any valid event. Fields that has does not name are filled too, with what must not come back. */
void sample_event(struct sample *s, struct event *event);
/* The n-th of a day at a desk: typing, moving, scrolling, a change of window, a masked span. */
void sample_desk(struct sample *s, unsigned n, struct event *event);
/* Rows as a desktop gives them: the server's ms, keys on 20 ms, counts of the device and where the pointer went, and what the agent saw itself in µs.
 * A time in 400 is off its grid. */
void sample_screen(struct sample *s, struct event *event);
/* The n-th row of one of these streams. EXTREME: everything there is, at any time. TOUCHPAD: movements that no shift makes whole. TEXTS: each row with words of
 * its own. */
enum sample_wild { SAMPLE_DESK, SAMPLE_ANY, SAMPLE_SCREEN, SAMPLE_EXTREME, SAMPLE_TOUCHPAD, SAMPLE_TEXTS, SAMPLE_WILD_COUNT };
void sample_wild(enum sample_wild wild, struct sample *s, unsigned n, struct event *event);
struct segment_meta sample_meta(void);
bool sample_same_meta(const struct segment_meta *a, const struct segment_meta *b);
/* What must come back of an event that was written: the fields that has names, the others 0. */
struct event sample_expected(const struct event *written);
bool sample_same(const struct event *a, const struct event *b);

#endif
