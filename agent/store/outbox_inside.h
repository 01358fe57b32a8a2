/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files outbox*.c. */
#ifndef ASSENT_OUTBOX_INSIDE_H
#define ASSENT_OUTBOX_INSIDE_H

#include <sys/types.h>

#include "outbox.h"
#include "released.h"

enum { OUTBOX_NAME_MAX = 256 };

/* ---- outbox_files.c: putting files in place, and taking them away ---- */

struct outbox {
	const struct places *places;
	int folder, staging, lock;       /* descriptors of data/outbox (-1: it cannot be reached now) and data/outbox.tmp */
	mode_t file_mode, folder_mode;
};

/* make: makes the folders; else ERROR_GONE if there never was an outbox. ERROR_IO, ERROR_LIMIT. */
int outbox_open(const struct places *places, bool make, struct outbox *o);
void outbox_close(struct outbox *o);
/* data/outbox/STUDY/PSEUDONYM. A descriptor, ERROR_GONE (there is none; only without make), ERROR_IO. */
int outbox_folder(const struct outbox *o, const char *study, const char *pseudonym, bool make);
/* The name that a file under way has in outbox.tmp, and back. ERROR_LIMIT; ERROR_INVALID: it is not one. */
int outbox_staged(char out[OUTBOX_NAME_MAX], const char *study, const char *pseudonym, const char *name);
int outbox_unstaged(const char *staged, char study[65], char pseudonym[IDENTITY_PSEUDONYM], char name[OUTBOX_NAME_MAX]);
/* A new file in outbox.tmp, on the disk when it returns. ERROR_IO. */
int outbox_stage(const struct outbox *o, const char *staged, const void *data, size_t length);
/* The same of an open file, of which it also gives the BLAKE2b-256. */
int outbox_stage_copy(const struct outbox *o, const char *staged, int source, uint8_t hash[32], int64_t *bytes);
/* From outbox.tmp to its place, on the disk when it returns. Where a file is already: replace, or 0 if it is the same; else ERROR_INVALID. */
int outbox_place(const struct outbox *o, const char *staged, int folder, const char *name, bool replace);
/* A released segment's files, from both places: its key files first. */
int outbox_remove(const struct outbox *o, const char *study, const char *pseudonym, const char *segment);
/* Is any file of it in the outbox, or under way? */
bool outbox_has(const struct outbox *o, const char *study, const char *pseudonym, const char *segment);
bool outbox_exists(int folder, const char *name);
/* All of a file below an open folder, malloc'ed, with a 0 behind. ERROR_IO, ERROR_LIMIT (most), ERROR_MEMORY. */
int outbox_slurp(int folder, const char *name, size_t most, char **text, size_t *length);

/* ---- outbox_consent.c: which receipt still lets a segment go ---- */

struct outbox_yes {
	uint8_t hash[32], manifest_hash[32], agent_key[IDENTITY_KEY];
	char study[65], pseudonym[IDENTITY_PSEUDONYM];
	bool ended;                      /* withdrawn, or refused, since */
	bool in_force;                   /* this one or one that renewed it is in force now */
};
struct outbox_consent { struct outbox_yes *yes; int count; };

/* Of the whole ledger, which is judged first if there is an identity. ERROR_DENIED: damaged, or the clock is wrong; ERROR_IO; ERROR_MEMORY. */
int outbox_consent(const struct places *places, const struct identity *identity, int64_t now_us, struct outbox_consent *c);
void outbox_consent_release(struct outbox_consent *c);
const struct outbox_yes *outbox_consent_find(const struct outbox_consent *c, const uint8_t hash[32], const char *study);

/* ---- outbox_receipts.c ---- */

/* receipts.jsonl and the manifests of one folder. always: also if nothing changed since it was last put there, where it is not there. */
int outbox_receipts_put(const struct outbox *o, const char *study, const char *pseudonym, bool always);

/* ---- outbox_revoke.c ---- */

/* Of released segments of a study: those for which wanted says so (NULL: all). */
int outbox_revoke_some(const struct outbox *o, const struct identity *identity, const char *study,
	bool (*wanted)(void *user, const struct released_entry *e), void *user, enum tombstone_reason reason, int *count, char tombstone_id[33]);
/* Tombstones that were under way when something was interrupted; and segments that a release made ready and did not note go. */
int outbox_revoke_finish(const struct outbox *o);

#endif
