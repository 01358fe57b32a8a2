/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "../../agent/error.h"
#include "../../agent/format/columns.h"
#include "../../agent/format/sealed.h"

enum { ENOUGH = 4096 };

static void same(const struct columns *a, const struct columns *b)
{
	struct cursor at_a = {0}, at_b = {0};
	struct event x, y;
	if (a->rows != b->rows || a->t_first != b->t_first || a->t_last != b->t_last || a->mono_last != b->mono_last)
		abort();
	while (columns_next(a, &at_a, &x))
		if (!columns_next(b, &at_b, &y) || !event_same(&x, &y))
			abort();
}

/* The content of a sealed block: u32 length of the head, head, lanes. What is read can be written, by both codings, and is then the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sealed_writer *writer;
	/* A new one each time: what the last block left in it would hide that something is missing. */
	struct sealed_reader *reader = sealed_reader_new();
	struct columns c = {.mono_base = 1000}, rows = c, again = c;
	struct device_list devices = {0}, none = {0};
	struct cursor at = {0};
	struct numbers scratch = {0}, cuts = {0};
	struct bytes head = {0}, lanes = {0};
	struct bytes_reader in = {data, data + size, false};
	struct event event;
	if (!writer)
		writer = sealed_writer_new();
	size_t head_length = bytes_get_u32(&in);
	const uint8_t *begin = bytes_get(&in, head_length);
	if (!reader || !writer || !begin)
		goto out;
	bytes_put(&lanes, in.at, (size_t)(in.end - in.at));
	if (!bytes_reserve(&lanes, LANE_BEHIND))
		goto out;
	memset(lanes.data + lanes.length, 0xff, LANE_BEHIND);
	if (sealed_decode(reader, &c, begin, head_length, lanes.data, lanes.length, &devices) || c.rows > ENOUGH)
		goto out;
	while (columns_next(&c, &at, &event))
		if (columns_add(&rows, &event))
			abort();
	bytes_clear(&lanes);
	if (sealed_encode(writer, &rows, &devices, &head, &lanes) || !bytes_reserve(&lanes, LANE_BEHIND)
	    || sealed_decode(reader, &again, head.data, head.length, lanes.data, lanes.length, &none))
		abort();
	same(&c, &again);
	bytes_clear(&head);
	if (columns_encode(&rows, &devices, &scratch, &head, &cuts) || columns_decode(&again, head.data, head.length, &none))
		abort();
	same(&c, &again);
out:
	sealed_reader_free(reader);
	columns_release(&c);
	columns_release(&rows);
	columns_release(&again);
	numbers_release(&scratch);
	numbers_release(&cuts);
	bytes_release(&head);
	bytes_release(&lanes);
	return 0;
}
