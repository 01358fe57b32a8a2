/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of each file of the version before. One out of which something has to go is written anew from the segments that stay in it; if not all of these are at hand
 * it pends: it is as it was, and is named, while all that can be removed is removed. So nobody's removal waits for somebody else's segments, and what others gave is
 * not lost for it; unless --force says so.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "export_hive.h"

int hive_member(const struct hive *h, const struct hive_path *p, const char *segment)
{
	struct dataset_place at;
	memcpy(at.study, p->study, sizeof at.study);
	memcpy(at.participant, p->participant, sizeof at.participant);
	snprintf(at.segment, sizeof at.segment, "%s", segment);
	const struct dataset_segment *s = dataset_segment_at(&h->x->d, &at);
	return s ? (int)(s - h->x->d.segment) : -1;
}

static bool stays(const struct hive *h, int at) { return at >= 0 && !h->segment[at].fresh && !h->segment[at].lost; }

/* Files are not looked into; but that somebody removed one is found out when all is exported. */
enum hive_fate hive_fate(const struct hive *h, const struct dataset_file *f, const struct hive_path *p)
{
	const struct dataset *b = h->x->before;
	int stay = 0, missing = 0;
	for (int i = 0; i < f->members; i++) {
		int at = hive_member(h, p, b->member[f->first + i].segment);
		stay += stays(h, at);
		missing += stays(h, at) && h->segment[at].source < 0;
	}
	if (stay == 0)
		return HIVE_GOES;
	bool whole = h->x->q->append || grow_size(&h->grow, f->name) == (int64_t)f->bytes;
	return stay == f->members && whole ? HIVE_STAYS : missing ? HIVE_PENDS : HIVE_AGAIN;
}

/* What stays from the version before was not looked at yet: of several copies the first good one. None: it is as if it were not at hand. */
static int look_into(struct hive *h, int at)
{
	struct recipient *x = h->x;
	struct hive_segment *s = &h->segment[at];
	const struct dataset_segment *d = &x->d.segment[at];
	struct dataset_segment seen;
	const int first = s->source, lefts = x->d.lefts;
	bool good = false;
	int result = EXIT_DONE;
	if (!s->unread)
		return EXIT_DONE;
	for (int i = first; result == EXIT_DONE && !good && i < x->in.segments && dataset_compare(&x->in.segment[i].at, &d->at) == 0; i++) {
		result = recipient_use(x, &x->in.segment[i], NULL, NULL, NULL, &good, &seen);
		good = good && dataset_same_segment(&seen, d);
		s->source = i;
	}
	s->unread = false;
	if (result == EXIT_DONE && !good) {
		s->source = -1;
		recipient_progress_end(x);
		cli_complain("%s: is needed to write a file anew, and cannot be used: %s (name folders with a good copy and the newest receipts)", x->in.segment[first].path,
			x->d.lefts > lefts ? x->d.left[x->d.lefts - 1].why : "it is another one than it was");
	}
	return result;
}

static bool to_be_written(enum hive_fate fate) { return fate == HIVE_AGAIN || fate == HIVE_PENDS; }

static int look_into_all(struct hive *h, const struct dataset_file *f, const struct hive_path *p)
{
	int result = EXIT_DONE;
	for (int i = 0; i < f->members && !result; i++) {
		int at = hive_member(h, p, h->x->before->member[f->first + i].segment);
		result = stays(h, at) ? look_into(h, at) : EXIT_DONE;
	}
	return result;
}

/* What only would have more rows than before waits. It has to stay as it was then, so that what it is now is of no use for files that are written anew. */
static bool as_it_was(struct hive *h, const struct dataset_file *f, const struct hive_path *p)
{
	bool any = false;
	for (int i = 0; i < f->members; i++) {
		int at = hive_member(h, p, h->x->before->member[f->first + i].segment);
		if (at < 0 || !h->segment[at].gains || h->segment[at].lost)
			continue;
		h->x->d.segment[at] = *dataset_segment_at(h->x->before, &h->x->d.segment[at].at);
		h->segment[at] = (struct hive_segment){.source = -1};
		h->x->waiting++;
		cli_complain("%s: newer receipts cover more of its rows, which come in when all segments that share files with it are given together", h->x->d.segment[at].at.segment);
		any = true;
	}
	return any;
}

/* For what has to go, not for what only would have more rows. */
static bool leave_too(struct hive *h, const struct dataset_file *f, const struct hive_path *p)
{
	bool any = false, must = false;
	for (int i = 0; i < f->members; i++) {
		int at = hive_member(h, p, h->x->before->member[f->first + i].segment);
		must |= !stays(h, at) && !(at >= 0 && h->segment[at].gains && !h->segment[at].lost);
	}
	for (int i = 0; i < f->members && must; i++) {
		int at = hive_member(h, p, h->x->before->member[f->first + i].segment);
		if (stays(h, at) && h->segment[at].source < 0)
			any = h->segment[at].lost = true;
	}
	return any;
}

/* Until nothing changes any more: each segment is in many files. */
static int repeat(struct hive *h, bool (*mend)(struct hive *h, const struct dataset_file *f, const struct hive_path *p))
{
	const struct dataset *b = h->x->before;
	struct hive_path p;
	bool changed = true;
	int result = EXIT_DONE;
	while (changed && !result) {
		changed = false;
		for (int i = 0; i < b->files && !result; i++) {
			if (recipient_interrupted(h->x)) {
				cli_complain("interrupted: nothing was changed");
				return EXIT_FAILED;
			}
			if (hive_parse(b->file[i].name, &p) || !to_be_written(hive_fate(h, &b->file[i], &p)))
				continue;
			result = look_into_all(h, &b->file[i], &p);
			if (!result && hive_fate(h, &b->file[i], &p) == HIVE_PENDS)
				changed |= mend(h, &b->file[i], &p);
		}
	}
	return result;
}

/* ---- What pends ---- */

struct names { int count; char text[4 * (SPOOL_NAME_MAX + 2) + 8]; };

static void add_name(struct names *n, const char *segment)
{
	size_t at = strlen(n->text);
	if (n->count < 4)
		snprintf(n->text + at, sizeof n->text - at, "%s%s", n->count ? ", " : "", segment);
	else if (n->count == 4)
		snprintf(n->text + at, sizeof n->text - at, ", ...");
	n->count++;
}

/* What is to come in anew waits, too, if some rows of it are there still: no row may be there twice. */
static int pends(struct hive *h, const struct dataset_file *f, const struct hive_path *p)
{
	struct recipient *x = h->x;
	struct names go = {0}, needed = {0};
	struct collected_verdict v = {.kind = "pending"};
	int result = EXIT_DONE;
	snprintf(v.why, sizeof v.why, "some of its rows, which are not right any more, are still in a file that cannot be written anew");
	for (int i = 0; i < f->members && !result; i++) {
		const char *segment = x->before->member[f->first + i].segment;
		int at = hive_member(h, p, segment);
		if (!stays(h, at))
			add_name(&go, segment);
		else if (h->segment[at].source < 0)
			add_name(&needed, segment);
		if (at >= 0 && h->segment[at].fresh && !h->segment[at].lost) {
			h->segment[at].lost = true;
			result = recipient_leave_out(x, NULL, &x->d.segment[at].at, &v);
		}
	}
	struct dataset_pending *d = result ? NULL : dataset_add_pending(&x->d);
	if (!d)
		return result ? result : recipient_no_memory();
	memcpy(d->file, f->name, sizeof d->file);
	recipient_progress_end(x);
	cli_complain("%s/%s: still holds rows that have to go (of %s), and cannot be written anew without %s, which stay%s in it, and %s among what was given or of no use: name "
		"the folders with all that stays in it, or let %s leave, too, with --force", x->q->out, f->name, go.text, needed.text, needed.count == 1 ? "s" : "",
		needed.count == 1 ? "is not" : "are not", needed.count == 1 ? "it" : "them");
	return EXIT_DONE;
}

int hive_settle(struct hive *h)
{
	const struct dataset *b = h->x->before;
	struct hive_path p;
	/* First: what is as it was again is of no use for a file that is written anew, and would have to leave, though it is given. */
	int result = h->x->q->force ? repeat(h, leave_too) : EXIT_DONE;
	result = result ? result : repeat(h, as_it_was);
	for (int i = 0; i < b->files && !result; i++)
		if (hive_parse(b->file[i].name, &p) == 0 && hive_fate(h, &b->file[i], &p) == HIVE_PENDS)
			result = pends(h, &b->file[i], &p);
	return result;
}
