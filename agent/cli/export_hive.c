/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which segments the next version has. Those that are given are judged, all their rows; with --append those that are in it already stay unread, if nothing that is
 * known now speaks against them: a tombstone, the end of their retention, newer receipts.
 */
#include "export_hive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"
#include "cli.h"

/* More days than that in one segment, which is rotated every hour, are no honest agent's; each costs a reading of it. */
enum { DAYS_MAX = 512 };

void *hive_room(void *array, int count, size_t size)
{
	if (count && (count & (count - 1)))
		return array;
	return realloc(array, (size_t)(count ? count * 2 : 1) * size);
}

/* ---- Segments ---- */

struct looking {
	struct hive *h;
	int first;
	int32_t day;                     /* of the last row, and its strings: */
	char text[EVENT_TEXT_MAX + 1], app[EVENT_APP_MAX + 1], title[EVENT_TITLE_MAX + 1];
};

static size_t differs(const char *now, char *last, size_t size)
{
	size_t n = strlen(now);
	if (strcmp(now, last) == 0)
		return 0;
	/* No reader gives out longer ones. */
	if (n < size)
		memcpy(last, now, n + 1);
	return n;
}

/* Of the strings that are not those of the row before. */
static size_t text_of(struct looking *l, const struct event *e, int32_t day)
{
	if (day != l->day)
		l->text[0] = l->app[0] = l->title[0] = 0;
	l->day = day;
	return (e->has & HAS_TEXT ? differs(e->text, l->text, sizeof l->text) : 0) + ((e->has & HAS_APP) && e->app ? differs(e->app, l->app, sizeof l->app) : 0) +
		((e->has & HAS_TITLE) && e->title ? differs(e->title, l->title, sizeof l->title) : 0);
}

static bool count_day(void *user, const struct segment_meta *meta, const struct event *e, struct collected_verdict *v)
{
	(void)meta;
	struct looking *l = user;
	struct hive *h = l->h;
	int32_t day = hive_day(e->t_us);
	for (int i = h->days - 1; i >= l->first; i--)
		if (h->day[i].day == day) {
			h->day[i].rows++;
			h->day[i].text += text_of(l, e, day);
			return true;
		}
	if (h->days - l->first == DAYS_MAX) {
		v->kind = "damaged";
		snprintf(v->why, sizeof v->why, "its rows are of more than %d days", DAYS_MAX);
		return false;
	}
	void *array = hive_room(h->day, h->days, sizeof *h->day);
	if (!array) {
		recipient_no_memory();
		return false;
	}
	h->day = array;
	h->day[h->days++] = (struct hive_day){day, 1, text_of(l, e, day)};
	return true;
}

static int add(struct hive *h, const struct dataset_segment *s, struct hive_segment about)
{
	void *array = hive_room(h->segment, h->x->d.segments, sizeof *h->segment);
	struct dataset_segment *d = array ? dataset_add_segment(&h->x->d) : NULL;
	if (array)
		h->segment = array;
	if (!d)
		return recipient_no_memory();
	*d = *s;
	h->segment[h->x->d.segments - 1] = about;
	return EXIT_DONE;
}

/* So many more segments of a participant that their description could not be read again are left out: they must not keep the others out. */
static bool fits(struct hive *h, const struct dataset_segment *s, int days)
{
	const struct recipient *x = h->x;
	const struct dataset_participant *known = x->before && x->q->append ? dataset_participant_at(x->before, s->at.study, s->at.participant) : NULL;
	if (strcmp(s->at.study, h->person.study) != 0 || strcmp(s->at.participant, h->person.participant) != 0) {
		h->person = s->at;
		/* What has been in it is counted as if all of it stayed. */
		h->described = 4096 + (known ? known->described : 0);
	}
	uint64_t bytes = dataset_segment_bytes(s, days);
	if (h->described + bytes > DATASET_DESCRIPTION_MAX)
		return false;
	h->described += bytes;
	return true;
}

/* Judged by what it says itself. Of several copies the first good one. *worthless (may be NULL): there is none, nor one that is what it claims to be. */
static int judge(struct hive *h, int from, int to, const struct dataset_segment *known, bool *worthless)
{
	struct recipient *x = h->x;
	const struct dataset_place *at = &x->in.segment[from].at;
	const struct collected_participant *p = collected_participant(&x->in, at->study, at->participant);
	struct dataset_segment seen;
	bool good = false, genuine = false;
	int result = EXIT_DONE;
	for (int i = from; i < to && !good && result == EXIT_DONE; i++) {
		struct looking l = {.h = h, .first = h->days, .day = -1};
		int lefts = x->d.lefts;
		result = recipient_use(x, &x->in.segment[i], count_day, NULL, &l, &good, &seen);
		for (int k = lefts; k < x->d.lefts; k++)
			genuine |= p && p->audit && strcmp(x->d.left[k].kind, "damaged") != 0 && strcmp(x->d.left[k].kind, "incomplete") != 0;
		bool fresh = !known || !dataset_same_segment(&seen, known);
		if (good && !result && !fits(h, &seen, h->days - l.first)) {
			struct collected_verdict v = {.kind = "damaged"};
			snprintf(v.why, sizeof v.why, "its participant has more segments than a dataset takes of one");
			good = false;
			result = recipient_leave_out(x, x->in.segment[i].path, at, &v);
		}
		if (good && !result) {
			x->dropped += seen.has.dropped;
			result = add(h, &seen, (struct hive_segment){.source = i, .fresh = fresh, .first = l.first, .days = h->days - l.first});
		} else {
			h->days = l.first;
		}
	}
	if (worthless)
		*worthless = !good && !genuine;
	return result;
}

/* Were rows of it dropped that may be covered by what is known since? It costs a look, where there are any. */
static bool may_gain(const struct hive *h, const struct dataset_segment *known)
{
	const struct collected_participant *p = collected_participant(&h->x->in, known->at.study, known->at.participant);
	const struct dataset_participant *seen = dataset_participant_at(h->x->before, known->at.study, known->at.participant);
	return known->has.dropped && p && p->audit && seen && !collected_follows(p, seen);
}

/* One that is in the version before, of which from .. to are copies that are given (none: from is to). */
static int keep(struct hive *h, const struct dataset_segment *known, int from, int to)
{
	struct recipient *x = h->x;
	struct collected_verdict v;
	bool again, worthless, same = from == to;
	const char *path = from < to ? x->in.segment[from].path : NULL;
	int source = -1;
	collected_still(&x->in, x->before, known, x->q->purpose, x->q->purposes, x->now_us, &v, &again);
	if (v.kind)
		return recipient_leave_out(x, path, &known->at, &v);
	for (int i = from; i < to; i++)
		if (memcmp(x->in.segment[i].hash, known->hash, sizeof known->hash) == 0) {
			same = true;
			source = i;
			break;
		}
	if (same && !again && (from == to || !may_gain(h, known)))
		return add(h, known, (struct hive_segment){.source = source, .unread = source >= 0});
	if (from < to) {
		int result = judge(h, from, to, known, &worthless), last = x->d.segments - 1;
		if (same && !again && last >= 0 && dataset_compare(&x->d.segment[last].at, &known->at) == 0)
			h->segment[last].gains = h->segment[last].fresh;
		/* What only claims to be a copy is none: it takes nothing out. */
		return result || again || !worthless ? result : add(h, known, (struct hive_segment){.source = -1});
	}
	v.kind = "consent";
	snprintf(v.why, sizeof v.why, "newer receipts tell of its time, and it is not at hand to be judged by them");
	return recipient_leave_out(x, NULL, &known->at, &v);
}

/* In the order of their places, so that the list is sorted from the start. */
static int all_segments(struct hive *h)
{
	struct recipient *x = h->x;
	int known = 0, known_end = x->q->append && x->before ? x->before->segments : 0, result = EXIT_DONE;
	for (int from = 0, to; (from < x->in.segments || known < known_end) && result == EXIT_DONE; from = to) {
		const struct dataset_segment *k = known < known_end ? &x->before->segment[known] : NULL;
		if (recipient_interrupted(x)) {
			cli_complain("interrupted: nothing was changed");
			return EXIT_FAILED;
		}
		recipient_progress(x, x->own ? "reading" : "judging", from, x->in.segments, "segments");
		int order = !k ? -1 : from == x->in.segments ? 1 : dataset_compare(&x->in.segment[from].at, &k->at);
		const struct dataset_place *at = order > 0 ? &k->at : &x->in.segment[from].at;
		for (to = from; order <= 0 && to < x->in.segments && dataset_compare(&x->in.segment[to].at, at) == 0;)
			to++;
		known += order >= 0;
		if (dataset_tombstoned(&x->d, at))
			for (int i = from; i < to; i++)
				recipient_tombstoned(x, &x->in.segment[i]);
		else if (order >= 0)
			result = keep(h, k, from, to);
		else
			result = judge(h, from, to, x->before ? dataset_segment_at(x->before, at) : NULL, NULL);
	}
	return result;
}

/* ---- Participants whom it concerns ---- */

static void concerns(const struct hive *h, bool *touched, const char *study, const char *participant)
{
	const struct dataset *b = &h->grow.before;
	const struct dataset_participant *p = dataset_participant_at(b, study, participant);
	if (p)
		touched[p - b->participant] = true;
}

static bool same_receipts(const struct collected_participant *p, const struct dataset_participant *known)
{
	uint8_t hash[32];
	crypto_generichash(hash, sizeof hash, (const unsigned char *)p->text, p->audit ? p->length : 0, NULL, 0);
	return p->audit && p->length == known->receipts_bytes && memcmp(hash, known->receipts, sizeof hash) == 0;
}

/* The description of everybody of whom there is something new: segments, receipts, a tombstone, the end of a retention. With all that is exported: of all. */
static int load(struct hive *h)
{
	struct recipient *x = h->x;
	struct dataset *b = &h->grow.before;
	bool *touched = calloc((size_t)b->participants + 1, sizeof *touched);
	int error = 0, i;
	if (!touched)
		return recipient_no_memory();
	for (i = 0; !error && i < x->in.segments; i++)
		concerns(h, touched, x->in.segment[i].at.study, x->in.segment[i].at.participant);
	for (i = 0; !error && i < x->d.tombstones; i++)
		if (!dataset_tombstoned(b, &x->d.tombstone[i].at))
			concerns(h, touched, x->d.tombstone[i].at.study, x->d.tombstone[i].at.participant);
	for (i = 0; !error && i < b->pendings; i++) {
		struct hive_path p;
		if (hive_parse(b->pending[i].file, &p) == 0)
			concerns(h, touched, p.study, p.participant);
	}
	for (i = 0; !error && i < b->participants; i++) {
		const struct collected_participant *p = collected_participant(&x->in, b->participant[i].study, b->participant[i].participant);
		if (!x->q->append || touched[i] || b->participant[i].has.expires_us <= x->now_us || (p && !same_receipts(p, &b->participant[i])))
			error = dataset_load(h->grow.folder, b, i);
		if (error)
			cli_complain("%s/%s: %s", x->q->out, b->participant[i].description, error == ERROR_IO ? strerror(errno) :
				     error == ERROR_INVALID ? "is not as it was written: export all of it into another folder" : error_text(error));
	}
	free(touched);
	dataset_sort(b);
	return error ? EXIT_FAILED : EXIT_DONE;
}

/* Each whose description is another than before gets a new one; the old one goes when nothing names it any more. */
static int describe_one(struct hive *h, struct dataset_participant *p)
{
	struct recipient *x = h->x;
	const struct dataset_participant *known = x->before ? dataset_participant_at(x->before, p->study, p->participant) : NULL;
	struct table_stats stats = {0};
	char *text = NULL;
	size_t length = 0;
	int fd = -1, error = dataset_describe(&x->d, p, &text, &length);
	if (error == ERROR_LIMIT)
		cli_complain("study %s, participant %s: their description would be larger than can be read again", p->study, p->participant);
	if (error)
		return error == ERROR_LIMIT ? EXIT_FAILED : recipient_no_memory();
	crypto_hash_sha256(p->sha256, (const unsigned char *)text, length);
	crypto_generichash(stats.hash, sizeof stats.hash, (const unsigned char *)text, length, NULL, 0);
	stats.bytes = length;
	if (known && known->description[0] && memcmp(known->sha256, p->sha256, sizeof p->sha256) == 0) {
		memcpy(p->description, known->description, sizeof p->description);
		free(text);
		return EXIT_DONE;
	}
	error = grow_begin(&h->grow, p->sha256, &fd);
	for (size_t done = 0; !error && done < length;) {
		ssize_t n = write(fd, text + done, length - done);
		if (n < 0 && errno != EINTR)
			error = ERROR_IO;
		done += n > 0 ? (size_t)n : 0;
	}
	int saved = errno, ended = fd < 0 ? 0 : grow_end(&h->grow, p->sha256, fd, error ? NULL : &stats, p->sha256);
	free(text);
	if (error)
		errno = saved;
	error = error ? error : ended;
	if (!hive_description(p->study, p->participant, h->version, p->description))
		error = ERROR_INVALID;
	if (error) {
		cli_complain("cannot write %s/%s: %s", x->q->out, p->description, error == ERROR_IO ? strerror(errno) : error_text(error));
		return EXIT_FAILED;
	}
	int result = hive_step(h, p->description, p->sha256);
	return result ? result : known && known->description[0] ? hive_step(h, known->description, NULL) : EXIT_DONE;
}

static int describe(struct hive *h)
{
	struct dataset *d = &h->x->d;
	const struct dataset *b = h->x->before;
	int result = EXIT_DONE;
	for (int i = 0; i < d->participants && !result; i++)
		if (d->participant[i].loaded && d->participant[i].segments)
			result = describe_one(h, &d->participant[i]);
	/* Of whom nothing stays. */
	for (int i = 0; b && i < b->participants && !result; i++) {
		const struct dataset_participant *was = &b->participant[i], *is = dataset_participant_at(d, was->study, was->participant);
		if (was->description[0] && (!is || (is->loaded && !is->segments)))
			result = hive_step(h, was->description, NULL);
	}
	return result;
}

/* ---- The whole ---- */

static int open_place(struct hive *h)
{
	struct recipient *x = h->x;
	const char *what = NULL;
	if (export_is_later(x->q->out))
		return EXIT_FAILED;
	int error = grow_open(&h->grow, x->q->out, &what);
	if (error) {
		cli_complain("%s: %s%s%s", x->q->out, what ? what : "", what && error == ERROR_IO ? ": " : "",
			     error == ERROR_IO ? strerror(errno) : what ? "" : error_text(error));
		return EXIT_FAILED;
	}
	x->before = h->grow.has_before ? &h->grow.before : NULL;
	/* Nobody else's, whoever may look into the folder. */
	if (x->own)
		h->grow.mode = 0700;
	h->version = x->before ? x->before->version + 1 : 1;
	static const char *const names[] = {DATASET_CARD, DATASET_CROISSANT};
	for (size_t i = 0; i < sizeof names / sizeof *names && !x->before && !x->q->force; i++)
		if (faccessat(h->grow.folder, names[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
			cli_complain("%s/%s exists already, and is no part of a dataset (--force replaces it)", x->q->out, names[i]);
			return EXIT_FAILED;
		}
	return recipient_may_follow(x);
}

/* Those that cannot stay leave the list; they are found among the removed ones of dataset.json. */
static void drop_lost(struct hive *h)
{
	struct dataset *d = &h->x->d;
	int n = 0;
	for (int i = 0; i < d->segments; i++)
		if (!h->segment[i].lost)
			d->segment[n++] = d->segment[i];
	d->segments = n;
}

static int change(struct hive *h, bool *changed)
{
	struct recipient *x = h->x;
	drop_lost(h);
	int result = recipient_participants(x);
	if (result)
		return result;
	dataset_sort(&x->d);
	dataset_sum(&x->d);
	if (dataset_follow(&x->d, x->before, changed))
		return recipient_no_memory();
	/* A file that was lost is written again, and is the same: that is no new version. */
	if (!*changed && h->steps == 0) {
		grow_tidy(&h->grow, NULL, 0);
		return EXIT_DONE;
	}
	if (grow_describe(&h->grow)) {
		cli_complain("cannot write in %s: %s", x->q->out, strerror(errno));
		return EXIT_FAILED;
	}
	result = describe(h);
	result = result ? result : recipient_describe(x, h->grow.work);
	if (!result && recipient_interrupted(x)) {
		cli_complain("interrupted: %s is as it was; the same command goes on from here (all files are written)", x->q->out);
		return EXIT_FAILED;
	}
	if (result)
		return result;
	int error = grow_commit(&h->grow, h->step, h->steps);
	if (error) {
		cli_complain("%s: %s (the same command goes on from there)", x->q->out, error == ERROR_IO ? strerror(errno) : error_text(error));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static int run(struct hive *h)
{
	struct recipient *x = h->x;
	bool changed = false;
	int result = open_place(h);
	result = result ? result : recipient_bury(x);
	result = result ? result : load(h);
	result = result ? result : hive_strays(h);
	result = result ? result : all_segments(h);
	recipient_progress_end(x);
	if (result)
		return result;
	if (!x->before && x->d.segments == 0) {
		grow_tidy(&h->grow, NULL, 0);
		return recipient_nothing(x);
	}
	result = hive_plan(h);
	result = result ? result : hive_write(h);
	recipient_progress_end(x);
	result = result ? result : change(h, &changed);
	return result ? result : recipient_report(x, changed);
}

int recipient_hive(struct recipient *x)
{
	struct hive h = {.x = x, .grow = {.folder = -1, .work = -1}};
	int result = run(&h);
	/* Rows in the clear, be they of an export before this one: whoever does not come back is to know of them. */
	if (result && h.grow.work >= 0)
		cli_complain("%s/.assent-work holds what is written so far, readable by you alone; delete it if you do not go on", x->q->out);
	x->before = NULL;
	grow_release(&h.grow);
	free(h.segment);
	free(h.day);
	free(h.file);
	free(h.step);
	free(h.member);
	return result;
}
