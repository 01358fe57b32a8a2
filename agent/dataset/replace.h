/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dataset's folder, replaced as a whole: the new one is made beside it (.NAME.assent-new) and takes its place in one step, so that
 * whoever reads it, and whoever looks after a crash, finds the old version or the new one and never a mixture. What else lies in the folder
 * stays there. What a killed export left is put right by the next one.
 */
#ifndef ASSENT_REPLACE_H
#define ASSENT_REPLACE_H

#include <stdbool.h>

#include "dataset.h"

struct replace {
	int parent;                      /* the folder that it is in, locked */
	int fresh;                       /* the new folder, to be filled; -1 */
	int old;                         /* what is there now; -1: nothing */
	char name[256], fresh_name[288];
	bool has_before;                 /* there is a dataset, */
	struct dataset before;           /* and this is it */
};

/* ERROR_IO (errno); ERROR_AGAIN: another export has its hands on it; ERROR_INVALID; *what says what is wrong, for people. Then, too, replace_release. */
int replace_open(struct replace *r, const char *out, const char **what);
/* Would this new file take the place of one that is no part of the dataset? */
bool replace_hides(const struct replace *r, const char *name);
/* The moment. Before it nothing is changed. ERROR_IO, ERROR_UNSUPPORTED; *what. */
int replace_commit(struct replace *r, const char **what);
/* Removes what was not committed. */
void replace_release(struct replace *r);

#endif
