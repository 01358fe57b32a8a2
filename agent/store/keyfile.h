/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEGMENT.key, beside a segment and never in it: the segment's key, as sealed boxes (libsodium crypto_box_seal), and what has to be
 * known of a segment by those who cannot read it. Without this file a segment is noise, to everybody. Text, in this order:
 *
 *   assent key 1
 *   segment 20260501T123456Z-0f3a9c11
 *   study typing-2026
 *   pseudonym 32 hex digits                 the participant's in this study
 *   receipt 64 hex digits                   hash of the line of the ledger that it was recorded under
 *   begun 2026-05-01T12:34:56.123456Z
 *   expires 2026-07-30T12:34:56.123456Z     the study's retention (and policy's) when it was recorded
 *   release 2026-05-04T13:00:00.000000Z     when it may be released: the review counts from the end of its hour; or "manual"; or "never": the study names no recipient
 *   participant BASE64                      sealed box of the 32 bytes, to the participant
 *   recipient KEY BASE64                    to the recipient with this public key (assent-pub-...); missing while release is manual or never
 *
 * In the outbox the participant's box is missing, and these follow:
 *
 *   hash 64 hex digits                      BLAKE2b-256 of the .seg
 *   signature 128 hex digits                Ed25519, by the study's agent key, of all above with its last newline
 */
#ifndef ASSENT_KEYFILE_H
#define ASSENT_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../format/segment.h"
#include "identity.h"
#include "recipient.h"

#define KEYFILE_MANUAL INT64_MAX
#define KEYFILE_NEVER (INT64_MAX - 1)

enum { KEYFILE_BOX = 80, KEYFILE_MAX = 4096 };

struct keyfile {
	char segment[41], study[65], pseudonym[IDENTITY_PSEUDONYM];
	uint8_t receipt_hash[32];
	int64_t begun_us, expires_us;    /* UTC */
	int64_t release_us;              /* or KEYFILE_MANUAL, KEYFILE_NEVER */
	bool has_participant, has_recipient;
	uint8_t participant[KEYFILE_BOX];
	uint8_t recipient_key[RECIPIENT_KEY]; /* what is written and read */
	char recipient_id[RECIPIENT_ID]; /* recipient_id() of it: filled in by parse, and not looked at by format */
	uint8_t recipient[KEYFILE_BOX];
	bool released;                   /* hash and signature are there */
	uint8_t hash[32];
	uint8_t signature[IDENTITY_SIGNATURE];
};

/* Strict. ERROR_INVALID; *what says what is wrong, for people. */
int keyfile_parse(const char *text, size_t length, struct keyfile *k, const char **what);
/* The length without a terminating 0. What signature signs are the first *signed_length bytes (may be NULL). ERROR_INVALID. */
int keyfile_format(const struct keyfile *k, char out[KEYFILE_MAX], size_t *signed_length);
/* Below an open directory. ERROR_IO (ENOENT: none), ERROR_INVALID; ERROR_GONE: it was overwritten already, and only its name is left. */
int keyfile_read(int directory, const char *name, struct keyfile *k, const char **what);
/* Whole or not at all, and there after a power cut; replaces what is there. name: "SEGMENT.key". A crash can leave SEGMENT.key.tmp, which has sealed
 * boxes, too: who destroys key files destroys these as well. */
int keyfile_write(int directory, const char *name, const struct keyfile *k);
/* Overwrites its content, waits for the disk, removes it (also where it cannot be overwritten), waits again. 0 also when there is none. ERROR_IO. What that can mean on
 * storage that never overwrites in place (SSD, copy-on-write, backups) is for docs/PARTICIPANTS.md to say. */
int keyfile_destroy(int directory, const char *name);

/* ERROR_INVALID: nothing can be sealed to that key. */
int keyfile_seal(const uint8_t key[SEGMENT_KEY], const uint8_t to[32], uint8_t box[KEYFILE_BOX]);
/* ERROR_DENIED: it was sealed to another. */
int keyfile_open(const uint8_t box[KEYFILE_BOX], const uint8_t public_key[32], const uint8_t secret[32], uint8_t key[SEGMENT_KEY]);

#endif
