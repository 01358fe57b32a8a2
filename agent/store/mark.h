/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file data/private: there while private mode is on, so that it outlives the agent, a crash and a restart of the
 * machine, and ends only when the participant ends it.
 */
#ifndef ASSENT_MARK_H
#define ASSENT_MARK_H

#include <stdbool.h>
#include <stdint.h>

/* Is private mode on? since_us: UTC, 0 where the file does not say. A file that is there and cannot be read means yes. */
bool mark_read(const char *path, int64_t *since_us);
/* Makes it, for good, or removes it. ERROR_IO, ERROR_LIMIT. */
int mark_set(const char *path, bool on, int64_t since_us);

#endif
