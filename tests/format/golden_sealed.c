/* SPDX-License-Identifier: Apache-2.0 */
/* Golden segments with sealed blocks: what our writer makes of rows of all kinds, and what nobody should make. */
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "format_golden.h"
#include "sample.h"
#include "../../agent/format/sealed_inside.h"

typedef void maker(struct sample *s, unsigned n, struct event *event);

static void must(bool good)
{
	if (!good)
		abort();
}

static void any(struct sample *s, unsigned n, struct event *event)
{
	(void)n;
	sample_event(s, event);
}

static void screen(struct sample *s, unsigned n, struct event *event)
{
	(void)n;
	sample_screen(s, event);
}

/* dx, dy that no shift makes whole. */
static void fractions(struct sample *s, unsigned n, struct event *event)
{
	screen(s, n, event);
	event->dx = (float)(sample_random(s) % 100000) / 777.0f;
	event->dy = -event->dx / 3;
}

/* One position in two has no movement: they are kept as steps. Times far apart, and back; keys released that were not pressed. */
static void steps(struct sample *s, unsigned n, struct event *event)
{
	sample_screen(s, event);
	if (n % 2)
		event->has &= (uint16_t)~HAS_DELTA;
	if (n % 50 == 49)
		event->mono_us = n % 100 == 99 ? INT64_MIN + n : INT64_MAX - n;
	if (n % 20 == 7) {
		event->kind = EVENT_KEY_UP;
		event->has |= HAS_TEXT | HAS_CODE;
		event->code = (int16_t)n;
		event->text[0] = 0;
	}
}

/* On a grid of 1 ms, and now and then at the very ends of what a time can be, where units times unit is more than 64 bits can hold. */
static void ends(struct sample *s, unsigned n, struct event *event)
{
	struct segment_meta meta = sample_meta();
	sample_event(s, event);
	*event = (struct event){.kind = n % 3 ? EVENT_KEY_DOWN : EVENT_SCREEN, .t_us = meta.t_us + n * 1000, .mono_us = meta.mono_us + (n + 1) * 1000};
	if (n % 40 == 30)
		event->mono_us = (int64_t)((uint64_t)meta.mono_us + (uint64_t)INT64_MIN + n);
	if (n % 40 == 31)
		event->mono_us = (int64_t)((uint64_t)meta.mono_us + (uint64_t)INT64_MAX - n);
}

static void good(const char *name, maker *make, unsigned count, unsigned block, unsigned journal, bool torn)
{
	struct sample s = {.state = 21};
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct event event;
	struct bytes out = {0};
	must(segment_writer_new(&meta, sample_key, 3, &out, &w) == 0);
	segment_writer_device(w, 0, DEVICE_KEYBOARD);
	for (unsigned i = 0; i < count; i++) {
		make(&s, i, &event);
		must(segment_writer_add(w, &event) == 0);
		if (i + 1 == journal) {
			must(segment_writer_flush(w, SAMPLE_WRITTEN, &out) == 0);
			segment_writer_seal(w);
		} else if ((i + 1) % block == 0) {
			must(segment_writer_flush(w, SAMPLE_WRITTEN, &out) == 0);
		}
		if (journal == 0)
			segment_writer_seal(w);
	}
	if (torn) {
		struct segment_frame frame;
		must(segment_frame(out.data, out.length, &frame) == 0 && frame.blocks == count / block);
		must(segment_cut(frame.last_t_us, frame.last_t_us + 1000000, frame.records, &out) == 0);
	} else {
		must(segment_writer_finish(w, SAMPLE_WRITTEN, &out) == 0);
	}
	golden_save(name, out.data, out.length);
	segment_writer_free(w);
	bytes_release(&out);
}

/* ---- Forged: a good block of ROWS rows, of which one thing is other ---- */

enum { ROWS = 400 };

struct block { struct bytes lead, head, lanes; };

static void make_block(struct block *b)
{
	struct columns c = {0};
	struct segment_meta meta = sample_meta();
	struct device_list devices = {0};
	struct sample s = {.state = 22};
	struct event event;
	struct sealed_writer *w = sealed_writer_new();
	c.mono_base = meta.mono_us;
	c.utc_base = meta.t_us;
	for (unsigned i = 0; i < ROWS; i++) {
		sample_screen(&s, &event);
		must(columns_add(&c, &event) == 0);
	}
	memset(b, 0, sizeof *b);
	must(w && sealed_encode(w, &c, &devices, &b->head, &b->lanes) == 0);
	bytes_put_u32(&b->lead, c.rows);
	bytes_put_u64(&b->lead, (uint64_t)c.t_first);
	bytes_put_u64(&b->lead, (uint64_t)c.t_last);
	bytes_put_u64(&b->lead, (uint64_t)c.mono_last);
	sealed_writer_free(w);
	columns_release(&c);
}

/* Puts something in place of a section; NULL: leaves it out. Also at the place of one that is not there. */
static void replace(struct block *b, uint8_t id, const void *with, size_t length)
{
	struct bytes_reader in = {b->head.data, b->head.data + b->head.length, false};
	struct bytes out = {0};
	bool done = false;
	bytes_put_varint(&out, bytes_get_varint(&in));
	while (in.at != in.end || !done) {
		uint8_t found = in.at != in.end ? bytes_get_u8(&in) : 255;
		if (found >= id && !done) {
			done = true;
			if (with) {
				bytes_put_u8(&out, id);
				bytes_put_varint(&out, length);
				bytes_put(&out, with, length);
			}
		}
		if (in.at == in.end)
			break;
		uint64_t size = bytes_get_varint(&in);
		const uint8_t *data = bytes_get(&in, (size_t)size);
		if (found == id)
			continue;
		bytes_put_u8(&out, found);
		bytes_put_varint(&out, size);
		bytes_put(&out, data, (size_t)size);
	}
	bytes_release(&b->head);
	b->head = out;
}

/* The content of a section. */
static uint8_t *section(struct block *b, uint8_t id, size_t *length)
{
	struct bytes_reader in = {b->head.data, b->head.data + b->head.length, false};
	bytes_get_varint(&in);
	for (;;) {
		uint8_t found = bytes_get_u8(&in);
		*length = (size_t)bytes_get_varint(&in);
		uint8_t *data = b->head.data + (bytes_get(&in, *length) - b->head.data);
		must(!in.failed);
		if (found == id)
			return data;
	}
}

static void finish(struct block *b, const char *name)
{
	struct forge f;
	struct bytes content = {0};
	forge_begin(&f, true);
	forge_sealed(&f, b->lead.data, b->lead.length, &b->head, &b->lanes);
	forge_footer_content(1, ROWS, &content);
	forge_content(&f, RECORD_FOOTER, true, NULL, 0, content.data, content.length);
	golden_save(name, f.out.data, f.out.length);
	forge_release(&f);
	bytes_release(&content);
	bytes_release(&b->lead);
	bytes_release(&b->head);
	bytes_release(&b->lanes);
}

static void replaced(const char *name, uint8_t id, const void *with, size_t length)
{
	struct block b;
	make_block(&b);
	replace(&b, id, with, length);
	finish(&b, name);
}

/* One byte of a section is more by so much. */
static void changed(const char *name, uint8_t id, size_t at, uint8_t more)
{
	struct block b;
	size_t length;
	make_block(&b);
	uint8_t *data = section(&b, id, &length);
	must(at < length);
	data[at] = (uint8_t)(data[at] + more);
	finish(&b, name);
}

static void lanes(const char *name, int words)
{
	struct block b;
	make_block(&b);
	if (words > 0)
		bytes_put_u32(&b.lanes, 0);
	else
		b.lanes.length -= 4;
	finish(&b, name);
}

static void lead(const char *name, size_t at)
{
	struct block b;
	make_block(&b);
	b.lead.data[at] ^= 1;
	finish(&b, name);
}

/* Keys are released by their place among those held, but there are no such words. */
static void no_release(void)
{
	struct block b;
	size_t length;
	make_block(&b);
	uint8_t *data = section(&b, SECTION_WORDS + WORDS_KEY, &length);
	struct bytes_reader in = {data, data + length, false};
	for (uint64_t count = bytes_get_varint(&in); count > 0; count--) {
		uint64_t size = bytes_get_varint(&in);
		uint8_t *word = data + (in.at - data);
		bytes_get(&in, (size_t)size);
		if (!(word[0] & HAS_TEXT / HAS_CLASS))
			word[1] = CLASS_OTHER;
	}
	finish(&b, "sealed-released-by-no-word");
}

static void bad(void)
{
	static const uint8_t zero[16] = {0}, units[] = {0xe8, 7, 0xe8, 7};
	size_t length;
	struct block b;
	replaced("sealed-optional-section", 200, "later", 5);
	replaced("sealed-unknown-section", 100, "later", 5);
	replaced("sealed-without-times", SEALED_TIME, NULL, 0);
	replaced("sealed-keys-without-words", SECTION_WORDS + WORDS_KEY, NULL, 0);
	replaced("sealed-without-shift", SEALED_SHIFT, NULL, 0);
	replaced("sealed-grid-of-no-unit", SEALED_GRID, zero, sizeof zero);
	replaced("sealed-phase-not-below-unit", SEALED_GRID, units, sizeof units);
	replaced("sealed-rest-behind-rows", SEALED_REST, "\x01\x90\x03\x05", 4);
	replaced("sealed-rest-of-nothing", SEALED_REST, "\x01\x05\x00", 3);
	replaced("sealed-rest-empty", SEALED_REST, "\x00", 1);
	replaced("sealed-shift-too-large", SEALED_SHIFT, "\x19", 1);
	replaced("sealed-constant-times", SEALED_TIME, "\x00\x01", 2);
	replaced("sealed-shape-beyond", SEALED_SHAPE, "\x00\x40", 2);
	replaced("sealed-app-beyond", SEALED_APP, "\x00\x40", 2);
	replaced("sealed-runs-too-long", SEALED_APP, "\x02\x01\x00\x40\x00\x00", 6);
	replaced("sealed-runs-in-runs", SEALED_APP, "\x02\x01\x02\x01\x00\x01\x00\x00", 8);
	replaced("sealed-section-not-used-up", SEALED_SHIFT, "\x00\x00", 2);
	replaced("sealed-scroll-of-nobody", SEALED_SCROLL_X, "\x00\x00", 2);
	replaced("sealed-bits-and-pairs", SEALED_DX, "\x00\x00", 2);
	/* Coding, tables, and the first table of the map. */
	changed("sealed-direct-8", SEALED_TIME, 0, (uint8_t)(8 - 5));
	changed("sealed-no-table", SEALED_FOLLOW, 1, 255);
	changed("sealed-table-beyond", SEALED_FOLLOW, 2, 24);
	/* The last four bytes are the lanes' lengths, the last but those a frequency. */
	make_block(&b);
	section(&b, SEALED_TIME, &length);
	bytes_release(&b.lead);
	bytes_release(&b.head);
	bytes_release(&b.lanes);
	changed("sealed-frequencies-too-few", SEALED_TIME, length - 5, 255);
	changed("sealed-lane-shorter", SEALED_TIME, length - 4, 255);
	no_release();
	lanes("sealed-lanes-cut-short", -1);
	lanes("sealed-lanes-left", 1);
	lead("sealed-rows-in-front-wrong", 0);
	lead("sealed-mono-in-front-wrong", 20);
}

void golden_sealed(void)
{
	good("sealed-desk", sample_desk, 60, 20, 0, false);
	good("sealed-any", any, 90, 45, 0, false);
	good("sealed-screen", screen, 900, 500, 0, false);
	good("sealed-fractions", fractions, 200, 500, 0, false);
	good("sealed-steps", steps, 300, 500, 0, false);
	good("sealed-times-at-the-ends", ends, 200, 100, 0, false);
	good("sealed-behind-journal", screen, 200, 500, 50, false);
	good("sealed-cut", screen, 200, 100, 0, true);
	bad();
}
