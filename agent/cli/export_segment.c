/* SPDX-License-Identifier: Apache-2.0 */
/* One collected segment: judged, looked through, used. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "../dataset/hive.h"
#include "../error.h"
#include "cli.h"
#include "export_recipient.h"

int recipient_leave_out(struct recipient *x, const char *path, const struct dataset_place *at, const struct collected_verdict *v)
{
	bool is_bad = strcmp(v->kind, "damaged") == 0;
	struct dataset_left *l = dataset_add_left(&x->d);
	if (!l)
		return recipient_no_memory();
	l->at = *at;
	l->kind = v->kind;
	memcpy(l->why, v->why, sizeof l->why);
	x->damaged += is_bad;
	/* What is damaged or expired somebody has to see to; the rest is as it should be, and stands in the record. */
	if (path && (is_bad || strcmp(v->kind, "expired") == 0)) {
		recipient_progress_end(x);
		cli_complain("%s: left out: %s", path, v->why);
	}
	return EXIT_DONE;
}

/* The first time: nothing of a segment that turns out damaged is used, so all of it is looked at before anything is written. */
static int look_through(const struct recipient *x, const struct spool_file *file, recipient_look *look, void *user, struct collected_verdict *v,
	struct dataset_segment *seen, bool *stopped)
{
	struct segment_reader *reader = NULL;
	struct event e;
	int error = segment_reader_new(file->data, file->length, x->key, &reader);
	while (!error && !v->kind && !*stopped && (error = segment_reader_next(reader, &e)) == 1) {
		error = 0;
		if (!collected_covers(v, &e)) {
			seen->has.dropped++;
			continue;
		}
		if (hive_day(e.t_us) < 0)
			collected_refuse(v, "damaged", "it has times that are in no calendar");
		else if (look && !look(user, segment_reader_meta(reader), &e, v))
			*stopped = !v->kind;
		if (seen->has.rows == 0 || e.t_us < seen->has.first_us)
			seen->has.first_us = e.t_us;
		if (seen->has.rows == 0 || e.t_us > seen->has.last_us)
			seen->has.last_us = e.t_us;
		seen->has.rows++;
		dataset_counts_row(&seen->has.counts, &e);
	}
	segment_reader_free(reader);
	return error < 0 ? error : 0;
}

static int write_out(struct recipient *x, const struct collected_segment *s, const struct spool_file *file, const struct collected_verdict *v,
	recipient_row *write, void *user)
{
	struct segment_reader *reader = NULL;
	struct event e;
	int result = EXIT_DONE, error = segment_reader_new(file->data, file->length, x->key, &reader);
	while (!error && result == EXIT_DONE && (error = segment_reader_next(reader, &e)) == 1) {
		error = 0;
		if (collected_covers(v, &e))
			result = write(user, segment_reader_meta(reader), &e);
	}
	segment_reader_free(reader);
	if (error < 0 && !result) {
		recipient_progress_end(x);
		cli_complain("%s: changed while it was read: run it again", s->path);
		result = EXIT_FAILED;
	}
	return result;
}

int recipient_use(struct recipient *x, const struct collected_segment *s, recipient_look *look, recipient_row *write, void *user, bool *good,
	struct dataset_segment *seen)
{
	if (x->own)
		return export_own_use(x, s, look, write, user, good, seen);
	struct collected_verdict v = {0};
	struct spool_file file = {0};
	bool stopped = false;
	int result = EXIT_DONE, copied = spool_copy(s->path, &file), error = copied;
	memset(seen, 0, sizeof *seen);
	if (error == 0) {
		collected_judge(&x->in, s, &file, x->keyring, x->q->purpose, x->q->purposes, x->now_us, x->key, &v);
		/* What it was judged by before is not to be forgotten. */
		const struct collected_participant *p = collected_participant(&x->in, s->at.study, s->at.participant);
		const struct dataset_participant *known = x->before ? dataset_participant_at(x->before, s->at.study, s->at.participant) : NULL;
		const char *why = !v.kind && known && p ? collected_follows(p, known) : NULL;
		if (why) {
			v.kind = p->length < known->receipts_bytes ? "consent" : "damaged";
			snprintf(v.why, sizeof v.why, "%s", why);
		}
		error = v.kind ? 0 : look_through(x, &file, look, user, &v, seen, &stopped);
	}
	if (stopped)
		result = EXIT_FAILED;
	else if (error == ERROR_MEMORY)
		result = recipient_no_memory();
	else if (error)
		collected_refuse(&v, "damaged", "%s", error == ERROR_IO ? strerror(errno) : error_text(error));
	*good = !result && !v.kind;
	if (!result && v.kind)
		result = recipient_leave_out(x, s->path, &s->at, &v);
	if (*good) {
		seen->at = s->at;
		seen->has.expires_us = v.key_file.expires_us;
		memcpy(seen->hash, v.key_file.hash, sizeof seen->hash);
		memcpy(seen->receipt, v.key_file.receipt_hash, sizeof seen->receipt);
		result = write ? write_out(x, s, &file, &v, write, user) : EXIT_DONE;
	}
	sodium_memzero(x->key, SEGMENT_KEY);
	if (!copied)
		spool_unmap(&file);
	return result;
}
