/* SPDX-License-Identifier: Apache-2.0 */
#include "dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"

/* The array with room for one more behind count, of zeros. It doubles. NULL: out of memory, and it is as it was. */
static void *room(void *array, int count, size_t size)
{
	if (count == 0 || (count & (count - 1)) == 0) {
		array = realloc(array, (size_t)(count ? count * 2 : 1) * size);
		if (!array)
			return NULL;
	}
	memset((char *)array + (size_t)count * size, 0, size);
	return array;
}

struct dataset_file *dataset_add_file(struct dataset *d)
{
	void *array = room(d->file, d->files, sizeof *d->file);
	if (!array)
		return NULL;
	d->file = array;
	return &d->file[d->files++];
}

struct dataset_segment *dataset_add_segment(struct dataset *d)
{
	void *array = room(d->segment, d->segments, sizeof *d->segment);
	if (!array)
		return NULL;
	d->segment = array;
	return &d->segment[d->segments++];
}

struct dataset_member *dataset_add_member(struct dataset *d)
{
	void *array = room(d->member, d->members, sizeof *d->member);
	if (!array)
		return NULL;
	d->member = array;
	struct dataset_file *f = &d->file[d->files - 1];
	if (f->members++ == 0)
		f->first = d->members;
	return &d->member[d->members++];
}

struct dataset_participant *dataset_add_participant(struct dataset *d)
{
	void *array = room(d->participant, d->participants, sizeof *d->participant);
	if (!array)
		return NULL;
	d->participant = array;
	return &d->participant[d->participants++];
}

struct dataset_left *dataset_add_left(struct dataset *d)
{
	void *array = room(d->left, d->lefts, sizeof *d->left);
	if (!array)
		return NULL;
	d->left = array;
	return &d->left[d->lefts++];
}

struct dataset_tombstone *dataset_add_tombstone(struct dataset *d)
{
	void *array = room(d->tombstone, d->tombstones, sizeof *d->tombstone);
	if (!array)
		return NULL;
	d->tombstone = array;
	return &d->tombstone[d->tombstones++];
}

struct dataset_pending *dataset_add_pending(struct dataset *d)
{
	void *array = room(d->pending, d->pendings, sizeof *d->pending);
	if (!array)
		return NULL;
	d->pending = array;
	return &d->pending[d->pendings++];
}

void dataset_release(struct dataset *d)
{
	free(d->file);
	free(d->member);
	free(d->segment);
	free(d->participant);
	free(d->left);
	free(d->tombstone);
	free(d->pending);
	free(d->added);
	free(d->removed);
	memset(d, 0, sizeof *d);
}

int dataset_compare(const struct dataset_place *a, const struct dataset_place *b)
{
	int order = strcmp(a->study, b->study);
	if (order == 0)
		order = strcmp(a->participant, b->participant);
	return order ? order : strcmp(a->segment, b->segment);
}

/* Each entry but a file's begins with its place. */
static int by_place(const void *a, const void *b) { return dataset_compare(a, b); }

static int by_left(const void *a, const void *b)
{
	const struct dataset_left *x = a, *y = b;
	int order = dataset_compare(&x->at, &y->at);
	if (order == 0)
		order = strcmp(x->kind, y->kind);
	return order ? order : strcmp(x->why, y->why);
}

static int by_tombstone(const void *a, const void *b)
{
	const struct dataset_tombstone *x = a, *y = b;
	int order = dataset_compare(&x->at, &y->at);
	order = order ? order : strcmp(x->id, y->id);
	return order ? order : memcmp(x->agent, y->agent, sizeof x->agent);
}

static int by_person(const void *a, const void *b)
{
	const struct dataset_participant *x = a, *y = b;
	int order = strcmp(x->study, y->study);
	return order ? order : strcmp(x->participant, y->participant);
}

static int by_name(const void *a, const void *b)
{
	const struct dataset_file *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static int by_pending(const void *a, const void *b)
{
	const struct dataset_pending *x = a, *y = b;
	return strcmp(x->file, y->file);
}

static void sort(void *array, int count, size_t size, int (*compare)(const void *, const void *))
{
	if (count)
		qsort(array, (size_t)count, size, compare);
}

void dataset_sort(struct dataset *d)
{
	sort(d->file, d->files, sizeof *d->file, by_name);
	sort(d->segment, d->segments, sizeof *d->segment, by_place);
	sort(d->participant, d->participants, sizeof *d->participant, by_person);
	sort(d->left, d->lefts, sizeof *d->left, by_left);
	sort(d->tombstone, d->tombstones, sizeof *d->tombstone, by_tombstone);
	sort(d->pending, d->pendings, sizeof *d->pending, by_pending);
	/* The same tombstone from two folders, or from a file and from the version before, is one. */
	int n = 0;
	for (int i = 0; i < d->tombstones; i++)
		if (n == 0 || by_tombstone(&d->tombstone[n - 1], &d->tombstone[i]) != 0)
			d->tombstone[n++] = d->tombstone[i];
	d->tombstones = n;
}

const struct dataset_tombstone *dataset_tombstoned(const struct dataset *d, const struct dataset_place *at)
{
	return d->tombstones ? bsearch(at, d->tombstone, (size_t)d->tombstones, sizeof *d->tombstone, by_place) : NULL;
}

const struct dataset_file *dataset_file_of(const struct dataset *d, const char *name)
{
	struct dataset_file want = {0};
	snprintf(want.name, sizeof want.name, "%s", name);
	return d->files ? bsearch(&want, d->file, (size_t)d->files, sizeof *d->file, by_name) : NULL;
}

struct dataset_segment *dataset_segment_at(const struct dataset *d, const struct dataset_place *at)
{
	return d->segments ? bsearch(at, d->segment, (size_t)d->segments, sizeof *d->segment, by_place) : NULL;
}

struct dataset_participant *dataset_participant_at(const struct dataset *d, const char *study, const char *participant)
{
	struct dataset_participant want = {0};
	snprintf(want.study, sizeof want.study, "%s", study);
	snprintf(want.participant, sizeof want.participant, "%s", participant);
	return d->participants ? bsearch(&want, d->participant, (size_t)d->participants, sizeof *d->participant, by_person) : NULL;
}

/* ---- Against the version before ---- */

static int note(struct dataset_change **list, int *count, const struct dataset_place *at, const char *why)
{
	struct dataset_change *c = room(*list, *count, sizeof **list);
	if (!c)
		return ERROR_MEMORY;
	*list = c;
	c += (*count)++;
	c->at = *at;
	snprintf(c->why, sizeof c->why, "%s", why);
	return 0;
}

static const struct dataset_left *find_left(const struct dataset *d, const struct dataset_place *at)
{
	return d->lefts ? bsearch(at, d->left, (size_t)d->lefts, sizeof *d->left, by_place) : NULL;
}

static int note_removed(struct dataset *d, const struct dataset_place *at)
{
	char why[DATASET_WHY_MAX] = "no longer among what was given as input";
	const struct dataset_tombstone *t = dataset_tombstoned(d, at);
	const struct dataset_left *left = find_left(d, at);
	if (t)
		snprintf(why, sizeof why, "tombstone %s (%s)", t->id, t->reason);
	else if (left)
		snprintf(why, sizeof why, "%s", left->why);
	return note(&d->removed, &d->removeds, at, why);
}

bool dataset_same_segment(const struct dataset_segment *a, const struct dataset_segment *b)
{
	return memcmp(a->hash, b->hash, sizeof a->hash) == 0 && memcmp(a->receipt, b->receipt, sizeof a->receipt) == 0 &&
	       a->has.rows == b->has.rows && a->has.dropped == b->has.dropped;
}

static bool same_files(const struct dataset *a, const struct dataset *b)
{
	if (a->files != b->files)
		return false;
	for (int i = 0; i < a->files; i++)
		if (strcmp(a->file[i].name, b->file[i].name) != 0 || memcmp(a->file[i].sha256, b->file[i].sha256, sizeof a->file[i].sha256) != 0)
			return false;
	return true;
}

static bool same_tombstones(const struct dataset *a, const struct dataset *b)
{
	if (a->tombstones != b->tombstones)
		return false;
	for (int i = 0; i < a->tombstones; i++)
		if (by_tombstone(&a->tombstone[i], &b->tombstone[i]) != 0)
			return false;
	return true;
}

static bool same_pending(const struct dataset *a, const struct dataset *b)
{
	if (a->pendings != b->pendings)
		return false;
	for (int i = 0; i < a->pendings; i++)
		if (by_pending(&a->pending[i], &b->pending[i]) != 0)
			return false;
	return true;
}

static bool same_purposes(const struct dataset *a, const struct dataset *b)
{
	if (a->purposes != b->purposes)
		return false;
	for (int i = 0; i < a->purposes; i++)
		if (strcmp(a->purpose[i], b->purpose[i]) != 0)
			return false;
	return true;
}

int dataset_follow(struct dataset *d, const struct dataset *before, bool *changed)
{
	static const struct dataset none;
	bool differ = false;
	int i = 0, k = 0, error = 0;
	d->version = before ? before->version + 1 : 1;
	if (!before)
		before = &none;
	while ((i < d->segments || k < before->segments) && error == 0) {
		int order = i == d->segments ? 1 : k == before->segments ? -1 :
			dataset_compare(&d->segment[i].at, &before->segment[k].at);
		if (order < 0) {
			error = note(&d->added, &d->addeds, &d->segment[i++].at, "");
		} else if (order > 0) {
			error = note_removed(d, &before->segment[k++].at);
		} else {
			differ |= !dataset_same_segment(&d->segment[i++], &before->segment[k++]);
		}
	}
	*changed = d->version == 1 || differ || d->addeds || d->removeds || !same_files(d, before) || !same_tombstones(d, before) ||
		   !same_pending(d, before) || !same_purposes(d, before) || strcmp(d->format, before->format) != 0;
	if (!*changed)
		d->version = before->version;
	return error;
}
