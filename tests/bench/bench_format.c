/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes and time per event of the segment format, on a table of real input.
 *
 * usage: bench_format [--grid US] [--level N] FILE.csv...     (- is the standard input)
 *
 * Columns: session,t_us,kind,code,x,y,value; kind 0 move (px), 1 button, 2 scroll, 3 key (value 1 press,
 * 0 release, 2 repeat), 4 relative motion. --grid puts the times on a grid first, as a source with
 * coarser times would. What was written is read back and compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../agent/format/segment.h"

struct table {
	struct event *events;
	size_t count, capacity;
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

static void load(struct table *t, const char *path, int64_t grid)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char line[256];
	long long t_us;
	int kind, code, x, y, value;
	if (!f)
		die("cannot open the file");
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%*d,%lld,%d,%d,%d,%d,%d", &t_us, &kind, &code, &x, &y, &value) != 6)
			continue;
		struct event e = {0};
		if (!convert(&e, kind, code, x, y, value))
			continue;
		e.t_us = t_us - t_us % grid;
		e.mono_us = e.t_us - 1300000000000000;
		if (t->count == t->capacity) {
			t->capacity = t->capacity ? t->capacity * 2 : 1024;
			t->events = realloc(t->events, t->capacity * sizeof *t->events);
			if (!t->events)
				die("out of memory");
		}
		t->events[t->count++] = e;
	}
	if (f != stdin)
		fclose(f);
	if (t->count == 0)
		die("no events in it");
}

static bool same(const struct event *a, const struct event *b)
{
	return a->mono_us == b->mono_us && a->t_us == b->t_us && a->kind == b->kind && a->has == b->has
		&& a->device == b->device && a->code == b->code && a->x == b->x && a->y == b->y
		&& memcmp(&a->dx, &b->dx, sizeof a->dx) == 0 && memcmp(&a->dy, &b->dy, sizeof a->dy) == 0
		&& a->scroll_x == b->scroll_x && a->scroll_y == b->scroll_y;
}

static void measure(const char *name, const struct table *t, uint32_t block, int level)
{
	struct segment_meta meta = {.study = "bench", .t_us = t->events[0].t_us, .mono_us = t->events[0].mono_us};
	static const uint8_t key[SEGMENT_KEY] = {1};
	struct segment_writer *w;
	struct segment_reader *r;
	struct bytes out = {0};
	int64_t begin = now_ns();
	if (segment_writer_new(&meta, key, level, &out, &w))
		die("cannot make a writer");
	size_t header = out.length;
	for (size_t i = 0; i < t->count; i++) {
		if (segment_writer_add(w, &t->events[i]))
			die("an event was refused");
		if (segment_writer_waiting(w) == block && segment_writer_flush(w, meta.t_us, &out))
			die("cannot flush");
	}
	if (segment_writer_finish(w, meta.t_us, &out))
		die("cannot finish");
	int64_t written = now_ns();
	if (segment_reader_new(out.data, out.length, key, &r))
		die("cannot read");
	struct event e;
	size_t n = 0;
	int status;
	while ((status = segment_reader_next(r, &e)) == 1) {
		if (n == t->count || !same(&e, &t->events[n]))
			die("read back something else");
		n++;
	}
	int64_t read = now_ns();
	if (status || n != t->count)
		die("did not read back all");
	struct segment_frame frame;
	if (segment_frame(out.data, out.length, &frame) || !frame.finished)
		die("is not whole");
	int64_t framed = now_ns();
	printf("%-28s %6u %8zu %10.3f %10.1f %10.1f %10.1f\n", name, block, n, (double)(out.length - header) / (double)n,
		(double)(written - begin) / (double)n, (double)(read - written) / (double)n, (double)(framed - read) / (double)n);
	segment_reader_free(r);
	segment_writer_free(w);
	bytes_release(&out);
}

int main(int argc, char **argv)
{
	static const uint32_t blocks[] = {16384, 1024, 200, 50, 20};
	int64_t grid = 1;
	int level = 3, files = 0;
	printf("%-28s %6s %8s %10s %10s %10s %10s\n", "file", "block", "events", "B/event", "write ns", "read ns", "frame ns");
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--grid") == 0 && i + 1 < argc) {
			grid = atoll(argv[++i]);
		} else if (strcmp(argv[i], "--level") == 0 && i + 1 < argc) {
			level = atoi(argv[++i]);
		} else {
			struct table t = {0};
			const char *name = strrchr(argv[i], '/');
			if (grid < 1)
				die("--grid wants microseconds");
			load(&t, argv[i], grid);
			for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++)
				measure(name ? name + 1 : argv[i], &t, blocks[b], level);
			free(t.events);
			files++;
		}
	}
	if (files == 0)
		die("usage: bench_format [--grid US] [--level N] FILE.csv...");
	return 0;
}
