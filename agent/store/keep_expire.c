/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"
#include "keep_inside.h"
#include "outbox.h"

struct expire {
	const struct places *places;
	const struct identity *identity;
	int64_t most_us, now_us;
	struct keep_report *report;
};

/* A segment's files by the name without suffix. */
struct have { bool key, seg, part, damaged; };

static struct have look(const struct keep_names *files, const char *name)
{
	static const char *const suffixes[] = { ".key", ".seg", ".part", ".damaged", ".key.tmp" };
	bool is[5] = { false };
	char file[KEEP_FILE_MAX];
	for (int i = 0; i < 5; i++) {
		snprintf(file, sizeof file, "%s%s", name, suffixes[i]);
		is[i] = keep_names_have(files, file);
	}
	return (struct have){ .key = is[0] || is[4], .seg = is[1], .part = is[2], .damaged = is[3] };
}

/* When it goes: what it was recorded under says so, or policy, whichever is sooner. A key file that is damaged opens nothing; one of a later version
 * may open something, and the program that wrote it knows until when. */
static int64_t due_us(const struct expire *x, int folder, const char *name)
{
	struct keyfile k;
	const char *what;
	char file[SPOOL_NAME_MAX + 8];
	snprintf(file, sizeof file, "%s.key", name);
	int error = keyfile_read(folder, file, &k, &what);
	if (error == ERROR_IO && errno != ENOENT) {
		x->report->failed++; /* it may be due */
		return INT64_MAX;
	}
	if (error)
		return error == ERROR_UNSUPPORTED ? INT64_MAX : INT64_MIN;
	int64_t due = k.expires_us;
	if (x->most_us > 0 && k.begun_us < due - x->most_us)
		due = k.begun_us + x->most_us;
	return due;
}

static int remove_one(const struct expire *x, int folder, const char *study, const char *name)
{
	char id[33];
	int count = 0;
	/* Recipients first: if we end here, the next run finds it due still. That they cannot be told is no reason to keep it. */
	int told = outbox_revoke(x->places, x->identity, study, &name, 1, TOMBSTONE_EXPIRED, &count, id);
	int error = keep_destroy_key(folder, name);
	if (error == 0)
		error = keep_remove(folder, name, ".seg");
	if (error == 0)
		error = keep_remove(folder, name, ".damaged");
	if (error == 0)
		error = keep_remove(folder, name, ".sealed.tmp");
	if (error == 0)
		x->report->removed++;
	return error ? error : told;
}

/* A key without a segment is the beginning of one while a writer has the folder, else what a crash left. */
static int remove_orphan(int folder, const char *name)
{
	struct keyfile k;
	char file[SPOOL_NAME_MAX + 8];
	/* What it belongs to may have a name that is not known yet. */
	snprintf(file, sizeof file, "%s.key", name);
	if (keyfile_read(folder, file, &k, NULL) == ERROR_UNSUPPORTED)
		return 0;
	int lock = keep_writer_lock(folder);
	if (lock < 0)
		return lock == ERROR_AGAIN ? 0 : lock;
	int error = keep_exists(folder, name, ".part") || keep_exists(folder, name, ".seg") ? 0 : keep_destroy_key(folder, name);
	close(lock);
	return error;
}

/* One that a writer has in hand, or that could not be completed. */
static int expire_part(const struct expire *x, int folder, const char *name)
{
	struct keep_report *r = x->report;
	int64_t due = due_us(x, folder, name);
	/* Without a key yet, it is just being made. */
	if (due == INT64_MIN)
		return 0;
	if (due > x->now_us) {
		r->next_us = due < r->next_us ? due : r->next_us;
		return 0;
	}
	int lock = keep_writer_lock(folder);
	if (lock < 0) {
		r->under_way = r->under_way || lock == ERROR_AGAIN;
		return lock == ERROR_AGAIN ? 0 : lock;
	}
	int error = keep_destroy_key(folder, name);
	if (error == 0)
		error = keep_remove(folder, name, ".part");
	if (error == 0)
		error = keep_remove(folder, name, ".sealed.tmp");
	r->removed += error == 0;
	close(lock);
	return error;
}

static int expire_name(const struct expire *x, int folder, const char *study, const char *name, const struct have *have)
{
	struct keep_report *r = x->report;
	if (!have->seg && !have->part && !have->damaged)
		return remove_orphan(folder, name);
	if (have->part && !have->seg && !have->damaged)
		return expire_part(x, folder, name);
	int64_t due = due_us(x, folder, name);
	if (due <= x->now_us)
		return remove_one(x, folder, study, name);
	if (due < r->next_us)
		r->next_us = due;
	return 0;
}

static int expire_folder(const struct expire *x, int folder, const char *study)
{
	struct keep_names files;
	char shown[SPOOL_PATH_MAX], name[SPOOL_NAME_MAX], last[SPOOL_NAME_MAX] = "";
	snprintf(shown, sizeof shown, "%s/%s", x->places->spool, study);
	int error = keep_recover(folder, shown);
	if (error && error != ERROR_AGAIN)
		return error;
	error = keep_list(folder, false, &files);
	if (error)
		return error;
	/* Sorted: what belongs to one segment follows one another. */
	for (int i = 0; i < files.count; i++) {
		if (!keep_name(files.name[i], ".key", name) && !keep_name(files.name[i], ".seg", name) && !keep_name(files.name[i], ".part", name) &&
		    !keep_name(files.name[i], ".damaged", name) && !keep_name(files.name[i], ".key.tmp", name))
			continue;
		if (strcmp(name, last) == 0)
			continue;
		memcpy(last, name, sizeof last);
		struct have have = look(&files, name);
		if (expire_name(x, folder, study, name, &have))
			x->report->failed++;
	}
	keep_names_release(&files);
	return fsync(folder) ? ERROR_IO : 0;
}

int keep_expire(const struct places *places, const struct identity *identity, int64_t most_us, int64_t now_us, struct keep_report *report)
{
	struct expire x = { .places = places, .identity = identity, .most_us = most_us, .now_us = now_us, .report = report };
	struct keep_names studies = { 0 };
	*report = (struct keep_report){ .next_us = INT64_MAX };
	int lock = keep_lock(places), spool = -1, error = 0, saved;
	if (lock < 0)
		return lock == ERROR_GONE ? 0 : lock;
	/* Whom an outbox that was out of reach kept from being told. */
	report->failed += outbox_finish(places) != 0;
	spool = open(places->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = spool < 0 ? ERROR_IO : keep_list(spool, true, &studies);
	for (int i = 0; i < studies.count && error == 0; i++) {
		int folder = keep_open(spool, studies.name[i]);
		if (folder < 0) {
			report->failed += errno != ENOENT;
			continue;
		}
		error = expire_folder(&x, folder, studies.name[i]);
		if (error == ERROR_IO) {
			report->failed++;
			error = 0;
		}
		close(folder);
	}
	saved = errno;
	keep_names_release(&studies);
	if (spool >= 0)
		close(spool);
	keep_unlock(lock);
	errno = saved;
	return error;
}
