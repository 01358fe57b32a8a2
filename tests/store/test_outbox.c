/* SPDX-License-Identifier: Apache-2.0 */
/* Release and the outbox: what leaves, when, and what never does. */
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../../agent/error.h"
#include "scene.h"

static void only_what_is_due_leaves(void **state)
{
	(void)state;
	struct scene s;
	struct outbox_counts n;
	struct stat st;
	char due[41], later[41], path[2048];
	scene_begin(&s, "72h");
	scene_record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, due);
	scene_record(&s, "study-a", s.receipt_hash, T0 + 9 * DAY, T0 + 12 * DAY, later);
	struct outbox_report r = scene_release(&s, false);
	assert_int_equal(r.released, 1);
	assert_int_equal(r.failed, 0);
	scene_check(&s, due);
	assert_false(scene_has(&s, "outbox/study-a/%s/%s.seg", s.given.pseudonym, later));
	assert_int_equal(outbox_count(&s.places, NULL, NULL, 0, &n), 0);
	assert_int_equal(n.held, 1);
	assert_int_equal(n.next_release_us, T0 + 12 * DAY);
	assert_int_equal(n.next_expiry_us, T0 + 91 * DAY);
	/* A policy that keeps nothing as long as it takes to review it. */
	assert_int_equal(outbox_count(&s.places, NULL, NULL, 2 * DAY, &n), 0);
	assert_int_equal(n.next_release_us, INT64_MAX);
	assert_int_equal(n.next_expiry_us, T0 + 3 * DAY);
	assert_int_equal(n.released, 1);
	assert_int_equal(n.collected, 0);
	/* For nobody else, unless IT made the folder so. */
	assert_int_equal(stat(scene_path(&s, due, ".seg", path), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* Collected by moving; released again it is not. */
	scene_shell("rm %s", path);
	assert_int_equal(scene_release(&s, false).released, 0);
	assert_int_equal(outbox_count(&s.places, "study-a", NULL, 0, &n), 0);
	assert_int_equal(n.collected, 1);
	assert_int_equal(outbox_was_released(&s.places, "study-a", due), 1);
	assert_int_equal(outbox_was_released(&s.places, "study-a", later), 0);
	scene_end(&s);
}

static void a_group_reads_what_it_was_given(void **state)
{
	(void)state;
	struct scene s;
	struct stat st;
	char name[41], path[2048];
	scene_begin(&s, "72h");
	scene_record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, name);
	scene_shell("mkdir %s/outbox && chmod 2770 %s/outbox", s.places.data, s.places.data);
	mode_t before = umask(077);
	assert_int_equal(scene_release(&s, false).released, 1);
	umask(before);
	assert_int_equal(stat(scene_path(&s, name, ".seg", path), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(stat(scene_path(&s, "", "", path), &st), 0);
	assert_int_equal(st.st_mode & 07777, 02770);
	scene_end(&s);
}

static void a_refusal_never_leaves(void **state)
{
	(void)state;
	struct scene s, *p = &s;
	char name[41], path[2048], other[41];
	scene_begin(&s, "72h");
	/* Anew: a refusal, another study, the yes; then a withdrawal of the other one, and later a refusal of a change. */
	scene_shell("rm %s %s/ledger.head", s.places.ledger, s.places.data);
	struct study *b = scene_manifest(p, "study-b", "72h");
	scene_decide(p, LEDGER_REQUESTED, s.study, T0 - 3 * DAY, 0, NULL);
	scene_decide(p, LEDGER_REFUSED, s.study, T0 - 3 * DAY, 0, NULL);
	scene_decide(p, LEDGER_GIVEN, b, T0 - 2 * DAY, T0 + DAY, s.receipt_hash);
	scene_record(p, "study-b", s.receipt_hash, T0 - 2 * DAY, T0 + 4 * DAY, other);
	scene_decide(p, LEDGER_WITHDRAWN, b, T0 - DAY, 0, NULL);
	scene_decide(p, LEDGER_REQUESTED, s.study, T0, 0, NULL);
	scene_decide(p, LEDGER_GIVEN, s.study, T0, T0 + 180 * DAY, NULL);
	scene_record(p, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, name);
	scene_decide(p, LEDGER_PAUSED, s.study, T0 + 2 * DAY, 0, NULL);
	scene_decide(p, LEDGER_RESUMED, s.study, T0 + 2 * DAY + 1000000, 0, NULL);
	struct outbox_report r = scene_release(p, false);
	assert_int_equal(r.released, 1);
	assert_int_equal(r.skipped_consent, 1);
	char *receipts = scene_slurp(scene_path(p, "receipts.jsonl", "", path), NULL);
	assert_non_null(receipts);
	assert_null(strstr(receipts, "study-b"));
	assert_null(strstr(receipts, "refused"));
	assert_null(strstr(receipts, "requested"));
	assert_non_null(strstr(receipts, "\"given\""));
	assert_non_null(strstr(receipts, "\"paused\""));
	assert_non_null(strstr(receipts, "\"resumed\""));
	/* Verbatim: each line is one of the ledger's. */
	char *ledger = scene_slurp(s.places.ledger, NULL);
	int lines = 0;
	for (char *line = strtok(receipts, "\n"); line; line = strtok(NULL, "\n"), lines++)
		assert_non_null(strstr(ledger, line));
	assert_int_equal(lines, 3);
	free(receipts);
	free(ledger);
	/* What follows is told, too; a refusal is not. */
	scene_decide(p, LEDGER_REFUSED, s.study, T0 + 3 * DAY, 0, NULL);
	assert_int_equal(outbox_receipts(&s.places, "study-a"), 0);
	receipts = scene_slurp(path, NULL);
	assert_null(strstr(receipts, "refused"));
	free(receipts);
	assert_true(scene_has(p, "outbox/study-a/%s/study-%02x%02x%02x%02x%02x%02x%02x%02x.yaml", s.given.pseudonym, s.study->hash[0], s.study->hash[1],
			  s.study->hash[2], s.study->hash[3], s.study->hash[4], s.study->hash[5], s.study->hash[6], s.study->hash[7]));
	study_free(b);
	scene_end(&s);
}

static void nothing_leaves_after_a_withdrawal(void **state)
{
	(void)state;
	struct scene s;
	char early[41], late[41], second[41], id[33], path[2048];
	uint8_t again[32];
	int count;
	scene_begin(&s, "72h");
	scene_record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, early);
	scene_record(&s, "study-a", s.receipt_hash, T0 + 9 * DAY, T0 + 12 * DAY, late);
	assert_int_equal(scene_release(&s, false).released, 1);
	scene_decide(&s, LEDGER_WITHDRAWN, s.study, s.now_us, 0, NULL);
	/* What waits in the outbox comes back; receipts say why. */
	assert_int_equal(outbox_recall(&s.places, s.identity, "study-a", &count, id), 0);
	assert_int_equal(count, 1);
	assert_false(scene_has(&s, "outbox/study-a/%s/%s.key", s.given.pseudonym, early));
	assert_false(scene_has(&s, "outbox/study-a/%s/%s.seg", s.given.pseudonym, early));
	assert_true(scene_has(&s, "outbox/study-a/%s/%s.tombstone", s.given.pseudonym, id));
	assert_int_equal(outbox_receipts(&s.places, "study-a"), 0);
	char *receipts = scene_slurp(scene_path(&s, "receipts.jsonl", "", path), NULL);
	assert_non_null(strstr(receipts, "withdrawn"));
	free(receipts);
	s.now_us = T0 + 20 * DAY;
	for (int by_hand = 0; by_hand < 2; by_hand++) {
		struct outbox_report r = scene_release(&s, by_hand);
		assert_int_equal(r.released, 0);
		assert_int_equal(r.skipped_consent, 1);
	}
	/* A new yes is about what comes, not about what was. */
	scene_decide(&s, LEDGER_GIVEN, s.study, T0 + 21 * DAY, T0 + 180 * DAY, again);
	scene_record(&s, "study-a", again, T0 + 22 * DAY, T0 + 25 * DAY, second);
	s.now_us = T0 + 30 * DAY;
	struct outbox_report r = scene_release(&s, true);
	assert_int_equal(r.released, 1);
	assert_true(scene_has(&s, "outbox/study-a/%s/%s.key", s.given.pseudonym, second));
	assert_false(scene_has(&s, "outbox/study-a/%s/%s.key", s.given.pseudonym, late));
	scene_end(&s);
}

/* The command was killed between the withdrawal and the recall: the next release does it. */
static void a_withdrawal_that_was_interrupted_is_completed(void **state)
{
	(void)state;
	struct scene s;
	char name[41];
	struct outbox_counts n;
	scene_begin(&s, "72h");
	scene_record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, name);
	assert_int_equal(scene_release(&s, false).released, 1);
	scene_decide(&s, LEDGER_WITHDRAWN, s.study, s.now_us, 0, NULL);
	assert_int_equal(scene_release(&s, false).released, 0);
	assert_int_equal(scene_files(&s, "outbox", ".key", true) + scene_files(&s, "outbox", ".seg", true), 0);
	assert_int_equal(outbox_count(&s.places, NULL, NULL, 0, &n), 0);
	assert_int_equal(n.released, 0);
	assert_int_equal(n.tombstones, 1);
	assert_int_equal(n.tombstones_collected, 0);
	assert_int_equal(n.held, 1);
	assert_int_equal(n.held_never, 1);
	scene_end(&s);
}

static void after_the_consent_has_expired_only_by_hand(void **state)
{
	(void)state;
	struct scene s;
	char name[41];
	scene_begin(&s, "72h");
	scene_record(&s, "study-a", s.receipt_hash, T0 + 3649 * DAY, T0 + 3652 * DAY, name);
	s.now_us = T0 + 3653 * DAY;
	struct outbox_report r = scene_release(&s, false);
	assert_int_equal(r.released, 0);
	assert_int_equal(r.skipped_consent, 1);
	assert_int_equal(scene_release(&s, true).released, 1);
	scene_end(&s);
}

static void manual_needs_the_participant(void **state)
{
	(void)state;
	struct scene s;
	struct keyring *ring;
	struct outbox_report r;
	char manual[41], never[41];
	scene_begin(&s, "manual");
	scene_record(&s, "study-a", s.receipt_hash, T0 + DAY, KEYFILE_MANUAL, manual);
	scene_record(&s, "study-a", s.receipt_hash, T0 + DAY, KEYFILE_NEVER, never);
	r = scene_release(&s, false);
	assert_int_equal(r.released, 0);
	assert_int_equal(r.skipped_manual, 1);
	assert_int_equal(r.skipped_never, 1);
	r = scene_release(&s, true);
	assert_int_equal(r.released, 0);
	assert_int_equal(r.skipped_manual, 1);
	assert_int_equal(keyring_new(&ring), 0);
	assert_int_equal(keyring_add_identity(ring, s.identity), 0);
	struct outbox_request request = scene_request(&s, true);
	request.before_us = T0 + DAY;
	assert_int_equal(outbox_release(&s.places, s.identity, ring, &request, &r), 0);
	assert_int_equal(r.released, 0);
	request.before_us = T0 + DAY + 1;
	assert_int_equal(outbox_release(&s.places, s.identity, ring, &request, &r), 0);
	assert_string_equal(scene_complaint, "");
	assert_int_equal(r.released, 1);
	scene_check(&s, manual);
	keyring_free(ring);
	scene_end(&s);
}

static void policy_only_holds_back(void **state)
{
	(void)state;
	struct scene s;
	struct outbox_report r;
	char name[41];
	scene_begin(&s, "72h");
	scene_record(&s, "study-a", s.receipt_hash, T0 + 6 * DAY, T0 + 9 * DAY, name);
	struct settings policy = s.none;
	struct outbox_request request = scene_request(&s, false);
	request.policy = &policy;
	policy.forbid_release = true;
	for (int by_hand = 0; by_hand < 2; by_hand++) {
		request.by_hand = by_hand;
		assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), 0);
		assert_int_equal(r.released, 0);
		assert_int_equal(r.skipped_never, 1);
	}
	policy = s.none;
	policy.has_review = true;
	policy.review_us = 5 * DAY;
	request.by_hand = false;
	assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), 0);
	assert_int_equal(r.released, 0);
	request.now_us = T0 + 12 * DAY;
	assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), 0);
	assert_int_equal(r.released, 1);
	scene_end(&s);
}

/* Damage of what decides: nothing leaves. */
static void in_doubt_nothing_leaves(void **state)
{
	(void)state;
	struct scene s;
	struct outbox_report r;
	char name[41], path[2048], text[KEYFILE_MAX + 1];
	scene_begin(&s, "72h");
	scene_record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, name);
	struct outbox_request request = scene_request(&s, true);
	/* A ledger of which a byte was changed. */
	size_t length;
	char *ledger = scene_slurp(s.places.ledger, &length);
	FILE *f = fopen(s.places.ledger, "r+");
	fseek(f, (long)length / 2, SEEK_SET);
	fputc(ledger[length / 2] ^ 1, f);
	fclose(f);
	assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), ERROR_DENIED);
	f = fopen(s.places.ledger, "r+");
	fseek(f, (long)length / 2, SEEK_SET);
	fputc(ledger[length / 2], f);
	fclose(f);
	free(ledger);
	/* A clock that was set back behind the yes. */
	request.now_us = T0 - DAY;
	assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), ERROR_DENIED);
	request.now_us = s.now_us;
	/* The manifest is not the one. */
	scene_shell("for f in %s/study-a-*; do mv $f %s/kept; sed 's/review: 72h/review: 1h/' %s/kept > $f; done", s.places.studies, s.root, s.root);
	assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), 0);
	assert_int_equal(r.released, 0);
	assert_int_equal(r.failed, 1);
	scene_shell("for f in %s/study-a-*; do mv %s/kept $f; done", s.places.studies, s.root);
	/* Another segment's key file. */
	snprintf(path, sizeof path, "%s/study-a/%s.key", s.places.spool, name);
	char *key = scene_slurp(path, &length);
	memcpy(text, key, length);
	text[strlen("assent key 1\nsegment ")] ^= 1;
	f = fopen(path, "w");
	fwrite(text, 1, length, f);
	fclose(f);
	assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), 0);
	assert_int_equal(r.released, 0);
	assert_int_equal(r.failed, 1);
	f = fopen(path, "w");
	fwrite(key, 1, length, f);
	fclose(f);
	free(key);
	assert_int_equal(scene_files(&s, "outbox", ".key", true), 0);
	assert_int_equal(scene_release(&s, true).released, 1);
	scene_end(&s);
}

static void what_is_in_the_outbox_is_not_replaced(void **state)
{
	(void)state;
	struct scene s;
	char name[41], path[2048];
	scene_begin(&s, "72h");
	scene_record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, name);
	scene_shell("mkdir -p %s/outbox/study-a/%s && echo other > %s/outbox/study-a/%s/%s.seg", s.places.data, s.given.pseudonym, s.places.data,
	      s.given.pseudonym, name);
	struct outbox_report r = scene_release(&s, false);
	assert_int_equal(r.released, 0);
	assert_int_equal(r.failed, 1);
	char *text = scene_slurp(scene_path(&s, name, ".seg", path), NULL);
	assert_string_equal(text, "other\n");
	free(text);
	assert_false(scene_has(&s, "outbox/study-a/%s/%s.key", s.given.pseudonym, name));
	/* Out of the way: the rest follows. */
	scene_shell("rm %s", path);
	scene_release(&s, false);
	scene_check(&s, name);
	scene_end(&s);
}

static void an_outbox_of_its_own_file_system(void **state)
{
	(void)state;
	struct scene s;
	struct stat a, b;
	char name[41], folder[] = "/dev/shm/assent-outbox-XXXXXX", id[33];
	int count;
	scene_begin(&s, "72h");
	if (stat("/dev/shm", &a) || stat(s.places.data, &b) || a.st_dev == b.st_dev || !mkdtemp(folder)) {
		scene_end(&s);
		skip();
	}
	scene_record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, name);
	scene_shell("ln -s %s %s/outbox", folder, s.places.data);
	assert_int_equal(scene_release(&s, false).released, 1);
	scene_check(&s, name);
	assert_int_equal(scene_files(&s, "outbox.tmp", "", false), 0);
	assert_int_equal(scene_files(&s, "outbox/", ".tmp", true), 0);
	assert_int_equal(outbox_revoke(&s.places, s.identity, "study-a", NULL, 0, TOMBSTONE_WITHDRAWN, &count, id), 0);
	assert_int_equal(count, 1);
	assert_int_equal(scene_files(&s, "outbox/", ".key", true), 0);
	assert_int_equal(scene_files(&s, "outbox/", ".tombstone", true), 1);
	scene_shell("rm -rf %s", folder);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_due_leaves),
		cmocka_unit_test(a_group_reads_what_it_was_given),
		cmocka_unit_test(a_refusal_never_leaves),
		cmocka_unit_test(nothing_leaves_after_a_withdrawal),
		cmocka_unit_test(a_withdrawal_that_was_interrupted_is_completed),
		cmocka_unit_test(after_the_consent_has_expired_only_by_hand),
		cmocka_unit_test(manual_needs_the_participant),
		cmocka_unit_test(policy_only_holds_back),
		cmocka_unit_test(in_doubt_nothing_leaves),
		cmocka_unit_test(what_is_in_the_outbox_is_not_replaced),
		cmocka_unit_test(an_outbox_of_its_own_file_system),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
