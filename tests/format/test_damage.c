/* SPDX-License-Identifier: Apache-2.0 */
/* Torn, flipped, spliced and hostile segments: never other events than were written. */
#include "cmocka_all.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include "forge.h"
#include "sample.h"
#include "../../agent/error.h"
#include "../../agent/format/pack.h"

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
			assert_int_equal(segment_writer_flush(w, SAMPLE_WRITTEN, out), 0);
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
	assert_int_equal(segment_writer_new(&meta, sample_key, 3, out, &w), 0);
	block_ends[0] = out->length;
	segment_writer_device(w, 0, DEVICE_KEYBOARD);
	segment_writer_device(w, 1, DEVICE_MOUSE);
	add(w, 0, EVENTS, out, true);
	assert_int_equal(segment_writer_finish(w, SAMPLE_WRITTEN, out), 0);
	segment_writer_free(w);
}

/* Reads all there is, compares it with what was written; the last status. *cut: it ended with one. */
static int check(const uint8_t *data, size_t length, unsigned *count, bool *cut)
{
	/* A copy of the exact size, for the sanitizers. */
	uint8_t *copy = malloc(length ? length : 1);
	assert_non_null(copy);
	memcpy(copy, data, length);
	struct segment_reader *r = NULL;
	struct segment_meta meta = sample_meta();
	struct event got;
	*count = 0;
	*cut = false;
	int status = segment_reader_new(length ? copy : NULL, length, sample_key, &r);
	if (status == 0) {
		assert_true(sample_same_meta(segment_reader_meta(r), &meta));
		while ((status = segment_reader_next(r, &got)) == 1) {
			if (segment_reader_was_cut(r)) {
				assert_false(*cut);
				*cut = true;
				assert_int_equal(got.kind, EVENT_GAP);
				assert_int_equal(got.reason, REASON_CRASH);
				assert_int_equal(got.has, HAS_REASON | HAS_END);
				assert_true(got.t_us == (*count ? expected[*count - 1].t_us : meta.t_us));
				assert_true(got.mono_us == (*count ? expected[*count - 1].mono_us : meta.mono_us));
				continue;
			}
			assert_true(*count < EVENTS && !*cut);
			assert_true(sample_same(&got, &expected[*count]));
			if (*count == 0)
				assert_int_equal(segment_reader_device(r, 1), DEVICE_MOUSE);
			++*count;
		}
		assert_int_equal(segment_reader_next(r, &got), status);
		assert_true(*cut == segment_reader_was_cut(r));
	}
	segment_reader_free(r);
	free(copy);
	return status;
}

/* What can be told without the key of the same bytes. */
static int frame(const uint8_t *data, size_t length, struct segment_frame *f)
{
	uint8_t *copy = malloc(length ? length : 1);
	assert_non_null(copy);
	memcpy(copy, data, length);
	int status = segment_frame(length ? copy : NULL, length, f);
	assert_true(f->good <= length);
	free(copy);
	return status;
}

static unsigned blocks_in(size_t length)
{
	unsigned blocks = 0;
	while (blocks < EVENTS / BLOCK && block_ends[blocks + 1] <= length)
		blocks++;
	return blocks;
}

static void every_length_is_a_good_prefix(void **state)
{
	(void)state;
	struct bytes b = {0};
	unsigned count;
	bool cut;
	struct segment_frame f;
	make(&b);
	print_message("segment of %zu bytes\n", b.length);
	assert_int_equal(check(b.data, b.length, &count, &cut), 0);
	assert_int_equal(count, EVENTS);
	assert_false(cut);
	for (size_t length = 0; length < b.length; length++) {
		assert_int_equal(check(b.data, length, &count, &cut), ERROR_TRUNCATED);
		if (length < block_ends[0]) {
			assert_int_equal(frame(b.data, length, &f), ERROR_TRUNCATED);
			continue;
		}
		unsigned blocks = blocks_in(length);
		assert_int_equal(count, blocks * BLOCK);
		assert_int_equal(frame(b.data, length, &f), 0);
		assert_false(f.finished || f.cut);
		assert_int_equal(f.good, block_ends[blocks]);
		assert_int_equal(f.blocks, blocks);
		assert_int_equal(f.records, blocks + 1);
		assert_true(f.first_t_us == sample_meta().t_us);
		assert_true(f.last_t_us == (blocks ? SAMPLE_WRITTEN : sample_meta().t_us));
	}
	assert_int_equal(frame(b.data, b.length, &f), 0);
	assert_true(f.finished && !f.cut && f.good == b.length && f.records == EVENTS / BLOCK + 2);
	bytes_release(&b);
}

/* Wherever it was torn: cut, it ends well, without a key, and says that something is missing. */
static void a_torn_segment_is_ended_without_its_key(void **state)
{
	(void)state;
	struct bytes b = {0}, mended = {0};
	unsigned count;
	bool cut;
	make(&b);
	for (size_t length = block_ends[0]; length < b.length; length++) {
		struct segment_frame f;
		assert_int_equal(frame(b.data, length, &f), 0);
		bytes_clear(&mended);
		bytes_put(&mended, b.data, f.good);
		assert_int_equal(segment_cut(f.last_t_us, f.last_t_us + 7000000, f.records, &mended), 0);
		assert_int_equal((mended.length - f.good) % RECORD_PAD_BYTES, 0);
		assert_int_equal(check(mended.data, mended.length, &count, &cut), 0);
		assert_int_equal(count, blocks_in(length) * BLOCK);
		assert_true(cut);
		size_t end = mended.length;
		assert_int_equal(frame(mended.data, end, &f), 0);
		assert_true(f.finished && f.cut && f.good == end);
	}
	/* The gap ends when it was mended; and not before it began, when the clock was set back. */
	struct segment_frame f;
	struct event got;
	for (int64_t to = SAMPLE_WRITTEN - 60000000; to <= SAMPLE_WRITTEN + 60000000; to += 60000000) {
		struct segment_reader *r;
		assert_int_equal(frame(b.data, block_ends[1], &f), 0);
		bytes_clear(&mended);
		bytes_put(&mended, b.data, f.good);
		assert_int_equal(segment_cut(f.last_t_us, to, f.records, &mended), 0);
		assert_int_equal(segment_reader_new(mended.data, mended.length, sample_key, &r), 0);
		while (!segment_reader_was_cut(r))
			assert_int_equal(segment_reader_next(r, &got), 1);
		assert_true(got.end_us >= got.t_us && got.end_us == (to > SAMPLE_WRITTEN ? to : SAMPLE_WRITTEN));
		assert_int_equal(segment_reader_next(r, &got), 0);
		segment_reader_free(r);
	}
	bytes_release(&b);
	bytes_release(&mended);
}

static void no_flipped_bit_makes_other_events(void **state)
{
	(void)state;
	struct bytes b = {0};
	unsigned count, unsupported = 0;
	bool cut;
	struct segment_frame f;
	make(&b);
	for (size_t bit = 0; bit < b.length * 8; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		int status = check(b.data, b.length, &count, &cut);
		assert_true(status == ERROR_CORRUPT || status == ERROR_TRUNCATED || status == ERROR_DENIED);
		assert_false(cut);
		/* The cipher's header has no check of its own; it is as good as another key. */
		assert_true((status == ERROR_DENIED) == (bit / 8 >= RECORD_PRELUDE_BYTES && bit / 8 < RECORD_PRELUDE_BYTES + CIPHER_HEADER));
		if (bit / 8 >= block_ends[0]) {
			assert_int_equal(count, blocks_in(bit / 8) * BLOCK);
			assert_int_equal(frame(b.data, b.length, &f), 0);
			assert_int_equal(f.good, block_ends[blocks_in(bit / 8)]);
		}
		unsupported += status == ERROR_UNSUPPORTED;
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(unsupported, 0);
	bytes_release(&b);
}

/* The check has no key: whoever changes a byte can make it good again. The cipher is not so easily pleased. */
static void no_byte_can_be_changed_without_the_key(void **state)
{
	(void)state;
	struct bytes b = {0};
	unsigned count;
	bool cut;
	make(&b);
	for (unsigned i = 0; i <= EVENTS / BLOCK + 1; i++) {
		size_t begin = i == 0 ? RECORD_PRELUDE_BYTES + CIPHER_HEADER : block_ends[i - 1];
		size_t end = i <= EVENTS / BLOCK ? block_ends[i] : b.length;
		/* Not the length or the number: these are wrong by the framing. */
		for (size_t at = begin + RECORD_CHECK_BYTES + 4; at < end; at++) {
			if (at >= begin + RECORD_CHECK_BYTES + 16 && at < begin + RECORD_HEAD_BYTES)
				continue;
			uint8_t name[RECORD_NAME_BYTES];
			b.data[at] ^= 1;
			memcpy(name, b.data + begin + RECORD_CHECK_BYTES, sizeof name);
			record_seal(b.data + begin, name, end - begin - RECORD_HEAD_BYTES);
			int status = check(b.data, b.length, &count, &cut);
			assert_true(status == (i == 0 ? ERROR_DENIED : ERROR_CORRUPT) || (status == ERROR_CORRUPT && at < begin + 16));
			assert_int_equal(count, i == 0 ? 0 : (i - 1) * BLOCK);
			b.data[at] ^= 1;
			memcpy(name, b.data + begin + RECORD_CHECK_BYTES, sizeof name);
			record_seal(b.data + begin, name, end - begin - RECORD_HEAD_BYTES);
		}
	}
	assert_int_equal(check(b.data, b.length, &count, &cut), 0);
	bytes_release(&b);
}

/* The prelude's check, made anew by whoever likes. */
static uint64_t siphash_of(const uint8_t prelude[16])
{
	uint8_t le[8];
	struct bytes_reader in = {le, le + 8, false};
	crypto_shorthash(le, prelude, 16, (const uint8_t *)"assent segment 1");
	return bytes_get_u64(&in);
}

static void another_key_opens_nothing(void **state)
{
	(void)state;
	struct bytes b = {0};
	struct segment_reader *r;
	uint8_t key[SEGMENT_KEY];
	make(&b);
	for (unsigned bit = 0; bit < 8 * SEGMENT_KEY; bit++) {
		memcpy(key, sample_key, sizeof key);
		key[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(segment_reader_new(b.data, b.length, key, &r), ERROR_DENIED);
		assert_null(r);
	}
	/* The prelude is authenticated with the header: a flag that may be ignored cannot be set by others, either. */
	b.data[12] = 1;
	uint64_t check_of_sixteen = siphash_of(b.data);
	for (unsigned i = 0; i < 8; i++)
		b.data[16 + i] = (uint8_t)(check_of_sixteen >> (8 * i));
	assert_int_equal(segment_reader_new(b.data, b.length, sample_key, &r), ERROR_DENIED);
	bytes_release(&b);
}

/* What is in a segment is in its bytes for nobody. */
static void nothing_shows(void **state)
{
	(void)state;
	struct bytes b = {0};
	struct segment_meta meta = sample_meta();
	make(&b);
	const char *words[] = {meta.study, meta.participant, meta.segment, "firefox", "gedit"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		assert_null(memmem(b.data, b.length, words[i], strlen(words[i])));
	assert_null(memmem(b.data, b.length, meta.receipt_hash, sizeof meta.receipt_hash));
	/* The same under the same key is not the same. */
	struct bytes again = {0};
	make(&again);
	assert_int_equal(again.length, b.length);
	unsigned same = 0;
	for (size_t i = block_ends[0]; i < b.length; i++)
		same += b.data[i] == again.data[i];
	assert_true(same < (b.length - block_ends[0]) / 8);
	bytes_release(&again);
	bytes_release(&b);
}

static void whatever_is_behind_the_end_is_damage(void **state)
{
	(void)state;
	struct bytes b = {0};
	unsigned count;
	bool cut;
	struct segment_frame f;
	make(&b);
	bytes_put_u8(&b, 0);
	assert_int_equal(check(b.data, b.length, &count, &cut), ERROR_CORRUPT);
	assert_int_equal(count, EVENTS);
	assert_int_equal(frame(b.data, b.length, &f), 0);
	assert_true(f.finished && f.good == b.length - 1);
	b.length--;
	/* A cut behind a footer, which would say that something is missing. */
	size_t end = b.length;
	assert_int_equal(segment_cut(SAMPLE_WRITTEN, SAMPLE_WRITTEN, f.records, &b), 0);
	assert_int_equal(check(b.data, b.length, &count, &cut), ERROR_CORRUPT);
	b.length = end;
	/* A tail of zeros is what some file systems leave after a power failure. */
	memset(b.data + block_ends[2], 0, b.length - block_ends[2]);
	assert_int_equal(check(b.data, b.length, &count, &cut), ERROR_CORRUPT);
	assert_int_equal(count, 2 * BLOCK);
	assert_int_equal(frame(b.data, b.length, &f), 0);
	assert_true(!f.finished && f.good == block_ends[2]);
	bytes_release(&b);
}

/* Puts the record that ends at block_ends[from] of b behind out, as the n-th if n is not its own number. */
static void put_block(const struct bytes *b, unsigned block, uint64_t n, struct bytes *out)
{
	uint8_t name[RECORD_NAME_BYTES];
	size_t begin = out->length, length = block_ends[block] - block_ends[block - 1];
	bytes_put(out, b->data + block_ends[block - 1], length);
	memcpy(name, out->data + begin + RECORD_CHECK_BYTES, sizeof name);
	name[16] = (uint8_t)n;
	record_seal(out->data + begin, name, length - RECORD_HEAD_BYTES);
}

static void blocks_do_not_move(void **state)
{
	(void)state;
	static const unsigned orders[][3] = {{2, 3}, {1, 1, 2}, {2, 1, 3}, {1, 3, 2}, {3}, {1, 3}};
	struct bytes b = {0}, other = {0};
	unsigned count;
	bool cut;
	make(&b);
	/* Dropped, doubled, swapped: as they are, and with numbers that fit. */
	for (unsigned i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		for (unsigned renumber = 0; renumber < 2; renumber++) {
			bytes_clear(&other);
			bytes_put(&other, b.data, block_ends[0]);
			unsigned n = 0, good = 0;
			for (; n < 3 && orders[i][n]; n++) {
				put_block(&b, orders[i][n], renumber ? n + 1 : orders[i][n], &other);
				good += good == n && orders[i][n] == n + 1;
			}
			bytes_put(&other, b.data + block_ends[3], b.length - block_ends[3]);
			assert_int_equal(check(other.data, other.length, &count, &cut), ERROR_CORRUPT);
			assert_int_equal(count, good * BLOCK);
		}
	}
	/* A footer too soon, and none. */
	bytes_clear(&other);
	bytes_put(&other, b.data, block_ends[2]);
	bytes_put(&other, b.data + block_ends[3], b.length - block_ends[3]);
	assert_int_equal(check(other.data, other.length, &count, &cut), ERROR_CORRUPT);
	assert_int_equal(count, 2 * BLOCK);
	/* The block of another segment: with another key, and under the same. */
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	for (unsigned same = 0; same < 2; same++) {
		uint8_t key[SEGMENT_KEY];
		memcpy(key, sample_key, sizeof key);
		key[0] ^= !same;
		bytes_clear(&other);
		assert_int_equal(segment_writer_new(&meta, key, 3, &other, &w), 0);
		size_t header = other.length;
		add(w, 0, BLOCK, &other, false);
		struct bytes spliced = {0};
		bytes_put(&spliced, b.data, block_ends[0]);
		bytes_put(&spliced, other.data + header, other.length - header);
		assert_int_equal(check(spliced.data, spliced.length, &count, &cut), ERROR_CORRUPT);
		assert_int_equal(count, 0);
		/* And all of it behind another beginning. */
		bytes_clear(&spliced);
		bytes_put(&spliced, other.data, RECORD_PRELUDE_BYTES + CIPHER_HEADER);
		bytes_put(&spliced, b.data + RECORD_PRELUDE_BYTES + CIPHER_HEADER, b.length - RECORD_PRELUDE_BYTES - CIPHER_HEADER);
		assert_int_equal(check(spliced.data, spliced.length, &count, &cut), ERROR_DENIED);
		bytes_release(&spliced);
		segment_writer_free(w);
	}
	bytes_release(&b);
	bytes_release(&other);
}

/* ---- Hostile: by who has the key ---- */

/* The status behind a good header, and what the framing says. */
static int read_forged(struct forge *f)
{
	struct segment_reader *r;
	struct event event;
	int status = segment_reader_new(f->out.data, f->out.length, sample_key, &r);
	if (status == 0)
		status = segment_reader_next(r, &event);
	segment_reader_free(r);
	forge_release(f);
	return status;
}

static const uint8_t lead[20] = {1};

static int read_frame(uint8_t type, const void *data, size_t length)
{
	struct forge f;
	forge_begin(&f, true);
	forge_frame(&f, type, false, lead, type == RECORD_BLOCK ? sizeof lead : 0, data, length);
	return read_forged(&f);
}

static void hostile_frames_are_refused(void **state)
{
	(void)state;
	static uint8_t data[1 << 20];
	static const uint8_t zeros[4096];
	/* No checksum. */
	size_t n = ZSTD_compress(data, sizeof data, zeros, sizeof zeros, 3);
	assert_false(ZSTD_isError(n));
	assert_int_equal(read_frame(RECORD_BLOCK, data, n), ERROR_CORRUPT);
	/* A checksum, and zeros within. */
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(c, data, sizeof data, zeros, sizeof zeros);
	assert_int_equal(read_frame(RECORD_BLOCK, data, n), ERROR_CORRUPT);
	/* Two frames. */
	memcpy(data + n, data, n);
	assert_int_equal(read_frame(RECORD_BLOCK, data, 2 * n), ERROR_CORRUPT);
	/* Bombs: of 17 MiB, and of a ratio that no block has. */
	static const size_t sizes[] = {SEGMENT_BLOCK_BYTES_MAX + 1, SEGMENT_BLOCK_BYTES_MAX - 1};
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *bomb = calloc(1, sizes[i]);
		assert_non_null(bomb);
		n = ZSTD_compress2(c, data, sizeof data, bomb, sizes[i]);
		assert_false(ZSTD_isError(n));
		assert_int_equal(read_frame(RECORD_BLOCK, data, n), ERROR_CORRUPT);
		free(bomb);
	}
	/* A size that is only claimed. */
	memcpy(data, "\x28\xb5\x2f\xfd\xe4\x00\x00\x00\x00\x00\x00\x00\x10\x01\x00\x00", 16);
	assert_int_equal(read_frame(RECORD_BLOCK, data, 16), ERROR_CORRUPT);
	/* To be skipped, empty. */
	memcpy(data, "\x50\x2a\x4d\x18\x00\x00\x00\x00", 8);
	assert_int_equal(read_frame(RECORD_BLOCK, data, 8), ERROR_CORRUPT);
	assert_int_equal(read_frame(RECORD_BLOCK, data, 0), ERROR_CORRUPT);
	/* Types: of tomorrow, optional or not; a second header. */
	assert_int_equal(read_frame(77, data, 8), ERROR_UNSUPPORTED);
	assert_int_equal(read_frame(RECORD_OPTIONAL + 1, data, 8), ERROR_TRUNCATED);
	assert_int_equal(read_frame(RECORD_HEADER, data, 8), ERROR_CORRUPT);
	ZSTD_freeCCtx(c);
}

/* Plain bytes of an empty footer, which is good where nothing else is wrong with it. */
static int read_footer(const uint8_t *plain, size_t length, bool last)
{
	struct forge f;
	forge_begin(&f, true);
	forge_plain(&f, RECORD_FOOTER, last, plain, length);
	return read_forged(&f);
}

static void only_right_padding_is_read(void **state)
{
	(void)state;
	uint8_t plain[2 * RECORD_PAD_BYTES] = {0};
	struct bytes content = {0}, packed = {0};
	ZSTD_CCtx *c = pack_new(3);
	forge_footer_content(0, 0, &content);
	assert_int_equal(pack_frame(c, &content, NULL, &packed), 0);
	ZSTD_freeCCtx(c);
	plain[0] = (uint8_t)packed.length;
	memcpy(plain + 4, packed.data, packed.length);
	size_t used = 4 + packed.length, whole = record_room(used + CIPHER_MORE, RECORD_PAD_BYTES) - CIPHER_MORE;
	assert_int_equal(read_footer(plain, used, true), 0);
	assert_int_equal(read_footer(plain, whole, true), 0);
	/* Too long, and longer than there is. */
	assert_int_equal(read_footer(plain, whole + 1, true), ERROR_CORRUPT);
	assert_int_equal(read_footer(plain, 3, true), ERROR_CORRUPT);
	assert_int_equal(read_footer(plain, 0, true), ERROR_CORRUPT);
	/* A footer that does not say that it is the end, and a block that does. */
	assert_int_equal(read_footer(plain, used, false), ERROR_CORRUPT);
	struct forge f;
	forge_begin(&f, true);
	forge_plain(&f, RECORD_OPTIONAL, true, plain, used);
	assert_int_equal(read_forged(&f), ERROR_CORRUPT);
	/* Something within. */
	plain[whole - 1] = 1;
	assert_int_equal(read_footer(plain, whole, true), ERROR_CORRUPT);
	plain[whole - 1] = 0;
	static const uint8_t lengths[][4] = {{0}, {1}, {0xfc, 1}, {0xfd, 1}, {0xff, 0xff, 0xff, 0xff}};
	for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		memcpy(plain, lengths[i], 4);
		assert_int_equal(read_footer(plain, whole, true), ERROR_CORRUPT);
	}
	bytes_release(&content);
	bytes_release(&packed);
}

/* What stands before the frame for those who seek is what is in it. */
static void rows_and_times_are_what_they_are(void **state)
{
	(void)state;
	struct bytes b = {0}, plain = {0};
	struct cipher *c;
	struct record record;
	bool last;
	make(&b);
	assert_int_equal(cipher_new_opening(sample_key, b.data + RECORD_PRELUDE_BYTES, &c), 0);
	struct bytes_reader in = {b.data + RECORD_PRELUDE_BYTES + CIPHER_HEADER, b.data + b.length, false};
	assert_int_equal(record_get(&in, 0, &record), 0);
	assert_int_equal(cipher_get(c, &record, b.data, &plain, &last), 0);
	assert_int_equal(record_get(&in, 1, &record), 0);
	assert_int_equal(cipher_get(c, &record, NULL, &plain, &last), 0);
	cipher_free(c);
	struct bytes_reader p = {plain.data, plain.data + plain.length, false};
	assert_int_equal(bytes_get_u32(&p), BLOCK);
	assert_true((int64_t)bytes_get_u64(&p) == expected[0].t_us);
	assert_true((int64_t)bytes_get_u64(&p) == expected[BLOCK - 1].t_us);
	for (int at = -1; at < 20; at++) {
		struct forge f;
		if (at >= 0)
			plain.data[at] ^= 1;
		forge_begin(&f, true);
		forge_plain(&f, RECORD_BLOCK, false, plain.data, plain.length);
		assert_int_equal(read_forged(&f), at < 0 ? 1 : ERROR_CORRUPT);
		if (at >= 0)
			plain.data[at] ^= 1;
	}
	bytes_release(&plain);
	bytes_release(&b);
}

/* Without the key one can write one thing: a cut. Not one that lies about its place, nor with something in it. */
static void only_right_cuts_are_read(void **state)
{
	(void)state;
	uint8_t payload[2 * RECORD_PAD_BYTES] = {0};
	size_t room = RECORD_PAD_BYTES - RECORD_HEAD_BYTES;
	const struct { uint32_t type; uint64_t n; uint32_t claimed; size_t length; uint8_t from, to, rest; int reader; bool good; } cases[] = {
		{RECORD_CUT, 1, (uint32_t)room, room, 1, 2, 0, 1, true},
		{RECORD_CUT, 1, (uint32_t)room, room, 2, 2, 0, 1, true},
		{RECORD_CUT, 1, (uint32_t)room, room, 3, 2, 0, ERROR_CORRUPT, false},
		{RECORD_CUT, 1, (uint32_t)room, room, 1, 2, 1, ERROR_CORRUPT, false},
		{RECORD_CUT, 2, (uint32_t)room, room, 1, 2, 0, ERROR_CORRUPT, false},
		{RECORD_CUT, 0, (uint32_t)room, room, 1, 2, 0, ERROR_CORRUPT, false},
		{RECORD_CUT, 1, (uint32_t)room + 512, room + 512, 1, 2, 0, ERROR_CORRUPT, false},
		{RECORD_CUT, 1, (uint32_t)room - 1, room - 1, 1, 2, 0, ERROR_CORRUPT, false},
		{RECORD_CUT, 1, (uint32_t)room, room - 1, 1, 2, 0, ERROR_TRUNCATED, false},
		{RECORD_CUT, 1, 0, 0, 0, 0, 0, ERROR_CORRUPT, false},
		{RECORD_CUT, 1, UINT32_MAX - 31, room, 1, 2, 0, ERROR_CORRUPT, false},
		{RECORD_CUT, 1, RECORD_BYTES_MAX + 512 - 32, room, 1, 2, 0, ERROR_CORRUPT, false},
		{RECORD_CUT | 256, 1, (uint32_t)room, room, 1, 2, 0, ERROR_CORRUPT, false},
		{RECORD_BLOCK, 1, (uint32_t)room, room, 1, 2, 0, ERROR_CORRUPT, true},
		{RECORD_FOOTER, 1, (uint32_t)room, room, 1, 2, 0, ERROR_CORRUPT, true},
		{RECORD_HEADER, 1, (uint32_t)room, room, 1, 2, 0, ERROR_CORRUPT, false},
		{RECORD_OPTIONAL, 1, (uint32_t)room, room, 1, 2, 0, ERROR_CORRUPT, true},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct forge f;
		struct segment_frame seen;
		forge_begin(&f, true);
		size_t begin = f.out.length;
		payload[0] = cases[i].from;
		payload[8] = cases[i].to;
		payload[100] = cases[i].rest;
		forge_clear(&f, cases[i].type, cases[i].n, cases[i].claimed, payload, cases[i].length);
		assert_int_equal(frame(f.out.data, f.out.length, &seen), 0);
		assert_int_equal(seen.good, cases[i].good ? f.out.length : begin);
		assert_int_equal(read_forged(&f), cases[i].reader);
	}
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

/* Where no memory can be locked, there is no key, neither to write nor to read with. */
static void a_key_that_could_be_swapped_is_not_used(void **state)
{
	(void)state;
	struct bytes b = {0};
	/* A sanitizer lets nobody lock, and says that it worked. */
	if (SANITIZED) {
		print_message("a sanitizer lets nobody lock memory\n");
		skip();
	}
	make(&b);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit none = {0, 0};
		struct segment_meta meta = sample_meta();
		struct segment_writer *w;
		struct segment_reader *r;
		struct bytes out = {0};
		/* Root may lock whatever the limit. */
		if (setrlimit(RLIMIT_MEMLOCK, &none) || (geteuid() == 0 && setresuid(65534, 65534, 65534)))
			_exit(2);
		_exit(segment_writer_new(&meta, sample_key, 3, &out, &w) != ERROR_MEMORY || out.length != 0
		      || segment_reader_new(b.data, b.length, sample_key, &r) != ERROR_MEMORY);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	bytes_release(&b);
}

static void other_files_are_no_segments(void **state)
{
	(void)state;
	struct segment_reader *r;
	assert_int_equal(segment_reader_new(NULL, 0, sample_key, &r), ERROR_TRUNCATED);
	assert_int_equal(segment_reader_new((const uint8_t *)"PAR1....................", 24, sample_key, &r), ERROR_CORRUPT);
	assert_int_equal(segment_reader_new((const uint8_t *)"P", 1, sample_key, &r), ERROR_CORRUPT);
	assert_null(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_is_a_good_prefix),
		cmocka_unit_test(a_torn_segment_is_ended_without_its_key),
		cmocka_unit_test(no_flipped_bit_makes_other_events),
		cmocka_unit_test(no_byte_can_be_changed_without_the_key),
		cmocka_unit_test(another_key_opens_nothing),
		cmocka_unit_test(nothing_shows),
		cmocka_unit_test(whatever_is_behind_the_end_is_damage),
		cmocka_unit_test(blocks_do_not_move),
		cmocka_unit_test(hostile_frames_are_refused),
		cmocka_unit_test(only_right_padding_is_read),
		cmocka_unit_test(rows_and_times_are_what_they_are),
		cmocka_unit_test(only_right_cuts_are_read),
		cmocka_unit_test(a_key_that_could_be_swapped_is_not_used),
		cmocka_unit_test(other_files_are_no_segments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
