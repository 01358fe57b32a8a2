/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One's own recordings as a dataset, in the two ways of a recipient's. All that is there and opens with one's own keys is in it: no receipt is asked, and
 * of what is damaged, what comes before the damage.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../dataset/hive.h"
#include "../error.h"
#include "cli.h"
#include "export_recipient.h"
#include "input.h"

/* What belongs to a segment of x->in, which has the same index. */
struct own_segment {
	struct spool_file part;          /* held: one that is being recorded, as it was at first; it is read more than once, and meanwhile grows and is sealed */
	bool held, told;
};

struct own {
	struct input in;
	struct own_segment *segment;
};

/* ---- Which there are ---- */

static int by_place(const void *a, const void *b)
{
	const struct collected_segment *x = a, *y = b;
	int order = dataset_compare(&x->at, &y->at);
	return order ? order : strcmp(x->path, y->path);
}

/* As its key file says. That there is none that opens is found out when it is read, and told then. */
static void name_it(const struct own *own, struct collected_segment *s)
{
	struct keyfile k;
	const char *slash = strrchr(s->path, '/'), *name = slash ? slash + 1 : s->path;
	snprintf(s->at.segment, sizeof s->at.segment, "%.*s", (int)strcspn(name, "."), name);
	snprintf(s->at.study, sizeof s->at.study, "unknown");
	snprintf(s->at.participant, sizeof s->at.participant, "unknown");
	if (keyring_segment(own->in.keyring, s->path, own->in.key, &k, NULL) == 0) {
		memcpy(s->at.study, k.study, sizeof s->at.study);
		memcpy(s->at.participant, k.pseudonym, sizeof s->at.participant);
	}
	sodium_memzero(own->in.key, SEGMENT_KEY);
}

static int find(struct recipient *x)
{
	const struct spool_list *list = &x->own->in.list;
	struct collected *c = &x->in;
	c->segment = calloc((size_t)list->count, sizeof *c->segment);
	x->own->segment = calloc((size_t)list->count, sizeof *x->own->segment);
	if (!c->segment || !x->own->segment)
		return recipient_no_memory();
	for (int i = 0; i < list->count; i++) {
		c->segment[i].path = strdup(list->path[i]);
		if (!c->segment[i].path)
			return recipient_no_memory();
		c->segments++;
		name_it(x->own, &c->segment[i]);
	}
	qsort(c->segment, (size_t)c->segments, sizeof *c->segment, by_place);
	return EXIT_DONE;
}

/* ---- Reading one ---- */

/* Does it say itself what its key file says, and may that be the names of folders and files? */
static void check_names(const struct collected_segment *s, const struct segment_meta *m, struct collected_verdict *v)
{
	char path[HIVE_PATH_MAX];
	if (strcmp(m->segment, s->at.segment) != 0 || strcmp(m->study, s->at.study) != 0 || strcmp(m->participant, s->at.participant) != 0)
		collected_refuse(v, "damaged", "its header says something else than its key file");
	else if (!hive_description(m->study, m->participant, 1, path))
		collected_refuse(v, "damaged", "it names no valid study or participant");
	/* It is written down, and read again. */
	else if (hive_day(v->key_file.expires_us) < 0)
		collected_refuse(v, "damaged", "its retention ends at a time that is in no calendar");
}

/* All rows up to its end, or to where it is damaged, which is what is returned then. v->kind: none of it may be used; *stopped: look complained. */
static int look_through(const struct collected_segment *s, struct segment_reader *reader, recipient_look *look, void *user, struct collected_verdict *v,
	struct dataset_rows *has, bool *stopped)
{
	const struct segment_meta *meta = segment_reader_meta(reader);
	struct event e;
	int more = 1;
	check_names(s, meta, v);
	while (!v->kind && !*stopped && (more = segment_reader_next(reader, &e)) == 1) {
		if (hive_day(e.t_us) < 0)
			collected_refuse(v, "damaged", "it has times that are in no calendar");
		else if (look && !look(user, meta, &e, v))
			*stopped = !v->kind;
		if (has->rows == 0 || e.t_us < has->first_us)
			has->first_us = e.t_us;
		if (has->rows == 0 || e.t_us > has->last_us)
			has->last_us = e.t_us;
		has->rows++;
		dataset_counts_row(&has->counts, &e);
	}
	return more < 0 ? more : 0;
}

/* The same rows once more. */
static int write_out(struct input *in, const struct spool_file *file, uint64_t rows, recipient_row *write, void *user)
{
	struct segment_reader *reader = NULL;
	const char *why;
	struct event e;
	int result = EXIT_DONE, error = input_open(in, file, NULL, &reader, &why);
	for (; !error && rows && result == EXIT_DONE; rows--) {
		error = segment_reader_next(reader, &e) == 1 ? 0 : ERROR_CORRUPT;
		result = error ? EXIT_DONE : write(user, segment_reader_meta(reader), &e);
	}
	segment_reader_free(reader);
	if (error)
		cli_complain("%s: changed while it was read: run it again", file->path);
	return error ? EXIT_FAILED : result;
}

/* Everything of it that is left out somebody has to see to: it is theirs. Once, however often it is read. */
static int leave_out(struct recipient *x, const struct collected_segment *s, const struct collected_verdict *v)
{
	struct own_segment *o = &x->own->segment[s - x->in.segment];
	if (o->told)
		return EXIT_DONE;
	o->told = true;
	x->damaged++;
	recipient_progress_end(x);
	cli_complain("%s: %s", s->path, v->why);
	return recipient_leave_out(x, NULL, &s->at, v);
}

int export_own_use(struct recipient *x, const struct collected_segment *s, recipient_look *look, recipient_row *write, void *user, bool *good,
	struct dataset_segment *seen)
{
	struct input *in = &x->own->in;
	struct own_segment *o = &x->own->segment[s - x->in.segment];
	struct spool_file read = {0}, *file = o->held ? &o->part : &read;
	struct collected_verdict v = {0};
	struct segment_reader *reader = NULL;
	const char *why = NULL;
	bool stopped = false;
	int result = EXIT_DONE, error = o->held ? 0 : spool_copy(s->path, &read);
	memset(seen, 0, sizeof *seen);
	*good = false;
	if (!error && read.part) {
		o->part = read;
		o->held = true;
		file = &o->part;
	}
	if (!error)
		error = input_open(in, file, &v.key_file, &reader, &why);
	/* Forgotten, erased or over its time since it was found: then it is not there. */
	if ((error == ERROR_IO && errno == ENOENT) || (error == ERROR_GONE && access(file->path, F_OK) && errno == ENOENT))
		goto out;
	if (!error)
		error = look_through(s, reader, look, user, &v, &seen->has, &stopped);
	/* A .part ends where its writer is, and its header comes with its first block. */
	if (error == ERROR_TRUNCATED && file->part)
		error = 0;
	if (stopped || error == ERROR_MEMORY) {
		result = stopped ? EXIT_FAILED : recipient_no_memory();
		goto out;
	}
	*good = !v.kind && seen->has.rows;
	if (error)
		collected_refuse(&v, error == ERROR_GONE ? "incomplete" : error == ERROR_DENIED ? "key" : "damaged", "%s%s", why ? why : error == ERROR_IO ?
		       strerror(errno) : error_text(error), *good ? " (what comes before the damage is in it)" : "");
	if (v.kind)
		result = leave_out(x, s, &v);
	if (*good) {
		seen->at = s->at;
		seen->has.expires_us = v.key_file.expires_us;
		crypto_generichash(seen->hash, sizeof seen->hash, file->data, file->length, NULL, 0);
		memcpy(seen->receipt, v.key_file.receipt_hash, sizeof seen->receipt);
		result = result || !write ? result : write_out(in, file, seen->has.rows, write, user);
	}
out:
	segment_reader_free(reader);
	sodium_memzero(in->key, SEGMENT_KEY);
	if (!o->held)
		spool_unmap(&read);
	return result;
}

/* ---- The whole ---- */

/* Nothing is recorded any more: what an export left there, be it one that was broken off, may be all that there is of it, and lies in the clear. */
static void tell_of_before(const char *out)
{
	static const char *const names[] = {DATASET_NAME, ".assent-work"};
	char path[SPOOL_PATH_MAX];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (snprintf(path, sizeof path, "%s/%s", out, names[i]) < (int)sizeof path && access(path, F_OK) == 0) {
			cli_complain("%s: what an export before this one wrote there stays as it is, until you delete it", out);
			return;
		}
}

int export_own(const struct export_request *q, char **inputs)
{
	struct own own = {0};
	struct recipient x = {.q = q, .own = &own, .d.own = true, .now_us = clock_utc_us(), .progress = isatty(STDERR_FILENO)};
	snprintf(x.d.format, sizeof x.d.format, "%s", table_format_name(q->format));
	int result = input_find(&own.in, "exporting", q->inputs, inputs);
	if (result == EXIT_NOTHING)
		tell_of_before(q->out);
	result = result ? result : input_unlock(&own.in, NULL);
	/* Whoever types a passphrase does not wait for it. */
	x.begun_us = clock_mono_us();
	result = result ? result : find(&x);
	result = result ? result : export_is_hive(q->format) ? recipient_hive(&x) : recipient_studies(&x);
	for (int i = 0; own.segment && i < x.in.segments; i++)
		spool_unmap(&own.segment[i].part);
	free(own.segment);
	dataset_release(&x.d);
	collected_release(&x.in);
	input_release(&own.in);
	return result;
}
