/* SPDX-License-Identifier: Apache-2.0 */
/* Forgetting a part of a spool, and completing what a crash left in one, while memory fails or files cannot be read, at every call in turn. */
#include "../format/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/store/recover.h"
#include "../lib/failing.h"
#include "harness.h"
#include "keep_world.h"

static char root[64], data[128], name[SPOOL_NAME_MAX];
static struct world world;
static struct event rows[WORLD_ROWS];
static struct world_read before, after;

static void setup_spool(const char *as, bool part)
{
	char command[400];
	harness_remove(data);
	assert_int_equal(mkdir(data, 0700), 0);
	world_init(&world, data);
	for (int i = 0; i < 2; i++) {
		int64_t t = WORLD_T0 + i * 600 * WORLD_SECOND;
		int n = world_rows(t, 60, rows);
		(part ? world_part(&world, "study-a", t, rows, n, name) : world_segment(&world, "study-a", t, rows, n, i == 1, name));
	}
	world_read(&world, world.keyring, "study-a", &before);
	snprintf(command, sizeof command, "cp -a %s %s/%s", data, root, as);
	assert_int_equal(system(command), 0);
}

static void fresh(void *user)
{
	char command[400];
	snprintf(command, sizeof command, "rm -rf %s && cp -a %s/%s %s", data, root, (const char *)user, data);
	assert_int_equal(system(command), 0);
}

static void done(void)
{
	world_release(&world);
	world_read_release(&before);
	world_read_release(&after);
}

static int setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/assent-failing-keep-XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(data, sizeof data, "%s/data", root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	harness_remove(root);
	return 0;
}

static int forget(void *user)
{
	const struct keep_choice choice = { .since_us = WORLD_T0 + 40 * WORLD_SECOND, .until_us = WORLD_T0 + 630 * WORLD_SECOND, .asked_us = INT64_MAX };
	struct keep_forgotten found = { 0 };
	(void)user;
	int e = keep_look(&world.places, world.keyring, &choice, &found);
	spool_list_release(&found.again);
	if (e == 0) {
		e = keep_forget(&world.places, world.identity, world.keyring, &choice, &found);
		spool_list_release(&found.again);
	}
	return e;
}

static bool same(const struct world_read *a, const struct world_read *b)
{
	bool is = a->count == b->count && !a->unreadable && !b->unreadable;
	for (int i = 0; is && i < a->count; i++)
		is = world_same(&a->event[i], &b->event[i]);
	return is;
}

static void whole_or_not(void *user, int result, const char *how, int nth)
{
	struct world_read now;
	(void)user;
	assert_int_equal(keep_settle(data), 0);
	world_read(&world, world.keyring, "study-a", &now);
	if (!same(&now, &after) && (result == 0 || !same(&now, &before)))
		fail_msg("%s, call %d: told %d, and it is neither before nor after", how, nth, result);
	world_read_release(&now);
}

static void test_forget(void **state)
{
	(void)state;
	setup_spool("finished", false);
	assert_int_equal(forget(NULL), 0);
	world_read(&world, world.keyring, "study-a", &after);
	assert_true(after.count < before.count);
	struct failing_work work = { "forgetting", fresh, forget, whole_or_not, "finished", true };
	failing_sweep(&work, FAILING_MEMORY | FAILING_READS);
	done();
}

static int recover(void *user)
{
	char path[400];
	(void)user;
	snprintf(path, sizeof path, "%s/spool/study-a", data);
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return ERROR_IO;
	int e = recover_spool(directory, "study-a", NULL);
	close(directory);
	return e;
}

/* At each moment all that was flushed can be read, as a .part or as a .seg. */
static void nothing_lost(void *user, int result, const char *how, int nth)
{
	struct world_read now;
	int events = 0;
	(void)user;
	(void)result;
	world_read(&world, world.keyring, "study-a", &now);
	for (int i = 0; i < now.count; i++)
		events += !(now.event[i].kind == EVENT_GAP && now.event[i].reason == REASON_CRASH);
	if (events != before.count || now.unreadable || now.segments != 2)
		fail_msg("%s, call %d: %d rows of %d, %d segments", how, nth, events, before.count, now.segments);
	world_read_release(&now);
}

static void test_recover(void **state)
{
	(void)state;
	setup_spool("crashed", true);
	struct failing_work work = { "completing what a crash left", fresh, recover, nothing_lost, "crashed", false };
	failing_sweep(&work, FAILING_MEMORY | FAILING_READS | FAILING_FILES);
	done();
}

/* What is no journal of ours is let alone, or set aside. */
static void test_strange(void **state)
{
	char path[512], long_name[160];
	(void)state;
	setup_spool("strange", true);
	memset(long_name, 'x', sizeof long_name);
	snprintf(long_name + 120, 20, ".part");
	const struct { const char *name, *content; bool there; } files[] = {
		{ "empty.part", "", false }, { "short.part", "no", false }, { long_name, "?", true }, { "x.sealed.tmp", "half", false },
		{ "20260501T120000Z-0f3a9c11.part", "this is no segment, and long enough for a header, were it one: it is set aside ....", false },
	};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/spool/study-a/%s", data, files[i].name);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		assert_true(fd >= 0 && write(fd, files[i].content, strlen(files[i].content)) >= 0);
		close(fd);
	}
	snprintf(path, sizeof path, "%s/spool/study-a/folder.part", data);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(recover(NULL), 0);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/spool/study-a/%s", data, files[i].name);
		if ((access(path, F_OK) == 0) != files[i].there)
			fail_msg("%s", files[i].name);
	}
	snprintf(path, sizeof path, "%s/spool/study-a", data);
	assert_int_equal(harness_count(path, ".damaged"), 2);
	assert_int_equal(harness_count(path, ".seg"), 2);
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forget), cmocka_unit_test(test_recover), cmocka_unit_test(test_strange),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
