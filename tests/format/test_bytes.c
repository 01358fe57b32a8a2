/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <math.h>
#include <string.h>

#include "sample.h"
#include "../../agent/error.h"
#include "../../agent/format/check.h"
#include "../../agent/format/dictionary.h"
#include "../../agent/format/numbers.h"

static void integers_come_back(void **state)
{
	(void)state;
	struct bytes b = {0};
	bytes_put_u8(&b, 0xfe);
	bytes_put_u16(&b, 0xfedc);
	bytes_put_u32(&b, 0xfedcba98);
	bytes_put_u64(&b, 0xfedcba9876543210);
	assert_int_equal(b.length, 15);
	assert_memory_equal(b.data, "\xfe\xdc\xfe\x98\xba\xdc\xfe", 7);
	struct bytes_reader r = {b.data, b.data + b.length, false};
	assert_int_equal(bytes_get_u8(&r), 0xfe);
	assert_int_equal(bytes_get_u16(&r), 0xfedc);
	assert_int_equal(bytes_get_u32(&r), 0xfedcba98);
	assert_true(bytes_get_u64(&r) == 0xfedcba9876543210);
	assert_false(r.failed);
	assert_int_equal(bytes_get_u8(&r), 0);
	assert_true(r.failed);
	bytes_release(&b);
}

static void varints_come_back(void **state)
{
	(void)state;
	struct bytes b = {0};
	for (unsigned i = 0; i < 64; i++) {
		uint64_t values[] = {(uint64_t)1 << i, ((uint64_t)1 << i) - 1, UINT64_MAX >> i};
		for (unsigned k = 0; k < 3; k++) {
			bytes_clear(&b);
			bytes_put_varint(&b, values[k]);
			struct bytes_reader r = {b.data, b.data + b.length, false};
			assert_true(bytes_get_varint(&r) == values[k]);
			assert_ptr_equal(r.at, r.end);
			int64_t v = (int64_t)values[k];
			assert_true(bytes_unzigzag(bytes_zigzag(v)) == v && bytes_unzigzag(bytes_zigzag(~v)) == ~v);
		}
	}
	bytes_release(&b);
	static const char *const bad[] = {"\x80", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
		"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"};
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t *data = (const uint8_t *)bad[i];
		struct bytes_reader r = {data, data + strlen(bad[i]), false};
		assert_int_equal(bytes_get_varint(&r), 0);
		assert_true(r.failed);
	}
}

static void only_clean_utf8_is_text(void **state)
{
	(void)state;
	static const char *const good[] = {"", "a~", "\xc3\xa4", "\xc2\xa0", "\xe2\x82\xac", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x1f", "a\nb", "\x7f", "\xc2\x85", "\x80", "\xc0\xaf", "\xc1\xbf", "\xc3",
		"\xe0\x80\x80", "\xe2\x82", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
		"\xff", "\xc3\x28"};
	for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(check_text(good[i], strlen(good[i])));
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(check_text(bad[i], strlen(bad[i])));
	assert_false(check_text("a\0b", 3));
	assert_int_equal(check_string("abc", 3), 3);
	assert_int_equal(check_string("abcd", 3), -1);
	assert_int_equal(check_string(NULL, 3), -1);
}

static void round_trip(const struct numbers *n, enum numbers_hint hint)
{
	struct numbers scratch = {0}, back = {0};
	struct bytes b = {0};
	assert_int_equal(numbers_encode(n, hint, &scratch, &b), 0);
	assert_true(b.length <= 11 * (size_t)n->count + 40);
	struct bytes_reader r = {b.data, b.data + b.length, false};
	assert_int_equal(numbers_decode(&back, n->count, INT64_MIN, INT64_MAX, &r), 0);
	assert_ptr_equal(r.at, r.end);
	assert_int_equal(back.count, n->count);
	assert_memory_equal(back.data, n->data, n->count * sizeof *n->data);
	/* Too short must be noticed, at every length. */
	for (size_t cut = 0; cut < b.length && cut < 200; cut++) {
		struct bytes_reader part = {b.data, b.data + cut, false};
		assert_int_equal(numbers_decode(&back, n->count, INT64_MIN, INT64_MAX, &part), ERROR_CORRUPT);
	}
	numbers_release(&scratch);
	numbers_release(&back);
	bytes_release(&b);
}

static void numbers_come_back(void **state)
{
	(void)state;
	struct sample s = {.state = 7};
	struct numbers n = {0};
	for (unsigned test = 0; test < 3000; test++) {
		numbers_clear(&n);
		uint64_t r = sample_random(&s);
		uint32_t count = 1 + (uint32_t)(r % (test % 10 ? 12 : 700));
		unsigned shift = (unsigned)(r >> 10) % 64;
		int64_t unit = (r >> 20) % 3 ? 1 : 1000, value = 0;
		for (uint32_t i = 0; i < count; i++) {
			int64_t step = (int64_t)sample_random(&s) >> shift;
			if ((r >> 24) % 4 == 0 && i % 20)
				step >>= shift < 56 ? 56 - shift : 0;
			value = (int64_t)((r >> 22) % 2 ? (uint64_t)value + (uint64_t)step * (uint64_t)unit
				: (uint64_t)step * (uint64_t)unit);
			assert_true(numbers_push(&n, value));
		}
		round_trip(&n, NUMBERS_VALUE);
		round_trip(&n, NUMBERS_TIME);
		round_trip(&n, NUMBERS_INDEX);
	}
	numbers_release(&n);
}

static void ranges_are_checked(void **state)
{
	(void)state;
	struct numbers n = {0}, scratch = {0}, back = {0};
	struct bytes b = {0};
	for (int64_t i = -5; i <= 5; i++)
		numbers_push(&n, i * i * i);
	assert_int_equal(numbers_encode(&n, NUMBERS_VALUE, &scratch, &b), 0);
	struct bytes_reader r = {b.data, b.data + b.length, false}, again = r;
	assert_int_equal(numbers_decode(&back, 11, -125, 125, &r), 0);
	assert_int_equal(numbers_decode(&back, 11, -125, 124, &again), ERROR_CORRUPT);
	numbers_release(&n);
	numbers_release(&scratch);
	numbers_release(&back);
	bytes_release(&b);
}

static void words_are_numbered_once(void **state)
{
	(void)state;
	struct dictionary d = {0}, back = {0};
	struct bytes b = {0};
	for (unsigned round = 0; round < 3; round++) {
		dictionary_clear(&d);
		for (uint32_t i = 0; i < 5000; i++)
			assert_int_equal(dictionary_number(&d, &i, sizeof i), i);
		for (uint32_t i = 5000; i-- > 0;)
			assert_int_equal(dictionary_number(&d, &i, sizeof i), i);
		assert_int_equal(dictionary_number(&d, "", 0), 5000);
		assert_int_equal(dictionary_number(&d, "", 0), 5000);
	}
	dictionary_encode(&d, &b);
	struct bytes_reader r = {b.data, b.data + b.length, false};
	assert_int_equal(dictionary_decode(&back, &r, 5001), 0);
	assert_int_equal(back.count, 5001);
	for (uint32_t i = 0; i < 5000; i++) {
		size_t length;
		const uint8_t *word = dictionary_word(&back, i, &length);
		assert_int_equal(length, sizeof i);
		assert_memory_equal(word, &i, sizeof i);
	}
	r = (struct bytes_reader){b.data, b.data + b.length, false};
	assert_int_equal(dictionary_decode(&back, &r, 5000), ERROR_CORRUPT);
	dictionary_release(&d);
	dictionary_release(&back);
	bytes_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_come_back),
		cmocka_unit_test(varints_come_back),
		cmocka_unit_test(only_clean_utf8_is_text),
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(ranges_are_checked),
		cmocka_unit_test(words_are_numbered_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
