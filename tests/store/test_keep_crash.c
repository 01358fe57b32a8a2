/* SPDX-License-Identifier: Apache-2.0 */
/* A forget that is killed before each of its system calls, and one whose disk refuses each of them: before or after, never half. */
#include "../format/cmocka_all.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/store/released.h"
#include "harness.h"
#include "keep_world.h"
#include "step.h"

static const char study[] = "study-a";
static char root[64], original[128], data[128];
static struct keep_choice choice;
static struct world_read before, after;

/* Folders of folders of files. */
static void copy(const char *from, const char *to)
{
	DIR *dir = opendir(from);
	assert_non_null(dir);
	assert_int_equal(mkdir(to, 0700), 0);
	for (struct dirent *e; (e = readdir(dir));) {
		char a[2048], b[2048], buffer[65536];
		struct stat st;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(a, sizeof a, "%s/%s", from, e->d_name);
		snprintf(b, sizeof b, "%s/%s", to, e->d_name);
		assert_int_equal(lstat(a, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			copy(a, b);
			continue;
		}
		int in = open(a, O_RDONLY | O_CLOEXEC), out = open(b, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st.st_mode & 0777);
		ssize_t n;
		assert_true(in >= 0 && out >= 0);
		while ((n = read(in, buffer, sizeof buffer)) > 0)
			assert_int_equal(write(out, buffer, (size_t)n), n);
		close(in);
		close(out);
	}
	closedir(dir);
}

static void fresh(struct world *w)
{
	harness_remove(data);
	copy(original, data);
	world_init(w, data);
}

static bool same(const struct world_read *a, const struct world_read *b)
{
	if (a->count != b->count || a->unreadable || b->unreadable || a->segments != b->segments)
		return false;
	for (int i = 0; i < a->count; i++)
		if (!world_same(&a->event[i], &b->event[i]))
			return false;
	return true;
}

static int body(void *user)
{
	struct world *w = user;
	struct keep_forgotten done;
	/* Not freed: a child. */
	return keep_forget(&w->places, w->identity, w->keyring, &choice, &done) ? 1 : 0;
}

/* Three segments; the choice takes the end of the first, all of the second, and the beginning of the third. The second was released. */
static int setup(void **state)
{
	(void)state;
	static struct event rows[WORLD_ROWS];
	struct world w;
	char name[SPOOL_NAME_MAX];
	int result;
	strcpy(root, "/tmp/assent-keep-crash-XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(original, sizeof original, "%s/original", root);
	snprintf(data, sizeof data, "%s/data", root);
	assert_int_equal(mkdir(original, 0700), 0);
	world_init(&w, original);
	for (int i = 0; i < 3; i++) {
		int64_t t = WORLD_T0 + i * 600 * WORLD_SECOND;
		int n = world_rows(t, 60, rows);
		world_segment(&w, study, t, rows, n, i == 1, name);
	}
	choice = (struct keep_choice){ .since_us = WORLD_T0 + 40 * WORLD_SECOND, .until_us = WORLD_T0 + 1230 * WORLD_SECOND, .asked_us = INT64_MAX };
	world_read(&w, w.keyring, study, &before);
	world_release(&w);
	fresh(&w);
	result = body(&w);
	assert_int_equal(result, 0);
	world_read(&w, w.keyring, study, &after);
	assert_true(after.count < before.count);
	assert_false(same(&before, &after));
	/* What is written anew is sealed. */
	struct spool_list list;
	const char *const inputs[] = { w.places.spool };
	assert_int_equal(spool_find(inputs, 1, &list), 0);
	assert_int_equal(list.count, 3);
	for (int i = 0; i < list.count; i++) {
		int journal, sealed;
		harness_blocks(list.path[i], &journal, &sealed);
		assert_int_equal(journal, 0);
		assert_true(sealed > 0);
	}
	spool_list_release(&list);
	world_release(&w);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_read_release(&before);
	world_read_release(&after);
	harness_remove(root);
	return 0;
}

static int count_files(const char *directory, const char *suffix)
{
	int n = 0;
	DIR *dir = opendir(directory);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		size_t a = strlen(e->d_name), b = strlen(suffix);
		n += a > b && strcmp(e->d_name + a - b, suffix) == 0;
	}
	if (dir)
		closedir(dir);
	return n;
}

/* As a reader finds it. 0: before, 1: after; anything else has failed. */
static int found(const struct world *w, const char *what, int call)
{
	struct world_read now;
	struct keep_report report;
	char path[1400];
	struct stat st;
	int is = -1;
	int settled = keep_settle(data);
	if (settled)
		fail_msg("%s %d: a reader cannot settle it: %d", what, call, settled);
	world_read(w, w->keyring, study, &now);
	if (same(&now, &before))
		is = 0;
	else if (same(&now, &after))
		is = 1;
	if (is < 0)
		fail_msg("%s %d: neither before nor after: %d rows in %d segments, %d unreadable", what, call, now.count, now.segments, now.unreadable);
	world_read_release(&now);
	/* What is left over goes with the next who takes the lock; recipients are told exactly if it was done. */
	assert_int_equal(keep_expire(&w->places, w->identity, 0, WORLD_T0, &report), 0);
	assert_int_equal(report.removed, 0);
	snprintf(path, sizeof path, "%s/%s", w->places.spool, study);
	assert_int_equal(count_files(path, ".new"), 0);
	assert_int_equal(count_files(path, ".seg"), 3);
	assert_int_equal(count_files(path, ".key"), 3);
	snprintf(path, sizeof path, "%s/.forget", w->places.spool);
	assert_int_equal(lstat(path, &st), -1);
	struct released r;
	int gone = 0;
	assert_int_equal(released_load(data, &r), 0);
	for (int i = 0; i < r.count; i++)
		gone += r.entry[i].gone;
	released_release(&r);
	if (gone != is)
		fail_msg("%s %d: it is %s, and %d segments are called back", what, call, is ? "done" : "not done", gone);
	snprintf(path, sizeof path, "%s/tombstones", data);
	assert_int_equal(count_files(path, ".tombstone") > 0, is);
	world_read(w, w->keyring, study, &now);
	assert_true(same(&now, is ? &after : &before));
	world_read_release(&now);
	return is;
}

static void killed_at_each_call(void **state)
{
	(void)state;
	struct world w;
	int result = 1, last = 0, first_done = -1, last_not = -1, call = 0;
	for (bool killed = true; killed; call++) {
		fresh(&w);
		killed = step_killed_at(call, body, &w, &result);
		int is = found(&w, "killed before call", call);
		if (is && first_done < 0)
			first_done = call;
		if (!is)
			last_not = call;
		last = is;
		world_release(&w);
	}
	print_message("killed before each of %d system calls\n", call - 1);
	assert_int_equal(result, 0);
	assert_int_equal(last, 1);
	/* There is one moment. But which call it is differs by a few between runs: names are random, and so is where memory ends. */
	print_message("the moment: between call %d and call %d\n", first_done - 1, last_not + 1);
	assert_true(last_not - first_done < 10);
}

static void refused(int error)
{
	struct world w;
	int result = 1, call = 0;
	for (bool failed = true; failed; call++) {
		fresh(&w);
		failed = step_failed_at(call, error, body, &w, &result);
		int is = found(&w, error == ENOSPC ? "no space at write" : "error at write", call);
		/* Success is said only where it was done. */
		if (result == 0)
			assert_int_equal(is, 1);
		assert_true(result == 0 || result == 1);
		world_release(&w);
	}
	print_message("%s at each of %d calls that change files\n", strerror(error), call - 1);
	assert_true(call > 20);
	assert_int_equal(result, 0);
}

/* What a crash left of sealing, beside a segment and alone: it goes, whoever comes first, and with what it belongs to. */
static void what_sealing_left_goes(void **state)
{
	(void)state;
	struct world w;
	struct keep_report report;
	struct keep_erased erased;
	struct spool_list list;
	char path[1400];
	const char *const inputs[] = { data };
	for (int round = 0; round < 4; round++) {
		fresh(&w);
		assert_int_equal(spool_find(inputs, 1, &list), 0);
		for (int i = 0; i < 2; i++) {
			snprintf(path, sizeof path, "%s", list.path[1]);
			if (i)
				snprintf(path, sizeof path, "%s/%s/20260501T115900Z-0f3a9c11.seg", w.places.spool, study);
			strcpy(path + strlen(path) - 4, ".sealed.tmp");
			int fd = open(path, O_WRONLY | O_CREAT, 0600);
			assert_int_equal(write(fd, "half", 4), 4);
			close(fd);
		}
		spool_list_release(&list);
		snprintf(path, sizeof path, "%s/%s", w.places.spool, study);
		if (round == 0) {
			assert_int_equal(keep_expire(&w.places, w.identity, 0, WORLD_T0, &report), 0);
			assert_int_equal(count_files(path, ".seg"), 3);
		} else if (round == 1) {
			assert_int_equal(keep_expire(&w.places, w.identity, 1, WORLD_T0 + 3600 * WORLD_SECOND, &report), 0);
			assert_int_equal(report.removed, 3);
		} else if (round == 2) {
			assert_int_equal(body(&w), 0);
			assert_int_equal(count_files(path, ".seg"), 3);
		} else {
			assert_int_equal(keep_erase(&w.places, study, &erased), 0);
			assert_int_equal(access(path, F_OK), -1);
		}
		assert_int_equal(count_files(path, ".sealed.tmp"), 0);
		world_release(&w);
	}
}

static void disk_full_at_each_call(void **state)
{
	(void)state;
	refused(ENOSPC);
}

static void disk_failing_at_each_call(void **state)
{
	(void)state;
	refused(EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_sealing_left_goes),
		cmocka_unit_test(killed_at_each_call),
		cmocka_unit_test(disk_full_at_each_call),
		cmocka_unit_test(disk_failing_at_each_call),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
