/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader tells a writer that goes on behind a torn segment. */
#ifndef ASSENT_SEGMENT_INSIDE_H
#define ASSENT_SEGMENT_INSIDE_H

#include "columns.h"
#include "record.h"
#include "segment.h"

/* What is known of the blocks so far; the same on both sides, and the content of the footer. */
struct segment_totals {
	uint64_t events, blocks;
	struct device_list devices;
	struct bytes index;      /* of each block: length of its record, events, least t_us, span of t_us */
};

/* Takes the block in c, whose record is `length` bytes long, into the totals. */
void segment_totals_add(struct segment_totals *t, const struct columns *c, size_t length);
void segment_totals_encode(const struct segment_totals *t, struct bytes *out);

const struct segment_totals *segment_reader_totals(const struct segment_reader *r);
const struct record_chain *segment_reader_chain(const struct segment_reader *r);

#endif
