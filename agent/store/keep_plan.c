/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "atomic.h"
#include "keep_inside.h"
#include "outbox.h"

enum { PLAN_BYTES_MAX = 16 << 20 };

static const char plan_name[] = ".forget", first_line[] = "assent forget 1", last_line[] = "end";

void keep_plan_release(struct keep_plan *plan)
{
	free(plan->step);
	*plan = (struct keep_plan){ 0 };
}

static bool is_plain(const char *s, size_t most)
{
	size_t n = strlen(s);
	return n > 0 && n < most && s[0] != '.' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == n;
}

int keep_plan_add(struct keep_plan *plan, const char *study, const char *old, const char *new)
{
	if (!is_plain(study, sizeof plan->step->study) || !is_plain(old, sizeof plan->step->old) || !is_plain(new, sizeof plan->step->new))
		return ERROR_INVALID;
	if (plan->count == plan->capacity) {
		int capacity = plan->capacity ? plan->capacity * 2 : 16;
		struct keep_step *more = realloc(plan->step, (size_t)capacity * sizeof *more);
		if (!more)
			return ERROR_MEMORY;
		plan->step = more;
		plan->capacity = capacity;
	}
	struct keep_step *s = &plan->step[plan->count++];
	snprintf(s->study, sizeof s->study, "%s", study);
	snprintf(s->old, sizeof s->old, "%s", old);
	snprintf(s->new, sizeof s->new, "%s", new);
	return 0;
}

static int parse(char *text, struct keep_plan *plan)
{
	bool ended = false;
	int number = 0;
	for (char *line = text, *end; *line; line = end + 1, number++) {
		char study[80], old[80], new[80];
		int n = 0;
		end = strchr(line, '\n');
		if (!end || ended)
			return ERROR_INVALID;
		*end = 0;
		if (number == 0) {
			if (strcmp(line, first_line) != 0)
				return ERROR_INVALID;
			continue;
		}
		ended = strcmp(line, last_line) == 0;
		if (ended)
			continue;
		if (sscanf(line, "segment %79s %79s %79s%n", study, old, new, &n) != 3 || line[n])
			return ERROR_INVALID;
		int error = keep_plan_add(plan, study, old, new);
		if (error)
			return error;
	}
	return ended ? 0 : ERROR_INVALID;
}

int keep_plan_read(int spool, struct keep_plan *plan)
{
	struct stat st;
	char *text = NULL;
	size_t length = 0;
	int error = ERROR_IO, saved;
	*plan = (struct keep_plan){ 0 };
	int fd = openat(spool, plan_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : ERROR_IO;
	if (fstat(fd, &st))
		goto out;
	error = ERROR_INVALID;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_size > PLAN_BYTES_MAX)
		goto out;
	error = ERROR_MEMORY;
	text = calloc(1, (size_t)st.st_size + 1);
	if (!text)
		goto out;
	error = ERROR_IO;
	while (length < (size_t)st.st_size) {
		ssize_t n = read(fd, text + length, (size_t)st.st_size - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			goto out;
		length += (size_t)n;
	}
	error = strlen(text) == length ? parse(text, plan) : ERROR_INVALID;
out:
	saved = errno;
	if (error)
		keep_plan_release(plan);
	free(text);
	close(fd);
	errno = saved;
	return error;
}

int keep_plan_write(const struct places *places, const struct keep_plan *plan)
{
	char path[PLACE_MAX + 16];
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	if (!out)
		return ERROR_MEMORY;
	fprintf(out, "%s\n", first_line);
	for (int i = 0; i < plan->count; i++)
		fprintf(out, "segment %s %s %s\n", plan->step[i].study, plan->step[i].old, plan->step[i].new);
	fprintf(out, "%s\n", last_line);
	int error = fclose(out) ? ERROR_MEMORY : 0;
	if (error == 0) {
		snprintf(path, sizeof path, "%s/%s", places->spool, plan_name);
		error = atomic_write(path, text, length, true);
	}
	int saved = errno;
	free(text);
	errno = saved;
	return error;
}

/* ---- Doing what it says. Each step may have been done before. ---- */

typedef int step_function(int folder, const struct keep_step *step);

static int destroy_old_key(int folder, const struct keep_step *step) { return keep_destroy_key(folder, step->old); }

static int remove_old(int folder, const struct keep_step *step)
{
	int error = keep_remove(folder, step->old, ".seg");
	if (error == 0)
		error = keep_remove(folder, step->old, ".damaged");
	return error ? error : keep_remove(folder, step->old, ".sealed.tmp");
}

static int rename_new(int folder, const struct keep_step *step)
{
	char from[SPOOL_NAME_MAX + 8], to[SPOOL_NAME_MAX + 8];
	if (strcmp(step->new, "-") == 0)
		return 0;
	snprintf(from, sizeof from, "%s.new", step->new);
	snprintf(to, sizeof to, "%s.seg", step->new);
	return renameat(folder, from, folder, to) == 0 || errno == ENOENT ? 0 : ERROR_IO;
}

static int sync_folder(int folder, const struct keep_step *step)
{
	(void)step;
	return fsync(folder) ? ERROR_IO : 0;
}

static int do_step(int spool, const struct keep_plan *plan, step_function *function, bool once)
{
	int error = 0;
	for (int i = 0; i < plan->count && error == 0; i++) {
		if (once && i && strcmp(plan->step[i].study, plan->step[i - 1].study) == 0)
			continue;
		int folder = keep_open(spool, plan->step[i].study);
		/* Erased meanwhile. */
		if (folder < 0 && errno == ENOENT)
			continue;
		if (folder < 0)
			return folder;
		error = function(folder, &plan->step[i]);
		int saved = errno;
		close(folder);
		errno = saved;
	}
	return error;
}

/* Those of one study at a time, in the plan's order. */
static int tell_recipients(const struct places *places, const struct identity *identity, const struct keep_plan *plan, int *revoked)
{
	const char **names = calloc((size_t)plan->count, sizeof *names);
	int error = names ? 0 : ERROR_MEMORY;
	for (int i = 0; i < plan->count && error == 0;) {
		const char *study = plan->step[i].study;
		char id[33];
		int n = 0, count = 0;
		for (; i < plan->count && strcmp(plan->step[i].study, study) == 0; i++)
			names[n++] = plan->step[i].old;
		error = outbox_revoke(places, identity, study, names, n, TOMBSTONE_FORGOTTEN, &count, id);
		if (error == 0)
			*revoked += count;
	}
	free(names);
	return error;
}

int keep_plan_finish(const struct places *places, int spool, const struct identity *identity, const struct keep_plan *plan, int *revoked, bool *untold)
{
	struct identity *own = NULL;
	*untold = false;
	/* What follows cannot be taken back: the plan must outlive a power cut first, also where its writing failed at the last step. */
	if (fsync(spool))
		return ERROR_IO;
	/* The keys of all of them before anything else: from here on nobody can read the old ones. */
	int error = do_step(spool, plan, destroy_old_key, false);
	if (error == 0)
		error = do_step(spool, plan, remove_old, false);
	if (error == 0)
		error = do_step(spool, plan, rename_new, false);
	if (error == 0)
		error = do_step(spool, plan, sync_folder, true);
	if (error)
		return error;
	/* Where the identity cannot be read, what is in the outbox is removed all the same. */
	if (!identity && identity_load(places->identity, &own) == 0)
		identity = own;
	*untold = tell_recipients(places, identity, plan, revoked) != 0;
	identity_free(own);
	if (*untold)
		return 0;
	if (unlinkat(spool, plan_name, 0) && errno != ENOENT)
		return ERROR_IO;
	return fsync(spool) ? ERROR_IO : 0;
}

static bool is_planned(const struct keep_plan *plan, const char *study, const char *name)
{
	for (int i = 0; i < plan->count; i++)
		if (strcmp(plan->step[i].new, name) == 0 && strcmp(plan->step[i].study, study) == 0)
			return true;
	return false;
}

static int undo_folder(int folder, const char *study, const struct keep_plan *plan)
{
	struct keep_names files;
	char name[SPOOL_NAME_MAX];
	int error = keep_list(folder, false, &files);
	bool any = false;
	for (int i = 0; i < files.count && error == 0; i++) {
		if (!keep_name(files.name[i], ".new", name) || is_planned(plan, study, name))
			continue;
		any = true;
		error = keep_destroy_key(folder, name);
		if (error == 0)
			error = keep_remove(folder, name, ".new");
	}
	keep_names_release(&files);
	if (any && error == 0 && fsync(folder))
		error = ERROR_IO;
	return error;
}

int keep_plan_undo(int spool, const struct keep_plan *plan)
{
	struct keep_names studies, files;
	int error = keep_list(spool, true, &studies);
	for (int i = 0; i < studies.count && error == 0; i++) {
		int folder = keep_open(spool, studies.name[i]);
		if (folder < 0 && errno == ENOENT)
			continue;
		error = folder < 0 ? folder : undo_folder(folder, studies.name[i], plan);
		int saved = errno;
		if (folder >= 0)
			close(folder);
		errno = saved;
	}
	keep_names_release(&studies);
	/* Plans that never came into their place. */
	if (error == 0 && keep_list(spool, false, &files) == 0) {
		for (int i = 0; i < files.count; i++)
			if (strncmp(files.name[i], ".forget.", 8) == 0)
				unlinkat(spool, files.name[i], 0);
		keep_names_release(&files);
	}
	return error;
}
