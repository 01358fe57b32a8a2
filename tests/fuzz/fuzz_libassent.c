/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments through libassent, as others use it. The first byte says what follows: 0: a segment's bytes as they are (under the key of the corpora; most
 * end at a check). Else parts of a segment that is then framed, checked and encrypted as it should be, so that what is read is what is here:
 *
 *	u8 type of the record, u16 length of its content, u16 length of its lanes (of a sealed block), the content, the lanes
 *
 * What stands in front of a block is what the block says, if it can be read at all. Then rows, columns and seeking must agree.
 */
#include <assent/assent.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/format/pack.h"
#include "../../agent/format/record.h"
#include "../../agent/format/sealed.h"
#include "../format/forge.h"
#include "../format/sample.h"

enum { PARTS_MAX = 8, ROWS_MAX = 1 << 18 };

static void must(bool good)
{
	if (!good)
		abort();
}

/* ---- Making ---- */

static void put_lead(const struct columns *c, bool sealed, struct bytes *plain)
{
	bytes_put_u32(plain, c->rows);
	bytes_put_u64(plain, (uint64_t)c->t_first);
	bytes_put_u64(plain, (uint64_t)c->t_last);
	if (sealed)
		bytes_put_u64(plain, (uint64_t)c->mono_last);
}

static void put_sealed(struct forge *f, struct columns *c, const uint8_t *head, size_t head_length, const uint8_t *lanes, size_t lanes_length)
{
	struct bytes whole = {0}, frame = {0}, plain = {0}, behind = {0};
	struct device_list devices = {0};
	struct sealed_reader *r = sealed_reader_new();
	ZSTD_CCtx *packer = pack_new(1);
	static const uint8_t zeros[LANE_BEHIND];
	bytes_put(&behind, lanes, lanes_length);
	bytes_put(&behind, zeros, sizeof zeros);
	must(r && packer);
	sealed_decode(r, c, head, head_length, behind.data, lanes_length, &devices);
	bytes_put(&whole, head, head_length);
	must(pack_frame(packer, &whole, NULL, &frame) == 0);
	put_lead(c, true, &plain);
	bytes_put_u32(&plain, (uint32_t)frame.length);
	bytes_put_u32(&plain, (uint32_t)lanes_length);
	bytes_put(&plain, frame.data, frame.length);
	bytes_put(&plain, lanes, lanes_length);
	forge_plain(f, RECORD_SEALED, false, plain.data, plain.length);
	ZSTD_freeCCtx(packer);
	sealed_reader_free(r);
	bytes_release(&whole);
	bytes_release(&frame);
	bytes_release(&plain);
	bytes_release(&behind);
}

static void put_part(struct forge *f, struct columns *c, uint8_t type, const uint8_t *content, size_t length, const uint8_t *lanes, size_t lanes_length)
{
	struct device_list devices = {0};
	struct bytes lead = {0};
	columns_clear(c);
	if (type == RECORD_SEALED) {
		put_sealed(f, c, content, length, lanes, lanes_length);
		return;
	}
	if (type == RECORD_BLOCK) {
		columns_decode(c, content, length, &devices);
		put_lead(c, false, &lead);
	}
	forge_content(f, type, type == RECORD_FOOTER, lead.data, lead.length, content, length);
	bytes_release(&lead);
}

static void put_parts(struct forge *f, const uint8_t *data, size_t size)
{
	struct bytes_reader in = {data, data + size, false};
	struct segment_meta meta = sample_meta();
	struct columns c = {.mono_base = meta.mono_us, .utc_base = meta.t_us};
	for (unsigned i = 0; i < PARTS_MAX && in.at != in.end; i++) {
		uint8_t type = bytes_get_u8(&in);
		size_t length = bytes_get_u16(&in), lanes_length = bytes_get_u16(&in);
		if (length > (size_t)(in.end - in.at))
			length = (size_t)(in.end - in.at);
		const uint8_t *content = bytes_get(&in, length);
		if (lanes_length > (size_t)(in.end - in.at))
			lanes_length = (size_t)(in.end - in.at);
		const uint8_t *lanes = bytes_get(&in, lanes_length);
		if (content && lanes && !in.failed)
			put_part(f, &c, type, content, length, lanes, lanes_length);
	}
	columns_release(&c);
}

/* ---- Reading ---- */

static struct {
	int64_t t_us[ASSENT_BLOCK_ROWS], mono_us[ASSENT_BLOCK_ROWS], end_us[ASSENT_BLOCK_ROWS];
	int32_t text[ASSENT_BLOCK_ROWS], app[ASSENT_BLOCK_ROWS], title[ASSENT_BLOCK_ROWS];
	uint32_t has[ASSENT_BLOCK_ROWS];
	int32_t x[ASSENT_BLOCK_ROWS], y[ASSENT_BLOCK_ROWS];
	float dx[ASSENT_BLOCK_ROWS], dy[ASSENT_BLOCK_ROWS];
	int32_t lost[ASSENT_BLOCK_ROWS];
	int16_t device[ASSENT_BLOCK_ROWS], code[ASSENT_BLOCK_ROWS], scroll_x[ASSENT_BLOCK_ROWS], scroll_y[ASSENT_BLOCK_ROWS];
	uint8_t kind[ASSENT_BLOCK_ROWS], key_class[ASSENT_BLOCK_ROWS], reason[ASSENT_BLOCK_ROWS], synthetic[ASSENT_BLOCK_ROWS];
} a;

static const struct assent_columns columns = {a.t_us, a.mono_us, a.end_us, a.text, a.app, a.title, a.has, a.x, a.y, a.dx, a.dy, a.lost, a.device, a.code,
	a.scroll_x, a.scroll_y, a.kind, a.key_class, a.reason, a.synthetic};

static bool same_word(const struct assent_reader *r, int words, int32_t number, const char *text)
{
	const char *word = assent_word(r, words, number);
	return word && text ? strcmp(word, text) == 0 : word == text;
}

static void must_agree(const struct assent_reader *r, uint32_t i, const struct assent_event *e)
{
	must(e->t_us == a.t_us[i] && e->mono_us == a.mono_us[i] && e->end_us == a.end_us[i] && e->has == a.has[i] && e->x == a.x[i] && e->y == a.y[i]);
	must(memcmp(&e->dx, &a.dx[i], sizeof e->dx) == 0 && memcmp(&e->dy, &a.dy[i], sizeof e->dy) == 0 && e->lost == a.lost[i]);
	must(e->device == a.device[i] && e->code == a.code[i] && e->scroll_x == a.scroll_x[i] && e->scroll_y == a.scroll_y[i]);
	must(e->kind == a.kind[i] && e->key_class == a.key_class[i] && e->reason == a.reason[i] && e->synthetic == a.synthetic[i]);
	must(same_word(r, ASSENT_WORDS_TEXT, a.text[i], e->text) && same_word(r, ASSENT_WORDS_APP, a.app[i], e->app));
	must(same_word(r, ASSENT_WORDS_TITLE, a.title[i], e->title));
	/* What is given out is within what the header says. */
	must(assent_kind_name(e->kind) && assent_class_name(e->key_class) && assent_reason_name(e->reason) && e->synthetic <= 1);
	must((e->text != NULL) == ((e->has & ASSENT_HAS_TEXT) != 0) && (e->app != NULL) == ((e->has & ASSENT_HAS_APP) != 0));
}

/* Columns, and of each block its rows: 0, or why there are no more. */
static int read_all(struct assent_reader *r, uint32_t *count, int64_t *middle)
{
	struct assent_event event;
	uint32_t rows;
	int status;
	*count = 0;
	while ((status = assent_next_block(r, &rows)) == 1 && *count < ROWS_MAX) {
		must(rows >= 1 && rows <= ASSENT_BLOCK_ROWS);
		must(assent_read_columns(r, &columns, sizeof columns) == 0);
		*middle = a.t_us[rows / 2];
		*count += rows;
		for (uint32_t i = 0; i < rows; i++) {
			must(assent_next(r, &event, sizeof event) == 1);
			must_agree(r, i, &event);
		}
	}
	return status;
}

static void read_segment(const uint8_t *data, size_t size)
{
	struct assent_reader *r;
	struct assent_meta meta;
	struct assent_event event;
	int64_t middle = 0;
	uint32_t count, rows = 0, later = 0;
	if (assent_open_memory(data, size, sample_key, &r))
		return;
	must(assent_read_meta(r, &meta, sizeof meta) == 0);
	int end = read_all(r, &count, &middle), status;
	if (end == 1 || end == ASSENT_ERROR_MEMORY)
		goto out;
	int cut = assent_was_cut(r);
	must(assent_seek(r, INT64_MIN) == 0);
	while ((status = assent_next(r, &event, sizeof event)) == 1) {
		rows++;
		later += event.t_us >= middle;
	}
	must(status == end && rows == count && assent_was_cut(r) == cut);
	/* From a time on. A block that is passed over is not read: what is wrong with it is not seen then. */
	must(assent_seek(r, middle) == 0);
	rows = 0;
	while ((status = assent_next(r, &event, sizeof event)) == 1) {
		must(event.t_us >= middle);
		rows++;
	}
	must(end < 0 ? rows >= later : rows == later && status == 0);
out:
	assent_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct forge f;
	if (size == 0)
		return 0;
	if (data[0] == 0) {
		read_segment(data + 1, size - 1);
		return 0;
	}
	forge_begin(&f, true);
	put_parts(&f, data + 1, size - 1);
	read_segment(f.out.data, f.out.length);
	forge_release(&f);
	return 0;
}
