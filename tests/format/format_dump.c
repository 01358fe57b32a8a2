/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the events of a segment, one a line, as read_format.py does from FORMAT.md alone. usage: format_dump KEY SEGMENT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/error.h"
#include "../../agent/format/segment.h"

static uint32_t bits(float f)
{
	uint32_t u;
	memcpy(&u, &f, sizeof u);
	return u;
}

static const char *name(int status)
{
	switch (status) {
	case 0: return "whole";
	case ERROR_CORRUPT: return "corrupt";
	case ERROR_TRUNCATED: return "truncated";
	case ERROR_UNSUPPORTED: return "unsupported";
	case ERROR_DENIED: return "denied";
	default: return "failed";
	}
}

int main(int argc, char **argv)
{
	static uint8_t data[1 << 20];
	struct segment_reader *r;
	struct event e;
	uint8_t key[SEGMENT_KEY];
	FILE *f = argc == 3 ? fopen(argv[2], "rb") : NULL;
	if (!f || strlen(argv[1]) != 2 * SEGMENT_KEY)
		return 2;
	for (unsigned i = 0, byte; i < SEGMENT_KEY; i++) {
		if (sscanf(argv[1] + 2 * i, "%2x", &byte) != 1)
			return 2;
		key[i] = (uint8_t)byte;
	}
	size_t length = fread(data, 1, sizeof data, f);
	fclose(f);
	int status = segment_reader_new(data, length, key, &r);
	if (status) {
		printf("open %s\n", name(status));
		return 0;
	}
	printf("%s %s\n", segment_reader_meta(r)->study, segment_reader_meta(r)->segment);
	while ((status = segment_reader_next(r, &e)) == 1)
		printf("%" PRId64 " %" PRId64 " %u %u %d %u %d [%s] %d %d %08x %08x %d %d [%s] [%s] %u %" PRId64 " %d %d\n",
			e.mono_us, e.t_us, e.kind, e.has, e.device, e.key_class, e.code, e.text, e.x, e.y, bits(e.dx),
			bits(e.dy), e.scroll_x, e.scroll_y, e.app ? e.app : "", e.title ? e.title : "", e.reason,
			e.end_us, e.lost, e.synthetic);
	printf("device 0 %d\nend %s%s\n", segment_reader_device(r, 0), name(status), segment_reader_was_cut(r) ? " cut" : "");
	segment_reader_free(r);
	return 0;
}
