/* SPDX-License-Identifier: Apache-2.0 */
/* A small text file of secrets: only its owner may read it, and what is replaced does not stay on the disk if the disk lets us. */
#ifndef ASSENT_SECRETFILE_H
#define ASSENT_SECRETFILE_H

#include <stdbool.h>
#include <stddef.h>

enum { SECRETFILE_MAX = 4096 };

/* Reads it into text (locked memory of the caller's), with a 0 behind it. ERROR_IO (errno ENOENT: there is none); ERROR_INVALID, and *what
 * (not NULL) says for people what is wrong and how to mend it: a link, not a file, another's, open to others, too long, a byte that no text has. */
int secretfile_read(const char *path, char text[SECRETFILE_MAX + 1], size_t *length, const char **what);
/* Lines that do not begin with # into body, which has as much room; false: the last one was cut. */
bool secretfile_body(const char *text, char *body);

/* Whoever makes or changes path holds this lock (on its folder). A descriptor to close; ERROR_IO, ERROR_LIMIT. */
int secretfile_lock(const char *path);
/* With the lock: puts text in place, whole or not at all, then overwrites and removes what was there. ERROR_IO: errno EEXIST: it is there, and
 * replace is false. ERROR_LIMIT. Whatever an interrupted secretfile_write left beside it is overwritten and removed, too. */
int secretfile_write(const char *path, const char *text, bool replace);
/* With the lock: does only the last. */
int secretfile_clean(const char *path);

/* Overwrites name in the open folder (its length stays), waits for the disk, removes it, waits again. Removes it also where it cannot be
 * overwritten. 0 also if there is none; ERROR_IO: errno of the first step that failed. */
int secretfile_destroy(int folder, const char *name);

#endif
