/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files stay as they are, which are written, which go. A file stays if all of its segments stay as they were; it is written anew, under its name, if some do,
 * from their segments (a file of rows is never read); and goes if none does. Rows that are in no file yet get one a participant and day.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "export_hive.h"

static int index_of(const struct dataset *d, const struct hive_path *p, const char *segment)
{
	struct dataset_place at;
	memcpy(at.study, p->study, sizeof at.study);
	memcpy(at.participant, p->participant, sizeof at.participant);
	snprintf(at.segment, sizeof at.segment, "%s", segment);
	const struct dataset_segment *s = dataset_segment_at(d, &at);
	return s ? (int)(s - d->segment) : -1;
}

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

enum fate { STAYS, AGAIN, GOES };

/* Files are not looked into; but that somebody removed one is found out when all is exported. */
static enum fate fate_of(const struct hive *h, const struct dataset_file *f, const struct hive_path *p)
{
	const struct dataset *b = h->x->before;
	int stay = 0;
	for (int i = 0; i < f->members; i++) {
		int at = index_of(&h->x->d, p, b->member[f->first + i].segment);
		stay += at >= 0 && !h->segment[at].fresh && !h->segment[at].lost;
	}
	if (stay == 0)
		return GOES;
	bool whole = h->x->q->append || grow_size(&h->grow, f->name) == (int64_t)f->bytes;
	return stay == f->members && whole ? STAYS : AGAIN;
}

/* Segments that share a file with what has to leave, and are not at hand to write it anew: how many. Each that leaves may touch others. */
static int find_lost(struct hive *h, const char *name[3])
{
	const struct dataset *b = h->x->before;
	struct hive_path p;
	int all = 0, found;
	do {
		found = 0;
		for (int i = 0; i < b->files; i++) {
			const struct dataset_file *f = &b->file[i];
			if (hive_parse(f->name, &p) || fate_of(h, f, &p) != AGAIN)
				continue;
			for (int k = 0; k < f->members; k++) {
				int at = index_of(&h->x->d, &p, b->member[f->first + k].segment);
				if (at < 0 || h->segment[at].fresh || h->segment[at].lost || h->segment[at].source >= 0)
					continue;
				h->segment[at].lost = true;
				if (all + found < 3)
					name[all + found] = b->member[f->first + k].segment;
				found++;
			}
		}
		all += found;
	} while (found);
	return all;
}

static int check_lost(struct hive *h)
{
	const char *name[3];
	int lost = find_lost(h, name);
	if (!lost || h->x->q->force)
		return EXIT_DONE;
	cli_complain("%d segment%s (%s%s%s%s) share%s files with rows that have to leave, and %s not among what was given, so that these files cannot be written anew: "
		     "name the folders that hold %s, or let %s leave, too, with --force", lost, lost == 1 ? "" : "s", name[0], lost > 1 ? ", " : "",
		     lost > 1 ? name[1] : "", lost > 2 ? ", ..." : "", lost == 1 ? "s" : "", lost == 1 ? "is" : "are", lost == 1 ? "it" : "them",
		     lost == 1 ? "it" : "them");
	return EXIT_FAILED;
}

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
		int at = index_of(&h->x->d, p, h->x->before->member[from->first + i].segment);
		if (at >= 0 && !h->segment[at].fresh && !h->segment[at].lost)
			result = add_member(h, at);
	}
	return result;
}

/* ---- New files ---- */

struct piece { int32_t day; int segment; uint64_t rows; };

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

/* Of one participant, whose segments are from .. to. */
static int participant(struct hive *h, int from, int to)
{
	struct piece *list = NULL;
	int n = 0, result = EXIT_DONE;
	for (int i = from; i < to; i++)
		for (int k = 0; h->segment[i].fresh && k < h->segment[i].days; k++) {
			const struct hive_day *d = &h->day[h->segment[i].first + k];
			void *array = hive_room(list, n, sizeof *list);
			if (!array) {
				free(list);
				return recipient_no_memory();
			}
			list = array;
			list[n++] = (struct piece){d->day, i, d->rows};
		}
	if (n)
		qsort(list, (size_t)n, sizeof *list, by_day);
	for (int i = 0; i < n && !result; i++) {
		if (i == 0 || list[i].day != list[i - 1].day)
			result = new_file(h, &list[i]);
		result = result ? result : add_member(h, list[i].segment);
		if (!result)
			h->file[h->files - 1].rows += list[i].rows;
	}
	free(list);
	return result;
}

int hive_plan(struct hive *h)
{
	const struct dataset *d = &h->x->d, *b = h->x->before;
	struct hive_path p;
	const int before = b ? b->files : 0;
	enum fate *fate = malloc(((size_t)before + 1) * sizeof *fate);
	if (!fate)
		return recipient_no_memory();
	int result = b ? check_lost(h) : EXIT_DONE;
	for (int i = 0; i < before && !result; i++) {
		fate[i] = hive_parse(b->file[i].name, &p) ? GOES : fate_of(h, &b->file[i], &p);
		result = fate[i] == STAYS ? stays(h, &b->file[i]) : fate[i] == AGAIN ? again(h, &b->file[i], &p) : EXIT_DONE;
	}
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
		if (fate[i] == GOES)
			result = hive_step(h, b->file[i].name, NULL);
	free(fate);
	return result;
}
