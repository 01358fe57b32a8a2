/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to stderr (the journal). Only the programs' edges log; rooms return errors.
 * Never pass anything derived from an event here.
 */
#ifndef ASSENT_LOG_H
#define ASSENT_LOG_H

#include <stdbool.h>

/* Who speaks, e.g. "assentd[capture]". The string is kept, not copied. */
void log_name(const char *name);
void log_verbose(bool verbose);
/* A line each; printf style. Journald priorities (<3> ..) are added when stderr is the journal. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
