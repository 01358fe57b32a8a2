/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content of a sealed block (FORMAT.md, "Sealed block"): a head, which the caller compresses, and lanes of 32-bit words, which nothing
 * makes smaller any more.
 */
#ifndef ASSENT_SEALED_H
#define ASSENT_SEALED_H

#include "columns.h"
#include "lane.h"

struct sealed_writer;    /* working memory: about 9 MiB, of which a block touches what it needs; for one block after the other */

/* NULL: out of memory. */
struct sealed_writer *sealed_writer_new(void);
void sealed_writer_free(struct sealed_writer *w);
/* Appends to head and to lanes. c: at least one row. ERROR_MEMORY. */
int sealed_encode(struct sealed_writer *w, const struct columns *c, const struct device_list *devices, struct bytes *head,
	struct bytes *lanes);

struct sealed_reader;    /* working memory: about 2.3 MiB, and up to 3.5 MiB more where a block has 65,536 shapes and keys */

struct sealed_reader *sealed_reader_new(void);
void sealed_reader_free(struct sealed_reader *r);
/* Replaces the rows; checks everything. LANE_BEHIND bytes behind the lanes must be readable (and may be anything). ERROR_CORRUPT,
 * ERROR_UNSUPPORTED, ERROR_MEMORY. */
int sealed_decode(struct sealed_reader *r, struct columns *c, const uint8_t *head, size_t head_length, const uint8_t *lanes,
	size_t lanes_length, struct device_list *devices);

#endif
