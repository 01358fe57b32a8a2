/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"
#include "ledger.h"
#include "outbox_inside.h"
#include "receipt.h"

/* What stands in the ledger has been judged: here it is only read. */
static int judge(const struct places *places, const struct identity *identity, int64_t now_us)
{
	struct ledger_trust *trust = malloc(sizeof *trust);
	struct ledger_view *view = malloc(sizeof *view);
	int e = trust && view ? 0 : ERROR_MEMORY;
	if (e == 0) {
		ledger_trust_init(trust, identity);
		e = ledger_read(places->ledger, trust, now_us, view);
	}
	if (e == 0 && (view->damaged || view->clock_wrong))
		e = ERROR_DENIED;
	free(view);
	free(trust);
	return e;
}

static int add_yes(struct outbox_consent *c, int *room, const struct receipt *r, const uint8_t hash[32])
{
	if (c->count == *room) {
		*room = *room ? 2 * *room : 16;
		struct outbox_yes *more = realloc(c->yes, (size_t)*room * sizeof *more);
		if (!more)
			return ERROR_MEMORY;
		c->yes = more;
	}
	struct outbox_yes *y = &c->yes[c->count++];
	memset(y, 0, sizeof *y);
	memcpy(y->hash, hash, sizeof y->hash);
	memcpy(y->manifest_hash, r->manifest_hash, sizeof y->manifest_hash);
	memcpy(y->agent_key, r->agent_key, sizeof y->agent_key);
	memcpy(y->study, r->study, sizeof y->study);
	memcpy(y->pseudonym, r->pseudonym, sizeof y->pseudonym);
	return 0;
}

static int apply(struct outbox_consent *c, int *room, const struct receipt *r, const uint8_t hash[32], int64_t now_us)
{
	bool yes = receipt_is_yes(r), no = r->state == LEDGER_WITHDRAWN || r->state == LEDGER_REFUSED;
	bool lapse = r->state == LEDGER_EXPIRED || r->state == LEDGER_INVALIDATED;
	if (yes) {
		int e = add_yes(c, room, r, hash);
		if (e)
			return e;
	}
	for (int i = 0; i < c->count; i++) {
		struct outbox_yes *y = &c->yes[i];
		if (strcmp(y->study, r->study) != 0)
			continue;
		if (no)
			y->ended = true;
		if (yes)
			y->in_force = r->until_us > now_us;
		else if (no || lapse)
			y->in_force = false;
		/* After a withdrawal a new yes is about what comes, not about what was. */
		if (y->ended)
			y->in_force = false;
	}
	return 0;
}

int outbox_consent(const struct places *places, const struct identity *identity, int64_t now_us, struct outbox_consent *c)
{
	char *text = NULL;
	size_t length = 0;
	int room = 0, e = identity ? judge(places, identity, now_us) : 0;
	c->yes = NULL;
	c->count = 0;
	if (e)
		return e;
	e = outbox_slurp(AT_FDCWD, places->ledger, LEDGER_BYTES_MAX, &text, &length);
	if (e == ERROR_IO && errno == ENOENT)
		return 0;
	struct receipt *r = malloc(sizeof *r);
	if (e == 0 && !r)
		e = ERROR_MEMORY;
	char *at = text, *end;
	while (e == 0 && (end = memchr(at, '\n', length - (size_t)(at - text)))) {
		uint8_t prev[RECEIPT_HASH], hash[RECEIPT_HASH];
		const char *what;
		int bad = receipt_parse(at, (size_t)(end - at), r, prev, &what);
		if (bad == 0) {
			receipt_hash(at, (size_t)(end - at), hash);
			e = apply(c, &room, r, hash, now_us);
		} else if (bad == ERROR_MEMORY) {
			/* It may be a withdrawal. */
			e = bad;
		}
		at = end + 1;
	}
	free(r);
	free(text);
	if (e)
		outbox_consent_release(c);
	return e;
}

void outbox_consent_release(struct outbox_consent *c)
{
	free(c->yes);
	c->yes = NULL;
	c->count = 0;
}

const struct outbox_yes *outbox_consent_find(const struct outbox_consent *c, const uint8_t hash[32], const char *study)
{
	for (int i = 0; i < c->count; i++)
		if (memcmp(c->yes[i].hash, hash, sizeof c->yes[i].hash) == 0 && strcmp(c->yes[i].study, study) == 0)
			return &c->yes[i];
	return NULL;
}
