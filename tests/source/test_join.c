/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel's times for X11's events: streams whose truth is known, with what either side misses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../agent/source/join.h"

static struct join j;

static uint32_t chance(uint32_t below)
{
	static uint64_t state = 88172645463325252u;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % below;
}

static struct raw_event key(int64_t mono_us, int16_t code, uint8_t action)
{
	struct raw_event raw = {.kind = RAW_KEY, .mono_us = mono_us};
	raw.as.input.code = code;
	raw.as.input.action = action;
	return raw;
}

static struct raw_event motion(int64_t mono_us, float dx, float dy)
{
	struct raw_event raw = {.kind = RAW_MOTION, .mono_us = mono_us};
	raw.as.input.has = HAS_DELTA;
	raw.as.input.dx = dx;
	raw.as.input.dy = dy;
	return raw;
}

static int64_t rounded(int64_t us) { return us / 1000 * 1000; }

/* A mouse at 8 kHz that X11 tells of whole, in batches: every time is the kernel's, though most steps are alike. */
static void every_event_gets_its_own(void **state)
{
	(void)state;
	enum { N = 80000, BATCH = 400 };
	static int64_t t[BATCH];
	static float dx[BATCH];
	int64_t now = 5000000;
	join_init(&j);
	for (int done = 0; done < N; done += BATCH) {
		for (int i = 0; i < BATCH; i++) {
			now += 100 + chance(50);
			t[i] = now;
			dx[i] = (float)chance(2);
			struct raw_event raw = motion(now, dx[i], 0);
			join_kernel(&j, &raw);
		}
		for (int i = 0; i < BATCH; i++) {
			struct raw_event raw = motion(rounded(t[i]), dx[i], 0);
			assert_true(join_time(&j, &raw));
			assert_int_equal(raw.mono_us, t[i]);
			assert_int_equal(raw.as.input.timed, TIMED_JOINED);
			assert_int_equal(raw.as.input.skew_us, rounded(t[i]) - t[i]);
		}
	}
	assert_int_equal(j.count, 0);
}

/* What one of them misses shifts at most what is like it and follows at once. */
static void losses_stay_local(void **state)
{
	(void)state;
	int64_t now = 5000000;
	int missed = 0, shifted = 0, unjoined = 0;
	join_init(&j);
	for (int i = 0; i < 50000; i++) {
		now += 500 + chance(1500);
		float dx = (float)chance(3), dy = (float)chance(2);
		struct raw_event raw = motion(now, dx, dy), x = motion(rounded(now), dx, dy);
		bool kernel = chance(20), both = chance(20);
		if (kernel)
			join_kernel(&j, &raw);
		if (!both) {
			missed++;
			continue;
		}
		bool joined = join_time(&j, &x);
		assert_int_equal(x.as.input.timed, joined ? TIMED_JOINED : TIMED_UNJOINED);
		assert_true(x.as.input.skew_us <= JOIN_LATE_US);
		if (kernel)
			assert_true(joined);
		shifted += joined && x.mono_us != now;
		unjoined += !joined;
		/* Never by more than a few steps. */
		assert_in_range(x.mono_us - now + 15000, 0, 15000);
	}
	assert_in_range(shifted, 0, missed / 2);
	assert_in_range(unjoined, 50000 / 20 / 2, 50000 / 20);
}

/* A server that comes late reads several at once, and gives them one time: each still gets its own, also of those that are alike. */
static void a_server_that_comes_late(void **state)
{
	(void)state;
	enum { BATCH = 20 };
	static int64_t t[BATCH];
	int64_t now = 5000000;
	join_init(&j);
	for (int done = 0; done < 5000; done++) {
		int n = 1 + (int)chance(BATCH);
		for (int i = 0; i < n; i++) {
			now += 900 + chance(200);
			t[i] = now;
			struct raw_event raw = motion(now, 1, 0);
			join_kernel(&j, &raw);
		}
		/* The server stamps what it reads; we read both afterwards. */
		int64_t late = rounded(now + chance(3000));
		for (int i = 0; i < n; i++) {
			struct raw_event raw = motion(late, 1, 0);
			assert_true(join_time(&j, &raw));
			assert_int_equal(raw.mono_us, t[i]);
		}
		now = late > now ? late : now;
	}
}

/* One that stands still for longer than it is ever late, and then tells all of it, or not what its buffer had no room for: steps that are all alike. Which of
 * the two it was cannot be told at first; but none gets another's time, and what comes on time has its own soon. */
static void a_server_that_stands_still(void **state)
{
	(void)state;
	enum { MOST = 400 };
	static int64_t t[MOST];
	int64_t now = 5000000;
	int late = 0, on_time = 0;
	join_init(&j);
	for (int done = 0; done < 300; done++) {
		int n = done ? 1 + (int)chance(MOST) : MOST;
		bool drops = done % 2 && n > 60;
		for (int i = 0; i < n; i++) {
			t[i] = now += 2000 + chance(1000);
			struct raw_event raw = motion(now, 1, 0);
			join_kernel(&j, &raw);
		}
		for (int i = drops ? n - 2 : 0; i < n; i++) {
			struct raw_event raw = motion(rounded(now) + i / 50 * 1000, 1, 0);
			int64_t told_us = raw.mono_us;
			bool joined = join_time(&j, &raw);
			assert_int_equal(joined, !drops && told_us - t[i] <= JOIN_LATE_US);
			assert_true(!joined || raw.mono_us == t[i]);
			late += !joined;
		}
		/* Another step, and all is right again. */
		for (int i = 0; i < 20; i++) {
			now += 12000;
			struct raw_event raw = motion(now, i ? 1 : 2, 0), x = motion(rounded(now), i ? 1 : 2, 0);
			join_kernel(&j, &raw);
			assert_true(join_time(&j, &x));
			assert_int_equal(x.mono_us, now);
			on_time++;
		}
	}
	assert_true(late > 1000 && on_time == 6000);
}

/* A keyboard that the server does not read: what another one does is joined all the same. */
static void a_device_that_is_not_read(void **state)
{
	(void)state;
	int64_t now = 5000000;
	join_init(&j);
	struct raw_event first = key(now - 1, 30, KEY_PRESS), told = key(rounded(now), 30, KEY_PRESS);
	join_kernel(&j, &first);
	assert_true(join_time(&j, &told));
	for (int i = 0; i < 1000; i++) {
		struct raw_event unread = key(now, 30, KEY_PRESS), raw = key(now + 300000, 30, KEY_PRESS), x = key(rounded(now + 301000), 30, KEY_PRESS);
		unread.as.input.device = 1;
		join_kernel(&j, &unread);
		join_kernel(&j, &raw);
		assert_true(join_time(&j, &x));
		assert_int_equal(x.mono_us, now + 300000);
		now += 600000;
	}
}

static void a_busy_server(void **state)
{
	(void)state;
	int64_t now = 5000000;
	join_init(&j);
	for (int i = 0; i < 5000; i++) {
		now += 30000 + chance(100000);
		int16_t code = (int16_t)(16 + chance(30));
		struct raw_event raw = key(now, code, KEY_PRESS), x = key(rounded(now + chance(20000)), code, KEY_PRESS);
		join_kernel(&j, &raw);
		assert_true(join_time(&j, &x));
		assert_int_equal(x.mono_us, now);
		assert_true(x.as.input.skew_us > -1000 && x.as.input.skew_us < 20000);
	}
}

/* One that has no partner was rounded down: it is not before what came before it. A device made by software is told as one. */
static void in_order(void **state)
{
	(void)state;
	struct raw_event kernel = motion(1000700, 1, 0), a = motion(1000000, 1, 0), b = motion(1000000, 2, 0), c = motion(990000, 3, 0);
	join_init(&j);
	kernel.as.input.synthetic = true;
	join_kernel(&j, &kernel);
	assert_true(join_finds(&j, &a));
	assert_true(join_time(&j, &a));
	assert_true(a.as.input.synthetic);
	assert_false(join_finds(&j, &b));
	assert_false(join_time(&j, &b));
	assert_false(b.as.input.synthetic);
	assert_int_equal(b.mono_us, 1000700);
	/* By more than that: it is what X11 says. */
	assert_false(join_time(&j, &c));
	assert_int_equal(c.mono_us, 990000);
}

static void what_is_not_alike(void **state)
{
	(void)state;
	struct raw_event kernel[] = { key(1000100, 30, KEY_PRESS), key(1000200, 0, KEY_RELEASE), motion(1000300, 1, 0) }, x;
	join_init(&j);
	for (size_t i = 0; i < sizeof kernel / sizeof kernel[0]; i++)
		join_kernel(&j, &kernel[i]);
	x = key(1000000, 31, KEY_PRESS);
	assert_false(join_time(&j, &x));
	x = key(1000000, 30, KEY_REPEAT);
	assert_false(join_time(&j, &x));
	x = motion(1000000, 1, 1);
	assert_false(join_time(&j, &x));
	assert_int_equal(x.mono_us, 1000000);
	/* Before it happened, or long after. */
	x = key(999000, 30, KEY_PRESS);
	assert_false(join_time(&j, &x));
	x = key(1000100 + JOIN_LATE_US + 1, 30, KEY_PRESS);
	assert_false(join_time(&j, &x));
	/* Injected by software: the kernel never saw it. */
	x = key(1000000, 30, KEY_PRESS);
	x.as.input.synthetic = true;
	assert_false(join_time(&j, &x));
	/* A stream of classes only does not tell which key. */
	x = key(1000000, 42, KEY_RELEASE);
	assert_true(join_time(&j, &x));
	assert_int_equal(x.mono_us, 1000200);
	x = (struct raw_event){.kind = RAW_FOCUS, .mono_us = 1000000};
	assert_false(join_time(&j, &x));
	join_kernel(&j, &x);
	assert_int_equal(x.as.input.timed, TIMED_ALONE);
}

static bool anything_left(void)
{
	for (size_t i = 0; i < JOIN_WAITING; i++)
		if (j.at[i].mono_us || j.at[i].code || j.at[i].dx != 0)
			return true;
	return false;
}

static void nothing_stays(void **state)
{
	(void)state;
	join_init(&j);
	/* More than there is room for; joined, not told of by the server, and forgotten. */
	for (int i = 0; i < 3 * JOIN_WAITING; i++) {
		struct raw_event raw = key(1000000 + i * 10, (int16_t)(1 + i), KEY_PRESS);
		join_kernel(&j, &raw);
	}
	for (int i = 3 * JOIN_WAITING - 99; i < 3 * JOIN_WAITING; i += 2) {
		struct raw_event raw = key(rounded(1000000 + i * 10), (int16_t)(1 + i), KEY_PRESS);
		assert_true(join_time(&j, &raw));
		assert_int_equal(raw.mono_us, 1000000 + i * 10);
	}
	struct raw_event other = motion(1000000 + 3 * JOIN_WAITING * 10, 1, 0);
	join_kernel(&j, &other);
	assert_int_equal(j.count, 1);
	join_forget(&j, 1000001 + 3 * JOIN_WAITING * 10);
	assert_int_equal(j.count, 0);
	assert_false(anything_left());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_gets_its_own), cmocka_unit_test(losses_stay_local), cmocka_unit_test(a_server_that_comes_late),
		cmocka_unit_test(a_server_that_stands_still), cmocka_unit_test(a_device_that_is_not_read),
		cmocka_unit_test(a_busy_server), cmocka_unit_test(in_order),
		cmocka_unit_test(what_is_not_alike), cmocka_unit_test(nothing_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
