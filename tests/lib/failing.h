/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that fail when a test says so: every call into the C library (and what libsodium and zstd allocate) that the code under test makes.
 * A test that links failing.c with the --wrap options of failing.cmake can let the first, the second ... fail in turn, in its own process: nothing may
 * crash, nothing may leak (under AddressSanitizer), and an error must be told. tests/store/step.h does the same to system calls from outside.
 */
#ifndef ASSENT_TEST_FAILING_H
#define ASSENT_TEST_FAILING_H

#include <stdbool.h>

enum { FAILING_MEMORY = 1, FAILING_FILES = 2, FAILING_READS = 4 /* stat, open for reading, read, map: a file that is there, and cannot be read */ };

enum failing_how {
	FAILING_ONCE,                    /* with that errno */
	FAILING_ALWAYS,                  /* that one, and each after it */
	FAILING_INTERRUPTED,             /* with EINTR, once: only calls that can be */
	FAILING_SHORT                    /* read and write: half of it, once */
};

/* From now on the call number nth (from 0) of these kinds fails. */
void failing_begin(unsigned kinds, enum failing_how how, int error, int nth);
/* Did one? From now on none does. */
bool failing_end(void);

/*
 * The sweep that most tests want. fresh makes the place anew; run does the work, and returns 0 or a negative error; check looks at what is there then (result is
 * run's, how a text for messages). First call after call fails once; then from each call on all. What was interrupted, or done in halves, must
 * succeed. After each failure run is done once more, in peace, and must succeed (not if once). Returns how many calls there were.
 */
struct failing_work {
	const char *name;
	void (*fresh)(void *user);
	int (*run)(void *user);
	void (*check)(void *user, int result, const char *how, int nth);   /* may be NULL */
	void *user;
	bool once;
};
int failing_sweep(const struct failing_work *work, unsigned kinds);

#endif
