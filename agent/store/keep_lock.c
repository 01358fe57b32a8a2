/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "keep_inside.h"

int keep_lock_only(const struct places *places)
{
	char path[PLACE_MAX + 16];
	struct stat held, there;
	snprintf(path, sizeof path, "%s/.keep", places->spool);
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600), e;
		if (fd < 0)
			return errno == ENOENT ? ERROR_GONE : ERROR_IO;
		while ((e = flock(fd, LOCK_EX)) < 0 && errno == EINTR)
			;
		int error = e < 0 || fstat(fd, &held) < 0 ? ERROR_IO : 0;
		/* The spool may have been erased and made anew while we waited. */
		if (error == 0 && stat(path, &there) == 0 && held.st_ino == there.st_ino && held.st_dev == there.st_dev)
			return fd;
		int saved = errno;
		close(fd);
		errno = saved;
		if (error)
			return error;
	}
}

void keep_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

static int finish(const struct places *places)
{
	struct keep_plan plan;
	bool untold;
	int revoked = 0;
	int spool = open(places->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spool < 0)
		return ERROR_IO;
	int error = keep_plan_read(spool, &plan);
	if (error == 0)
		error = keep_plan_undo(spool, &plan);
	if (error == 0 && plan.count)
		error = keep_plan_finish(places, spool, NULL, &plan, &revoked, &untold);
	int saved = errno;
	keep_plan_release(&plan);
	close(spool);
	errno = saved;
	return error;
}

int keep_lock(const struct places *places)
{
	int lock = keep_lock_only(places);
	if (lock < 0)
		return lock;
	int error = finish(places);
	if (error == 0)
		return lock;
	int saved = errno;
	keep_unlock(lock);
	errno = saved;
	/* A plan that is not ours, or damaged: a person has to look at it. */
	if (error == ERROR_INVALID)
		errno = EUCLEAN;
	return error == ERROR_INVALID ? ERROR_IO : error;
}

int keep_settle(const char *data)
{
	struct places places;
	char path[PLACE_MAX + 16];
	struct stat st;
	int error = places_find(data, data, &places);
	if (error)
		return error;
	snprintf(path, sizeof path, "%s/.forget", places.spool);
	if (lstat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : ERROR_IO;
	/* What is another's is not for us to change, even if we could (root). */
	if (st.st_uid != geteuid())
		return ERROR_DENIED;
	int lock = keep_lock(&places);
	if (lock < 0 && lock != ERROR_GONE)
		return lock == ERROR_IO && (errno == EACCES || errno == EROFS || errno == EPERM) ? ERROR_DENIED : lock;
	keep_unlock(lock);
	return 0;
}
