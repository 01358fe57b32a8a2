/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing, step by step: at each of them all is there, and whatever goes wrong, the journal stays. */
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
#include "../../agent/error.h"
#include "../../agent/store/sink.h"
#include "../format/sample.h"
#include "harness.h"

enum { BATCH = 5000 };

struct desk {
	struct harness h;
	struct sink sink;
	int directory, next;
	int log;                         /* what is said goes here */
	char said[8192];
};

static int setup(void **state)
{
	struct desk *d = calloc(1, sizeof *d);
	char path[600];
	harness_init(&d->h);
	d->directory = open(d->h.spool, O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof path, "%s/log", d->h.root);
	d->log = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(d->directory >= 0 && d->log >= 0);
	sink_init(&d->sink, d->directory, &d->h.options);
	assert_int_equal(sink_start(&d->sink), 0);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct desk *d = *state;
	sink_release(&d->sink);
	close(d->directory);
	close(d->log);
	harness_release(&d->h);
	free(d);
	return 0;
}

/* Runs with stderr in the log. */
static void step(struct desk *d)
{
	int stderr_was = dup(STDERR_FILENO);
	dup2(d->log, STDERR_FILENO);
	sink_seal(&d->sink);
	dup2(stderr_was, STDERR_FILENO);
	close(stderr_was);
}

static const char *said(struct desk *d)
{
	ssize_t n = pread(d->log, d->said, sizeof d->said - 1, 0);
	d->said[n > 0 ? n : 0] = 0;
	return d->said;
}

static bool idle(const struct desk *d) { return sealer_due(&d->sink.sealer) == SEALER_IDLE; }

static void finish_sealing(struct desk *d)
{
	for (int i = 0; i < 10000 && !idle(d); i++)
		step(d);
	assert_true(idle(d));
}

/* A segment of so many events, closed: a journal of some blocks. */
static void record(struct desk *d, int events)
{
	sink_device(&d->sink, 3, DEVICE_TOUCHPAD);
	for (int i = 0; i < events; i++) {
		struct event e = harness_event(d->next++);
		if (i % BATCH == 0)
			assert_int_equal(sink_flush(&d->sink, false), 0);
		assert_int_equal(sink_event(&d->sink, &e), 0);
	}
	assert_int_equal(sink_flush(&d->sink, true), 0);
}

static struct harness_found found(struct desk *d)
{
	struct harness_found f;
	harness_read(&d->h, d->h.spool, &f);
	return f;
}

/* All that was recorded, in order; no file half done. in_hand: there is the .part of the segment in hand, which has no footer yet. */
static struct harness_found all_there(struct desk *d, int in_hand)
{
	struct harness_found f = found(d);
	assert_int_equal(f.events, d->next);
	assert_int_equal(f.disorder + f.keyless + f.damaged, 0);
	assert_int_equal(f.broken, in_hand);
	assert_int_equal(f.devices, f.segments + f.parts - in_hand);
	return f;
}

static void each_step_leaves_all_of_it(void **state)
{
	struct desk *d = *state;
	int steps = 0;
	int64_t longest = 0;
	record(d, 90000); /* more than a block of a sealed segment */
	struct harness_found f = found(d);
	assert_int_equal(f.parts, 2);
	while (!idle(d)) {
		int64_t begun = clock_mono_us();
		step(d);
		int64_t took = clock_mono_us() - begun;
		longest = took > longest ? took : longest;
		/* Reading all of it after each step would take longer than all else. */
		if (steps++ % 4 == 0)
			all_there(d, 1);
	}
	f = all_there(d, 1);
	assert_int_equal(f.parts, 1);
	assert_int_equal(f.segments, 1);
	assert_int_equal(f.sealed, 1);
	assert_int_equal(f.journals, 0);
	assert_int_equal(d->h.stats->count.sealed, 1);
	assert_int_equal(harness_count(d->h.spool, ".sealed.tmp"), 0);
	assert_string_equal(said(d), "");
	print_message("90,000 rows: %d steps, the longest %.1f ms\n", steps, (double)longest / 1000);
	assert_in_range(steps, 10, 200);
}

/* Also what no row names, and the class that was named last. */
static void devices_are_kept(void **state)
{
	struct desk *d = *state;
	struct spool_list list;
	struct spool_file file;
	struct segment_reader *reader;
	struct event e;
	uint8_t key[SEGMENT_KEY];
	const char *input = d->h.spool, *what;
	sink_device(&d->sink, 7, DEVICE_TABLET);
	sink_device(&d->sink, 8, DEVICE_MOUSE);
	record(d, 10);
	sink_device(&d->sink, 9, DEVICE_KEYBOARD);
	sink_device(&d->sink, 8, DEVICE_TOUCHSCREEN);
	record(d, BATCH + 10);
	finish_sealing(d);
	assert_int_equal(spool_find(&input, 1, &list), 0);
	assert_int_equal(list.count, 3);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(spool_map(list.path[i], &file), 0);
		assert_int_equal(keyring_segment(d->h.keyring, list.path[i], key, NULL, &what), 0);
		assert_int_equal(segment_reader_new(file.data, file.length, key, &reader), 0);
		while (segment_reader_next(reader, &e) == 1)
			;
		assert_int_equal(segment_reader_device(reader, 3), DEVICE_TOUCHPAD);
		assert_int_equal(segment_reader_device(reader, 7), DEVICE_TABLET);
		assert_int_equal(segment_reader_device(reader, 8), i ? DEVICE_TOUCHSCREEN : DEVICE_MOUSE);
		assert_int_equal(segment_reader_device(reader, 9), i ? DEVICE_KEYBOARD : DEVICE_OTHER);
		segment_reader_free(reader);
		spool_unmap(&file);
	}
	spool_list_release(&list);
}

/* Steps up to where the sealed file is on the disk, and is to be read back. Its path. */
static void to_reading_back(struct desk *d, char path[700])
{
	while (d->sink.sealer.stage != SEALER_READ_BACK)
		step(d);
	snprintf(path, 700, "%s/%s.sealed.tmp", d->h.spool, d->sink.sealer.job[0].journal.name);
	assert_int_equal(access(path, F_OK), 0);
}

static void stays_a_journal(struct desk *d)
{
	finish_sealing(d);
	struct harness_found f = all_there(d, 1);
	assert_int_equal(f.segments, 1);
	assert_int_equal(f.journals, 1);
	assert_int_equal(d->h.stats->count.sealed, 0);
	assert_int_equal(harness_count(d->h.spool, ".sealed.tmp"), 0);
	const char *once = strstr(said(d), "stays a journal");
	assert_non_null(once);
	assert_null(strstr(once + 1, "stays a journal"));
}

static void a_flipped_bit_is_seen(void **state)
{
	struct desk *d = *state;
	char path[700];
	uint8_t byte;
	record(d, 3000);
	to_reading_back(d, path);
	int fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, 2000), 1);
	byte ^= 16;
	assert_int_equal(pwrite(fd, &byte, 1, 2000), 1);
	close(fd);
	stays_a_journal(d);
}

/* What the disk made of the journal itself is not sealed over. */
static void a_damaged_journal_is_left_as_it_is(void **state)
{
	struct desk *d = *state;
	char path[700];
	uint8_t byte, before[3000], after[3000];
	record(d, 3000);
	snprintf(path, sizeof path, "%s/%s.part", d->h.spool, d->sink.sealer.job[0].journal.name);
	int fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, 2000), 1);
	byte ^= 16;
	assert_int_equal(pwrite(fd, &byte, 1, 2000), 1);
	assert_int_equal(pread(fd, before, sizeof before, 0), sizeof before);
	finish_sealing(d);
	assert_int_equal(pread(fd, after, sizeof after, 0), sizeof after);
	assert_memory_equal(before, after, sizeof before);
	close(fd);
	strcpy(path + strlen(path) - 5, ".seg");
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(harness_count(d->h.spool, ".sealed.tmp"), 0);
	assert_non_null(strstr(said(d), "damaged"));
	assert_null(strstr(said(d), "stays a journal"));
}

static void a_cut_file_is_seen(void **state)
{
	struct desk *d = *state;
	char path[700];
	record(d, 3000);
	to_reading_back(d, path);
	assert_int_equal(truncate(path, 1024), 0);
	stays_a_journal(d);
}

/* A whole segment, of the same key, that says something else: as a coding that is wrong would make it. */
static void other(struct desk *d, const char *path, int what)
{
	const struct sealer *s = &d->sink.sealer;
	struct segment_reader *reader;
	struct segment_writer *writer;
	struct bytes out = { 0 };
	struct event e;
	int got, n = 0;
	assert_int_equal(segment_reader_new(s->data.data, s->data.length, s->job[0].key, &reader), 0);
	struct segment_meta meta = *segment_reader_meta(reader);
	meta.mono_us += what == 0;
	assert_int_equal(segment_writer_new(&meta, s->job[0].key, 3, &out, &writer), 0);
	segment_writer_seal(writer);
	segment_writer_device(writer, 3, what == 1 ? DEVICE_MOUSE : DEVICE_TOUCHPAD);
	while ((got = segment_reader_next(reader, &e)) == 1) {
		n++;
		e.t_us += what == 2 && n == 2999;
		e.x ^= what == 3 && n == 1;
		e.has |= what == 4 && n == 1000 ? HAS_SYNTHETIC : 0;
		if (what == 5 && n == 3000)
			continue;
		assert_int_equal(segment_writer_add(writer, &e), 0);
		if (what == 6 && n == 3000)
			assert_int_equal(segment_writer_add(writer, &e), 0);
	}
	assert_int_equal(got, 0);
	assert_int_equal(segment_writer_finish(writer, 0, &out), 0);
	int fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, out.data, out.length), (ssize_t)out.length);
	close(fd);
	bytes_release(&out);
	segment_writer_free(writer);
	segment_reader_free(reader);
}

static void another_row_is_seen(void **state)
{
	struct desk *d = *state;
	char path[700];
	for (int what = 0; what <= 6; what++) {
		record(d, 3000);
		to_reading_back(d, path);
		other(d, path, what);
		assert_int_equal(ftruncate(d->log, 0), 0);
		lseek(d->log, 0, SEEK_SET);
		finish_sealing(d);
		struct harness_found f = all_there(d, 1);
		assert_int_equal(f.journals, what + 1);
		assert_non_null(strstr(said(d), "read back"));
	}
	/* And the same rows are the same, whoever wrote them. */
	record(d, 3000);
	to_reading_back(d, path);
	other(d, path, 7);
	finish_sealing(d);
	assert_int_equal(all_there(d, 1).sealed, 1);
}

/* Erased while it is sealed: nothing of it comes back, whenever that was. */
static void what_was_removed_stays_removed(void **state)
{
	struct desk *d = *state;
	char path[700];
	bool again = true;
	int n;
	for (n = 0; again; n++) {
		char name[SPOOL_NAME_MAX];
		record(d, 100);
		strcpy(name, d->sink.sealer.job[0].journal.name);
		for (int i = 0; i < n && !idle(d); i++)
			step(d);
		again = !idle(d);
		snprintf(path, sizeof path, "%s/%s.key", d->h.spool, name);
		unlink(path);
		snprintf(path, sizeof path, "%s/%s.%s", d->h.spool, name, again ? "part" : "seg");
		assert_int_equal(unlink(path), 0);
		finish_sealing(d);
		assert_int_equal(harness_count(d->h.spool, ".seg"), 0);
		assert_int_equal(harness_count(d->h.spool, ".sealed.tmp"), 0);
		assert_int_equal(harness_count(d->h.spool, ".part"), 1);
	}
	assert_in_range(n, 6, 40);
	assert_null(strstr(said(d), "stays a journal"));
	assert_non_null(strstr(said(d), "was removed"));
}

static void the_queue_is_bounded(void **state)
{
	struct desk *d = *state;
	struct harness_found f;
	enum { MORE = 5 };
	int was = dup(STDERR_FILENO);
	dup2(d->log, STDERR_FILENO);
	for (int i = 0; i < SEALER_QUEUE + MORE; i++)
		record(d, 50);
	dup2(was, STDERR_FILENO);
	close(was);
	f = all_there(d, 1);
	assert_int_equal(f.parts, SEALER_QUEUE + 1);
	assert_int_equal(f.segments, MORE);
	finish_sealing(d);
	f = all_there(d, 1);
	assert_int_equal(f.sealed, SEALER_QUEUE);
	assert_int_equal(f.journals, MORE);
	assert_non_null(strstr(said(d), "others wait"));
}

/* The disk does not even take the journal: the room that sealing took is given back at once. */
static void it_yields(void **state)
{
	struct desk *d = *state;
	char path[700];
	record(d, 3000);
	to_reading_back(d, path);
	record(d, 300);
	int was = dup(STDERR_FILENO);
	dup2(d->log, STDERR_FILENO);
	sealer_yield(&d->sink.sealer);
	dup2(was, STDERR_FILENO);
	close(was);
	assert_int_equal(access(path, F_OK), -1);
	finish_sealing(d);
	struct harness_found f = all_there(d, 1);
	assert_int_equal(f.journals, 2);
	assert_int_equal(f.segments, 2);
	record(d, 300);
	finish_sealing(d);
	assert_int_equal(all_there(d, 1).sealed, 1);
}

static void the_end_does_not_wait_for_ever(void **state)
{
	struct desk *d = *state;
	for (int i = 0; i < 4; i++)
		record(d, 300);
	step(d);
	int was = dup(STDERR_FILENO);
	dup2(d->log, STDERR_FILENO);
	assert_int_equal(sealer_finish(&d->sink.sealer, -1, NULL), 0);
	dup2(was, STDERR_FILENO);
	close(was);
	struct harness_found f = all_there(d, 1);
	assert_int_equal(f.segments, 4);
	assert_int_equal(f.journals, 4);
	/* With time, all of them. */
	for (int i = 0; i < 4; i++)
		record(d, 300);
	assert_int_equal(sink_finish(&d->sink), 0);
	f = all_there(d, 0);
	assert_int_equal(f.sealed, 4);
	assert_int_equal(f.parts, 0);
}

/* Of a writer that ends while somebody waits, and was told until when: what is not sealed by then stays a journal. */
static void nobody_waits(void **state)
{
	struct desk *d = *state;
	for (int i = 0; i < 3; i++)
		record(d, 300);
	/* Long past. */
	atomic_store(&d->h.stats->seal_until_us, 1);
	int was = dup(STDERR_FILENO);
	dup2(d->log, STDERR_FILENO);
	assert_int_equal(sink_finish(&d->sink), 0);
	dup2(was, STDERR_FILENO);
	close(was);
	struct harness_found f = all_there(d, 0);
	assert_int_equal(f.segments, 3);
	assert_int_equal(f.journals, 3);
	assert_int_equal(f.parts, 0);
	assert_int_equal(atomic_load(&d->h.stats->count.sealed), 0);
}

/* ---- In memory: rows of every kind, with every null and extreme ---- */

static void any_row_is_the_same(void **state)
{
	(void)state;
	struct sample s = { .state = 20261122 };
	for (int round = 0; round < 12; round++) {
		struct segment_meta meta = sample_meta();
		struct bytes journal = { 0 }, out = { 0 };
		struct segment_writer *writer;
		struct sealing *sealing;
		int got, rows = round * 700;
		assert_int_equal(segment_writer_new(&meta, sample_key, 3, &journal, &writer), 0);
		for (int i = 0; i < rows; i++) {
			struct event e;
			if (round % 2)
				sample_event(&s, &e);
			else
				sample_desk(&s, (unsigned)i, &e);
			assert_int_equal(segment_writer_add(writer, &e), 0);
			if (sample_random(&s) % 500 == 0)
				assert_int_equal(segment_writer_flush(writer, SAMPLE_WRITTEN, &journal), 0);
		}
		/* Not finished: it is not its turn. */
		assert_int_equal(segment_writer_flush(writer, SAMPLE_WRITTEN, &journal), 0);
		assert_int_equal(sealing_new(journal.data, journal.length, sample_key, &out, &sealing), ERROR_CORRUPT);
		size_t good = journal.length;
		assert_int_equal(segment_writer_finish(writer, SAMPLE_WRITTEN, &journal), 0);
		segment_writer_free(writer);
		/* Cut off: it stays what it is. */
		struct segment_frame frame;
		struct bytes cut = { 0 };
		assert_int_equal(segment_frame(journal.data, good, &frame), 0);
		bytes_put(&cut, journal.data, good);
		assert_int_equal(segment_cut(frame.last_t_us, SAMPLE_WRITTEN + 1, frame.records, &cut), 0);
		assert_int_equal(sealing_new(cut.data, cut.length, sample_key, &out, &sealing), ERROR_CORRUPT);
		bytes_release(&cut);

		assert_int_equal(sealing_new(journal.data, journal.length, sample_key, &out, &sealing), 0);
		while ((got = sealing_write(sealing, &out)) == 1)
			;
		assert_int_equal(got, 0);
		assert_int_equal(sealing_read_back(sealing, out.data, out.length, sample_key), 0);
		while ((got = sealing_compare(sealing)) == 1)
			;
		assert_int_equal(got, 0);
		sealing_free(sealing);
		/* Nothing in clear tells when it was done. */
		assert_int_equal(segment_frame(out.data, out.length, &frame), 0);
		assert_true(frame.finished && frame.good == out.length && frame.last_t_us == SAMPLE_WRITTEN);
		bytes_release(&journal);
		bytes_release(&out);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_step_leaves_all_of_it), TEST(devices_are_kept), TEST(a_flipped_bit_is_seen), TEST(a_damaged_journal_is_left_as_it_is), TEST(a_cut_file_is_seen),
		TEST(another_row_is_seen), TEST(what_was_removed_stays_removed), TEST(the_queue_is_bounded), TEST(it_yields),
		TEST(the_end_does_not_wait_for_ever), TEST(nobody_waits), cmocka_unit_test(any_row_is_the_same),
	};
	return cmocka_run_group_tests_name("store/sealer", tests, NULL, NULL);
}
