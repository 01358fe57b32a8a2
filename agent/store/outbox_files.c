/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "outbox_inside.h"

enum { CHUNK = 65536 };

static void shut(int *fd)
{
	int saved = errno;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

/* ---- The folders ---- */

static int open_below(const struct places *places, const char *name, bool make, int *fd)
{
	char path[PLACE_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", places->data, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return ERROR_LIMIT;
	if (make && mkdir(path, 0700) && errno != EEXIST)
		return ERROR_IO;
	/* Data are the participant's alone: a link here is theirs, or root's. */
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A link to what is not there now (a share that is not mounted) is there: whoever has to be told is told later. */
	return *fd >= 0 ? 0 : errno == ENOENT && !make ? ERROR_GONE : ERROR_IO;
}

int outbox_open(const struct places *places, bool make, struct outbox *o)
{
	struct stat st;
	*o = (struct outbox){.places = places, .folder = -1, .staging = -1, .lock = -1, .file_mode = 0600, .folder_mode = 0700};
	int e = open_below(places, "outbox.tmp", make, &o->staging);
	/* Who collects may have taken the folder along. */
	if (e == 0)
		e = open_below(places, "outbox", true, &o->folder);
	/* Not now: what recipients are to be told is made ready in outbox.tmp all the same, and put in place by the next. All else fails. */
	if (e == ERROR_IO && o->staging >= 0)
		e = 0;
	if (e)
		goto out;
	e = ERROR_IO;
	if (o->folder >= 0 && fstat(o->folder, &st))
		goto out;
	if (o->folder >= 0 && st.st_mode & 050) {
		o->folder_mode |= st.st_mode & 02070;
		o->file_mode |= 040;
	}
	o->lock = openat(o->staging, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (o->lock < 0)
		goto out;
	while (flock(o->lock, LOCK_EX))
		if (errno != EINTR)
			goto out;
	e = 0;
out:
	if (e)
		outbox_close(o);
	return e;
}

void outbox_close(struct outbox *o)
{
	shut(&o->lock);
	shut(&o->staging);
	shut(&o->folder);
}

static int one_folder(const struct outbox *o, int parent, const char *name, bool make, int *fd)
{
	*fd = -1;
	if (make && mkdirat(parent, name, 0700) == 0) {
		/* The umask must not take away what IT gave, nor add to it. */
		*fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (*fd < 0 || fchmod(*fd, o->folder_mode) || fsync(parent)) {
			shut(fd);
			return ERROR_IO;
		}
		return 0;
	}
	if (make && errno != EEXIST)
		return ERROR_IO;
	*fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *fd >= 0 ? 0 : errno == ENOENT ? ERROR_GONE : ERROR_IO;
}

int outbox_folder(const struct outbox *o, const char *study, const char *pseudonym, bool make)
{
	int parent, fd;
	if (o->folder < 0) {
		errno = ENOENT;
		return ERROR_IO;
	}
	int e = one_folder(o, o->folder, study, make, &parent);
	if (e)
		return e;
	e = one_folder(o, parent, pseudonym, make, &fd);
	shut(&parent);
	return e ? e : fd;
}

/* ---- Names ---- */

int outbox_staged(char out[OUTBOX_NAME_MAX], const char *study, const char *pseudonym, const char *name)
{
	int n = snprintf(out, OUTBOX_NAME_MAX, "%s.%s.%s", study, pseudonym, name);
	return n < 0 || n >= OUTBOX_NAME_MAX ? ERROR_LIMIT : 0;
}

int outbox_unstaged(const char *staged, char study[65], char pseudonym[IDENTITY_PSEUDONYM], char name[OUTBOX_NAME_MAX])
{
	const char *first = strchr(staged, '.'), *second = first ? strchr(first + 1, '.') : NULL;
	if (!second || first == staged || first - staged > 64 || second - first != IDENTITY_PSEUDONYM || strlen(second + 1) >= OUTBOX_NAME_MAX ||
	    !second[1])
		return ERROR_INVALID;
	memcpy(study, staged, (size_t)(first - staged));
	study[first - staged] = 0;
	memcpy(pseudonym, first + 1, IDENTITY_PSEUDONYM - 1);
	pseudonym[IDENTITY_PSEUDONYM - 1] = 0;
	strcpy(name, second + 1);
	return 0;
}

/* ---- Files ---- */

static int write_all(int fd, const char *at, size_t left)
{
	while (left) {
		ssize_t n = write(fd, at, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = ENOSPC;
			return ERROR_IO;
		}
		at += n;
		left -= (size_t)n;
	}
	return 0;
}

static int create(const struct outbox *o, int folder, const char *name)
{
	/* What an interrupted attempt left is of no use: begun anew. */
	if (unlinkat(folder, name, 0) && errno != ENOENT)
		return ERROR_IO;
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && fchmod(fd, o->file_mode))
		shut(&fd);
	return fd >= 0 ? fd : ERROR_IO;
}

/* Closes fd. What is not whole goes. */
static int finish(int folder, const char *name, int fd, int e)
{
	if (e == 0 && fsync(fd))
		e = ERROR_IO;
	shut(&fd);
	if (e) {
		int saved = errno;
		unlinkat(folder, name, 0);
		errno = saved;
	}
	return e;
}

static int copy(int source, int fd, uint8_t hash[32], int64_t *bytes)
{
	crypto_generichash_state state;
	char *buffer = malloc(CHUNK);
	int e = buffer ? 0 : ERROR_MEMORY;
	int64_t total = 0;
	crypto_generichash_init(&state, NULL, 0, 32);
	while (e == 0) {
		ssize_t n = pread(source, buffer, CHUNK, (off_t)total);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			e = ERROR_IO;
		if (n <= 0)
			break;
		crypto_generichash_update(&state, (const unsigned char *)buffer, (unsigned long long)n);
		total += n;
		e = write_all(fd, buffer, (size_t)n);
	}
	if (e == 0 && hash)
		crypto_generichash_final(&state, hash, 32);
	if (bytes)
		*bytes = total;
	free(buffer);
	return e;
}

int outbox_stage(const struct outbox *o, const char *staged, const void *data, size_t length)
{
	int fd = create(o, o->staging, staged);
	return fd < 0 ? fd : finish(o->staging, staged, fd, write_all(fd, data, length));
}

int outbox_stage_copy(const struct outbox *o, const char *staged, int source, uint8_t hash[32], int64_t *bytes)
{
	int fd = create(o, o->staging, staged);
	return fd < 0 ? fd : finish(o->staging, staged, fd, copy(source, fd, hash, bytes));
}

int outbox_slurp(int folder, const char *name, size_t most, char **text, size_t *length)
{
	struct stat st;
	size_t n = 0;
	int e = ERROR_IO, fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	*text = NULL;
	if (fd < 0)
		return ERROR_IO;
	if (fstat(fd, &st))
		goto out;
	e = ERROR_LIMIT;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > most)
		goto out;
	e = ERROR_MEMORY;
	if (!(*text = malloc((size_t)st.st_size + 1)))
		goto out;
	while (n < (size_t)st.st_size) {
		ssize_t got = pread(fd, *text + n, (size_t)st.st_size - n, (off_t)n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			e = ERROR_IO;
			goto out;
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	(*text)[n] = 0;
	*length = n;
	e = 0;
out:
	shut(&fd);
	if (e) {
		free(*text);
		*text = NULL;
	}
	return e;
}

bool outbox_exists(int folder, const char *name)
{
	struct stat st;
	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool same(int a, const char *a_name, int b, const char *b_name)
{
	enum { MOST = 256 << 20 };
	char *x = NULL, *y = NULL;
	size_t n = 0, m = 0;
	bool is = outbox_slurp(a, a_name, MOST, &x, &n) == 0 && outbox_slurp(b, b_name, MOST, &y, &m) == 0 && n == m && memcmp(x, y, n) == 0;
	free(x);
	free(y);
	return is;
}

/* A rename that takes no other file's place. 0, 1: one is there; ERROR_IO. */
static int move(int from, const char *a, int to, const char *b, bool replace)
{
	if (!replace) {
		if (renameat2(from, a, to, b, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno == EEXIST)
			return 1;
		/* Not every file system can (network shares); we are the only one who writes here. */
		if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
			return ERROR_IO;
		if (outbox_exists(to, b))
			return 1;
	}
	return renameat(from, a, to, b) ? ERROR_IO : 0;
}

static int copy_over(const struct outbox *o, const char *staged, int folder, const char *name, bool replace)
{
	char hidden[OUTBOX_NAME_MAX];
	int n = snprintf(hidden, sizeof hidden, ".%s.tmp", name);
	if (n < 0 || (size_t)n >= sizeof hidden)
		return ERROR_LIMIT;
	int source = openat(o->staging, staged, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (source < 0)
		return ERROR_IO;
	int fd = create(o, folder, hidden), e = fd;
	if (fd >= 0)
		e = finish(folder, hidden, fd, copy(source, fd, NULL, NULL));
	shut(&source);
	if (e)
		return e;
	e = move(folder, hidden, folder, name, replace);
	if (e) {
		int saved = errno;
		unlinkat(folder, hidden, 0);
		errno = saved;
	}
	return e;
}

/* It was made ready while nobody could know for whom. */
static void give_mode(const struct outbox *o, const char *staged)
{
	struct stat st;
	if (fstatat(o->staging, staged, &st, AT_SYMLINK_NOFOLLOW) || (st.st_mode & 07777) == o->file_mode || !S_ISREG(st.st_mode))
		return;
	int fd = openat(o->staging, staged, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		int ignored = fchmod(fd, o->file_mode);
		(void)ignored;
		close(fd);
	}
}

int outbox_place(const struct outbox *o, const char *staged, int folder, const char *name, bool replace)
{
	bool copied = false;
	give_mode(o, staged);
	int e = move(o->staging, staged, folder, name, replace);
	if (e == ERROR_IO && errno == EXDEV) {
		copied = true;
		e = copy_over(o, staged, folder, name, replace);
	}
	if (e < 0)
		return e;
	if (e == 1 && !same(o->staging, staged, folder, name)) {
		errno = EEXIST;
		return ERROR_INVALID;
	}
	if (fsync(folder))
		return ERROR_IO;
	return (copied || e == 1) && unlinkat(o->staging, staged, 0) && errno != ENOENT ? ERROR_IO : 0;
}

/* ---- Taking away ---- */

static int unlink_if(int folder, const char *name)
{
	return unlinkat(folder, name, 0) && errno != ENOENT ? ERROR_IO : 0;
}

int outbox_remove(const struct outbox *o, const char *study, const char *pseudonym, const char *segment)
{
	static const char *const suffixes[] = {"key", "seg"};
	char name[64], other[OUTBOX_NAME_MAX];
	int worst = 0, folder = outbox_folder(o, study, pseudonym, false);
	if (folder < 0 && folder != ERROR_GONE)
		worst = folder;
	for (int i = 0; i < 2; i++) {
		bool key = i == 0;
		int e;
		snprintf(name, sizeof name, "%s.%s", segment, suffixes[i]);
		if (outbox_staged(other, study, pseudonym, name) == 0 &&
		    (e = key ? keyfile_destroy(o->staging, other) : unlink_if(o->staging, other)))
			worst = e;
		if (folder < 0)
			continue;
		if ((e = key ? keyfile_destroy(folder, name) : unlink_if(folder, name)))
			worst = e;
		snprintf(other, sizeof other, ".%s.tmp", name);
		if ((e = key ? keyfile_destroy(folder, other) : unlink_if(folder, other)))
			worst = e;
	}
	shut(&folder);
	return worst;
}

/* Who calls back must not take what cannot be looked at for gone. */
static bool may_exist(int folder, const char *name) { return outbox_exists(folder, name) || errno != ENOENT; }

bool outbox_has(const struct outbox *o, const char *study, const char *pseudonym, const char *segment)
{
	static const char *const suffixes[] = {"key", "seg"};
	char name[64], staged[OUTBOX_NAME_MAX];
	int folder = outbox_folder(o, study, pseudonym, false);
	bool has = folder == ERROR_IO && o->folder >= 0;
	for (int i = 0; i < 2 && !has; i++) {
		snprintf(name, sizeof name, "%s.%s", segment, suffixes[i]);
		has = (folder >= 0 && may_exist(folder, name)) ||
			(outbox_staged(staged, study, pseudonym, name) == 0 && may_exist(o->staging, staged));
	}
	shut(&folder);
	return has;
}
