/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a segment of random rows, whose kind, number and blocks the seed decides: format_random SEED FILE [damaged]
 * damaged: one sealed block of which up to three bytes were changed before it was encrypted. Two readers need not accept it, but must agree.
 */
#include <stdio.h>
#include <stdlib.h>

#include "forge.h"
#include "sample.h"
#include "../../agent/error.h"
#include "../../agent/format/columns.h"
#include "../../agent/format/sealed.h"

static int whole(struct sample *s, struct bytes *out)
{
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct event event;
	uint64_t r = sample_random(s);
	unsigned count = 1 + (unsigned)(r >> 8) % 2000, block = 1 + (unsigned)(r >> 24) % 1500;
	int error = segment_writer_new(&meta, sample_key, 3, out, &w);
	for (unsigned i = 0; i < count && !error; i++) {
		if (i == count / 4 && r & 1)
			segment_writer_seal(w);
		sample_wild((r >> 40) % SAMPLE_WILD_COUNT, s, i, &event);
		error = segment_writer_add(w, &event);
		if (!error && segment_writer_waiting(w) == block)
			error = segment_writer_flush(w, SAMPLE_WRITTEN, out);
	}
	if (!error)
		error = segment_writer_finish(w, SAMPLE_WRITTEN, out);
	segment_writer_free(w);
	return error;
}

static void change(struct sample *s, struct bytes *head, struct bytes *lanes)
{
	for (unsigned n = 1 + (unsigned)(sample_random(s) % 3); n > 0; n--) {
		uint64_t r = sample_random(s);
		struct bytes *b = r & 3 ? head : lanes;
		b->data[(r >> 8) % b->length] = r & 4 ? (uint8_t)(r >> 40) : (uint8_t)(b->data[(r >> 8) % b->length] + 1);
	}
}

static int damaged(struct sample *s, struct bytes *out)
{
	struct segment_meta meta = sample_meta();
	struct columns c = {0};
	struct device_list devices = {0};
	struct bytes head = {0}, lanes = {0}, lead = {0}, footer = {0};
	struct sealed_writer *w = sealed_writer_new();
	struct forge f;
	struct event event;
	uint64_t r = sample_random(s);
	unsigned count = 1 + (unsigned)(r >> 8) % 200;
	int error = w ? 0 : ERROR_MEMORY;
	c.mono_base = meta.mono_us;
	c.utc_base = meta.t_us;
	for (unsigned i = 0; i < count && !error; i++) {
		sample_wild((r >> 40) % SAMPLE_WILD_COUNT, s, i, &event);
		error = columns_add(&c, &event);
	}
	if (!error)
		error = sealed_encode(w, &c, &devices, &head, &lanes);
	if (!error) {
		change(s, &head, &lanes);
		bytes_put_u32(&lead, c.rows);
		bytes_put_u64(&lead, (uint64_t)c.t_first);
		bytes_put_u64(&lead, (uint64_t)c.t_last);
		bytes_put_u64(&lead, (uint64_t)c.mono_last);
		forge_begin(&f, true);
		forge_sealed(&f, lead.data, lead.length, &head, &lanes);
		forge_footer_content(1, c.rows, &footer);
		forge_content(&f, RECORD_FOOTER, true, NULL, 0, footer.data, footer.length);
		bytes_put(out, f.out.data, f.out.length);
		forge_release(&f);
	}
	sealed_writer_free(w);
	columns_release(&c);
	bytes_release(&head);
	bytes_release(&lanes);
	bytes_release(&lead);
	bytes_release(&footer);
	return error;
}

int main(int argc, char **argv)
{
	struct bytes out = {0};
	if (argc < 3)
		return 2;
	struct sample s = {.state = strtoull(argv[1], NULL, 10)};
	int error = argc > 3 ? damaged(&s, &out) : whole(&s, &out);
	FILE *f = error ? NULL : fopen(argv[2], "wb");
	bool written = f && fwrite(out.data, 1, out.length, f) == out.length;
	if (f && fclose(f))
		written = false;
	bytes_release(&out);
	return written ? 0 : 1;
}
