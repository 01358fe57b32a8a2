/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger whose writer died, or whose disk was full, in the middle of a line. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "book.h"

/* A writer that died between the line and its head: what it wrote counts, and the next one brings the head along. */
static void killed_between(void **state)
{
	char before[512], bytes[32768];
	(void)state;
	static const enum ledger_state order[] = {LEDGER_REQUESTED, LEDGER_GIVEN, LEDGER_PAUSED, LEDGER_RESUMED, LEDGER_WITHDRAWN, LEDGER_RENEWED};
	static const enum standing means[] = {STANDING_NEVER, STANDING_GIVEN, STANDING_PAUSED, STANDING_GIVEN, STANDING_WITHDRAWN, STANDING_GIVEN};
	struct ledger_trust knows, narrow;
	ledger_trust_init(&knows, book.me);
	size_t n = 0;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		book_add(order[i], T0 + (int64_t)i * SECOND, 0);
		if (n)
			book_spit_to(book.head, before, n);
		else
			unlink(book.head);
		narrow = knows;
		ledger_trust_narrow(&narrow, "typing-2026");
		assert_int_equal(book_look(T0 + 10 * SECOND).standing, means[i]);
		assert_int_equal(book_look_by(&narrow, T0 + 10 * SECOND).standing, means[i]);
		assert_int_equal(book_look_by(&knows, T0 + 10 * SECOND).standing, means[i]);
		/* Two that died: still. */
		if (i == 0)
			book_add(LEDGER_DEFERRED, T0, 0);
		n = book_slurp_from(book.head, before, sizeof before);
	}
	book_add(LEDGER_WITHDRAWN, T0 + 20 * SECOND, 0);
	/* A line behind the head that nobody signed. */
	size_t all = book_slurp(bytes, sizeof bytes);
	book_spit_to(book.head, before, n);
	bytes[all - 20] = bytes[all - 20] == '0' ? '1' : '0';
	book_spit(bytes, all);
	book_must_be_seen(&knows, "a line behind the head without a signature", 0);
}

static void torn(void **state)
{
	char good[16384], after[16384], good_head[512];
	(void)state;
	book_add(LEDGER_REQUESTED, T0, 0);
	book_add(LEDGER_GIVEN, T0, 0);
	size_t one = book_slurp(good, sizeof good), n = book_slurp_from(book.head, good_head, sizeof good_head);
	book_add(LEDGER_PAUSED, T0 + SECOND, 0);
	size_t two = book_slurp(good, sizeof good);
	for (size_t cut = one + 1; cut < two; cut += 37) {
		/* As a crash leaves it: the head was not yet replaced. */
		book_spit(good, cut);
		book_spit_to(book.head, good_head, n);
		struct ledger_view v = book_look(T0 + 2 * SECOND);
		assert_int_equal(v.standing, STANDING_INVALID);
		assert_non_null(strstr(v.why, "withdraw"));
		/* It may have been a no: a yes cannot take its place, a no can. */
		assert_int_equal(book_try(LEDGER_RESUMED, T0 + 2 * SECOND, 0), ERROR_INVALID);
		assert_int_equal(book_try(LEDGER_GIVEN, T0 + 2 * SECOND, 0), ERROR_INVALID);
		book_add(LEDGER_WITHDRAWN, T0 + 2 * SECOND, 0);
		assert_int_equal(book_look(T0 + 3 * SECOND).standing, STANDING_WITHDRAWN);
		book_slurp(after, sizeof after);
		assert_memory_equal(after, good, one);
	}
	/* A tail longer than what replaces it. */
	book_spit(good, one);
	book_spit_to(book.head, good_head, n);
	FILE *f = fopen(book.path, "ab");
	for (int i = 0; i < 3000; i++)
		fputc('x', f);
	fclose(f);
	book_add(LEDGER_WITHDRAWN, T0 + 4 * SECOND, 0);
	assert_int_equal(book_look(T0 + 5 * SECOND).standing, STANDING_WITHDRAWN);
}

/* A disk that is full, at any length: the ledger is what it was, or has the line. */
static void full_disk(void **state)
{
	char before[16384];
	(void)state;
	book_add(LEDGER_REQUESTED, T0, 0);
	book_add(LEDGER_GIVEN, T0, 0);
	size_t n = book_slurp(before, sizeof before);
	for (rlim_t room = 0; room < 900; room += 60) {
		fflush(stdout);
		pid_t child = fork();
		if (child == 0) {
			struct rlimit limit = {n + room, n + room};
			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &limit);
			_exit(book_try(LEDGER_WITHDRAWN, T0 + SECOND, 0) != 0);
		}
		int status;
		waitpid(child, &status, 0);
		assert_true(WIFEXITED(status));
		assert_int_equal(book_look(T0 + 2 * SECOND).standing, WEXITSTATUS(status) ? STANDING_GIVEN : STANDING_WITHDRAWN);
		if (!WEXITSTATUS(status))
			break;
	}
	assert_int_equal(book_look(T0 + 2 * SECOND).standing, STANDING_WITHDRAWN);
}

/* kill -9 at any moment of an append: no line is lost, and what is left permits what its last whole line says. */
static void killed(void **state)
{
	(void)state;
	book_add(LEDGER_REQUESTED, T0, 0);
	book_add(LEDGER_GIVEN, T0, 0);
	int torn_seen = 0;
	for (int i = 0; i < 60; i++) {
		fflush(stdout);
		pid_t child = fork();
		if (child == 0)
			for (int k = 0;; k++)
				if (book_try(k % 2 ? LEDGER_RESUMED : LEDGER_PAUSED, T0 + SECOND, 0))
					_exit(1);
		usleep((useconds_t)(1000 + i * 371));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		struct ledger_view v = book_look(T0 + 2 * SECOND);
		torn_seen += v.damaged;
		if (v.damaged)
			assert_non_null(strstr(v.why, "incomplete"));
		else
			assert_true(v.standing == STANDING_GIVEN || v.standing == STANDING_PAUSED);
		if (v.damaged) {
			book_add(LEDGER_WITHDRAWN, T0 + SECOND, 0);
			book_add(LEDGER_GIVEN, T0 + SECOND, 0);
		}
	}
	print_message("60 killed, %d left an incomplete line\n", torn_seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_CASE(killed_between), BOOK_CASE(torn), BOOK_CASE(full_disk), BOOK_CASE(killed),
	};
	return cmocka_run_group_tests(tests, book_begin, book_end);
}
