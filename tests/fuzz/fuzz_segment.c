/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "../../agent/error.h"
#include "../../agent/format/segment.h"

enum { ENOUGH = 1 << 20 };

/* Reading, recovering and going on must agree about what is good. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct segment_reader *r;
	struct segment_writer *w;
	struct segment_tail tail;
	struct event event;
	if (segment_reader_new(data, size, &r))
		return 0;
	uint64_t count = 0;
	int status = 1;
	while (count < ENOUGH && (status = segment_reader_next(r, &event)) == 1)
		count++;
	size_t good = segment_reader_good(r);
	segment_reader_free(r);
	if (status == 1 || segment_recover(data, size, &tail))
		return 0;
	if (tail.events != count || tail.finished != (status == 0) || tail.good != (tail.finished ? size : good))
		abort();
	int error = segment_writer_resume(data, tail.good, 1, &w);
	if (!tail.finished && error && error != ERROR_MEMORY)
		abort();
	segment_writer_free(w);
	return 0;
}
