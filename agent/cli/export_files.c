/* SPDX-License-Identifier: Apache-2.0 */
#include "export_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"
#include "cli.h"

static bool is_study(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n > 0 && n <= 64 && s[n] == '\0';
}

static int broken(const struct export_files *x, const struct export_file *t, int error)
{
	cli_complain("cannot write %s/%s: %s", x->out, t->name, error == ERROR_IO ? strerror(errno) : error_text(error));
	return EXIT_FAILED;
}

static int open_file(struct export_files *x, const char *study)
{
	/* The name comes from a segment, which anyone may have made: it must not lead out of the folder. */
	if (!is_study(study)) {
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
	t->fd = openat(x->directory, t->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
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
	return error ? broken(x, t, error) : 0;
}

int export_files_finish(struct export_files *x)
{
	int result = 0;
	for (int i = 0; i < x->count && !result; i++)
		result = finish_file(x, &x->files[i]);
	return result;
}

void export_files_release(struct export_files *x)
{
	for (int i = 0; i < x->count; i++) {
		table_free(x->files[i].table);
		if (x->files[i].fd >= 0)
			close(x->files[i].fd);
	}
	free(x->files);
	x->files = x->last = NULL;
	x->count = 0;
}
