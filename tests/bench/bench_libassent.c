/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast libassent gives out what is in a segment, decryption and all checks included: millions of rows a second of one core, the best of five; times are of the processor.
 *
 * usage: bench_libassent SEGMENT KEYFILE        SEGMENT.key beside it, KEYFILE as for assent export --key, or a participant's identity
 *        bench_libassent --made [ROWS]          rows of a desk (tests/format/sample.h), sealed
 *
 * first     microseconds from opening the file to its first row, by the clock
 * rows      by assent_next()
 * columns   all twenty, by assent_read_columns()
 * some      those that are not empty
 * three     t_us, kind, code alone
 * seek      to three quarters of the rows, and its first row; milliseconds
 */
#include <assent/assent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../format/sample.h"

enum { ROUNDS = 5, ROWS = 1000000 };
enum what { BY_ROWS, ALL, SOME, THREE };

static const struct assent_keys *keys;   /* NULL: made */
static const char *path;
static uint32_t all_has;                 /* of all rows together */

static void must(int status)
{
	if (status < 0) {
		fprintf(stderr, "bench_libassent: %s\n", assent_strerror(status));
		exit(1);
	}
}

static double now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct assent_reader *open_it(void)
{
	struct assent_reader *r;
	must(keys ? assent_open_keys(path, keys, &r) : assent_open_path(path, sample_key, &r));
	return r;
}

static uint64_t by_rows(struct assent_reader *r)
{
	struct assent_event event;
	uint64_t n = 0;
	int status;
	while ((status = assent_next(r, &event, sizeof event)) == 1)
		n++, all_has |= event.has;
	must(status);
	return n;
}

/* Columns that are null in every row. */
static void leave_out(struct assent_columns *c)
{
	uint32_t has = all_has;
	if (!(has & ASSENT_HAS_DEVICE)) c->device = NULL;
	if (!(has & ASSENT_HAS_CLASS)) c->key_class = NULL;
	if (!(has & ASSENT_HAS_CODE)) c->code = NULL;
	if (!(has & ASSENT_HAS_TEXT)) c->text = NULL;
	if (!(has & ASSENT_HAS_POSITION)) c->x = c->y = NULL;
	if (!(has & ASSENT_HAS_DELTA)) c->dx = c->dy = NULL;
	if (!(has & ASSENT_HAS_SCROLL)) c->scroll_x = c->scroll_y = NULL;
	if (!(has & ASSENT_HAS_APP)) c->app = NULL;
	if (!(has & ASSENT_HAS_TITLE)) c->title = NULL;
	if (!(has & ASSENT_HAS_REASON)) c->reason = NULL;
	if (!(has & ASSENT_HAS_END)) c->end_us = NULL;
	if (!(has & ASSENT_HAS_LOST)) c->lost = NULL;
	if (!(has & ASSENT_HAS_SYNTHETIC)) c->synthetic = NULL;
}

static struct assent_columns columns(enum what what)
{
	static int64_t i64[3][ASSENT_BLOCK_ROWS];
	static int32_t i32[6][ASSENT_BLOCK_ROWS];
	static uint32_t has[ASSENT_BLOCK_ROWS];
	static float f[2][ASSENT_BLOCK_ROWS];
	static int16_t i16[4][ASSENT_BLOCK_ROWS];
	static uint8_t u8[4][ASSENT_BLOCK_ROWS];
	if (what == THREE)
		return (struct assent_columns){.t_us = i64[0], .kind = u8[0], .code = i16[1]};
	struct assent_columns c = {i64[0], i64[1], i64[2], i32[0], i32[1], i32[2], has, i32[3], i32[4], f[0], f[1], i32[5], i16[0], i16[1], i16[2],
		i16[3], u8[0], u8[1], u8[2], u8[3]};
	if (what == SOME) {
		c.has = NULL;
		leave_out(&c);
	}
	return c;
}

static uint64_t by_columns(struct assent_reader *r, enum what what)
{
	struct assent_columns c = columns(what);
	uint64_t n = 0;
	uint32_t rows;
	int status;
	while ((status = assent_next_block(r, &rows)) == 1) {
		must(assent_read_columns(r, &c, sizeof c));
		n += rows;
	}
	must(status);
	return n;
}

static double best(enum what what, uint64_t *rows)
{
	double least = 1e9;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct assent_reader *r = open_it();
		double begun = now(CLOCK_PROCESS_CPUTIME_ID);
		*rows = what == BY_ROWS ? by_rows(r) : by_columns(r, what);
		double took = now(CLOCK_PROCESS_CPUTIME_ID) - begun;
		assent_close(r);
		least = took < least ? took : least;
	}
	return (double)*rows / least / 1e6;
}

static double first_row(void)
{
	double least = 1e9;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct assent_event event;
		double begun = now(CLOCK_MONOTONIC);
		struct assent_reader *r = open_it();
		must(assent_next(r, &event, sizeof event));
		double took = now(CLOCK_MONOTONIC) - begun;
		assent_close(r);
		least = took < least ? took : least;
	}
	return least * 1e6;
}

static double seeking(uint64_t rows)
{
	struct assent_event event;
	struct assent_reader *r = open_it();
	double least = 1e9;
	for (uint64_t i = 0; i < rows / 4 * 3; i++)
		must(assent_next(r, &event, sizeof event));
	int64_t to = event.t_us;
	for (unsigned i = 0; i < ROUNDS; i++) {
		double begun = now(CLOCK_PROCESS_CPUTIME_ID);
		must(assent_seek(r, to));
		must(assent_next(r, &event, sizeof event));
		double took = now(CLOCK_PROCESS_CPUTIME_ID) - begun;
		least = took < least ? took : least;
	}
	assent_close(r);
	return least * 1e3;
}

static void make(uint64_t rows)
{
	static char made[] = "/tmp/bench-libassent-XXXXXX";
	struct sample s = {0};
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct bytes out = {0};
	struct event event;
	must(segment_writer_new(&meta, sample_key, 3, &out, &w));
	segment_writer_seal(w);
	for (uint64_t i = 0; i < rows; i++) {
		sample_desk(&s, (unsigned)i, &event);
		must(segment_writer_add(w, &event));
		if (segment_writer_waiting(w) == SEGMENT_BLOCK_EVENTS_MAX)
			must(segment_writer_flush(w, SAMPLE_WRITTEN, &out));
	}
	must(segment_writer_finish(w, SAMPLE_WRITTEN, &out));
	segment_writer_free(w);
	int fd = mkstemp(made);
	if (fd < 0 || write(fd, out.data, out.length) != (ssize_t)out.length || close(fd))
		exit(1);
	bytes_release(&out);
	path = made;
}

int main(int argc, char **argv)
{
	struct assent_keys *ring = NULL;
	const char *why = NULL;
	bool made = argc > 1 && strcmp(argv[1], "--made") == 0;
	if (made) {
		make(argc > 2 ? strtoull(argv[2], NULL, 10) : ROWS);
	} else if (argc == 3) {
		path = argv[1];
		must(assent_keys_new(&ring));
		if (assent_keys_add(ring, argv[2], NULL, &why)) {
			fprintf(stderr, "%s %s\n", argv[2], why);
			return 1;
		}
		keys = ring;
	} else {
		fprintf(stderr, "usage: bench_libassent SEGMENT KEYFILE | --made [ROWS]\n");
		return 2;
	}
	uint64_t rows;
	double first = first_row(), row = best(BY_ROWS, &rows), all = best(ALL, &rows), some = best(SOME, &rows), three = best(THREE, &rows);
	printf("%llu rows  first %.0f us  rows %.1f  columns %.1f  some %.1f  three %.1f M/s  seek %.2f ms\n", (unsigned long long)rows, first, row, all, some, three,
		seeking(rows));
	if (made)
		unlink(path);
	assent_keys_free(ring);
	return 0;
}
