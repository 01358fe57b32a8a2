/* SPDX-License-Identifier: Apache-2.0 */
/* A dataset of what recipients collected, or of one's own recordings (export_own.c): what its two ways (one file a study, replaced as a whole; many files, changed in
 * place) share. All complain for themselves. */
#ifndef ASSENT_EXPORT_RECIPIENT_H
#define ASSENT_EXPORT_RECIPIENT_H

#include "collected.h"
#include "export.h"

struct own;

struct recipient {
	const struct export_request *q;
	struct own *own;                 /* NULL unless it is one's own recordings: in.segment has those, and keyring and key are not used */
	struct collected in;
	struct keyring *keyring;
	uint8_t *key;                    /* of the segment under way; locked */
	const struct dataset *before;    /* NULL: there is none */
	struct dataset d;
	int bad_tombstones, damaged, tombstoned;
	int waiting, strays;             /* segments that are to have more rows as soon as files of theirs can be written anew; files that no version names */
	uint64_t dropped;
	int64_t now_us;
	bool progress, shown;
	int64_t begun_us, shown_us;
};

/* Called with each row that the receipt covers. EXIT_DONE: go on. */
typedef int recipient_row(void *user, const struct segment_meta *meta, const struct event *event);

int recipient_no_memory(void);
/* It was asked to stop. */
bool recipient_interrupted(struct recipient *x);
void recipient_progress(struct recipient *x, const char *verb, int done, int of, const char *what);
void recipient_progress_end(struct recipient *x);

/* May the version before be followed by this one? A purpose is no detail: rows that were exported for one are not to turn up in a dataset for another. Nor can --force and
 * --append go together. One's own copy follows only another one, and only with --force. */
int recipient_may_follow(const struct recipient *x);
/* The tombstones that are given, and those of the version before: what that knew is not unlearned. */
int recipient_bury(struct recipient *x);
/* Is it in force for this segment? Then says which file must be deleted. */
bool recipient_tombstoned(struct recipient *x, const struct collected_segment *s);
/* Notes it as left out; says so where somebody has to see to it. path NULL: it is not at hand. */
int recipient_leave_out(struct recipient *x, const char *path, const struct dataset_place *at, const struct collected_verdict *v);
/* Judges a segment and looks at all of its rows that the receipt covers; then, if none is damaged, visits them once more with write (either may be NULL). *good: it may
 * be used, and *seen is filled; else it was noted as left out. look: false stops; then it has set v->kind and why, or complained itself (EXIT_FAILED). */
typedef bool recipient_look(void *user, const struct segment_meta *meta, const struct event *event, struct collected_verdict *v);
int recipient_use(struct recipient *x, const struct collected_segment *s, recipient_look *look, recipient_row *write, void *user, bool *good,
	struct dataset_segment *seen);
/* The same of one's own segment, judged by nothing. Of a damaged one, what comes before the damage: it is good, and noted as left out all the same. */
int export_own_use(struct recipient *x, const struct collected_segment *s, recipient_look *look, recipient_row *write, void *user, bool *good,
	struct dataset_segment *seen);
/* Fills the participants of d, which is sorted, for its segments. */
int recipient_participants(struct recipient *x);
/* Nothing of it may be used, and there is no version before. */
int recipient_nothing(const struct recipient *x);
/* Writes DATASET_NAME, DATASET_CARD and DATASET_CROISSANT into a folder. */
int recipient_describe(struct recipient *x, int folder);
int recipient_report(const struct recipient *x, bool changed);

/* The two ways, from where the keys are at hand. An exit code. */
int recipient_studies(struct recipient *x);
int recipient_hive(struct recipient *x);

#endif
