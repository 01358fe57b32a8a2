/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files stay as they are, which are written, which go. A file stays if all of its segments stay as they were; it is written anew, under its name, if some do,
 * from their segments (a file of rows is never read); and goes if none does (export_settle.c). Rows that are in no file yet get one a participant and day.
 */
#include <stdlib.h>
#include <string.h>

#include "../dataset/lexicon.h"
#include "cli.h"
#include "export_hive.h"

static int add_member(struct hive *h, int segment)
{
	void *array = hive_room(h->member, h->members, sizeof *h->member);
	if (!array)
		return recipient_no_memory();
	h->member = array;
	h->member[h->members++] = segment;
	h->file[h->files - 1].members++;
	return EXIT_DONE;
}

static int add_file(struct hive *h, const struct hive_path *at)
{
	void *array = hive_room(h->file, h->files, sizeof *h->file);
	if (!array)
		return recipient_no_memory();
	h->file = array;
	struct hive_file *f = &h->file[h->files++];
	memset(f, 0, sizeof *f);
	f->at = *at;
	f->first = h->members;
	if (!hive_format(at, f->path)) {
		recipient_progress_end(h->x);
		cli_complain("a segment names no valid study or participant: it cannot be exported");
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

int hive_step(struct hive *h, const char *path, const uint8_t *key)
{
	void *array = hive_room(h->step, h->steps, sizeof *h->step);
	if (!array)
		return recipient_no_memory();
	h->step = array;
	struct grow_step *s = &h->step[h->steps++];
	memset(s, 0, sizeof *s);
	s->remove = !key;
	/* A description's key is its SHA-256; a file of rows gets both when it is written. */
	if (key)
		memcpy(s->key, key, sizeof s->key);
	memcpy(s->sha256, s->key, sizeof s->sha256);
	snprintf(s->path, sizeof s->path, "%s", path);
	return EXIT_DONE;
}

/* ---- Files of the version before ---- */

/* As they are, also where something in them would have to go. */
static int stays(struct hive *h, const struct dataset_file *from)
{
	struct dataset *d = &h->x->d;
	struct dataset_file *f = dataset_add_file(d);
	if (!f)
		return recipient_no_memory();
	*f = *from;
	f->first = f->members = 0;
	for (int i = 0; i < from->members; i++) {
		struct dataset_member *m = dataset_add_member(d);
		if (!m)
			return recipient_no_memory();
		*m = h->x->before->member[from->first + i];
	}
	return EXIT_DONE;
}

static int again(struct hive *h, const struct dataset_file *from, const struct hive_path *p)
{
	int result = add_file(h, p);
	if (!result)
		h->file[h->files - 1].again = true;
	for (int i = 0; i < from->members && !result; i++) {
		int at = hive_member(h, p, h->x->before->member[from->first + i].segment);
		if (at >= 0 && !h->segment[at].fresh && !h->segment[at].lost)
			result = add_member(h, at);
	}
	return result;
}

/* ---- New files ---- */

/* Of Parquet's 32,767, and at most 25 MB of memory: a day in which somebody made more events, or saw more titles, was not lived. This is the most of them that so many rows,
 * and bytes of strings, may take: each ends for want of room for rows, or for different strings, or for their bytes. */
enum { GROUPS_MAX = 4096 };

static bool too_many(uint64_t rows, uint64_t text) { return rows / LEXICON_WORDS + text / (LEXICON_BYTES - 1024) >= GROUPS_MAX; }

struct piece { int32_t day; int segment; uint64_t rows, text; };

static int by_day(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	return x->day != y->day ? (x->day < y->day ? -1 : 1) : x->segment < y->segment ? -1 : x->segment > y->segment;
}

static int new_file(struct hive *h, const struct piece *piece)
{
	const struct dataset_place *at = &h->x->d.segment[piece->segment].at;
	struct hive_path p = {.version = h->version};
	char path[HIVE_PATH_MAX];
	snprintf(p.study, sizeof p.study, "%s", at->study);
	snprintf(p.participant, sizeof p.participant, "%s", at->participant);
	snprintf(p.suffix, sizeof p.suffix, "%s", table_format_name(h->x->q->format));
	hive_date(piece->day, p.date);
	/* What is there under that name is somebody else's. */
	while (hive_format(&p, path) && grow_taken(&h->grow, path) && p.n < 1000)
		p.n++;
	return add_file(h, &p);
}

/* What would ask too much of one file leaves: it must not keep the others out. */
static int fit(struct hive *h, const struct piece *list, int n)
{
	struct collected_verdict v = {.kind = "damaged"};
	uint64_t rows = 0, text = 0;
	snprintf(v.why, sizeof v.why, "one day of its participant would have more rows, or text, than a file may");
	for (int i = 0; i < n; i++) {
		if (i == 0 || list[i].day != list[i - 1].day)
			rows = text = 0;
		if (h->segment[list[i].segment].lost)
			continue;
		rows += list[i].rows;
		text += list[i].text;
		if (!too_many(rows, text))
			continue;
		rows -= list[i].rows;
		text -= list[i].text;
		h->segment[list[i].segment].lost = true;
		int source = h->segment[list[i].segment].source;
		int result = recipient_leave_out(h->x, h->x->in.segment[source].path, &h->x->d.segment[list[i].segment].at, &v);
		if (result)
			return result;
	}
	return EXIT_DONE;
}

/* Of one participant, whose segments are from .. to. */
static int participant(struct hive *h, int from, int to)
{
	struct piece *list = NULL;
	int n = 0, result = EXIT_DONE;
	for (int i = from; i < to; i++)
		for (int k = 0; h->segment[i].fresh && !h->segment[i].lost && k < h->segment[i].days; k++) {
			const struct hive_day *d = &h->day[h->segment[i].first + k];
			void *array = hive_room(list, n, sizeof *list);
			if (!array) {
				free(list);
				return recipient_no_memory();
			}
			list = array;
			list[n++] = (struct piece){d->day, i, d->rows, d->text};
		}
	if (n)
		qsort(list, (size_t)n, sizeof *list, by_day);
	result = fit(h, list, n);
	int32_t day = -1;
	for (int i = 0; i < n && !result; i++) {
		if (h->segment[list[i].segment].lost)
			continue;
		if (list[i].day != day)
			result = new_file(h, &list[i]);
		day = list[i].day;
		result = result ? result : add_member(h, list[i].segment);
		if (!result)
			h->file[h->files - 1].rows += list[i].rows;
	}
	free(list);
	return result;
}

static int as_planned(struct hive *h, const struct dataset_file *f, enum hive_fate *fate)
{
	struct hive_path p;
	/* No name of ours: it is named no more, and nothing is done to it. */
	*fate = HIVE_STAYS;
	if (hive_parse(f->name, &p))
		return EXIT_DONE;
	*fate = hive_fate(h, f, &p);
	return *fate == HIVE_GOES ? EXIT_DONE : *fate == HIVE_AGAIN ? again(h, f, &p) : stays(h, f);
}

int hive_plan(struct hive *h)
{
	const struct dataset *d = &h->x->d, *b = h->x->before;
	const int before = b ? b->files : 0;
	enum hive_fate *fate = malloc(((size_t)before + 1) * sizeof *fate);
	if (!fate)
		return recipient_no_memory();
	int result = b ? hive_settle(h) : EXIT_DONE;
	for (int i = 0; i < before && !result; i++)
		result = as_planned(h, &b->file[i], &fate[i]);
	for (int from = 0, to; from < d->segments && !result; from = to) {
		const struct dataset_place *at = &d->segment[from].at;
		for (to = from + 1; to < d->segments && strcmp(d->segment[to].at.study, at->study) == 0 &&
		     strcmp(d->segment[to].at.participant, at->participant) == 0;)
			to++;
		result = participant(h, from, to);
	}
	for (int i = 0; i < h->files && !result; i++)
		result = hive_step(h, h->file[i].path, h->file[i].key);
	for (int i = 0; i < before && !result; i++)
		if (fate[i] == HIVE_GOES)
			result = hive_step(h, b->file[i].name, NULL);
	free(fate);
	return result;
}
