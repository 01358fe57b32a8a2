/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dataset of many files (hive.h) that is changed in place: what stays is not touched, so that the cost is that of what is new.
 *
 * New files are made in OUT/.assent-work, each under a key that stands for all that goes into it. Whole and on the disk it is KEY.part, and the next export
 * finds it again after an interruption, if it would write the same. The change itself is a list of steps, on the disk before the first is taken: from
 * then on whoever is killed, the next one goes on with it. In order: new files get their names, and files that are written anew take the place of
 * the old ones, each in one step; then DATASET_NAME becomes the new one; then files of which nothing stays are removed. So whoever reads the files that
 * DATASET_NAME names reads its version, whole, at any time while files are added; who takes all files that are there may meet some that were
 * added a moment before; a row that had to leave is in no new version, and no row is ever there twice.
 */
#ifndef ASSENT_GROW_H
#define ASSENT_GROW_H

#include <sys/types.h>

#include "dataset.h"
#include "hive.h"
#include "table.h"

struct grow {
	int folder, work;                /* OUT, locked; OUT/.assent-work, or -1 */
	mode_t mode;                     /* OUT's: folders get it, files what of it files may have */
	bool made, has_before;           /* made: OUT was not there before */
	struct dataset before;
	char out[4096];
};

enum { GROW_KEY = 32 };

struct grow_step {
	bool remove;                     /* the file at path; else the part takes its place */
	uint8_t key[GROW_KEY], sha256[32];   /* the part's, which who goes on knows it by when it has its name */
	char path[HIVE_PATH_MAX];
};

/* Makes the folder if it is not there, and ends what another export began to change. ERROR_IO (errno), ERROR_AGAIN, ERROR_INVALID; *what says what is
 * wrong, for people, or is NULL. Then, too, grow_release. */
int grow_open(struct grow *g, const char *out, const char **what);
/* The size of what lies at this path; -1: nothing that is a file. */
int64_t grow_size(const struct grow *g, const char *path);

/* Is there anything of this name, be it a link or a folder? */
bool grow_taken(const struct grow *g, const char *path);

/* Calls found with each file in HIVE_ROWS and HIVE_SEGMENTS that before does not name (all descriptions are loaded), and each folder there that cannot be looked into; path is
 * from OUT. people (sorted; segment is empty): only with those in the folders of these, and only theirs have to be loaded. */
typedef void grow_stray(void *user, const char *path);
void grow_strays(const struct grow *g, const struct dataset_place *people, int count, grow_stray *found, void *user);

/* What an interrupted export left under this key: fills bytes and sha256, 0; ERROR_GONE: nothing; ERROR_IO. */
int grow_found(struct grow *g, const uint8_t key[GROW_KEY], uint64_t *bytes, uint8_t sha256[32]);
/* A new part, to be written to *fd. ERROR_IO. */
int grow_begin(struct grow *g, const uint8_t key[GROW_KEY], int *fd);
/* Puts it on the disk, reads it back, and closes fd. stats as table_finish said; NULL: gives it up. ERROR_IO; ERROR_CORRUPT: what is read is not what was written. */
int grow_end(struct grow *g, const uint8_t key[GROW_KEY], int fd, const struct table_stats *stats, uint8_t sha256[32]);
/* A folder for DATASET_NAME, DATASET_CARD and DATASET_CROISSANT of the new version, without those of an interrupted one. ERROR_IO. */
int grow_describe(struct grow *g);

/* The moment. Before it nothing is changed; after an error the next grow_open goes on, if it had begun. ERROR_IO, ERROR_MEMORY. */
int grow_commit(struct grow *g, const struct grow_step *steps, int count);
/* Removes parts but those of these steps (NULL: all of them), which are of no use any more. */
void grow_tidy(struct grow *g, const struct grow_step *steps, int count);
void grow_release(struct grow *g);

#endif
