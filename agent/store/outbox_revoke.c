/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "atomic.h"
#include "outbox_inside.h"

/* data/tombstones/ID.tombstone: for as long as the data live. */
static int keep_copy(const struct outbox *o, const char *id, const char *text, size_t length)
{
	char path[PLACE_MAX + 64];
	snprintf(path, sizeof path, "%s/tombstones", o->places->data);
	if (mkdir(path, 0700) && errno != EEXIST)
		return ERROR_IO;
	snprintf(path, sizeof path, "%s/tombstones/%s.tombstone", o->places->data, id);
	int e = atomic_write(path, text, length, false);
	return e == ERROR_IO && errno == EEXIST ? 0 : e;
}

/* The files that it names go, then the lines that say so, then it takes its place: whoever sees it sees the truth. Done again after a crash. */
static int finish(const struct outbox *o, const char *staged, const struct tombstone *t)
{
	char name[OUTBOX_NAME_MAX];
	struct released r;
	int count = 0, e = released_load(o->places->data, &r);
	if (e)
		return e;
	struct released_entry *gone = malloc((size_t)(t->count + 1) * sizeof *gone);
	if (!gone) {
		e = ERROR_MEMORY;
		goto out;
	}
	for (int i = 0; i < t->count; i++) {
		const struct released_entry *x = released_find(&r, t->segment[i].segment);
		int failed = outbox_remove(o, t->study, t->pseudonym, t->segment[i].segment);
		if (failed)
			e = failed;
		if (!x || x->gone || strcmp(x->study, t->study) != 0)
			continue;
		gone[count] = *x;
		gone[count].gone = true;
		gone[count].reason = t->reason;
		gone[count].t_us = t->t_us;
		memcpy(gone[count++].tombstone, t->id, sizeof t->id);
	}
	/* A file that cannot be removed is no reason not to tell; the error is. */
	int failed = released_append(o->places->data, gone, count);
	if (failed) {
		e = failed;
		goto out;
	}
	int folder = outbox_folder(o, t->study, t->pseudonym, true);
	if (folder < 0) {
		e = folder;
		goto out;
	}
	snprintf(name, sizeof name, "%s.tombstone", t->id);
	if ((failed = outbox_place(o, staged, folder, name, false)))
		e = failed;
	close(folder);
out:
	free(gone);
	released_release(&r);
	return e;
}

static bool is_unnoted(const struct released *r, const char *staged, const char *suffix)
{
	char study[65], pseudonym[IDENTITY_PSEUDONYM], name[OUTBOX_NAME_MAX];
	if (staged[0] == '.' || outbox_unstaged(staged, study, pseudonym, name))
		return false;
	size_t n = strlen(name), m = strlen(suffix);
	if (n <= m || strcmp(name + n - m, suffix) != 0)
		return false;
	name[n - m] = 0;
	const struct released_entry *e = released_find(r, name);
	return !e || e->gone;
}

/* Segments that a release made ready and, killed, never noted: copies that nobody would tell of, with a key that the recipient can open. We have
 * the lock: no release is at work. */
static int remove_unnoted(const struct outbox *o)
{
	static const char *const suffixes[] = {".key", ".seg"};
	struct released r;
	int worst = released_load(o->places->data, &r);
	for (int i = 0; i < 2 && worst == 0; i++) {
		int fd = openat(o->staging, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		DIR *dir = fd < 0 ? NULL : fdopendir(fd);
		if (!dir) {
			if (fd >= 0)
				close(fd);
			worst = ERROR_IO;
			break;
		}
		for (struct dirent *entry; (entry = readdir(dir));) {
			if (!is_unnoted(&r, entry->d_name, suffixes[i]))
				continue;
			if (i == 0 ? keyfile_destroy(o->staging, entry->d_name) : unlinkat(o->staging, entry->d_name, 0) && errno != ENOENT)
				worst = ERROR_IO;
		}
		closedir(dir);
	}
	released_release(&r);
	return worst;
}

int outbox_revoke_finish(const struct outbox *o)
{
	int worst = remove_unnoted(o);
	int fd = openat(o->staging, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return ERROR_IO;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		char study[65], pseudonym[IDENTITY_PSEUDONYM], name[OUTBOX_NAME_MAX], *text;
		size_t n = strlen(entry->d_name), length;
		struct tombstone t;
		const char *what;
		if (entry->d_name[0] == '.' || n < 10 || strcmp(entry->d_name + n - 10, ".tombstone") != 0 ||
		    outbox_unstaged(entry->d_name, study, pseudonym, name))
			continue;
		int e = outbox_slurp(o->staging, entry->d_name, TOMBSTONE_BYTES_MAX, &text, &length);
		if (e == 0) {
			e = tombstone_parse(text, length, &t, &what);
			/* Cut off in the middle: it is written anew by whoever does again what was interrupted. */
			if (e == ERROR_INVALID || e == ERROR_CORRUPT) {
				e = unlinkat(o->staging, entry->d_name, 0) ? ERROR_IO : 0;
			} else if (e == 0) {
				e = keep_copy(o, t.id, text, length);
				if (e == 0)
					e = finish(o, entry->d_name, &t);
				tombstone_release(&t);
			}
			free(text);
		}
		if (e)
			worst = e;
	}
	closedir(dir);
	return worst;
}

/* One tombstone for entries[0..count), all of one pseudonym. */
static int bury(const struct outbox *o, const struct identity *identity, const struct released_entry *const *entries, int count,
	enum tombstone_reason reason, char id[33])
{
	struct tombstone t = {.reason = reason, .count = count};
	char *text = NULL, name[OUTBOX_NAME_MAX], staged[OUTBOX_NAME_MAX];
	size_t length = 0;
	if (!(t.segment = calloc((size_t)count, sizeof *t.segment)))
		return ERROR_MEMORY;
	memcpy(t.study, entries[0]->study, sizeof t.study);
	memcpy(t.pseudonym, entries[0]->pseudonym, sizeof t.pseudonym);
	for (int i = 0; i < count; i++) {
		memcpy(t.segment[i].segment, entries[i]->segment, sizeof t.segment[i].segment);
		memcpy(t.segment[i].hash, entries[i]->hash, sizeof t.segment[i].hash);
	}
	int e = tombstone_format(identity, &t, &text, &length);
	if (e)
		goto out;
	memcpy(id, t.id, sizeof t.id);
	snprintf(name, sizeof name, "%s.tombstone", t.id);
	/* From here on it is finished by whoever comes next. */
	e = outbox_staged(staged, t.study, t.pseudonym, name);
	if (e == 0)
		e = outbox_stage(o, staged, text, length);
	if (e == 0)
		e = keep_copy(o, t.id, text, length);
	if (e == 0)
		e = finish(o, staged, &t);
out:
	free(text);
	tombstone_release(&t);
	return e;
}

int outbox_revoke_some(const struct outbox *o, const struct identity *identity, const char *study,
	bool (*wanted)(void *user, const struct released_entry *e), void *user, enum tombstone_reason reason, int *count, char tombstone_id[33])
{
	struct released r;
	int chosen = 0, worst = 0, e = released_load(o->places->data, &r);
	*count = 0;
	*tombstone_id = 0;
	if (e || !r.count)
		return e;
	const struct released_entry **list = malloc((size_t)r.count * sizeof *list);
	if (!list) {
		released_release(&r);
		return ERROR_MEMORY;
	}
	for (int i = 0; i < r.count; i++)
		if (!r.entry[i].gone && strcmp(r.entry[i].study, study) == 0 && (!wanted || wanted(user, &r.entry[i])))
			list[chosen++] = &r.entry[i];
	/* First what can be undone by nobody, and needs neither a key nor room on the disk. */
	for (int i = 0; i < chosen; i++)
		if ((e = outbox_remove(o, study, list[i]->pseudonym, list[i]->segment)))
			worst = e;
	if (chosen && !identity)
		worst = ERROR_DENIED;
	for (int from = 0; identity && from < chosen;) {
		int to = from + 1;
		while (to < chosen && to - from < TOMBSTONE_SEGMENTS_MAX && strcmp(list[to]->pseudonym, list[from]->pseudonym) == 0)
			to++;
		if ((e = bury(o, identity, list + from, to - from, reason, tombstone_id)))
			worst = e;
		else
			*count += to - from;
		from = to;
	}
	free(list);
	released_release(&r);
	return worst;
}

/* ---- What lies in the outbox, and is not in the list ---- */

/* A key file that we signed, whose line was lost (somebody damaged the list): noted anew, so that it is told of. Others only go. */
static int adopt_key(const struct outbox *o, const struct identity *identity, int folder, const char *name, const char *study,
	const char *pseudonym, const struct released *r)
{
	struct released_entry e = {.t_us = clock_utc_us()};
	struct keyfile k;
	uint8_t agent[IDENTITY_KEY];
	char text[KEYFILE_MAX];
	size_t signed_length;
	const char *what;
	if (!identity || keyfile_read(folder, name, &k, &what) || !k.released || strcmp(k.study, study) != 0 ||
	    strcmp(k.pseudonym, pseudonym) != 0 || !tombstone_segment_is(k.segment) || released_find(r, k.segment) ||
	    identity_agent_key(identity, study, agent) || keyfile_format(&k, text, &signed_length) < 0 ||
	    identity_verify(agent, text, signed_length, k.signature))
		return 0;
	snprintf(e.segment, sizeof e.segment, "%s", k.segment);
	memcpy(e.study, k.study, sizeof e.study);
	memcpy(e.pseudonym, k.pseudonym, sizeof e.pseudonym);
	memcpy(e.hash, k.hash, sizeof e.hash);
	memcpy(e.recipient, k.recipient_id, sizeof e.recipient);
	return released_append(o->places->data, &e, 1);
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);
	return n > m && strcmp(name + n - m, suffix) == 0;
}

/* Is its segment in the list? What is not, and was not adopted, goes. */
static bool is_listed(const struct released *r, const char *name)
{
	char segment[OUTBOX_NAME_MAX];
	size_t n = strlen(name);
	if (n <= 4 || n - 4 >= sizeof segment)
		return false;
	memcpy(segment, name, n - 4);
	segment[n - 4] = 0;
	return released_find(r, segment) != NULL;
}

static int sweep_folder(const struct outbox *o, const struct identity *identity, const char *study, const char *pseudonym, bool adopt)
{
	struct released r;
	int folder = outbox_folder(o, study, pseudonym, false), worst = 0, e;
	if (folder < 0)
		return 0;
	DIR *dir = fdopendir(folder);
	if (!dir) {
		close(folder);
		return ERROR_IO;
	}
	if ((e = released_load(o->places->data, &r))) {
		closedir(dir);
		return e;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		bool key = ends_with(entry->d_name, ".key"), segment = ends_with(entry->d_name, ".seg");
		e = 0;
		if (adopt && key)
			e = adopt_key(o, identity, dirfd(dir), entry->d_name, study, pseudonym, &r);
		else if (!adopt && (key || segment) && !is_listed(&r, entry->d_name))
			e = key ? keyfile_destroy(dirfd(dir), entry->d_name) : unlinkat(dirfd(dir), entry->d_name, 0) ? ERROR_IO : 0;
		if (e)
			worst = e;
	}
	released_release(&r);
	closedir(dir);
	return worst;
}

/* First all that can be told of is noted; then what is left goes without a word. */
static int sweep(const struct outbox *o, const struct identity *identity, const char *study)
{
	int worst = 0;
	if (o->folder < 0) {
		errno = ENOENT;
		return ERROR_IO;
	}
	for (int adopt = 1; adopt >= 0; adopt--) {
		int fd = openat(o->folder, study, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		DIR *dir = fd < 0 ? NULL : fdopendir(fd);
		if (!dir) {
			if (fd >= 0)
				close(fd);
			return fd < 0 && errno == ENOENT ? 0 : ERROR_IO;
		}
		for (struct dirent *entry; (entry = readdir(dir));) {
			if (strlen(entry->d_name) != IDENTITY_PSEUDONYM - 1)
				continue;
			int e = sweep_folder(o, identity, study, entry->d_name, adopt);
			if (e)
				worst = e;
		}
		closedir(dir);
	}
	return worst;
}

struct named { const char *const *names; int count; };

static bool is_named(void *user, const struct released_entry *e)
{
	const struct named *n = user;
	for (int i = 0; i < n->count; i++)
		if (strcmp(n->names[i], e->segment) == 0)
			return true;
	return false;
}

static bool is_here(void *user, const struct released_entry *e)
{
	return outbox_has(user, e->study, e->pseudonym, e->segment);
}

static int call_back(const struct places *places, const struct identity *identity, const char *study, const struct named *named, bool here,
	enum tombstone_reason reason, int *count, char tombstone_id[33])
{
	struct outbox o;
	struct released r;
	*count = 0;
	*tombstone_id = 0;
	int e = released_load(places->data, &r);
	bool any = e == 0 && r.count;
	released_release(&r);
	if (e)
		return e;
	/* Most have released nothing: for them no folder is made. */
	if ((e = outbox_open(places, any, &o)))
		return e == ERROR_GONE ? 0 : e;
	int finished = outbox_revoke_finish(&o), swept = named ? 0 : sweep(&o, identity, study);
	if (here)
		e = outbox_revoke_some(&o, identity, study, is_here, &o, reason, count, tombstone_id);
	else
		e = outbox_revoke_some(&o, identity, study, named ? is_named : NULL, (void *)(uintptr_t)named, reason, count, tombstone_id);
	outbox_close(&o);
	return e ? e : finished ? finished : swept;
}

int outbox_revoke(const struct places *places, const struct identity *identity, const char *study, const char *const *names, int names_count,
	enum tombstone_reason reason, int *count, char tombstone_id[33])
{
	struct named named = {names, names_count};
	return call_back(places, identity, study, names ? &named : NULL, false, reason, count, tombstone_id);
}

int outbox_recall(const struct places *places, const struct identity *identity, const char *study, int *count, char tombstone_id[33])
{
	return call_back(places, identity, study, NULL, true, TOMBSTONE_WITHDRAWN, count, tombstone_id);
}

int outbox_finish(const struct places *places)
{
	struct outbox o;
	int e = outbox_open(places, false, &o);
	if (e)
		return e == ERROR_GONE ? 0 : e;
	e = outbox_revoke_finish(&o);
	outbox_close(&o);
	return e;
}
