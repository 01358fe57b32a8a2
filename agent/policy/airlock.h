/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where raw events wait until it is known what they were typed into. A ring in memory that the caller
 * locked; each place is wiped as it is left. First in, first out, but for keys: these stand at their place on the
 * consented grid of time, since their place between pointer events of exact time would tell more than was agreed.
 */
#ifndef ASSENT_AIRLOCK_H
#define ASSENT_AIRLOCK_H

#include <stddef.h>

#include "context.h"

enum { AIRLOCK_CAPACITY = 49152, AIRLOCK_GATHER = 8192, AIRLOCK_CROWD = 4096 };

enum held_kind {
	HELD_KEY, HELD_BUTTON, HELD_MOTION, HELD_SCROLL, HELD_TOUCH,
	HELD_STAY,               /* a stay begins */
	HELD_CLOCK, HELD_DEVICE, HELD_SCREEN, HELD_LAYOUT,
	HELD_LOST                /* events were lost here */
};

struct held {
	int64_t mono_us;         /* when it happened as the source of the focus tells it; what is kept is airlock_kept_us */
	int64_t barrier_us;      /* keys: the last click, Tab, Enter or shortcut before it */
	uint64_t stay, focus;
	uint8_t kind;            /* held_kind */
	uint8_t masked;          /* 0, or 1 + reason: a firm no came while it waited */
	bool character;          /* a caret must confirm it */
	bool cleared;            /* judged open in time: it only waits for more text, and no later secret is about it */
	bool barrier;            /* it may have moved the focus */
	uint32_t press;          /* the number of a press (confirm.h), else 0 */
	union {
		struct raw_input input;
		struct { int64_t utc_us, boot_us; } clock;
		struct { int16_t device; uint8_t klass; bool present; } device;
		struct { int32_t width, height; } screen;
		char layout[EVENT_TEXT_MAX + 1];
		struct { int64_t until_us; int32_t count; bool unknown, mixed; } lost; /* until_us: 0, or later than mono_us */
	} as;
};

struct airlock {
	struct held *ring;       /* AIRLOCK_CAPACITY places, the caller's */
	size_t head, count;
	uint8_t lost_down[96];   /* keys and buttons whose press found no room: their releases are counted, too */
};

/* The time that is kept of it: the kernel's, where that is another than the display's. */
int64_t airlock_kept_us(const struct held *h);

void airlock_init(struct airlock *a, struct held *ring);
/* Copies entry in. grid_us > 0 and a key: placed before pointer events later than its place on the grid. When there is no
 * room the entry is not taken, and a HELD_LOST at the end counts it. */
void airlock_push(struct airlock *a, const struct held *entry, int64_t grid_us);
/* The oldest entry, or NULL. */
const struct held *airlock_head(const struct airlock *a);
/* The oldest but i; i < count. */
struct held *airlock_at(const struct airlock *a, size_t i);
void airlock_pop(struct airlock *a);                      /* wipes it */
/* Moves the entries back to the beginning of the ring, so that it uses as little memory as it can. */
void airlock_gather(struct airlock *a);
/* Masks entries as it says. */
void airlock_mask(struct airlock *a, const struct context_change *change, const struct confirm *confirm);
/* Masks everything between two presses, themselves included. */
void airlock_mask_presses(struct airlock *a, uint32_t first, uint32_t last, enum reason reason);
void airlock_clear(struct airlock *a);                    /* wipes all */

#endif
