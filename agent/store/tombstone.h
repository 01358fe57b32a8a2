/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What recipients are told about segments that were released: that they must be deleted. One JSON object in a file of its own,
 * ID.tombstone in the outbox, and the same in data/tombstones for as long as the data directory lives:
 *
 *   {"version":1,"id":"<32 hex>","time":"2026-05-01T12:34:56.123456Z","reason":"withdrawn","study":"typing-2026",
 *    "pseudonym":"<32 hex>","segments":[{"segment":"20260501T123456Z-0f3a9c11","hash":"<64 hex>"}],
 *    "agent_key":"<64 hex>","signature":"<128 hex>"}
 *
 * reason: withdrawn (erased), forgotten (a part of it; what is left was released anew), expired (its retention is over).
 * signature: Ed25519 by the study's agent key, which the participant's receipt names, of all before `,"signature"`.
 */
#ifndef ASSENT_TOMBSTONE_H
#define ASSENT_TOMBSTONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"

enum tombstone_reason { TOMBSTONE_WITHDRAWN, TOMBSTONE_FORGOTTEN, TOMBSTONE_EXPIRED, TOMBSTONE_REASON_COUNT };
enum { TOMBSTONE_SEGMENTS_MAX = 4096, TOMBSTONE_BYTES_MAX = 1 << 20 };

struct tombstone {
	char id[33], study[65], pseudonym[IDENTITY_PSEUDONYM];
	int64_t t_us;
	enum tombstone_reason reason;
	int count;
	struct { char segment[41]; uint8_t hash[32]; } *segment;   /* owned: tombstone_release */
	uint8_t agent_key[IDENTITY_KEY], signature[IDENTITY_SIGNATURE];
};

/* Strict JSON (exactly as above: this order, no blanks; a newline may follow) and a good signature by agent_key. Whether that key is the
 * participant's is for the caller to see (receipts). ERROR_INVALID, *what; ERROR_CORRUPT: the signature; ERROR_MEMORY. */
int tombstone_parse(const char *text, size_t length, struct tombstone *t, const char **what);
/* Signs it (fills agent_key, signature and, if empty, id and t_us), to a malloc'ed text of *length bytes. */
int tombstone_format(const struct identity *identity, struct tombstone *t, char **text, size_t *length);
void tombstone_release(struct tombstone *t);

/* "withdrawn", "forgotten", "expired". */
const char *tombstone_reason_name(enum tombstone_reason reason);
/* Is it a segment's name, without suffix? */
bool tombstone_segment_is(const char *name);

#endif
