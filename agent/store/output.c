/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"

enum { FILE_NAME_MAX = SPOOL_NAME_MAX + 8 };

static const char *file_name(const struct output *o, const char *suffix, char out[FILE_NAME_MAX])
{
	snprintf(out, FILE_NAME_MAX, "%s%s", o->name, suffix);
	return out;
}

void output_init(struct output *o, int directory, const char *name)
{
	memset(o, 0, sizeof *o);
	o->directory = directory;
	o->fd = -1;
	snprintf(o->name, sizeof o->name, "%s", name);
}

/* O_APPEND: after a failed write has been cut off, the next one begins where the good part ends. */
static int open_part(struct output *o, int flags)
{
	char name[FILE_NAME_MAX];
	o->fd = openat(o->directory, file_name(o, ".part", name), O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | flags,
		       0600);
	return o->fd < 0 ? ERROR_IO : 0;
}

int output_create(struct output *o)
{
	int error = open_part(o, O_CREAT | O_EXCL);
	/* Else a power cut could take the name, and with it all that was flushed. */
	if (error == 0 && fsync(o->directory) < 0) {
		int saved = errno;
		output_discard(o);
		errno = saved;
		error = ERROR_IO;
	}
	return error;
}

int output_reopen(struct output *o)
{
	return open_part(o, O_NONBLOCK);
}

int output_append(struct output *o, const uint8_t *data, size_t length)
{
	size_t done = 0;
	if (o->torn && ftruncate(o->fd, o->good) < 0)
		return ERROR_IO;
	o->torn = false;
	while (done < length) {
		ssize_t n = write(o->fd, data + done, length - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = ENOSPC;
			goto fail;
		}
		done += (size_t)n;
	}
	if (fdatasync(o->fd) < 0)
		goto fail;
	o->good += (int64_t)length;
	return 0;
fail:;
	int saved = errno;
	/* A reader stops at a torn block, so nothing may ever be appended behind one. */
	o->torn = ftruncate(o->fd, o->good) < 0;
	errno = saved;
	return ERROR_IO;
}

int output_finish(struct output *o)
{
	char from[FILE_NAME_MAX], to[FILE_NAME_MAX];
	if (fsync(o->fd) < 0)
		return ERROR_IO;
	if (renameat(o->directory, file_name(o, ".part", from), o->directory, file_name(o, ".seg", to)) < 0) {
		if (errno != ENOENT)
			return ERROR_IO;
		/* Renamed by an attempt whose last step failed? */
		if (faccessat(o->directory, to, F_OK, 0) < 0) {
			close(o->fd);
			o->fd = -1;
			return ERROR_GONE;
		}
	}
	if (fsync(o->directory) < 0)
		return ERROR_IO;
	close(o->fd);
	o->fd = -1;
	return 0;
}

void output_abandon(struct output *o)
{
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
}

void output_discard(struct output *o)
{
	char name[FILE_NAME_MAX];
	if (o->fd < 0)
		return;
	output_abandon(o);
	unlinkat(o->directory, file_name(o, ".part", name), 0);
}
