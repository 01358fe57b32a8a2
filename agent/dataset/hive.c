/* SPDX-License-Identifier: Apache-2.0 */
#include "hive.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../error.h"

#define DAY_US INT64_C(86400000000)

enum { DAYS = 2932897 };  /* up to 9999-12-31 */

int32_t hive_day(int64_t t_us)
{
	return t_us < 0 || t_us / DAY_US >= DAYS ? -1 : (int32_t)(t_us / DAY_US);
}

char *hive_date(int32_t day, char out[11])
{
	char time[28];
	snprintf(out, 11, "%.10s", clock_format(day * DAY_US, time));
	return out;
}

static bool name(const char *s, const char *letters, size_t most)
{
	size_t n = strspn(s, letters);
	return n > 0 && n <= most && !s[n];
}

static bool person(const char *study, const char *participant)
{
	return name(study, "abcdefghijklmnopqrstuvwxyz0123456789-", 64) && name(participant, "0123456789abcdef", 32);
}

static bool good(const struct hive_path *p)
{
	return person(p->study, p->participant) && name(p->suffix, "abcdefghijklmnopqrstuvwxyz", 15) && strlen(p->date) == 10 && name(p->date, "0123456789-", 10) && p->version > 0 && p->n >= 0;
}

bool hive_format(const struct hive_path *p, char out[HIVE_PATH_MAX])
{
	int n = snprintf(out, HIVE_PATH_MAX, HIVE_ROWS "/study=%s/date=%s/participant=%s/%" PRId64 "-%d.%s", p->study, p->date, p->participant, p->version, p->n, p->suffix);
	return good(p) && n > 0 && n < HIVE_PATH_MAX;
}

/* Copies up to the stop character, which is passed over. */
static bool part(const char **s, const char *key, char stop, char *out, size_t size)
{
	size_t n = strlen(key);
	if (strncmp(*s, key, n) != 0)
		return false;
	const char *end = strchr(*s + n, stop);
	if (!end || (size_t)(end - (*s + n)) >= size)
		return false;
	memcpy(out, *s + n, (size_t)(end - (*s + n)));
	out[end - (*s + n)] = 0;
	*s = end + (stop ? 1 : 0);
	return true;
}

int hive_parse(const char *path, struct hive_path *p)
{
	char again[HIVE_PATH_MAX], version[12], n[12];
	memset(p, 0, sizeof *p);
	if (!part(&path, HIVE_ROWS "/study=", '/', p->study, sizeof p->study) || !part(&path, "date=", '/', p->date, sizeof p->date) ||
	    !part(&path, "participant=", '/', p->participant, sizeof p->participant))
		return ERROR_INVALID;
	const char *last = path;
	if (!part(&path, "", '-', version, sizeof version) || !part(&path, "", '.', n, sizeof n) || !part(&path, "", 0, p->suffix, sizeof p->suffix))
		return ERROR_INVALID;
	p->version = strtoll(version, NULL, 10);
	p->n = (int)strtol(n, NULL, 10);
	/* The numbers, too, just as they are written. */
	return hive_format(p, again) && strcmp(strrchr(again, '/') + 1, last) == 0 ? 0 : ERROR_INVALID;
}

bool hive_description(const char *study, const char *participant, int64_t version, char out[HIVE_PATH_MAX])
{
	int n = snprintf(out, HIVE_PATH_MAX, HIVE_SEGMENTS "/study=%s/participant=%s/%" PRId64 ".json", study, participant, version);
	return person(study, participant) && version > 0 && n > 0 && n < HIVE_PATH_MAX;
}

bool hive_is_description(const char *path)
{
	struct hive_path p;
	char again[HIVE_PATH_MAX], version[24];
	const char *s = path;
	return part(&s, HIVE_SEGMENTS "/study=", '/', p.study, sizeof p.study) && part(&s, "participant=", '/', p.participant, sizeof p.participant) &&
	       part(&s, "", '.', version, sizeof version) && hive_description(p.study, p.participant, strtoll(version, NULL, 10), again) &&
	       strcmp(path, again) == 0;
}

bool hive_is_description_of(const char *path, const char *study, const char *participant)
{
	char want[HIVE_PATH_MAX];
	int n = hive_description(study, participant, 1, want) ? (int)strlen(want) - (int)strlen("1.json") : -1;
	return n > 0 && strncmp(path, want, (size_t)n) == 0 && hive_is_description(path);
}
