/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <stdio.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "../error.h"

static int64_t read_us(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_us(void) { return read_us(CLOCK_MONOTONIC); }
int64_t clock_utc_us(void) { return read_us(CLOCK_REALTIME); }
int64_t clock_boot_us(void) { return read_us(CLOCK_BOOTTIME); }

int clock_watch(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	struct itimerspec never = { .it_value = { .tv_sec = (time_t)1 << 40 } };
	if (fd >= 0 && timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL)) {
		close(fd);
		return -1;
	}
	return fd;
}

char *clock_format(int64_t utc_us, char out[28])
{
	int64_t seconds = utc_us / 1000000, micros = utc_us % 1000000;
	if (micros < 0) {
		micros += 1000000;
		seconds--;
	}
	time_t t = (time_t)seconds;
	struct tm tm;
	if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099) {
		snprintf(out, 28, "out-of-range");
		return out;
	}
	/* Unsigned and cut, so that the compiler can see that it fits. */
	snprintf(out, 28, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (unsigned)(tm.tm_year + 1900) % 10000,
		 (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
		 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100, (unsigned)micros % 1000000);
	return out;
}

int clock_parse(const char *text, int64_t *utc_us)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";
	int v[7] = {0}, field = 0;
	for (size_t i = 0; i < sizeof shape - 1; i++) {
		if (shape[i] == 'd') {
			if (text[i] < '0' || text[i] > '9')
				return ERROR_INVALID;
			v[field] = v[field] * 10 + (text[i] - '0');
		} else if (text[i] != shape[i]) {
			return ERROR_INVALID;
		} else {
			field++;
		}
	}
	struct tm tm = {.tm_year = v[0] - 1900, .tm_mon = v[1] - 1, .tm_mday = v[2], .tm_hour = v[3], .tm_min = v[4], .tm_sec = v[5]};
	time_t t = timegm(&tm);
	/* timegm carries a 31st of February over: then the day is another. */
	if (v[0] < 1970 || t < 0 || tm.tm_mon != v[1] - 1 || tm.tm_mday != v[2] || tm.tm_hour != v[3] || tm.tm_min != v[4] || tm.tm_sec != v[5])
		return ERROR_INVALID;
	*utc_us = (int64_t)t * 1000000 + v[6];
	return 0;
}
