/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a piece of a test in a child, which may enter a sandbox and cannot get out again. */
#ifndef ASSENT_TEST_INSIDE_H
#define ASSENT_TEST_INSIDE_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum who { AS_IS, AS_USER }; /* AS_USER: nobody, when the test runs as root */

/* waitpid's status of a child that ran body and then ended with 0. */
int inside(enum who who, void (*body)(void));
/* Did it end well? Died by that signal? */
bool ended_well(int status);
bool died_of(int status, int signal);

/* In the child: says which line failed and why, and ends the child with 1. */
#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			int check_errno = errno; \
			dprintf(STDERR_FILENO, "%s:%d: not true: %s (%s)\n", __FILE__, __LINE__, #condition, strerror(check_errno)); \
			_exit(1); \
		} \
	} while (0)

/* The call fails with EPERM or EACCES. */
#define REFUSED(call) CHECK((errno = 0, (long)(call) == -1) && (errno == EPERM || errno == EACCES))
/* A step of the sandbox that must succeed. */
#define STEP(call) \
	do { \
		const char *what = "?"; \
		int step_error = call; \
		if (step_error != 0) { \
			dprintf(STDERR_FILENO, "%s:%d: %s: %d, %s (%s)\n", __FILE__, __LINE__, #call, step_error, what, strerror(errno)); \
			_exit(1); \
		} \
	} while (0)

#endif
