/* SPDX-License-Identifier: Apache-2.0 */
/* Torn, flipped, spliced and hostile segments: never other events than were written. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "sample.h"
#include "../../agent/error.h"
#include "../../agent/format/record.h"

enum { EVENTS = 90, BLOCK = 30 };

static struct event expected[EVENTS];
static size_t block_ends[EVENTS / BLOCK + 1];  /* [0]: the header's end */

static void add(struct segment_writer *w, unsigned from, unsigned to, struct bytes *out, bool keep)
{
	struct sample s = {.state = 9};
	struct event event;
	for (unsigned i = 0; i < to; i++) {
		sample_desk(&s, i, &event);
		if (keep)
			expected[i] = sample_expected(&event);
		if (i < from)
			continue;
		assert_int_equal(segment_writer_add(w, &event), 0);
		if ((i + 1) % BLOCK == 0) {
			assert_int_equal(segment_writer_flush(w, out), 0);
			if (keep)
				block_ends[(i + 1) / BLOCK] = out->length;
		}
	}
}

/* Three blocks, 90 events, two devices. */
static void make(struct bytes *out)
{
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	assert_int_equal(segment_writer_new(&meta, 3, out, &w), 0);
	block_ends[0] = out->length;
	segment_writer_device(w, 0, DEVICE_KEYBOARD);
	segment_writer_device(w, 1, DEVICE_MOUSE);
	add(w, 0, EVENTS, out, true);
	assert_int_equal(segment_writer_finish(w, out), 0);
	segment_writer_free(w);
}

/* Reads all there is, compares it with what was written; the last status. */
static int check(const uint8_t *data, size_t length, unsigned *count, size_t *good)
{
	/* A copy of the exact size, for the sanitizers. */
	uint8_t *copy = malloc(length ? length : 1);
	assert_non_null(copy);
	memcpy(copy, data, length);
	struct segment_reader *r = NULL;
	struct segment_meta meta = sample_meta();
	struct event got;
	*count = 0;
	*good = 0;
	int status = segment_reader_new(length ? copy : NULL, length, &r);
	if (status == 0) {
		assert_true(sample_same_meta(segment_reader_meta(r), &meta));
		while ((status = segment_reader_next(r, &got)) == 1) {
			assert_true(*count < EVENTS);
			assert_true(sample_same(&got, &expected[*count]));
			if (*count == 0)
				assert_int_equal(segment_reader_device(r, 1), DEVICE_MOUSE);
			++*count;
		}
		assert_int_equal(segment_reader_next(r, &got), status);
		*good = segment_reader_good(r);
	}
	segment_reader_free(r);
	free(copy);
	return status;
}

static void every_length_is_a_good_prefix(void **state)
{
	(void)state;
	struct bytes b = {0};
	unsigned count;
	size_t good;
	make(&b);
	print_message("segment of %zu bytes\n", b.length);
	assert_int_equal(check(b.data, b.length, &count, &good), 0);
	assert_int_equal(count, EVENTS);
	for (size_t cut = 0; cut < b.length; cut++) {
		assert_int_equal(check(b.data, cut, &count, &good), ERROR_TRUNCATED);
		struct segment_tail tail;
		if (cut < block_ends[0]) {
			assert_int_equal(segment_recover(b.data, cut, &tail), ERROR_TRUNCATED);
			continue;
		}
		unsigned blocks = 0;
		while (blocks < EVENTS / BLOCK && block_ends[blocks + 1] <= cut)
			blocks++;
		assert_int_equal(count, blocks * BLOCK);
		assert_int_equal(good, block_ends[blocks]);
		assert_int_equal(segment_recover(b.data, cut, &tail), 0);
		assert_false(tail.finished);
		assert_int_equal(tail.good, good);
		assert_int_equal(tail.events, count);
		assert_true(tail.last_t_us == (count ? expected[count - 1].t_us : sample_meta().t_us));
		assert_true(tail.last_mono_us == (count ? expected[count - 1].mono_us : sample_meta().mono_us));
	}
	struct segment_tail tail;
	assert_int_equal(segment_recover(b.data, b.length, &tail), 0);
	assert_true(tail.finished && tail.good == b.length && tail.events == EVENTS);
	bytes_release(&b);
}

static void no_flipped_bit_makes_other_events(void **state)
{
	(void)state;
	struct bytes b = {0};
	unsigned count, harmless = 0;
	size_t good;
	make(&b);
	for (size_t bit = 0; bit < b.length * 8; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		int status = check(b.data, b.length, &count, &good);
		assert_true(status == 0 || status == ERROR_CORRUPT || status == ERROR_TRUNCATED);
		harmless += status == 0;
		if (status == 0)
			assert_int_equal(count, EVENTS);
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	print_message("%u of %zu bits are harmless\n", harmless, b.length * 8);
	bytes_release(&b);
}

static void whatever_is_behind_the_end_is_damage(void **state)
{
	(void)state;
	struct bytes b = {0};
	unsigned count;
	size_t good;
	make(&b);
	bytes_put_u8(&b, 0);
	assert_int_equal(check(b.data, b.length, &count, &good), ERROR_CORRUPT);
	assert_int_equal(count, EVENTS);
	b.length--;
	/* A tail of zeros is what some file systems leave after a power failure. */
	memset(b.data + block_ends[2], 0, b.length - block_ends[2]);
	assert_int_equal(check(b.data, b.length, &count, &good), ERROR_CORRUPT);
	assert_int_equal(count, 2 * BLOCK);
	assert_int_equal(good, block_ends[2]);
	struct segment_tail tail;
	assert_int_equal(segment_recover(b.data, b.length, &tail), 0);
	assert_int_equal(tail.good, block_ends[2]);
	assert_false(tail.finished);
	bytes_release(&b);
}

static void blocks_do_not_move(void **state)
{
	(void)state;
	struct bytes b = {0}, other = {0};
	unsigned count;
	size_t good;
	make(&b);
	/* Without the first block; the first block twice. */
	bytes_put(&other, b.data, block_ends[0]);
	bytes_put(&other, b.data + block_ends[1], b.length - block_ends[1]);
	assert_int_equal(check(other.data, other.length, &count, &good), ERROR_CORRUPT);
	assert_int_equal(count, 0);
	bytes_clear(&other);
	bytes_put(&other, b.data, block_ends[1]);
	bytes_put(&other, b.data + block_ends[0], b.length - block_ends[0]);
	assert_int_equal(check(other.data, other.length, &count, &good), ERROR_CORRUPT);
	assert_int_equal(count, BLOCK);
	/* The block of another segment. */
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	strcpy(meta.segment, "another");
	bytes_clear(&other);
	assert_int_equal(segment_writer_new(&meta, 3, &other, &w), 0);
	size_t header = other.length;
	add(w, 0, BLOCK, &other, false);
	struct bytes spliced = {0};
	bytes_put(&spliced, b.data, block_ends[0]);
	bytes_put(&spliced, other.data + header, other.length - header);
	assert_int_equal(check(spliced.data, spliced.length, &count, &good), ERROR_CORRUPT);
	assert_int_equal(count, 0);
	segment_writer_free(w);
	bytes_release(&b);
	bytes_release(&other);
	bytes_release(&spliced);
}

static void a_torn_segment_goes_on(void **state)
{
	(void)state;
	struct bytes b = {0}, torn = {0};
	unsigned count;
	size_t good;
	make(&b);
	for (size_t cut = block_ends[0]; cut < b.length; cut++) {
		struct segment_tail tail;
		struct segment_writer *w;
		assert_int_equal(segment_recover(b.data, cut, &tail), 0);
		assert_int_equal(segment_writer_resume(b.data, tail.good, 3, &w), 0);
		bytes_clear(&torn);
		bytes_put(&torn, b.data, tail.good);
		if (tail.events == 0) {
			segment_writer_device(w, 0, DEVICE_KEYBOARD);
			segment_writer_device(w, 1, DEVICE_MOUSE);
		}
		add(w, (unsigned)tail.events, EVENTS, &torn, false);
		assert_int_equal(segment_writer_finish(w, &torn), 0);
		segment_writer_free(w);
		assert_int_equal(check(torn.data, torn.length, &count, &good), 0);
		assert_int_equal(count, EVENTS);
		/* Not only equal: as if nothing had happened. */
		assert_int_equal(torn.length, b.length);
		assert_memory_equal(torn.data, b.data, b.length);
	}
	struct segment_writer *w;
	assert_int_equal(segment_writer_resume(b.data, b.length, 3, &w), ERROR_INVALID);
	assert_int_equal(segment_writer_resume(b.data, block_ends[1] + 3, 3, &w), ERROR_INVALID);
	assert_int_equal(segment_writer_resume(b.data, 3, 3, &w), ERROR_TRUNCATED);
	assert_null(w);
	bytes_release(&b);
	bytes_release(&torn);
}

/* A record around any payload, behind a true header. The next record's status. */
static int read_payload(uint8_t type, const void *payload, size_t length)
{
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct bytes b = {0};
	assert_int_equal(segment_writer_new(&meta, 3, &b, &w), 0);
	segment_writer_free(w);
	/* The chain as a reader has it after the header. */
	struct record_chain chain;
	struct record header;
	struct bytes content = {0};
	struct bytes_reader in = {b.data, b.data + b.length, false};
	ZSTD_DCtx *unpacker = ZSTD_createDCtx();
	record_chain_init(&chain);
	assert_int_equal(record_get_prelude(&in), 0);
	assert_int_equal(record_get(&chain, &in, &header), 0);
	assert_int_equal(record_unpack(&header, unpacker, &content), 0);
	record_chain_bind(&chain, &content);
	ZSTD_freeDCtx(unpacker);
	size_t begin = b.length;
	for (unsigned i = 0; i < RECORD_HEAD_BYTES; i++)
		bytes_put_u8(&b, 0);
	bytes_put(&b, payload, length);
	record_put_head(&chain, type, begin, &b);
	struct segment_reader *r;
	struct event event;
	assert_int_equal(segment_reader_new(b.data, b.length, &r), 0);
	int status = segment_reader_next(r, &event);
	segment_reader_free(r);
	bytes_release(&b);
	bytes_release(&content);
	return status;
}

/* The same of a frame, padded as it should be. */
static int read_frame(uint8_t type, const void *frame, size_t length)
{
	struct bytes payload = {0};
	bytes_put_u32(&payload, (uint32_t)length);
	bytes_put(&payload, frame, length);
	while (payload.length % RECORD_PAD_BYTES)
		bytes_put_u8(&payload, 0);
	int status = read_payload(type, payload.data, payload.length);
	bytes_release(&payload);
	return status;
}

static void hostile_frames_are_refused(void **state)
{
	(void)state;
	static uint8_t frame[1 << 20];
	static const uint8_t zeros[4096];
	/* No checksum. */
	size_t n = ZSTD_compress(frame, sizeof frame, zeros, sizeof zeros, 3);
	assert_false(ZSTD_isError(n));
	assert_int_equal(read_frame(RECORD_BLOCK, frame, n), ERROR_CORRUPT);
	/* A checksum, and zeros within. */
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(c, frame, sizeof frame, zeros, sizeof zeros);
	assert_int_equal(read_frame(RECORD_BLOCK, frame, n), ERROR_CORRUPT);
	/* Two frames. */
	memcpy(frame + n, frame, n);
	assert_int_equal(read_frame(RECORD_BLOCK, frame, 2 * n), ERROR_CORRUPT);
	/* Bombs: of 17 MiB, and of a ratio that no block has. */
	static const size_t sizes[] = {SEGMENT_BLOCK_BYTES_MAX + 1, SEGMENT_BLOCK_BYTES_MAX - 1};
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *bomb = calloc(1, sizes[i]);
		assert_non_null(bomb);
		n = ZSTD_compress2(c, frame, sizeof frame, bomb, sizes[i]);
		assert_false(ZSTD_isError(n));
		assert_int_equal(read_frame(RECORD_BLOCK, frame, n), ERROR_CORRUPT);
		free(bomb);
	}
	/* A size that is only claimed. */
	memcpy(frame, "\x28\xb5\x2f\xfd\xe4\x00\x00\x00\x00\x00\x00\x00\x10\x01\x00\x00", 16);
	assert_int_equal(read_frame(RECORD_BLOCK, frame, 16), ERROR_CORRUPT);
	/* To be skipped, empty. */
	memcpy(frame, "\x50\x2a\x4d\x18\x00\x00\x00\x00", 8);
	assert_int_equal(read_frame(RECORD_BLOCK, frame, 8), ERROR_CORRUPT);
	assert_int_equal(read_frame(RECORD_BLOCK, frame, 0), ERROR_CORRUPT);
	assert_int_equal(read_payload(RECORD_BLOCK, frame, 0), ERROR_CORRUPT);
	/* Types: of tomorrow, optional or not; a second header. */
	assert_int_equal(read_frame(77, frame, 8), ERROR_UNSUPPORTED);
	assert_int_equal(read_frame(RECORD_OPTIONAL + 1, frame, 8), ERROR_TRUNCATED);
	assert_int_equal(read_frame(RECORD_HEADER, frame, 8), ERROR_CORRUPT);
	ZSTD_freeCCtx(c);
}

/* The payload of an empty footer, which is good where nothing else is wrong with it. */
static void only_right_padding_is_read(void **state)
{
	(void)state;
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct bytes b = {0};
	assert_int_equal(segment_writer_new(&meta, 3, &b, &w), 0);
	size_t begin = b.length + RECORD_HEAD_BYTES;
	assert_int_equal(segment_writer_finish(w, &b), 0);
	segment_writer_free(w);
	assert_int_equal(b.length, begin + RECORD_PAD_BYTES + RECORD_TRAILER_BYTES);
	uint8_t payload[2 * RECORD_PAD_BYTES] = {0};
	memcpy(payload, b.data + begin, RECORD_PAD_BYTES);
	bytes_release(&b);
	/* Its trailer is missing: nothing else is. */
	assert_int_equal(read_payload(RECORD_FOOTER, payload, RECORD_PAD_BYTES), ERROR_TRUNCATED);
	/* Too long, too short, and longer than there is. */
	assert_int_equal(read_payload(RECORD_FOOTER, payload, 2 * RECORD_PAD_BYTES), ERROR_CORRUPT);
	assert_int_equal(read_payload(RECORD_FOOTER, payload, RECORD_PAD_BYTES - 1), ERROR_CORRUPT);
	assert_int_equal(read_payload(RECORD_FOOTER, payload, payload[0] + 4u), ERROR_CORRUPT);
	assert_int_equal(read_payload(RECORD_FOOTER, payload, 3), ERROR_CORRUPT);
	/* Something within. */
	payload[RECORD_PAD_BYTES - 1] = 1;
	assert_int_equal(read_payload(RECORD_FOOTER, payload, RECORD_PAD_BYTES), ERROR_CORRUPT);
	payload[RECORD_PAD_BYTES - 1] = 0;
	static const uint8_t lengths[][4] = {{0}, {1}, {0xfc, 1}, {0xfd, 1}, {0xff, 0xff, 0xff, 0xff}};
	for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		memcpy(payload, lengths[i], 4);
		assert_int_equal(read_payload(RECORD_FOOTER, payload, RECORD_PAD_BYTES), ERROR_CORRUPT);
	}
}

static void other_files_are_no_segments(void **state)
{
	(void)state;
	struct segment_reader *r;
	assert_int_equal(segment_reader_new(NULL, 0, &r), ERROR_TRUNCATED);
	assert_int_equal(segment_reader_new((const uint8_t *)"PAR1....................", 24, &r), ERROR_CORRUPT);
	assert_int_equal(segment_reader_new((const uint8_t *)"P", 1, &r), ERROR_CORRUPT);
	assert_null(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_is_a_good_prefix),
		cmocka_unit_test(no_flipped_bit_makes_other_events),
		cmocka_unit_test(whatever_is_behind_the_end_is_damage),
		cmocka_unit_test(blocks_do_not_move),
		cmocka_unit_test(a_torn_segment_goes_on),
		cmocka_unit_test(hostile_frames_are_refused),
		cmocka_unit_test(only_right_padding_is_read),
		cmocka_unit_test(other_files_are_no_segments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
