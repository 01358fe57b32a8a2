/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an erasure has done, in three parts: what is proven (looked at again afterwards), who was notified, and what is impossible. Kept in
 * data/certificates as STUDY-TIME.txt and .json; the latter signed by the study's agent key: `,"signature":"<128 hex>"` before its last brace signs
 * all bytes before it.
 */
#ifndef ASSENT_CERTIFICATE_H
#define ASSENT_CERTIFICATE_H

#include "../store/keep.h"
#include "session.h"

struct certificate_file {
	char name[256];
	bool key;
	uint8_t hash[32];                /* of a key file: BLAKE2b-256 of its bytes; of a released segment: of the segment's */
	int64_t bytes;
	bool left;                       /* it is still there */
	bool released, collected;        /* .seg: it had been released; it was no more in the outbox */
	char tombstone[33];              /* .seg: that names it */
	char recipient[17], pseudonym[33];
};

struct certificate {
	char study[65];
	int64_t t_us;
	int count, room;
	struct certificate_file *file;   /* what there was, here and in the outbox */
	bool folder_left;                /* the study's folder is still there */
	struct keep_erased erased;
	int revoke_error;                /* ERROR_...: tombstones could not be written */
	bool key_unknown;                /* the identity is not the one that the recipients know */
	int list_damaged;                /* lines of the list of what was released that cannot be read */
	int untold;                      /* released segments that no valid tombstone names */
	char contact[256], controller[256]; /* from the manifest; may be empty */
};

/* Lists what there is of the study, and keeps the list (data/certificates/.STUDY.pending) until the certificate is written: should this be
 * interrupted, the next one has it all. EXIT_DONE, or EXIT_FAILED (it complained). */
int certificate_begin(const struct session *s, const char *study, struct certificate *c);
/* Looks again, and at what was released. */
int certificate_look(const struct session *s, struct certificate *c);
bool certificate_is_whole(const struct certificate *c);
/* Writes both files and prints the text; complains if they cannot be written. EXIT_DONE or EXIT_FAILED. json: prints that instead. */
int certificate_write(const struct session *s, const struct certificate *c, bool json);
/* Forgets that list. */
void certificate_done(const struct session *s, const struct certificate *c);
/* The studies of which an erasure was interrupted, one after the other, i from 0. false: no more. */
bool certificate_pending(const struct session *s, int i, char study[65]);
void certificate_release(struct certificate *c);

#endif
