/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"
#include "../store/audit.h"
#include "cli.h"
#include "input.h"

/* Input is stored in the order in which it was seen, but key times are rounded to a grid (up to 100 ms). */
static const int64_t disorder_us = 1000000;

/* A stretch in which no input may be stored. */
struct masked {
	int64_t t_us, end_us;
	int era;                         /* UTC is comparable only between two clock records */
};

struct check {
	const struct audit *audit;
	int decision;                    /* in audit; -1: not checked */
	uint64_t events, spans, gaps, problems;
	char problem[256];               /* the first */
	struct masked *masked;
	size_t masks, capacity;
};

static void problem(struct check *c, const char *what, const struct event *e, const char *why)
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

static int add_mask(struct check *c, const struct event *e, int era)
{
	if (c->masks == c->capacity) {
		size_t capacity = c->capacity ? c->capacity * 2 : 64;
		struct masked *masked = realloc(c->masked, capacity * sizeof *masked);
		if (!masked)
			return ERROR_MEMORY;
		c->masked = masked;
		c->capacity = capacity;
	}
	c->masked[c->masks++] = (struct masked){ e->t_us, e->end_us, era };
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct masked *x = a, *y = b;
	if (x->era != y->era)
		return x->era < y->era ? -1 : 1;
	return x->t_us < y->t_us ? -1 : x->t_us > y->t_us;
}

/* Those that overlap become one, so that a time is in at most one of them. Touching ones stay: their edge is in neither. */
static void merge_masks(struct check *c)
{
	size_t n = 0;
	if (c->masks)
		qsort(c->masked, c->masks, sizeof *c->masked, by_time);
	for (size_t i = 0; i < c->masks; i++) {
		struct masked *last = n ? &c->masked[n - 1] : NULL;
		if (last && last->era == c->masked[i].era && c->masked[i].t_us < last->end_us) {
			if (c->masked[i].end_us > last->end_us)
				last->end_us = c->masked[i].end_us;
		} else {
			c->masked[n++] = c->masked[i];
		}
	}
	c->masks = n;
}

static bool is_masked(const struct check *c, int64_t t_us, int era)
{
	size_t low = 0, high = c->masks;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct masked *m = &c->masked[middle];
		if (m->era < era || (m->era == era && m->t_us < t_us))
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && c->masked[low - 1].era == era && c->masked[low - 1].end_us > t_us;
}

/* First pass: is every event sane in itself, and what may hold no input? Returns what ended the segment. */
static int count_events(struct check *c, struct segment_reader *reader)
{
	struct event e;
	int64_t newest = INT64_MIN;
	int era = 0, error;
	while ((error = segment_reader_next(reader, &e)) == 1) {
		c->events++;
		if (!event_kind_name(e.kind))
			problem(c, "unknown kind", NULL, NULL);
		if (e.kind == EVENT_CLOCK)
			era++;
		if (e.kind == EVENT_SPAN || e.kind == EVENT_GAP) {
			bool span = e.kind == EVENT_SPAN;
			*(span ? &c->spans : &c->gaps) += 1;
			if (!(e.has & HAS_REASON) || !(e.has & HAS_END))
				problem(c, "a span or gap without reason or end", &e, NULL);
			else if (e.end_us < e.t_us)
				problem(c, "ends before it begins", &e, NULL);
			else if (span == (e.reason >= REASON_PAUSED))
				problem(c, "its reason is not one of its kind", &e, NULL);
			if ((e.has & HAS_END) && (span || e.reason == REASON_PAUSED) && add_mask(c, &e, era))
				return ERROR_MEMORY;
		}
		if (is_input(&e)) {
			if (newest != INT64_MIN && e.mono_us < newest - disorder_us)
				problem(c, "its time goes back", &e, NULL);
			if (e.mono_us > newest)
				newest = e.mono_us;
		}
	}
	return error;
}

/* Second pass: may each be there at all? */
static void judge_events(struct check *c, struct segment_reader *reader)
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
			problem(c, "input inside a span or a pause", &e, NULL);
		if (c->decision >= 0 && (is_input(&e) || e.kind == EVENT_FOCUS) &&
		    !audit_permits(c->audit, c->decision, e.t_us, &why))
			problem(c, "not permitted", &e, why);
	}
}

/* *state: how it ended. An error means that it could not be looked at. */
static int check_segment(struct check *c, const struct spool_file *file, struct segment_meta *meta, const char **state)
{
	struct segment_reader *reader = NULL;
	const char *why;
	*state = "ok";
	memset(meta, 0, sizeof *meta);
	if (file->part)
		*state = spool_in_use(file->path) ? "open" : "torn";
	int error = segment_reader_new(file->data, file->length, &reader);
	if (error == ERROR_TRUNCATED && file->part && strcmp(*state, "open") == 0)
		return 0;
	if (error)
		goto out;
	*meta = *segment_reader_meta(reader);
	if (c->audit) {
		c->decision = audit_find(c->audit, meta->receipt_hash, meta->study, &why);
		if (c->decision < 0)
			problem(c, "consent", NULL, why);
	}
	error = count_events(c, reader);
	if (error == ERROR_CORRUPT)
		problem(c, "a block is damaged", NULL, NULL);
	else if (error == ERROR_TRUNCATED && !file->part)
		problem(c, "ends without its footer", NULL, NULL);
	else if (error == ERROR_TRUNCATED && strcmp(*state, "torn") == 0)
		problem(c, "left by a crash, not completed (assentd does that at its next start)", NULL, NULL);
	else if (error < 0 && error != ERROR_TRUNCATED)
		goto out;
	segment_reader_free(reader);
	reader = NULL;
	error = segment_reader_new(file->data, file->length, &reader);
	if (error)
		goto out;
	merge_masks(c);
	judge_events(c, reader);
out:
	segment_reader_free(reader);
	if (error == ERROR_MEMORY)
		return error;
	if (error)
		problem(c, error == ERROR_TRUNCATED ? "ends before its header" : error_text(error), NULL, NULL);
	return 0;
}

/* 0: good, 1: a problem. */
static int verify(const char *path, const struct audit *audit, int width)
{
	struct check c = { .audit = audit, .decision = -1 };
	struct spool_file file;
	struct segment_meta meta;
	const char *state = "ok";
	int error = spool_map(path, &file);
	if (error == 0) {
		error = check_segment(&c, &file, &meta, &state);
		const char *name = strrchr(file.path, '/');
		name = name ? name + 1 : file.path;
		printf("%-*s  %-20s  events %" PRIu64 "  spans %" PRIu64 "  gaps %" PRIu64 "  bytes %zu  ", width, name,
		       meta.study[0] ? meta.study : "-", c.events, c.spans, c.gaps, file.length);
		spool_unmap(&file);
	} else {
		printf("%-*s  ", width, path);
	}
	free(c.masked);
	if (error) {
		printf("PROBLEM: %s\n", error == ERROR_IO ? strerror(errno) : error_text(error));
		return 1;
	}
	if (c.problems > 1)
		printf("PROBLEM: %s, and %" PRIu64 " more\n", c.problem, c.problems - 1);
	else
		printf("%s%s\n", c.problems ? "PROBLEM: " : state, c.problem);
	return c.problems > 0;
}

int cli_verify(int argc, char **argv)
{
	const struct input_option options[] = { { NULL, NULL, NULL } };
	struct input in;
	struct audit *audit = NULL;
	const char *why = NULL;
	int count = input_options("verify", argc, argv, options), result, bad = 0, width = 0;
	if (count < 0)
		return EXIT_USAGE;
	result = input_find(&in, "verifying", count, argv);
	if (result)
		goto out;
	signal(SIGPIPE, SIG_IGN);
	/* Its lines on the terminal are progress enough. */
	in.progress = in.progress && !isatty(STDOUT_FILENO);
	if (in.ledger[0]) {
		int error = audit_new(in.ledger, &audit, &why);
		if (error) {
			cli_complain("%s: %s", in.ledger, why ? why : error_text(error));
			result = EXIT_FAILED;
			if (!audit)
				goto out;
		}
	}
	for (int i = 0; i < in.list.count; i++) {
		const char *name = strrchr(in.list.path[i], '/');
		int n = (int)strlen(name ? name + 1 : in.list.path[i]);
		width = n > width ? n : width;
	}
	for (int i = 0; i < in.list.count && !ferror(stdout); i++) {
		input_progress(&in, i);
		bad += verify(in.list.path[i], audit, width);
	}
	input_progress_end(&in);
	printf("%d segment%s, %d with a problem; consent %s\n", in.list.count, in.list.count == 1 ? "" : "s", bad,
	       audit && !why ? "checked against the ledger" : audit ? "checked against a damaged ledger" :
	       "not checked: no ledger beside these segments");
	if (bad)
		result = EXIT_FAILED;
	result = input_flush_stdout(result, ferror(stdout) ? EPIPE : 0);
out:
	audit_free(audit);
	input_release(&in);
	return result;
}
