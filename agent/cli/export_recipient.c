/* SPDX-License-Identifier: Apache-2.0 */
/* A recipient's dataset: what may be used of what was collected, decrypted; and dataset.json, which accounts for all of it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../dataset/replace.h"
#include "../error.h"
#include "../store/locked.h"
#include "cli.h"
#include "collected.h"
#include "export.h"
#include "export_files.h"
#include "unlock.h"

struct recipient {
	const struct export_request *q;
	struct collected in;
	struct keyring *keyring;
	uint8_t *key;                    /* of the segment under way; locked */
	struct replace place;
	struct export_files files;
	struct dataset d;
	int bad_tombstones, damaged, tombstoned;
	uint64_t dropped;
	int64_t now_us;
	bool progress, shown;
	int64_t begun_us, shown_us;
};

static int failed(void)
{
	cli_complain("out of memory");
	return EXIT_FAILED;
}

static void progress(struct recipient *x, int done)
{
	int64_t now = clock_mono_us();
	if (!x->progress || now - x->begun_us < 1000000 || now - x->shown_us < 100000)
		return;
	x->shown_us = now;
	x->shown = true;
	fprintf(stderr, "\rexporting: %d of %d segments\033[K", done, x->in.segments);
	fflush(stderr);
}

static void progress_end(struct recipient *x)
{
	if (x->shown)
		fputs("\r\033[K", stderr);
	x->shown = false;
}

/* ---- One segment ---- */

static int leave_out(struct recipient *x, const struct collected_segment *s, const struct collected_verdict *v)
{
	bool is_bad = strcmp(v->kind, "damaged") == 0;
	struct dataset_left *l = dataset_add_left(&x->d);
	if (!l)
		return failed();
	l->at = s->at;
	l->kind = v->kind;
	memcpy(l->why, v->why, sizeof l->why);
	x->damaged += is_bad;
	/* What is damaged or expired somebody has to see to; the rest is as it should be, and stands in the record. */
	if (is_bad || strcmp(v->kind, "expired") == 0) {
		progress_end(x);
		cli_complain("%s: left out: %s", s->path, v->why);
	}
	return EXIT_DONE;
}

/* All its rows are looked at before the first is written: of a segment that turns out damaged nothing is used. *error: what reading said. */
static int rows(struct recipient *x, const struct spool_file *file, const struct collected_verdict *v, bool write, struct dataset_segment *out, int *error)
{
	struct segment_reader *reader = NULL;
	struct event e;
	int result = EXIT_DONE;
	out->rows = out->dropped = 0;
	*error = segment_reader_new(file->data, file->length, x->key, &reader);
	if (*error)
		return EXIT_DONE;
	while (result == EXIT_DONE && (*error = segment_reader_next(reader, &e)) == 1) {
		if (!collected_covers(v, &e)) {
			out->dropped++;
			continue;
		}
		if (out->rows == 0 || e.t_us < out->first_us)
			out->first_us = e.t_us;
		if (out->rows == 0 || e.t_us > out->last_us)
			out->last_us = e.t_us;
		out->rows++;
		if (write)
			result = export_files_row(&x->files, segment_reader_meta(reader), &e);
	}
	segment_reader_free(reader);
	*error = *error < 0 ? *error : 0;
	return result;
}

static int use(struct recipient *x, const struct collected_segment *s, const struct spool_file *file, struct collected_verdict *v)
{
	struct dataset_segment seen = {.at = s->at};
	int error, result;
	rows(x, file, v, false, &seen, &error);
	if (error == ERROR_MEMORY)
		return failed();
	if (error) {
		v->kind = "damaged";
		snprintf(v->why, sizeof v->why, "%s", error_text(error));
		return leave_out(x, s, v);
	}
	result = rows(x, file, v, true, &seen, &error);
	if (error && !result) {
		progress_end(x);
		cli_complain("%s: changed while it was read: run it again", s->path);
		result = EXIT_FAILED;
	}
	if (result)
		return result;
	memcpy(seen.hash, v->key_file.hash, sizeof seen.hash);
	memcpy(seen.receipt, v->key_file.receipt_hash, sizeof seen.receipt);
	struct dataset_segment *d = dataset_add_segment(&x->d);
	if (!d)
		return failed();
	*d = seen;
	x->dropped += seen.dropped;
	return EXIT_DONE;
}

static int one(struct recipient *x, const struct collected_segment *s)
{
	struct collected_verdict v = {0};
	struct spool_file file = {0};
	const struct dataset_tombstone *t = dataset_tombstoned(&x->d, &s->at);
	const struct dataset_segment *last = x->d.segments ? &x->d.segment[x->d.segments - 1] : NULL;
	int result = EXIT_DONE;
	if (t) {
		progress_end(x);
		cli_complain("%s: must be deleted, as must every copy of it: tombstone %s (%s)", s->path, t->id, t->reason);
		x->tombstoned++;
		return EXIT_DONE;
	}
	/* Collected twice: one copy is used, whichever is good. */
	if (last && dataset_compare(&last->at, &s->at) == 0)
		return EXIT_DONE;
	int error = spool_map(s->path, &file);
	if (error == ERROR_MEMORY)
		return failed();
	if (error) {
		v.kind = "damaged";
		snprintf(v.why, sizeof v.why, "%s", error == ERROR_IO ? strerror(errno) : error_text(error));
	} else {
		collected_judge(&x->in, s, &file, x->keyring, x->q->purpose, x->q->purposes, x->now_us, x->key, &v);
	}
	result = v.kind ? leave_out(x, s, &v) : use(x, s, &file, &v);
	sodium_memzero(x->key, SEGMENT_KEY);
	if (!error)
		spool_unmap(&file);
	return result;
}

/* ---- The whole ---- */

static int ask_purpose(const struct recipient *x)
{
	const struct export_request *q = x->q;
	int unknown = 0;
	for (int i = 0; i < q->purposes; i++) {
		if (strlen(q->purpose[i]) > 64 || !collected_asks(&x->in, q->purpose[i])) {
			cli_complain("export: no receipt asks for \"%.64s\"", q->purpose[i]);
			unknown++;
		}
	}
	if (q->purposes && !unknown)
		return EXIT_DONE;
	if (!q->purposes)
		cli_complain("export: say what for: each row is only for what its participant agreed to. There are:");
	else
		fprintf(stderr, "There are:\n");
	if (collected_purposes(&x->in) == 0)
		fprintf(stderr, "  none: there is no usable receipts.jsonl in what was named\n");
	return EXIT_USAGE;
}

/* A purpose is no detail: rows that were exported for one are not to turn up in a dataset for another. */
static int same_purposes(const struct recipient *x)
{
	const struct dataset *b = &x->place.before;
	bool same = !x->place.has_before || b->purposes == x->d.purposes;
	for (int i = 0; same && x->place.has_before && i < b->purposes; i++)
		same = strcmp(b->purpose[i], x->d.purpose[i]) == 0;
	if (same || x->q->force)
		return EXIT_DONE;
	cli_complain("export: %s is a dataset for other purposes (its dataset.json names them): take another folder (--force replaces it)", x->q->out);
	return EXIT_USAGE;
}

static int open_place(struct recipient *x)
{
	const char *what = NULL;
	int error = replace_open(&x->place, x->q->out, &what);
	if (error) {
		cli_complain("%s: %s%s%s", x->q->out, what ? what : "", what && error == ERROR_IO ? ": " : "",
			     error == ERROR_IO ? strerror(errno) : what ? "" : error_text(error));
		return EXIT_FAILED;
	}
	x->files.directory = x->place.fresh;
	return same_purposes(x);
}

/* What the version before knew of tombstones is not unlearned. */
static int bury(struct recipient *x)
{
	int result = collected_tombstones(&x->in, &x->d, &x->bad_tombstones);
	for (int i = 0; i < x->place.before.tombstones && result == EXIT_DONE; i++) {
		struct dataset_tombstone *t = dataset_add_tombstone(&x->d);
		if (!t)
			return failed();
		*t = x->place.before.tombstone[i];
	}
	dataset_sort(&x->d);
	return result;
}

/* By its content: nothing is said to have changed that has not. */
static int fingerprint(struct recipient *x, const struct export_file *f)
{
	unsigned char buffer[65536];
	crypto_generichash_state h;
	struct dataset_file *d = dataset_add_file(&x->d);
	if (!d)
		return failed();
	memcpy(d->name, f->name, sizeof f->name);
	d->rows = f->rows;
	crypto_generichash_init(&h, NULL, 0, sizeof d->hash);
	int fd = openat(x->place.fresh, f->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = -1;
	while (fd >= 0 && (n = read(fd, buffer, sizeof buffer)) > 0) {
		crypto_generichash_update(&h, buffer, (unsigned long long)n);
		d->bytes += (uint64_t)n;
	}
	if (n < 0)
		cli_complain("cannot read %s/%s: %s", x->q->out, f->name, strerror(errno));
	crypto_generichash_final(&h, d->hash, sizeof d->hash);
	if (fd >= 0)
		close(fd);
	return n < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int describe(struct recipient *x, bool *changed)
{
	int result = export_files_finish(&x->files, EXIT_DONE);
	for (int i = 0; i < x->files.count && result == EXIT_DONE; i++) {
		if (replace_hides(&x->place, x->files.files[i].name) && !x->q->force) {
			cli_complain("%s/%s exists already, and is no part of a dataset (--force replaces it)", x->q->out, x->files.files[i].name);
			result = EXIT_FAILED;
		}
		result = result ? result : fingerprint(x, &x->files.files[i]);
	}
	if (result)
		return result;
	dataset_sort(&x->d);
	if (dataset_follow(&x->d, x->place.has_before ? &x->place.before : NULL, changed))
		return failed();
	x->d.made_us = x->now_us;
	if (*changed && dataset_write(&x->d, x->place.fresh)) {
		cli_complain("cannot write %s/%s: %s", x->q->out, DATASET_NAME, strerror(errno));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static void say_left_out(const struct recipient *x)
{
	static const struct { const char *kind, *text; } kinds[] = {
		{"purpose", "whose receipt does not agree to it"}, {"consent", "that no receipt covers"}, {"expired", "whose retention is over"},
		{"key", "sealed to other recipients"}, {"incomplete", "whose key file is not there yet"}, {"damaged", "damaged or not what they claim to be"},
	};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		int n = 0;
		for (int k = 0; k < x->d.lefts; k++)
			n += strcmp(x->d.left[k].kind, kinds[i].kind) == 0;
		if (n)
			fprintf(stderr, "left out: %d segment%s %s\n", n, n == 1 ? "" : "s", kinds[i].text);
	}
	if (x->tombstoned)
		fprintf(stderr, "left out: %d segment%s named by tombstones: delete what the lines above name\n", x->tombstoned, x->tombstoned == 1 ? "" : "s");
	if (x->dropped)
		fprintf(stderr, "dropped: %" PRIu64 " row%s that the receipt does not cover at their time\n", x->dropped, x->dropped == 1 ? "" : "s");
}

static int report(const struct recipient *x, bool changed)
{
	uint64_t all = 0;
	for (int i = 0; i < x->d.files; i++) {
		fprintf(stderr, "%s/%s: %" PRIu64 " events\n", x->q->out, x->d.file[i].name, x->d.file[i].rows);
		all += x->d.file[i].rows;
	}
	say_left_out(x);
	if (!changed)
		fprintf(stderr, "%s: nothing changed: it is still version %" PRId64 "\n", x->q->out, x->d.version);
	else
		fprintf(stderr, "%s: version %" PRId64 ", %d segments, %d added, %d removed\n", x->q->out, x->d.version, x->d.segments, x->d.addeds,
			x->d.removeds);
	if (x->damaged || x->bad_tombstones || x->in.damaged)
		return EXIT_FAILED;
	return all || x->place.has_before ? EXIT_DONE : EXIT_NOTHING;
}

static int run(struct recipient *x)
{
	bool changed = false;
	int result = collected_find(&x->in, x->q->input, x->q->inputs, x->q->tombstones);
	result = result ? result : ask_purpose(x);
	result = result ? result : unlock_keyring(NULL, x->q->key, x->q->keys, &x->keyring);
	result = result ? result : open_place(x);
	result = result ? result : bury(x);
	for (int i = 0; i < x->in.segments && result == EXIT_DONE; i++) {
		if (*x->q->interrupted) {
			progress_end(x);
			cli_complain("interrupted: nothing was exported");
			return EXIT_FAILED;
		}
		progress(x, i);
		result = one(x, &x->in.segment[i]);
	}
	progress_end(x);
	if (result)
		return result;
	/* Nothing to make the first version of. */
	if (!x->place.has_before && x->d.segments == 0) {
		say_left_out(x);
		cli_complain("nothing that was named may be used for this: no dataset was made");
		return x->damaged || x->bad_tombstones || x->in.damaged ? EXIT_FAILED : EXIT_NOTHING;
	}
	result = describe(x, &changed);
	if (result || *x->q->interrupted)
		return result ? result : EXIT_FAILED;
	const char *what;
	if (changed && replace_commit(&x->place, &what)) {
		cli_complain("%s: %s", x->q->out, what ? what : strerror(errno));
		return EXIT_FAILED;
	}
	return report(x, changed);
}

int export_recipient(const struct export_request *q)
{
	struct recipient x = {.q = q, .files = {.out = q->out, .directory = -1, .csv = q->csv, .force = true, .quiet = true},
		.place = {.parent = -1, .fresh = -1, .old = -1}, .now_us = clock_utc_us(), .begun_us = clock_mono_us(),
		.progress = isatty(STDERR_FILENO)};
	int result = EXIT_FAILED;
	snprintf(x.d.format, sizeof x.d.format, "%s", q->format);
	for (int i = 0; i < q->purposes; i++) {
		/* In one order, each once: it is a set. */
		int at = 0;
		while (at < x.d.purposes && strcmp(x.d.purpose[at], q->purpose[i]) < 0)
			at++;
		if (at < x.d.purposes && strcmp(x.d.purpose[at], q->purpose[i]) == 0)
			continue;
		memmove(x.d.purpose[at + 1], x.d.purpose[at], (size_t)(x.d.purposes - at) * sizeof x.d.purpose[0]);
		snprintf(x.d.purpose[at], sizeof x.d.purpose[at], "%.64s", q->purpose[i]);
		x.d.purposes++;
	}
	x.key = locked_new(SEGMENT_KEY);
	if (x.key)
		result = run(&x);
	else
		cli_complain("memory for keys cannot be locked (raise RLIMIT_MEMLOCK: ulimit -l)");
	export_files_release(&x.files);
	replace_release(&x.place);
	dataset_release(&x.d);
	keyring_free(x.keyring);
	collected_release(&x.in);
	locked_free(x.key);
	return result;
}
