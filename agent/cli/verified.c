/* SPDX-License-Identifier: Apache-2.0 */
#include "verified.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"

/* Input is stored in the order in which it was seen, but key times are rounded to a grid (up to 100 ms). */
static const int64_t disorder_us = 1000000;

void verified_problem(struct verified *c, const char *what, const struct event *e, const char *why)
{
	if (c->problems++)
		return;
	snprintf(c->problem, sizeof c->problem, "%s%s%s", what, why ? ": " : "", why ? why : "");
	if (e) {
		size_t n = strlen(c->problem);
		const char *kind = event_kind_name(e->kind);
		snprintf(c->problem + n, sizeof c->problem - n, " (event %" PRIu64 ", %s)", c->events, kind ? kind : "?");
	}
}

static bool is_input(const struct event *e)
{
	return e->kind <= EVENT_TOUCH_UP;
}

static int add_mask(struct verified *c, const struct event *e, int era)
{
	if (c->masks == c->capacity) {
		size_t capacity = c->capacity ? c->capacity * 2 : 64;
		struct verified_mask *masked = realloc(c->masked, capacity * sizeof *masked);
		if (!masked)
			return ERROR_MEMORY;
		c->masked = masked;
		c->capacity = capacity;
	}
	c->masked[c->masks++] = (struct verified_mask){ e->t_us, e->end_us, era };
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct verified_mask *x = a, *y = b;
	if (x->era != y->era)
		return x->era < y->era ? -1 : 1;
	return x->t_us < y->t_us ? -1 : x->t_us > y->t_us;
}

/* Those that overlap become one, so that a time is in at most one of them. Touching ones stay: their edge is in neither. */
static void merge_masks(struct verified *c)
{
	size_t n = 0;
	if (c->masks)
		qsort(c->masked, c->masks, sizeof *c->masked, by_time);
	for (size_t i = 0; i < c->masks; i++) {
		struct verified_mask *last = n ? &c->masked[n - 1] : NULL;
		if (last && last->era == c->masked[i].era && c->masked[i].t_us < last->end_us) {
			if (c->masked[i].end_us > last->end_us)
				last->end_us = c->masked[i].end_us;
		} else {
			c->masked[n++] = c->masked[i];
		}
	}
	c->masks = n;
}

static bool is_masked(const struct verified *c, int64_t t_us, int era)
{
	size_t low = 0, high = c->masks;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct verified_mask *m = &c->masked[middle];
		if (m->era < era || (m->era == era && m->t_us < t_us))
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && c->masked[low - 1].era == era && c->masked[low - 1].end_us > t_us;
}

/* First pass: is every event sane in itself, and what may hold no input? Returns what ended the segment. */
static int count_events(struct verified *c, struct segment_reader *reader)
{
	struct event e;
	int64_t newest = INT64_MIN;
	int era = 0, error;
	while ((error = segment_reader_next(reader, &e)) == 1) {
		c->events++;
		if (!event_kind_name(e.kind))
			verified_problem(c, "unknown kind", NULL, NULL);
		if (e.kind == EVENT_CLOCK)
			era++;
		if (e.kind == EVENT_SPAN || e.kind == EVENT_GAP) {
			bool span = e.kind == EVENT_SPAN;
			*(span ? &c->spans : &c->gaps) += 1;
			if (!(e.has & HAS_REASON) || !(e.has & HAS_END))
				verified_problem(c, "a span or gap without reason or end", &e, NULL);
			else if (e.end_us < e.t_us)
				verified_problem(c, "ends before it begins", &e, NULL);
			else if (span == (e.reason >= REASON_PAUSED))
				verified_problem(c, "its reason is not one of its kind", &e, NULL);
			if ((e.has & HAS_END) && (span || e.reason == REASON_PAUSED) && add_mask(c, &e, era))
				return ERROR_MEMORY;
		}
		if (is_input(&e)) {
			if (newest != INT64_MIN && e.mono_us < newest - disorder_us)
				verified_problem(c, "its time goes back", &e, NULL);
			if (e.mono_us > newest)
				newest = e.mono_us;
		}
	}
	return error;
}

/* Second pass: may each be there at all? */
static void judge_events(struct verified *c, struct segment_reader *reader)
{
	struct event e;
	const char *why;
	int era = 0;
	uint64_t all = c->events;
	c->events = 0;
	while (c->events < all && segment_reader_next(reader, &e) == 1) {
		c->events++;
		if (e.kind == EVENT_CLOCK)
			era++;
		if (is_input(&e) && is_masked(c, e.t_us, era))
			verified_problem(c, "input inside a span or a pause", &e, NULL);
		if (c->decision >= 0 && (is_input(&e) || e.kind == EVENT_FOCUS) &&
		    !audit_permits(c->audit, c->decision, e.t_us, &why))
			verified_problem(c, "not permitted", &e, why);
	}
}

int verified_content(struct verified *c, const struct spool_file *file, const uint8_t key[SEGMENT_KEY], const struct keyfile *k, bool open)
{
	struct segment_reader *reader = NULL;
	int error = segment_reader_new(file->data, file->length, key, &reader);
	/* Its writer has not come to its first block yet. */
	if (error == ERROR_TRUNCATED && open)
		return 0;
	if (error)
		goto out;
	const struct segment_meta *m = segment_reader_meta(reader);
	if (strcmp(m->segment, k->segment) != 0 || strcmp(m->study, k->study) != 0 || strcmp(m->participant, k->pseudonym) != 0 ||
	    memcmp(m->receipt_hash, k->receipt_hash, sizeof m->receipt_hash) != 0)
		verified_problem(c, "its header says something else than its key file", NULL, NULL);
	error = count_events(c, reader);
	if (error == ERROR_CORRUPT)
		verified_problem(c, "a block is damaged", NULL, NULL);
	else if (error == ERROR_TRUNCATED && !file->part)
		verified_problem(c, "ends without its footer", NULL, NULL);
	else if (error == ERROR_TRUNCATED && !open)
		verified_problem(c, "left by a crash, not completed (assentd does that at its next start)", NULL, NULL);
	else if (error < 0 && error != ERROR_TRUNCATED)
		goto out;
	segment_reader_free(reader);
	reader = NULL;
	error = segment_reader_new(file->data, file->length, key, &reader);
	if (error)
		goto out;
	merge_masks(c);
	judge_events(c, reader);
out:
	segment_reader_free(reader);
	if (error == ERROR_MEMORY)
		return error;
	if (error)
		verified_problem(c, error == ERROR_TRUNCATED ? "ends before its header" : error == ERROR_DENIED ?
				 "it is not the segment that its key file opens" : error_text(error), NULL, NULL);
	return 0;
}

void verified_framing(struct verified *c, const struct spool_file *file, bool open)
{
	struct segment_frame frame;
	int error = segment_frame(file->data, file->length, &frame);
	if (error && !(error == ERROR_TRUNCATED && open))
		verified_problem(c, error == ERROR_TRUNCATED ? "ends before its header" : error_text(error), NULL, NULL);
	else if (!error && !file->part && frame.good < file->length)
		verified_problem(c, "a record is damaged, or something stands behind its end", NULL, NULL);
	else if (!error && !file->part && !frame.finished)
		verified_problem(c, "ends without its footer", NULL, NULL);
	else if (!error && file->part && !open)
		verified_problem(c, "left by a crash, not completed (assentd does that at its next start)", NULL, NULL);
}

void verified_release(struct verified *c)
{
	free(c->masked);
	c->masked = NULL;
}
