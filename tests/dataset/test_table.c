/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and their parts. What their bytes mean is for other people's readers to say: test_readers.py. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../agent/dataset/batch.h"
#include "../../agent/dataset/parquet_encode.h"
#include "../../agent/dataset/table.h"
#include "../../agent/error.h"
#include "../format/cmocka_all.h"
#include "rows_random.h"

/* ---- Lexicon ---- */

static void a_word_keeps_its_number(void **state)
{
	(void)state;
	struct lexicon l;
	uint16_t number;
	uint32_t length;
	char word[24];
	lexicon_init(&l);
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < 5000; i++) {
			snprintf(word, sizeof word, "%u", i * 7919);
			assert_int_equal(lexicon_add(&l, word, &number), 0);
			assert_int_equal(number, i);
		}
	assert_int_equal(l.count, 5000);
	assert_memory_equal(lexicon_word(&l, 2, &length), "15838", 5);
	assert_int_equal(length, 5);
	lexicon_clear(&l);
	assert_int_equal(lexicon_add(&l, "", &number), 0);
	assert_int_equal(lexicon_add(&l, "", &number), 0);
	assert_int_equal(l.count, 1);
	lexicon_word(&l, 0, &length);
	assert_int_equal(length, 0);
	lexicon_release(&l);
}

static void a_lexicon_holds_only_utf8(void **state)
{
	(void)state;
	struct lexicon l;
	uint16_t number, same;
	uint32_t length;
	lexicon_init(&l);
	assert_int_equal(lexicon_add(&l, "a\xff\xed\xa0\x80z", &number), 0);
	assert_memory_equal(lexicon_word(&l, number, &length), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz", 14);
	assert_int_equal(length, 14);
	assert_int_equal(lexicon_add(&l, "a\xfe\xfe\xfe\xfez", &same), 0);
	assert_int_equal(same, number);
	lexicon_release(&l);
}

static void a_lexicon_is_bounded(void **state)
{
	(void)state;
	struct lexicon l;
	uint16_t number;
	char word[256];
	int e = 0;
	lexicon_init(&l);
	for (unsigned i = 0; e == 0; i++) {
		snprintf(word, sizeof word, "%x", i);
		e = lexicon_add(&l, word, &number);
	}
	assert_int_equal(e, ERROR_LIMIT);
	assert_int_equal(l.count, LEXICON_WORDS);
	assert_int_equal(number, LEXICON_WORDS - 1);
	/* What is there is still found. */
	assert_int_equal(lexicon_add(&l, "7", &number), 0);
	assert_int_equal(number, 7);
	lexicon_clear(&l);
	e = 0;
	for (unsigned i = 0; e == 0; i++) {
		snprintf(word, sizeof word, "%0250x", i);
		e = lexicon_add(&l, word, &number);
	}
	assert_int_equal(e, ERROR_LIMIT);
	assert_true(l.text.length <= LEXICON_BYTES && l.text.length > LEXICON_BYTES - 256);
	lexicon_release(&l);
}

/* ---- Batch ---- */

static void a_batch_takes_all_of_a_row_or_nothing(void **state)
{
	(void)state;
	struct batch b;
	struct rows_random r;
	uint8_t bitmap[8] = {0};
	assert_int_equal(batch_init(&b), 0);
	rows_random_init(&r, ROWS_EXTREME, 1);
	rows_random_next(&r);
	r.event.title = "t";
	r.event.dx = NAN;
	r.event.dy = 2;
	assert_int_equal(batch_add(&b, &r.meta, &r.event), 0);
	assert_int_equal(batch_count(&b, BATCH_DX), 0);
	assert_int_equal(batch_count(&b, BATCH_DY), 1);
	assert_int_equal(batch_count(&b, BATCH_KIND), 1);
	r.event.kind = EVENT_KIND_COUNT;
	assert_int_equal(batch_add(&b, &r.meta, &r.event), ERROR_INVALID);
	r.event.kind = 0;
	r.event.reason = REASON_COUNT;
	assert_int_equal(batch_add(&b, &r.meta, &r.event), ERROR_INVALID);
	assert_int_equal(b.rows, 1);
	assert_int_equal(batch_count(&b, BATCH_TITLE), 1);
	/* It counts only where it is said to be there. */
	r.event.has = 0;
	while (b.rows < 11)
		assert_int_equal(batch_add(&b, &r.meta, &r.event), 0);
	batch_bitmap(&b, HAS_TITLE, bitmap);
	assert_int_equal(bitmap[0], 1);
	assert_int_equal(bitmap[1], 0);
	while (b.rows < BATCH_ROWS)
		assert_int_equal(batch_add(&b, &r.meta, &r.event), 0);
	assert_int_equal(batch_add(&b, &r.meta, &r.event), ERROR_LIMIT);
	batch_clear(&b);
	assert_int_equal(batch_add(&b, &r.meta, &r.event), 0);
	assert_int_equal(batch_count(&b, BATCH_TITLE), 0);
	batch_release(&b);
}

/* ---- Encodings, by a decoder written from Parquet's text ---- */

static uint64_t packed(const uint8_t *at, unsigned bit, unsigned width)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < width; i++)
		v |= (uint64_t)(at[(bit + i) / 8] >> (bit + i) % 8 & 1) << i;
	return v;
}

static void decode_hybrid(struct bytes_reader *in, unsigned width, uint16_t *out, uint32_t count)
{
	for (uint32_t n = 0; n < count;) {
		uint64_t head = bytes_get_varint(in);
		assert_false(in->failed);
		if (head & 1) {
			const uint8_t *at = bytes_get(in, (size_t)(head >> 1) * width);
			assert_non_null(at);
			for (uint64_t i = 0; i < 8 * (head >> 1); i++) {
				uint64_t v = packed(at, (unsigned)i * width, width);
				if (n < count)
					out[n++] = (uint16_t)v;
				else
					assert_int_equal(v, 0);
			}
		} else {
			uint16_t v = bytes_get_u8(in);
			if (width > 8)
				v = (uint16_t)(v | bytes_get_u8(in) << 8);
			assert_true(head >> 1 > 0 && head >> 1 <= count - n);
			for (uint64_t i = 0; i < head >> 1; i++)
				out[n++] = v;
		}
	}
	assert_ptr_equal(in->at, in->end);
}

static void numbers_come_back(void **state)
{
	(void)state;
	static uint16_t number[3000], back[3000];
	struct rows_random r;
	struct bytes out = {0};
	rows_random_init(&r, ROWS_ANY, 42);
	for (int round = 0; round < 400; round++) {
		static const uint32_t limits[] = {1, 2, 3, 4, 5, 16, 17, 256, 257, 65535};
		uint32_t limit = limits[rows_random_number(&r) % 10], count = (uint32_t)(rows_random_number(&r) % 3000), n = 0;
		while (n < count) {
			uint32_t run = rows_random_number(&r) % 3 ? 1 : (uint32_t)(rows_random_number(&r) % 200);
			uint16_t v = (uint16_t)(rows_random_number(&r) % limit);
			while (run-- && n < count)
				number[n++] = v;
		}
		bytes_clear(&out);
		parquet_encode_numbers(&out, number, count, limit);
		struct bytes_reader in = {out.data, out.data + out.length, false};
		unsigned width = bytes_get_u8(&in);
		assert_true(width && limit <= UINT32_C(1) << width);
		decode_hybrid(&in, width, back, count);
		assert_memory_equal(back, number, count * sizeof *back);
	}
	bytes_release(&out);
}

static void levels_come_back(void **state)
{
	(void)state;
	static uint16_t back[4000];
	uint8_t bitmap[512];
	struct rows_random r;
	struct bytes out = {0};
	rows_random_init(&r, ROWS_ANY, 43);
	for (int round = 0; round < 400; round++) {
		uint32_t rows = 1 + (uint32_t)(rows_random_number(&r) % 4000);
		memset(bitmap, 0, sizeof bitmap);
		for (uint32_t n = 0; n < rows;) {
			uint32_t run = (uint32_t)(rows_random_number(&r) % (round % 2 ? 10 : 500)), set = rows_random_number(&r) & 1;
			for (; run-- && n < rows; n++)
				bitmap[n / 8] |= (uint8_t)(set << n % 8);
		}
		bytes_clear(&out);
		parquet_encode_levels(&out, bitmap, rows);
		struct bytes_reader in = {out.data, out.data + out.length, false};
		decode_hybrid(&in, 1, back, rows);
		for (uint32_t i = 0; i < rows; i++)
			assert_int_equal(back[i], bitmap[i / 8] >> i % 8 & 1);
	}
	bytes_release(&out);
}

static void decode_delta(struct bytes_reader *in, int64_t *out, uint32_t count)
{
	assert_int_equal(bytes_get_varint(in), 128);
	assert_int_equal(bytes_get_varint(in), 4);
	assert_int_equal(bytes_get_varint(in), count);
	uint64_t v = (uint64_t)bytes_unzigzag(bytes_get_varint(in));
	uint32_t n = 0;
	if (count)
		out[n++] = (int64_t)v;
	while (n < count) {
		uint64_t least = (uint64_t)bytes_unzigzag(bytes_get_varint(in));
		const uint8_t *width = bytes_get(in, 4);
		assert_non_null(width);
		for (int m = 0; m < 4 && n < count; m++) {
			const uint8_t *at = bytes_get(in, 4 * (size_t)width[m]);
			assert_non_null(at);
			for (unsigned i = 0; i < 32 && n < count; i++) {
				v += least + packed(at, i * width[m], width[m]);
				out[n++] = (int64_t)v;
			}
		}
	}
	assert_ptr_equal(in->at, in->end);
}

static void steps_come_back(void **state)
{
	(void)state;
	static int64_t value[1000], back[1000];
	static int32_t narrow[1000];
	struct rows_random r;
	struct bytes out = {0};
	rows_random_init(&r, ROWS_ANY, 44);
	for (int round = 0; round < 1000; round++) {
		uint32_t count = (uint32_t)(rows_random_number(&r) % 1000);
		unsigned bits = (unsigned)(rows_random_number(&r) % 31);
		bool back_and_forth = rows_random_number(&r) & 1;
		int64_t v = round % 3 ? 1777777777000000 : 0, w = 0;
		for (uint32_t i = 0; i < count; i++) {
			int64_t step = (int64_t)(rows_random_number(&r) % (UINT64_C(1) << bits));
			/* Runs of equal steps, too. */
			if (i / 100 % 2)
				step = 1000;
			value[i] = v += back_and_forth && (rows_random_number(&r) & 1) ? -step : step;
			narrow[i] = (int32_t)(w = step / 4 - 1000);
		}
		bytes_clear(&out);
		assert_true(parquet_encode_delta64(&out, value, count));
		struct bytes_reader in = {out.data, out.data + out.length, false};
		decode_delta(&in, back, count);
		assert_memory_equal(back, value, count * sizeof *back);
		bytes_clear(&out);
		assert_true(parquet_encode_delta32(&out, narrow, count));
		in = (struct bytes_reader){out.data, out.data + out.length, false};
		decode_delta(&in, back, count);
		for (uint32_t i = 0; i < count; i++)
			assert_int_equal(back[i], narrow[i]);
	}
	/* What does not fit is refused. */
	value[0] = INT64_MIN;
	value[1] = INT64_MAX;
	assert_false(parquet_encode_delta64(&out, value, 2));
	value[0] = 0;
	assert_false(parquet_encode_delta64(&out, value, 2));
	narrow[0] = INT32_MIN;
	narrow[1] = 0;
	assert_false(parquet_encode_delta32(&out, narrow, 2));
	bytes_release(&out);
}

/* ---- Tables ---- */

static int write_table(int fd, enum table_format format, enum rows_mode mode, uint64_t seed, uint32_t rows, struct table_stats *stats)
{
	struct rows_random r;
	struct table *t;
	rows_random_init(&r, mode, seed);
	int e = table_new(format, fd, seed % 2, &t);
	for (uint32_t i = 0; i < rows && e == 0; i++) {
		rows_random_next(&r);
		e = table_row(t, &r.meta, &r.event);
	}
	if (e == 0)
		e = table_finish(t, stats);
	int saved = errno;
	table_free(t);
	errno = saved;
	return e;
}

static void a_table_says_what_it_wrote(void **state)
{
	(void)state;
	static const char *const begin[] = {"t_us,", "{\"t_us\":", "PAR1", "ARROW1"}, *const end[] = {"\n", "}\n", "PAR1", "ARROW1"};
	for (int format = 0; format < TABLE_FORMATS; format++)
		for (int mode = 0; mode < ROWS_MODES; mode++) {
			uint32_t rows = mode == ROWS_WORDS ? 20000 : 3000;
			struct table_stats stats, again;
			uint8_t hash[32];
			int fd = memfd_create("table", MFD_CLOEXEC), twin = memfd_create("twin", MFD_CLOEXEC);
			assert_int_equal(write_table(fd, (enum table_format)format, (enum rows_mode)mode, 11, rows, &stats), 0);
			assert_int_equal(stats.rows, rows);
			assert_int_equal(stats.bytes, lseek(fd, 0, SEEK_END));
			uint8_t *data = mmap(NULL, stats.bytes, PROT_READ, MAP_PRIVATE, fd, 0);
			assert_true(data != MAP_FAILED);
			crypto_generichash(hash, 32, data, stats.bytes, NULL, 0);
			assert_memory_equal(hash, stats.hash, 32);
			assert_memory_equal(data, begin[format], strlen(begin[format]));
			assert_memory_equal(data + stats.bytes - strlen(end[format]), end[format], strlen(end[format]));
			munmap(data, stats.bytes);
			/* The same rows are the same bytes, whatever the key of the lexicons' hash. */
			assert_int_equal(write_table(twin, (enum table_format)format, (enum rows_mode)mode, 11, rows, &again), 0);
			assert_memory_equal(again.hash, stats.hash, 32);
			close(fd);
			close(twin);
		}
}

static void an_empty_table_is_one(void **state)
{
	(void)state;
	for (int format = 0; format < TABLE_FORMATS; format++) {
		struct table_stats stats;
		int fd = memfd_create("table", MFD_CLOEXEC);
		assert_int_equal(write_table(fd, (enum table_format)format, ROWS_ANY, 1, 0, &stats), 0);
		assert_int_equal(stats.rows, 0);
		assert_true(format == TABLE_JSONL ? stats.bytes == 0 : stats.bytes > 20);
		close(fd);
	}
}

static void a_full_disk_is_said(void **state)
{
	(void)state;
	for (int format = 0; format < TABLE_FORMATS; format++) {
		struct table_stats stats;
		int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		errno = 0;
		assert_int_equal(write_table(fd, (enum table_format)format, ROWS_WORDS, 1, 30000, &stats), ERROR_IO);
		assert_int_equal(errno, ENOSPC);
		/* Found out at the end only. */
		assert_int_equal(write_table(fd, (enum table_format)format, ROWS_ANY, 1, 5, &stats), ERROR_IO);
		assert_int_equal(errno, ENOSPC);
		close(fd);
	}
}

static void an_event_that_cannot_be_is_refused(void **state)
{
	(void)state;
	struct rows_random r;
	struct table *t;
	struct table_stats stats;
	rows_random_init(&r, ROWS_ANY, 1);
	for (int format = TABLE_PARQUET; format <= TABLE_ARROW; format++) {
		int fd = memfd_create("table", MFD_CLOEXEC);
		assert_int_equal(table_new((enum table_format)format, fd, false, &t), 0);
		rows_random_next(&r);
		r.event.kind = 200;
		assert_int_equal(table_row(t, &r.meta, &r.event), ERROR_INVALID);
		assert_int_equal(table_finish(t, &stats), 0);
		assert_int_equal(stats.rows, 0);
		table_free(t);
		close(fd);
	}
}

static void formats_have_names(void **state)
{
	(void)state;
	for (int format = 0; format < TABLE_FORMATS; format++)
		assert_int_equal(table_format_of(table_format_name((enum table_format)format)), format);
	assert_int_equal(table_format_of("xlsx"), -1);
	assert_int_equal(table_format_of(""), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_keeps_its_number),
		cmocka_unit_test(a_lexicon_holds_only_utf8),
		cmocka_unit_test(a_lexicon_is_bounded),
		cmocka_unit_test(a_batch_takes_all_of_a_row_or_nothing),
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(levels_come_back),
		cmocka_unit_test(steps_come_back),
		cmocka_unit_test(a_table_says_what_it_wrote),
		cmocka_unit_test(an_empty_table_is_one),
		cmocka_unit_test(a_full_disk_is_said),
		cmocka_unit_test(an_event_that_cannot_be_is_refused),
		cmocka_unit_test(formats_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
