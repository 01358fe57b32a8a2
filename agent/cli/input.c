/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/places.h"
#include "../error.h"
#include "../store/keep.h"
#include "../store/later.h"
#include "../store/locked.h"
#include "cli.h"
#include "unlock.h"

int input_options(const char *command, int argc, char **argv, const struct input_option *options)
{
	int kept = 0;
	bool only_inputs = false;
	for (int i = 0; i < argc; i++) {
		if (only_inputs || strncmp(argv[i], "--", 2) != 0) {
			if (!only_inputs && argv[i][0] == '-' && argv[i][1]) {
				cli_complain("%s: unknown option %s (see: assent help %s)", command, argv[i], command);
				return -1;
			}
			argv[kept++] = argv[i];
			continue;
		}
		if (argv[i][2] == '\0') {
			only_inputs = true;
			continue;
		}
		const char *name = argv[i] + 2, *equals = strchr(name, '=');
		size_t length = equals ? (size_t)(equals - name) : strlen(name);
		const struct input_option *o = options;
		while (o->name && (strlen(o->name) != length || strncmp(o->name, name, length) != 0))
			o++;
		/* A data directory is an IN like any other: the name is for those who know it from the other commands. */
		if (!o->name && length == 4 && strncmp(name, "data", 4) == 0 && (equals || i + 1 < argc)) {
			argv[kept++] = equals ? argv[i] + 7 : argv[++i];
			continue;
		}
		if (!o->name) {
			cli_complain("%s: unknown option %s (see: assent help %s)", command, argv[i], command);
			return -1;
		}
		if (o->flag && equals) {
			cli_complain("%s: --%s takes no value", command, o->name);
			return -1;
		}
		if (o->flag) {
			*o->flag = true;
		} else if (equals) {
			*o->value = equals + 1;
		} else if (i + 1 < argc) {
			*o->value = argv[++i];
		} else {
			cli_complain("%s: --%s needs a value", command, o->name);
			return -1;
		}
	}
	return kept;
}

/* The ledger beside a data directory's spool, if that is what the only IN is. */
static void find_ledger(struct input *in, const char *directory)
{
	struct stat st;
	if (snprintf(in->ledger, sizeof in->ledger, "%s/ledger.jsonl", directory) >= (int)sizeof in->ledger ||
	    stat(in->ledger, &st) < 0 || !S_ISREG(st.st_mode))
		in->ledger[0] = '\0';
}

/* A deletion that was interrupted is completed before anything is read: what was deleted is not shown again. IN may be a data directory, its
 * spool, a folder in that, or a segment. */
static int settle(const char *path)
{
	char file[PLACE_MAX + 32], *at = realpath(path, NULL), *slash = at;
	struct stat st;
	int error = 0;
	for (int i = 0; i < 4 && slash && *at; i++) {
		if (snprintf(file, sizeof file, "%s/spool/.forget", at) < (int)sizeof file && lstat(file, &st) == 0) {
			error = keep_settle(at);
			if (error)
				cli_complain("%s: a deletion was interrupted here and cannot be completed: %s. Until it is, nothing here is read (whose "
					     "data it is completes it with: assent expire)", at, error == ERROR_IO ? strerror(errno) : error_text(error));
			break;
		}
		slash = strrchr(at, '/');
		if (slash)
			*slash = 0;
	}
	free(at);
	return error ? EXIT_FAILED : EXIT_DONE;
}

int input_find(struct input *in, const char *verb, int count, char **inputs)
{
	struct places places;
	struct stat st;
	const char *own[1];
	int error = 0;
	memset(in, 0, sizeof *in);
	in->verb = verb;
	in->progress = isatty(STDERR_FILENO);
	in->begun_us = clock_mono_us();
	if (count == 0) {
		if (places_find(NULL, NULL, &places)) {
			cli_complain("cannot tell where the recordings are (set HOME or XDG_DATA_HOME)");
			return EXIT_FAILED;
		}
		snprintf(in->ledger, sizeof in->ledger, "%s", places.ledger);
		own[0] = places.spool;
		if (settle(places.data))
			return EXIT_FAILED;
		if (stat(places.spool, &st) == 0)
			error = spool_find(own, 1, &in->list);
		else if (errno != ENOENT)
			error = ERROR_IO;
	}
	for (int i = 0; i < count; i++) {
		if (stat(inputs[i], &st) < 0) {
			cli_complain("%s: %s", inputs[i], strerror(errno));
			return EXIT_FAILED;
		}
		if (settle(inputs[i]))
			return EXIT_FAILED;
	}
	if (count == 1)
		find_ledger(in, inputs[0]);
	if (count)
		error = spool_find((const char *const *)inputs, count, &in->list);
	if (error) {
		cli_complain("%s: %s", count ? inputs[0] : places.spool, error == ERROR_IO ? strerror(errno) : error_text(error));
		return EXIT_FAILED;
	}
	if (in->list.count == 0) {
		cli_complain("nothing is recorded in %s", count ? inputs[0] : places.spool);
		return EXIT_NOTHING;
	}
	return EXIT_DONE;
}

void input_release(struct input *in)
{
	spool_list_release(&in->list);
	keyring_free(in->keyring);
	locked_free(in->key);
	in->keyring = NULL;
	in->key = NULL;
}

void input_progress(struct input *in, int done)
{
	int64_t now;
	if (!in->progress || (now = clock_mono_us()) - in->begun_us < 1000000 || now - in->shown_us < 100000)
		return;
	in->shown_us = now;
	in->shown = true;
	fprintf(stderr, "\r%s: %d of %d segments\033[K", in->verb, done, in->list.count);
	fflush(stderr);
}

void input_progress_end(struct input *in)
{
	if (in->shown)
		fputs("\r\033[K", stderr);
	in->shown = false;
}

/* ---- Keys ---- */

/* DATA of a segment's path DATA/spool/STUDY/NAME, if there is an identity. */
static bool data_of(const char *segment, char data[PLACE_MAX])
{
	char *path = realpath(segment, NULL), file[PLACE_MAX + 16];
	bool found = false;
	for (int i = 0; path && i < 3; i++) {
		char *slash = strrchr(path, '/');
		if (slash)
			*slash = 0;
	}
	if (path && snprintf(file, sizeof file, "%s/identity", path) < (int)sizeof file && strlen(path) < PLACE_MAX && access(file, F_OK) == 0) {
		strcpy(data, path);
		found = true;
	}
	free(path);
	return found;
}

int input_unlock(struct input *in, const char *key_file)
{
	char data[PLACE_MAX];
	struct session *s = calloc(1, sizeof *s);
	int result = EXIT_FAILED;
	if (!s) {
		cli_complain("out of memory");
		return EXIT_FAILED;
	}
	s->command = in->verb;
	bool theirs = in->list.count > 0 && data_of(in->list.path[0], data);
	if (!key_file && places_find(theirs ? data : NULL, NULL, &s->places))
		cli_complain("cannot tell where your keys are (set HOME or XDG_DATA_HOME)");
	else
		result = unlock_keyring(s, &key_file, key_file != NULL, &in->keyring);
	if (result == EXIT_DONE && !(in->key = locked_new(SEGMENT_KEY)))
		result = unlock_broken(in->verb, ERROR_MEMORY, NULL);
	free(s);
	return result;
}

int input_open(struct input *in, const struct spool_file *file, struct keyfile *key_file, struct segment_reader **reader, const char **why)
{
	*reader = NULL;
	*why = NULL;
	int error = keyring_segment(in->keyring, file->path, in->key, key_file, why);
	if (error == 0)
		return segment_reader_new(file->data, file->length, in->key, reader);
	if (error == ERROR_GONE)
		*why = "it has no key any more: nobody can read it";
	else if (error == ERROR_DENIED)
		*why = "it is encrypted to others, not to this key (a recipient names theirs: --key FILE)";
	else if (error == ERROR_IO)
		*why = strerror(errno);
	else if (!*why)
		*why = error_text(error);
	return error;
}

/* One segment. *stop: what visit returned. */
static int walk(struct input *in, const struct spool_file *file, input_visit *visit, void *user, int *stop, const char **why)
{
	struct segment_reader *reader;
	struct event event;
	int error = input_open(in, file, NULL, &reader, why);
	if (error)
		return error;
	while ((error = segment_reader_next(reader, &event)) == 1) {
		*stop = visit(user, segment_reader_meta(reader), &event);
		if (*stop)
			break;
	}
	segment_reader_free(reader);
	return error < 0 ? error : 0;
}

/* Forgotten, erased, or over its time, since it was found. */
static bool is_gone(const char *path)
{
	return access(path, F_OK) < 0 && errno == ENOENT;
}

int input_walk(struct input *in, input_visit *visit, void *user)
{
	int result = in->keyring ? EXIT_DONE : input_unlock(in, NULL), stop = 0;
	if (result)
		return result;
	for (int i = 0; i < in->list.count && !stop; i++) {
		struct spool_file file;
		const char *why = NULL;
		input_progress(in, i);
		int error = spool_map(in->list.path[i], &file);
		/* Then it is not there to be read. */
		if (error == ERROR_IO && errno == ENOENT)
			continue;
		if (error == 0) {
			error = walk(in, &file, visit, user, &stop, &why);
			spool_unmap(&file);
			/* A .part ends where its writer is, and its header comes with its first block. */
			if (error == ERROR_TRUNCATED && file.part)
				error = 0;
			if (error == ERROR_GONE && is_gone(file.path))
				continue;
		}
		if (error) {
			input_progress_end(in);
			char later[LATER_TEXT];
			if (error == ERROR_UNSUPPORTED && later_file(file.path, later))
				cli_complain("%s", later);
			else
				cli_complain("%s: %s%s", file.path, why ? why : error == ERROR_IO ? strerror(errno) : error_text(error),
				     !why && (error == ERROR_CORRUPT || error == ERROR_TRUNCATED) ?
				     " (what comes before the damage was read)" : "");
			result = EXIT_FAILED;
		}
	}
	input_progress_end(in);
	return stop ? stop : result;
}

int input_flush_stdout(int result, int failed)
{
	if (fflush(stdout) < 0 && failed == 0)
		failed = errno;
	/* A pager that was closed, head(1): nobody wants the rest. */
	if (failed == 0 || failed == EPIPE)
		return result;
	cli_complain("cannot write to standard output: %s", strerror(failed));
	return EXIT_FAILED;
}
