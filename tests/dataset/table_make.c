/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the same rows, made by chance, as a table of one format.
 *
 * usage: table_make FORMAT FILE MODE SEED ROWS [in-path]
 *
 * MODE: rows_random.h. Prints rows, bytes and hash as JSON.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../agent/dataset/table.h"
#include "../../agent/error.h"
#include "rows_random.h"

int main(int argc, char **argv)
{
	struct table *t = NULL;
	struct table_stats stats;
	struct rows_random r;
	int format = argc > 5 ? table_format_of(argv[1]) : -1, mode = argc > 5 ? rows_random_mode(argv[3]) : -1;
	if (format < 0 || mode < 0) {
		fprintf(stderr, "usage: table_make csv|jsonl|parquet|arrow FILE desk|any|extreme|none|words|far SEED ROWS [in-path]\n");
		return 2;
	}
	int fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		perror(argv[2]);
		return 1;
	}
	rows_random_init(&r, (enum rows_mode)mode, strtoull(argv[4], NULL, 10));
	int e = table_new((enum table_format)format, fd, argc > 6 && strcmp(argv[6], "in-path") == 0, &t);
	for (unsigned long long n = strtoull(argv[5], NULL, 10); n && e == 0; n--) {
		rows_random_next(&r);
		e = table_row(t, &r.meta, &r.event);
	}
	if (e == 0)
		e = table_finish(t, &stats);
	table_free(t);
	if (close(fd) && e == 0)
		e = ERROR_IO;
	if (e) {
		fprintf(stderr, "table_make: %s\n", error_text(e));
		return 1;
	}
	printf("{\"rows\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"hash\": \"", stats.rows, stats.bytes);
	for (int i = 0; i < 32; i++)
		printf("%02x", stats.hash[i]);
	puts("\"}");
	return 0;
}
