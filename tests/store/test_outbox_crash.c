/* SPDX-License-Identifier: Apache-2.0 */
/* Releasing and calling back, interrupted: what a kill, a refusal or a full disk at any moment leaves behind. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../agent/store/released.h"
#include "scene.h"
#include "step.h"

struct job { struct scene *scene; bool revoke; };

static int run_job(void *user)
{
	struct job *j = user;
	struct scene *s = j->scene;
	struct outbox_report report;
	struct outbox_request request = scene_request(s, false);
	int count;
	char id[33];
	if (j->revoke)
		return outbox_revoke(&s->places, s->identity, "study-a", NULL, 0, TOMBSTONE_WITHDRAWN, &count, id) != 0;
	return outbox_release(&s->places, s->identity, NULL, &request, &report) != 0 || report.failed;
}

static void keep_scene(const struct scene *s) { scene_shell("rm -rf %s/kept && cp -a %s %s/kept", s->root, s->places.data, s->root); }
static void restore_scene(const struct scene *s) { scene_shell("rm -rf %s && cp -a %s/kept %s", s->places.data, s->root, s->places.data); }

/* A key is out there only with its segment, whole; a segment only with receipts. Is the key there? */
static bool all_or_nothing(const struct scene *s, const char *name)
{
	bool seg = scene_has(s, "outbox/study-a/%s/%s.seg", s->given.pseudonym, name);
	bool key = scene_has(s, "outbox/study-a/%s/%s.key", s->given.pseudonym, name);
	if (key)
		scene_check(s, name);
	assert_true(seg || !key);
	assert_true(!seg || scene_has(s, "outbox/study-a/%s/receipts.jsonl", s->given.pseudonym));
	return key;
}

static void killed_while_releasing(void **state)
{
	(void)state;
	struct scene s;
	struct outbox_counts n;
	char name[3][41];
	int call, result = -1;
	scene_begin(&s, "72h");
	for (int i = 0; i < 3; i++)
		scene_record(&s, "study-a", s.receipt_hash, T0 + i * DAY, T0 + 4 * DAY, name[i]);
	keep_scene(&s);
	struct job job = {.scene = &s};
	for (call = 0; call < 5000; call++) {
		restore_scene(&s);
		bool killed = step_killed_at(call, run_job, &job, &result);
		/* Whatever is out there is whole, known, and its receipts are with it. */
		struct released r;
		assert_int_equal(released_load(s.places.data, &r), 0);
		assert_int_equal(r.damaged, 0);
		for (int i = 0; i < 3; i++) {
			all_or_nothing(&s, name[i]);
			assert_true(!scene_has(&s, "outbox/study-a/%s/%s.seg", s.given.pseudonym, name[i]) || released_find(&r, name[i]));
		}
		/* Nothing of it was collected: it must not look so. */
		assert_int_equal(outbox_count(&s.places, NULL, NULL, 0, &n), 0);
		assert_int_equal(n.collected, 0);
		assert_int_equal(n.held + n.released, 3);
		released_release(&r);
		if (!killed)
			break;
		assert_int_equal(run_job(&job), 0);
		for (int i = 0; i < 3; i++)
			scene_check(&s, name[i]);
		assert_int_equal(scene_files(&s, "outbox.tmp", "", false), 0);
		assert_int_equal(scene_files(&s, "outbox", ".seg", true), 3);
	}
	assert_int_equal(result, 0);
	print_message("# release of 3 segments: killed at each of %d system calls\n", call);
	scene_end(&s);
}

/* A disk that refuses one call that changes files, each in turn: what is out there is whole, and who comes again completes it. */
static void refused_while_releasing(void **state)
{
	(void)state;
	struct scene s;
	struct outbox_counts n;
	char name[2][41];
	int call, result = -1;
	scene_begin(&s, "72h");
	for (int i = 0; i < 2; i++)
		scene_record(&s, "study-a", s.receipt_hash, T0 + i * DAY, T0 + 4 * DAY, name[i]);
	keep_scene(&s);
	struct job job = {.scene = &s};
	for (call = 0; call < 5000; call++) {
		restore_scene(&s);
		bool failed = step_failed_at(call, call % 2 ? EIO : ENOSPC, run_job, &job, &result);
		assert_true(result == 0 || result == 1);
		for (int i = 0; i < 2; i++) {
			bool released = all_or_nothing(&s, name[i]);
			/* Nor is it said to be done when it is not. */
			assert_true(result != 0 || released);
		}
		assert_int_equal(outbox_count(&s.places, NULL, NULL, 0, &n), 0);
		assert_int_equal(n.collected, 0);
		assert_int_equal(n.held + n.released, 2);
		if (!failed)
			break;
		assert_int_equal(run_job(&job), 0);
		for (int i = 0; i < 2; i++)
			scene_check(&s, name[i]);
		assert_int_equal(scene_files(&s, "outbox.tmp", "", false), 0);
		assert_int_equal(scene_files(&s, "outbox", ".seg", true), 2);
	}
	assert_int_equal(result, 0);
	assert_true(call > 20);
	print_message("# release of 2 segments: no space, or an error, at each of %d calls that change files\n", call);
	scene_end(&s);
}

/* Every tombstone out there: how many segments they name. */
static int buried(const struct scene *s)
{
	char path[2048], file[4096];
	int count = 0;
	DIR *dir = opendir(scene_path(s, "", "", path));
	for (struct dirent *e; dir && (e = readdir(dir));) {
		struct tombstone t;
		const char *what;
		size_t length;
		size_t n = strlen(e->d_name);
		if (n < 10 || strcmp(e->d_name + n - 10, ".tombstone") != 0)
			continue;
		snprintf(file, sizeof file, "%s/%s", path, e->d_name);
		char *text = scene_slurp(file, &length);
		assert_int_equal(tombstone_parse(text, length, &t, &what), 0);
		free(text);
		if (t.count > count)
			count = t.count;
		tombstone_release(&t);
	}
	if (dir)
		closedir(dir);
	return count;
}

static void killed_while_calling_back(void **state)
{
	(void)state;
	struct scene s;
	struct outbox_counts n;
	char name[3][41];
	int call, result = -1;
	scene_begin(&s, "72h");
	for (int i = 0; i < 3; i++)
		scene_record(&s, "study-a", s.receipt_hash, T0 + i * DAY, T0 + 4 * DAY, name[i]);
	assert_int_equal(scene_release(&s, false).released, 3);
	/* One was collected. */
	scene_shell("rm %s/outbox/study-a/%s/%s.*", s.places.data, s.given.pseudonym, name[1]);
	keep_scene(&s);
	struct job job = {.scene = &s, .revoke = true};
	for (call = 0; call < 5000; call++) {
		restore_scene(&s);
		bool killed = step_killed_at(call, run_job, &job, &result);
		/* A key without its segment has left no trace of itself that could be read, and a tombstone is true when it is seen. */
		int told = buried(&s);
		assert_true(told == 0 || told == 3);
		if (told)
			assert_int_equal(scene_files(&s, "outbox", ".key", true) + scene_files(&s, "outbox", ".seg", true), 0);
		/* Told, or still known as not told: never in between. */
		assert_int_equal(outbox_count(&s.places, NULL, NULL, 0, &n), 0);
		assert_true(n.released == 3 || n.tombstones >= 1);
		assert_int_equal(n.tombstones_collected, 0);
		if (!killed)
			break;
		assert_int_equal(run_job(&job), 0);
		assert_int_equal(buried(&s), 3);
		assert_int_equal(scene_files(&s, "outbox", ".key", true) + scene_files(&s, "outbox", ".seg", true), 0);
		assert_int_equal(scene_files(&s, "outbox.tmp", "", false), 0);
		/* And a release afterwards brings nothing back. */
		if (call % 8 == 0) {
			assert_int_equal(scene_release(&s, true).released, 0);
			assert_int_equal(scene_files(&s, "outbox", ".key", true), 0);
		}
	}
	assert_int_equal(result, 0);
	print_message("# calling back 3 segments: killed at each of %d system calls\n", call);
	scene_end(&s);
}

/* A disk that takes no more than so many bytes a file. */
static void a_disk_that_is_full(void **state)
{
	(void)state;
	struct scene s;
	char name[2][41];
	scene_begin(&s, "72h");
	for (int i = 0; i < 2; i++)
		scene_record(&s, "study-a", s.receipt_hash, T0 + i * DAY, T0 + 4 * DAY, name[i]);
	static const rlim_t room[] = {0, 100, 700, 2500, 4000};
	keep_scene(&s);
	for (size_t i = 0; i < sizeof room / sizeof *room; i++) {
		restore_scene(&s);
		pid_t pid = fork();
		if (pid == 0) {
			struct rlimit limit = {room[i], room[i]};
			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &limit);
			struct outbox_report report;
			struct outbox_request request = scene_request(&s, false);
			outbox_release(&s.places, s.identity, NULL, &request, &report);
			_exit(report.released);
		}
		int status;
		waitpid(pid, &status, 0);
		assert_true(WIFEXITED(status));
		int released = WEXITSTATUS(status);
		assert_int_equal(scene_files(&s, "outbox", ".key", true), released);
		for (int k = 0; k < 2; k++)
			if (scene_has(&s, "outbox/study-a/%s/%s.key", s.given.pseudonym, name[k]))
				scene_check(&s, name[k]);
		scene_release(&s, false);
		for (int k = 0; k < 2; k++)
			scene_check(&s, name[k]);
	}
	/* Erasing needs no room for what matters: the keys go, the error is told. */
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit limit = {0, 0};
		int count;
		char id[33];
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(outbox_revoke(&s.places, s.identity, "study-a", NULL, 0, TOMBSTONE_WITHDRAWN, &count, id) ? 9 : 0);
	}
	int status;
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 9);
	assert_int_equal(scene_files(&s, "outbox", ".key", true) + scene_files(&s, "outbox", ".seg", true), 0);
	struct job job = {.scene = &s, .revoke = true};
	assert_int_equal(run_job(&job), 0);
	assert_int_equal(buried(&s), 2);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_while_releasing),
		cmocka_unit_test(refused_while_releasing),
		cmocka_unit_test(killed_while_calling_back),
		cmocka_unit_test(a_disk_that_is_full),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
