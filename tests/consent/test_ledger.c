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
#include "../../agent/store/identity.h"
#include "../../agent/store/ledger.h"
#include "../format/cmocka_all.h"

#define SECOND INT64_C(1000000)
#define T0 (INT64_C(1770000000) * SECOND)
#define DAY (86400 * SECOND)

static char folder[64], path[128];

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/assent-ledger-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/ledger.jsonl", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static struct receipt make(enum ledger_state what, int64_t t)
{
	struct receipt r = {.state = what, .t_us = t};
	strcpy(r.study, "typing-2026");
	memset(r.manifest_hash, 0xab, sizeof r.manifest_hash);
	if (what == LEDGER_GIVEN || what == LEDGER_REFUSED) {
		r.purposes = 2;
		strcpy(r.purpose[0].id, "hci-research");
		strcpy(r.purpose[1].id, "other-model");
		r.purpose[0].agreed = what == LEDGER_GIVEN;
	}
	if (what == LEDGER_GIVEN)
		r.until_us = t + DAY;
	return r;
}

static void add(enum ledger_state what, int64_t t, int64_t until)
{
	struct receipt r = make(what, t);
	if (until)
		r.until_us = until;
	assert_int_equal(ledger_append(path, &r), 0);
}

static struct ledger_view look(int64_t now)
{
	struct ledger_view v;
	assert_int_equal(ledger_read(path, now, &v), 0);
	assert_true((v.standing == STANDING_GIVEN) == !*v.why);
	return v;
}

static size_t slurp(char *out, size_t size)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(out, 1, size, f);
	fclose(f);
	return n;
}

static void spit(const char *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
	chmod(path, 0600);
}

static void lifecycle(void **state)
{
	(void)state;
	assert_int_equal(look(T0).standing, STANDING_NEVER);
	add(LEDGER_REQUESTED, T0, 0);
	assert_int_equal(look(T0).standing, STANDING_NEVER);
	add(LEDGER_GIVEN, T0 + SECOND, 0);
	struct ledger_view v = look(T0 + 2 * SECOND);
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
	assert_int_equal(v.given.manifest_hash[31], 0xab);
	/* The end is the end, to the microsecond. */
	assert_int_equal(look(v.given.until_us - 1).standing, STANDING_GIVEN);
	assert_int_equal(look(v.given.until_us).standing, STANDING_EXPIRED);
	add(LEDGER_PAUSED, T0 + 10 * SECOND, T0 + 20 * SECOND);
	v = look(T0 + 15 * SECOND);
	assert_int_equal(v.standing, STANDING_PAUSED);
	assert_int_equal(v.paused_us, T0 + 10 * SECOND);
	assert_int_equal(v.paused_until_us, T0 + 20 * SECOND);
	v = look(T0 + 20 * SECOND);
	assert_int_equal(v.standing, STANDING_GIVEN);
	assert_int_equal(v.resumed_from_us, T0 + 10 * SECOND);
	/* A pause in a pause goes on from its beginning, after its end it is another. */
	add(LEDGER_PAUSED, T0 + 12 * SECOND, 0);
	assert_int_equal(look(T0 + 30 * SECOND).paused_us, T0 + 10 * SECOND);
	add(LEDGER_RESUMED, T0 + 40 * SECOND, 0);
	v = look(T0 + 41 * SECOND);
	assert_int_equal(v.standing, STANDING_GIVEN);
	assert_int_equal(v.resumed_from_us, T0 + 10 * SECOND);
	add(LEDGER_PAUSED, T0 + 50 * SECOND, 0);
	assert_int_equal(look(T0 + 2 * DAY).standing, STANDING_EXPIRED);
	add(LEDGER_WITHDRAWN, T0 + 60 * SECOND, 0);
	assert_int_equal(look(T0 + 61 * SECOND).standing, STANDING_WITHDRAWN);
	/* Only a new yes begins anew. */
	add(LEDGER_RESUMED, T0 + 70 * SECOND, 0);
	add(LEDGER_PAUSED, T0 + 71 * SECOND, 0);
	add(LEDGER_REQUESTED, T0 + 72 * SECOND, 0);
	assert_int_equal(look(T0 + 80 * SECOND).standing, STANDING_WITHDRAWN);
	add(LEDGER_REFUSED, T0 + 80 * SECOND, 0);
	assert_int_equal(look(T0 + 80 * SECOND).standing, STANDING_REFUSED);
	char epoch[33];
	memcpy(epoch, v.epoch, sizeof epoch);
	add(LEDGER_GIVEN, T0 + 90 * SECOND, 0);
	v = look(T0 + 91 * SECOND);
	assert_int_equal(v.standing, STANDING_GIVEN);
	assert_string_not_equal(v.epoch, epoch);
	add(LEDGER_REFUSED, T0 + 92 * SECOND, 0);
	assert_int_equal(look(T0 + 93 * SECOND).standing, STANDING_REFUSED);
	add(LEDGER_GIVEN, T0 + 94 * SECOND, 0);
	add(LEDGER_EXPIRED, T0 + 95 * SECOND, 0);
	assert_int_equal(look(T0 + 96 * SECOND).standing, STANDING_EXPIRED);
	add(LEDGER_GIVEN, T0 + 97 * SECOND, 0);
	add(LEDGER_INVALIDATED, T0 + 98 * SECOND, 0);
	v = look(T0 + 99 * SECOND);
	assert_int_equal(v.standing, STANDING_INVALID);
	assert_false(v.damaged);
}

static void other_study(void **state)
{
	struct receipt r = make(LEDGER_REFUSED, T0 + 2 * SECOND);
	(void)state;
	add(LEDGER_GIVEN, T0, 0);
	strcpy(r.study, "another");
	assert_int_equal(ledger_append(path, &r), 0);
	assert_int_equal(look(T0 + 3 * SECOND).standing, STANDING_GIVEN);
}

static void clock_back(void **state)
{
	(void)state;
	add(LEDGER_GIVEN, T0, 0);
	assert_int_equal(look(T0 - 59 * SECOND).standing, STANDING_GIVEN);
	struct ledger_view v = look(T0 - 61 * SECOND);
	assert_int_equal(v.standing, STANDING_INVALID);
	assert_true(v.clock_wrong);
	add(LEDGER_PAUSED, T0 + 1000 * SECOND, T0 + 1001 * SECOND);
	assert_int_equal(look(T0 + 900 * SECOND).standing, STANDING_INVALID);
	/* Withdrawing needs no right clock, and joining anew gets out of it. */
	add(LEDGER_WITHDRAWN, T0 + 900 * SECOND, 0);
	assert_int_equal(look(T0 + 900 * SECOND).standing, STANDING_WITHDRAWN);
	add(LEDGER_GIVEN, T0 + 901 * SECOND, 0);
	assert_int_equal(look(T0 + 902 * SECOND).standing, STANDING_GIVEN);
}

static void refuses_nonsense(void **state)
{
	struct receipt r;
	(void)state;
	r = make(LEDGER_GIVEN, T0);
	r.purpose[0].agreed = false;
	assert_int_equal(ledger_append(path, &r), ERROR_INVALID);
	r = make(LEDGER_GIVEN, T0);
	r.until_us = 0;
	assert_int_equal(ledger_append(path, &r), ERROR_INVALID);
	r.until_us = T0;
	assert_int_equal(ledger_append(path, &r), ERROR_INVALID);
	r = make(LEDGER_WITHDRAWN, T0);
	strcpy(r.study, "a\",\"b");
	assert_int_equal(ledger_append(path, &r), ERROR_INVALID);
	r = make(LEDGER_REFUSED, T0);
	r.purpose[1].agreed = true;
	assert_int_equal(ledger_append(path, &r), ERROR_INVALID);
	assert_int_equal(look(T0).standing, STANDING_NEVER);
}

/* Any single byte changed, and any cut: never GIVEN by it, and never an error of the machine. */
static void damage(void **state)
{
	char good[8192], bad[8192];
	(void)state;
	add(LEDGER_REQUESTED, T0, 0);
	add(LEDGER_GIVEN, T0 + SECOND, 0);
	add(LEDGER_WITHDRAWN, T0 + 2 * SECOND, 0);
	size_t n = slurp(good, sizeof good);
	size_t first = (size_t)((char *)memchr(good, '\n', n) - good) + 1;
	size_t second = (size_t)((char *)memchr(good + first, '\n', n - first) - good) + 1;
	int64_t now = T0 + 10 * SECOND;
	for (size_t i = 0; i < n; i++) {
		memcpy(bad, good, n);
		bad[i] ^= 1;
		spit(bad, n);
		struct ledger_view v = look(now);
		if (v.standing == STANDING_GIVEN || v.standing == STANDING_PAUSED)
			fail_msg("byte %zu changed, and it is given", i);
		/* A change in a line that another follows is always seen; the last one's content has no witness but its form. */
		if (i < second)
			assert_int_equal(v.standing, STANDING_INVALID);
	}
	for (size_t i = 0; i < n; i++) {
		spit(good, i);
		struct ledger_view v = look(now);
		/* Cut at the end of a line it is the history up to there: what a plain file cannot show. */
		if (i == 0 || i == first)
			assert_int_equal(v.standing, STANDING_NEVER);
		else if (i == second)
			assert_int_equal(v.standing, STANDING_GIVEN);
		else
			assert_true(v.standing == STANDING_INVALID && v.damaged);
	}
	/* A line taken out, doubled, or swapped. */
	memcpy(bad, good + first, n - first);
	spit(bad, n - first);
	assert_int_equal(look(now).standing, STANDING_INVALID);
	memcpy(bad, good, second);
	memcpy(bad + second, good + first, second - first);
	spit(bad, second + second - first);
	assert_int_equal(look(now).standing, STANDING_INVALID);
	struct receipt r = make(LEDGER_GIVEN, now);
	assert_int_equal(ledger_append(path, &r), ERROR_INVALID);
	r = make(LEDGER_WITHDRAWN, now);
	assert_int_equal(ledger_append(path, &r), ERROR_INVALID);
}

static void torn(void **state)
{
	char good[8192], after[8192];
	(void)state;
	add(LEDGER_GIVEN, T0, 0);
	size_t one = slurp(good, sizeof good);
	add(LEDGER_PAUSED, T0 + SECOND, 0);
	size_t two = slurp(good, sizeof good);
	for (size_t cut = one + 1; cut < two; cut += 37) {
		spit(good, cut);
		struct ledger_view v = look(T0 + 2 * SECOND);
		assert_int_equal(v.standing, STANDING_INVALID);
		assert_non_null(strstr(v.why, "withdraw"));
		/* It may have been a no: a yes cannot take its place, a no can. */
		struct receipt r = make(LEDGER_RESUMED, T0 + 2 * SECOND);
		assert_int_equal(ledger_append(path, &r), ERROR_INVALID);
		r = make(LEDGER_GIVEN, T0 + 2 * SECOND);
		assert_int_equal(ledger_append(path, &r), ERROR_INVALID);
		r = make(LEDGER_WITHDRAWN, T0 + 2 * SECOND);
		assert_int_equal(ledger_append(path, &r), 0);
		assert_int_equal(look(T0 + 3 * SECOND).standing, STANDING_WITHDRAWN);
		slurp(after, sizeof after);
		assert_memory_equal(after, good, one);
	}
	/* A tail longer than what replaces it. */
	spit(good, one);
	FILE *f = fopen(path, "ab");
	for (int i = 0; i < 3000; i++)
		fputc('x', f);
	fclose(f);
	add(LEDGER_WITHDRAWN, T0 + 4 * SECOND, 0);
	assert_int_equal(look(T0 + 5 * SECOND).standing, STANDING_WITHDRAWN);
}

static void foreign(void **state)
{
	static const char *const lines[] = {
		"\n", "{}\n", "null\n", "[]\n", "{\"version\":2}\n", "garbage\n", "{\"version\":1,\"state\":\"given\"}\n", "\xff\xfe\n", "--- a\n",
	};
	struct ledger_view v;
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		spit(lines[i], strlen(lines[i]));
		v = look(T0);
		assert_true(v.standing == STANDING_INVALID && v.damaged);
	}
	unlink(path);
	add(LEDGER_GIVEN, T0, 0);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	chmod(path, 0620);
	assert_int_equal(look(T0).standing, STANDING_INVALID);
	chmod(path, 0602);
	assert_int_equal(look(T0).standing, STANDING_INVALID);
	chmod(path, 0600);
	assert_int_equal(look(T0).standing, STANDING_GIVEN);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
		assert_int_equal(look(T0).standing, STANDING_INVALID);
	}
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	v = look(T0);
	assert_int_equal(v.standing, STANDING_INVALID);
	rmdir(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(look(T0).standing, STANDING_INVALID);
}

static void watch(void **state)
{
	struct ledger_watch w = {0};
	(void)state;
	assert_true(ledger_changed(path, &w));
	add(LEDGER_GIVEN, T0, 0);
	assert_true(ledger_changed(path, &w));
	assert_false(ledger_changed(path, &w));
	add(LEDGER_WITHDRAWN, T0, 0);
	assert_true(ledger_changed(path, &w));
	assert_false(ledger_changed(path, &w));
	unlink(path);
	assert_true(ledger_changed(path, &w));
}

/* Several processes append at once, another reads all the time: no line is lost, and nothing looks broken for longer than a read. */
static void together(void **state)
{
	(void)state;
	add(LEDGER_GIVEN, T0, 0);
	pid_t child[3];
	for (int i = 0; i < 3; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			for (int k = 0; k < 30; k++) {
				struct receipt r = make(k % 2 ? LEDGER_RESUMED : LEDGER_PAUSED, T0 + SECOND);
				if (ledger_append(path, &r))
					_exit(1);
			}
			_exit(0);
		}
	}
	for (int left = 3; left;) {
		struct ledger_view v = look(T0 + 2 * SECOND);
		assert_true(v.standing == STANDING_GIVEN || v.standing == STANDING_PAUSED);
		int status;
		if (waitpid(-1, &status, WNOHANG) > 0) {
			assert_int_equal(status, 0);
			left--;
		}
	}
	char all[65536];
	size_t n = slurp(all, sizeof all), lines = 0;
	for (size_t i = 0; i < n; i++)
		lines += all[i] == '\n';
	assert_int_equal(lines, 91);
}

static void cheap(void **state)
{
	(void)state;
	add(LEDGER_GIVEN, T0, 0);
	for (int i = 0; i < 100; i++)
		add(i % 2 ? LEDGER_RESUMED : LEDGER_PAUSED, T0 + i, 0);
	struct ledger_view v;
	int64_t begun = clock_mono_us();
	for (int i = 0; i < 20; i++)
		assert_int_equal(ledger_read(path, T0, &v), 0);
	print_message("reading 101 receipts: %lld us\n", (long long)(clock_mono_us() - begun) / 20);
}

static void identity(void **state)
{
	char id[160], a[33], b[33], again[33];
	struct stat st;
	(void)state;
	snprintf(id, sizeof id, "%s/identity", folder);
	assert_int_equal(identity_pseudonym(id, "abc", a), ERROR_IO);
	assert_int_equal(identity_ensure(id), 0);
	assert_int_equal(stat(id, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(identity_pseudonym(id, "abc", a), 0);
	assert_int_equal(identity_ensure(id), 0);
	assert_int_equal(identity_pseudonym(id, "abc", again), 0);
	assert_int_equal(identity_pseudonym(id, "abd", b), 0);
	assert_string_equal(a, again);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), 32);
	chmod(id, 0640);
	assert_int_equal(identity_ensure(id), ERROR_INVALID);
	chmod(id, 0600);
	assert_int_equal(truncate(id, 10), 0);
	assert_int_equal(identity_ensure(id), ERROR_INVALID);
	unlink(id);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(lifecycle), CASE(other_study), CASE(clock_back), CASE(refuses_nonsense), CASE(damage), CASE(torn), CASE(foreign),
		CASE(watch), CASE(together), CASE(cheap), CASE(identity),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
