/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A writer that is killed before each of its system calls, and one whose disk refuses each of them once: while it begins, flushes, rotates, seals and
 * ends. After each: what was flushed is there, what is there can be read, verify passes, and what is not there is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../agent/base/clock.h"
#include "../../agent/cli/cli.h"
#include "../../agent/error.h"
#include "../../agent/store/recover.h"
#include "../../agent/store/sink.h"
#include "harness.h"
#include "step.h"

enum { SEGMENTS = 2, FLUSHES = 2, BATCH = 40, ALL = SEGMENTS * FLUSHES * BATCH };

static int setup(void **state)
{
	struct harness *h = calloc(1, sizeof *h);
	harness_init(h);
	h->options.retry_us = 1;
	harness_event(0); /* fixes the clock of events, for all children */
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	harness_release(*state);
	free(*state);
	return 0;
}

/* What the writer's loop does: between deliveries it seals, and tries again what the disk refused. */
static int between(struct sink *s)
{
	int error = 0;
	for (int i = 0; i < 100 && error == 0; i++) {
		if (s->deadline != SINK_NEVER && s->failing)
			error = sink_flush(s, false);
		else if (sealer_due(&s->sealer) != SEALER_IDLE)
			sink_seal(s);
		else
			break;
	}
	return error;
}

static int body(void *user)
{
	struct harness *h = user;
	struct sink *s = calloc(1, sizeof *s);
	int next = 0, quiet = open("/dev/null", O_WRONLY);
	dup2(quiet, STDERR_FILENO);
	int directory = open(h->spool, O_RDONLY | O_DIRECTORY);
	if (!s || directory < 0)
		return 99;
	sink_init(s, directory, &h->options);
	int error = sink_start(s);
	for (int segment = 0; segment < SEGMENTS && error == 0; segment++) {
		for (int flush = 0; flush < FLUSHES && error == 0; flush++) {
			for (int i = 0; i < BATCH && error == 0; i++) {
				struct event e = harness_event(next++);
				error = sink_event(s, &e);
			}
			if (error == 0)
				error = sink_flush(s, flush == FLUSHES - 1 && segment < SEGMENTS - 1);
			if (error == 0)
				error = between(s);
		}
	}
	int last = sink_finish(s);
	sink_release(s);
	close(directory);
	return error || last ? -(error ? error : last) : 0;
}

static void fresh(struct harness *h)
{
	harness_remove(h->spool);
	assert_int_equal(mkdir(h->spool, 0700), 0);
	memset(h->stats, 0, sizeof *h->stats);
}

/* Before anybody mends it, and after the next start did. over: it came to its end, and said so. */
static struct harness_found look(struct harness *h, const char *what, int call, bool over)
{
	struct harness_found f;
	int written = (int)h->stats->count.written;
	harness_read(h, h->spool, &f);
	if (f.events < written || f.keyless || f.damaged || f.disorder > (f.lost > 0) || f.broken > f.parts)
		fail_msg("%s %d: %d of %d flushed rows, %d without key, %d out of order, %d broken of %d", what, call, f.events, written,
			 f.keyless, f.disorder, f.broken, f.parts);
	int directory = open(h->spool, O_RDONLY | O_DIRECTORY);
	assert_int_equal(recover_spool(directory, h->spool, NULL), 0);
	close(directory);
	int before = f.events;
	harness_read(h, h->spool, &f);
	if (f.events != before || f.parts || f.broken || f.keyless || harness_count(h->spool, ".sealed.tmp"))
		fail_msg("%s %d: mended, %d rows of %d, %d parts, %d broken, %d without key, %d left over", what, call, f.events, before, f.parts,
			 f.broken, f.keyless, harness_count(h->spool, ".sealed.tmp"));
	/* Whoever lost something says so: by a gap of the crash, or one that counts. */
	int told = f.gaps[REASON_CRASH] + f.gaps[REASON_DISK_FULL];
	if (f.segments && f.events + f.lost < ALL && !f.gaps[REASON_CRASH])
		fail_msg("%s %d: %d rows and %d told of %d, and no gap", what, call, f.events, f.lost, ALL);
	if (over && (f.events != ALL || told))
		fail_msg("%s %d: all is well, and there are %d rows of %d", what, call, f.events, ALL);
	int verified = f.segments ? harness_verify(h->spool) : EXIT_DONE;
	if (verified != EXIT_DONE)
		fail_msg("%s %d: verify exits %d", what, call, verified);
	return f;
}

static void killed_before_each_call(void **state)
{
	struct harness *h = *state;
	int result = -1, call, sealed[SEGMENTS + 1] = { 0 };
	for (call = 0;; call++) {
		fresh(h);
		bool killed = step_killed_at(call, body, h, &result);
		struct harness_found f = look(h, "killed before call", call, !killed);
		sealed[f.sealed]++;
		if (!killed)
			break;
	}
	assert_int_equal(result, 0);
	print_message("killed before each of %d system calls; sealed were none %d times, one %d times, both %d times\n", call, sealed[0], sealed[1],
		      sealed[2]);
	assert_true(sealed[0] > 0 && sealed[1] > 0 && sealed[2] > 0);
}

static void refused(struct harness *h, int refusal)
{
	int result = -1, call, journals = 0, ended = 0;
	for (call = 0;; call++) {
		fresh(h);
		bool failed = step_failed_at(call, refusal, body, h, &result);
		/* What could not be written in the end is for the next start, and what is said to be done is done. */
		if (result != 0 && result != -ERROR_IO && result != 99)
			fail_msg("%s at call %d: it ends with %d", strerror(refusal), call, result);
		struct harness_found f = look(h, strerror(refusal), call, result == 0);
		journals += f.journals > 0;
		ended += result != 0;
		if (!failed)
			break;
	}
	assert_int_equal(result, 0);
	print_message("%s at each of %d calls that change files: %d times a segment stayed a journal, %d times the writer ended with an error\n",
		      strerror(refusal), call, journals, ended);
	assert_true(call > 40 && journals > 0);
}

static void full_at_each_call(void **state) { refused(*state, ENOSPC); }
static void failing_at_each_call(void **state) { refused(*state, EIO); }

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(killed_before_each_call), TEST(full_at_each_call), TEST(failing_at_each_call),
	};
	return cmocka_run_group_tests_name("store/seal_crash", tests, NULL, NULL);
}
