/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a file says, reading it takes no more memory than assent.h states: counted at the allocator, by files that were made to need as much as
 * they can. Not for sanitizers, which have an allocator of their own.
 */
#include "../format/cmocka_all.h"

#include <assent/assent.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../agent/format/columns.h"
#include "../../agent/format/record.h"
#include "../format/forge.h"
#include "made.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

static atomic_size_t now, peak;

static void *count(void *block)
{
	if (!block)
		return NULL;
	size_t sum = atomic_fetch_add(&now, malloc_usable_size(block)) + malloc_usable_size(block);
	if (sum > peak)
		peak = sum;
	return block;
}

/* Seen by the libraries, too. */
#define EVERYWHERE __attribute__((visibility("default")))

EVERYWHERE void *malloc(size_t size) { return count(__libc_malloc(size)); }
EVERYWHERE void *calloc(size_t n, size_t size) { return count(__libc_calloc(n, size)); }

EVERYWHERE void free(void *block)
{
	now -= block ? malloc_usable_size(block) : 0;
	__libc_free(block);
}

/* Both are there while it is copied. */
EVERYWHERE void *realloc(void *block, size_t size)
{
	size_t before = block ? malloc_usable_size(block) : 0;
	void *again = count(__libc_realloc(block, size));
	if (again)
		now -= before;
	return again;
}

/* ---- Reading in each way; the most that it took ---- */

static unsigned read_columns(struct assent_reader *r)
{
	static struct {
		int64_t i64[3][ASSENT_BLOCK_ROWS];
		uint32_t u32[ASSENT_BLOCK_ROWS];
		int32_t i32[6][ASSENT_BLOCK_ROWS];
		float f[2][ASSENT_BLOCK_ROWS];
		int16_t i16[4][ASSENT_BLOCK_ROWS];
		uint8_t u8[4][ASSENT_BLOCK_ROWS];
	} a;
	struct assent_columns c = {a.i64[0], a.i64[1], a.i64[2], a.i32[0], a.i32[1], a.i32[2], a.u32, a.i32[3], a.i32[4], a.f[0], a.f[1], a.i32[5],
		a.i16[0], a.i16[1], a.i16[2], a.i16[3], a.u8[0], a.u8[1], a.u8[2], a.u8[3]};
	uint32_t rows;
	unsigned n = 0;
	while (assent_next_block(r, &rows) == 1) {
		assert_int_equal(assent_read_columns(r, &c, sizeof c), 0);
		n += rows;
	}
	return n;
}

static const char path[] = "memory-test.seg";

static size_t take(const struct bytes *b, unsigned *rows)
{
	struct assent_reader *r;
	struct assent_event event;
	int ends[2];
	*rows = 0;
	made_save(path, b->data, b->length);
	size_t before = now;
	peak = before;
	for (unsigned way = 0; way < 3; way++) {
		int status = way == 0 ? assent_open_path(path, sample_key, &r) : assent_open_memory(b->data, b->length, sample_key, &r);
		if (status)
			continue;
		*rows = 0;
		if (way != 1)
			*rows = read_columns(r);
		else
			while (assent_next(r, &event, sizeof event) == 1)
				++*rows;
		assert_int_equal(assent_seek(r, way == 2 ? INT64_MIN : 0), 0);
		read_columns(r);
		assent_close(r);
	}
	/* A pipe has no size to begin with. */
	if (b->length <= 65536 && pipe(ends) == 0) {
		assert_int_equal(write(ends[1], b->data, b->length), b->length);
		close(ends[1]);
		if (assent_open_fd(ends[0], sample_key, &r) == 0)
			read_columns(r);
		else
			assert_null(r);
		assent_close(r);
		close(ends[0]);
	}
	assert_int_equal(now, before);
	unlink(path);
	return peak - before;
}

/* How many rows it has. */
static unsigned within(const char *name, const struct bytes *b)
{
	unsigned rows;
	size_t most = take(b, &rows);
	print_message("# %-28s %9zu bytes, %7u rows: %6.1f MiB\n", name, b->length, rows, (double)most / (1 << 20));
	assert_true(most <= b->length * ASSENT_MEMORY_FILE + ASSENT_MEMORY_MORE);
	return rows;
}

static void ordinary(void **state)
{
	(void)state;
	struct bytes b = {0};
	unsigned rows;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		made_segment(true, sealed, 300000, sealed ? 65536 : 400, &b);
		size_t most = take(&b, &rows);
		print_message("# ordinary, %s: %zu bytes, %u rows: %.1f MiB\n", sealed ? "sealed" : "journal", b.length, rows, (double)most / (1 << 20));
		assert_int_equal(rows, 300000);
		/* As assent.h says of most. */
		assert_true(most <= b.length + (16 << 20));
		made_segment(false, sealed, 66000, 65536, &b);
		within("random", &b);
	}
	bytes_release(&b);
}

/* ---- Blocks that need as much as they can ---- */

static void words_of(struct bytes *content, uint8_t id, unsigned count, unsigned length)
{
	struct bytes section = {0};
	bytes_put_varint(&section, count);
	for (unsigned i = 0; i < count; i++) {
		char word[EVENT_TITLE_MAX + 1];
		memset(word, 'a', length);
		snprintf(word, sizeof word, "%08x", i * 2654435761u);
		word[8] = 'a';
		bytes_put_varint(&section, length);
		bytes_put(&section, word, length);
	}
	bytes_put_u8(content, id);
	bytes_put_varint(content, section.length);
	bytes_put(content, section.data, section.length);
	bytes_release(&section);
}

/* Numbers that are all the same, with order 0 and a unit: what takes least in the file and most in memory. */
static void same_of(struct bytes *content, uint8_t id)
{
	const uint8_t numbers[] = {0x20, 10, 0, 0, 0, 0};
	bytes_put_u8(content, id);
	bytes_put_varint(content, sizeof numbers);
	bytes_put(content, numbers, sizeof numbers);
}

static void floats_of(struct bytes *content, uint8_t id)
{
	const uint8_t floats[] = {0, 0x20, 10, 0, 0, 0, 0};
	bytes_put_u8(content, id);
	bytes_put_varint(content, sizeof floats);
	bytes_put(content, floats, sizeof floats);
}

static void block_of(unsigned rows, unsigned apps, unsigned titles, struct bytes *content)
{
	/* All that there is in one shape. */
	const uint8_t shape[] = {0, HAS_ALL & 0xff, HAS_ALL >> 8, 0, 0, 0, 0}, key[] = {7, 0, 30, 0, 'a'};
	bytes_clear(content);
	bytes_put_varint(content, rows);
	bytes_put_u8(content, 2);
	bytes_put_varint(content, 2 + sizeof shape);
	bytes_put_varint(content, 1);
	bytes_put_varint(content, sizeof shape);
	bytes_put(content, shape, sizeof shape);
	bytes_put_u8(content, 3);
	bytes_put_varint(content, 2 + sizeof key);
	bytes_put_varint(content, 1);
	bytes_put_varint(content, sizeof key);
	bytes_put(content, key, sizeof key);
	words_of(content, 4, apps, EVENT_APP_MAX);
	words_of(content, 5, titles, EVENT_TITLE_MAX);
	for (uint8_t id = 16; id < 30; id++)
		if (id == 22 || id == 23)
			floats_of(content, id);
		else
			same_of(content, id);
}

static void lead_of(unsigned rows, uint8_t out[20])
{
	struct bytes lead = {out, 0, 20, false};
	struct segment_meta meta = sample_meta();
	bytes_put_u32(&lead, rows);
	bytes_put_u64(&lead, (uint64_t)meta.t_us);
	bytes_put_u64(&lead, (uint64_t)meta.t_us);
}

static void much_from_little(void **state)
{
	(void)state;
	const struct { const char *name; unsigned rows, apps, titles; } forged[] = {
		{"all columns constant", 65536, 1, 1}, {"many words", 65536, 20000, 55000}, {"one row, many words", 1, 1, 65000},
	};
	for (unsigned i = 0; i < sizeof forged / sizeof *forged; i++) {
		struct forge f;
		struct bytes content = {0};
		uint8_t lead[20];
		block_of(forged[i].rows, forged[i].apps, forged[i].titles, &content);
		lead_of(forged[i].rows, lead);
		forge_begin(&f, true);
		/* Several, so that what one leaves behind is met by the next. */
		for (unsigned k = 0; k < 3; k++)
			forge_content(&f, RECORD_BLOCK, false, lead, sizeof lead, content.data, content.length);
		assert_int_equal(within(forged[i].name, &f.out), 3 * forged[i].rows);
		bytes_release(&content);
		forge_release(&f);
	}
}

/* What one block needed is not needed by the next, which needs something else. */
static void one_after_the_other(void **state)
{
	(void)state;
	const struct { unsigned apps, titles; } blocks[] = {{1, 65000}, {65536, 1}, {1, 65000}};
	struct forge f;
	struct bytes content = {0};
	uint8_t lead[20];
	lead_of(65536, lead);
	forge_begin(&f, true);
	for (unsigned i = 0; i < sizeof blocks / sizeof *blocks; i++) {
		block_of(65536, blocks[i].apps, blocks[i].titles, &content);
		forge_content(&f, RECORD_BLOCK, false, lead, sizeof lead, content.data, content.length);
	}
	assert_int_equal(within("titles, then applications", &f.out), 3 * 65536);
	bytes_release(&content);
	forge_release(&f);
}

/* By the writer, in both codings: all columns and as many words as a block can have, or rows that are all the same. */
static void as_much_as_a_writer_can(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		bool sealed = way & 1, words = way & 2;
		struct segment_meta meta = sample_meta();
		struct segment_writer *w;
		struct bytes b = {0};
		char title[EVENT_TITLE_MAX + 1], app[EVENT_APP_MAX + 1];
		struct event e = {.has = HAS_ALL, .t_us = meta.t_us, .mono_us = meta.mono_us, .text = "a", .app = app, .title = title};
		unsigned written = 0;
		memset(title, 't', sizeof title);
		memset(app, 'a', sizeof app);
		title[EVENT_TITLE_MAX] = app[EVENT_APP_MAX] = 0;
		assert_int_equal(segment_writer_new(&meta, sample_key, 3, &b, &w), 0);
		if (sealed)
			segment_writer_seal(w);
		for (unsigned block = 0; block < 2; block++) {
			for (;; written++) {
				if (words) {
					/* Also a shape, and a key's word, for each row. */
					memcpy(title, (char[8]){'A' + (char)(written % 26), 'A' + (char)(written / 26 % 26), 'A' + (char)(written / 676 % 26),
						'A' + (char)(written / 17576 % 26), '-', '-', '-', '-'}, 8);
					memcpy(app, title, 8);
					e.device = e.code = (int16_t)written;
				}
				if (segment_writer_add(w, &e))
					break;
			}
			assert_int_equal(segment_writer_flush(w, SAMPLE_WRITTEN, &b), 0);
		}
		assert_int_equal(segment_writer_finish(w, SAMPLE_WRITTEN, &b), 0);
		segment_writer_free(w);
		unsigned rows = within(sealed ? words ? "sealed, many words" : "sealed, all rows the same" :
			words ? "journal, many words" : "journal, all rows the same", &b);
		assert_int_equal(rows, written);
		bytes_release(&b);
	}
}

static void a_lie_about_lengths(void **state)
{
	(void)state;
	/* A frame that promises 16 MiB, of zeros, of which there is nothing; records that claim 17 MiB. */
	struct forge f;
	struct bytes zeros = {0};
	uint8_t lead[20];
	lead_of(1, lead);
	assert_true(bytes_reserve(&zeros, 5 << 20));
	memset(zeros.data, 0, 5 << 20);
	zeros.length = 5 << 20;
	forge_begin(&f, true);
	forge_content(&f, RECORD_BLOCK, false, lead, sizeof lead, zeros.data, zeros.length);
	within("a block of zeros", &f.out);
	forge_release(&f);
	forge_begin(&f, true);
	forge_clear(&f, RECORD_BLOCK, 1, RECORD_BYTES_MAX - RECORD_HEAD_BYTES, zeros.data, 480);
	within("a record of 17 MiB, cut off", &f.out);
	forge_release(&f);
	forge_begin(&f, true);
	bytes_put(&zeros, zeros.data, 4 << 20);
	forge_clear(&f, RECORD_BLOCK, 1, (9 << 20) - RECORD_HEAD_BYTES, zeros.data, (9 << 20) - RECORD_HEAD_BYTES);
	within("a record of another key", &f.out);
	forge_release(&f);
	bytes_release(&zeros);
}

/* ---- Locked memory ---- */

static long locked_kib(void)
{
	char line[256];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmLck: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

/* Opens as many as can be; closes all. Returns how many, and why it were no more. */
static unsigned open_many(const struct bytes *b, struct assent_reader **r, unsigned most, int *status)
{
	unsigned n = 0;
	*status = 0;
	while (n < most && (*status = assent_open_memory(b->data, b->length, sample_key, &r[n])) == 0)
		n++;
	return n;
}

enum { MANY = 200 };

static void a_reader_locks_two_pages(void **state)
{
	(void)state;
	static struct assent_reader *r[MANY];
	struct bytes b = {0};
	int status;
	made_segment(true, true, 10, 10, &b);
	long before = locked_kib(), page = sysconf(_SC_PAGESIZE) / 1024;
	assert_int_equal(open_many(&b, r, 100, &status), 100);
	assert_int_equal(locked_kib() - before, 100 * 2 * page);
	for (unsigned i = 0; i < 100; i++)
		assent_close(r[i]);
	assert_int_equal(locked_kib(), before);

	/* Where no more can be locked it says so, and those that are open go on. Not as root, who may lock what they like. */
	pid_t child = fork();
	if (child == 0) {
		struct rlimit limit = {512 << 10, 512 << 10};
		struct assent_event event;
		if ((geteuid() == 0 && setuid(65534)) || setrlimit(RLIMIT_MEMLOCK, &limit))
			_exit(2);
		unsigned n = open_many(&b, r, MANY, &status);
		int good = n > 10 && n < MANY && status == ASSENT_ERROR_MEMORY && !r[n];
		for (unsigned i = 0; i < n; i++) {
			for (unsigned k = 0; k < 10; k++)
				good &= assent_next(r[i], &event, sizeof event) == 1;
			/* Beginning anew needs one page more for a moment; without it, the reader stays where it is. */
			good &= assent_seek(r[i], 0) == ASSENT_ERROR_MEMORY && assent_next(r[i], &event, sizeof event) == 0;
		}
		for (unsigned i = 0; i < n; i++)
			assent_close(r[i]);
		_exit(good ? 0 : 1);
	}
	int ended;
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_int_equal(ended, 0);
	bytes_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary),
		cmocka_unit_test(much_from_little),
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(as_much_as_a_writer_can),
		cmocka_unit_test(a_lie_about_lengths),
		cmocka_unit_test(a_reader_locks_two_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
