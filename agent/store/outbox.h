/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the participant has released, and all that IT ever collects: plain files, each put in place by one rename.
 *
 *   data/outbox/STUDY/PSEUDONYM/SEGMENT.seg          as it is in the spool
 *                               SEGMENT.key          with the recipient's box alone, signed (keyfile.h); comes after its .seg
 *                               receipts.jsonl       the study's receipts from the first yes on, as they stand in the ledger; without
 *                                                    requests, deferrals and refusals: these never leave this machine
 *                               study-HASH.yaml      each manifest that was agreed to, by the first 16 digits of its hash
 *                               ID.tombstone
 *
 * Whoever collects may move or copy; nothing is expected to stay. Only by moving is it seen that something was collected. Files under way
 * are in data/outbox.tmp: also what recipients are to be told while the outbox cannot be reached (a share that is not mounted). Where the outbox is a file system of its own (a mount, or a link to one) they are copied to .NAME.tmp beside their
 * place first: who collects there leaves out names that begin with a dot.
 *
 * Folders and files are for the participant alone (0700, 0600) unless IT gave the folder data/outbox to a group: then that group may read, and
 * in the folders do what it may do in data/outbox (which has to be set-group-id for that).
 *
 * What was released is kept in data/released.jsonl (released.h). That line comes first, with all files ready in outbox.tmp; then they are
 * put in place, now or, after a crash, by the next outbox_release. A tombstone is in data/tombstones and ready in outbox.tmp before the line
 * that says gone. Functions here take a lock of their own (data/outbox.tmp/.lock); whoever holds the spool's (keep.h) may call all but
 * outbox_release, which takes both.
 */
#ifndef ASSENT_OUTBOX_H
#define ASSENT_OUTBOX_H

#include "../base/places.h"
#include "../base/settings.h"
#include "identity.h"
#include "keyring.h"
#include "tombstone.h"

/* How many are where, of one study or (NULL) of all. */
struct outbox_counts {
	int held;                        /* finished segments in the spool that are not released */
	int held_never;                  /* of these: their study names no recipient, or consent was withdrawn */
	int64_t next_release_us;         /* when the next of them is due; INT64_MAX: none is by itself */
	int64_t next_expiry_us;          /* when the next segment's retention ends; INT64_MAX: there is none */
	int released, collected;         /* released: also those that were collected (their .seg is no more in the outbox) */
	int tombstones, tombstones_collected;
};
/* merged: what policy and participant leave of the study in force, which can put a release off; or NULL. most_us: settings_retention_us(). ERROR_IO, ERROR_MEMORY. No lock, no key. */
int outbox_count(const struct places *places, const char *study, const struct merged *merged, int64_t most_us, struct outbox_counts *counts);

/* A name that stands in released.jsonl, gone or not, is not released again. */
struct outbox_report {
	int released, skipped_manual, skipped_never, skipped_consent, failed;
	int64_t next_us;                 /* when the next of those that are held for review is due by itself; INT64_MAX: none */
};
/*
 * Releases the finished segments that are due at now_us; by_hand: also those that are not due yet, begun before before_us (INT64_MAX: all),
 * of `study` (NULL: all). By time only under a consent that is in force now; by hand also after it has expired; what was recorded under a
 * consent that was withdrawn since, or was followed by a refusal, never (skipped_consent). A review that policy or participant made longer counts;
 * so does a policy that forbids release. Where the key file has no recipient's box (manual), keyring (or NULL) makes one for the key that
 * the study's manifest names. dry: only counts. What fails is told to complain (or NULL), the rest goes on. Then takes back what is not collected of
 * withdrawn consents, and brings every receipts.jsonl up to date. ERROR_IO, ERROR_MEMORY, ERROR_DENIED (a damaged ledger, a clock that is wrong: nothing
 * is released).
 */
struct outbox_request {
	const char *study;
	const char *const *names;        /* NULL: all. Else these alone, as by hand: what a forget left of segments that were released */
	int names_count;
	int64_t now_us, before_us;
	bool by_hand, dry;
	const struct settings *policy, *participant;
	void (*complain)(const char *segment, const char *what);
	/* With dry, of each segment that would be released (has_recipient false: a keyring is needed). May be NULL. */
	void (*found)(void *user, const struct keyfile *k, int64_t bytes);
	void *user;
};
int outbox_release(const struct places *places, const struct identity *identity, const struct keyring *keyring,
	const struct outbox_request *request, struct outbox_report *report);

/* Of released segments (those named, or all of the study if names is NULL): removes what is still in the outbox, key files first, and writes a
 * tombstone for them (more than one where there are more than it holds; tombstone_id: the last). *count: how many they name. 0 also if none was
 * released. identity NULL: ERROR_DENIED, but the files are removed all the same. */
int outbox_revoke(const struct places *places, const struct identity *identity, const char *study, const char *const *names, int names_count,
	enum tombstone_reason reason, int *count, char tombstone_id[33]);
/* The same with what of the study is in the outbox yet, for a withdrawal: *count as above. */
int outbox_recall(const struct places *places, const struct identity *identity, const char *study, int *count, char tombstone_id[33]);
/* Puts in place the tombstones of a revocation that was interrupted, and removes what a release that was interrupted made ready and did not note. 0 also if there are none. */
int outbox_finish(const struct places *places);
/* Stands it in released.jsonl, and is not gone? 1, 0, ERROR_IO, ERROR_MEMORY. */
int outbox_was_released(const struct places *places, const char *study, const char *segment);
/* Brings receipts.jsonl up to date where the study (NULL: each) has released anything: after a withdrawal, too. */
int outbox_receipts(const struct places *places, const char *study);

#endif
