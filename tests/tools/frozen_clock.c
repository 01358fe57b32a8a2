/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LD_PRELOAD: the clocks stand still at FROZEN_UTC_US and FROZEN_MONO_US. A story that is replayed twice then happens at
 * the same moment twice, and what it leaves can be compared byte for byte.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *t)
{
	const char *frozen = getenv(clock == CLOCK_REALTIME ? "FROZEN_UTC_US" : "FROZEN_MONO_US");
	if (!frozen || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME))
		return (int)syscall(SYS_clock_gettime, clock, t);
	int64_t us = strtoll(frozen, NULL, 10);
	t->tv_sec = (time_t)(us / 1000000);
	t->tv_nsec = (long)(us % 1000000 * 1000);
	return 0;
}
