/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool: data/spool/STUDY/SEGMENT.part while it is written as a journal, and until it is sealed (sealer.h: SEGMENT.sealed.tmp); SEGMENT.seg
 * then, or when it cannot be: from there on it never changes. What a crash left is completed as the journal that it is, and stays one.
 * SEGMENT = UTC time of its beginning and 8 hex digits, of which 5 are the microseconds and 3 are random:
 * 20260501T123456Z-0f3a9c11. Names sort by time, also those that are begun in one second.
 * Beside each SEGMENT.key (keyfile.h), which is there before its SEGMENT.part; without it nobody can read the segment.
 * Beside them .lock, held (flock) by the writer that uses the folder, and SEGMENT.damaged: a .part whose header
 * could not be read after a crash.
 */
#ifndef ASSENT_SPOOL_H
#define ASSENT_SPOOL_H

#include "../format/segment.h"

enum { SPOOL_PATH_MAX = 1200, SPOOL_NAME_MAX = 41 };

/* A new segment's name (without suffix) for the time t_us. ERROR_IO: no random bytes. */
int spool_name(int64_t t_us, char out[SPOOL_NAME_MAX]);

/* One segment mapped for reading; also a .part that is being written (its good part). */
struct spool_file {
	char path[SPOOL_PATH_MAX];
	const uint8_t *data;
	size_t length;
	bool part, copy;                 /* copy: in memory of its own */
};

/* Finds segments: each argument is a segment, a study's folder, a spool, a data directory, or a folder of what was collected. Sorted by name, without doubles.
 * ERROR_IO with errno (a path that does not exist), ERROR_LIMIT (a path too long), ERROR_MEMORY. */
struct spool_list { int count; char **path; };
int spool_find(const char *const *inputs, int count, struct spool_list *list);
void spool_list_release(struct spool_list *list);

/* A .part that was finished since it was found is read under its new name. An empty file: 0, length 0. A .part is read
 * into memory: its writer may cut it back after a failed write, and a mapping would then be a SIGBUS. ERROR_IO, ERROR_MEMORY. */
int spool_map(const char *path, struct spool_file *file);
/* The same, always into memory, for folders into which others write: what somebody cuts off while it is read is a damaged segment then, and no SIGBUS, and what
 * was judged is what is used. ERROR_LIMIT: larger than SPOOL_COPY_MAX, which is far beyond what a writer makes (it rotates at 8 MiB). */
#define SPOOL_COPY_MAX ((size_t)256 << 20)
int spool_copy(const char *path, struct spool_file *file);
void spool_unmap(struct spool_file *file);

/* Is a writer using the folder that the segment is in? */
bool spool_in_use(const char *segment_path);

#endif
