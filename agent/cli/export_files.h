/* SPDX-License-Identifier: Apache-2.0 */
/* A dataset's files of rows, one a study: written under another name, and renamed when they are whole and on the disk. Complains for itself. */
#ifndef ASSENT_EXPORT_FILES_H
#define ASSENT_EXPORT_FILES_H

#include "../dataset/table.h"

struct export_file {
	char study[65], name[96], temporary[128];
	int fd;                          /* -1: closed */
	struct table *table;
	uint64_t rows;
};

struct export_files {
	const char *out;                 /* the folder's name, for messages */
	int directory;
	enum table_format format;
	bool force, quiet;               /* force: what is there is replaced; quiet: does not say what was written */
	int count;
	struct export_file *files;
	struct export_file *last;        /* rows of one study come in runs */
};

/* 0, or EXIT_FAILED. */
int export_files_row(struct export_files *x, const struct segment_meta *meta, const struct event *event);
/* result, or EXIT_FAILED. */
int export_files_finish(struct export_files *x, int result);
/* Removes what is not finished. Does not close the directory. */
void export_files_release(struct export_files *x);
/* A study's id, which may be a file's name. */
bool export_files_study(const char *study);

#endif
