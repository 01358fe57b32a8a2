/* SPDX-License-Identifier: Apache-2.0 */
#include "rows_random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int rows_random_mode(const char *name)
{
	static const char *const names[ROWS_MODES] = {"desk", "any", "extreme", "none", "words", "far"};
	for (int i = 0; i < ROWS_MODES; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* splitmix64 */
uint64_t rows_random_number(struct rows_random *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint32_t below(struct rows_random *r, uint32_t n) { return (uint32_t)(rows_random_number(r) % n); }

static void place(struct rows_random *r)
{
	struct segment_meta *m = &r->meta;
	snprintf(m->study, sizeof m->study, "typing-2026");
	snprintf(m->epoch, sizeof m->epoch, "%016llx%016llx", (unsigned long long)rows_random_number(r), (unsigned long long)rows_random_number(r));
	snprintf(m->participant, sizeof m->participant, "%032x", below(r, 3));
	snprintf(m->segment, sizeof m->segment, "20260501T12%02u56Z-%08x", below(r, 60), below(r, UINT32_MAX));
}

void rows_random_init(struct rows_random *r, enum rows_mode mode, uint64_t seed)
{
	memset(r, 0, sizeof *r);
	r->mode = mode;
	r->state = seed;
	r->event.t_us = INT64_C(1777777777000000);
	r->event.mono_us = 5000000;
	place(r);
}

/* Of up to max bytes: letters, what must be escaped somewhere, umlauts, an emoji, a control character, and bytes that are no UTF-8. */
static void text(struct rows_random *r, char *to, size_t max)
{
	static const char *const pieces[] = {"a", "Z", "7", " ", ",", "\"", "'", "\n", "\r\n", "\t", "\\", "=", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x99\x82", "\x01",
		"\x7f", "null", "NULL", "\\N", "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82"};
	size_t n = 0, wanted = below(r, (uint32_t)max + 1);
	*to = 0;
	if (below(r, 8) == 0)
		wanted = max;
	while (n < wanted) {
		const char *piece = pieces[below(r, sizeof pieces / sizeof *pieces)];
		if (n + strlen(piece) > max)
			break;
		strcpy(to + n, piece);
		n += strlen(piece);
	}
}

static int64_t extreme(struct rows_random *r, int64_t least, int64_t most)
{
	switch (below(r, 6)) {
	case 0: return least;
	case 1: return most;
	case 2: return 0;
	case 3: return -1;
	case 4: return least + (int64_t)below(r, 3);
	default: return (int64_t)(rows_random_number(r) >> 1) % (most / 2);
	}
}

static float real(struct rows_random *r)
{
	static const float some[] = {0.0f, -0.0f, 1.0f, -1.0f, 0.1f, 3.4028234e38f, -3.4028234e38f, 1e-45f, 1.17549435e-38f, 16777216.0f, -0.5f, 123456.789f,
		INFINITY, -INFINITY, NAN};
	uint32_t i = below(r, 2 * sizeof some / sizeof *some);
	if (i < sizeof some / sizeof *some)
		return some[i];
	return (float)((double)(int64_t)rows_random_number(r) / (double)(1u << below(r, 31)));
}

static void any(struct rows_random *r, bool all, bool far)
{
	struct event *e = &r->event;
	int64_t wide = far ? INT64_MAX : INT64_C(1) << 61;
	e->has = all ? HAS_ALL : (uint16_t)(rows_random_number(r) & rows_random_number(r) & HAS_ALL);
	e->kind = (uint8_t)below(r, EVENT_KIND_COUNT);
	e->key_class = (uint8_t)below(r, CLASS_COUNT);
	e->reason = (uint8_t)below(r, REASON_COUNT);
	e->synthetic = below(r, 2);
	e->device = (int16_t)extreme(r, INT16_MIN, INT16_MAX);
	e->code = (int16_t)extreme(r, INT16_MIN, INT16_MAX);
	e->scroll_x = (int16_t)extreme(r, INT16_MIN, INT16_MAX);
	e->scroll_y = (int16_t)rows_random_number(r);
	e->x = (int32_t)extreme(r, INT32_MIN, INT32_MAX);
	e->y = far ? (int32_t)rows_random_number(r) : e->y + (int32_t)below(r, 2001) - 1000;
	e->lost = (int32_t)extreme(r, INT32_MIN, INT32_MAX);
	e->t_us = all || far ? extreme(r, far ? INT64_MIN : -wide, wide) : e->t_us + below(r, 1000000) - 1000;
	e->mono_us = far ? (int64_t)rows_random_number(r) : e->mono_us + below(r, 1u << below(r, 30));
	e->end_us = extreme(r, far ? INT64_MIN : -wide, wide);
	e->dx = real(r);
	e->dy = real(r);
	text(r, e->text, EVENT_TEXT_MAX);
	if (below(r, 4) == 0)
		text(r, r->app, EVENT_APP_MAX);
	if (below(r, 4) == 0)
		text(r, r->title, EVENT_TITLE_MAX);
	e->app = r->app;
	e->title = below(r, 50) ? r->title : NULL;       /* said to be there, and is not: null */
}

static void desk(struct rows_random *r)
{
	struct event *e = &r->event;
	uint32_t what = below(r, 100);
	int64_t step = 1000 * (int64_t)(1 + below(r, 20)) + (what == 0 ? below(r, 60000000) : 0);
	e->t_us += step;
	e->mono_us += step;
	e->app = r->app;
	e->title = r->title;
	e->device = what < 90;
	if (what == 0) {
		e->kind = EVENT_FOCUS;
		e->has = HAS_APP | HAS_TITLE;
		snprintf(r->app, sizeof r->app, "org.example.App%u", below(r, 9));
		snprintf(r->title, sizeof r->title, "Document %u", below(r, 40));
	} else if (what < 80) {
		e->kind = EVENT_MOTION;
		e->has = HAS_DEVICE | HAS_POSITION | HAS_DELTA;
		e->dx = (float)((int)below(r, 21) - 10);
		e->dy = (float)((int)below(r, 21) - 10);
		e->x += (int32_t)e->dx;
		e->y += (int32_t)e->dy;
	} else if (what < 97) {
		e->kind = what % 2 ? EVENT_KEY_DOWN : EVENT_KEY_UP;
		e->has = HAS_DEVICE | HAS_CLASS | HAS_CODE | HAS_TEXT;
		e->code = (int16_t)(16 + below(r, 26));
		snprintf(e->text, sizeof e->text, "%c", 'a' + (int)below(r, 26));
		e->key_class = CLASS_LETTER;
	} else {
		e->kind = EVENT_GAP;
		e->has = HAS_REASON | HAS_END | (what == 98 ? HAS_LOST : 0);
		e->reason = REASON_OVERFLOW;
		e->end_us = e->t_us + 5000;
		e->lost = (int32_t)below(r, 100);
	}
}

void rows_random_next(struct rows_random *r)
{
	if (r->row && r->row % 5000 == 0)
		place(r);
	switch (r->mode) {
	case ROWS_DESK: desk(r); break;
	case ROWS_ANY: any(r, false, false); break;
	case ROWS_EXTREME: any(r, true, false); break;
	case ROWS_FAR: any(r, false, true); break;
	case ROWS_NONE:
		r->event.kind = EVENT_START;
		r->event.t_us++;
		break;
	default:
		desk(r);
		r->event.has |= HAS_TITLE;
		snprintf(r->title, sizeof r->title, "%u %0200llx", r->row, (unsigned long long)rows_random_number(r));
	}
	r->row++;
}
