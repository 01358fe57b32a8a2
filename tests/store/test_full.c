/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that is full: a small tmpfs in a mount namespace of our own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../agent/error.h"
#include "../../agent/store/sink.h"
#include "harness.h"

enum { DISK = 1 << 20 };

static char filler[700];

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	if (fd < 0)
		return false;
	bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

/* Once for all tests. Where unprivileged users may have namespaces, an ordinary user will do. */
static bool enter_namespace(void)
{
	static bool entered;
	char uids[32], gids[32];
	if (entered)
		return true;
	snprintf(uids, sizeof uids, "0 %u 1", (unsigned)getuid());
	snprintf(gids, sizeof gids, "0 %u 1", (unsigned)getgid());
	if (unshare(CLONE_NEWNS) < 0 &&
	    (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || !put("/proc/self/setgroups", "deny") ||
	     !put("/proc/self/uid_map", uids) || !put("/proc/self/gid_map", gids)))
		return false;
	entered = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return entered;
}

static bool small_disk(const char *path)
{
	char option[32];
	snprintf(option, sizeof option, "size=%d,mode=0700", DISK);
	return enter_namespace() && mount("tmpfs", path, "tmpfs", 0, option) == 0;
}

static int setup(void **state)
{
	struct harness *h = calloc(1, sizeof *h);
	harness_init(h);
	*state = h;
	h->options.flush_us = 1000;
	h->options.retry_us = 100000;
	if (!small_disk(h->spool)) {
		print_message("no mount namespace here (%s): skipped\n", strerror(errno));
		harness_release(h);
		free(h);
		*state = NULL;
		return 0;
	}
	snprintf(filler, sizeof filler, "%s/filler", h->spool);
	return 0;
}

static int teardown(void **state)
{
	struct harness *h = *state;
	if (!h)
		return 0;
	if (h->pid > 0)
		harness_kill(h);
	umount2(h->spool, MNT_DETACH);
	harness_release(h);
	free(h);
	return 0;
}

static void fill_up(void)
{
	static const char zeros[4096];
	int fd = open(filler, O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_true(fd >= 0);
	for (size_t piece = sizeof zeros; piece > 0; piece /= 2)
		while (write(fd, zeros, piece) > 0)
			;
	close(fd);
}

static void await_log(struct harness *h, const char *text)
{
	for (int i = 0; i < 1000 && !strstr(harness_log(h), text); i++)
		usleep(10000);
	assert_non_null(strstr(harness_log(h), text));
}

/* Shorter than what it can hold: late, but whole, and no gap. */
static void short_trouble_loses_nothing(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	if (!h)
		skip();
	harness_start(h);
	harness_send(h, 0, 1000, 0);
	harness_wait(&h->stats->count.written, 1000);
	fill_up();
	harness_send(h, 1000, 30000, 0);
	await_log(h, "cannot write");
	/* What is there remains readable, and is not torn. */
	harness_read(h, h->spool, &f);
	assert_true(f.events >= 1000);
	assert_int_equal(unlink(filler), 0);
	harness_wait(&h->stats->count.written, 31000);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 31000);
	assert_int_equal(f.disorder + f.broken + f.parts + f.gaps[REASON_DISK_FULL], 0);
}

static void long_trouble_is_a_counted_gap(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	if (!h)
		skip();
	harness_start(h);
	harness_send(h, 0, 1000, 0);
	harness_wait(&h->stats->count.written, 1000);
	fill_up();
	harness_send(h, 1000, 150000, 0);
	await_log(h, "cannot write");
	usleep(300000);
	assert_int_equal(unlink(filler), 0);
	await_log(h, "writing to ");
	harness_send(h, 151000, 500, 0);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.gaps[REASON_DISK_FULL], 1);
	assert_true(f.lost > 0);
	assert_int_equal(f.events + f.lost, 151500);
	assert_int_equal(f.lost, h->stats->count.lost);
	/* It held what it promises to, and the gap is the only hole. */
	assert_true(f.events >= 1000 + WRITER_HOLD_EVENTS);
	assert_int_equal(f.disorder, 1);
	assert_int_equal(f.broken + f.parts, 0);
	assert_true(f.gap_end_us > f.gap_t_us);
}

/* The end comes while it is full: said, what was flushed is there, and the next start mends the file. */
static void the_end_while_full(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	if (!h)
		skip();
	harness_start(h);
	harness_send(h, 0, 1000, 0);
	harness_wait(&h->stats->count.written, 1000);
	fill_up();
	harness_send(h, 1000, 30000, 0);
	assert_int_equal(harness_stop(h), -ERROR_IO);
	assert_non_null(strstr(harness_log(h), "could not be"));
	assert_int_equal(unlink(filler), 0);
	harness_start(h);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_true(f.events >= 1000);
	assert_int_equal(f.broken + f.parts + f.disorder, 0);
	assert_int_equal(f.gaps[REASON_CRASH], 1);
}

/* Full when the segment is to be finished: the events that come meanwhile are a segment of their own. */
static void full_while_rotating(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	if (!h)
		skip();
	h->options.segment_bytes = 4000;
	harness_start(h);
	int sent = 0;
	for (int i = 0; i < 12; i++) {
		fill_up();
		harness_send(h, sent, 700, 0);
		sent += 700;
		usleep(130000);
		assert_int_equal(unlink(filler), 0);
		usleep(120000);
		harness_send(h, sent, 300, 0);
		sent += 300;
	}
	harness_wait(&h->stats->count.written, (uint64_t)sent);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, sent);
	assert_true(f.segments > 1);
	assert_int_equal(f.disorder + f.broken + f.parts, 0);
}

/* A segment to be sealed on a disk with so many pages left: it is, or stays a journal, and is whole; room that was taken in vain is given back. */
static struct harness_found seal_with_room(struct harness *h, int pages)
{
	enum { EVENTS = 6000 };
	struct harness_found f;
	struct stat st;
	struct sink *s = calloc(1, sizeof *s);
	int directory = open(h->spool, O_RDONLY | O_DIRECTORY);
	assert_true(s && directory >= 0);
	sink_init(s, directory, &h->options);
	assert_int_equal(sink_start(s), 0);
	for (int i = 0; i < EVENTS; i++) {
		struct event e = harness_event(i);
		assert_int_equal(sink_event(s, &e), 0);
		if (i % 1000 == 999)
			assert_int_equal(sink_flush(s, false), 0);
	}
	assert_int_equal(sink_flush(s, true), 0);
	fill_up();
	assert_int_equal(stat(filler, &st), 0);
	assert_int_equal(truncate(filler, (st.st_size + 4095) / 4096 * 4096 - pages * 4096), 0);
	for (int i = 0; i < 1000 && sealer_due(&s->sealer) != SEALER_IDLE; i++)
		sink_seal(s);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, EVENTS);
	assert_int_equal(f.disorder + f.keyless, 0);
	assert_int_equal(f.segments, 1);
	assert_int_equal(harness_count(h->spool, ".sealed.tmp"), 0);
	/* And no page is lost to it. */
	assert_int_equal(sink_finish(s), 0);
	sink_release(s);
	free(s);
	close(directory);
	assert_int_equal(harness_verify(h->spool), 0);
	return f;
}

static void empty_folder(const char *path)
{
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(dir), e->d_name, 0);
	closedir(dir);
}

static void sealing_with_little_room(void **state)
{
	struct harness *h = *state;
	int sealed = 0, journals = 0;
	if (!h)
		skip();
	int was = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
	dup2(null, STDERR_FILENO);
	for (int pages = 0; pages < 12; pages++) {
		struct harness_found f = seal_with_room(h, pages);
		assert_true(f.sealed || pages < 11);
		sealed += f.sealed;
		journals += f.journals;
		empty_folder(h->spool);
	}
	dup2(was, STDERR_FILENO);
	close(was);
	close(null);
	print_message("with 0 to 11 pages left: %d journals, %d sealed\n", journals, sealed);
	assert_true(sealed > 0 && journals > 0);
	assert_int_equal(sealed + journals, 12);
}

/* The disk fills while segments are written and sealed, and is made larger later. */
static void full_while_sealing(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	if (!h)
		skip();
	h->options.segment_bytes = 30000;
	harness_start(h);
	int sent = 0;
	while (!strstr(harness_log(h), "cannot write") && sent < 2000000) {
		harness_send(h, sent, 2000, 0);
		sent += 2000;
		usleep(10000);
	}
	assert_non_null(strstr(harness_log(h), "cannot write"));
	uint64_t written = h->stats->count.written;
	harness_read(h, h->spool, &f);
	assert_true(f.events >= (int)written);
	assert_int_equal(harness_verify(h->spool), 0);
	assert_int_equal(mount(NULL, h->spool, NULL, MS_REMOUNT, "size=64m"), 0);
	await_log(h, "writing to ");
	harness_send(h, sent, 10000, 0);
	sent += 10000;
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events + f.lost, sent);
	assert_int_equal(f.lost, h->stats->count.lost);
	assert_true(f.disorder <= f.gaps[REASON_DISK_FULL]);
	assert_int_equal(f.broken + f.parts + f.keyless + harness_count(h->spool, ".sealed.tmp"), 0);
	assert_true(f.sealed > 5);
	assert_int_equal(harness_verify(h->spool), 0);
	print_message("%d rows in %d segments, %d sealed, %d journals, %d rows told as lost\n", f.events, f.segments, f.sealed, f.journals, f.lost);
}

static void damaged_part_is_set_aside(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	char path[700];
	if (!h)
		skip();
	snprintf(path, sizeof path, "%s/20260501T123456Z-0f3a9c11.part", h->spool);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "this is no segment at all", 25), 25);
	close(fd);
	harness_start(h);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.parts + f.segments, 0);
	strcpy(path + strlen(path) - 5, ".damaged");
	assert_int_equal(access(path, F_OK), 0);
	assert_non_null(strstr(harness_log(h), "damaged"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(short_trouble_loses_nothing), TEST(long_trouble_is_a_counted_gap), TEST(the_end_while_full),
		TEST(full_while_rotating), TEST(sealing_with_little_room), TEST(full_while_sealing), TEST(damaged_part_is_set_aside),
	};
	return cmocka_run_group_tests_name("store/full", tests, NULL, NULL);
}
