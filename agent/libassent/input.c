/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../format/record.h"
#include "inside.h"

enum { FIRST = 1 << 16 };        /* of what has no size yet: a pipe */

/* One byte more than a file has, so that its end is seen without growing. */
static size_t room_for(int fd)
{
	struct stat st;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 || (uint64_t)st.st_size >= SIZE_MAX / 2)
		return FIRST;
	off_t at = lseek(fd, 0, SEEK_CUR);
	off_t left = at < 0 || at > st.st_size ? 0 : st.st_size - at;
	return (size_t)left + 1;
}

int input_read(int fd, uint8_t **data, size_t *length)
{
	size_t room = room_for(fd), n = 0;
	bool known = false;
	uint8_t *all = malloc(room);
	int error = ERROR_MEMORY;
	*data = NULL;
	*length = 0;
	if (!all)
		return ERROR_MEMORY;
	for (;;) {
		if (n == room) {
			uint8_t *more = room > SIZE_MAX / 2 ? NULL : realloc(all, room * 2);
			if (!more)
				goto out;
			all = more;
			room *= 2;
		}
		ssize_t got = read(fd, all + n, room - n);
		if (got < 0 && errno == EINTR)
			continue;
		error = ERROR_IO;
		if (got < 0)
			goto out;
		n += (size_t)got;
		error = ERROR_MEMORY;
		if (!known && (n >= RECORD_PRELUDE_BYTES || got == 0)) {
			/* Not to swallow a device or a pipe without an end that is no segment at all. */
			struct bytes_reader in = {all, all + n, false};
			error = record_get_prelude(&in);
			if (error)
				goto out;
			known = true;
			error = ERROR_MEMORY;
		}
		if (got == 0)
			break;
	}
	*data = all;
	*length = n;
	return 0;
out:
	free(all);
	return error;
}
