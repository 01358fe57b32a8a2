/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LD_PRELOAD: the clock is set, and the machine sleeps, as the file MOVED_CLOCK says: two int64, µs by which UTC and the time since boot are ahead of
 * the machine's own. To be changed while it runs. Nothing else of the machine is touched, and nobody else's clock.
 *
 * What waits for the clock to be set (a timerfd of CLOCK_REALTIME) waits for a pipe instead: who sets the clock writes 8 bytes into /proc/PID/fd/N.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SEEN __attribute__((visibility("default")))

static const volatile int64_t *ahead;
static int (*real)(clockid_t, struct timespec *);

/* Before main: in the sandbox no file could be opened. */
static __attribute__((constructor)) void begin(void)
{
	const char *path = getenv("MOVED_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	if (fd < 0)
		return;
	void *map = mmap(NULL, 16, PROT_READ, MAP_SHARED, fd, 0);
	ahead = map == MAP_FAILED ? NULL : map;
	close(fd);
}

SEEN int clock_gettime(clockid_t clock, struct timespec *t)
{
	int result = real ? real(clock, t) : (int)syscall(SYS_clock_gettime, clock, t);
	if (result || !ahead || (clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME))
		return result;
	int64_t us = (int64_t)t->tv_sec * 1000000 + t->tv_nsec / 1000 + ahead[clock == CLOCK_BOOTTIME];
	t->tv_nsec = t->tv_nsec % 1000 + (long)(us % 1000000 * 1000);
	t->tv_sec = (time_t)(us / 1000000);
	return 0;
}

SEEN int timerfd_create(int clock, int flags)
{
	int ends[2];
	if (clock != CLOCK_REALTIME || !ahead)
		return (int)syscall(SYS_timerfd_create, clock, flags);
	/* The other end stays open: a pipe that nobody writes to is no news. */
	return pipe2(ends, O_NONBLOCK | O_CLOEXEC) ? -1 : ends[0];
}

SEEN int timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old)
{
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		return 0;
	return (int)syscall(SYS_timerfd_settime, fd, flags, to, old);
}
