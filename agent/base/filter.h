/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that each process may make (seccomp); used by sandbox.c only. */
#ifndef ASSENT_FILTER_H
#define ASSENT_FILTER_H

/* Filters stack: capture's and writer's lie within the supervisor's, which they inherit. The broker (assent-inputd) has its own. */
enum filter { FILTER_SUPERVISOR, FILTER_CAPTURE, FILTER_WRITER, FILTER_INPUTD };

/*
 * Enters the filter, in all threads. What is not listed fails with EPERM; running a program, tracing and
 * reading another process's memory end the process. ERROR_UNSUPPORTED: the kernel has no seccomp filters.
 */
int filter_enter(enum filter filter, const char **what);

#endif
