/* SPDX-License-Identifier: Apache-2.0 */
#include "secretfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "atomic.h"

enum { PATH_ROOM = 1200 };

static const char *judge(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is not a file";
	if (st->st_uid != geteuid())
		return "belongs to another user (chown it, if you know where it comes from)";
	if (st->st_mode & 077)
		return "is open to others (chmod 600)";
	if (st->st_size > SECRETFILE_MAX)
		return "is too long to be such a file";
	return NULL;
}

int secretfile_read(const char *path, char text[SECRETFILE_MAX + 1], size_t *length, const char **what)
{
	struct stat st;
	int e = ERROR_IO, saved;
	size_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	*what = "cannot be read";
	if (fd < 0 && errno == ELOOP) {
		*what = "is a symbolic link (name the file itself)";
		return ERROR_INVALID;
	}
	if (fd < 0)
		return ERROR_IO;
	if (fstat(fd, &st))
		goto out;
	e = ERROR_INVALID;
	if ((*what = judge(&st)))
		goto out;
	while (n <= SECRETFILE_MAX) {
		ssize_t got = read(fd, text + n, SECRETFILE_MAX + 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			*what = "cannot be read";
			e = ERROR_IO;
			goto out;
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	if (n > SECRETFILE_MAX) {
		*what = "is too long to be such a file";
		goto out;
	}
	text[n] = 0;
	*length = n;
	if (memchr(text, '\r', n)) {
		*what = "has the line ends of Windows (CRLF): dos2unix it, or take the file as it was written";
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\n') || text[i] == 0x7f) {
			*what = "is not a text";
			goto out;
		}
	e = 0;
out:
	saved = errno;
	close(fd);
	errno = saved;
	return e;
}

bool secretfile_body(const char *text, char *body)
{
	while (*text) {
		const char *end = strchr(text, '\n');
		if (!end)
			return false;
		if (*text != '#') {
			memcpy(body, text, (size_t)(end + 1 - text));
			body += end + 1 - text;
		}
		text = end + 1;
	}
	*body = 0;
	return true;
}

static int folder_of(const char *path, const char **name)
{
	char folder[PATH_ROOM];
	const char *slash = strrchr(path, '/');
	int n = snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	if (n < 0 || (size_t)n >= sizeof folder)
		return ERROR_LIMIT;
	*name = slash ? slash + 1 : path;
	int fd = open(n ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? ERROR_IO : fd;
}

int secretfile_lock(const char *path)
{
	const char *name;
	int r, fd = folder_of(path, &name);
	if (fd < 0)
		return fd;
	while ((r = flock(fd, LOCK_EX)) && errno == EINTR)
		;
	if (r == 0)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return ERROR_IO;
}

static int overwrite(int fd)
{
	static const char zeros[512];
	struct stat st;
	if (fstat(fd, &st))
		return -1;
	for (off_t at = 0; at < st.st_size;) {
		off_t left = st.st_size - at;
		ssize_t w = pwrite(fd, zeros, left < (off_t)sizeof zeros ? (size_t)left : sizeof zeros, at);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return -1;
		at += w;
	}
	return fdatasync(fd);
}

int secretfile_destroy(int folder, const char *name)
{
	struct stat st;
	int failed = 0;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : ERROR_IO;
	if (S_ISREG(st.st_mode)) {
		int fd = openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		/* No room to overwrite: where that takes room, it would not have been in place anyway. */
		if ((fd < 0 || overwrite(fd)) && errno != ENOSPC && errno != EDQUOT && errno != ENOENT)
			failed = errno;
		if (fd >= 0)
			close(fd);
	}
	if (unlinkat(folder, name, 0) && errno != ENOENT && !failed)
		failed = errno;
	if (fsync(folder) && !failed)
		failed = errno;
	errno = failed;
	return failed ? ERROR_IO : 0;
}

/* NAME.XXXXXX is what atomic_write makes, NAME.old what secretfile_write makes. */
static bool is_left_over(const char *entry, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t n = strlen(name);
	if (strncmp(entry, name, n) != 0 || entry[n] != '.')
		return false;
	entry += n + 1;
	return strcmp(entry, "old") == 0 || (strlen(entry) == 6 && strspn(entry, letters) == 6);
}

/* What has another name is still in use under it: a file that was being put in place, or was not replaced yet. */
static int discard(int folder, const char *name)
{
	struct stat st;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : ERROR_IO;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return 0;
	if (st.st_nlink > 1)
		return unlinkat(folder, name, 0) ? ERROR_IO : 0;
	return secretfile_destroy(folder, name);
}

static int clean(int folder, const char *name)
{
	struct dirent *entry;
	int e = 0, again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again < 0 ? NULL : fdopendir(again);
	if (!d) {
		if (again >= 0)
			close(again);
		return ERROR_IO;
	}
	while (e == 0 && (entry = readdir(d)))
		if (is_left_over(entry->d_name, name))
			e = discard(folder, entry->d_name);
	int saved = errno;
	closedir(d);
	errno = saved;
	return e;
}

int secretfile_clean(const char *path)
{
	const char *name;
	int folder = folder_of(path, &name);
	if (folder < 0)
		return folder;
	int e = clean(folder, name), saved = errno;
	close(folder);
	errno = saved;
	return e;
}

int secretfile_write(const char *path, const char *text, bool replace)
{
	char old[PATH_ROOM];
	const char *name;
	int n = snprintf(old, sizeof old, "%s.old", path), e, saved;
	if (n < 0 || (size_t)n >= sizeof old)
		return ERROR_LIMIT;
	int folder = folder_of(path, &name);
	if (folder < 0)
		return folder;
	e = clean(folder, name);
	/* A second name keeps what is replaced until it was overwritten, whenever we are interrupted. */
	if (e == 0 && replace && link(path, old) && errno != ENOENT)
		e = ERROR_IO;
	if (e == 0)
		e = atomic_write(path, text, strlen(text), replace);
	saved = errno;
	/* After a failure, too: then the second name alone goes. */
	int cleaned = clean(folder, name);
	if (e)
		errno = saved;
	else
		e = cleaned;
	saved = errno;
	close(folder);
	errno = saved;
	return e;
}
