/* SPDX-License-Identifier: Apache-2.0 */
#include "spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../error.h"

int spool_name(int64_t t_us, char out[SPOOL_NAME_MAX])
{
	uint16_t random;
	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		return ERROR_IO;
	time_t seconds = (time_t)(t_us / 1000000);
	struct tm tm;
	char stamp[24];
	if (!gmtime_r(&seconds, &tm) || strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm) == 0)
		return ERROR_IO;
	snprintf(out, SPOOL_NAME_MAX, "%s-%05x%03x", stamp, (unsigned)(t_us % 1000000) & 0xfffff, random & 0xfffU);
	return 0;
}

/* ---- Finding ---------------------------------------------------------------------------------- */

struct found {
	char *path;
	dev_t device;
	ino_t inode;
};

struct search {
	struct found *items;
	int count, capacity;
};

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);
	return n > m && strcmp(name + n - m, suffix) == 0;
}

static bool is_segment(const char *name)
{
	return name[0] != '.' && (has_suffix(name, ".seg") || has_suffix(name, ".part"));
}

static int add(struct search *s, const char *path, const struct stat *st)
{
	if (s->count == s->capacity) {
		int capacity = s->capacity ? s->capacity * 2 : 64;
		struct found *items = realloc(s->items, (size_t)capacity * sizeof *items);
		if (!items)
			return ERROR_MEMORY;
		s->items = items;
		s->capacity = capacity;
	}
	struct found *f = &s->items[s->count];
	f->path = strdup(path);
	if (!f->path)
		return ERROR_MEMORY;
	f->device = st->st_dev;
	f->inode = st->st_ino;
	s->count++;
	return 0;
}

static int join(char out[SPOOL_PATH_MAX], const char *directory, const char *name)
{
	size_t n = strlen(directory);
	while (n > 1 && directory[n - 1] == '/')
		n--;
	int m = snprintf(out, SPOOL_PATH_MAX, "%.*s/%s", (int)n, directory, name);
	return m < 0 || m >= SPOOL_PATH_MAX ? ERROR_LIMIT : 0;
}

/* A spool has its studies' folders in it; what was collected has participants' below these, perhaps below a machine's. */
enum { DEPTH_SPOOL = 1, DEPTH_OTHER = 3 };

static bool folder_in_use(const char *directory)
{
	char path[SPOOL_PATH_MAX];
	if (join(path, directory, ".lock"))
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	bool used = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return used;
}

static int scan(struct search *s, const char *directory, int depth);

static int list_folder(struct search *s, const char *directory, int depth)
{
	char path[SPOOL_PATH_MAX];
	int error = 0;
	DIR *dir = opendir(directory);
	if (!dir)
		return ERROR_IO;
	for (struct dirent *entry; error == 0 && (errno = 0, entry = readdir(dir));) {
		struct stat st;
		if (entry->d_name[0] == '.')
			continue;
		error = join(path, directory, entry->d_name);
		if (error)
			break;
		/* What vanishes meanwhile (renamed, erased) is simply not there. */
		if (lstat(path, &st) < 0)
			continue;
		if (S_ISREG(st.st_mode) && is_segment(entry->d_name))
			error = add(s, path, &st);
		else if (S_ISDIR(st.st_mode) && depth > 0)
			error = scan(s, path, depth - 1);
	}
	closedir(dir);
	return error;
}

/* Did nothing come, go or change its name since before, as far as the folder's time tells, which is exact to some milliseconds? */
static bool is_settled(const char *directory, const struct stat *before, bool used)
{
	enum { EXACT_MS = 12, CLOCKS_APART_MS = 1000 };
	struct stat st;
	struct timespec now;
	if (stat(directory, &st) < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
		return true;
	if (st.st_mtim.tv_sec != before->st_mtim.tv_sec || st.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
		return false;
	int64_t age_ms = (int64_t)(now.tv_sec - st.st_mtim.tv_sec) * 1000 + (now.tv_nsec - st.st_mtim.tv_nsec) / 1000000;
	return !used || age_ms > EXACT_MS || age_ms < -CLOCKS_APART_MS;
}

/* The segments of one folder, and those of folders in it, so deep. A listing may miss a file that gets another name meanwhile, as one does that
 * is finished: then again. */
static int scan(struct search *s, const char *directory, int depth)
{
	enum { TRIES = 10, WAIT_US = 5000 };
	int count = s->count;
	for (int i = 1;; i++) {
		struct stat before;
		bool used = folder_in_use(directory);
		if (stat(directory, &before) < 0)
			return ERROR_IO;
		int error = list_folder(s, directory, depth);
		if (error || i == TRIES || is_settled(directory, &before, used))
			return error;
		while (s->count > count)
			free(s->items[--s->count].path);
		usleep(WAIT_US);
	}
}

static int find(struct search *s, const char *input)
{
	struct stat st;
	char path[SPOOL_PATH_MAX];
	if (strlen(input) >= SPOOL_PATH_MAX)
		return ERROR_LIMIT;
	if (stat(input, &st) < 0)
		return ERROR_IO;
	if (!S_ISDIR(st.st_mode))
		return add(s, input, &st);
	/* A data directory has more folders than its spool (studies, outbox): only the spool is meant. What tells it
	 * from a spool with a study of that name is the ledger or the identity. */
	static const char *const marks[] = { "ledger.jsonl", "identity", "studies" };
	bool is_data = false;
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (join(path, input, marks[i]) == 0 && access(path, F_OK) == 0)
			is_data = true;
	if (join(path, input, "spool") == 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		int before = s->count;
		int error = scan(s, path, DEPTH_SPOOL);
		if (error || is_data || s->count > before)
			return error;
	} else if (is_data) {
		return 0;
	}
	return scan(s, input, DEPTH_OTHER);
}

static int by_name(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	const char *p = strrchr(x->path, '/'), *q = strrchr(y->path, '/');
	int order = strcmp(p ? p + 1 : x->path, q ? q + 1 : y->path);
	return order ? order : strcmp(x->path, y->path);
}

/* Of the same segment: it was finished while we looked. */
static bool is_part_of(const char *part, const char *seg)
{
	size_t n = strlen(part), m = strlen(seg);
	return has_suffix(part, ".part") && has_suffix(seg, ".seg") && n - 5 == m - 4 && memcmp(part, seg, m - 4) == 0;
}

int spool_find(const char *const *inputs, int count, struct spool_list *list)
{
	struct search s = { 0 };
	int error = 0;
	list->count = 0;
	list->path = NULL;
	for (int i = 0; i < count && error == 0; i++)
		error = find(&s, inputs[i]);
	if (error)
		goto out;
	if (s.count == 0)
		goto out;
	list->path = malloc((size_t)s.count * sizeof *list->path);
	if (!list->path) {
		error = ERROR_MEMORY;
		goto out;
	}
	qsort(s.items, (size_t)s.count, sizeof *s.items, by_name);
	/* The same file under two names (a link, a .part that was renamed while we looked) sorts side by side, or nearly. */
	for (int i = 0; i < s.count; i++) {
		bool seen = i + 1 < s.count && is_part_of(s.items[i].path, s.items[i + 1].path);
		for (int j = i - 1; j >= 0 && j >= i - 8 && !seen; j--)
			seen = s.items[j].inode == s.items[i].inode && s.items[j].device == s.items[i].device;
		if (seen)
			continue;
		list->path[list->count++] = s.items[i].path;
		s.items[i].path = NULL;
	}
out:;
	int saved = errno;
	for (int i = 0; i < s.count; i++)
		free(s.items[i].path);
	free(s.items);
	errno = saved;
	return error;
}

void spool_list_release(struct spool_list *list)
{
	for (int i = 0; i < list->count; i++)
		free(list->path[i]);
	free(list->path);
	list->path = NULL;
	list->count = 0;
}

/* ---- Reading ---------------------------------------------------------------------------------- */

static int slurp(int fd, size_t size, struct spool_file *file)
{
	uint8_t *data = malloc(size);
	size_t length = 0;
	if (!data)
		return ERROR_MEMORY;
	while (length < size) {
		ssize_t n = read(fd, data + length, size - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int saved = errno;
			free(data);
			errno = saved;
			return ERROR_IO;
		}
		if (n == 0)
			break;
		length += (size_t)n;
	}
	file->data = data;
	file->length = length;
	file->copy = true;
	return 0;
}

static int open_segment(const char *path, bool copy, struct spool_file *file)
{
	struct stat st;
	int error = 0;
	memset(file, 0, sizeof *file);
	if (strlen(path) >= sizeof file->path)
		return ERROR_LIMIT;
	strcpy(file->path, path);
	file->part = has_suffix(path, ".part");
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT && file->part) {
		strcpy(file->path + strlen(file->path) - strlen(".part"), ".seg");
		file->part = false;
		fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			strcpy(file->path, path);
	}
	if (fd < 0)
		return ERROR_IO;
	if (fstat(fd, &st) < 0) {
		error = ERROR_IO;
	} else if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		error = ERROR_IO;
	} else if (copy && (uintmax_t)st.st_size > SPOOL_COPY_MAX) {
		error = ERROR_LIMIT;
	} else if (st.st_size > 0 && (file->part || copy)) {
		error = slurp(fd, (size_t)st.st_size, file);
	} else if (st.st_size > 0) {
		void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED) {
			error = ERROR_IO;
		} else {
			file->data = data;
			file->length = (size_t)st.st_size;
		}
	}
	int saved = errno;
	close(fd);
	errno = saved;
	return error;
}

int spool_map(const char *path, struct spool_file *file) { return open_segment(path, false, file); }
int spool_copy(const char *path, struct spool_file *file) { return open_segment(path, true, file); }

void spool_unmap(struct spool_file *file)
{
	if (file->copy)
		free((void *)(uintptr_t)file->data);
	else if (file->data)
		munmap((void *)(uintptr_t)file->data, file->length);
	file->data = NULL;
	file->length = 0;
}

bool spool_in_use(const char *segment_path)
{
	char path[SPOOL_PATH_MAX];
	const char *slash = strrchr(segment_path, '/');
	int n = slash ? (int)(slash - segment_path) : 1;
	return snprintf(path, sizeof path, "%.*s", n, slash ? segment_path : ".") < (int)sizeof path && folder_in_use(path);
}
