/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that were kept as long as the study may: gone. Part of the writer process. */
#ifndef ASSENT_RETENTION_H
#define ASSENT_RETENTION_H

#include <stdint.h>

/*
 * Removes every finished segment below directory that was begun more than retention_us before now_us (UTC). A
 * segment spans an hour at most, so its newest event goes up to an hour early, none late. By the time in its name: a clock that is
 * wrong now removes what it should not only if it is wrong by the whole retention, and is set forward. Returns how many, or
 * ERROR_IO. What cannot be removed is logged with shown, the directory's path.
 */
int retention_apply(int directory, const char *shown, int64_t retention_us, int64_t now_us);

#endif
