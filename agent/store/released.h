/* SPDX-License-Identifier: Apache-2.0 */
/*
 * data/released.jsonl: what was released, and what of it was called back. Append-only; a line each:
 *
 *   {"segment":"20260501T123456Z-0f3a9c11","study":"typing-2026","pseudonym":"<32 hex>","hash":"<64 hex>",
 *    "recipient":"<16 hex>","time":"2026-05-04T12:34:56.123456Z"}
 *
 * and, once a tombstone names it, the same again with ,"gone":"withdrawn|forgotten|expired","tombstone":"<32 hex>" before the brace.
 */
#ifndef ASSENT_RELEASED_H
#define ASSENT_RELEASED_H

#include "recipient.h"
#include "tombstone.h"

struct released_entry {
	char segment[41], study[65], pseudonym[IDENTITY_PSEUDONYM];
	uint8_t hash[32];                /* BLAKE2b-256 of the .seg */
	char recipient[RECIPIENT_ID];
	int64_t t_us;
	bool gone;
	enum tombstone_reason reason;    /* of gone */
	char tombstone[33];
};

struct released {
	struct released_entry *entry;    /* sorted by name; the last word on each (a name is never used twice) */
	int count;
	int damaged;                     /* lines that could not be read (1: it is no file, or too large); a torn last line is none */
};

/* No file: empty. ERROR_IO, ERROR_MEMORY. data: the data directory. */
int released_load(const char *data, struct released *r);
void released_release(struct released *r);
/* NULL: it never was. */
const struct released_entry *released_find(const struct released *r, const char *segment);
/* All of them in one write behind the last whole line, and fsyncs. ERROR_IO, ERROR_MEMORY. */
int released_append(const char *data, const struct released_entry *entries, int count);

#endif
