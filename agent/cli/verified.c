/* SPDX-License-Identifier: Apache-2.0 */
#include "verified.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "../format/columns.h"
#include "../store/later.h"

/* Input is stored in the order in which it was seen, but key times are rounded to a grid (up to 100 ms). */
static const int64_t disorder_us = 1000000;

static void problem(struct verified *c, const char *what, const struct row_times *row, const char *why)
{
	if (c->problems++)
		return;
	snprintf(c->problem, sizeof c->problem, "%s%s%s", what, why ? ": " : "", why ? why : "");
	if (row) {
		size_t n = strlen(c->problem);
		const char *kind = event_kind_name(row->kind);
		snprintf(c->problem + n, sizeof c->problem - n, " (event %" PRIu64 ", %s)", c->events, kind ? kind : "?");
	}
}

void verified_problem(struct verified *c, const char *what, const char *why)
{
	problem(c, what, NULL, why);
}

/* Not damaged: there is a program that reads it. */
static void unsupported(struct verified *c, const struct spool_file *file)
{
	char why[LATER_TEXT];
	verified_problem(c, later_file(file->path, why) ? why + strlen(file->path) + 2 : "it is of an earlier version that was never released", NULL);
}

static bool is_input(int kind)
{
	return kind <= EVENT_TOUCH_UP;
}

static int add_mask(struct verified *c, const struct row_times *e, int era)
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

/* What a mask is compared with, once all are known: rows' times and kinds. */
struct kept {
	int64_t *t_us;
	uint8_t *kind;
	size_t rows;
	bool all;                        /* none is missing */
};

/* Of longer segments none are kept: they are read again if they have masks. Some 9 MiB. */
enum { KEPT_MAX = 1 << 20 };

static void keep(struct kept *k, const struct columns *block)
{
	size_t room = k->rows + block->rows;
	if (!k->all)
		return;
	if (room > KEPT_MAX) {
		k->all = false;
		return;
	}
	int64_t *t_us = realloc(k->t_us, room * sizeof *t_us);
	if (t_us)
		k->t_us = t_us;
	uint8_t *kind = realloc(k->kind, room);
	if (kind)
		k->kind = kind;
	k->all = t_us && kind;
}

/* Is every row of a block sane in itself, was it permitted, and which say that no input may be somewhere? */
static int look_at(struct verified *c, const struct columns *block, struct kept *kept, int64_t *newest, int *era)
{
	struct row_times e = {0};
	const char *why;
	bool permitted = c->decision < 0 || audit_permits_all(c->audit, c->decision, block->t_first, block->t_last);
	keep(kept, block);
	while (columns_times(block, &e)) {
		c->events++;
		if (!event_kind_name(e.kind))
			problem(c, "unknown kind", NULL, NULL);
		if (kept->all) {
			kept->t_us[kept->rows] = e.t_us;
			kept->kind[kept->rows++] = e.kind;
		}
		if (is_input(e.kind)) {
			if (*newest != INT64_MIN && e.mono_us < *newest - disorder_us)
				problem(c, "its time goes back", &e, NULL);
			if (e.mono_us > *newest)
				*newest = e.mono_us;
		}
		if (!permitted && (is_input(e.kind) || e.kind == EVENT_FOCUS) && !audit_permits(c->audit, c->decision, e.t_us, &why))
			problem(c, "not permitted", &e, why);
		*era += e.kind == EVENT_CLOCK;
		if (e.kind != EVENT_SPAN && e.kind != EVENT_GAP)
			continue;
		bool span = e.kind == EVENT_SPAN;
		*(span ? &c->spans : &c->gaps) += 1;
		if (!(e.has & HAS_REASON) || !(e.has & HAS_END))
			problem(c, "a span or gap without reason or end", &e, NULL);
		else if (e.end_us < e.t_us)
			problem(c, "ends before it begins", &e, NULL);
		else if (span == (e.reason >= REASON_PAUSED))
			problem(c, "its reason is not one of its kind", &e, NULL);
		if ((e.has & HAS_END) && (span || e.reason == REASON_PAUSED) && add_mask(c, &e, *era))
			return ERROR_MEMORY;
	}
	return 0;
}

static void judge(struct verified *c, const struct row_times *e, int *era)
{
	c->events++;
	*era += e->kind == EVENT_CLOCK;
	if (is_input(e->kind) && is_masked(c, e->t_us, *era))
		problem(c, "input inside a span or a pause", e, NULL);
}

/* Now that all masks are known: does input lie in one? */
static int judge_all(struct verified *c, const struct spool_file *file, const uint8_t key[SEGMENT_KEY], const struct kept *kept)
{
	struct segment_reader *reader = NULL;
	const struct columns *block;
	uint64_t all = c->events;
	int era = 0, error = 0;
	merge_masks(c);
	if (!c->masks)
		return 0;
	c->events = 0;
	if (kept->all) {
		for (size_t i = 0; i < kept->rows; i++)
			judge(c, &(struct row_times){ .kind = kept->kind[i], .t_us = kept->t_us[i] }, &era);
		return 0;
	}
	error = segment_reader_new(file->data, file->length, key, &reader);
	while (!error && c->events < all && segment_reader_block(reader, &block) == 1)
		for (struct row_times e = {0}; columns_times(block, &e);)
			judge(c, &e, &era);
	segment_reader_free(reader);
	return error;
}

int verified_content(struct verified *c, const struct spool_file *file, const uint8_t key[SEGMENT_KEY], const struct keyfile *k, bool open)
{
	struct segment_reader *reader = NULL;
	const struct columns *block;
	struct kept kept = { .all = true };
	int64_t newest = INT64_MIN;
	int era = 0, error = segment_reader_new(file->data, file->length, key, &reader);
	/* Its writer has not come to its first block yet. */
	if (error == ERROR_TRUNCATED && open)
		return 0;
	if (error)
		goto out;
	const struct segment_meta *m = segment_reader_meta(reader);
	if (strcmp(m->segment, k->segment) != 0 || strcmp(m->study, k->study) != 0 || strcmp(m->participant, k->pseudonym) != 0 ||
	    memcmp(m->receipt_hash, k->receipt_hash, sizeof m->receipt_hash) != 0)
		verified_problem(c, "its header says something else than its key file", NULL);
	while ((error = segment_reader_block(reader, &block)) == 1)
		if (look_at(c, block, &kept, &newest, &era)) {
			error = ERROR_MEMORY;
			goto out;
		}
	if (error == ERROR_CORRUPT)
		verified_problem(c, "a block is damaged", NULL);
	else if (error == ERROR_TRUNCATED && !file->part)
		verified_problem(c, "ends without its footer", NULL);
	else if (error == ERROR_TRUNCATED && !open)
		verified_problem(c, "left by a crash, not completed (assentd does that at its next start)", NULL);
	else if (error < 0 && error != ERROR_TRUNCATED)
		goto out;
	error = judge_all(c, file, key, &kept);
out:
	segment_reader_free(reader);
	free(kept.t_us);
	free(kept.kind);
	if (error == ERROR_MEMORY)
		return error;
	if (error == ERROR_UNSUPPORTED)
		unsupported(c, file);
	else if (error)
		verified_problem(c, error == ERROR_TRUNCATED ? "ends before its header" : error == ERROR_DENIED ?
				 "it is not the segment that its key file opens" : error_text(error), NULL);
	return 0;
}

void verified_framing(struct verified *c, const struct spool_file *file, bool open)
{
	struct segment_frame frame;
	int error = segment_frame(file->data, file->length, &frame);
	if (error == ERROR_UNSUPPORTED)
		unsupported(c, file);
	else if (error && !(error == ERROR_TRUNCATED && open))
		verified_problem(c, error == ERROR_TRUNCATED ? "ends before its header" : error_text(error), NULL);
	else if (!error && !file->part && frame.good < file->length)
		verified_problem(c, "a record is damaged, or something stands behind its end", NULL);
	else if (!error && !file->part && !frame.finished)
		verified_problem(c, "ends without its footer", NULL);
	else if (!error && file->part && !open)
		verified_problem(c, "left by a crash, not completed (assentd does that at its next start)", NULL);
}

void verified_release(struct verified *c)
{
	free(c->masked);
	c->masked = NULL;
}
