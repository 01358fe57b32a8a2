/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apache Parquet, format version 1 with delta encodings: a batch is a row group, a column one dictionary page where it has one, and one data page; zstd.
 * What is kept for the footer grows by 3 KB a row group.
 */
#ifndef ASSENT_PARQUET_H
#define ASSENT_PARQUET_H

#include "batch.h"
#include "outfile.h"

struct parquet;

/* Writes to out, which is borrowed. in_path: without study and participant. ERROR_MEMORY, ERROR_IO. */
int parquet_new(struct outfile *out, bool in_path, struct parquet **parquet);
void parquet_free(struct parquet *p);
/* ERROR_IO, ERROR_MEMORY; ERROR_LIMIT: as many row groups as a file may have. */
int parquet_write(struct parquet *p, const struct batch *b);
int parquet_finish(struct parquet *p);

#endif
