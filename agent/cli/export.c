/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../dataset/rows.h"
#include "../error.h"
#include "cli.h"
#include "input.h"

/* Ends the walk; the complaint is made, and nothing half written may get its final name. */
enum { STOP_ABORT = -1 };

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* One study's file: written as .NAME.tmp-PID, renamed when it is whole and on the disk. */
struct target {
	char study[65], name[96], temporary[128];
	FILE *file;
	uint64_t rows;
};

struct export {
	const char *out;
	int directory;
	bool csv, force;
	int count;
	struct target *targets;
	struct target *last;             /* rows of one study come in runs */
};

static bool is_study(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n > 0 && n <= 64 && s[n] == '\0';
}

static int exists(const struct export *x, const struct target *t)
{
	cli_complain("%s/%s exists already (--force replaces it)", x->out, t->name);
	return EXIT_FAILED;
}

static int broken(const struct export *x, const struct target *t)
{
	cli_complain("cannot write %s/%s: %s", x->out, t->name, strerror(errno));
	return EXIT_FAILED;
}

static int open_target(struct export *x, const char *study)
{
	/* The name comes from a segment, which anyone may have made: it must not lead out of the folder. */
	if (!is_study(study)) {
		cli_complain("a segment names no valid study: it cannot be exported");
		return EXIT_FAILED;
	}
	struct target *targets = realloc(x->targets, (size_t)(x->count + 1) * sizeof *targets);
	if (!targets) {
		cli_complain("out of memory");
		return EXIT_FAILED;
	}
	x->targets = targets;
	struct target *t = &targets[x->count];
	memset(t, 0, sizeof *t);
	snprintf(t->study, sizeof t->study, "%s", study);
	snprintf(t->name, sizeof t->name, "%s.%s", t->study, x->csv ? "csv" : "jsonl");
	snprintf(t->temporary, sizeof t->temporary, ".%s.tmp-%ld", t->name, (long)getpid());
	if (!x->force && faccessat(x->directory, t->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return exists(x, t);
	int fd = openat(x->directory, t->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return broken(x, t);
	t->file = fdopen(fd, "w");
	if (!t->file) {
		close(fd);
		unlinkat(x->directory, t->temporary, 0);
		cli_complain("out of memory");
		return EXIT_FAILED;
	}
	x->count++;
	x->last = t;
	if (x->csv && csv_header(t->file))
		return broken(x, t);
	return 0;
}

static int visit(void *user, const struct segment_meta *meta, const struct event *event)
{
	struct export *x = user;
	if (!x->last || strcmp(x->last->study, meta->study) != 0) {
		x->last = NULL;
		for (int i = 0; i < x->count; i++)
			if (strcmp(x->targets[i].study, meta->study) == 0)
				x->last = &x->targets[i];
		int result = x->last ? 0 : open_target(x, meta->study);
		if (result)
			return STOP_ABORT;
	}
	struct target *t = x->last;
	t->rows++;
	if ((x->csv ? csv_row(t->file, meta, event) : jsonl_row(t->file, meta, event)) == 0)
		return interrupted ? STOP_ABORT : 0;
	broken(x, t);
	return STOP_ABORT;
}

static int finish_target(struct export *x, struct target *t)
{
	bool good = fflush(t->file) == 0 && !ferror(t->file) && fsync(fileno(t->file)) == 0;
	int saved = errno;
	if (fclose(t->file) < 0 && good) {
		good = false;
		saved = errno;
	}
	t->file = NULL;
	errno = saved;
	if (!good)
		return broken(x, t);
	/* Another export may have made it meanwhile. A file system without link() cannot be asked that way. */
	if (!x->force && linkat(x->directory, t->temporary, x->directory, t->name, 0) < 0 && errno == EEXIST)
		return exists(x, t);
	if (x->force || faccessat(x->directory, t->name, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		if (renameat(x->directory, t->temporary, x->directory, t->name) < 0)
			return broken(x, t);
	} else {
		unlinkat(x->directory, t->temporary, 0);
	}
	t->temporary[0] = '\0';
	fprintf(stderr, "%s/%s: %" PRIu64 " events\n", x->out, t->name, t->rows);
	return 0;
}

static int finish(struct export *x, int result)
{
	for (int i = 0; i < x->count; i++)
		if (finish_target(x, &x->targets[i]))
			result = EXIT_FAILED;
	if (x->count)
		fsync(x->directory);
	return result;
}

static void release(struct export *x)
{
	for (int i = 0; i < x->count; i++) {
		if (x->targets[i].file)
			fclose(x->targets[i].file);
		if (x->targets[i].temporary[0])
			unlinkat(x->directory, x->targets[i].temporary, 0);
	}
	free(x->targets);
	if (x->directory >= 0)
		close(x->directory);
}

static int usage(const char *what)
{
	cli_complain("export: %s (assent export --format jsonl|csv --out DIR [--force] [IN...])", what);
	return EXIT_USAGE;
}

int cli_export(int argc, char **argv)
{
	const char *format = NULL;
	struct export x = { .directory = -1 };
	const struct input_option options[] = {
		{ "format", &format, NULL }, { "out", &x.out, NULL }, { "force", NULL, &x.force }, { NULL, NULL, NULL },
	};
	struct input in;
	int count = input_options("export", argc, argv, options);
	if (count < 0)
		return EXIT_USAGE;
	if (!format)
		return usage("--format is missing");
	if (strcmp(format, "parquet") == 0 || strcmp(format, "arrow") == 0) {
		cli_complain("export: --format %s is not in this version: use jsonl or csv", format);
		return EXIT_USAGE;
	}
	if (strcmp(format, "jsonl") != 0 && strcmp(format, "csv") != 0)
		return usage("--format is jsonl or csv");
	if (!x.out || !x.out[0])
		return usage("--out is missing");
	x.csv = format[0] == 'c';
	int result = input_find(&in, "exporting", count, argv);
	if (result)
		goto out;
	if (mkdir(x.out, 0700) < 0 && errno != EEXIST) {
		cli_complain("cannot make %s: %s", x.out, strerror(errno));
		result = EXIT_FAILED;
		goto out;
	}
	x.directory = open(x.out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x.directory < 0) {
		cli_complain("cannot open %s: %s", x.out, strerror(errno));
		result = EXIT_FAILED;
		goto out;
	}
	/* What was written so far is removed before the program ends. */
	const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction action = { .sa_handler = interrupt };
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &action, NULL);
	result = input_walk(&in, visit, &x);
	if (result == STOP_ABORT) {
		if (interrupted)
			cli_complain("interrupted: nothing was exported");
		result = EXIT_FAILED;
		goto out;
	}
	result = finish(&x, result);
	if (result == EXIT_DONE && x.count == 0) {
		cli_complain("no event is recorded yet: nothing to export");
		result = EXIT_NOTHING;
	}
out:
	release(&x);
	input_release(&in);
	return result;
}
