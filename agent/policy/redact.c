/* SPDX-License-Identifier: Apache-2.0 */
#include "redact.h"

#include <stdint.h>
#include <string.h>

enum { SUSPEND_MIN_US = 100000, CLOCK_STEP_MIN_US = 1000 };

void redact_init(struct redact *r, redact_keep *keep, void *user)
{
	memset(r, 0, sizeof *r);
	r->keep = keep;
	r->user = user;
	r->swallow_until_us = INT64_MIN;
	r->newest_us = INT64_MIN;
}

int64_t redact_utc(const struct redact *r, int64_t mono_us)
{
	return mono_us + r->utc_offset_us;
}

/* The grid is that of UTC, so that edges look the same in every export. */
static int64_t edge_down(const struct redact *r, int64_t mono_us)
{
	int64_t utc = redact_utc(r, mono_us);
	int64_t rest = utc % REDACT_EDGE_US;
	return mono_us - (rest < 0 ? rest + REDACT_EDGE_US : rest);
}

static int64_t edge_up(const struct redact *r, int64_t mono_us)
{
	int64_t down = edge_down(r, mono_us);
	return down == mono_us ? mono_us : down + REDACT_EDGE_US;
}

/* How far the edge at this place of the grid moves outwards. It depends on nothing that was typed. */
static int64_t jitter(const struct redact *r, int64_t edge_us, bool end)
{
	uint64_t second = (uint64_t)(redact_utc(r, edge_us) / REDACT_EDGE_US);
	return r->jitter ? r->jitter(r->jitter_user, second * 2 + end) : 0;
}

static struct event begin(const struct redact *r, enum event_kind kind, int64_t mono_us)
{
	struct event e = { .kind = (uint8_t)kind, .mono_us = mono_us, .t_us = redact_utc(r, mono_us) };
	return e;
}

static void add_place(const struct redact *r, const struct permit *permit, struct event *e)
{
	if (permit->apps >= APPS_ID && r->app[0]) {
		e->app = r->app;
		e->has |= HAS_APP;
	}
	if (permit->apps >= APPS_TITLE && r->title[0]) {
		e->title = r->title;
		e->has |= HAS_TITLE;
	}
}

static void keep(struct redact *r, const struct event *e)
{
	if (e->mono_us > r->newest_us)
		r->newest_us = e->mono_us;
	r->keep(r->user, e);
}

static int strength(enum reason reason)
{
	static const enum reason weakest_first[] = { REASON_UNKNOWN, REASON_SENSITIVE, REASON_PRIVATE, REASON_EXCLUDED,
		REASON_GRAB, REASON_LOCKED, REASON_ECHO_OFF, REASON_PASSWORD };
	for (int i = 0; i < (int)(sizeof weakest_first / sizeof weakest_first[0]); i++)
		if (weakest_first[i] == reason)
			return i;
	return 0;
}

static void span_close(struct redact *r, int64_t mono_us)
{
	if (!r->span_open)
		return;
	if (mono_us <= r->span_begin_us && r->span_begin_us == r->swallow_until_us) {
		/* Over before the last one ends on its grid: covered. */
		r->span_open = false;
		return;
	}
	int64_t end = edge_up(r, mono_us < r->span_until_us ? mono_us : r->span_until_us);
	if (end <= r->span_begin_us)
		end = edge_down(r, r->span_begin_us) + REDACT_EDGE_US;
	end += jitter(r, end, true);
	struct event e = begin(r, EVENT_SPAN, r->span_begin_us);
	e.reason = (uint8_t)r->span_reason;
	e.end_us = redact_utc(r, end);
	e.has = HAS_REASON | HAS_END;
	keep(r, &e);
	r->span_open = false;
	r->swallow_until_us = end;
	r->newest_us = end;
}

static void span_open(struct redact *r, int64_t mono_us, uint64_t focus, enum reason reason)
{
	bool apart = r->span_open && r->span_until_us != INT64_MAX && edge_up(r, r->span_until_us) < edge_down(r, mono_us);
	if (r->span_open && (r->span_focus != focus || apart))
		span_close(r, mono_us);
	if (r->span_open) {
		if (strength(reason) > strength(r->span_reason))
			r->span_reason = reason;
		return;
	}
	int64_t from = edge_down(r, mono_us);
	from -= jitter(r, from, false);
	/* Never over what was already kept, so that nothing kept lies inside a span. */
	if (from < r->newest_us)
		from = r->newest_us;
	r->span_open = true;
	r->span_reason = reason;
	r->span_focus = focus;
	r->span_begin_us = from;
	r->span_until_us = INT64_MIN;
	/* What is held down now is let go inside the span, or after it: its release would be an edge. */
	memset(r->down, 0, sizeof r->down);
	r->touched = 0;
	if (r->focus_due) {
		r->focus_due = false;
		r->focus_shown = 0;
	}
}

bool redact_is_down(const struct redact *r, int code)
{
	return code >= 0 && code < (int)sizeof r->down * 8 && (r->down[code / 8] >> (code % 8) & 1);
}

static void set_down(struct redact *r, int code, bool down)
{
	if (code < 0 || code >= (int)sizeof r->down * 8)
		return;
	if (down)
		r->down[code / 8] |= (uint8_t)(1 << code % 8);
	else
		r->down[code / 8] &= (uint8_t)~(1 << code % 8);
}

static int64_t on_grid(int64_t mono_us, int64_t grid_us)
{
	return grid_us > 0 ? mono_us - mono_us % grid_us : mono_us;
}

static void keep_skew(struct redact *r, int64_t mono_us)
{
	struct redact_skew *s = &r->skew;
	if (s->joined + s->unjoined > 0) {
		struct event e = begin(r, EVENT_SKEW, mono_us);
		e.dy = (float)s->unjoined / (float)(s->joined + s->unjoined);
		e.dx = s->joined ? (float)s->sum_us / (float)s->joined : 0;
		e.x = s->joined ? s->least_us : 0;
		e.y = s->joined ? s->most_us : 0;
		e.has = HAS_DELTA | (s->joined ? HAS_POSITION : 0);
		keep(r, &e);
	}
	*s = (struct redact_skew){ .since_us = mono_us };
}

static void add_skew(struct redact *r, const struct raw_input *in)
{
	struct redact_skew *s = &r->skew;
	if (in->timed == TIMED_UNJOINED)
		s->unjoined++;
	if (in->timed != TIMED_JOINED)
		return;
	s->least_us = !s->joined || in->skew_us < s->least_us ? in->skew_us : s->least_us;
	s->most_us = !s->joined || in->skew_us > s->most_us ? in->skew_us : s->most_us;
	s->sum_us += in->skew_us;
	s->joined++;
}

void redact_start(struct redact *r, const struct permit *permit, int64_t now_us, int64_t paused_us)
{
	(void)permit;
	if (paused_us) {
		struct event gap = begin(r, EVENT_GAP, now_us);
		/* By a clock that was ahead it may have begun later than now. */
		if (paused_us > gap.t_us)
			paused_us = gap.t_us;
		gap.mono_us = now_us - (gap.t_us - paused_us);
		gap.end_us = gap.t_us;
		gap.t_us = paused_us;
		gap.reason = REASON_PAUSED;
		gap.has = HAS_REASON | HAS_END;
		r->keep(r->user, &gap);
	}
	struct event e = begin(r, EVENT_START, now_us);
	r->started = true;
	keep(r, &e);
	r->skew = (struct redact_skew){ .since_us = now_us };
}

void redact_stop(struct redact *r, const struct permit *permit, int64_t now_us)
{
	(void)permit;
	if (!r->started)
		return;
	if (r->span_open) {
		span_close(r, now_us);
		if (r->swallow_until_us > now_us)
			now_us = r->swallow_until_us;
	}
	if (r->newest_us > now_us)
		now_us = r->newest_us;
	keep_skew(r, now_us);
	struct event e = begin(r, EVENT_STOP, now_us);
	keep(r, &e);
	r->started = false;
	r->focus_shown = 0;
	r->app[0] = r->title[0] = 0;
	memset(r->down, 0, sizeof r->down);
	r->touched = 0;
}

void redact_lost(struct redact *r, const struct held *entry)
{
	int64_t until = entry->as.lost.until_us > entry->mono_us ? entry->as.lost.until_us : entry->mono_us;
	int64_t from = edge_down(r, entry->mono_us);
	if (from < r->newest_us)
		from = r->newest_us;
	struct event e = begin(r, EVENT_GAP, from);
	int64_t end = edge_up(r, until);
	bool unknown = entry->as.lost.unknown || entry->as.lost.mixed;
	/* Inside of what is masked, and nobody knows of any. */
	if (unknown && !r->span_open && until < r->swallow_until_us)
		return;
	/* On an edge, exactly. */
	if (end <= from)
		end = unknown ? from + REDACT_EDGE_US : from;
	e.end_us = redact_utc(r, end);
	e.reason = REASON_OVERFLOW;
	e.has = HAS_REASON | HAS_END;
	if (!unknown) {
		e.lost = entry->as.lost.count;
		e.has |= HAS_LOST;
	}
	r->keep(r->user, &e);
}

void redact_mask(struct redact *r, const struct permit *permit, const struct held *entry, const struct stay *stay,
		 enum reason reason, bool moment)
{
	(void)permit;
	if (entry->kind == HELD_LOST && entry->as.lost.mixed)
		redact_lost(r, entry);
	/* Inside a span that ended on the grid after it: covered. */
	int64_t last = entry->kind == HELD_LOST && entry->as.lost.until_us > entry->mono_us ? entry->as.lost.until_us : entry->mono_us;
	if (last < r->swallow_until_us && !r->span_open && entry->kind != HELD_STAY)
		return;
	/* A stay that is masked as a whole is from its beginning; clamped to what was kept before it. */
	int64_t from = stay->masked && stay->begin_us < entry->mono_us ? stay->begin_us : entry->mono_us;
	/* Private mode is one span, wherever the user goes. */
	uint64_t focus = reason == REASON_PRIVATE ? UINT64_MAX : stay->focus;
	span_open(r, from < r->swallow_until_us ? r->swallow_until_us : from, focus, reason);
	if (!moment)
		r->span_until_us = INT64_MAX;
	else if (last + 1 > r->span_until_us)
		r->span_until_us = last + 1;
}

static void show_focus(struct redact *r, const struct permit *permit, int64_t at)
{
	struct event e = begin(r, EVENT_FOCUS, at < r->swallow_until_us ? r->swallow_until_us : at);
	r->focus_due = false;
	add_place(r, permit, &e);
	keep(r, &e);
}

static void keep_focus(struct redact *r, const struct permit *permit, const struct held *entry, const struct stay *stay)
{
	bool moved = r->focus_shown != stay->focus;
	bool retitled = strcmp(r->title, stay->title) != 0;
	bool swallowed = entry->mono_us < r->swallow_until_us;
	if (!moved && !retitled) {
		if (r->focus_due && !swallowed)
			show_focus(r, permit, r->swallow_until_us);
		return;
	}
	r->focus_shown = stay->focus;
	memcpy(r->app, stay->app, sizeof r->app);
	memcpy(r->title, stay->title, sizeof r->title);
	/* Of several within what a span swallows, the last is shown, where the span ends. */
	r->focus_due = r->focus_due || permit->apps >= (moved ? APPS_ID : APPS_TITLE);
	if (r->focus_due && !swallowed)
		show_focus(r, permit, on_grid(entry->mono_us, permit->key_grid_us));
}

/* Fills the columns of a key. False: nothing of it may be kept. */
static bool fill_key(struct redact *r, const struct permit *permit, const struct raw_input *in, struct event *e)
{
	if (permit->keys == DETAIL_NONE)
		return false;
	bool release = in->action == KEY_RELEASE;
	if (in->action != KEY_PRESS && !redact_is_down(r, in->code))
		return false; /* its press was masked: its release or repeat is, too */
	if (in->action != KEY_REPEAT)
		set_down(r, in->code, !release);
	e->kind = release ? EVENT_KEY_UP : in->action == KEY_PRESS ? EVENT_KEY_DOWN : EVENT_KEY_REPEAT;
	e->key_class = in->key_class;
	e->has |= HAS_CLASS;
	if (permit->keys >= DETAIL_CODE) {
		e->code = in->code;
		e->has |= HAS_CODE;
	}
	if (permit->keys >= DETAIL_TEXT && !release && in->text[0]) {
		memcpy(e->text, in->text, sizeof in->text);
		e->has |= HAS_TEXT;
	}
	return true;
}

static bool fill_pointer(struct redact *r, const struct permit *permit, const struct held *h, struct event *e)
{
	const struct raw_input *in = &h->as.input;
	if (h->kind == HELD_SCROLL) {
		if (!permit->scroll)
			return false;
		e->kind = EVENT_SCROLL;
		e->scroll_x = in->scroll_x;
		e->scroll_y = in->scroll_y;
		e->has |= HAS_SCROLL;
	} else if (permit->pointer == POINTER_NONE) {
		return false;
	} else if (h->kind == HELD_BUTTON) {
		if (in->action != KEY_PRESS && !redact_is_down(r, in->code))
			return false;
		set_down(r, in->code, in->action == KEY_PRESS);
		e->kind = in->action == KEY_PRESS ? EVENT_BUTTON_DOWN : EVENT_BUTTON_UP;
		e->code = in->code;
		e->has |= HAS_CODE;
	} else if (permit->pointer < POINTER_FULL) {
		return false;
	} else if (h->kind == HELD_TOUCH) {
		uint32_t bit = in->code >= 0 && in->code < 32 ? UINT32_C(1) << in->code : 0;
		if (in->action != TOUCH_BEGIN && !(r->touched & bit))
			return false; /* begun in a span: its end would say where the finger was */
		r->touched = in->action == TOUCH_END ? r->touched & ~bit : r->touched | bit;
		e->kind = in->action == TOUCH_BEGIN ? EVENT_TOUCH_DOWN :
			  in->action == TOUCH_UPDATE ? EVENT_TOUCH_MOVE : EVENT_TOUCH_UP;
		e->code = in->code;
		e->has |= HAS_CODE;
	} else {
		e->kind = EVENT_MOTION;
	}
	if (permit->pointer == POINTER_FULL) {
		e->has |= in->has & (HAS_POSITION | HAS_DELTA);
		e->x = in->x;
		e->y = in->y;
		e->dx = in->dx;
		e->dy = in->dy;
	}
	return true;
}

void redact_open(struct redact *r, const struct permit *permit, const struct held *entry, const struct stay *stay)
{
	int64_t kept_us = airlock_kept_us(entry);
	int64_t at = entry->kind == HELD_KEY ? on_grid(kept_us, permit->key_grid_us) : kept_us;
	/* A kept event that falls back on its grid into the last span would be inside it. */
	if (r->span_open)
		span_close(r, entry->mono_us);
	keep_focus(r, permit, entry, stay);
	if (entry->kind == HELD_STAY)
		return;
	if (entry->kind == HELD_LOST) {
		redact_lost(r, entry);
		return;
	}
	if (at < r->swallow_until_us)
		return;
	struct event e = begin(r, EVENT_MOTION, at);
	e.device = entry->as.input.device;
	e.synthetic = entry->as.input.synthetic;
	e.has = HAS_DEVICE | HAS_SYNTHETIC;
	if (entry->kind == HELD_KEY ? !fill_key(r, permit, &entry->as.input, &e) : !fill_pointer(r, permit, entry, &e))
		return;
	add_place(r, permit, &e);
	keep(r, &e);
	explicit_bzero(e.text, sizeof e.text);
	/* By how much a key's two times differ would tell of its time on a coarser grid more than was agreed. */
	if (entry->kind != HELD_KEY || permit->key_grid_us == 0)
		add_skew(r, &entry->as.input);
	if (at - r->skew.since_us >= REDACT_SKEW_US)
		keep_skew(r, at);
}

static void world_clock(struct redact *r, const struct held *entry)
{
	int64_t offset = entry->as.clock.utc_us - entry->mono_us;
	int64_t boot = entry->as.clock.boot_us - entry->mono_us;
	int64_t slept = boot - r->boot_offset_us, stepped = offset - r->utc_offset_us;
	bool suspended = slept >= SUSPEND_MIN_US;
	bool news = r->started && r->clock_known &&
		    (suspended || stepped >= CLOCK_STEP_MIN_US || stepped <= -CLOCK_STEP_MIN_US);
	bool masked = r->span_open;
	/* A span's two ends are told in the UTC of their own time. */
	if (news && masked)
		span_close(r, entry->mono_us);
	r->utc_offset_us = offset;
	r->boot_offset_us = boot;
	r->clock_known = true;
	if (!news)
		return;
	if (suspended) {
		struct event gap = begin(r, EVENT_GAP, entry->mono_us);
		gap.end_us = gap.t_us;
		gap.t_us -= slept;
		gap.reason = REASON_SUSPEND;
		gap.has = HAS_REASON | HAS_END;
		keep(r, &gap);
	}
	struct event e = begin(r, EVENT_CLOCK, entry->mono_us);
	keep(r, &e);
	if (masked) {
		span_open(r, entry->mono_us, r->span_focus, r->span_reason);
		r->span_until_us = INT64_MAX;
	}
}

void redact_world(struct redact *r, const struct permit *permit, const struct held *entry)
{
	(void)permit;
	struct event e = begin(r, EVENT_SCREEN, entry->mono_us);
	switch (entry->kind) {
	case HELD_CLOCK:
		world_clock(r, entry);
		return;
	case HELD_DEVICE:
		if (entry->as.device.present || !r->started)
			return;
		e.kind = EVENT_GAP;
		e.reason = REASON_DEVICE_LOST;
		e.device = entry->as.device.device;
		e.end_us = e.t_us;
		e.has = HAS_REASON | HAS_DEVICE | HAS_END;
		break;
	case HELD_SCREEN:
		e.x = entry->as.screen.width;
		e.y = entry->as.screen.height;
		e.has = HAS_POSITION;
		break;
	case HELD_LAYOUT:
		e.kind = EVENT_LAYOUT;
		memcpy(e.text, entry->as.layout, sizeof e.text);
		e.has = e.text[0] ? HAS_TEXT : 0;
		break;
	default:
		return;
	}
	if (r->started)
		keep(r, &e);
}
