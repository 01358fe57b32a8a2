/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed blocks: what was written comes back, whatever it is. test_sealed MILLIONS: so many random events more. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"
#include "../../agent/error.h"
#include "../../agent/format/columns.h"
#include "../../agent/format/sealed.h"

enum { SHORT_RUN = 300000 };

static long millions;

static struct segment_writer *begin(struct bytes *b)
{
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	assert_int_equal(segment_writer_new(&meta, sample_key, 3, b, &w), 0);
	segment_writer_seal(w);
	segment_writer_device(w, 0, DEVICE_KEYBOARD);
	return w;
}

static void round_trip(enum sample_wild wild, uint64_t seed, unsigned count, unsigned block)
{
	struct bytes b = {0};
	struct sample s = {.state = seed}, again = s;
	struct event e, got;
	struct segment_writer *w = begin(&b);
	struct segment_reader *r;
	for (unsigned i = 0; i < count; i++) {
		sample_wild(wild, &s, i, &e);
		int error = segment_writer_add(w, &e);
		if (error == ERROR_LIMIT) {
			assert_int_equal(segment_writer_flush(w, SAMPLE_WRITTEN, &b), 0);
			error = segment_writer_add(w, &e);
		}
		assert_int_equal(error, 0);
		if (segment_writer_waiting(w) == block)
			assert_int_equal(segment_writer_flush(w, SAMPLE_WRITTEN, &b), 0);
	}
	assert_int_equal(segment_writer_finish(w, SAMPLE_WRITTEN, &b), 0);
	segment_writer_free(w);
	assert_int_equal(segment_reader_new(b.data, b.length, sample_key, &r), 0);
	for (unsigned i = 0; i < count; i++) {
		sample_wild(wild, &again, i, &e);
		struct event want = sample_expected(&e);
		assert_int_equal(segment_reader_next(r, &got), 1);
		assert_true(sample_same(&got, &want));
	}
	assert_int_equal(segment_reader_next(r, &got), 0);
	segment_reader_free(r);
	bytes_release(&b);
}

static void random_events_come_back(void **state)
{
	(void)state;
	static const unsigned blocks[] = {65536, 1, 65536, 333, 65536, 5000};
	unsigned total = millions > 0 ? (unsigned)millions * 1000000 : SHORT_RUN;
	for (unsigned done = 0, n = 0; done < total; n++) {
		enum sample_wild wild = n % SAMPLE_WILD_COUNT;
		unsigned block = blocks[n / SAMPLE_WILD_COUNT % (sizeof blocks / sizeof *blocks)];
		unsigned count = block == 1 ? 300 : n % 7 == 6 ? 70000 : 1 + n * 7919 % 20000;
		round_trip(wild, n + 1, count, block);
		done += count;
	}
}

static void every_small_number_of_rows_comes_back(void **state)
{
	(void)state;
	for (unsigned count = 1; count < 70; count++)
		round_trip(count % 2 ? SAMPLE_ANY : SAMPLE_DESK, count, count, 65536);
}

/* Four blocks of 100 rows, a second apart; the first half a journal if asked for. */
static void make_seekable(struct bytes *b, bool journal, bool finish)
{
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	assert_int_equal(segment_writer_new(&meta, sample_key, 3, b, &w), 0);
	segment_writer_device(w, 7, DEVICE_TABLET);
	if (!journal)
		segment_writer_seal(w);
	for (unsigned i = 0; i < 400; i++) {
		struct event e = {.kind = EVENT_MOTION, .mono_us = 6000000 + i * 10000, .t_us = 1700000001000000 + i * 10000};
		assert_int_equal(segment_writer_add(w, &e), 0);
		if (i % 100 == 99)
			assert_int_equal(segment_writer_flush(w, SAMPLE_WRITTEN, b), 0);
		if (i == 199)
			segment_writer_seal(w);
	}
	if (finish)
		assert_int_equal(segment_writer_finish(w, SAMPLE_WRITTEN, b), 0);
	segment_writer_free(w);
}

static void blocks_before_a_time_are_passed_over(void **state)
{
	(void)state;
	for (unsigned journal = 0; journal < 2; journal++) {
		struct bytes b = {0};
		struct segment_reader *r;
		const struct columns *c;
		struct event e;
		make_seekable(&b, journal, true);
		for (unsigned from = 0; from <= 400; from += 50) {
			assert_int_equal(segment_reader_new(b.data, b.length, sample_key, &r), 0);
			segment_reader_from(r, 1700000001000000 + from * 10000);
			for (unsigned i = from / 100 * 100; i < 400; i++) {
				assert_int_equal(segment_reader_next(r, &e), 1);
				assert_int_equal(e.mono_us, 6000000 + i * 10000);
				assert_int_equal(segment_reader_device(r, 7), DEVICE_TABLET);
			}
			assert_int_equal(segment_reader_next(r, &e), 0);
			segment_reader_free(r);
		}
		/* Also in the midst of it; and by blocks. */
		assert_int_equal(segment_reader_new(b.data, b.length, sample_key, &r), 0);
		assert_int_equal(segment_reader_block(r, &c), 1);
		assert_int_equal(c->rows, 100);
		segment_reader_from(r, 1700000001000000 + 3100000);
		assert_int_equal(segment_reader_block(r, &c), 1);
		assert_int_equal(c->t_first, 1700000001000000 + 3000000);
		assert_int_equal(segment_reader_block(r, &c), 0);
		assert_int_equal(segment_reader_block(r, &c), 0);
		segment_reader_free(r);
		/* What is passed over is still authenticated. */
		b.data[1700] ^= 1;
		assert_int_equal(segment_reader_new(b.data, b.length, sample_key, &r), 0);
		segment_reader_from(r, INT64_MAX);
		assert_int_equal(segment_reader_block(r, &c), ERROR_CORRUPT);
		segment_reader_free(r);
		bytes_release(&b);
	}
}

static void a_gap_behind_what_was_passed_over_begins_with_it(void **state)
{
	(void)state;
	for (unsigned journal = 0; journal < 2; journal++) {
		struct bytes b = {0};
		struct segment_reader *r;
		struct segment_frame frame;
		struct event e;
		const struct columns *c;
		make_seekable(&b, journal, false);
		assert_int_equal(segment_frame(b.data, b.length, &frame), 0);
		assert_int_equal(frame.blocks, 4);
		assert_int_equal(segment_cut(frame.last_t_us, frame.last_t_us, frame.records, &b), 0);
		assert_int_equal(segment_reader_new(b.data, b.length, sample_key, &r), 0);
		segment_reader_from(r, INT64_MAX);
		assert_int_equal(segment_reader_next(r, &e), 1);
		assert_int_equal(e.kind, EVENT_GAP);
		assert_int_equal(e.mono_us, 6000000 + 399 * 10000);
		assert_int_equal(e.t_us, 1700000001000000 + 399 * 10000);
		assert_true(segment_reader_was_cut(r));
		assert_int_equal(segment_reader_next(r, &e), 0);
		segment_reader_free(r);
		/* As a block of one row. */
		assert_int_equal(segment_reader_new(b.data, b.length, sample_key, &r), 0);
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(segment_reader_block(r, &c), 1);
		assert_int_equal(segment_reader_block(r, &c), 1);
		assert_int_equal(c->rows, 1);
		assert_int_equal(segment_reader_block(r, &c), 0);
		segment_reader_free(r);
		bytes_release(&b);
	}
}

/* ---- The coding itself ---- */

struct coded {
	struct columns c, back;
	struct bytes head, lanes;
	struct sealed_writer *w;
	struct sealed_reader *r;
};

static void code(struct coded *k, enum sample_wild wild, unsigned rows, void (*change)(struct event *e, unsigned n))
{
	struct sample s = {.state = 77};
	struct device_list devices = {0};
	struct event e;
	memset(k, 0, sizeof *k);
	for (unsigned i = 0; i < rows; i++) {
		sample_wild(wild, &s, i, &e);
		if (change)
			change(&e, i);
		assert_int_equal(columns_add(&k->c, &e), 0);
	}
	k->w = sealed_writer_new();
	k->r = sealed_reader_new();
	assert_true(k->w && k->r);
	assert_int_equal(sealed_encode(k->w, &k->c, &devices, &k->head, &k->lanes), 0);
	assert_true(bytes_reserve(&k->lanes, LANE_BEHIND));
}

static void uncode(struct coded *k)
{
	sealed_writer_free(k->w);
	sealed_reader_free(k->r);
	columns_release(&k->c);
	columns_release(&k->back);
	bytes_release(&k->head);
	bytes_release(&k->lanes);
}

static int decode(struct coded *k)
{
	struct device_list devices = {0};
	return sealed_decode(k->r, &k->back, k->head.data, k->head.length, k->lanes.data, k->lanes.length, &devices);
}

static void damage_is_found_or_harmless(void **state)
{
	(void)state;
	struct sample s = {.state = 3};
	for (enum sample_wild wild = 0; wild < SAMPLE_WILD_COUNT; wild++) {
		struct coded k;
		code(&k, wild, 300, NULL);
		assert_int_equal(decode(&k), 0);
		for (unsigned i = 0; i < 3000; i++) {
			uint64_t r = sample_random(&s);
			struct bytes *b = r & 1 ? &k.head : &k.lanes;
			size_t at = (size_t)(r >> 8) % b->length, length = b->length;
			uint8_t was = b->data[at];
			b->data[at] = (uint8_t)(r >> 40);
			if ((r & 30) == 0)
				b->length = at;
			int error = decode(&k);
			assert_true(error == 0 || error == ERROR_CORRUPT || error == ERROR_UNSUPPORTED);
			assert_int_equal(k.back.rows > 0, error == 0);
			b->data[at] = was;
			b->length = length;
		}
		assert_int_equal(decode(&k), 0);
		uncode(&k);
	}
}

static void off_grid(struct event *e, unsigned n)
{
	e->mono_us -= e->mono_us % 1000;
	if (n == 1000)
		e->mono_us += 417;
	e->t_us = e->mono_us;
}

static void on_grid(struct event *e, unsigned n)
{
	off_grid(e, n);
	e->mono_us -= e->mono_us % 1000;
	e->t_us = e->mono_us;
}

static void one_time_off_its_grid_costs_a_few_bytes(void **state)
{
	(void)state;
	struct coded on, off;
	code(&on, SAMPLE_DESK, 20000, on_grid);
	code(&off, SAMPLE_DESK, 20000, off_grid);
	size_t a = on.head.length + on.lanes.length, b = off.head.length + off.lanes.length;
	print_message("%zu bytes, and %zu with one time off the grid\n", a, b);
	assert_true(b < a + 40);
	uncode(&on);
	uncode(&off);
}

static void alike(struct event *e, unsigned n)
{
	(void)n;
	*e = (struct event){.kind = EVENT_MOTION, .mono_us = 5, .t_us = 5};
}

static void extremes(struct event *e, unsigned n)
{
	bool odd = n & 1;
	*e = (struct event){.kind = EVENT_MOTION, .has = HAS_ALL, .mono_us = odd ? INT64_MIN : INT64_MAX,
		.t_us = odd ? 0 : 12345678901234567, .end_us = odd ? -98765432109876543 : 77, .x = odd ? INT32_MIN : INT32_MAX,
		.y = odd ? INT32_MAX : 0, .dx = odd ? -3e38f : 1e-40f, .dy = odd ? 0.1f : 3e38f, .lost = odd ? INT32_MIN : 5,
		.scroll_x = odd ? INT16_MIN : 1, .scroll_y = odd ? INT16_MAX : 1, .code = (int16_t)n, .device = (int16_t)n, .app = odd ? "a" : "b",
		.title = odd ? "c" : "d"};
}

static void as_many_rows_as_there_may_be(void **state)
{
	(void)state;
	void (*const changes[])(struct event *, unsigned) = {alike, extremes, NULL};
	for (unsigned i = 0; i < 3; i++) {
		struct coded k;
		struct cursor a = {0}, b = {0};
		struct event x, y;
		code(&k, SAMPLE_SCREEN, SEGMENT_BLOCK_EVENTS_MAX, changes[i]);
		assert_int_equal(decode(&k), 0);
		while (columns_next(&k.c, &a, &x)) {
			assert_true(columns_next(&k.back, &b, &y));
			assert_true(sample_same(&x, &y));
		}
		assert_int_equal(k.c.t_first, k.back.t_first);
		assert_int_equal(k.c.t_last, k.back.t_last);
		assert_int_equal(k.c.mono_last, k.back.mono_last);
		print_message("%.3f B/event\n", (double)(k.head.length + k.lanes.length) / SEGMENT_BLOCK_EVENTS_MAX);
		uncode(&k);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_small_number_of_rows_comes_back),
		cmocka_unit_test(random_events_come_back),
		cmocka_unit_test(blocks_before_a_time_are_passed_over),
		cmocka_unit_test(a_gap_behind_what_was_passed_over_begins_with_it),
		cmocka_unit_test(damage_is_found_or_harmless),
		cmocka_unit_test(one_time_off_its_grid_costs_a_few_bytes),
		cmocka_unit_test(as_many_rows_as_there_may_be),
	};
	if (argc > 1)
		millions = atol(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
