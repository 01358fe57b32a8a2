/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "keep_inside.h"
#include "locked.h"
#include "released.h"

/* How far what is in a segment may lie from when its records were written: what waited in the airlock, a clock that was set. */
#define APART_US INT64_C(86400000000)

struct forget {
	const struct places *places;
	const struct identity *identity;
	const struct keyring *keyring;
	const struct keep_choice *choice;
	struct keep_forgotten *done;
	struct released released;
	struct keep_plan plan;
	int spool;
	uint8_t *keys;                   /* locked: the old one, the new one */
	bool look;                       /* counts only */
	int seen, all;                   /* for the progress */
};

/* A segment that is looked at. */
struct candidate {
	const char *study;
	int folder;
	char name[SPOOL_NAME_MAX];
	struct spool_file file;
	struct keyfile key;
	struct segment_frame frame;
	bool framed;
};

static bool is_whole(const struct keep_choice *c)
{
	return c->segment && !c->app && c->since_us == INT64_MIN && c->until_us == INT64_MAX;
}

static bool is_outside(const struct keep_choice *c, const struct candidate *x)
{
	return x->framed && ((c->since_us > INT64_MIN + APART_US && x->frame.last_t_us < c->since_us - APART_US) ||
			     (c->until_us < INT64_MAX - APART_US && x->frame.first_t_us > c->until_us + APART_US));
}

/* A name that no segment has or had. */
static int new_name(const struct forget *f, const struct candidate *x, char out[SPOOL_NAME_MAX])
{
	int64_t begun;
	if (!keep_name_begun(x->name, &begun))
		begun = x->key.begun_us;
	for (int i = 0; i < 1000; i++) {
		int error = spool_name(begun, out);
		if (error)
			return error;
		if (strcmp(out, x->name) != 0 && !released_find(&f->released, out) && !keep_exists(x->folder, out, ".seg") &&
		    !keep_exists(x->folder, out, ".part") && !keep_exists(x->folder, out, ".new") && !keep_exists(x->folder, out, ".key") &&
		    !keep_exists(x->folder, out, ".damaged"))
			return 0;
	}
	return ERROR_LIMIT;
}

static int write_file(int folder, const char *name, const struct bytes *content)
{
	char file[SPOOL_NAME_MAX + 8];
	size_t done = 0;
	snprintf(file, sizeof file, "%s.new", name);
	int fd = openat(folder, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), error = 0;
	if (fd < 0)
		return ERROR_IO;
	while (done < content->length && error == 0) {
		ssize_t n = write(fd, content->data + done, content->length - done);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			error = ERROR_IO;
	}
	if (error == 0 && fsync(fd))
		error = ERROR_IO;
	int saved = errno;
	close(fd);
	errno = saved;
	return error;
}

/* The rest of a segment, as NEW.new and NEW.key. */
static int rewrite(struct forget *f, struct candidate *x, char name[SPOOL_NAME_MAX])
{
	struct bytes out = { 0 };
	struct keyfile key = x->key;
	char file[SPOOL_NAME_MAX + 8];
	uint8_t *new_key = f->keys + SEGMENT_KEY;
	int error = new_name(f, x, name);
	if (error)
		return error;
	randombytes_buf(new_key, SEGMENT_KEY);
	error = keep_rows_write(x->file.data, x->file.length, f->keys, f->choice, x->framed ? x->frame.last_t_us : INT64_MIN, name, new_key, &out);
	snprintf(key.segment, sizeof key.segment, "%s", name);
	if (error == 0)
		error = keyfile_seal(new_key, f->identity->box_public, key.participant);
	if (error == 0 && key.has_recipient)
		error = keyfile_seal(new_key, key.recipient_key, key.recipient);
	sodium_memzero(new_key, SEGMENT_KEY);
	key.has_participant = true;
	snprintf(file, sizeof file, "%s.key", name);
	/* In this order: what is undone is found by its .new. */
	if (error == 0)
		error = write_file(x->folder, name, &out);
	if (error == 0)
		error = keyfile_write(x->folder, file, &key);
	int saved = errno;
	bytes_release(&out);
	errno = saved;
	return error;
}

static bool was_released(const struct forget *f, const char *name)
{
	const struct released_entry *e = released_find(&f->released, name);
	return e && !e->gone;
}

static int again(struct forget *f, const char *study, const char *name)
{
	struct spool_list *list = &f->done->again;
	char text[SPOOL_NAME_MAX + 80];
	char **more = realloc(list->path, (size_t)(list->count + 1) * sizeof *more);
	if (!more)
		return ERROR_MEMORY;
	list->path = more;
	snprintf(text, sizeof text, "%s/%s", study, name);
	more[list->count] = strdup(text);
	if (!more[list->count])
		return ERROR_MEMORY;
	list->count++;
	return 0;
}

static int take(struct forget *f, struct candidate *x, const struct keep_rows *rows, bool readable)
{
	char name[SPOOL_NAME_MAX] = "-";
	bool released = was_released(f, x->name);
	struct keep_forgotten *d = f->done;
	d->segments++;
	d->released += released && f->look;
	if (readable) {
		d->events += rows->events;
		d->first_us = rows->first_us < d->first_us ? rows->first_us : d->first_us;
		d->last_us = rows->last_us > d->last_us ? rows->last_us : d->last_us;
	}
	if (f->look)
		return 0;
	int error = readable ? rewrite(f, x, name) : 0;
	if (error == 0)
		error = keep_plan_add(&f->plan, x->study, x->name, name);
	if (error == 0 && released && readable)
		error = again(f, x->study, name);
	return error;
}

/* Nobody here can read it, or not all of it. */
static int unreadable(struct forget *f, struct candidate *x, int error)
{
	struct keep_rows none = { 0 };
	if (is_whole(f->choice))
		return take(f, x, &none, false);
	return is_outside(f->choice, x) ? 0 : error;
}

static int judge(struct forget *f, struct candidate *x, const char *path)
{
	struct keep_rows rows;
	const char *what;
	int error = spool_map(path, &x->file);
	/* Finished or removed since it was listed; the second listing finds it. */
	if (error == ERROR_IO && errno == ENOENT)
		return 0;
	if (error)
		return error;
	x->framed = segment_frame(x->file.data, x->file.length, &x->frame) == 0;
	error = keyring_segment(f->keyring, x->file.path, f->keys, &x->key, &what);
	/* Nobody can read it any more: there is nothing in it to forget. */
	if (error == ERROR_GONE)
		error = 0;
	else if (error == ERROR_INVALID || error == ERROR_DENIED)
		error = x->file.part ? 0 : unreadable(f, x, error == ERROR_INVALID ? ERROR_CORRUPT : error);
	else if (error == 0) {
		error = keep_rows_count(x->file.data, x->file.length, f->keys, f->choice, &rows);
		if (x->file.part && (error == ERROR_TRUNCATED || error == ERROR_CORRUPT))
			error = 0;
		else if (error == ERROR_TRUNCATED || error == ERROR_CORRUPT || error == ERROR_DENIED)
			error = unreadable(f, x, error == ERROR_DENIED ? error : ERROR_CORRUPT);
		else if (error == 0 && rows.damaged && !x->file.part && !is_whole(f->choice))
			error = rows.events || !is_outside(f->choice, x) ? ERROR_CORRUPT : 0;
		else if (error == 0 && (rows.events || (rows.damaged && !x->file.part)))
			error = take(f, x, &rows, true);
	}
	int saved = errno;
	spool_unmap(&x->file);
	errno = saved;
	return error;
}

/* ---- All of them ---- */

/* One from the future is from before the clock was set back. The future is after now: an agent begins its next segment while this looks. */
static bool is_asked(const struct forget *f, const char *name)
{
	const struct keep_choice *c = f->choice;
	int64_t begun;
	return (!c->segment || strcmp(c->segment, name) == 0) && (!keep_name_begun(name, &begun) || begun < c->asked_us || begun > clock_utc_us());
}

static int one(struct forget *f, const char *study, int folder, const char *name, const char *suffix)
{
	struct candidate x = { .study = study, .folder = folder };
	snprintf(x.name, sizeof x.name, "%s", name);
	char path[SPOOL_PATH_MAX];
	if (snprintf(path, sizeof path, "%s/%s/%s%s", f->places->spool, study, name, suffix) >= (int)sizeof path)
		return ERROR_LIMIT;
	if (f->choice->progress)
		f->choice->progress(f->choice->user, f->seen++, f->all);
	int error = judge(f, &x, path);
	if (error)
		memcpy(f->done->where, path, sizeof path);
	return error;
}

static int study(struct forget *f, const char *id, int folder, const struct keep_names *files)
{
	char name[SPOOL_NAME_MAX];
	int error = 0;
	for (int i = 0; i < files->count && error == 0; i++) {
		const char *suffix = keep_name(files->name[i], ".seg", name) ? ".seg" : keep_name(files->name[i], ".part", name) ? ".part" : NULL;
		if (!suffix || !is_asked(f, name))
			continue;
		if (strcmp(suffix, ".part") == 0 && !f->look) {
			snprintf(f->done->where, sizeof f->done->where, "%s/%s/%s", f->places->spool, id, files->name[i]);
			return ERROR_AGAIN;
		}
		error = one(f, id, folder, name, suffix);
	}
	return error;
}

/* Whether a segment came to its name only while we worked: then it was not looked at. */
static int look_again(struct forget *f, const char *id, int folder, const struct keep_names *before)
{
	struct keep_names files;
	char name[SPOOL_NAME_MAX];
	int error = keep_list(folder, false, &files);
	for (int i = 0; i < files.count && error == 0; i++) {
		bool part = keep_name(files.name[i], ".part", name);
		if ((part || keep_name(files.name[i], ".seg", name)) && is_asked(f, name) && (part || !keep_names_have(before, files.name[i]))) {
			snprintf(f->done->where, sizeof f->done->where, "%s/%s/%s", f->places->spool, id, files.name[i]);
			error = ERROR_AGAIN;
		}
	}
	keep_names_release(&files);
	return error;
}

struct folder { int fd; struct keep_names files; };

static int open_folder(struct forget *f, const char *id, struct folder *folder)
{
	char shown[SPOOL_PATH_MAX];
	folder->fd = keep_open(f->spool, id);
	if (folder->fd < 0)
		return errno == ENOENT ? 0 : folder->fd;
	int error = 0;
	if (!f->look && snprintf(shown, sizeof shown, "%s/%s", f->places->spool, id) < (int)sizeof shown)
		error = keep_recover(folder->fd, shown);
	/* A writer has it: its own segment is judged by when it was begun. */
	if (error == 0 || error == ERROR_AGAIN)
		error = keep_list(folder->fd, false, &folder->files);
	f->all += folder->files.count / 2;
	return error;
}

static int visit(struct forget *f)
{
	struct keep_names studies;
	struct folder *folders = NULL;
	int error = keep_list(f->spool, true, &studies), saved;
	if (error)
		return error;
	folders = calloc((size_t)studies.count + 1, sizeof *folders);
	if (!folders)
		error = ERROR_MEMORY;
	for (int i = 0; folders && i < studies.count; i++)
		folders[i].fd = -1;
	for (int i = 0; i < studies.count && error == 0; i++)
		if (!f->choice->study || strcmp(f->choice->study, studies.name[i]) == 0)
			error = open_folder(f, studies.name[i], &folders[i]);
	for (int i = 0; i < studies.count && error == 0; i++)
		if (folders[i].fd >= 0)
			error = study(f, studies.name[i], folders[i].fd, &folders[i].files);
	for (int i = 0; i < studies.count && error == 0 && !f->look; i++)
		if (folders[i].fd >= 0)
			error = look_again(f, studies.name[i], folders[i].fd, &folders[i].files);
	saved = errno;
	for (int i = 0; folders && i < studies.count; i++) {
		if (folders[i].fd >= 0)
			close(folders[i].fd);
		keep_names_release(&folders[i].files);
	}
	free(folders);
	keep_names_release(&studies);
	errno = saved;
	return error;
}

static int begin(struct forget *f, struct keep_forgotten *done)
{
	*done = (struct keep_forgotten){ .first_us = INT64_MAX, .last_us = INT64_MIN };
	f->done = done;
	f->keys = locked_new(2 * SEGMENT_KEY);
	if (!f->keys)
		return ERROR_MEMORY;
	f->spool = open(f->places->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->spool < 0)
		return errno == ENOENT ? ERROR_GONE : ERROR_IO;
	return released_load(f->places->data, &f->released);
}

static void end(struct forget *f)
{
	int saved = errno;
	locked_free(f->keys);
	if (f->spool >= 0)
		close(f->spool);
	released_release(&f->released);
	keep_plan_release(&f->plan);
	errno = saved;
}

int keep_look(const struct places *places, const struct keyring *keyring, const struct keep_choice *choice, struct keep_forgotten *found)
{
	struct forget f = { .places = places, .keyring = keyring, .choice = choice, .spool = -1, .look = true };
	int error = begin(&f, found);
	if (error == 0)
		error = visit(&f);
	end(&f);
	return error == ERROR_GONE ? 0 : error;
}

/* Decides, and does it. before: how many steps a plan has that is there already, because recipients could not be told. */
static int commit(struct forget *f, int before)
{
	struct keep_plan there;
	int error = keep_plan_write(f->places, &f->plan), saved = errno;
	if (error) {
		int look = keep_plan_read(f->spool, &there), steps = there.count;
		keep_plan_release(&there);
		if (look == 0 && steps == before)
			f->done->segments = 0;
		errno = saved;
		return error;
	}
	return keep_plan_finish(f->places, f->spool, f->identity, &f->plan, &f->done->released, &f->done->untold);
}

int keep_forget(const struct places *places, const struct identity *identity, const struct keyring *keyring, const struct keep_choice *choice,
	struct keep_forgotten *done)
{
	struct forget f = { .places = places, .identity = identity, .keyring = keyring, .choice = choice, .spool = -1 };
	struct keep_plan before = { 0 };
	int lock = keep_lock(places);
	int error = lock < 0 ? lock : 0;
	if (error == 0)
		error = begin(&f, done);
	else
		*done = (struct keep_forgotten){ .first_us = INT64_MAX, .last_us = INT64_MIN };
	if (error)
		goto out;
	error = keep_plan_read(f.spool, &before);
	for (int i = 0; i < before.count && error == 0; i++)
		error = keep_plan_add(&f.plan, before.step[i].study, before.step[i].old, before.step[i].new);
	if (error)
		goto out;
	error = visit(&f);
	if (error == 0 && f.plan.count > before.count)
		error = commit(&f, before.count);
	else if (error)
		done->segments = 0;
	if (error && done->segments == 0) {
		/* What is left of it, if even that cannot be removed now, goes with the next lock. */
		int saved = errno;
		keep_plan_undo(f.spool, &before);
		errno = saved;
	}
out:
	end(&f);
	keep_plan_release(&before);
	if (error)
		spool_list_release(&done->again);
	int kept = errno;
	keep_unlock(lock);
	errno = kept;
	return error == ERROR_GONE ? 0 : error;
}
