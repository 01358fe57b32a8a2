/* SPDX-License-Identifier: Apache-2.0 */
/* May a collected segment be used, and which of its rows? */
#include "collected.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "../store/receipt.h"
#include "cli.h"

void collected_refuse(struct collected_verdict *v, const char *kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(v->why, sizeof v->why, format, args);
	va_end(args);
	v->kind = kind;
}

/* Reads SEGMENT.key beside SEGMENT.seg; what it says of the name must be so. */
static bool read_key_file(const char *path, struct collected_verdict *v)
{
	char folder[SPOOL_PATH_MAX], name[NAME_MAX + 8];
	const char *slash = strrchr(path, '/'), *what = NULL;
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	slash = slash ? slash + 1 : path;
	int n = (int)(strlen(slash) - strlen(".seg"));
	snprintf(name, sizeof name, "%.*s.key", n, slash);
	int fd = open(folder[0] ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 ? ERROR_IO : keyfile_read(fd, name, &v->key_file, &what);
	if (error == ERROR_IO && errno == ENOENT)
		collected_refuse(v, "incomplete", "its key file is not there, or not yet");
	else if (error == ERROR_GONE)
		collected_refuse(v, "incomplete", "its key file was destroyed, and with it what was recorded: delete it");
	else if (error)
		collected_refuse(v, "damaged", "its key file: %s", error == ERROR_IO ? strerror(errno) : what ? what : error_text(error));
	else if (strncmp(v->key_file.segment, slash, (size_t)n) != 0 || v->key_file.segment[n])
		collected_refuse(v, "damaged", "its key file is that of %s", v->key_file.segment);
	else if (!v->key_file.released)
		collected_refuse(v, "damaged", "its key file is one of a private spool, not of an outbox");
	if (fd >= 0)
		close(fd);
	return !v->kind;
}

static bool signed_by(const struct keyfile *k, const uint8_t key[IDENTITY_KEY])
{
	char text[KEYFILE_MAX];
	size_t length;
	return keyfile_format(k, text, &length) > 0 && identity_verify(key, text, length, k->signature) == 0;
}

static bool is_hash(const struct spool_file *file, const uint8_t hash[32])
{
	uint8_t found[32];
	crypto_generichash(found, sizeof found, file->data, file->length, NULL, 0);
	return memcmp(found, hash, sizeof found) == 0;
}

/* Each purpose was agreed to, and not refused since: what was agreed to once does not outlive a later no. Nor does it outlive a withdrawal: what was done
 * before that stays lawful, and a dataset that is made now is something new. */
static bool agreed(struct collected_verdict *v, const char *const *purposes, int count)
{
	if (count && audit_withdrawn_since(v->audit, v->decision))
		collected_refuse(v, "consent", "consent was withdrawn since: it is put to no new use");
	for (int i = 0; i < count && !v->kind; i++) {
		if (!audit_agrees(v->audit, v->decision, purposes[i]))
			collected_refuse(v, "purpose", "its receipt does not agree to %s", purposes[i]);
		else if (audit_refused_since(v->audit, v->decision, purposes[i]))
			collected_refuse(v, "purpose", "%s was agreed to when it was recorded, and has been refused since", purposes[i]);
	}
	return !v->kind;
}

static void check_header(const struct spool_file *file, const uint8_t key[SEGMENT_KEY], struct collected_verdict *v)
{
	struct segment_reader *reader = NULL;
	const struct keyfile *k = &v->key_file;
	int error = segment_reader_new(file->data, file->length, key, &reader);
	if (error) {
		collected_refuse(v, "damaged", "%s", error == ERROR_DENIED ? "it is not the segment that its key file opens" : error_text(error));
		return;
	}
	const struct segment_meta *m = segment_reader_meta(reader);
	if (strcmp(m->segment, k->segment) != 0 || strcmp(m->study, k->study) != 0 || strcmp(m->participant, k->pseudonym) != 0 ||
	    memcmp(m->receipt_hash, k->receipt_hash, sizeof m->receipt_hash) != 0)
		collected_refuse(v, "damaged", "its header says something else than its key file");
	segment_reader_free(reader);
}

void collected_judge(const struct collected *c, const struct collected_segment *s, const struct spool_file *file, const struct keyring *keyring,
	const char *const *purposes, int count, int64_t now_us, uint8_t key[SEGMENT_KEY], struct collected_verdict *v)
{
	const char *what = NULL;
	char time[28];
	memset(v, 0, sizeof *v);
	if (!read_key_file(s->path, v))
		return;
	const struct keyfile *k = &v->key_file;
	const struct collected_participant *p = collected_participant(c, k->study, k->pseudonym);
	if (!p || !p->audit) {
		collected_refuse(v, p ? "damaged" : "consent", "%s", p ? p->why : "there is no receipts.jsonl of this participant: nothing shows that they agreed");
		return;
	}
	v->audit = p->audit;
	v->decision = audit_find(p->audit, k->receipt_hash, k->study, &what);
	/* Before anything is believed of it: whose word is it? */
	if (!signed_by(k, audit_agent_key(p->audit, v->decision < 0 ? 0 : v->decision)))
		collected_refuse(v, "damaged", "its key file was not signed by the participant's agent");
	else if (!is_hash(file, k->hash))
		collected_refuse(v, "damaged", "it is not the segment that was released (its hash is another)");
	else if (v->decision < 0)
		collected_refuse(v, "consent", "%s", what);
	else if (k->expires_us <= now_us)
		collected_refuse(v, "expired", "its retention ended %s: it must be deleted", clock_format(k->expires_us, time));
	if (v->kind || !agreed(v, purposes, count) || !keyring)
		return;
	struct keyfile again;
	int error = keyring_segment(keyring, s->path, key, &again, &what);
	if (error == ERROR_DENIED)
		collected_refuse(v, "key", "it is sealed to another recipient (key %s)", k->recipient_id);
	else if (error)
		collected_refuse(v, "damaged", "its key file: %s", error == ERROR_IO ? strerror(errno) : what ? what : error_text(error));
	else
		check_header(file, key, v);
}

/* Lines are only ever added, and each is signed, but nothing tells that one is missing: who can write where it was collected could take a withdrawal out. */
const char *collected_follows(const struct collected_participant *p, const struct dataset_participant *seen)
{
	uint8_t hash[32];
	if (seen->receipts_bytes == 0)
		return NULL;
	if (p->length < seen->receipts_bytes)
		return "the receipts.jsonl that was given is older than the one that the version before was made with";
	crypto_generichash(hash, sizeof hash, (const unsigned char *)p->text, seen->receipts_bytes, NULL, 0);
	return memcmp(hash, seen->receipts, sizeof hash) == 0 ? NULL :
		"the receipts.jsonl that was given contradicts the one that the version before was made with";
}

/* From when on do the receipts, which follow those, say something that they did not when the dataset was made? */
static int64_t news_from(const struct collected_participant *p, const struct dataset_participant *seen)
{
	uint8_t prev[RECEIPT_HASH];
	const char *what, *line, *end = p->text + p->length;
	int64_t from = INT64_MAX;
	struct receipt *r = malloc(sizeof *r);
	if (!r)
		from = INT64_MIN;
	for (line = p->text + seen->receipts_bytes; line < end && from != INT64_MIN;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		if (!stop || receipt_parse(line, (size_t)(stop - line), r, prev, &what))
			from = INT64_MIN;
		else if (r->t_us < from)
			from = r->t_us;
		line = stop ? stop + 1 : end;
	}
	free(r);
	return from;
}

void collected_still(struct collected *c, const struct dataset *before, const struct dataset_segment *s, const char *const *purposes, int count,
	int64_t now_us, struct collected_verdict *v, bool *again)
{
	const char *what = NULL;
	char time[28];
	memset(v, 0, sizeof *v);
	*again = false;
	if (s->has.expires_us <= now_us) {
		collected_refuse(v, "expired", "its retention ended %s: it must be deleted", clock_format(s->has.expires_us, time));
		return;
	}
	const struct dataset_participant *seen = dataset_participant_at(before, s->at.study, s->at.participant);
	struct collected_participant *p = collected_person(c, s->at.study, s->at.participant);
	/* A list that cannot be used is as good as none: anybody can write their pseudonym into a file. Two that the participant signed, and that contradict
	 * each other, are more. */
	if (!p || (!p->audit && !p->contradicted)) {
		*again = !seen;
		return;
	}
	if (!p->audit) {
		collected_refuse(v, "damaged", "%s", p->why);
		return;
	}
	v->audit = p->audit;
	v->decision = audit_find(p->audit, s->receipt, s->at.study, &what);
	bool older = seen && p->length < seen->receipts_bytes;
	if (v->decision < 0 && older)
		return; /* so old a copy that it tells nothing */
	if (!p->news_known) {
		p->strange = seen && !older ? collected_follows(p, seen) : NULL;
		p->news_us = !seen ? INT64_MIN : older || p->strange ? INT64_MAX : news_from(p, seen);
		p->news_known = true;
	}
	if (p->strange)
		collected_refuse(v, "damaged", "%s", p->strange);
	else if (v->decision < 0)
		collected_refuse(v, "consent", "%s", what);
	if (v->kind || !agreed(v, purposes, count))
		return;
	*again = p->news_us == INT64_MIN || (s->has.rows && s->has.last_us >= p->news_us - AUDIT_SLACK_US);
}

bool collected_covers(const struct collected_verdict *v, const struct event *e)
{
	const char *why;
	switch (e->kind) {
	case EVENT_GAP:
	case EVENT_START:
	case EVENT_STOP:
	case EVENT_CLOCK:
		/* Nothing of the participant's, but that there is nothing. */
		return true;
	case EVENT_SPAN:
		/* Its edges were moved outwards. */
		if ((e->has & HAS_END) && audit_permits(v->audit, v->decision, e->end_us, &why))
			return true;
		break;
	default:
		break;
	}
	return audit_permits(v->audit, v->decision, e->t_us, &why);
}

/* ---- Purposes ---- */

struct tally { const char *study, *purpose; int asked, agreed; };

/* Is it the first time that this participant was asked that? */
static bool is_first(const struct audit *a, int decision, const char *id)
{
	const char *other;
	bool yes;
	for (int d = 0; d < decision; d++)
		for (int i = 0; (other = audit_purpose(a, d, i, &yes)); i++)
			if (strcmp(other, id) == 0)
				return false;
	return true;
}

/* Is there anything of theirs that may be used for it? */
static bool stands(const struct audit *a, const char *id)
{
	for (int d = 0; d < audit_decisions(a); d++)
		if (audit_agrees(a, d, id) && !audit_refused_since(a, d, id) && !audit_withdrawn_since(a, d))
			return true;
	return false;
}

static struct tally *find_tally(struct tally **list, int *count, const char *study, const char *id)
{
	for (int i = 0; *list && i < *count; i++)
		if (strcmp((*list)[i].study, study) == 0 && strcmp((*list)[i].purpose, id) == 0)
			return &(*list)[i];
	struct tally *more = realloc(*list, (size_t)(*count + 1) * sizeof *more);
	if (!more)
		return NULL;
	*list = more;
	more[*count] = (struct tally){study, id, 0, 0};
	return &more[(*count)++];
}

/* Of every purpose how many were asked, and of how many there is something to use. A malloc'ed array, or NULL. */
static struct tally *count_purposes(const struct collected *c, int *count)
{
	struct tally *list = NULL;
	*count = 0;
	for (int p = 0; p < c->participants; p++) {
		const struct audit *a = c->participant[p].audit;
		for (int d = 0; a && d < audit_decisions(a); d++) {
			const char *id;
			bool yes;
			for (int i = 0; (id = audit_purpose(a, d, i, &yes)); i++) {
				struct tally *t = is_first(a, d, id) ? find_tally(&list, count, c->participant[p].study, id) : NULL;
				if (t) {
					t->asked++;
					t->agreed += stands(a, id);
				}
			}
		}
	}
	return list;
}

int collected_purposes(const struct collected *c)
{
	int count;
	struct tally *list = count_purposes(c, &count);
	for (int i = 0; i < count; i++)
		fprintf(stderr, "  --purpose %-24s study %s, agreed to by %d of %d participants\n", list[i].purpose, list[i].study, list[i].agreed,
			list[i].asked);
	free(list);
	return count;
}

bool collected_asks(const struct collected *c, const char *purpose)
{
	int count;
	bool asks = false;
	struct tally *list = count_purposes(c, &count);
	for (int i = 0; i < count && !asks; i++)
		asks = strcmp(list[i].purpose, purpose) == 0;
	free(list);
	return asks;
}
