/* SPDX-License-Identifier: Apache-2.0 */
#include "join.h"

#include <string.h>

void join_init(struct join *j)
{
	memset(j, 0, sizeof *j);
	memset(j->told_by, -1, sizeof j->told_by);
	j->last_us = INT64_MIN;
}

static bool is_input(const struct raw_event *raw)
{
	return raw->kind <= RAW_TOUCH;
}

static struct join_one *at(struct join *j, uint32_t i)
{
	return &j->at[(j->first + i) % JOIN_WAITING];
}

static void clear(struct join_one *o)
{
	memset(o, 0, sizeof *o);
	o->free = true;
}

static void drop_first(struct join *j)
{
	clear(at(j, 0));
	j->first = (j->first + 1) % JOIN_WAITING;
	j->count--;
}

void join_kernel(struct join *j, const struct raw_event *raw)
{
	const struct raw_input *in = &raw->as.input;
	if (!is_input(raw))
		return;
	if (j->count == JOIN_WAITING)
		drop_first(j);
	struct join_one *o = at(j, j->count++);
	*o = (struct join_one){.mono_us = raw->mono_us, .device = in->device, .kind = (uint8_t)raw->kind, .synthetic = in->synthetic};
	if (raw->kind == RAW_KEY || raw->kind == RAW_BUTTON || raw->kind == RAW_TOUCH) {
		o->code = raw->kind == RAW_TOUCH ? 0 : in->code;
		o->action = in->action;
	}
	if (in->has & HAS_DELTA && raw->kind == RAW_MOTION) {
		o->dx = in->dx;
		o->dy = in->dy;
	}
}

static bool alike(const struct join_one *o, const struct raw_event *x)
{
	const struct raw_input *in = &x->as.input;
	if (o->free || o->kind != x->kind)
		return false;
	switch (x->kind) {
	case RAW_KEY:
	case RAW_BUTTON:
		return o->action == in->action && (o->code == in->code || !o->code);
	case RAW_TOUCH:
		return o->action == in->action;
	case RAW_MOTION:
		/* Counts are the same bits on both sides. Places are scaled differently. */
		return !(in->has & HAS_DELTA) || (o->dx == in->dx && o->dy == in->dy);
	default:
		return true;
	}
}

static bool is_joined(const struct raw_event *raw)
{
	return is_input(raw) && !raw->as.input.synthetic;
}

static bool is_late(const struct join_one *o, const struct raw_event *raw)
{
	return o->mono_us < raw->mono_us - JOIN_LATE_US;
}

/* The server tells what a device did in the order in which it was done, but stamps it when it comes to read it: a busy one gives the same
 * millisecond to several. So the first that is alike, and not the one of the same millisecond. A late one counts only if it may be that the server
 * is late: not of a device that it does not read. */
static struct join_one *find(struct join *j, const struct raw_event *raw)
{
	for (uint32_t i = 0; i < j->count; i++) {
		struct join_one *o = at(j, i);
		if (alike(o, raw) && o->mono_us <= raw->mono_us + 999 && o->mono_us >= raw->mono_us - JOIN_STILL_US &&
		    (!is_late(o, raw) || o->device == j->told_by[raw->kind] || j->told_by[raw->kind] < 0))
			return o;
	}
	return NULL;
}

/* What of this kind the same device did before it, the server will not tell any more. (Kinds may overtake each other: libinput holds
 * back a button that bounces.) */
static void take(struct join *j, struct join_one *o)
{
	for (uint32_t i = 0; at(j, i) != o; i++)
		if (at(j, i)->device == o->device && at(j, i)->kind == o->kind)
			clear(at(j, i));
	clear(o);
	while (j->count && at(j, 0)->free)
		drop_first(j);
}

bool join_finds(struct join *j, const struct raw_event *raw)
{
	return !is_joined(raw) || find(j, raw) != NULL;
}

bool join_time(struct join *j, struct raw_event *raw)
{
	struct raw_input *in = &raw->as.input;
	if (!is_joined(raw))
		return false;
	struct join_one *best = find(j, raw);
	bool joined = best && !is_late(best, raw);
	if (joined) {
		j->told_by[raw->kind] = best->device;
		in->timed = TIMED_JOINED;
		in->skew_us = (int32_t)(raw->mono_us - best->mono_us);
		in->synthetic = best->synthetic;
		raw->mono_us = best->mono_us;
	} else {
		in->timed = TIMED_UNJOINED;
		/* It was rounded down, below others of its millisecond. */
		if (raw->mono_us < j->last_us && raw->mono_us > j->last_us - 1000)
			raw->mono_us = j->last_us;
	}
	if (best)
		take(j, best);
	j->last_us = raw->mono_us;
	return joined;
}

void join_forget(struct join *j, int64_t mono_us)
{
	while (j->count && (at(j, 0)->free || at(j, 0)->mono_us < mono_us))
		drop_first(j);
}
