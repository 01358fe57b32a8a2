/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sample.h"
#include "../../agent/error.h"

typedef void maker(struct sample *s, unsigned n, struct event *event);

static void any(struct sample *s, unsigned n, struct event *event)
{
	(void)n;
	sample_event(s, event);
}

static void write_events(maker *make, unsigned count, unsigned block, int level, struct bytes *out)
{
	struct sample s = {.state = 42};
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct event event;
	assert_int_equal(segment_writer_new(&meta, sample_key, level, out, &w), 0);
	segment_writer_device(w, 0, DEVICE_KEYBOARD);
	segment_writer_device(w, -7, DEVICE_TABLET);
	for (unsigned i = 0; i < count; i++) {
		make(&s, i, &event);
		assert_int_equal(segment_writer_add(w, &event), 0);
		if (segment_writer_waiting(w) == block)
			assert_int_equal(segment_writer_flush(w, SAMPLE_WRITTEN, out), 0);
	}
	segment_writer_device(w, 300, DEVICE_MOUSE);
	assert_int_equal(segment_writer_finish(w, SAMPLE_WRITTEN, out), 0);
	assert_int_equal(segment_writer_waiting(w), 0);
	assert_int_equal(segment_writer_add(w, &event), ERROR_INVALID);
	assert_int_equal(segment_writer_flush(w, SAMPLE_WRITTEN, out), ERROR_INVALID);
	segment_writer_free(w);
}

static void read_events(maker *make, unsigned count, const struct bytes *b)
{
	struct sample s = {.state = 42};
	struct segment_meta meta = sample_meta();
	struct segment_reader *r;
	struct event event, got;
	assert_int_equal(segment_reader_new(b->data, b->length, sample_key, &r), 0);
	assert_true(sample_same_meta(segment_reader_meta(r), &meta));
	for (unsigned i = 0; i < count; i++) {
		make(&s, i, &event);
		struct event want = sample_expected(&event);
		assert_int_equal(segment_reader_next(r, &got), 1);
		assert_true(sample_same(&got, &want));
	}
	assert_int_equal(segment_reader_next(r, &got), 0);
	assert_int_equal(segment_reader_next(r, &got), 0);
	assert_int_equal(segment_reader_device(r, 0), DEVICE_KEYBOARD);
	assert_int_equal(segment_reader_device(r, -7), DEVICE_TABLET);
	assert_int_equal(segment_reader_device(r, 300), DEVICE_MOUSE);
	assert_int_equal(segment_reader_device(r, 1), DEVICE_OTHER);
	segment_reader_free(r);
}

static void round_trip(maker *make, unsigned count, unsigned block, int level)
{
	struct bytes b = {0}, twice = {0};
	write_events(make, count, block, level, &b);
	read_events(make, count, &b);
	/* The same events are as many bytes; and no two segments are the same, even under one key. */
	write_events(make, count, block, level, &twice);
	assert_int_equal(b.length, twice.length);
	assert_memory_not_equal(b.data, twice.data, b.length);
	bytes_release(&b);
	bytes_release(&twice);
}

static void hundred_thousand_events_come_back(void **state)
{
	(void)state;
	round_trip(any, 100000, 16384, 3);
}

static void every_block_size_comes_back(void **state)
{
	(void)state;
	for (unsigned block = 1; block < 70; block++)
		round_trip(block % 2 ? any : sample_desk, 150, block, 3);
	round_trip(sample_desk, 70000, 65536, 19);
	round_trip(sample_desk, 5000, 777, -5);
	round_trip(any, 0, 1, 3);
}

static void one_value_of_each_column_comes_back(void **state)
{
	(void)state;
	/* Each has bit alone, and none, in blocks of one and in one block. */
	for (unsigned block = 1; block <= 14; block += 13) {
		struct segment_meta meta = sample_meta();
		struct segment_writer *w;
		struct segment_reader *r;
		struct bytes b = {0};
		struct event event, got;
		struct sample s = {.state = 5}, again = s;
		assert_int_equal(segment_writer_new(&meta, sample_key, 3, &b, &w), 0);
		for (unsigned bit = 0; bit <= 13; bit++) {
			sample_event(&s, &event);
			event.has = (uint16_t)(1u << bit);  /* the last is no column at all, and is ignored */
			assert_int_equal(segment_writer_add(w, &event), 0);
			if (segment_writer_waiting(w) == block)
				assert_int_equal(segment_writer_flush(w, SAMPLE_WRITTEN, &b), 0);
		}
		assert_int_equal(segment_writer_finish(w, SAMPLE_WRITTEN, &b), 0);
		assert_int_equal(segment_reader_new(b.data, b.length, sample_key, &r), 0);
		for (unsigned bit = 0; bit <= 13; bit++) {
			sample_event(&again, &event);
			event.has = (uint16_t)(1u << bit);
			struct event want = sample_expected(&event);
			assert_int_equal(segment_reader_next(r, &got), 1);
			assert_true(sample_same(&got, &want));
		}
		assert_int_equal(segment_reader_next(r, &got), 0);
		segment_reader_free(r);
		segment_writer_free(w);
		bytes_release(&b);
	}
}

static void what_no_reader_accepts_is_refused(void **state)
{
	(void)state;
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct bytes b = {0};
	const struct event bad[] = {
		{.kind = EVENT_KIND_COUNT},
		{.has = HAS_CLASS, .key_class = CLASS_COUNT},
		{.has = HAS_REASON, .reason = REASON_COUNT},
		{.has = HAS_TEXT, .text = "\x1b"},
		{.has = HAS_APP, .app = NULL},
		{.has = HAS_TITLE, .title = "\xff"},
		{.has = HAS_DELTA, .dx = INFINITY},
		{.has = HAS_DELTA, .dy = NAN},
	};
	assert_int_equal(segment_writer_new(&meta, sample_key, 3, &b, &w), 0);
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(segment_writer_add(w, &bad[i]), ERROR_INVALID);
	assert_int_equal(segment_writer_waiting(w), 0);
	size_t before = b.length;
	assert_int_equal(segment_writer_flush(w, SAMPLE_WRITTEN, &b), 0);
	assert_int_equal(b.length, before);
	segment_writer_free(w);
	strcpy(meta.study, "a\nb");
	assert_int_equal(segment_writer_new(&meta, sample_key, 3, &b, &w), ERROR_INVALID);
	assert_int_equal(b.length, before);
	assert_null(w);
	bytes_release(&b);
}

/* Distinct strings as long as they may be: the block is full by bytes before it is by events. */
static void dictionaries_have_limits(void **state)
{
	(void)state;
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct segment_reader *r;
	struct bytes b = {0};
	struct event got;
	char app[EVENT_APP_MAX + 1] = {0}, title[EVENT_TITLE_MAX + 1] = {0};
	memset(app, 'a', EVENT_APP_MAX);
	memset(title, 't', EVENT_TITLE_MAX);
	struct event event = {.kind = EVENT_FOCUS, .has = HAS_APP | HAS_TITLE | HAS_TEXT, .app = app, .title = title};
	memset(event.text, 'k', EVENT_TEXT_MAX);
	assert_int_equal(segment_writer_new(&meta, sample_key, 3, &b, &w), 0);
	unsigned count = 0;
	int error = 0;
	for (; count < 70000; count++) {
		char digits[12];
		snprintf(digits, sizeof digits, "%08u", count);
		memcpy(app, digits, 8);
		memcpy(title + 200, digits, 8);
		memcpy(event.text + 5, digits, 8);
		error = segment_writer_add(w, &event);
		if (error)
			break;
	}
	assert_int_equal(error, ERROR_LIMIT);
	assert_int_equal(segment_writer_waiting(w), count);
	assert_true(count > 20000);
	assert_int_equal(segment_writer_flush(w, SAMPLE_WRITTEN, &b), 0);
	assert_int_equal(segment_writer_add(w, &event), 0);
	assert_int_equal(segment_writer_finish(w, SAMPLE_WRITTEN, &b), 0);
	assert_int_equal(segment_reader_new(b.data, b.length, sample_key, &r), 0);
	for (unsigned i = 0; i <= count; i++) {
		char digits[12];
		snprintf(digits, sizeof digits, "%08u", i);
		assert_int_equal(segment_reader_next(r, &got), 1);
		assert_memory_equal(got.app, digits, 8);
		assert_memory_equal(got.title + 200, digits, 8);
		assert_memory_equal(got.text + 5, digits, 8);
	}
	assert_int_equal(segment_reader_next(r, &got), 0);
	segment_reader_free(r);
	segment_writer_free(w);
	bytes_release(&b);
}

static void a_block_holds_so_many_events(void **state)
{
	(void)state;
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct segment_reader *r;
	struct bytes b = {0};
	/* All alike compress best: such a block must not look like a bomb. */
	struct event event = {.kind = EVENT_MOTION}, got;
	assert_int_equal(segment_writer_new(&meta, sample_key, 3, &b, &w), 0);
	for (unsigned i = 0; i < SEGMENT_BLOCK_EVENTS_MAX; i++)
		assert_int_equal(segment_writer_add(w, &event), 0);
	assert_int_equal(segment_writer_add(w, &event), ERROR_LIMIT);
	assert_int_equal(segment_writer_flush(w, SAMPLE_WRITTEN, &b), 0);
	/* The same of what alternates between extremes in every column. */
	for (unsigned i = 0; i < SEGMENT_BLOCK_EVENTS_MAX; i++) {
		bool odd = i & 1;
		struct event e = {.kind = EVENT_MOTION, .has = HAS_ALL, .mono_us = odd ? INT64_MIN : INT64_MAX,
			.t_us = odd ? 0 : 12345678901234567, .end_us = odd ? -98765432109876543 : 77, .x = odd ? INT32_MIN : INT32_MAX,
			.y = odd ? INT32_MAX : 0, .dx = odd ? -3e38f : 1e-40f, .dy = odd ? 0.1f : 3e38f, .lost = odd ? INT32_MIN : 5,
			.scroll_x = odd ? INT16_MIN : 1, .scroll_y = odd ? INT16_MAX : 1, .code = (int16_t)i, .app = odd ? "a" : "b",
			.title = odd ? "c" : "d"};
		assert_int_equal(segment_writer_add(w, &e), 0);
	}
	assert_int_equal(segment_writer_finish(w, SAMPLE_WRITTEN, &b), 0);
	assert_int_equal(segment_reader_new(b.data, b.length, sample_key, &r), 0);
	for (unsigned i = 0; i < 2 * SEGMENT_BLOCK_EVENTS_MAX; i++)
		assert_int_equal(segment_reader_next(r, &got), 1);
	assert_int_equal(segment_reader_next(r, &got), 0);
	segment_reader_free(r);
	segment_writer_free(w);
	bytes_release(&b);
}

static void too_many_devices_are_no_harm(void **state)
{
	(void)state;
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct segment_reader *r;
	struct bytes b = {0};
	struct event event = {.kind = EVENT_START};
	assert_int_equal(segment_writer_new(&meta, sample_key, 3, &b, &w), 0);
	for (int16_t i = 0; i < SEGMENT_DEVICES_MAX + 20; i++)
		segment_writer_device(w, i, DEVICE_TOUCHPAD);
	segment_writer_device(w, 5, DEVICE_MOUSE);
	segment_writer_device(w, 6, DEVICE_CLASS_COUNT);
	assert_int_equal(segment_writer_add(w, &event), 0);
	assert_int_equal(segment_writer_flush(w, SAMPLE_WRITTEN, &b), 0);
	/* Known before the footer. */
	assert_int_equal(segment_reader_new(b.data, b.length, sample_key, &r), 0);
	assert_int_equal(segment_reader_next(r, &event), 1);
	assert_int_equal(segment_reader_device(r, 5), DEVICE_MOUSE);
	assert_int_equal(segment_reader_device(r, 6), DEVICE_TOUCHPAD);
	assert_int_equal(segment_reader_device(r, SEGMENT_DEVICES_MAX - 1), DEVICE_TOUCHPAD);
	assert_int_equal(segment_reader_device(r, SEGMENT_DEVICES_MAX), DEVICE_OTHER);
	assert_int_equal(segment_reader_next(r, &event), ERROR_TRUNCATED);
	segment_reader_free(r);
	segment_writer_free(w);
	bytes_release(&b);
}

static void blocks_are_small(void **state)
{
	(void)state;
	struct bytes b = {0}, none = {0};
	write_events(sample_desk, 50000, 1000, 3, &b);
	write_events(sample_desk, 0, 1000, 3, &none);
	double each = (double)(b.length - none.length) / 50000;
	print_message("mixed desk work, blocks of 1000: %.2f B/event\n", each);
	assert_true(each < 5);
	bytes_release(&b);
	bytes_release(&none);
}

/* Typing, with one application, in every column that a key can have; the rhythm is noise of milliseconds. */
static void typing(struct sample *s, unsigned n, struct event *event)
{
	unsigned pause = 5 + (unsigned)(sample_random(s) % 90);
	*event = (struct event){.kind = n % 2 ? EVENT_KEY_UP : EVENT_KEY_DOWN, .key_class = CLASS_LETTER, .app = "editor",
		.has = HAS_DEVICE | HAS_CLASS | HAS_CODE | HAS_APP | HAS_SYNTHETIC};
	s->mono_us += pause * 1000;
	event->mono_us = s->mono_us;
	event->t_us = s->mono_us + 1700000000000000;
	if (n % 2 == 0)
		s->state += pause;
	unsigned letter = (unsigned)(s->state % 19);
	event->code = (int16_t)(16 + letter);
	if (n % 2 == 0) {
		event->has |= HAS_TEXT;
		event->text[0] = (char)('a' + letter);
	}
}

/* Up to ten keys a second for five seconds, presses and releases. */
static void a_block_of_typing_has_one_length(void **state)
{
	(void)state;
	size_t first = 0;
	for (unsigned events = 1; events <= 100; events++) {
		struct bytes b = {0};
		write_events(typing, events, events, 3, &b);
		if (events == 1)
			first = b.length;
		assert_int_equal(b.length, first);
		bytes_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hundred_thousand_events_come_back),
		cmocka_unit_test(every_block_size_comes_back),
		cmocka_unit_test(one_value_of_each_column_comes_back),
		cmocka_unit_test(what_no_reader_accepts_is_refused),
		cmocka_unit_test(dictionaries_have_limits),
		cmocka_unit_test(a_block_holds_so_many_events),
		cmocka_unit_test(too_many_devices_are_no_harm),
		cmocka_unit_test(blocks_are_small),
		cmocka_unit_test(a_block_of_typing_has_one_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
