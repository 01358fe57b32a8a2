/* SPDX-License-Identifier: Apache-2.0 */
#include "replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"

/* In a folder from its making until it is in place: what bears it and is not in place was never whole. */
#define MARK ".unfinished"

/* What describes it; the last one tells what may be removed. */
static const char *const described[] = {DATASET_CARD, DATASET_CROISSANT, DATASET_NAME};

static int open_folder(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_part(const struct dataset *d, const char *name)
{
	if (strcmp(name, DATASET_NAME) == 0 || strcmp(name, DATASET_CARD) == 0 || strcmp(name, DATASET_CROISSANT) == 0)
		return true;
	for (int i = 0; i < d->files; i++)
		if (strcmp(d->file[i].name, name) == 0)
			return true;
	return false;
}

/* Calls visit with each name but . and .. */
static int each(int folder, int (*visit)(void *user, const char *name), void *user)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return ERROR_IO;
	}
	for (struct dirent *e; error == 0 && (errno = 0, e = readdir(dir));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			error = visit(user, e->d_name);
	int saved = errno;
	closedir(dir);
	errno = saved;
	return error ? error : saved ? ERROR_IO : 0;
}

struct moving { int from, to; const struct dataset *parts, *of_new; };

static int remove_one(void *user, const char *name)
{
	const struct moving *m = user;
	return strcmp(name, MARK) != 0 && unlinkat(m->from, name, 0) ? ERROR_IO : 0;
}

/* What is no part of the dataset is somebody's, and goes along. */
static int move_one(void *user, const char *name)
{
	const struct moving *m = user;
	if (is_part(m->parts, name) || strcmp(name, MARK) == 0)
		return 0;
	if (renameat2(m->from, name, m->to, name, RENAME_NOREPLACE) == 0)
		return 0;
	/* A file of the dataset was to take its place. Anything else that came meanwhile stays beside it, for people to see. */
	return errno == EEXIST && is_part(m->of_new, name) && unlinkat(m->from, name, 0) == 0 ? 0 : ERROR_IO;
}

/* A folder that never was whole. The mark goes last: what has none is taken for an old version. */
static int discard(int parent, const char *name)
{
	struct moving m = {.from = open_folder(parent, name)};
	if (m.from < 0)
		return errno == ENOENT ? 0 : ERROR_IO;
	int error = each(m.from, remove_one, &m), saved;
	if (error == 0 && ((unlinkat(m.from, MARK, 0) && errno != ENOENT) || unlinkat(parent, name, AT_REMOVEDIR)))
		error = ERROR_IO;
	saved = errno;
	close(m.from);
	errno = saved;
	return error;
}

/* What is left of the version before, after the new one took its place. */
static int retire(int parent, const char *name, int now)
{
	struct dataset d, of_new;
	int line;
	struct moving m = {.from = open_folder(parent, name), .to = now, .parts = &d, .of_new = &of_new};
	if (m.from < 0)
		return errno == ENOENT ? 0 : ERROR_IO;
	dataset_read(now, &of_new, &line);
	int error = dataset_read(m.from, &d, &line);
	if (error == ERROR_IO && errno == ENOENT)
		error = 0;
	/* Its own files are removed only if it says which they are; else everything moves that has not been replaced. */
	if (error == ERROR_INVALID || error == ERROR_LIMIT) {
		dataset_release(&d);
		error = 0;
	}
	if (error == 0)
		error = each(m.from, move_one, &m);
	/* Now nothing else is in it. Its description goes last, as it tells what may be removed. */
	for (int i = 0; i < d.files && error == 0; i++)
		if (unlinkat(m.from, d.file[i].name, 0) && errno != ENOENT)
			error = ERROR_IO;
	for (int i = 0; i < 3 && error == 0; i++)
		if (unlinkat(m.from, described[i], 0) && errno != ENOENT)
			error = ERROR_IO;
	if (error == 0 && unlinkat(parent, name, AT_REMOVEDIR))
		error = ERROR_IO;
	int saved = errno;
	dataset_release(&d);
	dataset_release(&of_new);
	close(m.from);
	errno = saved;
	return error;
}

/* What a killed export left behind. */
static int recover(struct replace *r)
{
	struct stat st;
	int left = open_folder(r->parent, r->fresh_name), error = 0;
	if (left < 0)
		return errno == ENOENT ? 0 : ERROR_IO;
	bool unfinished = fstatat(left, MARK, &st, AT_SYMLINK_NOFOLLOW) == 0;
	close(left);
	if (unfinished)
		return discard(r->parent, r->fresh_name);
	int now = open_folder(r->parent, r->name);
	/* Somebody has taken the folder away meanwhile: what is left of the old one is not ours to put in its place. */
	if (now < 0 && mkdirat(r->parent, r->name, 0700) == 0)
		now = open_folder(r->parent, r->name);
	if (now < 0)
		return ERROR_IO;
	error = retire(r->parent, r->fresh_name, now);
	int saved = errno;
	close(now);
	errno = saved;
	return error;
}

/* Which folder is it, and in which is that? */
static int locate(struct replace *r, const char *out, char parent[PATH_MAX], const char **what)
{
	char whole[PATH_MAX], text[PATH_MAX], here[PATH_MAX];
	int n = snprintf(text, sizeof text, "%s", out);
	*what = "its path is too long";
	if (n < 0 || (size_t)n >= sizeof text)
		return ERROR_INVALID;
	while (n > 1 && text[n - 1] == '/')
		text[--n] = 0;
	if (!realpath(text, whole)) {
		char *slash = strrchr(text, '/'), *last = slash ? slash + 1 : text;
		*what = NULL;
		if (errno != ENOENT)
			return ERROR_IO;
		if (snprintf(r->name, sizeof r->name, "%s", last) >= (int)sizeof r->name - 20)
			return errno = ENAMETOOLONG, ERROR_IO;
		if (slash)
			*slash = 0;
		return realpath(!slash ? "." : slash == text ? "/" : text, parent) ? 0 : ERROR_IO;
	}
	*what = "is the folder that you are in: it will be replaced (go elsewhere first)";
	if (getcwd(here, sizeof here) && strcmp(here, whole) == 0)
		return ERROR_INVALID;
	*what = "a dataset must be a folder of its own below another one";
	char *slash = strrchr(whole, '/');
	if (!slash || !slash[1] || strlen(slash + 1) >= sizeof r->name - 20)
		return ERROR_INVALID;
	memcpy(r->name, slash + 1, strlen(slash + 1) + 1);
	*slash = 0;
	memcpy(parent, whole[0] ? whole : "/", strlen(whole[0] ? whole : "/") + 1);
	*what = NULL;
	return 0;
}

int replace_open(struct replace *r, const char *out, const char **what)
{
	static char complaint[128];
	char parent[PATH_MAX];
	int line;
	memset(r, 0, sizeof *r);
	r->parent = r->fresh = r->old = -1;
	int error = locate(r, out, parent, what);
	if (error)
		return error;
	snprintf(r->fresh_name, sizeof r->fresh_name, ".%s.assent-new", r->name);
	r->parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->parent < 0)
		return ERROR_IO;
	/* A file system that cannot lock folders leaves it to people not to do it twice at a time. */
	if (flock(r->parent, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
		*what = "another export is writing there (wait for it)";
		r->fresh_name[0] = 0;
		return ERROR_AGAIN;
	}
	*what = "what an interrupted export left there cannot be put right";
	if ((error = recover(r)))
		return error;
	*what = NULL;
	r->old = open_folder(r->parent, r->name);
	if (r->old < 0 && errno != ENOENT)
		return ERROR_IO;
	if (r->old >= 0) {
		unlinkat(r->old, MARK, 0);
		error = dataset_read(r->old, &r->before, &line);
		r->has_before = error == 0;
		if (error == ERROR_INVALID) {
			snprintf(complaint, sizeof complaint, DATASET_NAME " is not as it was written (line %d): move it away, or name another folder", line);
			*what = complaint;
		} else if (error == ERROR_LIMIT) {
			*what = DATASET_TOO_LARGE;
		}
		if (error && !(error == ERROR_IO && errno == ENOENT))
			return error;
	}
	if (mkdirat(r->parent, r->fresh_name, 0700) || (r->fresh = open_folder(r->parent, r->fresh_name)) < 0)
		return ERROR_IO;
	int mark = openat(r->fresh, MARK, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (mark < 0)
		return ERROR_IO;
	close(mark);
	return 0;
}

bool replace_hides(const struct replace *r, const char *name)
{
	struct stat st;
	return r->old >= 0 && !(r->has_before && is_part(&r->before, name)) && fstatat(r->old, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int replace_commit(struct replace *r, const char **what)
{
	struct stat st;
	*what = NULL;
	if (r->old >= 0 && fstat(r->old, &st) == 0) {
		/* Who could read the old one can read the new one; what is not permitted here was not so important. */
		bool same = fchown(r->fresh, (uid_t)-1, st.st_gid) == 0;
		same &= fchmod(r->fresh, st.st_mode & 07777) == 0;
		(void)same;
	}
	if (fsync(r->fresh))
		return ERROR_IO;
	if (renameat2(r->parent, r->fresh_name, r->parent, r->name, r->old >= 0 ? RENAME_EXCHANGE : RENAME_NOREPLACE)) {
		if (errno == EINVAL || errno == ENOSYS || errno == EBUSY || errno == EXDEV) {
			*what = "cannot be replaced as a whole here (a mount point, or a file system that cannot exchange folders): name a folder below it";
			return ERROR_UNSUPPORTED;
		}
		return ERROR_IO;
	}
	/* What is in the other's place now is no longer to be discarded. */
	unlinkat(r->fresh, MARK, 0);
	fsync(r->parent);
	if (r->old >= 0) {
		*what = "the new version is in place, but what is left of the old one is still beside it";
		if (retire(r->parent, r->fresh_name, r->fresh))
			return ERROR_IO;
	}
	r->fresh_name[0] = 0;
	return 0;
}

void replace_release(struct replace *r)
{
	struct stat st;
	if (r->fresh >= 0 && r->fresh_name[0] && fstatat(r->fresh, MARK, &st, AT_SYMLINK_NOFOLLOW) == 0)
		discard(r->parent, r->fresh_name);
	if (r->fresh >= 0)
		close(r->fresh);
	if (r->old >= 0)
		close(r->old);
	if (r->parent >= 0)
		close(r->parent);
	dataset_release(&r->before);
}
