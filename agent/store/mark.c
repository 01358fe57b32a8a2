/* SPDX-License-Identifier: Apache-2.0 */
#include "mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../error.h"
#include "atomic.h"

bool mark_read(const char *path, int64_t *since_us)
{
	char text[32] = "";
	*since_us = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return errno != ENOENT && errno != ENOTDIR;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n > 0)
		*since_us = strtoll(text, NULL, 10);
	if (*since_us < 0)
		*since_us = 0;
	return true;
}

int mark_set(const char *path, bool on, int64_t since_us)
{
	char text[32];
	if (on) {
		int n = snprintf(text, sizeof text, "%lld\n", (long long)since_us);
		return atomic_write(path, text, (size_t)n, true);
	}
	/* Should the removal be undone by a power cut, private mode is on again: the safe side. */
	return unlink(path) && errno != ENOENT ? ERROR_IO : 0;
}
