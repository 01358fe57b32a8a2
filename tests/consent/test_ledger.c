/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: what each history means now, and that nothing broken means yes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../agent/base/clock.h"
#include "../../agent/error.h"
#include "../../agent/store/audit.h"
#include "../../agent/store/head.h"
#include "../../agent/store/receipt.h"
#include "../store/decide.h"
#include "book.h"

static void lifecycle(void **state)
{
	(void)state;
	assert_int_equal(book_look(T0).standing, STANDING_NEVER);
	book_add(LEDGER_REQUESTED, T0, 0);
	assert_int_equal(book_look(T0).standing, STANDING_NEVER);
	book_add(LEDGER_DEFERRED, T0, 0);
	assert_int_equal(book_look(T0).standing, STANDING_NEVER);
	book_add(LEDGER_GIVEN, T0 + SECOND, 0);
	struct ledger_view v = book_look(T0 + 2 * SECOND);
	uint8_t key[IDENTITY_KEY];
	char pseudonym[IDENTITY_PSEUDONYM];
	assert_int_equal(v.standing, STANDING_GIVEN);
	assert_string_equal(v.given.study, "typing-2026");
	assert_int_equal(v.given.t_us, T0 + SECOND);
	assert_int_equal(v.given.until_us, T0 + SECOND + DAY);
	assert_int_equal(v.given.purposes, 2);
	assert_true(v.given.purpose[0].agreed);
	assert_false(v.given.purpose[1].agreed);
	assert_int_equal(strlen(v.given.id), 32);
	assert_int_equal(strlen(v.epoch), 32);
	assert_int_equal(v.resumed_from_us, 0);
	assert_memory_equal(v.given.manifest_hash, book.study->hash, 32);
	assert_memory_equal(v.given.terms_hash, book.study->terms_hash, 32);
	assert_int_equal(v.given.notice_hash[7], 0x11);
	assert_int_equal(v.given.shown_hash[7], 0x22);
	assert_int_equal(v.given.policy_hash[7], 0x33);
	assert_string_equal(v.given.language, "en");
	assert_int_equal(identity_participant_key(book.me, "typing-2026", key), 0);
	assert_memory_equal(v.given.participant_key, key, sizeof key);
	identity_pseudonym(key, pseudonym);
	assert_string_equal(v.given.pseudonym, pseudonym);
	assert_int_equal(identity_agent_key(book.me, "typing-2026", key), 0);
	assert_memory_equal(v.given.agent_key, key, sizeof key);
	/* The end is the end, to the microsecond. */
	assert_int_equal(book_look(v.given.until_us - 1).standing, STANDING_GIVEN);
	v = book_look(v.given.until_us);
	assert_int_equal(v.standing, STANDING_EXPIRED);
	assert_true(v.lapsed);
	book_add(LEDGER_PAUSED, T0 + 10 * SECOND, T0 + 20 * SECOND);
	v = book_look(T0 + 15 * SECOND);
	assert_int_equal(v.standing, STANDING_PAUSED);
	assert_int_equal(v.paused_us, T0 + 10 * SECOND);
	assert_int_equal(v.paused_until_us, T0 + 20 * SECOND);
	v = book_look(T0 + 20 * SECOND);
	assert_int_equal(v.standing, STANDING_GIVEN);
	assert_int_equal(v.resumed_from_us, T0 + 10 * SECOND);
	/* A pause in a pause goes on from its beginning, after its end it is another. */
	book_add(LEDGER_PAUSED, T0 + 12 * SECOND, 0);
	assert_int_equal(book_look(T0 + 30 * SECOND).paused_us, T0 + 10 * SECOND);
	book_add(LEDGER_RESUMED, T0 + 40 * SECOND, 0);
	v = book_look(T0 + 41 * SECOND);
	assert_int_equal(v.standing, STANDING_GIVEN);
	assert_int_equal(v.resumed_from_us, T0 + 10 * SECOND);
	book_add(LEDGER_PAUSED, T0 + 50 * SECOND, 0);
	assert_int_equal(book_look(T0 + 2 * DAY).standing, STANDING_EXPIRED);
	book_add(LEDGER_WITHDRAWN, T0 + 60 * SECOND, 0);
	assert_int_equal(book_look(T0 + 61 * SECOND).standing, STANDING_WITHDRAWN);
	/* Only a new yes begins anew. */
	book_add(LEDGER_RESUMED, T0 + 70 * SECOND, 0);
	book_add(LEDGER_PAUSED, T0 + 71 * SECOND, 0);
	book_add(LEDGER_REQUESTED, T0 + 72 * SECOND, 0);
	assert_int_equal(book_look(T0 + 80 * SECOND).standing, STANDING_WITHDRAWN);
	book_add(LEDGER_REFUSED, T0 + 80 * SECOND, 0);
	assert_int_equal(book_look(T0 + 80 * SECOND).standing, STANDING_REFUSED);
	char epoch[33];
	memcpy(epoch, v.epoch, sizeof epoch);
	book_add(LEDGER_RENEWED, T0 + 90 * SECOND, 0);
	v = book_look(T0 + 91 * SECOND);
	assert_int_equal(v.standing, STANDING_GIVEN);
	assert_string_not_equal(v.epoch, epoch);
	book_add(LEDGER_REFUSED, T0 + 92 * SECOND, 0);
	assert_int_equal(book_look(T0 + 93 * SECOND).standing, STANDING_REFUSED);
	book_add(LEDGER_GIVEN, T0 + 94 * SECOND, 0);
	book_add(LEDGER_EXPIRED, T0 + 95 * SECOND, 0);
	v = book_look(T0 + 96 * SECOND);
	assert_int_equal(v.standing, STANDING_EXPIRED);
	assert_false(v.lapsed);
	book_add(LEDGER_GIVEN, T0 + 97 * SECOND, 0);
	book_add(LEDGER_INVALIDATED, T0 + 98 * SECOND, 0);
	v = book_look(T0 + 99 * SECOND);
	assert_int_equal(v.standing, STANDING_INVALID);
	assert_false(v.damaged);
}

static void other_study(void **state)
{
	(void)state;
	book_add(LEDGER_REQUESTED, T0, 0);
	book_add(LEDGER_GIVEN, T0, 0);
	struct receipt r = decide_receipt(LEDGER_REFUSED, book.other, T0 + 2 * SECOND, 0);
	assert_int_equal(ledger_append(book.path, book.me, &r), 0);
	assert_int_equal(book_look(T0 + 3 * SECOND).standing, STANDING_GIVEN);
}

static void clock_back(void **state)
{
	(void)state;
	book_add(LEDGER_GIVEN, T0, 0);
	assert_int_equal(book_look(T0).standing, STANDING_GIVEN);
	struct ledger_view v = book_look(T0 - 1);
	assert_int_equal(v.standing, STANDING_INVALID);
	assert_true(v.clock_wrong);
	assert_non_null(strstr(v.why, "withdraw and join again"));
	book_add(LEDGER_PAUSED, T0 + 500 * SECOND, T0 + 501 * SECOND);
	/* What verify forgives, and not more; and when it is past that, all is well by itself. */
	assert_int_equal(book_look(T0 + 499 * SECOND).standing, STANDING_PAUSED);
	v = book_look(T0 + 499 * SECOND - 1);
	assert_int_equal(v.standing, STANDING_INVALID);
	assert_true(v.clock_wrong);
	assert_non_null(strstr(v.why, "assent resume"));
	assert_int_equal(book_look(T0 + 502 * SECOND).standing, STANDING_GIVEN);
	/* Noted by a clock that was ahead: who resumes says that it is now. */
	book_add(LEDGER_RESUMED, T0 + 400 * SECOND, 0);
	v = book_look(T0 + 401 * SECOND);
	assert_int_equal(v.standing, STANDING_GIVEN);
	assert_false(v.clock_wrong);
	assert_int_equal(book_look(T0 + 398 * SECOND).standing, STANDING_INVALID);
	/* But not before the decision. */
	book_add(LEDGER_PAUSED, T0 + 600 * SECOND, T0 + 601 * SECOND);
	book_add(LEDGER_RESUMED, T0 - 10 * SECOND, 0);
	assert_int_equal(book_look(T0 + 410 * SECOND).standing, STANDING_INVALID);
	book_add(LEDGER_PAUSED, T0 + 1000 * SECOND, T0 + 1001 * SECOND);
	assert_int_equal(book_look(T0 + 900 * SECOND).standing, STANDING_INVALID);
	/* Withdrawing needs no right clock, and joining anew gets out of it. */
	book_add(LEDGER_WITHDRAWN, T0 + 900 * SECOND, 0);
	assert_int_equal(book_look(T0 + 900 * SECOND).standing, STANDING_WITHDRAWN);
	book_add(LEDGER_GIVEN, T0 + 901 * SECOND, 0);
	assert_int_equal(book_look(T0 + 902 * SECOND).standing, STANDING_GIVEN);
}

static void refuses_nonsense(void **state)
{
	struct receipt r;
	(void)state;
#define REFUSED_AFTER(change) do { r = decide_receipt(LEDGER_GIVEN, book.study, T0, 0); change; assert_int_equal(ledger_append(book.path, book.me, &r), ERROR_INVALID); } while (0)
	REFUSED_AFTER(r.purpose[0].agreed = false);
	REFUSED_AFTER(r.until_us = 0);
	REFUSED_AFTER(r.until_us = T0);
	REFUSED_AFTER(r.about = NULL);
	REFUSED_AFTER(r.about = book.other);
	REFUSED_AFTER(r.purposes = 1);
	REFUSED_AFTER(memset(r.shown_hash, 0, 32));
	REFUSED_AFTER(memset(r.notice_hash, 0, 32));
	REFUSED_AFTER(r.language[0] = 0);
	REFUSED_AFTER(strcpy(r.language, "e\"n"));
	r = decide_receipt(LEDGER_WITHDRAWN, book.study, T0, 0);
	strcpy(r.study, "a\",\"b");
	assert_int_equal(ledger_append(book.path, book.me, &r), ERROR_INVALID);
	r = decide_receipt(LEDGER_REFUSED, book.study, T0, 0);
	r.purpose[1].agreed = true;
	assert_int_equal(ledger_append(book.path, book.me, &r), ERROR_INVALID);
	assert_int_equal(book_look(T0).standing, STANDING_NEVER);
}

/* A yes is the participant's, a no the program's, too. */
static void locked_identity(void **state)
{
	(void)state;
	book_add(LEDGER_REQUESTED, T0, 0);
	identity_close(book.me);
	assert_int_equal(book_try(LEDGER_GIVEN, T0, 0), ERROR_DENIED);
	assert_int_equal(book_try(LEDGER_RENEWED, T0, 0), ERROR_DENIED);
	assert_int_equal(book_look(T0).standing, STANDING_NEVER);
	identity_free(book.me);
	book.me = decide_identity(book.folder);
	book_add(LEDGER_GIVEN, T0, 0);
	identity_close(book.me);
	assert_int_equal(book_look(T0).standing, STANDING_GIVEN);
	book_add(LEDGER_PAUSED, T0, 0);
	book_add(LEDGER_WITHDRAWN, T0, 0);
	book_add(LEDGER_REFUSED, T0, 0);
	book_add(LEDGER_DEFERRED, T0, 0);
	assert_int_equal(book_look(T0).standing, STANDING_REFUSED);
}

/* A no is possible whatever became of it, and the rest is kept. */
static void begun_anew(void **state)
{
	char moved[256], bytes[16384];
	(void)state;
	for (int round = 0; round < 4; round++) {
		book_add(LEDGER_REQUESTED, T0, 0);
		book_add(LEDGER_GIVEN, T0, 0);
		size_t n = book_slurp(bytes, sizeof bytes);
		if (round == 0)
			book_spit(bytes + 1, n - 1);
		else if (round == 1)
			chmod(book.path, 0666);
		else if (round == 2)
			unlink(book.path);
		else if (unlink(book.path) || mkdir(book.path, 0700))
			fail();
		struct receipt r = decide_receipt(LEDGER_WITHDRAWN, book.study, T0 + SECOND, 0);
		assert_int_equal(ledger_append(book.path, book.me, &r), ERROR_INVALID);
		assert_int_equal(book_look(T0).standing, STANDING_INVALID);
		assert_int_equal(ledger_begin_anew(book.path, book.me, &r, moved, sizeof moved), 0);
		assert_int_equal(book_look(T0 + 2 * SECOND).standing, STANDING_WITHDRAWN);
		if (round < 2) {
			assert_int_equal(book_slurp_from(moved, book.copy, sizeof book.copy), round == 0 ? n - 1 : n);
		}
		assert_int_equal(unlink(book.path), 0);
		assert_int_equal(unlink(book.head), 0);
	}
}

static void foreign(void **state)
{
	static const char *const lines[] = {
		"\n", "{}\n", "null\n", "[]\n", "{\"version\":1}\n", "garbage\n", "{\"record\":{\"schema_version\":\"assent-receipt-2\"}}\n", "\xff\xfe\n", "--- a\n",
	};
	struct ledger_view v;
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		book_spit(lines[i], strlen(lines[i]));
		v = book_look(T0);
		assert_true(v.standing == STANDING_INVALID && v.damaged);
	}
	unlink(book.path);
	book_add(LEDGER_GIVEN, T0, 0);
	const char *const files[] = {book.path, book.head};
	for (int i = 0; i < 2; i++) {
		struct stat st;
		assert_int_equal(stat(files[i], &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		chmod(files[i], 0620);
		assert_int_equal(book_look(T0).standing, STANDING_INVALID);
		chmod(files[i], 0602);
		assert_int_equal(book_look(T0).standing, STANDING_INVALID);
		chmod(files[i], 0600);
		assert_int_equal(book_look(T0).standing, STANDING_GIVEN);
		if (geteuid() == 0) {
			assert_int_equal(chown(files[i], 12345, (gid_t)-1), 0);
			assert_int_equal(book_look(T0).standing, STANDING_INVALID);
			assert_int_equal(chown(files[i], 0, (gid_t)-1), 0);
		}
	}
	unlink(book.path);
	assert_int_equal(mkdir(book.path, 0700), 0);
	v = book_look(T0);
	assert_int_equal(v.standing, STANDING_INVALID);
	rmdir(book.path);
	assert_int_equal(mkfifo(book.path, 0600), 0);
	assert_int_equal(book_look(T0).standing, STANDING_INVALID);
}

/* What the agent adds by itself is about the decision that it judged, and about no later one. */
static void only_next(void **state)
{
	(void)state;
	struct ledger_trust knows = book.fresh;
	struct receipt r = decide_receipt(LEDGER_EXPIRED, book.study, T0 + SECOND, 0);
	book_add(LEDGER_REQUESTED, T0, 0);
	book_add(LEDGER_GIVEN, T0, 0);
	assert_int_equal(ledger_append_known(book.path, &knows, true, &r), ERROR_AGAIN);
	book_look_by(&knows, T0 + SECOND);
	book_add(LEDGER_RENEWED, T0 + SECOND, 0);
	assert_int_equal(ledger_append_known(book.path, &knows, true, &r), ERROR_AGAIN);
	assert_int_equal(book_look(T0 + SECOND).standing, STANDING_GIVEN);
	book_look_by(&knows, T0 + SECOND);
	assert_int_equal(ledger_append_known(book.path, &knows, true, &r), 0);
	assert_int_equal(book_look(T0 + SECOND).standing, STANDING_EXPIRED);
	assert_int_equal(book_look_by(&knows, T0 + SECOND).standing, STANDING_EXPIRED);
}

static void watch(void **state)
{
	struct ledger_watch w = {0};
	(void)state;
	assert_true(ledger_changed(book.path, &w));
	book_add(LEDGER_GIVEN, T0, 0);
	assert_true(ledger_changed(book.path, &w));
	assert_false(ledger_changed(book.path, &w));
	book_add(LEDGER_WITHDRAWN, T0, 0);
	assert_true(ledger_changed(book.path, &w));
	assert_false(ledger_changed(book.path, &w));
	unlink(book.path);
	assert_true(ledger_changed(book.path, &w));
}

/* Several processes append at once, another reads all the time: no line is lost, and nothing looks broken for longer than a read. */
static void together(void **state)
{
	(void)state;
	book_add(LEDGER_REQUESTED, T0, 0);
	book_add(LEDGER_GIVEN, T0, 0);
	fflush(stdout);
	for (int i = 0; i < 3; i++) {
		if (fork() == 0) {
			for (int k = 0; k < 30; k++)
				if (book_try(k % 2 ? LEDGER_RESUMED : LEDGER_PAUSED, T0 + SECOND, 0))
					_exit(1);
			_exit(0);
		}
	}
	struct ledger_trust knows;
	ledger_trust_init(&knows, book.me);
	for (int left = 3; left;) {
		struct ledger_view v = book_look(T0 + 2 * SECOND);
		if (v.standing != STANDING_GIVEN && v.standing != STANDING_PAUSED)
			fail_msg("%s", v.why);
		v = book_look_by(&knows, T0 + 2 * SECOND);
		if (v.standing != STANDING_GIVEN && v.standing != STANDING_PAUSED)
			fail_msg("%s", v.why);
		int status;
		if (waitpid(-1, &status, WNOHANG) > 0) {
			assert_int_equal(status, 0);
			left--;
		}
	}
	size_t n = book_slurp(book.copy, sizeof book.copy), lines = 0;
	for (size_t i = 0; i < n; i++)
		lines += book.copy[i] == '\n';
	assert_int_equal(lines, 92);
}

/* ---- figures: ten thousand lines ---- */

static void many_lines(void **state)
{
	enum { MANY = 10000 };
	(void)state;
	book_add(LEDGER_REQUESTED, T0, 0);
	book_add(LEDGER_GIVEN, T0, 0);
	/* Written here, as ten thousand appends would take an hour's worth of fsync. */
	size_t n = book_slurp(book.copy, sizeof book.copy);
	FILE *f = fopen(book.path, "ab");
	char line[RECEIPT_LINE_MAX];
	struct head h = {.lines = 2};
	const char *last = book.copy + n - 1;
	while (last[-1] != '\n')
		last--;
	receipt_hash(last, (size_t)(book.copy + n - 1 - last), h.hash);
	for (; h.lines < MANY; h.lines++) {
		struct receipt r = decide_receipt(h.lines % 2 ? LEDGER_RESUMED : LEDGER_PAUSED, book.study, T0 + h.lines, 0);
		snprintf(r.id, sizeof r.id, "%032x", h.lines);
		int length = receipt_format(book.me, &r, h.hash, line);
		assert_true(length > 0);
		receipt_hash(line, (size_t)length, h.hash);
		fprintf(f, "%s\n", line);
	}
	fclose(f);
	assert_int_equal(head_write(book.path, book.me, &h), 0);
	struct ledger_trust knows;
	ledger_trust_init(&knows, book.me);
	struct stat st;
	stat(book.path, &st);
	int64_t t[6] = {clock_mono_us()};
	assert_int_equal(book_look_by(&knows, T0 + DAY / 2).standing, STANDING_GIVEN);
	t[1] = clock_mono_us();
	assert_int_equal(book_look_by(&knows, T0 + DAY / 2).standing, STANDING_GIVEN);
	t[2] = clock_mono_us();
	book_add(LEDGER_WITHDRAWN, T0 + DAY / 2, 0);
	t[3] = clock_mono_us();
	ledger_trust_narrow(&knows, "typing-2026");
	assert_int_equal(book_look_by(&knows, T0 + DAY / 2).standing, STANDING_WITHDRAWN);
	t[4] = clock_mono_us();
	struct audit *audit;
	const char *why;
	int signatures;
	assert_int_equal(audit_new(book.path, book.me, &audit, &why), 0);
	t[5] = clock_mono_us();
	assert_int_equal(audit_lines(audit, &signatures), MANY + 1);
	assert_int_equal(signatures, MANY + 2);
	audit_free(audit);
	print_message("%d receipts, %lld KiB: first reading %lld ms, next %lld ms, appending %lld ms, capture sees it in %lld ms, audit %lld ms\n", MANY,
		      (long long)st.st_size / 1024, (long long)(t[1] - t[0]) / 1000, (long long)(t[2] - t[1]) / 1000, (long long)(t[3] - t[2]) / 1000,
		      (long long)(t[4] - t[3]) / 1000, (long long)(t[5] - t[4]) / 1000);
	/* A second is what capture has to stop. */
	assert_true(t[4] - t[3] < SECOND / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_CASE(lifecycle), BOOK_CASE(other_study), BOOK_CASE(clock_back), BOOK_CASE(refuses_nonsense), BOOK_CASE(locked_identity),
		BOOK_CASE(begun_anew), BOOK_CASE(foreign), BOOK_CASE(only_next), BOOK_CASE(watch), BOOK_CASE(together), BOOK_CASE(many_lines),
	};
	return cmocka_run_group_tests(tests, book_begin, book_end);
}
