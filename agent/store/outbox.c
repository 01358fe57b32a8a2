/* SPDX-License-Identifier: Apache-2.0 */
/* outbox_release(): from the spool to the outbox. */
#include "outbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "keep.h"
#include "ledger.h"
#include "outbox_inside.h"
#include "spool.h"

struct pass {
	const struct places *places;
	const struct identity *identity;
	const struct keyring *keyring;
	const struct outbox_request *request;
	struct outbox_report *report;
	struct outbox_consent consent;
	struct ledger_watch ledger;
	struct released released;
	struct outbox outbox;            /* not with dry */
	/* The manifest that the last segment was recorded under, and what is left of it. */
	struct study *study;
	struct merged merged;
	char told[65 + IDENTITY_PSEUDONYM]; /* whose receipts were put there last */
};

static void fail(struct pass *p, const char *segment, const char *what)
{
	p->report->failed++;
	if (p->request->complain)
		p->request->complain(segment, what);
}

/* ---- What was interrupted ---- */

enum { STAGED_SEG, STAGED_KEY, STAGED_OTHER };

static int kind_of(const char *name, char segment[41])
{
	size_t n = strlen(name);
	if (n < 5 || n - 4 > 40)
		return STAGED_OTHER;
	memcpy(segment, name, n - 4);
	segment[n - 4] = 0;
	if (!tombstone_segment_is(segment))
		return STAGED_OTHER;
	return strcmp(name + n - 4, ".seg") == 0 ? STAGED_SEG : strcmp(name + n - 4, ".key") == 0 ? STAGED_KEY : STAGED_OTHER;
}

/* A key goes out behind its segment, or not at all; and not when consent has ended meanwhile. */
static bool may_follow(struct pass *p, const char *staged, const char *study, const char *pseudonym, const char *segment)
{
	char name[OUTBOX_NAME_MAX], other[OUTBOX_NAME_MAX];
	struct keyfile k;
	const char *what;
	snprintf(name, sizeof name, "%s.key", segment);
	if (outbox_staged(other, study, pseudonym, name) || keyfile_read(p->outbox.staging, other, &k, &what))
		return strcmp(staged, other) != 0;
	const struct outbox_yes *yes = outbox_consent_find(&p->consent, k.receipt_hash, study);
	if (!yes || yes->ended)
		return false;
	if (strcmp(staged, other) != 0)
		return true;
	snprintf(name, sizeof name, "%s.seg", segment);
	return outbox_staged(other, study, pseudonym, name) == 0 && !outbox_exists(p->outbox.staging, other);
}

static int finish_staged(struct pass *p, const char *staged, int wanted)
{
	char study[65], pseudonym[IDENTITY_PSEUDONYM], name[OUTBOX_NAME_MAX], segment[41];
	if (outbox_unstaged(staged, study, pseudonym, name))
		return 0;
	int kind = kind_of(name, segment);
	if (kind != wanted)
		return 0;
	const struct released_entry *e = kind == STAGED_OTHER ? NULL : released_find(&p->released, segment);
	if (!e || e->gone) {
		if (kind == STAGED_KEY)
			return keyfile_destroy(p->outbox.staging, staged);
		return unlinkat(p->outbox.staging, staged, 0) && errno != ENOENT ? ERROR_IO : 0;
	}
	if (!may_follow(p, staged, study, pseudonym, segment))
		return 0;
	int folder = outbox_folder(&p->outbox, study, pseudonym, true);
	if (folder < 0)
		return folder;
	int r = outbox_place(&p->outbox, staged, folder, name, false);
	close(folder);
	return r;
}

static int finish_all(struct pass *p)
{
	int worst = outbox_revoke_finish(&p->outbox);
	for (int kind = STAGED_SEG; kind <= STAGED_OTHER; kind++) {
		int fd = openat(p->outbox.staging, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		DIR *dir = fd < 0 ? NULL : fdopendir(fd);
		if (!dir) {
			if (fd >= 0)
				close(fd);
			return ERROR_IO;
		}
		for (struct dirent *entry; (entry = readdir(dir));) {
			size_t n = strlen(entry->d_name);
			/* A tombstone that is still here waits for the next time. */
			if (entry->d_name[0] == '.' || (n > 10 && strcmp(entry->d_name + n - 10, ".tombstone") == 0))
				continue;
			int e = finish_staged(p, entry->d_name, kind);
			if (e) {
				worst = e;
				fail(p, entry->d_name, "could not be put into the outbox; it is tried again");
			}
		}
		closedir(dir);
	}
	return worst == ERROR_MEMORY ? worst : 0;
}

/* ---- One segment ---- */

static int open_study(const struct places *places, const char *name)
{
	char path[PLACE_MAX + 80];
	int n = snprintf(path, sizeof path, "%s/%s", places->spool, name);
	int fd = n < 0 || (size_t)n >= sizeof path ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd;
}

/* The manifest that was agreed to, as policy and participant leave it. */
static const char *limits(struct pass *p, const struct outbox_yes *yes)
{
	char path[PLACE_MAX + 96], hex[17];
	struct config_error error;
	if (p->study && memcmp(p->study->hash, yes->manifest_hash, sizeof p->study->hash) == 0)
		return NULL;
	study_free(p->study);
	p->study = NULL;
	sodium_bin2hex(hex, sizeof hex, yes->manifest_hash, 8);
	snprintf(path, sizeof path, "%s/%s-%s.yaml", p->places->studies, yes->study, hex);
	if (study_load(path, &p->study, &error))
		return "the manifest that it was recorded under cannot be read (data/studies)";
	if (memcmp(p->study->hash, yes->manifest_hash, sizeof p->study->hash) != 0) {
		study_free(p->study);
		p->study = NULL;
		return "the manifest that it was recorded under was changed (data/studies)";
	}
	settings_merge(p->study, p->request->policy, p->request->participant, &p->merged);
	return NULL;
}

static bool is_asked_for(const struct outbox_request *r, const char *segment)
{
	if (!r->names)
		return true;
	for (int i = 0; i < r->names_count; i++)
		if (strcmp(r->names[i], segment) == 0)
			return true;
	return false;
}

/* Is it its turn? What keeps it is counted. */
static bool is_due(struct pass *p, const struct keyfile *k, const struct outbox_yes *yes)
{
	const struct outbox_request *r = p->request;
	bool by_hand = r->by_hand || r->names;
	if (r->by_hand ? k->begun_us >= r->before_us : false)
		return false;
	if (!by_hand && k->release_us != KEYFILE_MANUAL && k->release_us != KEYFILE_NEVER && p->merged.review_us >= 0) {
		int64_t at = k->begun_us + p->merged.review_us;
		if (at < k->release_us)
			at = k->release_us;
		if (at > r->now_us) {
			if (at < p->report->next_us && !p->merged.release_forbidden && yes->in_force)
				p->report->next_us = at;
			return false;
		}
	}
	if (k->release_us == KEYFILE_NEVER || p->merged.release_forbidden) {
		p->report->skipped_never++;
		return false;
	}
	if (yes->ended || (!by_hand && !yes->in_force)) {
		p->report->skipped_consent++;
		return false;
	}
	if (!by_hand && (k->release_us == KEYFILE_MANUAL || p->merged.review_us < 0)) {
		p->report->skipped_manual++;
		return false;
	}
	return true;
}

/* The recipient's box, where the writer made none. NULL, or what is wrong; "": nothing to complain about. */
static const char *seal(struct pass *p, const char *path, struct keyfile *k)
{
	uint8_t to[RECIPIENT_KEY];
	const char *what = NULL, *wrong = NULL;
	if (k->has_recipient)
		return NULL;
	if (!*p->study->recipient_key || recipient_parse(p->study->recipient_key, to)) {
		p->report->skipped_never++;
		return "";
	}
	memcpy(k->recipient_key, to, sizeof k->recipient_key);
	recipient_id(to, k->recipient_id);
	if (p->request->dry)
		return NULL;
	if (!p->keyring) {
		p->report->skipped_manual++;
		return "";
	}
	uint8_t *key = sodium_malloc(SEGMENT_KEY);
	if (!key)
		return "there is no memory that can be locked";
	int e = keyring_segment(p->keyring, path, key, NULL, &what);
	if (e == 0)
		e = keyfile_seal(key, to, k->recipient);
	sodium_free(key);
	if (e)
		wrong = what ? what : error_text(e);
	k->has_recipient = true;
	return wrong;
}

static int put(struct pass *p, int directory, const char *segment, struct keyfile *k)
{
	struct outbox *o = &p->outbox;
	char name[OUTBOX_NAME_MAX], seg[OUTBOX_NAME_MAX], key[OUTBOX_NAME_MAX], text[KEYFILE_MAX];
	struct released_entry entry = {.t_us = p->request->now_us};
	size_t signed_length;
	int source = -1, folder = -1, e;
	snprintf(name, sizeof name, "%s.seg", segment);
	if ((e = outbox_staged(seg, k->study, k->pseudonym, name)))
		goto out;
	source = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	e = source < 0 ? ERROR_IO : outbox_stage_copy(o, seg, source, k->hash, NULL);
	if (e)
		goto out;
	k->has_participant = false;
	k->released = true;
	e = keyfile_format(k, text, &signed_length);
	if (e >= 0)
		e = identity_agent_sign(p->identity, k->study, text, signed_length, k->signature);
	int length = e ? e : keyfile_format(k, text, NULL);
	if (length < 0) {
		e = length;
		goto out;
	}
	snprintf(name, sizeof name, "%s.key", segment);
	if ((e = outbox_staged(key, k->study, k->pseudonym, name)) || (e = outbox_stage(o, key, text, (size_t)length)))
		goto out;
	snprintf(entry.segment, sizeof entry.segment, "%s", segment);
	memcpy(entry.study, k->study, sizeof entry.study);
	memcpy(entry.pseudonym, k->pseudonym, sizeof entry.pseudonym);
	memcpy(entry.hash, k->hash, sizeof entry.hash);
	memcpy(entry.recipient, k->recipient_id, sizeof entry.recipient);
	/* The files' names must be on the disk before the line is: else a power cut could make it look collected. */
	if (fsync(o->staging)) {
		e = ERROR_IO;
		goto out;
	}
	if ((e = released_append(p->places->data, &entry, 1)))
		goto out;
	folder = outbox_folder(o, k->study, k->pseudonym, true);
	if (folder < 0) {
		e = folder;
		goto out;
	}
	snprintf(name, sizeof name, "%s.seg", segment);
	if ((e = outbox_place(o, seg, folder, name, false)))
		goto out;
	snprintf(name, sizeof name, "%s.key", segment);
	e = outbox_place(o, key, folder, name, false);
out:;
	int saved = errno;
	if (source >= 0)
		close(source);
	if (folder >= 0)
		close(folder);
	errno = saved;
	return e;
}

/* Receipts come before the first segment that they are about. */
static int tell(struct pass *p, const struct keyfile *k)
{
	char whose[sizeof p->told];
	snprintf(whose, sizeof whose, "%s/%s", k->study, k->pseudonym);
	if (strcmp(whose, p->told) == 0)
		return 0;
	int e = outbox_receipts_put(&p->outbox, k->study, k->pseudonym, true);
	if (e == 0)
		memcpy(p->told, whose, sizeof whose);
	return e;
}

/* It takes a while, and a withdrawal in the middle of it holds for what has not left yet. */
static int consent_now(struct pass *p)
{
	if (!ledger_changed(p->places->ledger, &p->ledger))
		return 0;
	outbox_consent_release(&p->consent);
	return outbox_consent(p->places, p->identity, p->request->now_us, &p->consent);
}

static int one(struct pass *p, int directory, const char *study, const char *segment)
{
	char name[OUTBOX_NAME_MAX], path[SPOOL_PATH_MAX];
	uint8_t agent[IDENTITY_KEY];
	struct keyfile k;
	struct stat st;
	const char *what = NULL;
	int e = consent_now(p);
	if (e)
		return e;
	snprintf(name, sizeof name, "%s.key", segment);
	e = keyfile_read(directory, name, &k, &what);
	/* Without a key it is being erased, or is noise. */
	if ((e == ERROR_IO && errno == ENOENT) || e == ERROR_GONE)
		return 0;
	if (e == 0)
		what = strcmp(k.study, study) != 0 || strcmp(k.segment, segment) != 0 ? "its key file belongs to another segment" : NULL;
	else if (!what)
		what = error_text(e);
	if (what) {
		fail(p, segment, what);
		return e == ERROR_MEMORY ? e : 0;
	}
	if (k.expires_us <= p->request->now_us || released_find(&p->released, segment))
		return 0;
	const struct outbox_yes *yes = outbox_consent_find(&p->consent, k.receipt_hash, study);
	/* Not by this ledger: it was begun anew. */
	if (!yes || strcmp(yes->pseudonym, k.pseudonym) != 0) {
		p->report->skipped_consent++;
		return 0;
	}
	if ((what = limits(p, yes))) {
		fail(p, segment, what);
		return 0;
	}
	if (!is_due(p, &k, yes))
		return 0;
	if (identity_agent_key(p->identity, study, agent) || memcmp(agent, yes->agent_key, sizeof agent) != 0) {
		fail(p, segment, "the identity is not the one that agreed: no recipient could tell that it is from you");
		return 0;
	}
	snprintf(path, sizeof path, "%s/%s/%s.seg", p->places->spool, study, segment);
	if ((what = seal(p, path, &k))) {
		if (*what)
			fail(p, segment, what);
		return 0;
	}
	snprintf(name, sizeof name, "%s.seg", segment);
	if (p->request->dry) {
		if (p->request->found)
			p->request->found(p->request->user, &k, fstatat(directory, name, &st, 0) ? 0 : st.st_size);
		p->report->released++;
		return 0;
	}
	e = tell(p, &k);
	if (e == 0)
		e = put(p, directory, segment, &k);
	if (e)
		fail(p, segment, e == ERROR_IO ? strerror(errno) : errno == EEXIST && e == ERROR_INVALID ?
		     "another file of its name is in the outbox" : error_text(e));
	else
		p->report->released++;
	return e == ERROR_MEMORY ? e : 0;
}

/* ---- All of them ---- */

static int one_study(struct pass *p, const char *study)
{
	struct spool_list list;
	char path[PLACE_MAX + 80];
	const char *inputs[1] = {path};
	if ((p->request->study && strcmp(p->request->study, study) != 0) || strlen(study) > 64)
		return 0;
	snprintf(path, sizeof path, "%s/%s", p->places->spool, study);
	int directory = open_study(p->places, study), e = 0;
	if (directory < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : ERROR_IO;
	e = spool_find(inputs, 1, &list);
	for (int i = 0; e == 0 && i < list.count; i++) {
		char segment[41];
		const char *slash = strrchr(list.path[i], '/');
		if (slash && kind_of(slash + 1, segment) == STAGED_SEG && is_asked_for(p->request, segment))
			e = one(p, directory, study, segment);
	}
	spool_list_release(&list);
	close(directory);
	return e;
}

static int all_studies(struct pass *p)
{
	DIR *dir = opendir(p->places->spool);
	int e = 0;
	if (!dir)
		return errno == ENOENT ? 0 : ERROR_IO;
	for (struct dirent *entry; e == 0 && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			e = one_study(p, entry->d_name);
	closedir(dir);
	return e;
}

/* Still here, and its consent has ended? */
static bool is_to_come_back(void *user, const struct released_entry *e)
{
	struct pass *p = user;
	char name[OUTBOX_NAME_MAX], staged[OUTBOX_NAME_MAX];
	struct keyfile k;
	const char *what;
	snprintf(name, sizeof name, "%s.key", e->segment);
	int folder = outbox_folder(&p->outbox, e->study, e->pseudonym, false);
	bool known = folder >= 0 && keyfile_read(folder, name, &k, &what) == 0;
	if (folder >= 0)
		close(folder);
	if (!known && outbox_staged(staged, e->study, e->pseudonym, name) == 0)
		known = keyfile_read(p->outbox.staging, staged, &k, &what) == 0;
	const struct outbox_yes *yes = known ? outbox_consent_find(&p->consent, k.receipt_hash, e->study) : NULL;
	return yes && yes->ended;
}

/* For each study, or each study and pseudonym, once. */
static int afterwards(struct pass *p)
{
	int worst = 0, e, count;
	char id[33];
	for (int i = 0; i < p->released.count; i++) {
		const struct released_entry *x = &p->released.entry[i];
		bool seen = false, seen_study = false;
		for (int k = 0; k < i && !seen; k++) {
			bool same = strcmp(p->released.entry[k].study, x->study) == 0;
			seen_study |= same;
			seen = same && strcmp(p->released.entry[k].pseudonym, x->pseudonym) == 0;
		}
		if (!seen_study && (e = outbox_revoke_some(&p->outbox, p->identity, x->study, is_to_come_back, p, TOMBSTONE_WITHDRAWN, &count, id)))
			worst = e;
		if (!seen && (e = outbox_receipts_put(&p->outbox, x->study, x->pseudonym, false)))
			worst = e;
	}
	return worst;
}

int outbox_release(const struct places *places, const struct identity *identity, const struct keyring *keyring,
	const struct outbox_request *request, struct outbox_report *report)
{
	struct pass *p = calloc(1, sizeof *p);
	int lock = -1;
	bool opened = false;
	*report = (struct outbox_report){.next_us = INT64_MAX};
	if (!p)
		return ERROR_MEMORY;
	p->places = places;
	p->identity = identity;
	p->keyring = keyring;
	p->request = request;
	p->report = report;
	/* Nothing was recorded and nothing released: nothing to do, and no folder to make. */
	int e = released_load(places->data, &p->released);
	if (e || (access(places->spool, F_OK) && !p->released.count))
		goto out;
	if ((lock = keep_lock(places)) < 0 && lock != ERROR_GONE) {
		e = lock;
		goto out;
	}
	if ((e = consent_now(p)))
		goto out;
	if (!request->dry) {
		if ((e = outbox_open(places, true, &p->outbox)))
			goto out;
		opened = true;
		/* Under the lock, as it is now. */
		released_release(&p->released);
		if ((e = released_load(places->data, &p->released)) || (e = finish_all(p)))
			goto out;
	}
	e = all_studies(p);
	if (opened && e == 0) {
		released_release(&p->released);
		e = released_load(places->data, &p->released);
		if (e == 0)
			e = afterwards(p);
	}
out:
	if (opened)
		outbox_close(&p->outbox);
	if (lock >= 0)
		keep_unlock(lock);
	study_free(p->study);
	outbox_consent_release(&p->consent);
	released_release(&p->released);
	free(p);
	return e;
}
