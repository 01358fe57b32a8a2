/* SPDX-License-Identifier: Apache-2.0 */
/* Segments are written and read while memory fails, at every allocation in turn. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/error.h"
#include "../../agent/format/wire.h"
#include "../lib/failing.h"
#include "sample.h"

enum { ROWS = 600, BLOCK = 200 };

static struct event rows[ROWS];
static bool seal;
static struct bytes good;

static void fresh(void *user) { (void)user; }

static int written(struct bytes *out)
{
	struct segment_meta meta = sample_meta();
	struct segment_writer *w = NULL;
	int e = segment_writer_new(&meta, sample_key, 3, out, &w);
	if (e == 0 && seal)
		segment_writer_seal(w);
	if (e == 0)
		segment_writer_device(w, 1, DEVICE_TOUCHPAD);
	for (int i = 0; e == 0 && i < ROWS; i++) {
		e = segment_writer_add(w, &rows[i]);
		if (e == 0 && i % BLOCK == BLOCK - 1)
			e = segment_writer_flush(w, SAMPLE_WRITTEN, out);
	}
	if (e == 0)
		e = segment_writer_finish(w, SAMPLE_WRITTEN, out);
	segment_writer_free(w);
	return e ? e : out->failed ? ERROR_MEMORY : 0;
}

static int read_all(const struct bytes *from)
{
	struct segment_reader *r = NULL;
	struct event event;
	int n = 0, got = 0, e = segment_reader_new(from->data, from->length, sample_key, &r);
	while (e == 0 && (got = segment_reader_next(r, &event)) == 1) {
		struct event want = sample_expected(&rows[n]);
		assert_true(sample_same(&event, &want));
		n++;
	}
	segment_reader_free(r);
	if (e == 0 && got == 0)
		assert_int_equal(n, ROWS);
	return e ? e : got;
}

static int write_one(void *user)
{
	struct bytes out = { 0 };
	(void)user;
	int e = written(&out);
	/* What is said to be written is: the same rows come back. */
	if (e == 0)
		e = read_all(&out);
	bytes_release(&out);
	return e;
}

static int read_one(void *user)
{
	(void)user;
	return read_all(&good);
}

static void both(const char *write_name, const char *read_name)
{
	assert_int_equal(written(&good), 0);
	struct failing_work work = { write_name, fresh, write_one, NULL, NULL, false };
	failing_sweep(&work, FAILING_MEMORY);
	work = (struct failing_work){ read_name, fresh, read_one, NULL, NULL, false };
	failing_sweep(&work, FAILING_MEMORY);
	bytes_release(&good);
	good = (struct bytes){ 0 };
}

static void test_journal(void **state)
{
	(void)state;
	seal = false;
	both("a journal is written", "a journal is read");
}

static void test_sealed(void **state)
{
	(void)state;
	seal = true;
	both("a sealed segment is written", "a sealed segment is read");
}

static int setup(void **state)
{
	struct sample s = { .state = 7 };
	(void)state;
	for (int i = 0; i < ROWS; i++) {
		sample_wild(i < 300 ? SAMPLE_DESK : SAMPLE_EXTREME, &s, (unsigned)i, &rows[i]);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_journal), cmocka_unit_test(test_sealed) };
	return cmocka_run_group_tests(tests, setup, NULL);
}
