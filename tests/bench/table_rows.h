/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a CSV table that assent exported, in memory: what the benchmarks run on. Ends the program, with a message, where it cannot. */
#ifndef TABLE_ROWS_H
#define TABLE_ROWS_H

#include <stdio.h>

#include "../../agent/format/segment.h"

struct table_rows {
	struct event *at;            /* app and title lie in words */
	size_t count, room;
	struct segment_meta meta;    /* study, epoch, participant, segment: of the last row */
	char **words;
	size_t words_count;
};

/* Is this the first line of such a table? */
bool table_rows_is_header(const char *line);
/* Adds at most so many rows; the header was read already. Text with a line break in it is not understood. */
void table_rows_read(struct table_rows *r, FILE *f, size_t most);
/* A whole file. */
void table_rows_load(struct table_rows *r, const char *path, size_t most);
void table_rows_release(struct table_rows *r);

#endif
