/* SPDX-License-Identifier: Apache-2.0 */
/* The three clocks, in microseconds. */
#ifndef ASSENT_CLOCK_H
#define ASSENT_CLOCK_H

#include <stdint.h>

int64_t clock_mono_us(void);   /* CLOCK_MONOTONIC: does not count suspend */
int64_t clock_utc_us(void);    /* CLOCK_REALTIME: can be set by hand */
int64_t clock_boot_us(void);   /* CLOCK_BOOTTIME: counts suspend */

/* A descriptor to be polled for reading: wakes when the UTC clock is set or the machine comes back from suspend, and never else. -1: errno. */
int clock_watch(void);

/* "2026-05-01T12:34:56.123456Z" into out[28], as all exports write UTC. Returns out. */
char *clock_format(int64_t utc_us, char out[28]);
/* Reads exactly that; what stands behind the Z is not looked at. Times before 1970: no. 0 or ERROR_INVALID. */
int clock_parse(const char *text, int64_t *utc_us);

#endif
