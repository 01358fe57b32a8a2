/* SPDX-License-Identifier: Apache-2.0 */
#include "export_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"
#include "cli.h"

bool export_files_study(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n > 0 && n <= 64 && s[n] == '\0';
}

static int exists(const struct export_files *x, const struct export_file *t)
{
	cli_complain("%s/%s exists already (--force replaces it)", x->out, t->name);
	return EXIT_FAILED;
}

static int broken(const struct export_files *x, const struct export_file *t, int error)
{
	cli_complain("cannot write %s/%s: %s", x->out, t->name, error == ERROR_IO ? strerror(errno) : error_text(error));
	return EXIT_FAILED;
}

static int open_file(struct export_files *x, const char *study)
{
	/* The name comes from a segment, which anyone may have made: it must not lead out of the folder. */
	if (!export_files_study(study)) {
		cli_complain("a segment names no valid study: it cannot be exported");
		return EXIT_FAILED;
	}
	struct export_file *files = realloc(x->files, (size_t)(x->count + 1) * sizeof *files);
	if (!files) {
		cli_complain("out of memory");
		return EXIT_FAILED;
	}
	x->files = files;
	struct export_file *t = &files[x->count];
	memset(t, 0, sizeof *t);
	snprintf(t->study, sizeof t->study, "%s", study);
	snprintf(t->name, sizeof t->name, "%s.%s", t->study, table_format_name(x->format));
	snprintf(t->temporary, sizeof t->temporary, ".%s.tmp-%ld", t->name, (long)getpid());
	if (!x->force && faccessat(x->directory, t->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return exists(x, t);
	t->fd = openat(x->directory, t->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (t->fd < 0)
		return broken(x, t, ERROR_IO);
	x->count++;
	x->last = t;
	int error = table_new(x->format, t->fd, false, &t->table);
	return error ? broken(x, t, error) : 0;
}

int export_files_row(struct export_files *x, const struct segment_meta *meta, const struct event *event)
{
	if (!x->last || strcmp(x->last->study, meta->study) != 0) {
		x->last = NULL;
		for (int i = 0; i < x->count; i++)
			if (strcmp(x->files[i].study, meta->study) == 0)
				x->last = &x->files[i];
		if (!x->last && open_file(x, meta->study))
			return EXIT_FAILED;
	}
	struct export_file *t = x->last;
	t->rows++;
	int error = table_row(t->table, meta, event);
	return error ? broken(x, t, error) : 0;
}

static int finish_file(struct export_files *x, struct export_file *t)
{
	struct table_stats stats;
	int error = table_finish(t->table, &stats);
	if (!error && fsync(t->fd))
		error = ERROR_IO;
	int saved = errno;
	if (close(t->fd) < 0 && !error) {
		error = ERROR_IO;
		saved = errno;
	}
	t->fd = -1;
	errno = saved;
	if (error)
		return broken(x, t, error);
	/* Another export may have made it meanwhile. A file system without link() cannot be asked that way. */
	if (!x->force && linkat(x->directory, t->temporary, x->directory, t->name, 0) < 0 && errno == EEXIST)
		return exists(x, t);
	if (x->force || faccessat(x->directory, t->name, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		if (renameat(x->directory, t->temporary, x->directory, t->name) < 0)
			return broken(x, t, ERROR_IO);
	} else {
		unlinkat(x->directory, t->temporary, 0);
	}
	t->temporary[0] = '\0';
	if (!x->quiet)
		fprintf(stderr, "%s/%s: %" PRIu64 " events\n", x->out, t->name, t->rows);
	return 0;
}

int export_files_finish(struct export_files *x, int result)
{
	for (int i = 0; i < x->count; i++)
		if (finish_file(x, &x->files[i]))
			result = EXIT_FAILED;
	if (x->count)
		fsync(x->directory);
	return result;
}

void export_files_release(struct export_files *x)
{
	for (int i = 0; i < x->count; i++) {
		table_free(x->files[i].table);
		if (x->files[i].fd >= 0)
			close(x->files[i].fd);
		if (x->files[i].temporary[0])
			unlinkat(x->directory, x->files[i].temporary, 0);
	}
	free(x->files);
	x->files = x->last = NULL;
	x->count = 0;
}
