/* SPDX-License-Identifier: Apache-2.0 */
/* One segment's file while it is written. Everything is below a directory's descriptor; nothing is left half appended. */
#ifndef ASSENT_OUTPUT_H
#define ASSENT_OUTPUT_H

#include "spool.h"

struct output {
	int directory;                   /* borrowed */
	int fd;                          /* -1: not made yet */
	char name[SPOOL_NAME_MAX];       /* without suffix */
	int64_t good;                    /* length of what is safely in it */
	bool torn;                       /* a failed write could not be cut off yet */
};

void output_init(struct output *o, int directory, const char *name);
/* Makes NAME.part, which must not exist, for good. ERROR_IO. */
int output_create(struct output *o);
/* Opens a NAME.part that a crash left. ERROR_IO. */
int output_reopen(struct output *o);
/* Appends all of it and waits for the disk, or cuts the file back to what it was: ERROR_IO with errno. */
int output_append(struct output *o, const uint8_t *data, size_t length);
/* NAME.part becomes NAME.seg for good, and is closed. ERROR_IO: call it again later; ERROR_GONE: someone removed the file. */
int output_finish(struct output *o);
/* Closes without renaming: the next recovery completes it. */
void output_abandon(struct output *o);
/* Closes and removes it. */
void output_discard(struct output *o);

#endif
