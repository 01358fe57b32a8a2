/* SPDX-License-Identifier: Apache-2.0 */
/* A dataset of many files: what export_hive.c (which segments), export_settle.c (which files can follow), export_strays.c, export_plan.c
 * (hence which files) and export_parts.c (writing them) share. */
#ifndef ASSENT_EXPORT_HIVE_H
#define ASSENT_EXPORT_HIVE_H

#include "../dataset/grow.h"
#include "export_recipient.h"

/* What belongs to a segment of x->d, which has the same index. */
struct hive_segment {
	int source;                      /* its index in x->in, or -1: it is not at hand, or of no use */
	bool unread;                     /* source is one by its key file alone: nobody has looked into it */
	bool fresh;                      /* its rows are in no file yet; */
	bool gains;                      /* fresh, but it may stay as it was in the version before, too */
	bool lost;                       /* it has to leave: a file of it must be written anew, and cannot, or it asks too much of one */
	int first, days;                 /* fresh: hive->day[first ..] */
};
struct hive_day { int32_t day; uint64_t rows, text; };   /* text: bytes of strings, where they are others than in the row before */

/* A file to be written. */
struct hive_file {
	struct hive_path at;
	char path[HIVE_PATH_MAX];
	bool again;                      /* it takes the place of one that has its name */
	int first, members;              /* hive->member[first ..]: indices of segments */
	uint64_t rows;                   /* known unless again */
	uint8_t key[GROW_KEY];
};

struct hive {
	struct recipient *x;
	struct grow grow;
	struct hive_segment *segment;
	struct hive_day *day;
	struct hive_file *file;
	struct grow_step *step;          /* of the files, in their order, then of those that go */
	int *member;
	int days, files, steps, members;
	int64_t version;                 /* that new files are of */
	struct dataset_place person;     /* whose segments are being judged, and how long their description is at most */
	uint64_t described;
};

/* An array that has room for one more. NULL: out of memory, and it is as it was. */
void *hive_room(void *array, int count, size_t size);

/* One more step of the change: the part with this key takes its place, or (key NULL) the file goes. EXIT_*. */
int hive_step(struct hive *h, const char *path, const uint8_t *key);
/* Tells of files that are among those of the dataset, and are none; counts them in x->strays. Nothing is done about them. EXIT_*. */
int hive_strays(struct hive *h);
/* What becomes of the files of the version before where something has to leave, and not all is at hand to write them anew: marks segments (gains, lost) and complains. EXIT_*. */
int hive_settle(struct hive *h);
/* In this file of the version before? Its index in x->d, or -1. p: the file's path. */
int hive_member(const struct hive *h, const struct hive_path *p, const char *segment);
enum hive_fate { HIVE_STAYS, HIVE_AGAIN, HIVE_PENDS, HIVE_GOES };
/* PENDS: as it is, though something in it would have to go. Once hive_settle is done. */
enum hive_fate hive_fate(const struct hive *h, const struct dataset_file *f, const struct hive_path *p);
/* Which files stay (they get into x->d), which have to be written, and which go. EXIT_*. */
int hive_plan(struct hive *h);
/* Writes them, and enters them into x->d. EXIT_*. */
int hive_write(struct hive *h);

#endif
