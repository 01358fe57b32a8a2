/* SPDX-License-Identifier: Apache-2.0 */
#include "confirm.h"

#include <stddef.h>
#include <string.h>

static struct press *at(struct confirm *c, uint32_t n)
{
	return &c->press[n % CONFIRM_PRESSES];
}

void confirm_init(struct confirm *c)
{
	memset(c, 0, sizeof *c);
	c->oldest = 1;
}

/* Moves on past what waits no longer. Numbers wrap after four thousand million presses: differences still hold. */
static void trim(struct confirm *c, int64_t limit_us)
{
	while ((int32_t)(c->newest - c->oldest) >= 0) {
		struct press *p = at(c, c->oldest);
		bool full = c->newest - c->oldest >= CONFIRM_PRESSES - 1;
		if (!full && p->state == CONFIRM_WAITING && p->mono_us >= limit_us)
			break;
		if (p->state == CONFIRM_WAITING)
			p->state = CONFIRM_NEVER;
		c->oldest++;
	}
}

uint32_t confirm_press(struct confirm *c, enum press_kind kind, int32_t pid, bool brief, int64_t mono_us)
{
	trim(c, mono_us - CONFIRM_LIMIT_US);
	*at(c, ++c->newest) = (struct press){ .mono_us = mono_us, .pid = pid, .kind = (uint8_t)kind, .brief = brief,
					      .state = CONFIRM_WAITING };
	return c->newest;
}

/* Its number, or 0. */
static uint32_t first_waiting(struct confirm *c, int32_t pid, int64_t until_us, enum press_kind least)
{
	for (uint32_t n = c->oldest; (int32_t)(c->newest - n) >= 0; n++) {
		const struct press *p = at(c, n);
		bool gone = p->brief && p->mono_us < until_us - CONFIRM_AT_ONCE_US;
		if (p->state == CONFIRM_WAITING && !gone && p->pid == pid && p->mono_us <= until_us && p->kind >= (uint8_t)least)
			return n;
	}
	return 0;
}

void confirm_caret(struct confirm *c, uint64_t object, bool secret, int32_t pid, int32_t moved, int64_t mono_us)
{
	trim(c, mono_us - CONFIRM_LIMIT_US);
	for (int32_t taken = 0; taken == 0 || taken < moved; taken++) {
		uint32_t n = first_waiting(c, pid, mono_us, PRESS_CHARACTER);
		struct press *p = n ? at(c, n) : NULL;
		if (!p || (taken > 0 && p->kind != PRESS_CHARACTER))
			return;
		bool late = p->kind == PRESS_CHARACTER && pid == c->distrusted && mono_us < c->distrusted_until_us && mono_us - p->mono_us > c->late_us;
		p->state = secret ? CONFIRM_SECRET : late ? CONFIRM_NEVER : CONFIRM_TAKEN;
		p->object = object;
		p->by_caret = true;
		p->taken_us = mono_us;
		if (p->kind != PRESS_CHARACTER)
			return;
	}
}

/* Hands carets that presses took which need none on to the characters that wait, newest first from last on. */
static void hand_on(struct confirm *c, int32_t pid, uint32_t last, int64_t before_us)
{
	struct press *waiting[CONFIRM_HANDED], *spare[CONFIRM_HANDED];
	int waits = 0, spares = 0, taken = 0;
	uint64_t object = 0;

	/* Backwards: the run of characters that wait, then those that were taken in one object. */
	for (uint32_t n = last; n != 0 && c->newest - n < CONFIRM_PRESSES && (!waits || spares < waits); n--) {
		struct press *p = at(c, n);
		if (p->pid != pid)
			continue;
		if (p->state == CONFIRM_NEVER || p->state == CONFIRM_SECRET)
			return;
		if (p->state == CONFIRM_WAITING) {
			/* The newest may get its own yet; and what can move the focus is not guessed over. */
			if (object || p->mono_us > before_us || (p->kind == PRESS_BARRIER && waits) || waits == CONFIRM_HANDED)
				return;
			if (p->kind == PRESS_CHARACTER)
				waiting[waits++] = p;
			continue;
		}
		if (!waits || !p->object || (object && p->object != object) || (!object && p->kind == PRESS_BARRIER))
			return;
		/* Its caret belongs to one further on: then it cannot be older than that press. */
		if (taken < waits && p->taken_us < waiting[taken]->mono_us)
			return;
		taken++;
		object = p->object;
		if (p->kind != PRESS_CHARACTER && p->by_caret)
			spare[spares++] = p;
	}
	if (!waits || spares < waits)
		return;
	for (int i = 0; i < waits; i++) {
		waiting[i]->state = CONFIRM_TAKEN;
		waiting[i]->object = object;
		waiting[i]->taken_us = spare[i]->taken_us;
		spare[i]->by_caret = false;
	}
}

void confirm_spoke(struct confirm *c, int32_t pid, int64_t before_us)
{
	for (uint32_t n = c->oldest; (int32_t)(c->newest - n) >= 0; n++) {
		struct press *p = at(c, n);
		if (p->state == CONFIRM_WAITING && p->pid == pid && p->kind != PRESS_CHARACTER && p->mono_us <= before_us)
			p->state = CONFIRM_TAKEN;
	}
}

void confirm_settle(struct confirm *c, int32_t pid, int64_t before_us)
{
	hand_on(c, pid, c->newest, before_us);
}

void confirm_news(struct confirm *c, int32_t pid, int64_t mono_us)
{
	trim(c, mono_us - CONFIRM_LIMIT_US);
	uint32_t n = first_waiting(c, pid, mono_us, PRESS_BARRIER);
	if (!n)
		return;
	/* What was pressed before it was handled before it: a caret that did not come will not. */
	hand_on(c, pid, n - 1, INT64_MAX);
	at(c, n)->state = CONFIRM_TAKEN;
	for (uint32_t i = c->oldest; i != n; i++) {
		struct press *p = at(c, i);
		if (p->pid != pid)
			continue;
		if (p->state == CONFIRM_WAITING)
			p->state = CONFIRM_NEVER;
	}
}

void confirm_distrust(struct confirm *c, int32_t pid, int64_t now_us, int64_t within_us, int64_t late_us)
{
	c->distrusted = pid;
	c->distrusted_until_us = now_us + within_us;
	c->late_us = late_us;
	for (uint32_t i = 0, n = c->newest; i < CONFIRM_PRESSES && n != 0; i++, n--) {
		struct press *p = at(c, n);
		if (p->pid == pid && p->kind == PRESS_CHARACTER && p->state == CONFIRM_TAKEN && p->taken_us >= now_us - within_us &&
		    p->taken_us - p->mono_us > late_us)
			p->state = CONFIRM_NEVER;
	}
}

static bool took_at_once(const struct press *p, uint64_t object, int64_t before_us)
{
	return p->object == object && p->state == CONFIRM_TAKEN && p->kind == PRESS_CHARACTER && p->taken_us < before_us &&
	       p->taken_us - p->mono_us <= CONFIRM_AT_ONCE_US;
}

int64_t confirm_last(const struct confirm *c, int32_t pid, uint64_t object, int64_t before_us)
{
	for (uint32_t i = 0, n = c->newest; object && i < CONFIRM_PRESSES && n != 0; i++, n--) {
		const struct press *p = &c->press[n % CONFIRM_PRESSES];
		if (p->pid == pid && took_at_once(p, object, before_us))
			return p->mono_us;
	}
	return INT64_MIN;
}

int64_t confirm_led(const struct confirm *c, int32_t pid, uint64_t object, int64_t before_us, int64_t within_us)
{
	const struct press *took = NULL, *next = NULL;
	for (uint32_t i = 0, n = c->newest; object && i < CONFIRM_PRESSES && n != 0; i++, n--) {
		const struct press *p = &c->press[n % CONFIRM_PRESSES];
		if (p->pid != pid)
			continue;
		if (!took && took_at_once(p, object, before_us)) {
			took = p;
			if (next && next->kind == PRESS_BARRIER)
				return INT64_MIN;
		} else if (took && p->kind == PRESS_BARRIER) {
			return took->mono_us - p->mono_us <= within_us ? p->mono_us : INT64_MIN;
		}
		next = p;
	}
	return INT64_MIN;
}

const struct press *confirm_find(const struct confirm *c, uint32_t press)
{
	if (!press || c->newest - press >= CONFIRM_PRESSES)
		return NULL;
	return &c->press[press % CONFIRM_PRESSES];
}
