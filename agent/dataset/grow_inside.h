/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by grow.c and grow_commit.c. */
#ifndef ASSENT_GROW_INSIDE_H
#define ASSENT_GROW_INSIDE_H

#include "grow.h"

/* Spark, Trino and Ray pass over names that begin with a dot; none of its files is called as data is. */
#define GROW_WORK ".assent-work"
#define GROW_COMMIT "commit"

/* Opens a folder that is no link. */
int grow_folder(int at, const char *name);
/* Takes the steps that are on the disk; 0 also if there are none. ERROR_IO, ERROR_CORRUPT. */
int grow_go_on(struct grow *g);

#endif
