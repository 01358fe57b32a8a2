/* SPDX-License-Identifier: Apache-2.0 */
/* A dataset's files of rows, one a study, in a folder that takes its place as a whole when they are on the disk (replace.h). Complains for itself. */
#ifndef ASSENT_EXPORT_FILES_H
#define ASSENT_EXPORT_FILES_H

#include "../dataset/table.h"

struct export_file {
	char study[65], name[96];
	int fd;                          /* -1: closed */
	struct table *table;
	uint64_t rows;
};

struct export_files {
	const char *out;                 /* the folder's name, for messages */
	int directory;
	enum table_format format;
	int count;
	struct export_file *files;
	struct export_file *last;        /* rows of one study come in runs */
};

/* 0, or EXIT_FAILED. */
int export_files_row(struct export_files *x, const struct segment_meta *meta, const struct event *event);
/* 0, or EXIT_FAILED. */
int export_files_finish(struct export_files *x);
/* Does not close the directory. */
void export_files_release(struct export_files *x);

#endif
