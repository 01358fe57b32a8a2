/* SPDX-License-Identifier: Apache-2.0 */
/* Releasing, calling back, counting, auditing and deleting while memory fails, or files cannot be read, at every call in turn. That a disk refuses what changes
 * it is in test_outbox_crash.c and test_keep_crash.c. */
#include "../format/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/store/audit.h"
#include "../../agent/store/keep.h"
#include "../../agent/store/released.h"
#include "../../agent/store/spool.h"
#include "../lib/failing.h"
#include "scene.h"

static struct scene scene;
static char name[2][41];
static const char *kept;             /* which of the saved folders a run begins with */
static int told;                     /* how many were said to be released */

static void save(const char *as) { scene_shell("rm -rf %s/%s && cp -a %s %s/%s", scene.root, as, scene.places.data, scene.root, as); }

static void fresh(void *user)
{
	(void)user;
	scene_shell("rm -rf %s && cp -a %s/%s %s", scene.places.data, scene.root, kept, scene.places.data);
}

static int setup(void **state)
{
	(void)state;
	scene_begin(&scene, "72h");
	for (int i = 0; i < 2; i++)
		scene_record(&scene, "study-a", scene.receipt_hash, T0 + i * DAY, T0 + 4 * DAY, name[i]);
	save("held");
	assert_int_equal(scene_release(&scene, false).released, 2);
	save("released");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scene_end(&scene);
	return 0;
}

/* A key is out there only with its segment, whole and signed, noted, and with receipts. */
static void all_or_nothing(void *user, int result, const char *how, int nth)
{
	struct released r;
	int keys = 0;
	(void)user;
	assert_int_equal(released_load(scene.places.data, &r), 0);
	for (int i = 0; i < 2; i++) {
		bool seg = scene_has(&scene, "outbox/study-a/%s/%s.seg", scene.given.pseudonym, name[i]);
		bool key = scene_has(&scene, "outbox/study-a/%s/%s.key", scene.given.pseudonym, name[i]);
		if ((key && !seg) || (seg && !released_find(&r, name[i])) ||
		    (seg && !scene_has(&scene, "outbox/study-a/%s/receipts.jsonl", scene.given.pseudonym)))
			fail_msg("%s, call %d: told %d: segment %d, key %d", how, nth, result, seg, key);
		if (key)
			scene_check(&scene, name[i]);
		keys += key;
	}
	/* What could not be looked at is held: it is released another time. Nor is it said to be released. */
	if (result == 0 && keys < told)
		fail_msg("%s, call %d: told that %d are released, and %d are", how, nth, told, keys);
	released_release(&r);
}

static int release(void *user)
{
	struct outbox_report report;
	struct outbox_request request = scene_request(&scene, false);
	(void)user;
	int e = outbox_release(&scene.places, scene.identity, NULL, &request, &report);
	told = report.released;
	return e ? e : report.failed ? ERROR_IO : 0;
}

static void test_release(void **state)
{
	(void)state;
	struct failing_work work = { "releasing", fresh, release, all_or_nothing, NULL, false };
	kept = "held";
	failing_sweep(&work, FAILING_MEMORY | FAILING_READS);
}

/* Said to be done: no key of it is out there, and recipients are told. */
static void called_back_if_told(void *user, int result, const char *how, int nth)
{
	struct outbox_counts n;
	(void)user;
	if (result)
		return;
	assert_int_equal(outbox_count(&scene.places, NULL, NULL, 0, &n), 0);
	if (scene_files(&scene, "outbox", ".key", true) || scene_files(&scene, "outbox", ".seg", true) || n.tombstones != 1)
		fail_msg("%s, call %d: told that it is called back; %d tombstones", how, nth, n.tombstones);
}

static int call_back(void *user)
{
	int count;
	char id[33];
	(void)user;
	return outbox_revoke(&scene.places, scene.identity, "study-a", NULL, 0, TOMBSTONE_WITHDRAWN, &count, id);
}

static int recall(void *user)
{
	int count;
	char id[33];
	(void)user;
	return outbox_recall(&scene.places, scene.identity, "study-a", &count, id);
}

/* Of a recall that failed only the files are gone for certain: what is in the outbox no more was collected, as far as the next can see. */
static void test_revoke(void **state)
{
	(void)state;
	struct failing_work work = { "calling back all", fresh, call_back, called_back_if_told, NULL, false };
	kept = "released";
	failing_sweep(&work, FAILING_MEMORY | FAILING_READS);
	work = (struct failing_work){ "calling back what was not collected", fresh, recall, called_back_if_told, NULL, true };
	failing_sweep(&work, FAILING_MEMORY | FAILING_READS);
}

static int count(void *user)
{
	struct outbox_counts n;
	(void)user;
	int e = outbox_count(&scene.places, NULL, NULL, 0, &n);
	/* What could not be looked at is no count. */
	if (e == 0)
		assert_true(n.held + n.released == 2);
	return e;
}

static int receipts(void *user)
{
	(void)user;
	int e = outbox_receipts(&scene.places, NULL);
	return e ? e : outbox_finish(&scene.places);
}

static int was_released(void *user)
{
	(void)user;
	int is = outbox_was_released(&scene.places, "study-a", name[0]);
	return is == 1 ? 0 : is < 0 ? is : ERROR_INVALID;
}

static void test_counting(void **state)
{
	(void)state;
	struct failing_work work = { "counting", fresh, count, NULL, NULL, false };
	kept = "released";
	told = 2;
	failing_sweep(&work, FAILING_MEMORY);
	work = (struct failing_work){ "receipts brought up to date", fresh, receipts, all_or_nothing, NULL, false };
	failing_sweep(&work, FAILING_MEMORY | FAILING_READS | FAILING_FILES);
	work = (struct failing_work){ "was it released", fresh, was_released, NULL, NULL, false };
	failing_sweep(&work, FAILING_MEMORY | FAILING_READS);
}

static int audit_released(void *user)
{
	struct audit *a = NULL;
	const char *why = NULL;
	char path[2048];
	(void)user;
	scene_path(&scene, "receipts", ".jsonl", path);
	int e = audit_new_released(path, "study-a", scene.given.pseudonym, &a, &why);
	if (e == 0)
		assert_true(audit_permits(a, 0, T0 + DAY, &why) && !audit_permits(a, 0, T0 - DAY, &why) && why);
	audit_free(a);
	return e;
}

static int find(void *user)
{
	const char *const inputs[] = { scene.places.data };
	struct spool_list list;
	struct spool_file file;
	(void)user;
	int e = spool_find(inputs, 1, &list);
	if (e)
		return e;
	assert_true(list.count == 2);
	for (int i = 0; i < 2 && e == 0; i++) {
		e = (i ? spool_copy : spool_map)(list.path[i], &file);
		if (e == 0)
			spool_unmap(&file);
	}
	spool_list_release(&list);
	return e;
}

static void test_reading(void **state)
{
	(void)state;
	struct failing_work work = { "what was released is audited", fresh, audit_released, NULL, NULL, false };
	kept = "released";
	failing_sweep(&work, FAILING_MEMORY | FAILING_READS);
	work = (struct failing_work){ "segments are found and mapped", fresh, find, NULL, NULL, false };
	failing_sweep(&work, FAILING_MEMORY);
}

/* ---- Deleting ---- */

static void keys_first(void *user, int result, const char *how, int nth)
{
	(void)user;
	int keys = scene_files(&scene, "spool", ".key", true), segments = scene_files(&scene, "spool", ".seg", true);
	if (keys > segments || (result == 0 && keys + segments))
		fail_msg("%s, call %d: told %d: %d keys, %d segments", how, nth, result, keys, segments);
}

static int expire(void *user)
{
	struct keep_report report;
	(void)user;
	int e = keep_expire(&scene.places, scene.identity, 0, T0 + 400 * DAY, &report);
	return e ? e : report.failed ? ERROR_IO : 0;
}

static int erase(void *user)
{
	struct keep_erased done;
	(void)user;
	return keep_erase(&scene.places, NULL, &done);
}

static void test_deleting(void **state)
{
	(void)state;
	struct failing_work work = { "retention ends", fresh, expire, keys_first, NULL, false };
	kept = "held";
	failing_sweep(&work, FAILING_MEMORY | FAILING_READS | FAILING_FILES);
	work = (struct failing_work){ "everything is erased", fresh, erase, keys_first, NULL, false };
	failing_sweep(&work, FAILING_MEMORY | FAILING_READS | FAILING_FILES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_release), cmocka_unit_test(test_revoke), cmocka_unit_test(test_counting), cmocka_unit_test(test_reading),
		cmocka_unit_test(test_deleting),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
