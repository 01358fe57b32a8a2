/* SPDX-License-Identifier: Apache-2.0 */
/* Kills a piece of a program at each of its system calls in turn. */
#ifndef ASSENT_TEST_STEP_H
#define ASSENT_TEST_STEP_H

#include <stdbool.h>

/* Runs body in a child that is killed (SIGKILL) right before its system call number `call` is made. false: it was over before that; then
 * *result is what body returned (as an exit code). */
bool step_killed_at(int call, int (*body)(void *user), void *user, int *result);

/* The same, but the call is not made, and fails with this errno; only those calls count that change files. Where no architecture is known to
 * change a call (others than x86_64 and aarch64), none fails. false: there were fewer of them. */
bool step_failed_at(int call, int error, int (*body)(void *user), void *user, int *result);

#endif
