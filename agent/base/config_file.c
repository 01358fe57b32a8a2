/* SPDX-License-Identifier: Apache-2.0 */
/* config_read() and config_load(): the bytes of a file, and no more of them than are permitted. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"

int config_read(const char *path, char **text, size_t *length, struct config_error *error)
{
	int r = ERROR_IO, saved;
	char *bytes = NULL;
	size_t n = 0;
	struct stat st;
	/* O_NONBLOCK: a FIFO in its place must not hang us. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st))
		goto fail;
	if (!S_ISREG(st.st_mode)) {
		snprintf(error->text, sizeof error->text, "%s: not a regular file", path);
		r = ERROR_INVALID;
		goto out;
	}
	if (st.st_size > CONFIG_BYTES_MAX) {
		snprintf(error->text, sizeof error->text, "%s: larger than %d bytes (shorten it)", path, CONFIG_BYTES_MAX);
		r = ERROR_LIMIT;
		goto out;
	}
	/* One byte more than is permitted: a file that grows meanwhile is seen to be too large. */
	bytes = malloc(CONFIG_BYTES_MAX + 2);
	if (!bytes) {
		snprintf(error->text, sizeof error->text, "%s: out of memory", path);
		r = ERROR_MEMORY;
		goto out;
	}
	for (;;) {
		ssize_t got = read(fd, bytes + n, CONFIG_BYTES_MAX + 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			goto fail;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	bytes[n] = 0;
	*text = bytes;
	*length = n;
	bytes = NULL;
	r = 0;
	goto out;
fail:
	snprintf(error->text, sizeof error->text, "%s: cannot be read: %s", path, strerror(errno));
out:
	saved = errno;
	free(bytes);
	if (fd >= 0)
		close(fd);
	errno = saved;
	return r;
}

int config_load(const char *path, struct config **config, struct config_error *error)
{
	char *text;
	size_t length;
	*config = NULL;
	int r = config_read(path, &text, &length, error);
	if (r)
		return r;
	r = config_parse(path, text, length, config, error);
	free(text);
	return r;
}
