/* SPDX-License-Identifier: Apache-2.0 */
/* A dataset with one file a study (csv, jsonl): made beside the old one, and put in its place as a whole. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../dataset/replace.h"
#include "../error.h"
#include "cli.h"
#include "export_files.h"
#include "export_recipient.h"

struct studies {
	struct recipient *x;
	struct replace place;
	struct export_files files;
};

static int open_place(struct studies *s)
{
	const char *what = NULL;
	if (export_is_later(s->x->q->out))
		return EXIT_FAILED;
	int error = replace_open(&s->place, s->x->q->out, &what);
	if (error) {
		cli_complain("%s: %s%s%s", s->x->q->out, what ? what : "", what && error == ERROR_IO ? ": " : "",
			     error == ERROR_IO ? strerror(errno) : what ? "" : error_text(error));
		return EXIT_FAILED;
	}
	s->files.directory = s->place.fresh;
	s->x->before = s->place.has_before ? &s->place.before : NULL;
	return recipient_may_follow(s->x);
}

static int row(void *user, const struct segment_meta *meta, const struct event *event)
{
	struct studies *s = user;
	return export_files_row(&s->files, meta, event);
}

static int one(struct studies *s, const struct collected_segment *from)
{
	struct recipient *x = s->x;
	const struct dataset_segment *last = x->d.segments ? &x->d.segment[x->d.segments - 1] : NULL;
	struct dataset_segment seen;
	bool good;
	/* Collected twice: one copy is used, whichever is good. */
	if (recipient_tombstoned(x, from) || (last && dataset_compare(&last->at, &from->at) == 0))
		return EXIT_DONE;
	int result = recipient_use(x, from, NULL, row, s, &good, &seen);
	if (result || !good)
		return result;
	struct dataset_segment *d = dataset_add_segment(&x->d);
	if (!d)
		return recipient_no_memory();
	*d = seen;
	x->dropped += seen.has.dropped;
	return EXIT_DONE;
}

/* By its content: nothing is said to have changed that has not. */
static int fingerprint(struct studies *s, const struct export_file *f)
{
	struct dataset_file *d = dataset_add_file(&s->x->d);
	if (!d)
		return recipient_no_memory();
	snprintf(d->name, sizeof d->name, "%s", f->name);
	d->rows = f->rows;
	if (dataset_sha256(s->place.fresh, f->name, &d->bytes, d->sha256)) {
		cli_complain("cannot read %s/%s: %s", s->x->q->out, f->name, strerror(errno));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static int hides(struct studies *s, const char *name)
{
	if (!replace_hides(&s->place, name) || s->x->q->force)
		return EXIT_DONE;
	cli_complain("%s/%s exists already, and is no part of a dataset (--force replaces it)", s->x->q->out, name);
	return EXIT_FAILED;
}

static int describe(struct studies *s, bool *changed)
{
	struct recipient *x = s->x;
	int result = export_files_finish(&s->files);
	for (int i = 0; i < s->files.count && result == EXIT_DONE; i++) {
		result = hides(s, s->files.files[i].name);
		result = result ? result : fingerprint(s, &s->files.files[i]);
	}
	result = result ? result : hides(s, DATASET_CARD);
	result = result ? result : hides(s, DATASET_CROISSANT);
	result = result ? result : recipient_participants(x);
	if (result)
		return result;
	dataset_sort(&x->d);
	dataset_sum(&x->d);
	if (dataset_follow(&x->d, x->before, changed))
		return recipient_no_memory();
	return *changed ? recipient_describe(x, s->place.fresh) : EXIT_DONE;
}

static int run(struct studies *s)
{
	struct recipient *x = s->x;
	const char *what;
	bool changed = false;
	int result = open_place(s);
	result = result ? result : recipient_bury(x);
	for (int i = 0; i < x->in.segments && result == EXIT_DONE; i++) {
		if (recipient_interrupted(x)) {
			cli_complain("interrupted: nothing was exported");
			return EXIT_FAILED;
		}
		recipient_progress(x, "exporting", i, x->in.segments, "segments");
		result = one(s, &x->in.segment[i]);
	}
	recipient_progress_end(x);
	if (result)
		return result;
	/* Nothing to make the first version of. */
	if (!x->before && x->d.segments == 0)
		return recipient_nothing(x);
	result = describe(s, &changed);
	if (!result && *x->q->interrupted) {
		cli_complain("interrupted: nothing was exported");
		return EXIT_FAILED;
	}
	if (result)
		return result;
	if (changed && replace_commit(&s->place, &what)) {
		cli_complain("%s: %s", x->q->out, what ? what : strerror(errno));
		return EXIT_FAILED;
	}
	return recipient_report(x, changed);
}

int recipient_studies(struct recipient *x)
{
	struct studies s = {.x = x, .files = {.out = x->q->out, .directory = -1, .format = x->q->format},
		.place = {.parent = -1, .fresh = -1, .old = -1}};
	int result = run(&s);
	export_files_release(&s.files);
	x->before = NULL;
	replace_release(&s.place);
	return result;
}
