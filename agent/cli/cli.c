/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../base/clock.h"
#include "../base/config.h"
#include "../error.h"

void cli_complain(const char *format, ...)
{
	char text[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	/* Names of files and of windows are in it, which others choose: they are not to command the terminal. */
	for (char *c = text; *c; c++)
		if (((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "assent: %s\n", text);
}

/* Exactly n digits. */
static const char *digits(const char *s, int n, int *value)
{
	*value = 0;
	for (; n; n--, s++) {
		if (*s < '0' || *s > '9')
			return NULL;
		*value = *value * 10 + (*s - '0');
	}
	return s;
}

static const char *after(const char *s, char c, int n, int *value)
{
	return s && *s == c ? digits(s + 1, n, value) : NULL;
}

int cli_time(const char *text, long long *utc_us)
{
	int year, month, day, hour = 0, minute = 0, second = 0;
	int64_t ago;
	if (config_parse_duration(text, &ago) == 0) {
		*utc_us = clock_utc_us() - ago;
		return 0;
	}
	const char *p = after(after(digits(text, 4, &year), '-', 2, &month), '-', 2, &day);
	if (!p)
		return ERROR_INVALID;
	if (*p == 'T' || *p == ' ') {
		p = after(after(p, *p, 2, &hour), ':', 2, &minute);
		if (p && *p == ':')
			p = after(p, ':', 2, &second);
		if (!p)
			return ERROR_INVALID;
	}
	bool utc = *p == 'Z';
	if (p[utc] || year < 1970 || hour > 23 || minute > 59 || second > 59)
		return ERROR_INVALID;
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute,
		.tm_sec = second, .tm_isdst = -1};
	time_t t = utc ? timegm(&tm) : mktime(&tm);
	/* No 31st of February. */
	if (tm.tm_mon != month - 1 || tm.tm_mday != day)
		return ERROR_INVALID;
	*utc_us = (long long)t * 1000000;
	return 0;
}
