/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes and time per event of the segment format, on tables of real input: as a journal, flushed each 5 s, and sealed.
 *
 * usage: bench_format [--grid US] [--level N] [--block N] [--rows N] [--screen] [--json] FILE.csv...     (- is the standard input)
 *
 * FILE is a table that assent exported, or one with the columns session,t_us,kind,code,x,y,value; kind 0 move (px), 1 button, 2 scroll, 3 key (value
 * 1 press, 0 release, 2 repeat), 4 relative motion. --grid puts the times on a grid first, as a source with coarser times would; --screen adds to each
 * relative motion the place where a pointer without acceleration would be on 1920 x 1080; --rows takes the first N only; --json prints a line of JSON for
 * each. What was written is read back and compared; times are of the processor, the best of three. data/README.md says where such tables are to be had.
 *
 * bytes     of the whole segment: prelude, header, encryption, padding, footer
 * write     rows to the segment
 * columns   the segment to columns, as segment_reader_block gives them
 * rows      the segment to rows
 * encode    columns to what is encrypted (sealed: lanes and the head before zstd)
 * decode    the reverse
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../agent/format/columns.h"
#include "../../agent/format/sealed.h"
#include "../../agent/format/segment.h"
#include "table_rows.h"

enum { ROUNDS = 3, LOSS_US = 5000000, WIDTH = 1920, HEIGHT = 1080 };

struct options {
	int64_t grid;
	size_t rows;
	uint32_t block;
	int level;
	bool screen, json;
};

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench_format: %s\n", what);
	exit(1);
}

/* false: a kind that this table format does not have. */
static bool convert(struct event *e, int kind, int code, int x, int y, int value)
{
	static const uint8_t keys[] = {EVENT_KEY_UP, EVENT_KEY_DOWN, EVENT_KEY_REPEAT};
	e->has |= HAS_DEVICE;
	e->device = kind == 3;
	switch (kind) {
	case 0:
		e->kind = EVENT_MOTION;
		e->has |= HAS_POSITION;
		e->x = x;
		e->y = y;
		return true;
	case 4:
		e->kind = EVENT_MOTION;
		e->has |= HAS_DELTA;
		e->dx = (float)x;
		e->dy = (float)y;
		return true;
	case 2:
		e->kind = EVENT_SCROLL;
		e->has |= HAS_SCROLL;
		*(code == 6 ? &e->scroll_x : &e->scroll_y) = (int16_t)(value * 120);
		return true;
	case 1: case 3:
		if (value < 0 || value > 2)
			return false;
		e->kind = kind == 3 ? keys[value] : value ? EVENT_BUTTON_DOWN : EVENT_BUTTON_UP;
		e->has |= HAS_CODE;
		e->code = (int16_t)code;
		return true;
	}
	return false;
}

static int clamp(int v, int size) { return v < 0 ? 0 : v < size ? v : size - 1; }

static void load(struct table_rows *t, const char *path, const struct options *o)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char line[256];
	long long t_us;
	int kind, code, x, y, value, px = WIDTH / 2, py = HEIGHT / 2;
	if (!f)
		die("cannot open the file");
	bool exported = fgets(line, sizeof line, f) && table_rows_is_header(line);
	if (exported)
		table_rows_read(t, f, o->rows);
	for (size_t i = 0; exported && i < t->count; i++) {
		t->at[i].t_us -= t->at[i].t_us % o->grid;
		t->at[i].mono_us -= t->at[i].mono_us % o->grid;
	}
	while (!exported && t->count < o->rows && fgets(line, sizeof line, f)) {
		if (sscanf(line, "%*d,%lld,%d,%d,%d,%d,%d", &t_us, &kind, &code, &x, &y, &value) != 6)
			continue;
		struct event e = {0};
		if (!convert(&e, kind, code, x, y, value))
			continue;
		if (o->screen && kind == 4) {
			e.has |= HAS_POSITION;
			e.x = px = clamp(px + x, WIDTH);
			e.y = py = clamp(py + y, HEIGHT);
		}
		e.t_us = t_us - t_us % o->grid;
		e.mono_us = e.t_us - 1300000000000000;
		if (t->count == t->room) {
			t->room = t->room ? t->room * 2 : 1024;
			t->at = realloc(t->at, t->room * sizeof *t->at);
			if (!t->at)
				die("out of memory");
		}
		t->at[t->count++] = e;
	}
	if (f != stdin)
		fclose(f);
	if (t->count == 0)
		die("no events in it");
}

/* Does a new block begin with this row? */
static bool full(const struct table_rows *t, size_t i, size_t begin, bool sealed, uint32_t block)
{
	if (sealed || i - begin == SEGMENT_BLOCK_EVENTS_MAX)
		return i - begin == (sealed ? block : SEGMENT_BLOCK_EVENTS_MAX);
	int64_t since = t->at[i].t_us - t->at[begin].t_us;
	return since < 0 || since >= LOSS_US;    /* back in time: another session */
}

static const uint8_t key[SEGMENT_KEY] = {1};

static int64_t write_all(const struct table_rows *t, const struct options *o, bool sealed, struct bytes *out)
{
	struct segment_meta meta = {.study = "bench", .t_us = t->at[0].t_us, .mono_us = t->at[0].mono_us};
	struct segment_writer *w;
	int64_t begin = now_ns();
	bytes_clear(out);
	if (segment_writer_new(&meta, key, o->level, out, &w))
		die("cannot make a writer");
	if (sealed)
		segment_writer_seal(w);
	for (size_t i = 0, from = 0; i < t->count; i++) {
		if (i > 0 && full(t, i, from, sealed, o->block)) {
			if (segment_writer_flush(w, meta.t_us, out))
				die("cannot flush");
			from = i;
		}
		if (segment_writer_add(w, &t->at[i]))
			die("an event was refused");
	}
	if (segment_writer_finish(w, meta.t_us, out))
		die("cannot finish");
	segment_writer_free(w);
	return now_ns() - begin;
}

static int64_t read_rows(const struct table_rows *t, const struct bytes *b)
{
	struct segment_reader *r;
	struct event e;
	size_t n = 0;
	int status;
	int64_t begin = now_ns();
	if (segment_reader_new(b->data, b->length, key, &r))
		die("cannot read");
	while ((status = segment_reader_next(r, &e)) == 1) {
		if (n == t->count || !event_same(&e, &t->at[n]))
			die("read back something else");
		n++;
	}
	if (status || n != t->count)
		die("did not read back all");
	segment_reader_free(r);
	return now_ns() - begin;
}

static int64_t read_columns(const struct bytes *b)
{
	struct segment_reader *r;
	const struct columns *c;
	int status;
	int64_t begin = now_ns();
	if (segment_reader_new(b->data, b->length, key, &r))
		die("cannot read");
	while ((status = segment_reader_block(r, &c)) == 1)
		;
	if (status)
		die("did not read back all");
	segment_reader_free(r);
	return now_ns() - begin;
}

/* The coding alone, of all blocks in turn. */
static void code(const struct table_rows *t, const struct options *o, int64_t *encode, int64_t *decode)
{
	struct columns c = {.mono_base = t->at[0].mono_us, .utc_base = t->at[0].t_us}, back = c;
	struct device_list devices = {0};
	struct sealed_writer *w = sealed_writer_new();
	struct sealed_reader *r = sealed_reader_new();
	struct bytes head = {0}, lanes = {0};
	*encode = *decode = 0;
	for (size_t i = 0; i < t->count;) {
		columns_clear(&c);
		bytes_clear(&head);
		bytes_clear(&lanes);
		while (i < t->count && c.rows < o->block)
			if (columns_add(&c, &t->at[i++]))
				die("an event was refused");
		int64_t begin = now_ns();
		if (!w || sealed_encode(w, &c, &devices, &head, &lanes))
			die("cannot encode");
		int64_t encoded = now_ns();
		*encode += encoded - begin;
		if (!bytes_reserve(&lanes, LANE_BEHIND))
			die("out of memory");
		begin = now_ns();
		if (!r || sealed_decode(r, &back, head.data, head.length, lanes.data, lanes.length, &devices))
			die("cannot decode");
		*decode += now_ns() - begin;
	}
	sealed_writer_free(w);
	sealed_reader_free(r);
	columns_release(&c);
	columns_release(&back);
	bytes_release(&head);
	bytes_release(&lanes);
}

static void least(int64_t *best, int64_t ns)
{
	if (*best == 0 || ns < *best)
		*best = ns;
}

static void measure(const char *name, const struct table_rows *t, const struct options *o, bool sealed)
{
	struct bytes b = {0};
	int64_t write = 0, rows = 0, columns = 0, encode = 0, decode = 0, e, d;
	double n = (double)t->count;
	for (unsigned i = 0; i < ROUNDS; i++) {
		least(&write, write_all(t, o, sealed, &b));
		least(&rows, read_rows(t, &b));
		least(&columns, read_columns(&b));
		if (sealed) {
			code(t, o, &e, &d);
			least(&encode, e);
			least(&decode, d);
		}
	}
	const char *state = sealed ? "sealed" : "journal";
	if (o->json) {
		struct segment_frame frame;
		if (segment_frame(b.data, b.length, &frame))
			die("has no framing");
		printf("{\"state\": \"%s\", \"rows\": %zu, \"bytes\": %zu, \"blocks\": %" PRIu64 ", \"write_ns\": %.2f, \"columns_ns\": %.2f, \"rows_ns\": %.2f, \"encode_ns\": %.2f, "
			"\"decode_ns\": %.2f}\n", state, t->count, b.length, frame.blocks, (double)write / n, (double)columns / n, (double)rows / n,
			(double)encode / n, (double)decode / n);
	} else {
		printf("%-20s %-8s %8zu %8.3f %9.1f %9.1f %9.1f", name, state, t->count, (double)b.length / n, (double)write / n, (double)columns / n,
			(double)rows / n);
		if (sealed)
			printf(" %9.1f %9.1f", (double)encode / n, (double)decode / n);
		putchar('\n');
	}
	bytes_release(&b);
}

int main(int argc, char **argv)
{
	struct options o = {.grid = 1, .rows = SIZE_MAX, .block = SEGMENT_BLOCK_EVENTS_MAX, .level = 3};
	int files = 0;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--grid") == 0 && i + 1 < argc) {
			o.grid = atoll(argv[++i]);
		} else if (strcmp(argv[i], "--level") == 0 && i + 1 < argc) {
			o.level = atoi(argv[++i]);
		} else if (strcmp(argv[i], "--block") == 0 && i + 1 < argc) {
			o.block = (uint32_t)atoi(argv[++i]);
		} else if (strcmp(argv[i], "--rows") == 0 && i + 1 < argc) {
			o.rows = (size_t)atoll(argv[++i]);
		} else if (strcmp(argv[i], "--screen") == 0) {
			o.screen = true;
		} else if (strcmp(argv[i], "--json") == 0) {
			o.json = true;
		} else {
			struct table_rows t = {0};
			const char *name = strrchr(argv[i], '/');
			name = name ? name + 1 : argv[i];
			if (o.grid < 1 || o.block < 1 || o.block > SEGMENT_BLOCK_EVENTS_MAX || o.rows < 1)
				die("--grid wants microseconds, --block 1 to 65536 events, --rows a number");
			load(&t, argv[i], &o);
			if (!o.json && files == 0)
				printf("%-20s %-8s %8s %8s %9s %9s %9s %9s %9s\n", "file", "", "events", "B/event", "write ns", "columns",
					"rows", "encode", "decode");
			measure(name, &t, &o, false);
			measure(name, &t, &o, true);
			table_rows_release(&t);
			files++;
		}
	}
	if (files == 0)
		die("usage: bench_format [--grid US] [--level N] [--block N] [--rows N] [--screen] [--json] FILE.csv...");
	return 0;
}
