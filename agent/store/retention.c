/* SPDX-License-Identifier: Apache-2.0 */
#include "retention.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../base/log.h"
#include "../error.h"

/* "20260501T123456Z-0f3a9c11.seg" → UTC µs. */
static bool begun(const char *name, int64_t *utc_us)
{
	struct tm tm = { 0 };
	int length = 0;
	if (sscanf(name, "%4d%2d%2dT%2d%2d%2dZ-%*8[0-9a-f].seg%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
		   &tm.tm_sec, &length) != 6 || !length || name[length])
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*utc_us = (int64_t)timegm(&tm) * 1000000;
	return true;
}

int retention_apply(int directory, const char *shown, int64_t retention_us, int64_t now_us)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int gone = 0;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return ERROR_IO;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		int64_t utc_us;
		if (!begun(entry->d_name, &utc_us) || utc_us > now_us - retention_us)
			continue;
		if (unlinkat(directory, entry->d_name, 0) == 0)
			gone++;
		else
			log_error("%s/%s is past its retention and cannot be removed: %s", shown, entry->d_name, strerror(errno));
	}
	closedir(dir);
	if (gone)
		log_info("%s: %d segment%s past the retention removed", shown, gone, gone == 1 ? "" : "s");
	return gone;
}
