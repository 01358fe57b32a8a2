/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files keep*.c. */
#ifndef ASSENT_KEEP_INSIDE_H
#define ASSENT_KEEP_INSIDE_H

#include "../format/segment.h"
#include "keep.h"

enum { KEEP_FILE_MAX = 256 };

/* ---- keep_folder.c: a spool's folders and files ---- */

/* Names in a folder, sorted; of all files, or of folders. */
struct keep_names { int count, capacity; char **name; };
/* folders: the studies' folders, else files. ERROR_IO, ERROR_MEMORY. */
int keep_list(int directory, bool folders, struct keep_names *names);
void keep_names_release(struct keep_names *names);
int keep_names_add(struct keep_names *names, const char *name);
bool keep_names_have(const struct keep_names *names, const char *name);
/* "NAME.seg" with the suffix ".seg" → "NAME". False: it has another one, or is no name of ours. */
bool keep_name(const char *file, const char *suffix, char name[SPOOL_NAME_MAX]);
/* UTC of a segment's beginning, as its name says; false: it says none. */
bool keep_name_begun(const char *name, int64_t *utc_us);
/* An open folder below directory: O_NOFOLLOW. ERROR_IO. */
int keep_open(int directory, const char *name);
bool keep_exists(int directory, const char *name, const char *suffix);
/* 0 also if it is not there. ERROR_IO. */
int keep_remove(int directory, const char *name, const char *suffix);
int keep_destroy_key(int directory, const char *name);
/* The folder's writer lock, without waiting. A descriptor; ERROR_AGAIN: a writer has it; ERROR_IO. */
int keep_writer_lock(int directory);
/* Completes .part files that a crash left, and removes what it left of sealing, if no writer uses the folder (else ERROR_AGAIN). shown: its path. ERROR_IO, ERROR_MEMORY. */
int keep_recover(int directory, const char *shown);

/* ---- keep_plan.c ---- */

struct keep_step { char study[65], old[SPOOL_NAME_MAX], new[SPOOL_NAME_MAX]; };
struct keep_plan { int count, capacity; struct keep_step *step; };
/* 0, also when there is none (count 0). ERROR_INVALID: it is no plan of ours; ERROR_IO, ERROR_MEMORY. */
int keep_plan_read(int spool, struct keep_plan *plan);
int keep_plan_add(struct keep_plan *plan, const char *study, const char *old, const char *new);
/* Puts it in place: the moment. After an error it may be in place all the same. */
int keep_plan_write(const struct places *places, const struct keep_plan *plan);
void keep_plan_release(struct keep_plan *plan);
/* Does what it says, again and again if need be. *untold: all but the recipients' notice is done, and the plan stays. identity may be NULL: then
 * it is read where it is needed. */
int keep_plan_finish(const struct places *places, int spool, const struct identity *identity, const struct keep_plan *plan, int *revoked, bool *untold);
/* Removes .new files (and their keys) that no plan names. */
int keep_plan_undo(int spool, const struct keep_plan *plan);

/* ---- keep_lock.c ---- */

/* The lock alone: finishes nothing. */
int keep_lock_only(const struct places *places);

/* ---- keep_rewrite.c: one segment's rows, without files ---- */

struct keep_rows {
	uint64_t events;                 /* touched */
	int64_t first_us, last_us;       /* of them, within the choice */
	bool damaged;                    /* it ends in damage, or was cut off: what follows was not looked at */
};
/* Which rows are chosen. */
int keep_rows_count(const uint8_t *data, size_t length, const uint8_t key[SEGMENT_KEY], const struct keep_choice *choice, struct keep_rows *rows);
/* The segment without them, sealed, under another name and key. ERROR_INVALID: what was written does not read back as what it should say. damaged_until_us: where it is damaged, the gap reaches up to here. */
int keep_rows_write(const uint8_t *data, size_t length, const uint8_t key[SEGMENT_KEY], const struct keep_choice *choice, int64_t damaged_until_us,
	const char *name, const uint8_t new_key[SEGMENT_KEY], struct bytes *out);

#endif
