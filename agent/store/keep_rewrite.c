/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../error.h"
#include "keep_inside.h"
#include "writer.h"

#define SECOND_US INT64_C(1000000)

/* A stretch of chosen rows, which a gap stands for. */
struct run {
	uint64_t at;                     /* the row that it begins with */
	int64_t first_us, last_us;       /* UTC */
	int64_t first_mono_us;
	int era;                         /* clock rows before it: over one of them the two clocks do not go together */
};

struct runs {
	struct run *run;
	size_t count, capacity;
};

static int64_t down(int64_t us) { return us - (us % SECOND_US + SECOND_US) % SECOND_US; }
static int64_t up(int64_t us) { return us > INT64_MAX - SECOND_US ? us : down(us + SECOND_US - 1); }

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

static bool is_app(const char *glob, const struct event *e)
{
	if (!(e->has & HAS_APP) || !e->app)
		return false;
	const char *base = strrchr(e->app, '/');
	return fnmatch(glob, e->app, FNM_CASEFOLD) == 0 || (base && fnmatch(glob, base + 1, FNM_CASEFOLD) == 0);
}

static int64_t end_of(const struct event *e)
{
	return e->has & HAS_END && e->end_us > e->t_us ? e->end_us : e->t_us;
}

/* Of rows that say nothing of what somebody did. */
static bool stays(const struct event *e)
{
	return e->kind == EVENT_START || e->kind == EVENT_STOP || e->kind == EVENT_CLOCK || e->kind == EVENT_SCREEN ||
	       e->kind == EVENT_LAYOUT || (e->kind == EVENT_GAP && e->has & HAS_REASON && e->reason == REASON_FORGOTTEN);
}

static bool is_chosen(const struct keep_choice *c, const struct event *e)
{
	if (stays(e) || end_of(e) < c->since_us || e->t_us > c->until_us)
		return false;
	return !c->app || is_app(c->app, e);
}

static int add_run(struct runs *runs, const struct run *run)
{
	if (runs->count == runs->capacity) {
		size_t capacity = runs->capacity ? runs->capacity * 2 : 16;
		struct run *more = realloc(runs->run, capacity * sizeof *more);
		if (!more)
			return ERROR_MEMORY;
		runs->run = more;
		runs->capacity = capacity;
	}
	runs->run[runs->count++] = *run;
	return 0;
}

/* The monotonic time of a moment in a span or gap. It stands still while the machine sleeps. */
static int64_t mono_at(const struct event *e, int64_t t_us)
{
	bool asleep = e->kind == EVENT_GAP && e->has & HAS_REASON && e->reason == REASON_SUSPEND;
	return asleep ? e->mono_us : e->mono_us + (t_us - e->t_us);
}

/* A stretch of time has one gap. Rows of an application have one for each run of them, so that what lies between is still known to be whole. */
static int note(struct runs *runs, const struct keep_choice *c, const struct event *e, uint64_t at, int era, bool *inside)
{
	struct run now = { .at = at, .first_us = later(e->t_us, c->since_us), .last_us = sooner(end_of(e), c->until_us), .era = era };
	struct run *last = runs->count ? &runs->run[runs->count - 1] : NULL;
	now.first_mono_us = mono_at(e, now.first_us);
	bool joined = last && last->era == era && (!c->app || *inside || (down(now.first_us) <= up(last->last_us) && up(now.last_us) >= down(last->first_us)));
	*inside = true;
	if (!joined)
		return add_run(runs, &now);
	if (now.first_us < last->first_us) {
		last->first_us = now.first_us;
		last->first_mono_us = now.first_mono_us;
	}
	last->last_us = later(last->last_us, now.last_us);
	return 0;
}

/* 0; an error of the reader but for damage. */
static int look(const uint8_t *data, size_t length, const uint8_t key[SEGMENT_KEY], const struct keep_choice *choice, struct keep_rows *rows,
	struct runs *runs)
{
	struct segment_reader *reader = NULL;
	struct event e;
	uint64_t at = 0;
	int era = 0;
	bool inside = false;
	*rows = (struct keep_rows){ .first_us = INT64_MAX, .last_us = INT64_MIN };
	int error = segment_reader_new(data, length, key, &reader);
	if (error)
		return error;
	for (; (error = segment_reader_next(reader, &e)) == 1; at++) {
		if (!is_chosen(choice, &e)) {
			inside = inside && stays(&e);
			era += e.kind == EVENT_CLOCK;
			continue;
		}
		rows->events++;
		error = note(runs, choice, &e, at, era, &inside);
		if (error)
			goto out;
	}
	rows->damaged = error == ERROR_CORRUPT || error == ERROR_TRUNCATED;
	if (rows->damaged)
		error = 0;
	for (size_t i = 0; i < runs->count; i++) {
		rows->first_us = sooner(rows->first_us, runs->run[i].first_us);
		rows->last_us = later(rows->last_us, runs->run[i].last_us);
	}
out:
	segment_reader_free(reader);
	return error;
}

int keep_rows_count(const uint8_t *data, size_t length, const uint8_t key[SEGMENT_KEY], const struct keep_choice *choice, struct keep_rows *rows)
{
	struct runs runs = { 0 };
	int error = look(data, length, key, choice, rows, &runs);
	free(runs.run);
	return error;
}

/* ---- Writing ---- */

struct copy {
	struct segment_reader *reader;
	struct segment_reader *written;  /* not NULL: nothing is written, but compared with what was */
	struct segment_writer *writer;
	struct bytes *out;
	int64_t now_us;
	uint8_t named[(UINT16_MAX + 1) / 8]; /* devices */
};

/* The old one's key is destroyed next: so the new one has to say what it should, and that is looked at. */
static int compare(struct copy *c, const struct event *e)
{
	struct event is;
	int got = segment_reader_next(c->written, &is);
	return got == 1 && event_same(&is, e) ? 0 : got == ERROR_MEMORY ? got : ERROR_INVALID;
}

static int put(struct copy *c, const struct event *e)
{
	if (c->written)
		return compare(c, e);
	if (e->has & HAS_DEVICE) {
		uint16_t n = (uint16_t)e->device;
		/* Its class may be told only in the end: then once more. */
		c->named[n / 8] |= (uint8_t)(1 << n % 8);
		segment_writer_device(c->writer, e->device, segment_reader_device(c->reader, e->device));
	}
	int error = segment_writer_add(c->writer, e);
	if (error == ERROR_LIMIT) {
		error = segment_writer_flush(c->writer, c->now_us, c->out);
		if (error == 0)
			error = segment_writer_add(c->writer, e);
	}
	return error;
}

static int put_gap(struct copy *c, const struct run *run, int64_t until_us)
{
	struct event gap = { .kind = EVENT_GAP, .reason = REASON_FORGOTTEN, .has = HAS_REASON | HAS_END, .t_us = down(run->first_us),
			     .end_us = up(later(run->last_us, until_us)) };
	gap.mono_us = run->first_mono_us - (run->first_us - gap.t_us);
	return put(c, &gap);
}

/* What of a chosen span or gap lies before and behind the choice. How many were lost is known of the whole only. */
static int put_rest(struct copy *c, const struct keep_choice *choice, const struct event *e, bool behind)
{
	struct event part = *e;
	if (!(e->has & HAS_END) || (behind ? choice->until_us == INT64_MAX : choice->since_us == INT64_MIN))
		return 0;
	if (behind) {
		part.t_us = up(choice->until_us);
		part.mono_us = mono_at(e, part.t_us);
	} else {
		part.end_us = down(choice->since_us);
	}
	part.has &= (uint16_t)~HAS_LOST;
	return part.t_us >= e->t_us && part.t_us < part.end_us && part.end_us <= e->end_us ? put(c, &part) : 0;
}

static int copy_rows(struct copy *c, const struct keep_choice *choice, const struct runs *runs, int64_t damaged_until_us)
{
	struct event e;
	size_t next = 0;
	int error = 0, got;
	for (uint64_t at = 0; error == 0 && (got = segment_reader_next(c->reader, &e)) == 1; at++) {
		if (!is_chosen(choice, &e)) {
			error = put(c, &e);
			continue;
		}
		error = put_rest(c, choice, &e, false);
		if (error == 0 && next < runs->count && runs->run[next].at == at) {
			error = put_gap(c, &runs->run[next], next + 1 == runs->count ? damaged_until_us : INT64_MIN);
			next++;
		}
		if (error == 0)
			error = put_rest(c, choice, &e, true);
	}
	if (error || got == 0 || got == ERROR_CORRUPT || got == ERROR_TRUNCATED)
		return error;
	return got;
}

/* All rows of the new one, once from the old one to write them, and once more to compare. */
static int put_rows(struct copy *c, const struct keep_choice *choice, const struct runs *runs, const struct keep_rows *rows, const struct run *all,
	int64_t damaged_until_us)
{
	int error = rows->damaged && rows->events == 0 ? put_gap(c, all, damaged_until_us) : 0;
	return error ? error : copy_rows(c, choice, runs, damaged_until_us);
}

int keep_rows_write(const uint8_t *data, size_t length, const uint8_t key[SEGMENT_KEY], const struct keep_choice *choice, int64_t damaged_until_us,
	const char *name, const uint8_t new_key[SEGMENT_KEY], struct bytes *out)
{
	struct keep_rows rows;
	struct runs runs = { 0 };
	struct copy c = { .out = out, .now_us = down(clock_utc_us()) };
	struct event more;
	int error = look(data, length, key, choice, &rows, &runs);
	if (error)
		goto out;
	error = segment_reader_new(data, length, key, &c.reader);
	if (error)
		goto out;
	if (!rows.damaged)
		damaged_until_us = INT64_MIN;
	struct segment_meta meta = *segment_reader_meta(c.reader);
	memset(meta.segment, 0, sizeof meta.segment);
	memcpy(meta.segment, name, strnlen(name, sizeof meta.segment - 1));
	/* Of a segment whose damage begins before its first row, nothing but the gap is known. */
	struct run all = { .first_us = meta.t_us, .last_us = meta.t_us, .first_mono_us = meta.mono_us };
	if (rows.damaged && runs.count == 0 && (error = add_run(&runs, &all)))
		goto out;
	error = segment_writer_new(&meta, new_key, WRITER_LEVEL, out, &c.writer);
	if (error == 0)
		segment_writer_seal(c.writer);
	if (error == 0)
		error = put_rows(&c, choice, &runs, &rows, &all, damaged_until_us);
	for (int n = 0; error == 0 && n <= UINT16_MAX; n++)
		if (c.named[n / 8] >> n % 8 & 1)
			segment_writer_device(c.writer, (int16_t)n, segment_reader_device(c.reader, (int16_t)n));
	if (error == 0)
		error = segment_writer_finish(c.writer, c.now_us, out);
	if (error == 0 && out->failed)
		error = ERROR_MEMORY;
	if (error)
		goto out;
	segment_reader_free(c.reader);
	c.reader = NULL;
	error = segment_reader_new(data, length, key, &c.reader);
	if (error == 0)
		error = segment_reader_new(out->data, out->length, new_key, &c.written);
	if (error == 0)
		error = put_rows(&c, choice, &runs, &rows, &all, damaged_until_us);
	if (error == 0 && segment_reader_next(c.written, &more) != 0)
		error = ERROR_INVALID;
out:
	segment_writer_free(c.writer);
	segment_reader_free(c.reader);
	segment_reader_free(c.written);
	free(runs.run);
	return error;
}
