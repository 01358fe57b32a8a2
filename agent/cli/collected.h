/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders as a recipient collected them from outboxes: whose segments are there, and which of them may be used for what. Where in the
 * folders a file lies does not matter, nor what the folders are called: what counts is what the files say, and who signed them.
 *
 * It cannot tell whether somebody made a whole participant up, receipts and all, or holds back the newest receipts or a tombstone.
 */
#ifndef ASSENT_COLLECTED_H
#define ASSENT_COLLECTED_H

#include "../dataset/dataset.h"
#include "../store/audit.h"
#include "../store/keyring.h"
#include "../store/spool.h"

struct collected_segment {
	char *path;
	struct dataset_place at;         /* as its key file says; else study and participant are "unknown" */
	uint8_t hash[32];                /* what its key file says, which nobody has checked yet */
};

/* A study's participant: what the receipts say. */
struct collected_participant {
	char study[65], pseudonym[33];
	char *path, *text;               /* of receipts.jsonl: the longest there is */
	size_t length;
	struct audit *audit;             /* NULL: cannot be used, why */
	char why[DATASET_WHY_MAX];
	bool contradicted;               /* two copies of the receipts say different things */
	bool news_known;                 /* collected_still's: */
	int64_t news_us;                 /* the earliest time that its newer receipts tell of */
	const char *strange;             /* why they do not follow those that the version before was made with, or NULL */
};

struct collected {
	int segments, participants, tombstones;
	int damaged;                     /* lists of receipts that it complained about */
	struct collected_segment *segment;           /* by study, participant, name */
	struct collected_participant *participant;   /* by study, pseudonym */
	char **tombstone;                            /* paths */
};

/* Looks through the folders (and, for tombstones alone, through one more or NULL). EXIT_DONE or EXIT_FAILED: it complained. */
int collected_find(struct collected *c, const char *const *inputs, int count, const char *tombstones);
void collected_release(struct collected *c);

/* NULL: there are no receipts of theirs. */
const struct collected_participant *collected_participant(const struct collected *c, const char *study, const char *pseudonym);
struct collected_participant *collected_person(struct collected *c, const char *study, const char *pseudonym);

/* The key of their agent, as far as it is known; NULL. before may be NULL. */
const uint8_t *collected_agent(const struct collected *c, const struct dataset *before, const char *study, const char *pseudonym);
/* Adds the tombstones to d that the participant's agent signed, and those of whom nothing is known yet. before: the version before, which knows the agents of those who are in it, or NULL. *bad: how
 * many it complained about. EXIT_DONE or EXIT_FAILED. */
int collected_tombstones(const struct collected *c, const struct dataset *before, struct dataset *d, int *bad);

/* Are these receipts (usable ones) those that the version before was made with, and what came after them? NULL: yes; else what they are. */
const char *collected_follows(const struct collected_participant *p, const struct dataset_participant *seen);

struct collected_verdict {
	const char *kind;                /* NULL: it may be used; else why not, as in dataset.json */
	char why[DATASET_WHY_MAX];
	const struct audit *audit;
	int decision;
	struct keyfile key_file;         /* good unless kind is damaged, incomplete or unknown */
};
/* May it be used for these purposes? keyring NULL: all but whether it opens. key: locked memory. file: read by the caller (spool_copy). */
void collected_judge(const struct collected *c, const struct collected_segment *s, const struct spool_file *file, const struct keyring *keyring,
	const char *const *purposes, int count, int64_t now_us, uint8_t key[SEGMENT_KEY], struct collected_verdict *v);
/* May a segment of the version before stay, as far as can be told without reading it? It was judged then; since then its retention may have ended, and newer
 * receipts come. v->kind NULL: it may. *again: newer receipts tell of its time, so that each of its rows has to be judged again. */
void collected_still(struct collected *c, const struct dataset *before, const struct dataset_segment *s, const char *const *purposes, int count,
	int64_t now_us, struct collected_verdict *v, bool *again);
/* Notes why it may not be used: kind is one of those that `left_out` has. */
__attribute__((format(printf, 3, 4)))
void collected_refuse(struct collected_verdict *v, const char *kind, const char *format, ...);
/* Does the receipt cover this row at its time? */
bool collected_covers(const struct collected_verdict *v, const struct event *e);

/* Tells on stderr which purposes the receipts ask, and how many agreed. How many there are. */
int collected_purposes(const struct collected *c);
bool collected_asks(const struct collected *c, const char *purpose);

#endif
