/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file of rows, in one of four formats, written as a stream: memory is bounded whatever the number of rows. The columns are those of rows.h, in their
 * order; Parquet and Arrow leave out `study` and `participant` where the caller says that they stand in the file's path (Hive layout).
 *
 * Parquet and Arrow gather up to BATCH_ROWS rows (batch.h) and write them together: 10 MiB as a rule. Whatever the rows are, Parquet stays below 40 MiB and Arrow
 * below 250 MiB (all titles of full length, none twice); for the end of the file they keep 3 KB and 24 bytes for each such run of rows. An open table takes
 * little until rows come: many may be open.
 *
 * What is written depends on the rows and in_path alone: the same rows give the same bytes.
 */
#ifndef ASSENT_TABLE_H
#define ASSENT_TABLE_H

#include "rows.h"

enum table_format { TABLE_CSV, TABLE_JSONL, TABLE_PARQUET, TABLE_ARROW, TABLE_FORMATS };

struct table;
struct table_stats { uint64_t rows, bytes; uint8_t hash[32]; };   /* hash: BLAKE2b-256 of all bytes */

/* "csv", "jsonl", "parquet", "arrow"; also the files' suffix. The reverse: -1. */
const char *table_format_name(enum table_format format);
int table_format_of(const char *name);

/* Writes to fd from where it stands, strictly forward; fd stays the caller's. in_path: study and participant are left out. ERROR_MEMORY, ERROR_IO. */
int table_new(enum table_format format, int fd, bool in_path, struct table **table);
void table_free(struct table *t);
/* ERROR_IO (errno), ERROR_MEMORY, ERROR_LIMIT (Parquet: 32,767 row groups are full); after these the file is worth nothing. ERROR_INVALID: an event that no reader of
 * segments gives out (its kind, class or reason does not exist): of Parquet and Arrow; it was not added. Text that is no UTF-8 is mended with U+FFFD, a
 * movement that is no number is null. */
int table_row(struct table *t, const struct segment_meta *meta, const struct event *event);
/* Writes what is left and the end. Does not fsync. */
int table_finish(struct table *t, struct table_stats *stats);

#endif
