/* SPDX-License-Identifier: Apache-2.0 */
/* libassent gives out what was written, by rows and by columns, however the file was opened. */
#include "../format/cmocka_all.h"

#include <assent/assent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "made.h"

/* What the shared library was built for, and what every program that uses it was compiled with: this does not move. */
_Static_assert(sizeof(void *) != 8 || (sizeof(struct assent_event) == 88 && offsetof(struct assent_event, text) == 24
	&& offsetof(struct assent_event, has) == 48 && offsetof(struct assent_event, dx) == 60 && offsetof(struct assent_event, device) == 72
	&& offsetof(struct assent_event, kind) == 80 && offsetof(struct assent_event, synthetic) == 83 && offsetof(struct assent_event, reserved) == 84), "assent_event");
_Static_assert(sizeof(void *) != 8 || (sizeof(struct assent_meta) == 128 && offsetof(struct assent_meta, receipt_hash) == 32
	&& offsetof(struct assent_meta, boot_id) == 96 && offsetof(struct assent_meta, t_us) == 112), "assent_meta");
_Static_assert(sizeof(void *) != 8 || (sizeof(struct assent_columns) == 20 * 8 && offsetof(struct assent_columns, has) == 48
	&& offsetof(struct assent_columns, synthetic) == 152), "assent_columns");

static bool same_text(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

/* The bytes of floats, too: -0 is not 0. */
static bool same(const struct assent_event *got, const struct event *want)
{
	return got->t_us == want->t_us && got->mono_us == want->mono_us && got->end_us == want->end_us && got->has == want->has
		&& got->x == want->x && got->y == want->y && memcmp(&got->dx, &want->dx, 4) == 0 && memcmp(&got->dy, &want->dy, 4) == 0
		&& got->lost == want->lost && got->device == want->device && got->code == want->code && got->scroll_x == want->scroll_x
		&& got->scroll_y == want->scroll_y && got->kind == want->kind && got->key_class == want->key_class
		&& got->reason == want->reason && got->synthetic == want->synthetic
		&& same_text(got->text, want->has & HAS_TEXT ? want->text : NULL) && same_text(got->app, want->app)
		&& same_text(got->title, want->title) && memcmp(got->reserved, (uint8_t[4]){0}, 4) == 0;
}

static void rows_are(struct assent_reader *r, bool desk, unsigned rows)
{
	struct sample s = {0};
	struct event event;
	struct assent_event got;
	for (unsigned i = 0; i < rows; i++) {
		made_event(&s, desk, i, &event);
		struct event want = sample_expected(&event);
		assert_int_equal(assent_next(r, &got, sizeof got), 1);
		assert_true(same(&got, &want));
	}
	assert_int_equal(assent_next(r, &got, sizeof got), 0);
	assert_int_equal(assent_next(r, &got, sizeof got), 0);
	assert_int_equal(assent_was_cut(r), 0);
}

static struct assent_reader *reader_of(const struct bytes *b)
{
	struct assent_reader *r;
	assert_int_equal(assent_open_memory(b->data, b->length, sample_key, &r), 0);
	return r;
}

static void rows_come_back(void **state)
{
	(void)state;
	struct bytes b = {0};
	for (unsigned way = 0; way < 4; way++) {
		made_segment(way & 1, way & 2, 20000, 777, &b);
		struct assent_reader *r = reader_of(&b);
		rows_are(r, way & 1, 20000);
		assert_int_equal(assent_device_class(r, 0), ASSENT_DEVICE_KEYBOARD);
		assert_int_equal(assent_device_class(r, 1), ASSENT_DEVICE_MOUSE);
		assert_int_equal(assent_device_class(r, 2), ASSENT_DEVICE_OTHER);
		assert_int_equal(assent_device_class(r, 65536), ASSENT_DEVICE_OTHER);
		assent_close(r);
	}
	made_segment(true, false, 0, 1, &b);
	struct assent_reader *r = reader_of(&b);
	rows_are(r, true, 0);
	assent_close(r);
	bytes_release(&b);
}

/* ---- Columns ---- */

/* One array of just as many elements as there are rows, so that a sanitizer sees the first one beyond. */
#define FOR_COLUMNS(DO) \
	DO(t_us) DO(mono_us) DO(end_us) DO(text) DO(app) DO(title) DO(has) DO(x) DO(y) DO(dx) DO(dy) DO(lost) DO(device) DO(code) \
	DO(scroll_x) DO(scroll_y) DO(kind) DO(key_class) DO(reason) DO(synthetic)

static void columns_new(struct assent_columns *c, uint32_t rows)
{
#define NEW(name) assert_non_null(c->name = malloc(rows * sizeof *c->name)); memset(c->name, 0x55, rows * sizeof *c->name);
	FOR_COLUMNS(NEW)
}

static void columns_free(struct assent_columns *c)
{
#define FREE(name) free(c->name);
	FOR_COLUMNS(FREE)
}

static const char *word_of(const struct assent_reader *r, int words, int32_t number)
{
	const char *word = assent_word(r, words, number);
	assert_true((number == -1) == (word == NULL));
	return word;
}

static void get_row(const struct assent_reader *r, const struct assent_columns *c, uint32_t i, struct assent_event *e)
{
	*e = (struct assent_event){.t_us = c->t_us[i], .mono_us = c->mono_us[i], .end_us = c->end_us[i], .has = c->has[i], .x = c->x[i],
		.y = c->y[i], .dx = c->dx[i], .dy = c->dy[i], .lost = c->lost[i], .device = c->device[i], .code = c->code[i],
		.scroll_x = c->scroll_x[i], .scroll_y = c->scroll_y[i], .kind = c->kind[i], .key_class = c->key_class[i],
		.reason = c->reason[i], .synthetic = c->synthetic[i], .text = word_of(r, ASSENT_WORDS_TEXT, c->text[i]),
		.app = word_of(r, ASSENT_WORDS_APP, c->app[i]), .title = word_of(r, ASSENT_WORDS_TITLE, c->title[i])};
}

static void each_word_is_there_once(const struct assent_reader *r)
{
	for (int words = ASSENT_WORDS_TEXT; words <= ASSENT_WORDS_TITLE; words++) {
		uint32_t count = assent_word_count(r, words);
		assert_null(assent_word(r, words, (int32_t)count));
		for (uint32_t i = 0; i < count; i++)
			for (uint32_t k = 0; k < i; k++)
				assert_string_not_equal(assent_word(r, words, (int32_t)i), assent_word(r, words, (int32_t)k));
	}
}

/* Each column alone is what it is with the others. */
static void alone(struct assent_reader *r, const struct assent_columns *all, uint32_t rows)
{
#define ALONE(name) { \
		struct assent_columns one = {0}; \
		assert_non_null(one.name = malloc(rows * sizeof *one.name)); \
		assert_int_equal(assent_read_columns(r, &one, sizeof one), 0); \
		assert_memory_equal(one.name, all->name, rows * sizeof *one.name); \
		free(one.name); \
	}
	FOR_COLUMNS(ALONE)
}

static void columns_are(struct assent_reader *r, bool desk, unsigned rows)
{
	struct sample s = {0};
	struct event event;
	struct assent_event got;
	uint32_t n;
	unsigned seen = 0, blocks = 0;
	int status;
	while ((status = assent_next_block(r, &n)) == 1) {
		struct assent_columns c;
		assert_in_range(n, 1, ASSENT_BLOCK_ROWS);
		columns_new(&c, n);
		assert_int_equal(assent_word_count(r, ASSENT_WORDS_APP), 0);
		assert_int_equal(assent_read_columns(r, &c, sizeof c), 0);
		each_word_is_there_once(r);
		for (uint32_t i = 0; i < n; i++, seen++) {
			made_event(&s, desk, seen, &event);
			struct event want = sample_expected(&event);
			get_row(r, &c, i, &got);
			assert_true(same(&got, &want));
		}
		if (blocks++ < 3)
			alone(r, &c, n);
		columns_free(&c);
	}
	assert_int_equal(status, 0);
	assert_int_equal(seen, rows);
	assert_int_equal(n, 0);
	struct assent_columns none = {0};
	assert_int_equal(assent_read_columns(r, &none, sizeof none), ASSENT_ERROR_INVALID);
}

static void columns_come_back(void **state)
{
	(void)state;
	struct bytes b = {0};
	for (unsigned way = 0; way < 4; way++) {
		made_segment(way & 1, way & 2, 20000, 777, &b);
		struct assent_reader *r = reader_of(&b);
		struct assent_columns none = {0};
		/* Before the first block there is nothing to fill from. */
		assert_int_equal(assent_read_columns(r, &none, sizeof none), ASSENT_ERROR_INVALID);
		columns_are(r, way & 1, 20000);
		assent_close(r);
	}
	made_segment(true, true, 70000, 65536, &b);
	struct assent_reader *r = reader_of(&b);
	columns_are(r, true, 70000);
	assert_int_equal(assent_seek(r, INT64_MIN), 0);
	columns_are(r, true, 70000);
	assent_close(r);
	bytes_release(&b);
}

static void rows_and_blocks_mix(void **state)
{
	(void)state;
	struct bytes b = {0};
	made_segment(true, false, 100, 20, &b);
	struct assent_reader *r = reader_of(&b);
	struct assent_event event;
	uint32_t rows;
	int64_t t_us[20];
	struct assent_columns c = {.t_us = t_us};
	assert_int_equal(assent_next_block(r, &rows), 1);
	assert_int_equal(assent_read_columns(r, &c, sizeof c), 0);
	/* The rows of a block of columns; then of the one after it. */
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(assent_next(r, &event, sizeof event), 1);
		assert_int_equal(event.t_us, t_us[i]);
	}
	assert_int_equal(assent_next(r, &event, sizeof event), 1);
	assert_int_equal(assent_read_columns(r, &c, sizeof c), 0);
	assert_int_equal(event.t_us, t_us[0]);
	/* 19 rows of the second are passed over. */
	assert_int_equal(assent_next_block(r, &rows), 1);
	unsigned left = 0;
	while (assent_next(r, &event, sizeof event) == 1)
		left++;
	assert_int_equal(left, 60);
	assent_close(r);
	bytes_release(&b);
}

/* ---- Seeking ---- */

static void seeking_leaves_out_what_is_before(void **state)
{
	(void)state;
	struct bytes b = {0};
	for (unsigned way = 0; way < 4; way++) {
		bool desk = way & 1;
		made_segment(desk, way & 2, 3000, 100, &b);
		struct assent_reader *r = reader_of(&b);
		struct assent_event got;
		int64_t to[] = {INT64_MIN, 0, 1700000000000000, 1700000010000000, 1700000020000000, 1700000033333333, 1700000100000000, INT64_MAX};
		for (unsigned k = 0; k < sizeof to / sizeof *to; k++) {
			struct sample s = {0};
			struct event event;
			/* In the middle of one pass, too. */
			for (unsigned i = 0; i < 150 && assent_next(r, &got, sizeof got) == 1; i++)
				;
			assert_int_equal(assent_seek(r, to[k]), 0);
			for (unsigned i = 0; i < 3000; i++) {
				made_event(&s, desk, i, &event);
				struct event want = sample_expected(&event);
				if (want.t_us < to[k])
					continue;
				assert_int_equal(assent_next(r, &got, sizeof got), 1);
				assert_true(same(&got, &want));
			}
			assert_int_equal(assent_next(r, &got, sizeof got), 0);
			assert_int_equal(assent_device_class(r, 1), ASSENT_DEVICE_MOUSE);
		}
		assent_close(r);
	}
	/* Whole blocks before are passed over; the one in which it begins is whole. */
	made_segment(true, true, 3000, 100, &b);
	struct assent_reader *r = reader_of(&b);
	uint32_t rows, n = 0;
	int64_t t_us[100], first = 0;
	struct assent_columns c = {.t_us = t_us};
	while (assent_next_block(r, &rows) == 1 && n++ < 20) {
		assert_int_equal(assent_read_columns(r, &c, sizeof c), 0);
		first = t_us[50];
	}
	assert_int_equal(assent_seek(r, first), 0);
	assert_int_equal(assent_next_block(r, &rows), 1);
	assert_int_equal(assent_read_columns(r, &c, sizeof c), 0);
	assert_int_equal(t_us[50], first);
	assent_close(r);
	bytes_release(&b);
}

/* ---- Ways in ---- */

static char folder[] = "/tmp/assent-reader-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static const char *in_folder(const char *name)
{
	static char path[2][128];
	static unsigned turn;
	snprintf(path[turn ^= 1], sizeof path[0], "%s/%s", folder, name);
	return path[turn];
}

static int remove_folder(void **state)
{
	(void)state;
	const char *const names[] = {"segment", "empty", "short", "pipe", "long"};
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		unlink(in_folder(names[i]));
	return rmdir(folder);
}

struct feed { int fd; const struct bytes *b; };

/* In small pieces, as a pipe may bring them. */
static void *feed(void *argument)
{
	struct feed *f = argument;
	for (size_t at = 0; at < f->b->length;) {
		size_t left = f->b->length - at;
		ssize_t n = write(f->fd, f->b->data + at, at < 100 ? 7 : left < 3000 ? left : 3000);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	close(f->fd);
	return NULL;
}

static void opens_files_descriptors_and_pipes(void **state)
{
	(void)state;
	struct bytes b = {0};
	struct assent_reader *r;
	made_segment(true, false, 50000, 500, &b);
	assert_true(b.length > 1 << 17);
	made_save(in_folder("segment"), b.data, b.length);
	assert_int_equal(assent_open_path(in_folder("segment"), sample_key, &r), 0);
	/* What happens to the file is nothing to the reader. */
	assert_int_equal(truncate(in_folder("segment"), 100), 0);
	rows_are(r, true, 50000);
	assent_close(r);

	/* From where it stands. */
	struct bytes behind = {0};
	bytes_put(&behind, "something before", 16);
	bytes_put(&behind, b.data, b.length);
	made_save(in_folder("long"), behind.data, behind.length);
	int fd = open(in_folder("long"), O_RDONLY);
	assert_int_equal(lseek(fd, 16, SEEK_SET), 16);
	assert_int_equal(assent_open_fd(fd, sample_key, &r), 0);
	rows_are(r, true, 50000);
	assent_close(r);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), behind.length);
	assert_int_equal(close(fd), 0);

	int ends[2];
	pthread_t thread;
	assert_int_equal(pipe(ends), 0);
	struct feed f = {ends[1], &b};
	assert_int_equal(pthread_create(&thread, NULL, feed, &f), 0);
	assert_int_equal(assent_open_fd(ends[0], sample_key, &r), 0);
	pthread_join(thread, NULL);
	rows_are(r, true, 50000);
	assent_close(r);
	close(ends[0]);
	bytes_release(&behind);
	bytes_release(&b);
}

static void says_why_it_does_not_open(void **state)
{
	(void)state;
	struct bytes b = {0};
	struct assent_reader *r = (struct assent_reader *)&b;
	uint8_t other[ASSENT_KEY_BYTES] = {1};
	made_segment(true, false, 100, 20, &b);
	errno = 0;
	assert_int_equal(assent_open_path(in_folder("missing"), sample_key, &r), ASSENT_ERROR_IO);
	assert_int_equal(errno, ENOENT);
	assert_null(r);
	assert_int_equal(assent_open_path(folder, sample_key, &r), ASSENT_ERROR_INVALID);
	assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
	assert_int_equal(assent_open_path(in_folder("pipe"), sample_key, &r), ASSENT_ERROR_INVALID);
	assert_int_equal(assent_open_path("/dev/zero", sample_key, &r), ASSENT_ERROR_INVALID);
	/* Without an end: it is looked at before it is swallowed. */
	int fd = open("/dev/zero", O_RDONLY);
	assert_int_equal(assent_open_fd(fd, sample_key, &r), ASSENT_ERROR_CORRUPT);
	close(fd);
	assert_int_equal(assent_open_fd(-1, sample_key, &r), ASSENT_ERROR_IO);
	assert_int_equal(errno, EBADF);
	assert_int_equal(assent_open_memory(b.data, b.length, other, &r), ASSENT_ERROR_KEY);
	assert_null(r);
	assert_int_equal(assent_open_memory(NULL, 0, sample_key, &r), ASSENT_ERROR_TRUNCATED);
	assert_int_equal(assent_open_memory(NULL, 1, sample_key, &r), ASSENT_ERROR_INVALID);
	assert_int_equal(assent_open_memory(b.data, b.length, NULL, &r), ASSENT_ERROR_INVALID);
	made_save(in_folder("empty"), "", 0);
	assert_int_equal(assent_open_path(in_folder("empty"), sample_key, &r), ASSENT_ERROR_TRUNCATED);
	for (size_t n = 0; n < 600; n++) {
		made_save(in_folder("short"), b.data, n);
		int status = assent_open_path(in_folder("short"), sample_key, &r);
		assert_int_equal(status, n < 560 ? ASSENT_ERROR_TRUNCATED : ASSENT_OK);
		assent_close(r);
	}
	b.data[9] ^= 1;
	assert_int_equal(assent_open_memory(b.data, b.length, sample_key, &r), ASSENT_ERROR_CORRUPT);
	assent_close(NULL);
	bytes_release(&b);
}

static void bad_parts_end_it_after_the_good(void **state)
{
	(void)state;
	struct bytes b = {0};
	struct assent_event event;
	uint32_t rows;
	made_segment(true, false, 60, 20, &b);
	/* Torn in the third block: two are good. The same of one that is damaged there. */
	for (unsigned damaged = 0; damaged < 2; damaged++) {
		struct assent_reader *r;
		size_t at = b.length - 700;
		int end = damaged ? ASSENT_ERROR_CORRUPT : ASSENT_ERROR_TRUNCATED;
		if (damaged)
			b.data[at] ^= 1;
		assert_int_equal(assent_open_memory(b.data, damaged ? b.length : at, sample_key, &r), 0);
		for (unsigned i = 0; i < 40; i++)
			assert_int_equal(assent_next(r, &event, sizeof event), 1);
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(assent_next(r, &event, sizeof event), end);
			assert_int_equal(assent_next_block(r, &rows), end);
		}
		/* Seeking begins anew, and finds the same. */
		assert_int_equal(assent_seek(r, INT64_MIN), 0);
		assert_int_equal(assent_next_block(r, &rows), 1);
		assert_int_equal(assent_next_block(r, &rows), 1);
		assert_int_equal(assent_next_block(r, &rows), end);
		assent_close(r);
	}
	bytes_release(&b);
}

static void a_cut_is_a_gap(void **state)
{
	(void)state;
	struct bytes b = {0};
	struct segment_frame frame;
	struct assent_event event, last = {0};
	made_segment(true, false, 60, 20, &b);
	size_t torn = b.length - 700;
	assert_int_equal(segment_frame(b.data, torn, &frame), 0);
	b.length = frame.good;
	assert_int_equal(segment_cut(frame.last_t_us, frame.last_t_us + 5000000, frame.records, &b), 0);
	struct assent_reader *r = reader_of(&b);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(assent_next(r, &last, sizeof last), 1);
	assert_int_equal(assent_was_cut(r), 0);
	assert_int_equal(assent_next(r, &event, sizeof event), 1);
	assert_int_equal(event.kind, ASSENT_KIND_GAP);
	assert_int_equal(event.reason, ASSENT_REASON_CRASH);
	assert_int_equal(event.has, ASSENT_HAS_REASON | ASSENT_HAS_END);
	assert_int_equal(event.t_us, last.t_us);
	assert_int_equal(event.end_us, frame.last_t_us + 5000000);
	assert_int_equal(assent_next(r, &event, sizeof event), 0);
	assert_int_equal(assent_was_cut(r), 1);
	assent_close(r);
	bytes_release(&b);
}

/* ---- Good and bad segments that are kept ---- */

static int said(const char *word)
{
	const struct { const char *word; int status; } all[] = {{"whole", 0}, {"corrupt", ASSENT_ERROR_CORRUPT}, {"truncated", ASSENT_ERROR_TRUNCATED},
		{"unsupported", ASSENT_ERROR_UNSUPPORTED}, {"denied", ASSENT_ERROR_KEY}};
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i].word, word) == 0)
			return all[i].status;
	fail_msg("golden.txt has the word %s", word);
	return 1;
}

/* "NAME open WHY", "NAME WHY ROWS" or "NAME whole cut ROWS": by rows and by columns. */
static void golden(const char *line)
{
	char name[64], word[3][32] = {"", "", ""}, path[512];
	struct assent_reader *r;
	struct assent_event event;
	uint32_t rows;
	unsigned n[2] = {0, 0};
	int status;
	assert_true(sscanf(line, "%63s %31s %31s %31s", name, word[0], word[1], word[2]) >= 3);
	snprintf(path, sizeof path, "%s/%s.seg", GOLDEN, name);
	status = assent_open_path(path, sample_key, &r);
	if (strcmp(word[0], "open") == 0) {
		assert_int_equal(status, said(word[1]));
		return;
	}
	bool cut = strcmp(word[1], "cut") == 0;
	assert_int_equal(status, 0);
	while ((status = assent_next(r, &event, sizeof event)) == 1)
		n[0]++;
	assert_int_equal(status, said(word[0]));
	assert_int_equal(assent_was_cut(r), cut);
	assert_int_equal(assent_seek(r, INT64_MIN), 0);
	while ((status = assent_next_block(r, &rows)) == 1)
		n[1] += rows;
	assert_int_equal(status, said(word[0]));
	assert_int_equal(n[0], atoi(word[cut ? 2 : 1]));
	assert_int_equal(n[1], n[0]);
	assent_close(r);
}

static void golden_segments_are_what_their_list_says(void **state)
{
	(void)state;
	char line[256];
	unsigned count = 0;
	FILE *f = fopen(GOLDEN "/golden.txt", "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		if (line[0] != '#' && line[0] != '\n') {
			golden(line);
			count++;
		}
	fclose(f);
	assert_true(count > 20);
}

/* ---- ABI and names ---- */

static void sizes_decide_what_is_given(void **state)
{
	(void)state;
	struct bytes b = {0};
	made_segment(true, false, 60, 20, &b);
	struct assent_reader *r = reader_of(&b);
	struct { struct assent_meta now; uint8_t later[16]; } meta;
	struct { struct assent_event now; uint8_t later[16]; } event;
	struct { struct assent_columns now; void *later; } columns = {0};
	uint8_t zeros[16] = {0};
	uint32_t rows;
	memset(&meta, 0xff, sizeof meta);
	memset(&event, 0xff, sizeof event);
	assert_int_equal(assent_read_meta(r, &meta.now, 8), ASSENT_ERROR_INVALID);
	assert_int_equal(assent_next(r, &event.now, 80), ASSENT_ERROR_INVALID);
	/* A caller of a later version finds 0 in what this library does not know. */
	assert_int_equal(assent_read_meta(r, &meta.now, sizeof meta), 0);
	assert_memory_equal(meta.later, zeros, sizeof zeros);
	struct segment_meta want = sample_meta();
	assert_string_equal(meta.now.study, want.study);
	assert_string_equal(meta.now.epoch, want.epoch);
	assert_string_equal(meta.now.participant, want.participant);
	assert_string_equal(meta.now.segment, want.segment);
	assert_memory_equal(meta.now.receipt_hash, want.receipt_hash, 32);
	assert_memory_equal(meta.now.policy_hash, want.policy_hash, 32);
	assert_memory_equal(meta.now.boot_id, want.boot_id, 16);
	assert_int_equal(meta.now.t_us, want.t_us);
	assert_int_equal(meta.now.mono_us, want.mono_us);
	assert_int_equal(assent_next(r, &event.now, sizeof event), 1);
	assert_memory_equal(event.later, zeros, sizeof zeros);
	assert_int_equal(event.now.kind, ASSENT_KIND_FOCUS);
	/* ... and is told that a column of theirs is not known, rather than left with an array that nobody filled. */
	assert_int_equal(assent_next_block(r, &rows), 1);
	assert_int_equal(assent_read_columns(r, &columns.now, sizeof columns), 0);
	columns.later = zeros;
	assert_int_equal(assent_read_columns(r, &columns.now, sizeof columns), ASSENT_ERROR_UNSUPPORTED);
	assert_int_equal(assent_read_columns(r, &columns.now, sizeof(void *)), ASSENT_ERROR_INVALID);
	assent_close(r);
	bytes_release(&b);
}

static void all_have_names(void **state)
{
	(void)state;
	char version[32];
	snprintf(version, sizeof version, "%d.%d.%d", ASSENT_VERSION_MAJOR, ASSENT_VERSION_MINOR, ASSENT_VERSION_PATCH);
	assert_string_equal(assent_version(), version);
	assert_string_equal(assent_version(), ASSENT_VERSION);
	for (int i = -1; i <= ASSENT_KIND_SKEW + 1; i++)
		assert_true((assent_kind_name(i) != NULL) == (i >= 0 && i <= ASSENT_KIND_SKEW));
	for (int i = -1; i <= ASSENT_CLASS_OTHER + 1; i++)
		assert_true((assent_class_name(i) != NULL) == (i >= 0 && i <= ASSENT_CLASS_OTHER));
	for (int i = -1; i <= ASSENT_REASON_INACTIVE + 1; i++)
		assert_true((assent_reason_name(i) != NULL) == (i >= 0 && i <= ASSENT_REASON_INACTIVE));
	for (int i = -1; i <= ASSENT_DEVICE_OTHER + 1; i++)
		assert_true((assent_device_name(i) != NULL) == (i >= 0 && i <= ASSENT_DEVICE_OTHER));
	assert_string_equal(assent_kind_name(ASSENT_KIND_KEY_UP), "key_up");
	assert_string_equal(assent_reason_name(ASSENT_REASON_TERMINAL_ECHO_OFF), "terminal-echo-off");
	/* Each error has a text of its own. */
	for (int i = ASSENT_ERROR_UNSUPPORTED; i <= 0; i++)
		for (int k = ASSENT_ERROR_UNSUPPORTED - 1; k < i; k++)
			assert_string_not_equal(assent_strerror(i), assent_strerror(k));
	assert_string_equal(assent_strerror(1), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_back),
		cmocka_unit_test(columns_come_back),
		cmocka_unit_test(rows_and_blocks_mix),
		cmocka_unit_test(seeking_leaves_out_what_is_before),
		cmocka_unit_test(opens_files_descriptors_and_pipes),
		cmocka_unit_test(says_why_it_does_not_open),
		cmocka_unit_test(bad_parts_end_it_after_the_good),
		cmocka_unit_test(a_cut_is_a_gap),
		cmocka_unit_test(golden_segments_are_what_their_list_says),
		cmocka_unit_test(sizes_decide_what_is_given),
		cmocka_unit_test(all_have_names),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
