/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline.h"

#include <string.h>

void pipeline_init(struct pipeline *p, const struct limits *limits, struct held *ring, redact_keep *keep,
		   pipeline_ask *ask, void *user)
{
	memset(p, 0, sizeof *p);
	context_init(&p->context, limits);
	airlock_init(&p->airlock, ring);
	consent_init(&p->consent, limits);
	redact_init(&p->redact, keep, user);
	hotkey_init(&p->hotkey, &limits->private_hotkey);
	p->ask = ask;
	p->user = user;
	p->barrier_us = p->checked_us = p->input_us = p->key_us = p->rest_us = INT64_MIN;
	p->end_us = INT64_MAX;
}

static void hold(struct pipeline *p, enum held_kind kind, int64_t mono_us, struct held *entry)
{
	entry->kind = (uint8_t)kind;
	entry->mono_us = mono_us;
	entry->barrier_us = p->barrier_us;
	entry->stay = p->context.serial;
	enum reason reason;
	if (kind <= HELD_TOUCH && context_was_masked(&p->context, mono_us, &reason))
		entry->masked = (uint8_t)(1 + reason);
	entry->focus = context_stay(&p->context, entry->stay)->focus;
	airlock_push(&p->airlock, entry, p->consent.permit.key_grid_us);
	explicit_bzero(entry, sizeof *entry);
}

/* What a press can do to caret and focus; -1: nothing. */
static int press_kind(const struct raw_event *raw)
{
	const struct raw_input *in = &raw->as.input;
	if (raw->kind == RAW_BUTTON)
		return in->action == KEY_PRESS ? PRESS_BARRIER : -1;
	if (raw->kind == RAW_TOUCH)
		return in->action == TOUCH_BEGIN ? PRESS_BARRIER : -1;
	if (raw->kind != RAW_KEY || in->action == KEY_RELEASE || in->key_class == CLASS_MODIFIER)
		return -1;
	if (in->chord || in->key_class == CLASS_ENTER || in->key_class == CLASS_NAVIGATION || in->key_class == CLASS_FUNCTION ||
	    in->key_class == CLASS_OTHER)
		return PRESS_BARRIER;
	return in->key_class == CLASS_ERASE || in->dead ? PRESS_MAYBE : PRESS_CHARACTER;
}

static void hold_screen(struct pipeline *p, int64_t mono_us)
{
	struct held entry = { 0 };
	if (!p->running || p->screen.kind != RAW_SCREEN)
		return;
	entry.as.screen.width = p->screen.as.screen.width;
	entry.as.screen.height = p->screen.as.screen.height;
	hold(p, HELD_SCREEN, mono_us, &entry);
}

static void hold_layout(struct pipeline *p, int64_t mono_us)
{
	struct held entry = { 0 };
	if (!p->running || p->layout.kind != RAW_LAYOUT)
		return;
	memcpy(entry.as.layout, p->layout.as.layout.name, sizeof entry.as.layout);
	hold(p, HELD_LAYOUT, mono_us, &entry);
}

static void decide(struct pipeline *p, const struct raw_event *raw)
{
	bool given = raw->as.consent.state == CONSENT_GIVEN;
	if (p->running)
		pipeline_stop(p, raw->mono_us);
	consent_apply(&p->consent, raw);
	struct permit permit;
	int64_t utc = redact_utc(&p->redact, raw->mono_us);
	p->running = given && consent_permit(&p->consent, utc, utc, &permit) == 0;
	if (!p->running)
		return;
	p->start_us = raw->mono_us;
	redact_start(&p->redact, &permit, raw->mono_us, p->consent.paused_us);
	/* What was told of the world before it. */
	hold_screen(p, raw->mono_us);
	hold_layout(p, raw->mono_us);
	if (p->context.serial) {
		struct held entry = { 0 };
		hold(p, HELD_STAY, raw->mono_us, &entry);
	}
}

/* Text is looked at in studies that keep it, or keys it can be made of. */
static void read_text(struct pipeline *p, const struct raw_event *raw, uint32_t press, int64_t mono_us)
{
	if (!p->sensitive || p->consent.permit.keys < DETAIL_CODE || !press)
		return;
	/* What is masked anyway is not looked at, and not remembered. */
	if (raw->kind == RAW_KEY && !context_stay(&p->context, p->context.serial)->masked)
		sensitive_key(p->sensitive, press, mono_us, &raw->as.input);
	else
		sensitive_break(p->sensitive);
}

static void mask_text(struct pipeline *p, int64_t now_us)
{
	uint32_t first, last;
	while (p->sensitive && sensitive_match(p->sensitive, now_us, &first, &last))
		airlock_mask_presses(&p->airlock, first, last, REASON_SENSITIVE);
}

static void toggle_private(struct pipeline *p, int64_t mono_us)
{
	struct raw_event raw = { .kind = RAW_PRIVATE, .mono_us = mono_us };
	raw.as.private_mode.on = !p->context.private_mode;
	pipeline_feed(p, &raw);
}

/* Which of two clocks the judgement of input goes by: the display's, if it told of it. Focus, grabs and prompts stand in its order, and the
 * kernel's time is earlier by as much as a busy display was late; it is only what is kept. */
static int64_t told_us(const struct raw_event *raw)
{
	return raw->kind <= RAW_TOUCH && raw->as.input.timed == TIMED_JOINED ? raw->mono_us + raw->as.input.skew_us : raw->mono_us;
}

void pipeline_feed(struct pipeline *p, const struct raw_event *raw)
{
	int64_t mono_us = told_us(raw);
	/* What the hotkey begins begins before it; what it ends, after it. */
	bool toggled = raw->kind == RAW_KEY && hotkey_key(&p->hotkey, &raw->as.input);
	bool was_private = p->context.private_mode;
	if (toggled && !was_private)
		toggle_private(p, mono_us);
	if (raw->kind == RAW_LOST || raw->kind == RAW_DEVICE)
		hotkey_forget(&p->hotkey);

	struct context_change change;
	uint64_t window = context_stay(&p->context, p->context.serial)->window;
	context_apply(&p->context, raw, &change);
	if (change.mask)
		airlock_mask(&p->airlock, &change, &p->context.confirm);
	/* Not at a new title: editors change theirs at the first letter. */
	if (raw->kind == RAW_FOCUS && raw->as.app->window != window && p->sensitive)
		sensitive_break(p->sensitive);

	struct held entry = { 0 };
	int press;
	switch (raw->kind) {
	case RAW_CONSENT:
		decide(p, raw);
		break;
	case RAW_KEY: case RAW_BUTTON: case RAW_MOTION: case RAW_SCROLL: case RAW_TOUCH:
		/* The line of presses knows all of them: a caret for one that is not recorded is no other's. */
		press = press_kind(raw);
		if (press >= 0)
			entry.press = context_press(&p->context, (enum press_kind)press, mono_us);
		if (!p->running || raw->mono_us < p->start_us)
			break;
		p->input_us = mono_us;
		if (raw->kind == RAW_KEY)
			p->key_us = mono_us;
		entry.as.input = raw->as.input;
		entry.character = press == PRESS_CHARACTER;
		/* A button that is let go, too: a drop can move the focus. */
		entry.barrier = press == PRESS_BARRIER || raw->kind == RAW_BUTTON || raw->kind == RAW_TOUCH;
		read_text(p, raw, entry.press, mono_us);
		hold(p, (enum held_kind)(HELD_KEY + (raw->kind - RAW_KEY)), mono_us, &entry);
		if (press == PRESS_BARRIER || raw->kind == RAW_BUTTON || raw->kind == RAW_TOUCH)
			p->barrier_us = mono_us;
		break;
	case RAW_CLOCK:
		entry.as.clock.utc_us = raw->as.clock.utc_us;
		entry.as.clock.boot_us = raw->as.clock.boot_us;
		if (p->redact.clock_known && p->running) {
			hold(p, HELD_CLOCK, mono_us, &entry);
		} else {
			entry.kind = HELD_CLOCK;
			entry.mono_us = mono_us;
			redact_world(&p->redact, &p->consent.permit, &entry);
		}
		break;
	case RAW_DEVICE:
		if (!p->running)
			break;
		entry.as.device.device = raw->as.device.device;
		entry.as.device.klass = (uint8_t)raw->as.device.klass;
		entry.as.device.present = raw->as.device.present;
		hold(p, HELD_DEVICE, mono_us, &entry);
		break;
	case RAW_SCREEN:
		p->screen = *raw;
		hold_screen(p, mono_us);
		break;
	case RAW_LAYOUT:
		p->layout = *raw;
		hold_layout(p, mono_us);
		break;
	case RAW_LOST:
		if (!p->running)
			break;
		entry.as.lost.count = raw->as.lost.count > 0 ? raw->as.lost.count : 0;
		entry.as.lost.unknown = raw->as.lost.count < 0;
		entry.as.lost.until_us = raw->as.lost.until_us;
		hold(p, HELD_LOST, mono_us, &entry);
		break;
	default:
		break;
	}
	if (change.moved && p->running)
		hold(p, HELD_STAY, mono_us, &entry);
	if (toggled && was_private)
		toggle_private(p, mono_us);
}

bool pipeline_private(const struct pipeline *p)
{
	return p->context.private_mode;
}

/* A key that moves no text (a shortcut, an arrow) may leave where nothing is typed; a plain one may not. */
static bool plain_key(const struct held *h)
{
	const struct raw_input *in = &h->as.input;
	return h->kind == HELD_KEY && !in->chord && in->key_class != CLASS_MODIFIER &&
	       in->key_class != CLASS_NAVIGATION && in->key_class != CLASS_FUNCTION;
}

static bool is_release(const struct held *h)
{
	return h->kind == HELD_KEY && h->as.input.action == KEY_RELEASE;
}

/* Needs a caret to confirm it. */
static bool is_character(const struct held *h)
{
	return plain_key(h) && h->press && h->as.input.key_class != CLASS_ENTER && h->as.input.key_class != CLASS_ERASE &&
	       h->as.input.key_class != CLASS_OTHER;
}

static void count_delay(struct delays *d, int64_t delay_us)
{
	int place = 0;
	for (int64_t ms = delay_us / 1000; ms > 1 && place < PIPELINE_DELAYS - 1; ms >>= 1)
		place++;
	d->count[place]++;
}

/* Who types a password looks at the keys: when the focus is stolen, or a prompt gives up, the rest of it goes elsewhere. A click, Tab,
 * Enter or shortcut ends it, and so does a pause. */
static bool is_rest(const struct pipeline *p, const struct held *h)
{
	return h->kind == HELD_KEY && !is_release(h) && !h->barrier && p->rest_us != INT64_MIN && h->mono_us < p->rest_us + PIPELINE_REST_US;
}

static void follow_rest(struct pipeline *p, const struct held *h, enum verdict verdict, enum reason reason)
{
	bool secret = verdict == VERDICT_MASKED && (reason == REASON_PASSWORD || reason == REASON_ECHO_OFF || reason == REASON_LOCKED);
	if (h->barrier) {
		p->rest_us = INT64_MIN;
	} else if (h->kind == HELD_KEY && !is_release(h) && secret) {
		p->rest_us = h->mono_us;
		p->rest_reason = reason;
	}
}

static enum verdict judge_place(struct pipeline *p, const struct held *h, int64_t now_us, enum reason *reason)
{
	const struct stay *stay = context_stay(&p->context, h->stay);
	if (h->masked && h->masked != 1 + REASON_SENSITIVE) {
		*reason = (enum reason)(h->masked - 1);
		return VERDICT_MASKED;
	}
	if (h->cleared || (h->kind >= HELD_CLOCK && h->kind <= HELD_LAYOUT))
		return VERDICT_OPEN;
	/* It goes the way of its press. */
	if (is_release(h) && !stay->masked && redact_is_down(&p->redact, h->as.input.code))
		return VERDICT_OPEN;
	struct moment m = { .stay = h->stay, .mono_us = h->mono_us, .press = h->press,
			    .key = h->kind == HELD_KEY && !is_release(h), .character = is_character(h), .barrier_us = h->barrier_us };
	return context_judge(&p->context, &m, now_us, reason);
}

static enum verdict judge(struct pipeline *p, const struct held *h, int64_t now_us, enum reason *reason)
{
	enum verdict verdict = judge_place(p, h, now_us, reason);
	/* What looks like a card number is called so only where it would have been kept. */
	if (verdict == VERDICT_OPEN && h->masked) {
		*reason = (enum reason)(h->masked - 1);
		return VERDICT_MASKED;
	}
	return verdict;
}

/* Behind an entry that only waits for more text others come of age. Their time counts, not that of the text: a secret that turns up a
 * second later is not about them. */
static void clear_waiting(struct pipeline *p, int64_t now_us)
{
	for (; p->cleared < p->airlock.count; p->cleared++) {
		struct held *h = airlock_at(&p->airlock, p->cleared);
		enum reason reason;
		enum verdict verdict = judge(p, h, now_us, &reason);
		if (verdict == VERDICT_WAIT)
			return;
		h->cleared = verdict == VERDICT_OPEN;
	}
}

/* Input from after what is agreed to. */
static bool is_later(const struct pipeline *p, const struct held *h)
{
	return (h->kind <= HELD_TOUCH || h->kind == HELD_LOST) &&
	       (h->mono_us >= p->end_us || redact_utc(&p->redact, airlock_kept_us(h)) >= p->consent.until_us);
}

static bool release_head(struct pipeline *p, const struct held *h, int64_t now_us)
{
	const struct stay *stay = context_stay(&p->context, h->stay);
	struct permit permit;
	enum reason reason = REASON_UNKNOWN;
	enum verdict verdict = judge(p, h, now_us, &reason);

	bool rest = verdict == VERDICT_OPEN && is_rest(p, h);
	if (rest) {
		verdict = VERDICT_MASKED;
		reason = p->rest_reason;
	}
	if (verdict == VERDICT_OPEN && p->sensitive && !p->ending && h->press && sensitive_holds(p->sensitive, h->press, now_us)) {
		p->lingers = true;
		return false;
	}
	if (verdict == VERDICT_WAIT)
		return false;
	bool plain = verdict == VERDICT_OPEN && plain_key(h) && !is_character(h) && !stay->terminal && stay->role != FIELD_TEXT;
	if (plain) {
		verdict = VERDICT_MASKED;
		reason = REASON_UNKNOWN;
	}
	follow_rest(p, h, verdict, reason);
	/* In a place that is well but for this: masked for its moment, not until the next open event. */
	bool text = verdict == VERDICT_MASKED && reason == REASON_SENSITIVE;
	bool moment = plain || rest || ((text || !h->masked) && !stay->masked && context_vouched(stay));
	if (is_later(p, h) || consent_permit(&p->consent, redact_utc(&p->redact, airlock_kept_us(h)), redact_utc(&p->redact, now_us), &permit)) {
		/* Not agreed to at that time, or not any more: as if it had not been. */
	} else if (h->kind >= HELD_CLOCK && h->kind <= HELD_LAYOUT) {
		redact_world(&p->redact, &permit, h);
	} else if (verdict == VERDICT_OPEN) {
		redact_open(&p->redact, &permit, h, stay);
		if (h->kind == HELD_KEY && h->press)
			count_delay(&p->delays, now_us - h->mono_us);
	} else if (h->kind == HELD_STAY && reason == REASON_UNKNOWN) {
		/* Nobody knows what this place is, and nothing happened there yet: the first input begins the span. */
	} else {
		redact_mask(&p->redact, &permit, h, stay, reason, moment);
	}
	airlock_pop(&p->airlock);
	p->cleared -= p->cleared > 0;
	return true;
}

void pipeline_release(struct pipeline *p, int64_t now_us)
{
	const struct held *h;
	/* The decision ran out: what was not judged yet is masked, and told so. */
	struct permit permit;
	int64_t utc = redact_utc(&p->redact, now_us);
	if (p->running && consent_permit(&p->consent, utc, utc, &permit)) {
		pipeline_stop(p, now_us);
		return;
	}
	mask_text(p, now_us);
	p->lingers = false;
	while ((h = airlock_head(&p->airlock)) && release_head(p, h, now_us))
		;
	if (p->lingers)
		clear_waiting(p, now_us);
	if (!h && p->sensitive && p->key_us != INT64_MIN && now_us >= p->key_us + SENSITIVE_REMEMBER_US) {
		sensitive_forget(p->sensitive);
		p->key_us = INT64_MIN;
	}
	airlock_gather(&p->airlock);
	h = airlock_head(&p->airlock);
	struct context_change change;
	context_tick(&p->context, h ? h->stay : p->context.serial, now_us, &change);
	if (change.moved && p->running) {
		struct held entry = { 0 };
		hold(p, HELD_STAY, now_us, &entry);
	}
}

int64_t pipeline_deadline(const struct pipeline *p)
{
	const struct held *h = airlock_head(&p->airlock);
	int64_t expiry = p->running ? p->consent.until_us - p->redact.utc_offset_us : INT64_MAX;
	int64_t next = p->checked_us == INT64_MIN ? INT64_MIN : p->checked_us + PIPELINE_CHECK_US;
	if (!h) {
		/* Only a look tells that a prompt or a grab is over: look for a while after the last key. */
		const struct stay *s = context_stay(&p->context, p->context.serial);
		bool look = p->running && s->masked && (s->reason == REASON_ECHO_OFF || s->reason == REASON_GRAB);
		if (look && p->input_us != INT64_MIN && p->checked_us < p->input_us + CONTEXT_LIMIT_US)
			return next > p->input_us + PIPELINE_CHECK_US ? next : p->input_us + PIPELINE_CHECK_US;
		return expiry;
	}
	/* Ask once more after the newest key, and until all behind the head is judged; then only more text, or its end, can tell more. */
	if (p->lingers && p->key_us != INT64_MIN) {
		int64_t asked = p->key_us + CONTEXT_HOLD_US, end = sensitive_deadline(p->sensitive);
		int64_t at = end;
		if (p->checked_us < asked)
			at = asked > next ? asked : next;
		else if (p->checked_us < p->input_us + CONTEXT_HOLD_US || p->cleared < p->airlock.count)
			/* Nor did that answer for all: a caret was late, or the focus could not be seen. */
			at = p->checked_us + PIPELINE_CHECK_POINTER_US;
		at = at < end ? at : end;
		return at < expiry ? at : expiry;
	}
	int64_t due = h->mono_us + CONTEXT_HOLD_US;
	bool crowded = p->airlock.count > AIRLOCK_CROWD;
	if (p->key_us < h->mono_us && next != INT64_MIN && !crowded)
		next += PIPELINE_CHECK_POINTER_US - PIPELINE_CHECK_US;
	due = due > next ? due : next;
	return due < expiry ? due : expiry;
}

void pipeline_check(struct pipeline *p, int64_t now_us)
{
	const struct held *h = airlock_head(&p->airlock);
	p->checked_us = now_us;
	struct question questions[CONTEXT_QUESTIONS];
	int n = context_questions(&p->context, h ? h->stay : p->context.serial, p->context.serial, questions);
	for (int i = 0; i < n; i++)
		p->ask(p->user, &questions[i]);
}

void pipeline_end_at(struct pipeline *p, int64_t mono_us)
{
	p->end_us = mono_us;
}

void pipeline_finish(struct pipeline *p, int64_t now_us)
{
	if (!p->running)
		return;
	/* As if all holds had run out: what looks like the beginning of a number is masked. */
	mask_text(p, now_us + SENSITIVE_LONGEST_US + SENSITIVE_HOLD_US);
	p->ending = true;
	pipeline_release(p, now_us);
	p->ending = false;
}

/* What was not judged yet is masked, and the data says so: of each entry, since the first of them can lie inside of what was masked before, and others behind it. */
static void tell_unjudged(struct pipeline *p, const struct held *h)
{
	const struct permit *permit = &p->consent.permit;
	if (is_later(p, h)) {
		/* As if it had not been. */
	} else if (h->kind <= HELD_TOUCH) {
		redact_mask(&p->redact, permit, h, context_stay(&p->context, h->stay), h->masked ? (enum reason)(h->masked - 1) : REASON_UNKNOWN, false);
	} else if (h->kind == HELD_LOST) {
		/* Nor is it known whether it may be told how many. */
		struct held lost = *h;
		lost.as.lost.unknown = true;
		redact_lost(&p->redact, &lost);
	} else if (h->kind >= HELD_CLOCK && h->kind <= HELD_LAYOUT) {
		/* What comes behind a clock, the end too, has its time by it. */
		redact_world(&p->redact, permit, h);
	}
}

void pipeline_stop(struct pipeline *p, int64_t now_us)
{
	for (size_t i = 0; i < p->airlock.count && p->running; i++)
		tell_unjudged(p, airlock_at(&p->airlock, i));
	airlock_clear(&p->airlock);
	p->cleared = 0;
	if (p->sensitive)
		sensitive_forget(p->sensitive);
	if (p->running)
		redact_stop(&p->redact, &p->consent.permit, now_us);
	p->running = false;
	p->consent.state = CONSENT_NONE;
}
