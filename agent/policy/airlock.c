/* SPDX-License-Identifier: Apache-2.0 */
#include "airlock.h"

#include <string.h>

static struct held *at(const struct airlock *a, size_t i)
{
	return &a->ring[(a->head + i) % AIRLOCK_CAPACITY];
}

void airlock_init(struct airlock *a, struct held *ring)
{
	a->ring = ring;
	a->head = a->count = 0;
	memset(a->lost_down, 0, sizeof a->lost_down);
}

const struct held *airlock_head(const struct airlock *a)
{
	return a->count ? at(a, 0) : NULL;
}

struct held *airlock_at(const struct airlock *a, size_t i)
{
	return at(a, i);
}

static bool is_input(const struct held *h) { return h->kind <= HELD_TOUCH; }

int64_t airlock_kept_us(const struct held *h)
{
	return is_input(h) && h->as.input.timed == TIMED_JOINED ? h->mono_us - h->as.input.skew_us : h->mono_us;
}

/* The bit of a key or button, or NULL. */
static uint8_t *lost_bit(struct airlock *a, const struct held *h, uint8_t *bit)
{
	int code = h->as.input.code;
	if ((h->kind != HELD_KEY && h->kind != HELD_BUTTON) || code < 0 || code >= (int)sizeof a->lost_down * 8)
		return NULL;
	*bit = (uint8_t)(1 << code % 8);
	return &a->lost_down[code / 8];
}

/* A release or repeat of a press that was lost: alone it would mean nothing, and be left out without a word. */
static bool lost_press(struct airlock *a, const struct held *h)
{
	uint8_t bit, *place = lost_bit(a, h, &bit);
	if (!place || !(*place & bit))
		return false;
	if (h->as.input.action != KEY_REPEAT)
		*place &= (uint8_t)~bit;
	return h->as.input.action != KEY_PRESS;
}

static void count_lost(struct airlock *a, const struct held *entry)
{
	struct held *tail = a->count ? at(a, a->count - 1) : NULL;
	uint8_t bit, *place = lost_bit(a, entry, &bit);
	if (place && entry->as.input.action == KEY_PRESS)
		*place |= bit;
	if (!is_input(entry) && entry->kind != HELD_LOST)
		return; /* the next stay, clock or screen repeats what this one said */
	if (tail && tail->kind == HELD_LOST) {
		if (entry->kind == HELD_LOST && entry->as.lost.unknown)
			tail->as.lost.unknown = true;
		tail->as.lost.count += entry->kind == HELD_LOST ? entry->as.lost.count : 1;
		int64_t until = entry->kind == HELD_LOST && entry->as.lost.until_us > entry->mono_us ? entry->as.lost.until_us : entry->mono_us;
		if (until > tail->as.lost.until_us)
			tail->as.lost.until_us = until;
		/* Over several stays, one of which may be a secret's, the number is not told. */
		if (entry->stay != tail->stay)
			tail->as.lost.mixed = true;
		return;
	}
	if (a->count == AIRLOCK_CAPACITY)
		return; /* not reached: the last place is kept for a HELD_LOST */
	struct held *h = at(a, a->count++);
	*h = *entry;
	if (entry->kind != HELD_LOST) {
		memset(&h->as, 0, sizeof h->as);
		h->kind = HELD_LOST;
		h->as.lost.count = 1;
	}
}

void airlock_push(struct airlock *a, const struct held *entry, int64_t grid_us)
{
	if (lost_press(a, entry) || a->count >= AIRLOCK_CAPACITY - 1) {
		count_lost(a, entry);
		return;
	}
	size_t place = a->count++;
	if (entry->kind == HELD_KEY && grid_us > 0) {
		int64_t kept_us = airlock_kept_us(entry), rounded = kept_us - kept_us % grid_us;
		while (place > 0) {
			const struct held *before = at(a, place - 1);
			bool pointer = before->kind == HELD_MOTION || before->kind == HELD_SCROLL || before->kind == HELD_TOUCH;
			if (!pointer || airlock_kept_us(before) <= rounded || before->stay != entry->stay)
				break;
			*at(a, place) = *before;
			place--;
		}
	}
	*at(a, place) = *entry;
	/* A focus change has no time of its own but when it was read: it was before what came after it in the stream. (What is masked already came
	 * late, from before it; and its time is not to be told.) */
	if (place > 0 && is_input(entry) && !entry->masked && at(a, place - 1)->kind == HELD_STAY && at(a, place - 1)->mono_us > entry->mono_us)
		at(a, place - 1)->mono_us = entry->mono_us;
}

void airlock_pop(struct airlock *a)
{
	explicit_bzero(at(a, 0), sizeof(struct held));
	a->head = (a->head + 1) % AIRLOCK_CAPACITY;
	a->count--;
}

void airlock_gather(struct airlock *a)
{
	/* A ring that goes round and round touches every page that it has, to hold a thousandth of that. */
	if (a->head < AIRLOCK_GATHER || a->head < a->count || a->head + a->count > AIRLOCK_CAPACITY)
		return;
	size_t size = a->count * sizeof *a->ring;
	memcpy(a->ring, a->ring + a->head, size);
	explicit_bzero(a->ring + a->head, size);
	a->head = 0;
}

static bool concerns(const struct context_change *change, const struct held *h)
{
	return h->focus >= change->focus && h->stay <= change->upto;
}

/* Press, repeat or release of a key that types something: the press needs a caret, and takes the others with it. */
static bool types(const struct held *h)
{
	uint8_t k = h->as.input.key_class;
	return h->kind == HELD_KEY && !h->as.input.chord &&
	       (k == CLASS_LETTER || k == CLASS_DIGIT || k == CLASS_PUNCTUATION || k == CLASS_SPACE);
}

/* Behind the newest character that an object took: what came before it was handled before it. */
static size_t after_confirmed(const struct airlock *a, const struct confirm *confirm, int64_t told_us)
{
	for (size_t i = a->count; i > 0; i--) {
		const struct held *h = at(a, i - 1);
		const struct press *p = h->character ? confirm_find(confirm, h->press) : NULL;
		if (p && p->state == CONFIRM_TAKEN && p->taken_us < told_us)
			return i;
	}
	return 0;
}

void airlock_mask(struct airlock *a, const struct context_change *change, const struct confirm *confirm)
{
	bool found = change->barrier_us == INT64_MAX || change->barrier_us == INT64_MIN;
	size_t from = change->barrier_us == INT64_MAX ? a->count : 0;
	for (size_t i = 0; i < a->count && !found; i++) {
		const struct held *h = at(a, i);
		/* The barrier itself may have gone already: what is behind it knows. */
		found = ((h->barrier && h->mono_us >= change->barrier_us) || h->barrier_us >= change->barrier_us) && concerns(change, h);
		from = found ? i : 0;
	}
	size_t loose = change->loose_us == INT64_MAX ? a->count : after_confirmed(a, confirm, change->told_us);
	for (size_t i = 0; i < a->count; i++) {
		struct held *h = at(a, i);
		bool mask = i >= from || h->mono_us >= change->after_us ||
			    (i >= loose && h->kind == HELD_KEY && !types(h) && h->mono_us >= change->loose_us);
		if (mask && concerns(change, h) && !h->masked && !h->cleared)
			h->masked = (uint8_t)(1 + change->reason);
	}
}

void airlock_mask_presses(struct airlock *a, uint32_t first, uint32_t last, enum reason reason)
{
	bool inside = false;
	for (size_t i = 0; i < a->count; i++) {
		struct held *h = at(a, i);
		/* Numbers grow, but the first may have left already. */
		if (h->press && (int32_t)(h->press - last) > 0)
			return;
		inside = inside || (h->press && (int32_t)(h->press - first) >= 0);
		if (inside && !h->masked)
			h->masked = (uint8_t)(1 + reason);
	}
}

void airlock_clear(struct airlock *a)
{
	while (a->count)
		airlock_pop(a);
	memset(a->lost_down, 0, sizeof a->lost_down);
}
