/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <math.h>
#include <string.h>

#include "sample.h"
#include "../../agent/error.h"
#include "../../agent/format/wire.h"

static struct bytes_reader reader(const struct bytes *b)
{
	return (struct bytes_reader){b->data, b->data + b->length, false};
}

static void events_come_back(void **state)
{
	(void)state;
	struct sample s = {.state = 1}, again = s;
	struct wire_encoder e;
	struct wire_decoder d = {0};
	struct bytes b = {0};
	struct event event;
	struct wire_item item;
	size_t largest = 0;
	wire_encoder_reset(&e);
	for (unsigned message = 0; message < 1000; message++) {
		bytes_clear(&b);
		for (unsigned i = 0; i < 20; i++) {
			size_t before = b.length;
			sample_event(&s, &event);
			wire_put_event(&e, &event, &b);
			if (b.length - before > largest)
				largest = b.length - before;
		}
		wire_put_device((int16_t)message, message % DEVICE_CLASS_COUNT, &b);
		struct bytes_reader in = reader(&b);
		for (unsigned i = 0; i < 20; i++) {
			sample_event(&again, &event);
			struct event want = sample_expected(&event);
			assert_int_equal(wire_get(&d, &in, &item), 1);
			assert_int_equal(item.record, WIRE_EVENT);
			assert_true(sample_same(&item.event, &want));
		}
		assert_int_equal(wire_get(&d, &in, &item), 1);
		assert_int_equal(item.record, WIRE_DEVICE);
		assert_int_equal(item.device, message);
		assert_int_equal(item.klass, message % DEVICE_CLASS_COUNT);
		assert_int_equal(wire_get(&d, &in, &item), 0);
	}
	assert_true(largest <= WIRE_RECORD_MAX);
	bytes_release(&b);
}

static void strings_are_sent_when_they_change(void **state)
{
	(void)state;
	struct wire_encoder e;
	struct bytes b = {0};
	struct event event = {.kind = EVENT_KEY_DOWN, .has = HAS_APP, .app = "firefox"};
	struct wire_item item;
	wire_encoder_reset(&e);
	wire_put_event(&e, &event, &b);
	size_t first = b.length;
	wire_put_event(&e, &event, &b);
	assert_int_equal(b.length - first, first - strlen("firefox") - 1);

	/* A message was lost: what names the application no more cannot be read by a decoder that never heard it. */
	struct wire_decoder fresh = {0};
	struct bytes_reader in = {b.data + first, b.data + b.length, false};
	assert_int_equal(wire_get(&fresh, &in, &item), ERROR_CORRUPT);
	bytes_clear(&b);
	wire_encoder_reset(&e);
	wire_put_event(&e, &event, &b);
	in = reader(&b);
	assert_int_equal(wire_get(&fresh, &in, &item), 1);
	assert_string_equal(item.event.app, "firefox");
	bytes_release(&b);
}

static void what_no_decoder_accepts_is_left_out(void **state)
{
	(void)state;
	struct wire_encoder e;
	struct wire_decoder d = {0};
	struct bytes b = {0};
	struct wire_item item;
	char long_app[EVENT_APP_MAX + 2];
	memset(long_app, 'a', sizeof long_app - 1);
	long_app[sizeof long_app - 1] = 0;
	struct event event = {.kind = EVENT_KEY_DOWN, .has = 0xffff, .key_class = CLASS_COUNT, .reason = REASON_COUNT,
		.text = "\r", .dx = NAN, .app = long_app, .title = NULL, .code = 30, .x = 7};
	wire_encoder_reset(&e);
	wire_put_event(&e, &event, &b);
	event.kind = EVENT_KIND_COUNT;
	wire_put_event(&e, &event, &b);
	wire_put_device(1, DEVICE_CLASS_COUNT, &b);
	struct bytes_reader in = reader(&b);
	assert_int_equal(wire_get(&d, &in, &item), 1);
	assert_int_equal(item.event.has, HAS_ALL & ~(HAS_CLASS | HAS_REASON | HAS_TEXT | HAS_DELTA | HAS_APP | HAS_TITLE));
	assert_int_equal(item.event.code, 30);
	assert_int_equal(item.event.x, 7);
	assert_int_equal(wire_get(&d, &in, &item), 0);
	bytes_release(&b);
}

static void damage_is_no_crash(void **state)
{
	(void)state;
	struct sample s = {.state = 3};
	struct wire_encoder e;
	struct bytes b = {0};
	struct event event;
	struct wire_item item;
	wire_encoder_reset(&e);
	for (unsigned i = 0; i < 40; i++) {
		sample_event(&s, &event);
		wire_put_event(&e, &event, &b);
	}
	for (size_t bit = 0; bit < b.length * 8; bit++) {
		struct wire_decoder d = {0};
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		struct bytes_reader in = reader(&b);
		int status, n = 0;
		while ((status = wire_get(&d, &in, &item)) == 1 && n <= 10000)
			n++;
		assert_true(n <= 10000);
		assert_true(status == 0 || status == ERROR_CORRUPT);
		/* Once damaged, nothing more comes out. */
		if (status)
			assert_int_equal(wire_get(&d, &in, &item), ERROR_CORRUPT);
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < b.length; cut++) {
		struct wire_decoder d = {0};
		struct bytes_reader in = {b.data, b.data + cut, false};
		int status;
		while ((status = wire_get(&d, &in, &item)) == 1)
			;
		assert_true(status == 0 || status == ERROR_CORRUPT);
	}
	bytes_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_back),
		cmocka_unit_test(strings_are_sent_when_they_change),
		cmocka_unit_test(what_no_decoder_accepts_is_left_out),
		cmocka_unit_test(damage_is_no_crash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
