/* SPDX-License-Identifier: Apache-2.0 */
/* What broker and agent say: it comes out as it went in, and nothing else is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../agent/base/stream.h"
#include "../../agent/error.h"

static uint64_t state = 1;

static uint32_t any(void)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(state >> 33);
}

/* One record of each kind, as a broker would make it. */
static const struct stream_record good[] = {
	{ 1, 0, 0, -1, 0, STREAM_SESSION, STREAM_SESSION_OPEN, 0, 0 },
	{ 2, 0, 0, 7, 0, STREAM_DEVICE, 1, DEVICE_TOUCHPAD, STREAM_SYNTHETIC },
	{ 3, 0, 0, 7, 30, STREAM_KEY, KEY_PRESS, CLASS_LETTER, STREAM_CHORD },
	{ 4, 3, 0, 7, 0, STREAM_KEY, KEY_RELEASE, CLASS_LETTER, STREAM_RESYNC },
	{ 5, 0, 0, 7, 0x110, STREAM_BUTTON, KEY_PRESS, 0, 0 },
	{ 6, -(1 << 30), 1 << 30, 7, 0, STREAM_MOTION, 0, 0, 0 },
	{ 7, -32767, 120, 7, 0, STREAM_SCROLL, 0, 0, 0 },
	{ 8, 5, -6, 7, 15, STREAM_TOUCH, TOUCH_UPDATE, 0, 0 },
	{ 9, -1, 0, 7, 0, STREAM_LOST, 0, 0, 0 },
	{ (INT64_C(1) << 53) - 1, 1, 0, -1, 0, STREAM_LOST, 0, 0, 0 },
	{ 10, 0, 0, -1, 0, STREAM_SYNCED, 0, 0, 0 },
};

enum { GOOD = sizeof good / sizeof *good };

static void test_records(void **unused)
{
	uint8_t packet[STREAM_PACKET_MAX], again[STREAM_PACKET_MAX];
	struct stream_record in[STREAM_RECORDS_MAX], out[STREAM_RECORDS_MAX];
	(void)unused;
	for (int i = 0; i < STREAM_RECORDS_MAX; i++)
		in[i] = good[i % GOOD];
	for (size_t n = 1; n <= STREAM_RECORDS_MAX; n++) {
		size_t length = stream_put_records(packet, in, n);
		assert_int_equal(length, STREAM_HEAD_SIZE + n * STREAM_RECORD_SIZE);
		assert_int_equal(stream_type(packet, length), STREAM_RECORDS);
		assert_int_equal(stream_get_records(packet, length, out), n);
		assert_int_equal(stream_put_records(again, out, n), length);
		assert_memory_equal(packet, again, length);
		assert_memory_equal(in, out, n * sizeof *in);
	}
}

static void test_control(void **unused)
{
	uint8_t packet[STREAM_CONTROL_SIZE];
	int64_t now = 0;
	(void)unused;
	for (int keys = DETAIL_NONE; keys <= DETAIL_CODE; keys++) {
		for (int pointer = POINTER_NONE; pointer <= POINTER_FULL; pointer++) {
			struct stream_terms in = { keys, pointer, pointer & 1 }, out = { 0 };
			stream_put_hello(packet, &in);
			assert_int_equal(stream_get_hello(packet, sizeof packet, &out), 0);
			assert_true(out.keys == in.keys && out.pointer == in.pointer && out.scroll == in.scroll);
			assert_int_equal(stream_get_welcome(packet, sizeof packet, &out, &now), ERROR_CORRUPT);
			stream_put_welcome(packet, &in, 123456789012);
			out = (struct stream_terms){ 0 };
			assert_int_equal(stream_get_welcome(packet, sizeof packet, &out, &now), 0);
			assert_true(out.keys == in.keys && out.pointer == in.pointer && out.scroll == in.scroll);
			assert_int_equal(now, 123456789012);
		}
	}
	stream_put_sync(packet);
	assert_int_equal(stream_type(packet, STREAM_HEAD_SIZE), STREAM_SYNC);
	for (int why = 1; why < STREAM_REFUSED_END; why++) {
		enum stream_refusal out = 0;
		stream_put_refusal(packet, why);
		/* A refusal is understood whatever its version. */
		packet[4] = 77;
		assert_int_equal(stream_type(packet, sizeof packet), STREAM_REFUSAL);
		assert_int_equal(stream_get_refusal(packet, sizeof packet, &out), 0);
		assert_int_equal(out, why);
		assert_true(stream_refusal_text(why)[0] && stream_refusal_remedy(why)[0]);
	}
}

/* Wrong versions, types, lengths, counts. */
static void test_refused(void **unused)
{
	uint8_t packet[STREAM_PACKET_MAX + 8] = { 0 };
	struct stream_record out[STREAM_RECORDS_MAX];
	struct stream_terms terms = { DETAIL_CLASS, POINTER_FULL, true };
	(void)unused;
	stream_put_hello(packet, &terms);
	for (size_t n = 0; n < STREAM_CONTROL_SIZE; n++)
		assert_int_equal(stream_get_hello(packet, n, &terms), ERROR_CORRUPT);
	assert_int_equal(stream_get_hello(packet, STREAM_CONTROL_SIZE + 1, &terms), ERROR_CORRUPT);
	packet[8] = DETAIL_TEXT;
	assert_int_equal(stream_get_hello(packet, STREAM_CONTROL_SIZE, &terms), ERROR_CORRUPT);
	packet[8] = DETAIL_CODE;
	packet[23] = 1;
	assert_int_equal(stream_get_hello(packet, STREAM_CONTROL_SIZE, &terms), ERROR_CORRUPT);
	packet[23] = 0;
	packet[4] = STREAM_VERSION + 1;
	assert_int_equal(stream_get_hello(packet, STREAM_CONTROL_SIZE, &terms), ERROR_UNSUPPORTED);
	packet[0] ^= 1;
	assert_int_equal(stream_get_hello(packet, STREAM_CONTROL_SIZE, &terms), ERROR_CORRUPT);

	for (size_t n = 0; n <= sizeof packet; n++) {
		stream_put_sync(packet);
		assert_true((stream_type(packet, n) == STREAM_SYNC) == (n == STREAM_HEAD_SIZE));
	}
	packet[6] = 1;
	assert_int_equal(stream_type(packet, STREAM_HEAD_SIZE), ERROR_CORRUPT);
	packet[6] = 0;
	packet[4] = STREAM_VERSION + 1;
	assert_int_equal(stream_type(packet, STREAM_HEAD_SIZE), ERROR_UNSUPPORTED);

	size_t length = stream_put_records(packet, good, 3);
	assert_int_equal(stream_get_records(packet, length - 1, out), ERROR_CORRUPT);
	assert_int_equal(stream_get_records(packet, length + 1, out), ERROR_CORRUPT);
	packet[6] = 4;
	assert_int_equal(stream_get_records(packet, length, out), ERROR_CORRUPT);
	packet[6] = 0;
	assert_int_equal(stream_get_records(packet, STREAM_HEAD_SIZE, out), ERROR_CORRUPT);
	packet[6] = STREAM_RECORDS_MAX + 1;
	assert_int_equal(stream_get_records(packet, STREAM_PACKET_MAX + STREAM_RECORD_SIZE, out), ERROR_CORRUPT);
}

/* Of each kind every field that is out of its range, and whatever does not belong to it. */
static void test_fields(void **unused)
{
	(void)unused;
	struct stream_record r;
	for (int i = 0; i < GOOD; i++) {
		assert_true(stream_is_record(&good[i]));
#define BAD(field, value) do { r = good[i]; r.field = (value); assert_false(stream_is_record(&r)); } while (0)
		BAD(mono_us, -1);
		BAD(mono_us, INT64_C(1) << 53);
		BAD(kind, STREAM_KIND_COUNT);
		BAD(action, 200);
		BAD(flags, 8);
		BAD(device, -2);
		BAD(code, STREAM_CODE_MAX + 1);
		BAD(code, -1);
		BAD(klass, 200);
		BAD(y, INT32_MIN);
		if (good[i].kind != STREAM_LOST)
			BAD(device, good[i].device < 0 ? 0 : -1);
	}
	int i = 2;
	BAD(x, 1);               /* a code, and a place */
	i = 3;
	BAD(x, 0);               /* neither */
	BAD(x, STREAM_HELD_MAX + 1);
	i = 4;
	BAD(action, KEY_REPEAT);
	i = 6;
	BAD(x, 32768);
	i = 7;
	BAD(code, STREAM_SLOTS_MAX);
	BAD(action, TOUCH_END);  /* with a movement */
	i = 8;
	BAD(x, 0);
	BAD(x, -2);
	i = 10;
	BAD(action, 1);
	BAD(x, 1);
	BAD(klass, 1);
#undef BAD
}

/* Bytes at random, and good packets with some of them changed: taken or refused, and what is taken is a record. */
static void test_random(void **unused)
{
	uint8_t packet[STREAM_PACKET_MAX];
	struct stream_record in[STREAM_RECORDS_MAX], out[STREAM_RECORDS_MAX];
	struct stream_terms terms;
	enum stream_refusal why;
	int64_t now;
	int taken = 0;
	(void)unused;
	for (int round = 0; round < 20000; round++) {
		size_t n = 1 + any() % 4;
		for (size_t i = 0; i < n; i++)
			in[i] = good[any() % GOOD];
		size_t length = stream_put_records(packet, in, n);
		for (unsigned flips = any() % 4; flips > 0; flips--)
			packet[any() % length] ^= (uint8_t)(1U << any() % 8);
		length -= any() % 16 ? 0 : any() % length;
		int got = stream_get_records(packet, length, out);
		for (int i = 0; i < got; i++)
			assert_true(stream_is_record(&out[i]));
		taken += got > 0;
		stream_get_hello(packet, length, &terms);
		stream_get_welcome(packet, length, &terms, &now);
		stream_get_refusal(packet, length, &why);
	}
	assert_in_range(taken, 1000, 19999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records), cmocka_unit_test(test_control), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_fields), cmocka_unit_test(test_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
