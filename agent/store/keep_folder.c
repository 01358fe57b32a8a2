/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../error.h"
#include "keep_inside.h"
#include "recover.h"

int keep_names_add(struct keep_names *names, const char *name)
{
	if (names->count == names->capacity) {
		int capacity = names->capacity ? names->capacity * 2 : 64;
		char **more = realloc(names->name, (size_t)capacity * sizeof *more);
		if (!more)
			return ERROR_MEMORY;
		names->name = more;
		names->capacity = capacity;
	}
	names->name[names->count] = strdup(name);
	if (!names->name[names->count])
		return ERROR_MEMORY;
	names->count++;
	return 0;
}

void keep_names_release(struct keep_names *names)
{
	for (int i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
	*names = (struct keep_names){ 0 };
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

bool keep_names_have(const struct keep_names *names, const char *name)
{
	return names->count && bsearch(&name, names->name, (size_t)names->count, sizeof *names->name, by_name);
}

int keep_list(int directory, bool folders, struct keep_names *names)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	*names = (struct keep_names){ 0 };
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return ERROR_IO;
	}
	for (struct dirent *entry; error == 0;) {
		struct stat st;
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			error = errno ? ERROR_IO : 0;
			break;
		}
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || strlen(entry->d_name) >= KEEP_FILE_MAX)
			continue;
		if (fstatat(directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			/* Whoever deletes must not take what cannot be looked at for gone. */
			error = errno == ENOENT ? 0 : ERROR_IO;
			continue;
		}
		if (folders ? S_ISDIR(st.st_mode) && entry->d_name[0] != '.' : !S_ISDIR(st.st_mode))
			error = keep_names_add(names, entry->d_name);
	}
	int saved = errno;
	closedir(dir);
	if (error)
		keep_names_release(names);
	if (names->count)
		qsort(names->name, (size_t)names->count, sizeof *names->name, by_name);
	errno = saved;
	return error;
}

bool keep_name(const char *file, const char *suffix, char name[SPOOL_NAME_MAX])
{
	size_t n = strlen(file), m = strlen(suffix);
	if (n <= m || n - m >= SPOOL_NAME_MAX || strcmp(file + n - m, suffix) != 0 || file[0] == '.')
		return false;
	memcpy(name, file, n - m);
	name[n - m] = 0;
	return !strchr(name, '.');
}

bool keep_name_begun(const char *name, int64_t *utc_us)
{
	struct tm tm = { 0 };
	unsigned micros;
	int length = 0;
	if (sscanf(name, "%4d%2d%2dT%2d%2d%2dZ-%5x%*3[0-9a-f]%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		   &micros, &length) != 7 || !length || name[length])
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*utc_us = (int64_t)timegm(&tm) * 1000000 + micros;
	return true;
}

int keep_open(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? ERROR_IO : fd;
}

static bool file_name(char out[KEEP_FILE_MAX], const char *name, const char *suffix)
{
	return snprintf(out, KEEP_FILE_MAX, "%s%s", name, suffix) < KEEP_FILE_MAX;
}

bool keep_exists(int directory, const char *name, const char *suffix)
{
	char file[KEEP_FILE_MAX];
	struct stat st;
	return file_name(file, name, suffix) && fstatat(directory, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int keep_remove(int directory, const char *name, const char *suffix)
{
	char file[KEEP_FILE_MAX];
	if (!file_name(file, name, suffix))
		return ERROR_LIMIT;
	return unlinkat(directory, file, 0) == 0 || errno == ENOENT ? 0 : ERROR_IO;
}

int keep_destroy_key(int directory, const char *name)
{
	char file[KEEP_FILE_MAX];
	int error = file_name(file, name, ".key") ? keyfile_destroy(directory, file) : ERROR_LIMIT;
	/* One that was being written when something crashed holds boxes, too. */
	if (error == 0 && keep_exists(directory, name, ".key.tmp"))
		error = file_name(file, name, ".key.tmp") ? keyfile_destroy(directory, file) : ERROR_LIMIT;
	return error;
}

int keep_writer_lock(int directory)
{
	int fd = openat(directory, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return ERROR_IO;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	int error = errno == EWOULDBLOCK ? ERROR_AGAIN : ERROR_IO, saved = errno;
	close(fd);
	errno = saved;
	return error;
}

int keep_recover(int directory, const char *shown)
{
	struct keep_names names;
	char name[SPOOL_NAME_MAX];
	bool any = false;
	int error = keep_list(directory, false, &names);
	for (int i = 0; error == 0 && i < names.count; i++)
		any = any || keep_name(names.name[i], ".part", name) || keep_name(names.name[i], ".sealed.tmp", name);
	keep_names_release(&names);
	if (error || !any)
		return error;
	int lock = keep_writer_lock(directory);
	if (lock < 0)
		return lock;
	error = recover_spool(directory, shown, NULL);
	int saved = errno;
	close(lock);
	errno = saved;
	return error;
}
