/* SPDX-License-Identifier: Apache-2.0 */
#include "atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"

enum { PATH_ROOM = 1200 };

int atomic_sync_parent(const char *path)
{
	char parent[PATH_ROOM];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	if (n >= sizeof parent)
		return ERROR_LIMIT;
	memcpy(parent, path, n);
	parent[n] = 0;
	int fd = open(!slash ? "." : n ? parent : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERROR_IO;
	int e = fsync(fd) ? ERROR_IO : 0, saved = errno;
	close(fd);
	errno = saved;
	return e;
}

int atomic_write(const char *path, const void *data, size_t length, bool replace)
{
	char temporary[PATH_ROOM];
	int n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path), e = ERROR_IO, saved;
	if (n < 0 || (size_t)n >= sizeof temporary)
		return ERROR_LIMIT;
	int fd = mkostemp(temporary, O_CLOEXEC); /* 0600 */
	if (fd < 0)
		return ERROR_IO;
	for (size_t done = 0; done < length;) {
		ssize_t w = write(fd, (const char *)data + done, length - done);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			goto out;
		done += (size_t)w;
	}
	/* link does what rename does not: it never replaces. */
	if (fsync(fd) || (replace ? rename(temporary, path) : link(temporary, path)))
		goto out;
	if (replace)
		*temporary = 0;
	e = atomic_sync_parent(path);
out:
	saved = errno;
	close(fd);
	if (*temporary)
		unlink(temporary);
	errno = saved;
	return e;
}
