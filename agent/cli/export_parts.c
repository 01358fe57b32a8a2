/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the planned files, one after the other: one table is open at a time. What an interrupted export has finished is found again by its key. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../error.h"
#include "cli.h"
#include "export_hive.h"

/* Of all that decides its bytes. */
static void make_key(const struct hive *h, struct hive_file *f)
{
	static const char about[] = "assent dataset part 1, " ASSENT_VERSION;
	crypto_generichash_state s;
	crypto_generichash_init(&s, NULL, 0, sizeof f->key);
	crypto_generichash_update(&s, (const unsigned char *)about, sizeof about);
	crypto_generichash_update(&s, (const unsigned char *)f->path, strlen(f->path) + 1);
	for (int i = 0; i < f->members; i++) {
		const struct dataset_segment *d = &h->x->d.segment[h->member[f->first + i]];
		uint64_t numbers[2] = {d->has.rows, d->has.dropped};
		crypto_generichash_update(&s, (const unsigned char *)d->at.segment, strlen(d->at.segment) + 1);
		crypto_generichash_update(&s, d->hash, sizeof d->hash);
		crypto_generichash_update(&s, d->receipt, sizeof d->receipt);
		crypto_generichash_update(&s, (const unsigned char *)numbers, sizeof numbers);
	}
	crypto_generichash_final(&s, f->key, sizeof f->key);
}

struct writing {
	struct hive *h;
	uint64_t rows;
	const struct hive_file *file;
	int32_t day;
	struct table *table;
};

static int broken(const struct writing *w, int error)
{
	recipient_progress_end(w->h->x);
	cli_complain("cannot write %s/%s: %s", w->h->x->q->out, w->file->path, error == ERROR_IO ? strerror(errno) :
		     error == ERROR_CORRUPT ? "what is read from the disk is not what was written" : error_text(error));
	return EXIT_FAILED;
}

/* Of a segment that turns out another one than it was, the whole part is given up: so there is no need to read it twice. */
static bool row(void *user, const struct segment_meta *meta, const struct event *event, struct collected_verdict *v)
{
	struct writing *w = user;
	(void)v;
	if (hive_day(event->t_us) != w->day)
		return true;
	w->rows++;
	int error = table_row(w->table, meta, event);
	if (error)
		broken(w, error);
	return !error && !*w->h->x->q->interrupted;
}

/* The rows that one segment has on the day of the file. What stays from the version before was not looked at yet: of several copies the first good one. */
static int add_rows(struct writing *w, int segment)
{
	struct recipient *x = w->h->x;
	const struct dataset_segment *d = &x->d.segment[segment];
	struct dataset_segment seen;
	bool good = false;
	int result = EXIT_DONE, i = w->h->segment[segment].source;
	const char *path = x->in.segment[i].path;
	const uint64_t rows = w->rows;
	for (; result == EXIT_DONE && !good && w->rows == rows && i < x->in.segments && dataset_compare(&x->in.segment[i].at, &d->at) == 0; i++)
		result = recipient_use(x, &x->in.segment[i], row, NULL, w, &good, &seen);
	if (result == EXIT_DONE && (!good || !dataset_same_segment(&seen, d))) {
		recipient_progress_end(x);
		/* Forgotten or over its time; one that is being recorded was kept as it was. */
		if (x->own)
			cli_complain("%s: is not what it was a moment before: run it again, what is written so far is not written twice", path);
		else
			cli_complain("%s: is needed to write %s/%s, and cannot be used: %s (name folders with a good copy and the newest receipts)", path, x->q->out,
				w->file->path, good || w->rows != rows || !x->d.lefts ? "it changed while it was read" : x->d.left[x->d.lefts - 1].why);
		result = EXIT_FAILED;
	}
	return result;
}

static int32_t day_of(const struct hive_file *f)
{
	int64_t t_us = 0;
	char time[40];
	snprintf(time, sizeof time, "%sT00:00:00.000000Z", f->at.date);
	return clock_parse(time, &t_us) ? -1 : hive_day(t_us);
}

static int write_one(struct hive *h, struct hive_file *f, struct dataset_file *out)
{
	struct writing w = {.h = h, .file = f, .day = day_of(f)};
	struct table_stats stats = {0};
	int fd, result = EXIT_DONE;
	int error = f->again ? ERROR_GONE : grow_found(&h->grow, f->key, &out->bytes, out->sha256);
	out->rows = f->rows;
	if (error != ERROR_GONE)
		return error ? broken(&w, error) : EXIT_DONE;
	error = grow_begin(&h->grow, f->key, &fd);
	if (error)
		return broken(&w, error);
	error = table_new(h->x->q->format, fd, true, &w.table);
	for (int i = 0; i < f->members && !error && !result; i++)
		result = add_rows(&w, h->member[f->first + i]);
	if (!error && !result)
		error = table_finish(w.table, &stats);
	table_free(w.table);
	int ended = grow_end(&h->grow, f->key, fd, error || result ? NULL : &stats, out->sha256);
	error = error ? error : ended;
	if (error && !result)
		return broken(&w, error);
	out->rows = stats.rows;
	out->bytes = stats.bytes;
	if (!result && !f->again && stats.rows != f->rows)
		return broken(&w, ERROR_CORRUPT);
	return result;
}

static int enter(struct hive *h, struct hive_file *f)
{
	struct dataset *d = &h->x->d;
	struct dataset_file *out = dataset_add_file(d);
	if (!out)
		return recipient_no_memory();
	snprintf(out->name, sizeof out->name, "%s", f->path);
	for (int i = 0; i < f->members; i++) {
		struct dataset_member *m = dataset_add_member(d);
		if (!m)
			return recipient_no_memory();
		memcpy(m->segment, d->segment[h->member[f->first + i]].at.segment, sizeof m->segment);
	}
	int result = write_one(h, f, out);
	memcpy(h->step[f - h->file].sha256, out->sha256, sizeof out->sha256);
	return result;
}

int hive_write(struct hive *h)
{
	int result = EXIT_DONE, i = 0;
	for (int k = 0; k < h->files; k++) {
		make_key(h, &h->file[k]);
		memcpy(h->step[k].key, h->file[k].key, sizeof h->step[k].key);
	}
	/* What is left there is of this change, or of none that will come. */
	grow_tidy(&h->grow, h->step, h->steps);
	for (; i < h->files && result == EXIT_DONE; i++) {
		recipient_progress(h->x, "writing", i, h->files, "files");
		result = *h->x->q->interrupted ? EXIT_FAILED : enter(h, &h->file[i]);
	}
	/* In the last one: it is told before the change. */
	if (result && recipient_interrupted(h->x))
		cli_complain("interrupted: %s is as it was; the same command goes on from here (%d of %d files are written)", h->x->q->out, i > 0 ? i - 1 : 0,
			     h->files);
	return result;
}
