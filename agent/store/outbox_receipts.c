/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"
#include "outbox_inside.h"
#include "receipt.h"

enum { MANIFESTS_MAX = 64 };

struct chosen {
	char *text;                      /* whole lines */
	size_t length;
	int manifests;
	uint8_t manifest[MANIFESTS_MAX][32];
};

static void note_manifest(struct chosen *c, const uint8_t hash[32])
{
	for (int i = 0; i < c->manifests; i++)
		if (memcmp(c->manifest[i], hash, 32) == 0)
			return;
	if (c->manifests < MANIFESTS_MAX)
		memcpy(c->manifest[c->manifests++], hash, 32);
}

/* From the first yes under this pseudonym to the next under another, but for what is nobody's business. */
static int choose(const char *text, size_t length, const char *study, const char *pseudonym, struct chosen *c)
{
	struct receipt *r = malloc(sizeof *r);
	bool ours = false;
	const char *at = text, *end;
	int e = 0;
	memset(c, 0, sizeof *c);
	if (!r || !(c->text = malloc(length + 1))) {
		free(r);
		return ERROR_MEMORY;
	}
	for (; e == 0 && (end = memchr(at, '\n', length - (size_t)(at - text))); at = end + 1) {
		uint8_t prev[RECEIPT_HASH];
		const char *what;
		size_t n = (size_t)(end - at);
		int bad = receipt_parse(at, n, r, prev, &what);
		/* What was not read for want of memory may be a withdrawal. */
		if (bad == ERROR_MEMORY)
			e = bad;
		if (bad || strcmp(r->study, study) != 0)
			continue;
		if (receipt_is_yes(r)) {
			ours = strcmp(r->pseudonym, pseudonym) == 0;
			if (ours)
				note_manifest(c, r->manifest_hash);
		}
		if (!ours || r->state == LEDGER_REQUESTED || r->state == LEDGER_REFUSED || r->state == LEDGER_DEFERRED)
			continue;
		memcpy(c->text + c->length, at, n + 1);
		c->length += n + 1;
	}
	free(r);
	if (e) {
		free(c->text);
		memset(c, 0, sizeof *c);
	}
	return e;
}

/* What was put there last, as a hash: so that nothing is sent twice for nothing, and a change not missed. */
static void sum_name(char out[OUTBOX_NAME_MAX], const char *study, const char *pseudonym)
{
	snprintf(out, OUTBOX_NAME_MAX, ".%s.%s.sum", study, pseudonym);
}

static bool unchanged(const struct outbox *o, const char *name, const char *hex)
{
	char *was;
	size_t n;
	if (outbox_slurp(o->staging, name, 1024, &was, &n))
		return false;
	bool is = strcmp(was, hex) == 0;
	free(was);
	return is;
}

static int put_manifest(const struct outbox *o, int folder, const char *study, const char *pseudonym, const uint8_t hash[32])
{
	char hex[17], path[PLACE_MAX + 96], name[OUTBOX_NAME_MAX], staged[OUTBOX_NAME_MAX];
	char *text;
	size_t n;
	sodium_bin2hex(hex, sizeof hex, hash, 8);
	snprintf(name, sizeof name, "study-%s.yaml", hex);
	if (outbox_exists(folder, name))
		return 0;
	snprintf(path, sizeof path, "%s/%s-%s.yaml", o->places->studies, study, hex);
	int e = outbox_slurp(AT_FDCWD, path, CONFIG_BYTES_MAX, &text, &n);
	if (e)
		return e;
	e = outbox_staged(staged, study, pseudonym, name);
	if (e == 0)
		e = outbox_stage(o, staged, text, n);
	if (e == 0)
		e = outbox_place(o, staged, folder, name, false);
	free(text);
	return e;
}

static int put(const struct outbox *o, const char *study, const char *pseudonym, const struct chosen *c, const char *hex)
{
	char staged[OUTBOX_NAME_MAX], sum[OUTBOX_NAME_MAX];
	int folder = outbox_folder(o, study, pseudonym, true), e;
	if (folder < 0)
		return folder;
	/* A manifest that is gone from here is no reason to keep a withdrawal back. */
	for (int i = 0; i < c->manifests; i++)
		put_manifest(o, folder, study, pseudonym, c->manifest[i]);
	e = outbox_staged(staged, study, pseudonym, "receipts.jsonl");
	if (e == 0)
		e = outbox_stage(o, staged, c->text, c->length);
	if (e == 0)
		e = outbox_place(o, staged, folder, "receipts.jsonl", true);
	if (e == 0) {
		sum_name(sum, study, pseudonym);
		e = outbox_stage(o, sum, hex, strlen(hex));
	}
	close(folder);
	return e;
}

static bool is_there(const struct outbox *o, const char *study, const char *pseudonym)
{
	int folder = outbox_folder(o, study, pseudonym, false);
	if (folder < 0)
		return false;
	bool there = outbox_exists(folder, "receipts.jsonl");
	close(folder);
	return there;
}

int outbox_receipts_put(const struct outbox *o, const char *study, const char *pseudonym, bool always)
{
	char *text, hex[65], sum[OUTBOX_NAME_MAX];
	uint8_t hash[32];
	size_t length;
	struct chosen c = {0};
	int e = outbox_slurp(AT_FDCWD, o->places->ledger, LEDGER_BYTES_MAX, &text, &length);
	if (e)
		return e == ERROR_IO && errno == ENOENT ? 0 : e;
	e = choose(text, length, study, pseudonym, &c);
	free(text);
	/* No yes any more (a damaged ledger was set aside): what recipients have says more than nothing would. */
	if (e || !c.length)
		goto out;
	crypto_generichash(hash, sizeof hash, (const unsigned char *)c.text, c.length, NULL, 0);
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	sum_name(sum, study, pseudonym);
	if (unchanged(o, sum, hex) && (!always || is_there(o, study, pseudonym)))
		goto out;
	e = put(o, study, pseudonym, &c, hex);
out:
	free(c.text);
	return e;
}

int outbox_receipts(const struct places *places, const char *study)
{
	struct released r;
	struct outbox o;
	int worst = 0, e = released_load(places->data, &r);
	if (e || !r.count)
		return e;
	e = outbox_open(places, true, &o);
	if (e)
		goto out;
	for (int i = 0; i < r.count; i++) {
		const struct released_entry *x = &r.entry[i];
		bool seen = study && strcmp(x->study, study) != 0;
		for (int k = 0; k < i && !seen; k++)
			seen = strcmp(r.entry[k].study, x->study) == 0 && strcmp(r.entry[k].pseudonym, x->pseudonym) == 0;
		if (!seen && (e = outbox_receipts_put(&o, x->study, x->pseudonym, false)))
			worst = e;
	}
	outbox_close(&o);
	e = worst;
out:
	released_release(&r);
	return e;
}
