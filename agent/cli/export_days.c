/* SPDX-License-Identifier: Apache-2.0 */
#include "export_days.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../dataset/dataset.h"
#include "../error.h"
#include "cli.h"

#define WORK ".assent-export-"

static int broken(const struct export_days *x, const char *name, int error)
{
	cli_complain("cannot write %s/%s: %s", x->out, name, error == ERROR_IO ? strerror(errno) : error_text(error));
	return EXIT_FAILED;
}

static int open_folder(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A folder and all below it; a link goes, what it points to stays. */
static void remove_all(int at, const char *name)
{
	int fd = open_folder(at, name);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) && (errno == EISDIR || errno == EPERM))
			remove_all(fd, e->d_name);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	unlinkat(at, name, AT_REMOVEDIR);
}

static int exists(const struct export_days *x, const char *study)
{
	cli_complain("%s/" HIVE_ROWS "/study=%s exists already (--force replaces it)", x->out, study);
	return EXIT_FAILED;
}

/* Rows in the clear, which a killed export left; one that is still alive, be it on another machine, has its own locked. */
static void remove_leftovers(const struct export_days *x)
{
	int fd = openat(x->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		int left = strncmp(e->d_name, WORK, strlen(WORK)) == 0 ? open_folder(x->directory, e->d_name) : -1;
		if (left >= 0 && flock(left, LOCK_EX | LOCK_NB) == 0)
			remove_all(x->directory, e->d_name);
		if (left >= 0)
			close(left);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}

static int begin(struct export_days *x)
{
	if (faccessat(x->directory, DATASET_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		cli_complain("%s is a recipient's dataset: take another folder", x->out);
		return EXIT_FAILED;
	}
	remove_leftovers(x);
	snprintf(x->work_name, sizeof x->work_name, WORK "%ld", (long)getpid());
	if (mkdirat(x->directory, x->work_name, 0700) || (x->work = open_folder(x->directory, x->work_name)) < 0)
		return broken(x, x->work_name, ERROR_IO);
	/* Where folders cannot be locked, what is left over stays. */
	flock(x->work, LOCK_EX | LOCK_NB);
	return 0;
}

static int new_study(struct export_days *x, const char *study)
{
	char name[96];
	for (int i = 0; i < x->studies; i++)
		if (strcmp(x->study[i], study) == 0)
			return 0;
	snprintf(name, sizeof name, HIVE_ROWS "/study=%s", study);
	if (!x->force && faccessat(x->directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return exists(x, study);
	void *array = realloc(x->study, (size_t)(x->studies + 1) * sizeof *x->study);
	if (!array) {
		cli_complain("out of memory");
		return EXIT_FAILED;
	}
	x->study = array;
	snprintf(x->study[x->studies++], sizeof *x->study, "%s", study);
	return 0;
}

static int end_file(struct export_days *x)
{
	char path[HIVE_PATH_MAX];
	struct table_stats stats;
	if (x->fd < 0)
		return 0;
	int error = table_finish(x->table, &stats);
	if (!error && fsync(x->fd))
		error = ERROR_IO;
	int saved = errno;
	if (close(x->fd) && !error) {
		error = ERROR_IO;
		saved = errno;
	}
	x->fd = -1;
	table_free(x->table);
	x->table = NULL;
	x->files++;
	hive_format(&x->at, path);
	errno = saved;
	return error ? broken(x, path, error) : 0;
}

/* The file of a row; if rows come back to a day (a clock was set back) another one beside the first. */
static int new_file(struct export_days *x, const struct segment_meta *meta, int32_t day)
{
	char path[HIVE_PATH_MAX], folder[HIVE_PATH_MAX];
	struct hive_path p = {.version = 1};
	snprintf(p.study, sizeof p.study, "%s", meta->study);
	snprintf(p.participant, sizeof p.participant, "%s", meta->participant);
	snprintf(p.suffix, sizeof p.suffix, "%s", table_format_name(x->format));
	/* The names come from a segment, which anyone may have made: they must not lead out of the folder. */
	if (day < 0 || (hive_date(day, p.date), !hive_format(&p, path))) {
		cli_complain("a segment names no valid study, participant or time: it cannot be exported");
		return EXIT_FAILED;
	}
	if ((x->work < 0 && begin(x)) || new_study(x, p.study))
		return EXIT_FAILED;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
		if (mkdirat(x->work, folder, 0700) && errno != EEXIST)
			return broken(x, folder, ERROR_IO);
	}
	while ((x->fd = openat(x->work, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0 && errno == EEXIST) {
		p.n++;
		hive_format(&p, path);
	}
	x->at = p;
	x->day = day;
	int error = x->fd < 0 ? ERROR_IO : table_new(x->format, x->fd, true, &x->table);
	return error ? broken(x, path, error) : 0;
}

int export_days_row(struct export_days *x, const struct segment_meta *meta, const struct event *event)
{
	int32_t day = hive_day(event->t_us);
	if (x->fd < 0 || day != x->day || strcmp(x->at.participant, meta->participant) != 0 || strcmp(x->at.study, meta->study) != 0)
		if (end_file(x) || new_file(x, meta, day))
			return EXIT_FAILED;
	x->rows++;
	int error = table_row(x->table, meta, event);
	return error ? broken(x, x->at.study, error) : 0;
}

static int place(struct export_days *x, const char *study)
{
	char name[96];
	snprintf(name, sizeof name, HIVE_ROWS "/study=%s", study);
	if (mkdirat(x->directory, HIVE_ROWS, 0700) && errno != EEXIST)
		return broken(x, HIVE_ROWS, ERROR_IO);
	if (renameat2(x->work, name, x->directory, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EEXIST)
		return broken(x, name, ERROR_IO);
	/* Another export may have made it meanwhile. */
	if (!x->force)
		return exists(x, study);
	return renameat2(x->work, name, x->directory, name, RENAME_EXCHANGE) ? broken(x, name, ERROR_IO) : 0;
}

int export_days_finish(struct export_days *x, int result)
{
	if (end_file(x))
		return EXIT_FAILED;
	/* The folders, all at once. */
	if (x->studies && syncfs(x->directory))
		return broken(x, x->work_name, ERROR_IO);
	for (int i = 0; i < x->studies; i++)
		if (place(x, x->study[i]))
			result = EXIT_FAILED;
	if (x->studies && result == EXIT_DONE)
		fprintf(stderr, "%s: %" PRIu64 " events in %" PRIu64 " files\n", x->out, x->rows, x->files);
	if (x->studies)
		fsync(x->directory);
	return result;
}

void export_days_release(struct export_days *x)
{
	table_free(x->table);
	if (x->fd >= 0)
		close(x->fd);
	if (x->work >= 0) {
		close(x->work);
		remove_all(x->directory, x->work_name);
	}
	free(x->study);
}
