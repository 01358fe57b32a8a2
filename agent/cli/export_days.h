/* SPDX-License-Identifier: Apache-2.0 */
/* One's own rows as many files (hive.h): made in a folder of its own, from which each study's folder is put in its place when all are whole. Complains for itself. */
#ifndef ASSENT_EXPORT_DAYS_H
#define ASSENT_EXPORT_DAYS_H

#include "../dataset/hive.h"
#include "../dataset/table.h"

struct export_days {
	const char *out;                 /* the folder's name, for messages */
	int directory, work;             /* it, and the one in it that all is made in; -1 */
	enum table_format format;
	bool force;                      /* a study's folder that is there is replaced */
	char work_name[48];
	struct hive_path at;             /* of the file under way; rows of a day come in runs */
	int32_t day;
	int fd;
	struct table *table;
	uint64_t rows, files;
	int studies;
	char (*study)[65];
};

/* Starts with directory and format set, work and fd -1. 0, or EXIT_FAILED. */
int export_days_row(struct export_days *x, const struct segment_meta *meta, const struct event *event);
/* result, or EXIT_FAILED. */
int export_days_finish(struct export_days *x, int result);
/* Removes what is not finished. Does not close the directory. */
void export_days_release(struct export_days *x);

#endif
