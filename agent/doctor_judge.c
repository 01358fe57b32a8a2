/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict is not guessed by rules of its own: a made-up key goes the way of a real one, through the whole policy, in a
 * made-up time, and the oracles answer its questions as they answered the doctor's.
 */
#include <stdlib.h>
#include <string.h>

#include "doctor_inside.h"
#include "error.h"
#include "pipeline.h"

enum { OBJECT = 1, KEY_A_CODE = 30, MS = 1000, SECOND = 1000000 };

struct story {
	struct pipeline pipeline;
	const struct doctor_place *place;
	int64_t now_us;
	bool kept, spanned;
	enum reason reason;
};

static void keep(void *user, const struct event *event)
{
	struct story *s = user;
	s->kept |= event->kind == EVENT_KEY_DOWN;
	if (event->kind == EVENT_SPAN) {
		s->spanned = true;
		s->reason = (enum reason)event->reason;
	}
}

static void feed(struct story *s, struct raw_event raw)
{
	raw.mono_us = s->now_us;
	pipeline_feed(&s->pipeline, &raw);
}

static void sample(struct story *s)
{
	struct raw_event raw = { .kind = RAW_GRAB };
	if (s->place->doubted)
		return;
	raw.as.grab.grabbed = s->place->grabbed;
	feed(s, raw);
	raw = (struct raw_event){ .kind = RAW_AGREE };
	raw.as.agree.agrees = true;
	feed(s, raw);
}

static void tell_tty(struct story *s)
{
	struct raw_event raw = { .kind = RAW_TTY };
	raw.as.tty.window = s->place->app->window;
	raw.as.tty.state = s->place->tty;
	feed(s, raw);
}

static void tell_field(struct story *s, enum field_role role, int64_t asked_us)
{
	struct raw_event raw = { .kind = RAW_FIELD };
	raw.as.field.object = OBJECT;
	raw.as.field.pid = s->place->app->pid;
	raw.as.field.role = role;
	raw.as.field.focused = role != FIELD_DEAD;
	raw.as.field.asked_us = asked_us;
	feed(s, raw);
}

static void answer(void *user, const struct question *q)
{
	struct story *s = user;
	switch (q->kind) {
	case ASK_SAMPLE:
		sample(s);
		break;
	case ASK_TTY:
		tell_tty(s);
		break;
	case ASK_FIELD:
		tell_field(s, q->object == OBJECT ? s->place->role : FIELD_DEAD, s->now_us);
		break;
	}
}

static void begin(struct story *s)
{
	struct raw_event raw = { .kind = RAW_CLOCK };
	raw.as.clock.utc_us = INT64_C(1700000000000000);
	raw.as.clock.boot_us = s->now_us;
	feed(s, raw);
	raw = (struct raw_event){ .kind = RAW_CONSENT };
	raw.as.consent.state = CONSENT_GIVEN;
	raw.as.consent.given_us = INT64_C(1700000000000000) - SECOND;
	raw.as.consent.until_us = INT64_C(1700000000000000) + 3600 * (int64_t)SECOND;
	feed(s, raw);
	raw = (struct raw_event){ .kind = RAW_LOCK };
	raw.as.lock.locked = s->place->locked;
	feed(s, raw);
	raw = (struct raw_event){ .kind = RAW_PRIVATE };
	raw.as.private_mode.on = s->place->is_private;
	feed(s, raw);
	raw = (struct raw_event){ .kind = RAW_FOCUS };
	raw.as.app = s->place->app;
	feed(s, raw);
	sample(s);
	if (s->place->app->terminal)
		tell_tty(s);
	s->now_us += 2 * MS;
	if (s->place->role != FIELD_PENDING) {
		tell_field(s, FIELD_PENDING, 0);
		int64_t asked_us = s->now_us;
		s->now_us += MS;
		tell_field(s, s->place->role, asked_us);
	}
}

static void strike(struct story *s)
{
	struct raw_event raw = { .kind = RAW_KEY };
	raw.as.input.code = KEY_A_CODE;
	raw.as.input.action = KEY_PRESS;
	raw.as.input.key_class = CLASS_LETTER;
	raw.as.input.text[0] = 'a';
	feed(s, raw);
	s->now_us += 3 * MS;
	if (s->place->role == FIELD_TEXT || s->place->role == FIELD_SECRET) {
		raw = (struct raw_event){ .kind = RAW_CARET };
		raw.as.caret.object = OBJECT;
		raw.as.caret.pid = s->place->app->pid;
		feed(s, raw);
	}
	s->now_us += 40 * MS;
	sample(s);
}

static void wait_for_verdict(struct story *s)
{
	int64_t end_us = s->now_us + CONTEXT_LIMIT_US + 2 * SECOND;
	while (s->now_us < end_us) {
		int64_t at = pipeline_deadline(&s->pipeline);
		s->now_us = at > s->now_us + MS ? at : s->now_us + MS;
		if (s->now_us > end_us)
			s->now_us = end_us;
		if (at <= s->now_us)
			pipeline_check(&s->pipeline, s->now_us);
		pipeline_release(&s->pipeline, s->now_us);
	}
}

int doctor_judge(const struct limits *limits, const struct doctor_place *place, struct doctor_verdict *out)
{
	/* That a study wants no keys is no verdict about a place. */
	struct limits wide = *limits;
	wide.keys = DETAIL_CLASS;
	wide.key_grid_us = 0;
	struct story *s = calloc(1, sizeof *s);
	struct held *ring = calloc(AIRLOCK_CAPACITY, sizeof *ring);
	int e = ERROR_MEMORY;
	if (!s || !ring)
		goto out;
	s->place = place;
	s->now_us = 1000 * (int64_t)SECOND;
	s->reason = REASON_UNKNOWN;
	pipeline_init(&s->pipeline, &wide, ring, keep, answer, s);
	begin(s);
	pipeline_release(&s->pipeline, s->now_us);
	s->now_us += 3 * SECOND;
	s->spanned = false;
	strike(s);
	wait_for_verdict(s);
	pipeline_stop(&s->pipeline, s->now_us);
	out->open = s->kept;
	out->reason = s->spanned ? s->reason : REASON_UNKNOWN;
	e = 0;
out:
	free(ring);
	free(s);
	return e;
}
