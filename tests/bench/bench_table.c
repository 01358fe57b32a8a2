/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast rows that lie in memory become a table, how large it is, and how much memory it takes.
 *
 * usage: bench_table FORMAT OUT [--rounds N] FILE.csv      rows as `assent export --format csv` writes them; OUT is what the last round made
 *        bench_table FORMAT OUT --make N                   N rows made by chance while they are written: is memory flat?
 *
 * Prints JSON: rows, bytes, seconds (of the processor, the best round), wall; peak: the resident set's, KiB, [at a quarter, a half, ... of the rows].
 * tables.py calls it and DuckDB side by side.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../../agent/dataset/table.h"
#include "../dataset/rows_random.h"
#include "table_rows.h"

static void die(const char *what)
{
	fprintf(stderr, "bench_table: %s\n", what);
	exit(1);
}

static double clock_of(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct table *begin(int format, const char *path, int *fd)
{
	struct table *t = NULL;
	*fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (*fd < 0 || table_new((enum table_format)format, *fd, false, &t))
		die("cannot write");
	return t;
}

static void end(struct table *t, int fd, struct table_stats *stats)
{
	if (table_finish(t, stats))
		die("cannot write");
	table_free(t);
	close(fd);
}

static long peak(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static void make(int format, const char *path, uint64_t count)
{
	struct rows_random r;
	struct table_stats stats;
	long seen[4] = {0};
	int fd;
	double wall = clock_of(CLOCK_MONOTONIC), cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID);
	struct table *t = begin(format, path, &fd);
	rows_random_init(&r, ROWS_DESK, 1);
	for (uint64_t i = 0; i < count; i++) {
		rows_random_next(&r);
		if (table_row(t, &r.meta, &r.event))
			die("cannot write");
		if ((i + 1) % (count / 4 ? count / 4 : 1) == 0 && (i + 1) / (count / 4 ? count / 4 : 1) <= 4)
			seen[(i + 1) / (count / 4 ? count / 4 : 1) - 1] = peak();
	}
	end(t, fd, &stats);
	printf("{\"rows\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"seconds\": %.3f, \"wall\": %.3f, \"peak\": [%ld, %ld, %ld, %ld]}\n", stats.rows, stats.bytes,
		clock_of(CLOCK_PROCESS_CPUTIME_ID) - cpu, clock_of(CLOCK_MONOTONIC) - wall, seen[0], seen[1], seen[2], seen[3]);
}

static void measure(int format, const char *path, const struct table_rows *r, int rounds)
{
	struct table_stats stats = {0};
	double best = 1e9, best_wall = 1e9;
	for (int i = 0; i < rounds; i++) {
		int fd;
		double wall = clock_of(CLOCK_MONOTONIC), cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID);
		struct table *t = begin(format, path, &fd);
		for (size_t k = 0; k < r->count; k++)
			if (table_row(t, &r->meta, &r->at[k]))
				die("cannot write");
		end(t, fd, &stats);
		cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		wall = clock_of(CLOCK_MONOTONIC) - wall;
		best = cpu < best ? cpu : best;
		best_wall = wall < best_wall ? wall : best_wall;
	}
	printf("{\"rows\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"seconds\": %.4f, \"wall\": %.4f}\n", stats.rows, stats.bytes, best, best_wall);
}

int main(int argc, char **argv)
{
	struct table_rows r = {0};
	int format = argc > 3 ? table_format_of(argv[1]) : -1, rounds = 3, at = 3;
	if (format >= 0 && argc == 5 && strcmp(argv[3], "--make") == 0) {
		make(format, argv[2], strtoull(argv[4], NULL, 10));
		return 0;
	}
	if (format >= 0 && argc == 6 && strcmp(argv[3], "--rounds") == 0) {
		rounds = atoi(argv[4]);
		at = 5;
	}
	if (format < 0 || argc != at + 1 || rounds < 1) {
		fprintf(stderr, "usage: bench_table csv|jsonl|parquet|arrow OUT [--rounds N] FILE.csv | --make N\n");
		return 2;
	}
	table_rows_load(&r, argv[at], SIZE_MAX);
	measure(format, argv[2], &r, rounds);
	table_rows_release(&r);
	return 0;
}
