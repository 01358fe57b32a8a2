/* SPDX-License-Identifier: Apache-2.0 */
/* A recipient's dataset: what may be used of what was collected, decrypted; and dataset.json, which accounts for all of it. */
#include "export_recipient.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../dataset/card.h"
#include "../dataset/croissant.h"
#include "../dataset/totals.h"
#include "../error.h"
#include "../store/locked.h"
#include "cli.h"
#include "unlock.h"

int recipient_no_memory(void)
{
	cli_complain("out of memory");
	return EXIT_FAILED;
}

bool recipient_interrupted(struct recipient *x)
{
	if (*x->q->interrupted)
		recipient_progress_end(x);
	return *x->q->interrupted;
}

void recipient_progress(struct recipient *x, const char *verb, int done, int of, const char *what)
{
	int64_t now = clock_mono_us();
	if (!x->progress || now - x->begun_us < 1000000 || now - x->shown_us < 100000)
		return;
	x->shown_us = now;
	x->shown = true;
	fprintf(stderr, "\r%s: %d of %d %s\033[K", verb, done, of, what);
	fflush(stderr);
}

void recipient_progress_end(struct recipient *x)
{
	if (x->shown)
		fputs("\r\033[K", stderr);
	x->shown = false;
}

int recipient_may_follow(const struct recipient *x)
{
	const struct dataset *b = x->before;
	if (b && b->own != x->d.own) {
		cli_complain("export: %s is %s: take another folder", x->q->out, b->own ? "a participant's own export" : "a recipient's dataset");
		return EXIT_USAGE;
	}
	if (b && b->own && !x->q->force) {
		cli_complain("%s/" DATASET_NAME " exists already: an export is there (--force replaces it)", x->q->out);
		return EXIT_FAILED;
	}
	bool same = !b || b->purposes == x->d.purposes;
	for (int i = 0; same && b && i < b->purposes; i++)
		same = strcmp(b->purpose[i], x->d.purpose[i]) == 0;
	if (!same && (!x->q->force || x->q->append)) {
		cli_complain("export: %s is a dataset for other purposes (its dataset.json names them): take another folder%s", x->q->out,
			     x->q->append ? "" : " (--force replaces it)");
		return EXIT_USAGE;
	}
	/* From one file a study to many files, or back, is no new version of it; nor may files that stay be of another format than those that are added. */
	int format = b ? table_format_of(b->format) : -1;
	if (b && (format < 0 || export_is_hive((enum table_format)format) != export_is_hive(x->q->format) ||
	    (export_is_hive(x->q->format) && (enum table_format)format != x->q->format))) {
		cli_complain("export: %s is a dataset as %s: take another folder", x->q->out, b->format);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* ---- Participants, tombstones ---- */

int recipient_bury(struct recipient *x)
{
	/* What was over when that was made is not to come back because a clock was set back. */
	if (x->before && x->before->made_us > x->now_us) {
		char now[28], made[28];
		cli_complain("the clock (%s) is behind the version there, made %s: that time is taken for now", clock_format(x->now_us, now),
			clock_format(x->before->made_us, made));
		x->now_us = x->before->made_us;
	}
	int result = collected_tombstones(&x->in, x->before, &x->d, &x->bad_tombstones);
	for (int i = 0; x->before && i < x->before->tombstones && result == EXIT_DONE; i++) {
		const struct dataset_tombstone *was = &x->before->tombstone[i];
		const uint8_t *agent = collected_agent(&x->in, x->before, was->at.study, was->at.participant);
		/* It came before their receipts, and was somebody else's. */
		if (agent && memcmp(agent, was->agent, sizeof was->agent) != 0)
			continue;
		struct dataset_tombstone *t = dataset_add_tombstone(&x->d);
		if (!t)
			return recipient_no_memory();
		*t = *was;
	}
	dataset_sort(&x->d);
	return result;
}

bool recipient_tombstoned(struct recipient *x, const struct collected_segment *s)
{
	const struct dataset_tombstone *t = dataset_tombstoned(&x->d, &s->at);
	if (!t)
		return false;
	recipient_progress_end(x);
	cli_complain("%s: must be deleted, as must every copy of it: tombstone %s (%s)", s->path, t->id, t->reason);
	x->tombstoned++;
	return true;
}

/* What the newest receipts are that this dataset was judged by; of those who were in it, too: an older copy is not to bring back what a newer one ended. */
static int add_participant(struct recipient *x, const char *study, const char *pseudonym)
{
	const struct collected_participant *p = collected_participant(&x->in, study, pseudonym);
	const struct dataset_participant *seen = x->before ? dataset_participant_at(x->before, study, pseudonym) : NULL;
	struct dataset_participant *n = dataset_add_participant(&x->d);
	if (!n)
		return recipient_no_memory();
	snprintf(n->study, sizeof n->study, "%s", study);
	snprintf(n->participant, sizeof n->participant, "%s", pseudonym);
	n->loaded = true;
	if (p && p->audit && !(seen && collected_follows(p, seen))) {
		memcpy(n->agent, audit_agent_key(p->audit, 0), sizeof n->agent);
		n->receipts_bytes = p->length;
		crypto_generichash(n->receipts, sizeof n->receipts, (const unsigned char *)p->text, p->length, NULL, 0);
	} else if (seen) {
		memcpy(n->agent, seen->agent, sizeof n->agent);
		n->receipts_bytes = seen->receipts_bytes;
		memcpy(n->receipts, seen->receipts, sizeof n->receipts);
	}
	return EXIT_DONE;
}

int recipient_participants(struct recipient *x)
{
	struct dataset *d = &x->d;
	const struct dataset *b = x->before;
	int result = EXIT_DONE;
	for (int i = 0; i < d->segments && !result; i++) {
		const struct dataset_place *at = &d->segment[i].at, *last = i ? &d->segment[i - 1].at : NULL;
		if (!last || strcmp(at->study, last->study) != 0 || strcmp(at->participant, last->participant) != 0)
			result = add_participant(x, at->study, at->participant);
	}
	dataset_sort(d);
	int named = d->participants;
	for (int i = 0; b && i < b->participants && !result; i++) {
		const struct dataset_participant *seen = &b->participant[i];
		if (seen->loaded) {
			/* Among the first, which are sorted. */
			struct dataset first = {.participant = d->participant, .participants = named};
			if (!dataset_participant_at(&first, seen->study, seen->participant))
				result = add_participant(x, seen->study, seen->participant);
			continue;
		}
		/* Nothing concerned them. */
		struct dataset_participant *n = dataset_add_participant(d);
		if (!n)
			return recipient_no_memory();
		*n = *seen;
	}
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

int recipient_describe(struct recipient *x, int folder)
{
	uint8_t sha256[32];
	const char *name = DATASET_NAME;
	x->d.made_us = x->now_us;
	int error = dataset_write(&x->d, folder);
	error = error ? error : (name = DATASET_CARD, card_write(&x->d, folder));
	error = error ? error : (name = DATASET_CROISSANT, dataset_sha256(folder, DATASET_NAME, NULL, sha256));
	error = error ? error : croissant_write(&x->d, sha256, folder);
	if (error)
		cli_complain("cannot write %s/%s: %s", x->q->out, name, error == ERROR_IO ? strerror(errno) : error_text(error));
	return error ? EXIT_FAILED : EXIT_DONE;
}

static void say_left_out(const struct recipient *x)
{
	static const struct { const char *kind, *text; } kinds[] = {
		{"purpose", "whose receipt does not agree to it"}, {"consent", "that no receipt covers"}, {"expired", "whose retention is over"},
		{"key", "sealed to other recipients"}, {"incomplete", "whose key file is not there yet"},
		{"pending", "that wait until a file with older rows of theirs can be written anew"}, {"damaged", "damaged or not what they claim to be"},
	};
	/* Of one's own, each was named, and what could be read of it is in it. */
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !x->own; i++) {
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

int recipient_nothing(const struct recipient *x)
{
	say_left_out(x);
	cli_complain(x->own && x->damaged ? "nothing that could be read: nothing was exported" : x->own ? "no event is recorded yet: nothing to export" :
		      "nothing that was named may be used for this: no dataset was made");
	return x->damaged || x->bad_tombstones || x->in.damaged || x->strays ? EXIT_FAILED : EXIT_NOTHING;
}

int recipient_report(const struct recipient *x, bool changed)
{
	struct totals t;
	char bytes[27];
	totals_of(&x->d, 0, NULL, &t);
	for (int i = 0; i < x->d.files && !export_is_hive(x->q->format); i++)
		fprintf(stderr, "%s/%s: %" PRIu64 " events\n", x->q->out, x->d.file[i].name, x->d.file[i].rows);
	if (export_is_hive(x->q->format))
		fprintf(stderr, "%s: %" PRIu64 " events in %" PRIu64 " files, %s bytes\n", x->q->out, t.has.rows, t.files, totals_number(t.bytes, bytes));
	say_left_out(x);
	if (!changed)
		fprintf(stderr, "%s: nothing changed: it is still version %" PRId64 "\n", x->q->out, x->d.version);
	else
		fprintf(stderr, "%s: version %" PRId64 ", %" PRIu64 " segments, %d added, %d removed\n", x->q->out, x->d.version, t.segments,
			x->d.addeds, x->d.removeds);
	if (x->d.pendings)
		cli_complain("%d file%s still hold%s rows that have to go (" DATASET_NAME " names them, and what is needed to write them anew)", x->d.pendings,
			x->d.pendings == 1 ? "" : "s", x->d.pendings == 1 ? "s" : "");
	if (x->damaged || x->bad_tombstones || x->in.damaged || x->d.pendings || x->waiting || x->strays)
		return EXIT_FAILED;
	return t.has.rows || x->before ? EXIT_DONE : EXIT_NOTHING;
}

static int run(struct recipient *x)
{
	int result = collected_find(&x->in, x->q->input, x->q->inputs, x->q->tombstones);
	result = result ? result : ask_purpose(x);
	result = result ? result : unlock_keyring(NULL, x->q->key, x->q->keys, &x->keyring);
	return result ? result : export_is_hive(x->q->format) ? recipient_hive(x) : recipient_studies(x);
}

int export_recipient(const struct export_request *q)
{
	struct recipient x = {.q = q, .now_us = clock_utc_us(), .begun_us = clock_mono_us(), .progress = isatty(STDERR_FILENO)};
	int result = EXIT_FAILED;
	snprintf(x.d.format, sizeof x.d.format, "%s", table_format_name(q->format));
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
	dataset_release(&x.d);
	keyring_free(x.keyring);
	collected_release(&x.in);
	locked_free(x.key);
	return result;
}
