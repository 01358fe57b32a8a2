/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "keep_inside.h"

enum { ROUNDS = 20 };

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);
	return n > m && strcmp(name + n - m, suffix) == 0;
}

static bool is_key(const char *name)
{
	return has_suffix(name, ".key") || has_suffix(name, ".key.tmp") || strstr(name, ".key.");
}

static bool is_segment(const char *name)
{
	return has_suffix(name, ".seg") || has_suffix(name, ".part") || has_suffix(name, ".damaged") || has_suffix(name, ".new");
}

static int erase_keys(int folder, struct keep_erased *done)
{
	struct keep_names files;
	int failed = 0, error = keep_list(folder, false, &files);
	if (error)
		return 1;
	for (int i = 0; i < files.count; i++) {
		if (!is_key(files.name[i]))
			continue;
		if (keyfile_destroy(folder, files.name[i]) == 0)
			done->keys++;
		else
			failed++;
	}
	keep_names_release(&files);
	return failed;
}

static int erase_files(int folder, struct keep_erased *done)
{
	struct keep_names files;
	int failed = 0, error = keep_list(folder, false, &files);
	if (error)
		return 1;
	for (int i = 0; i < files.count; i++) {
		struct stat st;
		/* A key that could not be destroyed keeps its segment company: who comes again finds both. But one that came since goes. */
		if (is_key(files.name[i]) && keyfile_destroy(folder, files.name[i])) {
			failed++;
			continue;
		}
		if (fstatat(folder, files.name[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (unlinkat(folder, files.name[i], 0) < 0 && errno != ENOENT) {
			failed++;
		} else if (is_segment(files.name[i])) {
			done->segments++;
			done->bytes += st.st_size;
		}
	}
	keep_names_release(&files);
	return failed;
}

/* A writer that is at work makes files until the folder is gone: again, then. */
static int erase_folder(int spool, const char *study, struct keep_erased *done)
{
	int failed = 0;
	for (int i = 0; i < ROUNDS; i++) {
		int folder = keep_open(spool, study);
		if (folder < 0)
			return errno == ENOENT ? 0 : 1;
		failed = erase_files(folder, done);
		if (fsync(folder))
			failed++;
		close(folder);
		if (unlinkat(spool, study, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return failed;
		if (failed || (errno != ENOTEMPTY && errno != EEXIST))
			break;
		usleep(10000);
	}
	return failed ? failed : 1;
}

static int erase(int spool, const char *study, struct keep_erased *done)
{
	struct keep_names studies;
	int error = keep_list(spool, true, &studies), failed = 0;
	if (error)
		return error;
	for (int i = 0; i < studies.count; i++) {
		if (study && strcmp(study, studies.name[i]) != 0)
			continue;
		int folder = keep_open(spool, studies.name[i]);
		if (folder < 0) {
			failed += errno != ENOENT;
			continue;
		}
		failed += erase_keys(folder, done);
		close(folder);
	}
	for (int i = 0; i < studies.count; i++)
		if (!study || strcmp(study, studies.name[i]) == 0)
			failed += erase_folder(spool, studies.name[i], done);
	keep_names_release(&studies);
	done->failed += failed;
	return failed ? ERROR_IO : 0;
}

/* The plan names what is gone now: it goes too. But not while there are other studies in it that it is not done with. */
static int erase_plan(int spool, const char *study)
{
	if (study)
		return 0;
	struct keep_names files;
	int error = keep_list(spool, false, &files);
	for (int i = 0; i < files.count && error == 0; i++)
		if (strncmp(files.name[i], ".forget", 7) == 0 && unlinkat(spool, files.name[i], 0) && errno != ENOENT)
			error = ERROR_IO;
	keep_names_release(&files);
	return error;
}

int keep_erase(const struct places *places, const char *study, struct keep_erased *done)
{
	*done = (struct keep_erased){ 0 };
	/* Only the lock: that something which was interrupted cannot be finished must not stand in the way. */
	int lock = keep_lock_only(places), spool = -1, error;
	if (lock == ERROR_GONE)
		return 0;
	/* And where nobody can take it (it is no file), nobody is at work either. */
	spool = open(places->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = spool < 0 ? ERROR_IO : erase(spool, study, done);
	if (error == 0)
		error = erase_plan(spool, study);
	if (error == 0 && fsync(spool))
		error = ERROR_IO;
	int saved = errno;
	if (spool >= 0)
		close(spool);
	keep_unlock(lock);
	errno = saved;
	return error;
}
