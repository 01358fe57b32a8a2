/* SPDX-License-Identifier: Apache-2.0 */
/* What parquet.c and parquet_column.c share. Numbers are those of parquet.thrift. */
#ifndef ASSENT_PARQUET_INSIDE_H
#define ASSENT_PARQUET_INSIDE_H

#include <zstd.h>

#include "parquet.h"
#include "thrift.h"

enum { PARQUET_BOOLEAN = 0, PARQUET_INT32 = 1, PARQUET_INT64 = 2, PARQUET_FLOAT = 4, PARQUET_BYTE_ARRAY = 6 };  /* Type */
enum { PARQUET_PLAIN = 0, PARQUET_RLE = 3, PARQUET_DELTA = 5, PARQUET_RLE_DICTIONARY = 8 };                      /* Encoding */
enum { PARQUET_ZSTD = 6 };                                                                                      /* CompressionCodec */

struct parquet {
	struct outfile *out;
	bool in_path;
	uint64_t rows;
	uint32_t groups;
	struct bytes meta;           /* the row groups, as the footer will have them */
	struct bytes columns;        /* those of the row group that is written */
	struct bytes page, packed, head;
	uint8_t bitmap[(BATCH_ROWS + 64) / 8];
	uint16_t number[BATCH_ROWS]; /* values as numbers in a dictionary that is made for one chunk */
	uint16_t *seen;              /* its hash table: number + 1 */
	uint32_t spread;             /* odd, by chance: who makes up the values cannot make them collide; it changes no byte of the file */
	ZSTD_CCtx *zstd;
};

bool parquet_has(const struct parquet *p, enum batch_column column);
int parquet_type(enum batch_column column);
/* Writes a column's pages, and appends its ColumnChunk to p->columns; adds its sizes. */
int parquet_column(struct parquet *p, const struct batch *b, enum batch_column column, uint64_t *bytes, uint64_t *packed);

#endif
