/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the events of a segment, one a line, as read_format.py does from FORMAT.md alone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/format/segment.h"

static uint32_t bits(float f)
{
	uint32_t u;
	memcpy(&u, &f, sizeof u);
	return u;
}

int main(int argc, char **argv)
{
	static uint8_t data[1 << 20];
	struct segment_reader *r;
	struct event e;
	FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
	if (!f)
		return 2;
	size_t length = fread(data, 1, sizeof data, f);
	fclose(f);
	if (segment_reader_new(data, length, &r))
		return 1;
	printf("%s %s\n", segment_reader_meta(r)->study, segment_reader_meta(r)->segment);
	int status;
	while ((status = segment_reader_next(r, &e)) == 1)
		printf("%" PRId64 " %" PRId64 " %u %u %d %u %d [%s] %d %d %08x %08x %d %d [%s] [%s] %u %" PRId64 " %d %d\n",
			e.mono_us, e.t_us, e.kind, e.has, e.device, e.key_class, e.code, e.text, e.x, e.y, bits(e.dx),
			bits(e.dy), e.scroll_x, e.scroll_y, e.app ? e.app : "", e.title ? e.title : "", e.reason,
			e.end_us, e.lost, e.synthetic);
	printf("device 0 %d\nend %d\n", segment_reader_device(r, 0), status);
	segment_reader_free(r);
	return 0;
}
