/* SPDX-License-Identifier: Apache-2.0 */
/* The participant's small files (identity, ledger, secrets, marks, what was released) while memory or the disk fails, at every call in turn. */
#include "../format/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/store/audit.h"
#include "../../agent/store/keyring.h"
#include "../../agent/store/mark.h"
#include "../../agent/store/released.h"
#include "../../agent/store/secretfile.h"
#include "../../agent/store/secrets.h"
#include "../../agent/store/spool.h"
#include "../lib/failing.h"
#include "decide.h"
#include "harness.h"

#define T0 INT64_C(1777630000000000)   /* 2026-05-01 */
#define HOUR INT64_C(3600000000)

static char root[64], place[128], path[160];
static struct identity *identity;    /* of root, made in peace */
static struct study *study;

static void fresh(void *user)
{
	(void)user;
	harness_remove(place);
	assert_int_equal(mkdir(place, 0700), 0);
}

static const char *in(const char *name)
{
	snprintf(path, sizeof path, "%s/%s", place, name);
	return path;
}

static int setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/assent-failing-XXXXXX");
	if (sodium_init() < 0 || !mkdtemp(root))
		return -1;
	snprintf(place, sizeof place, "%s/place", root);
	identity = decide_identity(root);
	study = decide_study("study-a");
	return identity && study ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	study_free(study);
	identity_free(identity);
	harness_remove(root);
	return 0;
}

/* ---- Keys ---- */

static int make_identity(void *user)
{
	struct identity *made = NULL;
	(void)user;
	int e = identity_ensure(in("identity"));
	if (e == 0)
		e = identity_load(in("identity"), &made);
	assert_true((e == 0) == (made != NULL));
	identity_free(made);
	return e;
}

/* It is there, whole, or not at all. */
static void identity_whole(void *user, int result, const char *how, int nth)
{
	struct identity *made;
	(void)user;
	if (access(in("identity"), F_OK) != 0) {
		assert_true(result < 0);
		return;
	}
	if (identity_load(in("identity"), &made))
		fail_msg("%s, call %d: half an identity", how, nth);
	identity_free(made);
}

static void test_identity(void **state)
{
	(void)state;
	struct failing_work work = { "an identity is made", fresh, make_identity, identity_whole, NULL, false };
	failing_sweep(&work, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
}

static int make_recipient(void *user)
{
	uint8_t public_key[RECIPIENT_KEY], again[RECIPIENT_KEY], secret[RECIPIENT_KEY];
	bool sealed;
	(void)user;
	unlink(in("key"));
	int e = recipient_generate(in("key"), NULL, public_key);
	if (e == 0)
		e = recipient_load(in("key"), NULL, secret, again, &sealed, NULL);
	if (e == 0)
		assert_memory_equal(public_key, again, sizeof again);
	return e;
}

static void test_recipient(void **state)
{
	(void)state;
	struct failing_work work = { "a recipient's keys are made", fresh, make_recipient, NULL, NULL, false };
	failing_sweep(&work, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
}

static int new_keyring(void *user)
{
	struct keyring *k = NULL;
	(void)user;
	int e = keyring_new(&k);
	if (e == 0)
		e = keyring_add_identity(k, identity);
	keyring_free(k);
	return e;
}

static void test_keyring(void **state)
{
	(void)state;
	struct failing_work work = { "a keyring", fresh, new_keyring, NULL, NULL, false };
	failing_sweep(&work, FAILING_MEMORY);
}

/* ---- The ledger ---- */

static enum ledger_state decided;

static int append(enum ledger_state state, int64_t t_us)
{
	struct receipt r = decide_receipt(state, study, t_us, 0);
	return ledger_append(in("ledger.jsonl"), identity, &r);
}

static enum standing standing_at(int64_t now_us)
{
	struct ledger_trust trust;
	struct ledger_view view;
	ledger_trust_init(&trust, identity);
	assert_int_equal(ledger_read(in("ledger.jsonl"), &trust, now_us, &view), 0);
	return view.standing;
}

static int decide(void *user)
{
	(void)user;
	return append(decided, T0 + HOUR);
}

static void fresh_given(void *user)
{
	fresh(user);
	assert_int_equal(append(LEDGER_GIVEN, T0), 0);
}

/* Whoever was told that a yes failed has not said yes; whoever was told that it is done has. A disk that refuses also to take it back is the exception:
 * then it is as if the machine had died between writing and telling. */
static void yes_counts_if_told(void *user, int result, const char *how, int nth)
{
	enum standing s = standing_at(T0 + 2 * HOUR);
	(void)user;
	if ((result == 0) != (s == STANDING_GIVEN) && !(result && strstr(how, "from then on")))
		fail_msg("%s, call %d: told %d, and the standing is %d", how, nth, result, s);
}

/* A no that was told to be done is; one that was told to have failed is a no, or the ledger is as it was. */
static void no_counts_if_told(void *user, int result, const char *how, int nth)
{
	enum standing s = standing_at(T0 + 2 * HOUR);
	(void)user;
	if (result == 0 && s != STANDING_WITHDRAWN)
		fail_msg("%s, call %d: told that it is withdrawn, and the standing is %d", how, nth, s);
	assert_true(s == STANDING_WITHDRAWN || s == STANDING_GIVEN || s == STANDING_INVALID);
}

static void test_first_yes(void **state)
{
	(void)state;
	struct failing_work work = { "the first yes", fresh, decide, yes_counts_if_told, NULL, true };
	decided = LEDGER_GIVEN;
	failing_sweep(&work, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
}

static void test_withdrawn(void **state)
{
	(void)state;
	struct failing_work work = { "a withdrawal", fresh_given, decide, no_counts_if_told, NULL, false };
	decided = LEDGER_WITHDRAWN;
	failing_sweep(&work, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
}

static void fresh_paused(void *user)
{
	fresh_given(user);
	assert_int_equal(append(LEDGER_PAUSED, T0 + HOUR / 2), 0);
}

static void test_resumed(void **state)
{
	(void)state;
	struct failing_work work = { "resuming", fresh_paused, decide, yes_counts_if_told, NULL, true };
	decided = LEDGER_RESUMED;
	failing_sweep(&work, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
}

static int read_ledger(void *user)
{
	struct ledger_trust trust;
	struct ledger_view view = { .standing = STANDING_GIVEN };
	(void)user;
	ledger_trust_init(&trust, identity);
	int e = ledger_read(in("ledger.jsonl"), &trust, T0 + HOUR, &view);
	/* A ledger that cannot be read permits nothing, or there is an error. */
	return e ? e : view.standing == STANDING_GIVEN ? 0 : -1;
}

static void test_reading(void **state)
{
	(void)state;
	struct failing_work work = { "the ledger is read", fresh_given, read_ledger, NULL, NULL, false };
	failing_sweep(&work, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
}

static void fresh_damaged(void *user)
{
	fresh_given(user);
	int fd = open(in("ledger.jsonl"), O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 20), 1);
	close(fd);
}

static int begin_anew(void *user)
{
	struct receipt r = decide_receipt(LEDGER_WITHDRAWN, study, T0 + HOUR, 0);
	char moved[1400];
	(void)user;
	return ledger_begin_anew(in("ledger.jsonl"), identity, &r, moved, sizeof moved);
}

static void never_given(void *user, int result, const char *how, int nth)
{
	enum standing s = standing_at(T0 + 2 * HOUR);
	(void)user;
	if (s == STANDING_GIVEN || (result == 0 && s != STANDING_WITHDRAWN))
		fail_msg("%s, call %d: told %d, and the standing is %d", how, nth, result, s);
}

static void test_begun_anew(void **state)
{
	(void)state;
	struct failing_work work = { "a withdrawal from a damaged ledger", fresh_damaged, begin_anew, never_given, NULL, false };
	failing_sweep(&work, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
}

static int audit(void *user)
{
	struct audit *a = NULL;
	const char *why = NULL;
	(void)user;
	int e = audit_new(in("ledger.jsonl"), identity, &a, &why);
	if (e == ERROR_INVALID || e == ERROR_IO)
		assert_non_null(why);
	if (e == 0)
		assert_int_equal(audit_decisions(a), 1);
	audit_free(a);
	return e;
}

static void test_audit(void **state)
{
	(void)state;
	struct failing_work work = { "the ledger is audited", fresh_given, audit, NULL, NULL, false };
	failing_sweep(&work, FAILING_MEMORY | FAILING_READS);
}

/* ---- Others ---- */

static int mark(void *user)
{
	int64_t since;
	(void)user;
	int e = mark_set(in("private"), true, 42);
	/* What cannot be looked at is on. */
	bool on = mark_read(in("private"), &since);
	assert_true(e != 0 || on);
	return e;
}

static void marked_if_told(void *user, int result, const char *how, int nth)
{
	int64_t since = -1;
	bool on = mark_read(in("private"), &since);
	(void)user;
	if (result == 0 && (!on || since != 42))
		fail_msg("%s, call %d: told that it is on, and it is not", how, nth);
}

static void fresh_marked(void *user)
{
	fresh(user);
	assert_int_equal(mark_set(in("private"), true, 42), 0);
}

static int unmark(void *user)
{
	(void)user;
	return mark_set(in("private"), false, 0);
}

static void test_mark(void **state)
{
	int64_t since;
	(void)state;
	struct failing_work on = { "private mode on", fresh, mark, marked_if_told, NULL, false };
	failing_sweep(&on, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
	struct failing_work off = { "private mode off", fresh_marked, unmark, NULL, NULL, false };
	failing_sweep(&off, FAILING_FILES);
	/* Nonsense in it, or a folder: on. */
	fresh(NULL);
	int fd = open(in("private"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "-5 and so on", 12), 12);
	close(fd);
	assert_true(mark_read(in("private"), &since) && since == 0);
	unlink(in("private"));
	assert_false(mark_read(in("private"), &since));
	mkdir(in("private"), 0700);
	assert_true(mark_read(in("private"), &since));
}

static const uint32_t phrase[] = {'c', 'o', 'r', 'r', 'e', 'c', 't', 'h', 'o', 'r', 's', 'e'};

static int add_secret(void *user)
{
	struct secrets s;
	(void)user;
	int e = secrets_load(in("secrets"), &s);
	if (e == 0 && s.count == 0)
		e = secrets_add(in("secrets"), "one", phrase, 12);
	if (e == 0)
		e = secrets_load(in("secrets"), &s);
	if (e == 0)
		e = s.count == 1 && secrets_match(&s, phrase, 12) == 12 ? 0 : ERROR_INVALID;
	assert_true(e == 0 || e == ERROR_IO || e == ERROR_MEMORY || s.count == 0);
	secrets_wipe(&s);
	return e;
}

static void test_secrets(void **state)
{
	(void)state;
	struct failing_work work = { "a phrase is added", fresh, add_secret, NULL, NULL, false };
	failing_sweep(&work, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
}

static int replace_secretfile(void *user)
{
	char text[SECRETFILE_MAX + 1];
	size_t length;
	const char *what;
	(void)user;
	int lock = secretfile_lock(in("secret"));
	if (lock < 0)
		return lock;
	int e = secretfile_write(in("secret"), "new: 1\n", true);
	if (e == 0)
		e = secretfile_clean(in("secret"));
	if (e == 0)
		e = secretfile_read(in("secret"), text, &length, &what);
	if (e == 0)
		e = strcmp(text, "new: 1\n") ? ERROR_INVALID : 0;
	close(lock);
	return e;
}

static void fresh_secretfile(void *user)
{
	fresh(user);
	assert_int_equal(secretfile_write(in("secret"), "old: 1\n", false), 0);
}

static void old_or_new(void *user, int result, const char *how, int nth)
{
	char text[SECRETFILE_MAX + 1];
	size_t length;
	const char *what;
	(void)user;
	int e = secretfile_read(in("secret"), text, &length, &what);
	if (e || (strcmp(text, "new: 1\n") && (result == 0 || strcmp(text, "old: 1\n"))))
		fail_msg("%s, call %d: told %d, and it reads %d %s", how, nth, result, e, e ? what : text);
}

static void test_secretfile(void **state)
{
	(void)state;
	struct failing_work work = { "a file of secrets is replaced", fresh_secretfile, replace_secretfile, old_or_new, NULL, false };
	failing_sweep(&work, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
}

static struct released_entry entry(int i)
{
	struct released_entry e = { .t_us = T0 + i };
	snprintf(e.segment, sizeof e.segment, "20260501T1234%02dZ-0f3a9c11", i);
	strcpy(e.study, "study-a");
	memset(e.pseudonym, 'a', sizeof e.pseudonym - 1);
	memset(e.recipient, 'b', sizeof e.recipient - 1);
	return e;
}

static int note_released(void *user)
{
	struct released r = { 0 };
	struct released_entry e[2] = { entry(2), entry(1) };
	(void)user;
	int error = released_append(place, e, 2);
	if (error == 0)
		error = released_load(place, &r);
	if (error == 0)
		assert_true(r.count == 3 && !r.damaged && released_find(&r, e[1].segment));
	released_release(&r);
	return error;
}

static void fresh_released(void *user)
{
	struct released_entry e = entry(0);
	fresh(user);
	assert_int_equal(released_append(place, &e, 1), 0);
}

static void nothing_damaged(void *user, int result, const char *how, int nth)
{
	struct released r;
	(void)user;
	assert_int_equal(released_load(place, &r), 0);
	if (r.damaged || r.count < 1 || (result == 0 && r.count != 3))
		fail_msg("%s, call %d: told %d, %d entries, %d damaged", how, nth, result, r.count, r.damaged);
	released_release(&r);
}

static void test_released(void **state)
{
	(void)state;
	struct failing_work work = { "noting what was released", fresh_released, note_released, nothing_damaged, NULL, false };
	failing_sweep(&work, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
}

static int make_tombstone(void *user)
{
	struct tombstone t = { .count = 2, .reason = TOMBSTONE_FORGOTTEN }, again = { 0 };
	const char *what = NULL;
	char *text = NULL;
	size_t length = 0;
	(void)user;
	strcpy(t.study, "study-a");
	memset(t.pseudonym, 'a', sizeof t.pseudonym - 1);
	t.segment = calloc(2, sizeof *t.segment);
	int e = t.segment ? 0 : ERROR_MEMORY;
	for (int i = 0; e == 0 && i < 2; i++) {
		struct released_entry from = entry(i);
		memcpy(t.segment[i].segment, from.segment, sizeof from.segment);
	}
	if (e == 0)
		e = tombstone_format(identity, &t, &text, &length);
	if (e == 0)
		e = tombstone_parse(text, length, &again, &what);
	if (e == 0)
		assert_int_equal(again.count, 2);
	free(text);
	free(t.segment);
	tombstone_release(&again);
	return e;
}

static void test_tombstone(void **state)
{
	(void)state;
	struct failing_work work = { "a tombstone", fresh, make_tombstone, NULL, NULL, false };
	failing_sweep(&work, FAILING_MEMORY);
}

static int write_keyfile(void *user)
{
	struct keyfile k = { .has_participant = true, .begun_us = T0, .expires_us = T0 + HOUR, .release_us = KEYFILE_NEVER }, again;
	const char *what;
	(void)user;
	strcpy(k.segment, "20260501T123456Z-0f3a9c11");
	strcpy(k.study, "study-a");
	memset(k.pseudonym, 'a', sizeof k.pseudonym - 1);
	int folder = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return ERROR_IO;
	int e = keyfile_write(folder, "20260501T123456Z-0f3a9c11.key", &k);
	if (e == 0)
		e = keyfile_read(folder, "20260501T123456Z-0f3a9c11.key", &again, &what);
	close(folder);
	return e;
}

static int destroy_keyfile(void *user)
{
	(void)user;
	int folder = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return ERROR_IO;
	int e = keyfile_destroy(folder, "20260501T123456Z-0f3a9c11.key");
	close(folder);
	return e;
}

static void fresh_keyfile(void *user)
{
	fresh(user);
	assert_int_equal(write_keyfile(NULL), 0);
}

/* Said to be gone: neither its name nor what lay beside it is there. */
static void gone_if_told(void *user, int result, const char *how, int nth)
{
	(void)user;
	if (result == 0 && harness_count(place, "") != 0)
		fail_msg("%s, call %d: told that it is destroyed, and something is there", how, nth);
}

static void test_keyfile(void **state)
{
	(void)state;
	struct failing_work made = { "a key file is written", fresh, write_keyfile, NULL, NULL, false };
	failing_sweep(&made, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
	struct failing_work destroyed = { "a key file is destroyed", fresh_keyfile, destroy_keyfile, gone_if_told, NULL, false };
	failing_sweep(&destroyed, FAILING_MEMORY | FAILING_FILES | FAILING_READS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity), cmocka_unit_test(test_recipient), cmocka_unit_test(test_keyring),
		cmocka_unit_test(test_first_yes), cmocka_unit_test(test_withdrawn), cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_reading), cmocka_unit_test(test_begun_anew), cmocka_unit_test(test_audit),
		cmocka_unit_test(test_mark), cmocka_unit_test(test_secrets), cmocka_unit_test(test_secretfile),
		cmocka_unit_test(test_released), cmocka_unit_test(test_tombstone), cmocka_unit_test(test_keyfile),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
