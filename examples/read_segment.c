/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a segment with libassent: C99, and as well C++.
 *
 *	cc read_segment.c $(pkg-config --cflags --libs assent) -o read_segment
 *	read_segment SEGMENT.seg KEYFILE            its rows; SEGMENT.key is beside it, KEYFILE is yours (assent keygen)
 *	read_segment --columns SEGMENT.seg KEYFILE  how many rows of each kind, and how far the pointer went: by columns
 *	read_segment --from T_US SEGMENT.seg KEYFILE
 */
#include <assent/assent.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_rows(struct assent_reader *reader)
{
	struct assent_event event;
	int status;
	while ((status = assent_next(reader, &event, sizeof event)) == 1) {
		printf("%" PRId64 " %s", event.t_us, assent_kind_name(event.kind));
		if (event.has & ASSENT_HAS_CLASS)
			printf(" class=%s", assent_class_name(event.key_class));
		if (event.has & ASSENT_HAS_CODE)
			printf(" code=%d", event.code);
		if (event.has & ASSENT_HAS_TEXT)
			printf(" text=%s", event.text);
		if (event.has & ASSENT_HAS_POSITION)
			printf(" x=%d y=%d", (int)event.x, (int)event.y);
		if (event.has & ASSENT_HAS_APP)
			printf(" app=%s", event.app);
		if (event.has & ASSENT_HAS_REASON)
			printf(" reason=%s", assent_reason_name(event.reason));
		if (event.has & ASSENT_HAS_END)
			printf(" until=%" PRId64, event.end_us);
		printf("\n");
	}
	return status;
}

/* Only what is asked for is filled in: three columns of twenty. */
static int print_columns(struct assent_reader *reader)
{
	static uint8_t kind[ASSENT_BLOCK_ROWS];
	static float dx[ASSENT_BLOCK_ROWS], dy[ASSENT_BLOCK_ROWS];
	struct assent_columns columns;
	unsigned long rows_of[256] = {0};
	double way = 0;
	uint32_t rows, i;
	int status;
	memset(&columns, 0, sizeof columns);
	columns.kind = kind;
	columns.dx = dx;
	columns.dy = dy;
	while ((status = assent_next_block(reader, &rows)) == 1) {
		status = assent_read_columns(reader, &columns, sizeof columns);
		if (status < 0)
			return status;
		for (i = 0; i < rows; i++) {
			rows_of[kind[i]]++;
			way += sqrt((double)dx[i] * dx[i] + (double)dy[i] * dy[i]);
		}
	}
	for (i = 0; i < 256; i++)
		if (rows_of[i])
			printf("%s %lu\n", assent_kind_name((int)i), rows_of[i]);
	printf("way %.1f\n", way);
	return status;
}

int main(int argc, char **argv)
{
	struct assent_keys *keys = NULL;
	struct assent_reader *reader = NULL;
	struct assent_meta meta;
	const char *why = NULL, *failed = NULL;
	int columns = argc > 1 && strcmp(argv[1], "--columns") == 0;
	int from = argc > 2 && strcmp(argv[1], "--from") == 0;
	int first = columns ? 2 : from ? 3 : 1;
	int status;
	if (argc != first + 2) {
		fprintf(stderr, "usage: read_segment [--columns | --from T_US] SEGMENT.seg KEYFILE\n");
		return 2;
	}
	failed = argv[first + 1];
	status = assent_keys_new(&keys);
	if (status == 0)
		status = assent_keys_add(keys, argv[first + 1], getenv("ASSENT_PASSPHRASE"), &why);
	if (status == 0) {
		failed = argv[first];
		status = assent_open_keys(argv[first], keys, &reader);
	}
	if (status == 0)
		status = assent_read_meta(reader, &meta, sizeof meta);
	if (status == 0 && from)
		status = assent_seek(reader, strtoll(argv[2], NULL, 10));
	if (status == 0) {
		printf("study %s participant %s segment %s\n", meta.study, meta.participant, meta.segment);
		status = columns ? print_columns(reader) : print_rows(reader);
	}
	/* All rows that were printed were good; what is not 0 says why there are no more. */
	if (status < 0)
		fprintf(stderr, "%s: %s\n", failed, why ? why : assent_strerror(status));
	else if (assent_was_cut(reader))
		printf("its recording ended in a crash\n");
	assent_close(reader);
	assent_keys_free(keys);
	return status < 0;
}
