/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 of the writer at any instant: what was flushed is readable at once, and the next start says what is lost. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../agent/base/clock.h"
#include "../../agent/cli/cli.h"
#include "../../agent/store/sealer.h"
#include "../../agent/store/spool.h"
#include "harness.h"

enum { ROUNDS = 40 };

static void killed_at_any_instant(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	int next = 0, crashes = 0;
	unsigned seed = 20260501;
	h->options.flush_us = 1000;
	h->options.segment_bytes = 3000; /* so that some die while they rotate */
	/* How long one takes to begin depends on the machine, and on who watches it. */
	int64_t begun = clock_mono_us();
	harness_start(h);
	harness_send(h, next, 1, 0);
	harness_wait(&h->stats->count.written, 1);
	assert_int_equal(harness_stop(h), 0);
	next++;
	int64_t most = 25000 + 2 * (clock_mono_us() - begun);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t written = h->stats->count.written;
		harness_start(h);
		int64_t until = clock_mono_us() + rand_r(&seed) % most;
		while (clock_mono_us() < until) {
			int count = 1 + rand_r(&seed) % 200;
			harness_send(h, next, count, MSG_DONTWAIT);
			next += count;
			usleep((useconds_t)(rand_r(&seed) % 1500));
		}
		harness_kill(h);
		harness_read(h, h->spool, &f);
		assert_true(f.events >= (int)h->stats->count.written);
		/* Only what is not recovered yet is torn: the segment in hand and, in the middle of a rotation, the one before. Those before that are
		 * whole, and wait for being sealed. */
		assert_in_range(f.parts, 0, 2 + SEALER_QUEUE);
		assert_in_range(f.broken, 0, f.parts < 2 ? f.parts : 2);
		/* Whatever there is can be read: a key is there before what it opens. */
		assert_int_equal(f.keyless, 0);
		/* Once it has begun, there is no instant at which it can die unnoticed. */
		if (h->stats->count.written > written) {
			assert_true(f.parts > 0);
			crashes++;
		}
		/* Every fourth time the one that mends dies too. */
		if (round % 4 == 3) {
			harness_start(h);
			usleep((useconds_t)(rand_r(&seed) % 4000));
			harness_kill(h);
		}
	}
	harness_start(h);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_true(f.events >= (int)h->stats->count.written);
	assert_int_equal(f.parts + f.broken + f.damaged + f.keyless + harness_count(h->spool, ".sealed.tmp"), 0);
	assert_true(crashes > ROUNDS / 4);
	/* Both have been: killed before it, and after. */
	assert_true(f.sealed > 0 && f.journals > 0);
	assert_true(f.gaps[REASON_CRASH] >= crashes);
	assert_int_equal(harness_verify(h->spool), EXIT_DONE);
}

static void the_gap_is_where_the_loss_is(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	h->options.flush_us = 1000;
	harness_start(h);
	harness_send(h, 0, 500, 0);
	harness_wait(&h->stats->count.written, 500);
	harness_kill(h);
	assert_int_equal(harness_verify(h->spool), EXIT_FAILED); /* torn, and nobody is writing it */
	int64_t before = clock_utc_us();
	harness_start(h);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 500);
	assert_int_equal(f.segments, 1);
	assert_int_equal(f.parts + f.broken, 0);
	assert_int_equal(f.gaps[REASON_CRASH], 1);
	assert_int_equal(f.gap_t_us, harness_event(499).t_us);
	assert_true(f.gap_end_us >= before);
	assert_int_equal(h->stats->count.recovered, 1);
	assert_int_equal(harness_verify(h->spool), EXIT_DONE);
	/* And it is not mended twice. */
	harness_start(h);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.gaps[REASON_CRASH], 1);
}

/* A .part cut at every byte, as a file system may leave it after a power cut. */
static void cut_at_every_byte(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	struct spool_list list;
	struct spool_file whole;
	const char *input = h->spool, *what, *name;
	char path[700];
	struct keyfile k;
	uint8_t key[SEGMENT_KEY];
	harness_start(h);
	for (int i = 0; i < 3; i++) {
		h->options.flush_us = 1000;
		harness_send(h, i * 20, 20, 0);
	}
	assert_int_equal(harness_stop(h), 0);
	assert_int_equal(spool_find(&input, 1, &list), 0);
	assert_int_equal(spool_map(list.path[0], &whole), 0);
	assert_int_equal(keyring_segment(h->keyring, list.path[0], key, &k, &what), 0);
	name = k.segment;
	int last[2] = {0}, unreadable = 0;
	for (size_t length = 0; length < whole.length; length += length < 600 ? 1 : 7) {
		char directory[600];
		snprintf(directory, sizeof directory, "%s/cut", h->root);
		assert_int_equal(mkdir(directory, 0700), 0);
		snprintf(path, sizeof path, "%s.key", name);
		int folder = open(directory, O_RDONLY | O_DIRECTORY);
		assert_int_equal(keyfile_write(folder, path, &k), 0);
		close(folder);
		snprintf(path, sizeof path, "%s/%s.part", directory, name);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		assert_int_equal(write(fd, whole.data, length), (ssize_t)length);
		/* What was written out of order may be zeros. */
		if (length % 2)
			assert_int_equal(ftruncate(fd, (off_t)length + 300), 0);
		close(fd);
		h->options.spool = directory;
		harness_start(h);
		assert_int_equal(harness_stop(h), 0);
		harness_read(h, directory, &f);
		assert_int_equal(f.parts + f.broken, 0);
		assert_int_equal(f.disorder, 0);
		assert_true(f.events >= last[length % 2]);
		last[length % 2] = f.events;
		unreadable += f.segments == 0;
		if (f.segments)
			assert_int_equal(f.gaps[REASON_CRASH], 1);
		harness_remove(directory);
	}
	assert_true(unreadable > 0 && unreadable < 600);
	assert_int_equal(last[0], 60);
	assert_int_equal(last[1], 60);
	spool_unmap(&whole);
	spool_list_release(&list);
}

/* What the next segment would have got was waiting when it was begun: its gap is from the last row of the one before on. */
static void killed_before_the_next_one_has_a_block(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	h->options.flush_us = 1000;
	h->options.segment_bytes = 3000;
	harness_start(h);
	harness_send(h, 0, 2000, 0);
	harness_wait(&h->stats->count.written, 2000);
	harness_wait(&h->stats->count.sealed, 1);
	/* All that is known of it now is its header, which was written after that. */
	usleep(20000);
	harness_kill(h);
	harness_start(h);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 2000);
	assert_int_equal(f.gaps[REASON_CRASH], 1);
	assert_true(f.gap_t_us <= harness_event(1999).t_us);
	assert_true(f.gap_t_us > harness_event(1999).t_us - 2000000);
	assert_true(f.gap_end_us > harness_event(1999).t_us);
	assert_int_equal(harness_verify(h->spool), EXIT_DONE);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, harness_setup, harness_teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_gap_is_where_the_loss_is), TEST(killed_before_the_next_one_has_a_block), TEST(killed_at_any_instant), TEST(cut_at_every_byte),
	};
	return cmocka_run_group_tests_name("store/crash", tests, NULL, NULL);
}
