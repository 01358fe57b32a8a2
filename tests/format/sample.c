/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const uint8_t sample_key[SEGMENT_KEY] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
	28, 29, 30, 31};

static const int64_t extremes[] = {0, 1, -1, 127, 128, 254, 255, 256, 65535, INT16_MAX, INT16_MIN, INT32_MAX,
	INT32_MIN, INT64_MAX, INT64_MIN};
static const float floats[] = {0, -0.0f, 1, -1, 0.5f, -3.25f, 0.1f, 1e-45f, -3.4e38f, 16777216, 16777215, -8388608.5f};
static const char *const strings[] = {"", "firefox", "/usr/bin/gedit", "org.kde.kate", "n\xc3\xa4her \xe2\x82\xac",
	"\xf0\x9f\x99\x82", "xterm"};
static char longest[EVENT_TITLE_MAX + 1];

uint64_t sample_random(struct sample *s)
{
	/* splitmix64 */
	uint64_t z = s->state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static int64_t number(struct sample *s)
{
	uint64_t r = sample_random(s);
	if (r % 16 == 0)
		return extremes[r / 16 % COUNT(extremes)];
	return (int64_t)sample_random(s) >> (r % 64);
}

static float real(struct sample *s)
{
	uint64_t r = sample_random(s);
	if (r % 4 == 0)
		return floats[r / 4 % COUNT(floats)];
	return (float)((int64_t)(r % 512) - 256) / (float)(1 << (r / 512 % 3));
}

static const char *string(struct sample *s, size_t max)
{
	uint64_t r = sample_random(s);
	if (r % 64 == 0) {
		memset(longest, 'a' + (int)(r / 64 % 26), max);
		longest[max] = 0;
		return longest;
	}
	return strings[r % COUNT(strings)];
}

void sample_event(struct sample *s, struct event *event)
{
	memset(event, 0, sizeof *event);
	uint64_t r = sample_random(s);
	event->kind = (uint8_t)(r % EVENT_KIND_COUNT);
	event->has = (r >> 8) % 3 == 0 ? (uint16_t)(r >> 16) & HAS_ALL
		: (uint16_t)((r >> 16) & (r >> 32) & HAS_ALL);
	s->mono_us += (r >> 48) % 100 == 0 ? number(s) % 1000000000 : (int64_t)((r >> 48) % 20) * 1000;
	event->mono_us = (r >> 40) % 500 == 0 ? number(s) : s->mono_us;
	event->t_us = (r >> 40) % 500 == 1 ? number(s) : (int64_t)((uint64_t)event->mono_us + 1700000000000000u);
	event->device = (int16_t)number(s);
	event->key_class = (uint8_t)(sample_random(s) % CLASS_COUNT);
	event->code = (int16_t)number(s);
	strcpy(event->text, string(s, EVENT_TEXT_MAX));
	event->x = (int32_t)number(s);
	event->y = (int32_t)number(s);
	event->dx = real(s);
	event->dy = real(s);
	event->scroll_x = (int16_t)number(s);
	event->scroll_y = (int16_t)number(s);
	event->reason = (uint8_t)(sample_random(s) % REASON_COUNT);
	event->end_us = number(s);
	event->lost = (int32_t)number(s);
	event->synthetic = sample_random(s) & 1;
	event->app = strings[sample_random(s) % COUNT(strings)];
	event->title = string(s, EVENT_TITLE_MAX);
}

void sample_desk(struct sample *s, unsigned n, struct event *event)
{
	uint64_t r = sample_random(s);
	memset(event, 0, sizeof *event);
	s->mono_us += (int64_t)(r % 30) * 1000;
	event->mono_us = s->mono_us;
	event->t_us = s->mono_us + 1700000000000000;
	event->has = HAS_DEVICE | HAS_APP;
	event->app = strings[1 + n / 40 % 3];
	if (n % 40 == 0) {
		event->kind = EVENT_FOCUS;
		event->has = HAS_APP | HAS_TITLE;
		event->title = strings[4];
	} else if (n % 40 == 20) {
		event->kind = EVENT_SPAN;
		event->has = HAS_REASON | HAS_END;
		event->reason = REASON_PASSWORD;
		event->end_us = event->t_us + 4000000;
	} else if (n % 40 < 20) {
		event->kind = n % 2 ? EVENT_KEY_DOWN : EVENT_KEY_UP;
		event->has |= HAS_CLASS | HAS_CODE | HAS_TEXT;
		event->key_class = CLASS_LETTER;
		event->code = (int16_t)(16 + r / 64 % 8);
		event->text[0] = "qwertyui"[r / 64 % 8];
	} else {
		event->kind = n % 10 ? EVENT_MOTION : EVENT_SCROLL;
		event->device = 1;
		event->has |= n % 10 ? HAS_POSITION | HAS_DELTA : HAS_SCROLL;
		event->x = 400 + (int32_t)(r / 64 % 9);
		event->y = 300 - (int32_t)(r / 64 % 5);
		event->dx = (float)(r / 64 % 9);
		event->dy = -(float)(r / 64 % 5) / 4;
		event->scroll_y = 120;
	}
}

void sample_screen(struct sample *s, struct event *e)
{
	uint64_t r = sample_random(s);
	memset(e, 0, sizeof *e);
	s->mono_us += (int64_t)(r % 12) * 1000;
	e->mono_us = s->mono_us + ((r >> 50) % 400 == 7 ? (int64_t)(r >> 20 & 511) : 0);
	e->has = HAS_DEVICE | HAS_APP | HAS_SYNTHETIC;
	e->app = r % 3000 < 2000 ? "firefox" : "xterm";
	if (r % 100 < 20) {
		bool up = r >> 8 & 1;
		unsigned letter = (unsigned)(r >> 12) % 6;
		e->kind = up ? EVENT_KEY_UP : r >> 9 & 7 ? EVENT_KEY_DOWN : EVENT_KEY_REPEAT;
		e->mono_us -= e->mono_us % 20000;
		e->has |= HAS_CODE | HAS_CLASS | (up ? 0 : HAS_TEXT);
		e->code = (int16_t)(16 + letter);
		e->key_class = CLASS_LETTER;
		strcpy(e->text, letter % 5 ? "\xc3\xa4" : "\xe2\x82\xac");
	} else if (r % 100 == 20) {
		e->kind = EVENT_FOCUS;
		e->has = HAS_APP | HAS_TITLE;
		e->title = "n\xc3\xa4her";
		e->mono_us += 137;
	} else if (r % 100 == 21) {
		e->kind = r >> 8 & 1 ? EVENT_BUTTON_DOWN : EVENT_BUTTON_UP;
		e->has |= HAS_CODE | HAS_POSITION;
		e->code = 272;
		e->x = s->x;
		e->y = s->y;
	} else {
		int dx = (int)((r >> 30) % 9) - 4, dy = (int)((r >> 40) % 5) - 2;
		e->kind = EVENT_MOTION;
		e->device = 1;
		e->has |= HAS_POSITION | HAS_DELTA;
		e->dx = (float)dx;
		e->dy = (float)dy;
		e->x = s->x += dx + (dx > 2);
		e->y = s->y += dy;
	}
	e->t_us = e->mono_us + 1700000000000000 + (int64_t)(s->mono_us / 60000000) * 3;
}

void sample_wild(enum sample_wild wild, struct sample *s, unsigned n, struct event *e)
{
	static char text[4][EVENT_TITLE_MAX + 1];
	switch (wild) {
	case SAMPLE_DESK: sample_desk(s, n, e); return;
	case SAMPLE_SCREEN: sample_screen(s, e); return;
	case SAMPLE_TOUCHPAD:
		sample_screen(s, e);
		e->dx = (float)(sample_random(s) % 100000) / 777.0f;
		e->dy = -e->dx / 3;
		return;
	case SAMPLE_EXTREME:
		sample_event(s, e);
		e->has = HAS_ALL;
		e->mono_us = (int64_t)sample_random(s);
		e->t_us = (int64_t)sample_random(s);
		return;
	case SAMPLE_TEXTS:
		sample_event(s, e);
		e->has |= HAS_TITLE | HAS_TEXT;
		snprintf(text[n % 4], sizeof text[0], "title %u", n);
		snprintf(e->text, sizeof e->text, "t%x", n % 30000);
		e->title = text[n % 4];
		return;
	default: sample_event(s, e); return;
	}
}

struct segment_meta sample_meta(void)
{
	struct segment_meta meta = {.study = "typing-2026", .epoch = "e1", .participant = "p-3f9c",
		.segment = "20260101T000000-000001", .t_us = 1700000000000000, .mono_us = 5000000};
	memset(meta.receipt_hash, 0xa5, sizeof meta.receipt_hash);
	memset(meta.policy_hash, 0x5a, sizeof meta.policy_hash);
	memset(meta.boot_id, 0x33, sizeof meta.boot_id);
	return meta;
}

bool sample_same_meta(const struct segment_meta *a, const struct segment_meta *b)
{
	return strcmp(a->study, b->study) == 0 && strcmp(a->epoch, b->epoch) == 0
		&& strcmp(a->participant, b->participant) == 0 && strcmp(a->segment, b->segment) == 0
		&& memcmp(a->receipt_hash, b->receipt_hash, sizeof a->receipt_hash) == 0
		&& memcmp(a->policy_hash, b->policy_hash, sizeof a->policy_hash) == 0
		&& memcmp(a->boot_id, b->boot_id, sizeof a->boot_id) == 0
		&& a->t_us == b->t_us && a->mono_us == b->mono_us;
}

struct event sample_expected(const struct event *written)
{
	struct event e = *written;
	e.has &= HAS_ALL;
	if (!(e.has & HAS_DEVICE)) e.device = 0;
	if (!(e.has & HAS_CLASS)) e.key_class = 0;
	if (!(e.has & HAS_CODE)) e.code = 0;
	if (!(e.has & HAS_TEXT)) e.text[0] = 0;
	if (!(e.has & HAS_POSITION)) e.x = e.y = 0;
	if (!(e.has & HAS_DELTA)) e.dx = e.dy = 0;
	if (!(e.has & HAS_SCROLL)) e.scroll_x = e.scroll_y = 0;
	if (!(e.has & HAS_APP)) e.app = NULL;
	if (!(e.has & HAS_TITLE)) e.title = NULL;
	if (!(e.has & HAS_REASON)) e.reason = 0;
	if (!(e.has & HAS_END)) e.end_us = 0;
	if (!(e.has & HAS_LOST)) e.lost = 0;
	if (!(e.has & HAS_SYNTHETIC)) e.synthetic = false;
	return e;
}

static bool same_string(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool sample_same(const struct event *a, const struct event *b)
{
	return a->mono_us == b->mono_us && a->t_us == b->t_us && a->end_us == b->end_us && a->x == b->x && a->y == b->y
		&& a->lost == b->lost && memcmp(&a->dx, &b->dx, sizeof a->dx) == 0
		&& memcmp(&a->dy, &b->dy, sizeof a->dy) == 0 && a->has == b->has && a->device == b->device
		&& a->code == b->code && a->scroll_x == b->scroll_x && a->scroll_y == b->scroll_y && a->kind == b->kind
		&& a->key_class == b->key_class && a->reason == b->reason && a->synthetic == b->synthetic
		&& strcmp(a->text, b->text) == 0 && same_string(a->app, b->app) && same_string(a->title, b->title);
}
