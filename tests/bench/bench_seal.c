/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing as the writer does it: a journal of so many rows, flushed every so many, on a real disk; then step by step.
 *
 * usage: bench_seal FOLDER [ROWS [ROWS_A_FLUSH]]     (1,000,000 and 120: five seconds of busy use)
 *
 * FOLDER (a new one) is where it is written. Rows are those of a screen: pointer, buttons, keys (tests/format/sample.c); what real input needs of
 * bytes is bench_format's to say. Times are of the clock on the wall: what a step takes is what a message waits at most.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "../../agent/base/clock.h"
#include "../../agent/error.h"
#include "../../agent/store/sink.h"
#include "../format/sample.h"

static const char *const stages[] = { "read", "write", "fsync", "read back", "compare", "rename" };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static long peak_kib(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static long now_kib(void)
{
	long all = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f && fscanf(f, "%ld %ld", &all, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static off_t size_of(const char *folder, const char *name)
{
	char path[1200];
	struct stat st;
	snprintf(path, sizeof path, "%s/%s.seg", folder, name);
	if (stat(path, &st))
		fail(path);
	return st.st_size;
}

int main(int argc, char **argv)
{
	long rows = argc > 2 ? atol(argv[2]) : 1000000, a_flush = argc > 3 ? atol(argv[3]) : 120;
	if (argc < 2 || rows <= 0 || a_flush <= 0) {
		fprintf(stderr, "usage: bench_seal FOLDER [ROWS [ROWS_A_FLUSH]]\n");
		return 2;
	}
	struct stats stats = { 0 };
	struct writer_options options = { .spool = argv[1], .stats = &stats, .meta = sample_meta(), .retention_us = 1, .review_us = WRITER_NEVER,
					  .segment_bytes = INT64_MAX };
	uint8_t secret[32];
	strcpy(options.meta.participant, "0123456789abcdef0123456789abcdef");
	if (sodium_init() < 0 || crypto_box_keypair(options.participant, secret) || mkdir(argv[1], 0700))
		fail(argv[1]);
	struct sink *sink = calloc(1, sizeof *sink);
	int directory = open(argv[1], O_RDONLY | O_DIRECTORY);
	if (!sink || directory < 0)
		fail(argv[1]);
	sink_init(sink, directory, &options);
	struct sample sample = { .state = 1 };
	int error = sink_start(sink);
	for (long i = 0; i < rows && error == 0; i++) {
		struct event e;
		sample_screen(&sample, &e);
		error = sink_event(sink, &e);
		if (error == 0 && i % a_flush == a_flush - 1)
			error = sink_flush(sink, false);
	}
	if (error == 0)
		error = sink_flush(sink, true);
	if (error || sink->failing || sink->sealer.jobs != 1) {
		fprintf(stderr, "bench_seal: the journal could not be written: %s\n", error_text(error));
		return 1;
	}
	char name[SPOOL_NAME_MAX];
	strcpy(name, sink->sealer.job[0].journal.name);
	int64_t total[6] = { 0 }, longest[6] = { 0 }, steps = 0, begun = clock_mono_us();
	long before = now_kib();
	for (; sealer_due(&sink->sealer) != SEALER_IDLE; steps++) {
		int stage = sink->sealer.job[0].key ? (int)sink->sealer.stage : 5;
		int64_t at = clock_mono_us();
		sink_seal(sink);
		int64_t took = clock_mono_us() - at;
		total[stage] += took;
		longest[stage] = took > longest[stage] ? took : longest[stage];
	}
	int64_t all = clock_mono_us() - begun;
	printf("%ld rows: journal %.3f bytes a row, sealed %.3f; %lld steps in %.1f ms, %.1f M rows/s; memory at most %+ld KiB, %+ld when it is done\n", rows,
	       (double)atomic_load(&stats.count.bytes) / (double)rows, (double)size_of(argv[1], name) / (double)rows, (long long)steps, (double)all / 1000,
	       (double)rows / (double)all, peak_kib() - before, now_kib() - before);
	for (int i = 0; i < 6; i++)
		printf("  %-10s %8.2f ms, the longest step %6.2f ms\n", stages[i], (double)total[i] / 1000, (double)longest[i] / 1000);
	error = sink_finish(sink);
	sink_release(sink);
	free(sink);
	close(directory);
	return error || stats.count.sealed != 1;
}
