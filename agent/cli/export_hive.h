/* SPDX-License-Identifier: Apache-2.0 */
/* A recipient's dataset of many files: what export_hive.c (which segments), export_plan.c (hence which files) and export_parts.c (writing them) share. */
#ifndef ASSENT_EXPORT_HIVE_H
#define ASSENT_EXPORT_HIVE_H

#include "../dataset/grow.h"
#include "export_recipient.h"

/* What belongs to a segment of x->d, which has the same index. */
struct hive_segment {
	int source;                      /* its index in x->in, or -1: it is not at hand */
	bool fresh;                      /* its rows are in no file yet, */
	bool lost;                       /* or it has to leave, as a file of it must be written anew, and cannot */
	int first, days;                 /* fresh: hive->day[first ..] */
};
struct hive_day { int32_t day; uint64_t rows; };

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
};

/* An array that has room for one more. NULL: out of memory, and it is as it was. */
void *hive_room(void *array, int count, size_t size);

/* One more step of the change: the part with this key takes its place, or (key NULL) the file goes. EXIT_*. */
int hive_step(struct hive *h, const char *path, const uint8_t *key);
/* Which files stay (they get into x->d), which have to be written, and which go. EXIT_*. */
int hive_plan(struct hive *h);
/* Writes them, and enters them into x->d. EXIT_*. */
int hive_write(struct hive *h);

#endif
