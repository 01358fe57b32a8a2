/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "../../agent/error.h"
#include "../../agent/format/bytes.h"
#include "../../agent/format/segment.h"

enum { ENOUGH = 1 << 20 };

/* That of the corpus: the bytes 0 to 31. */
static const uint8_t key[SEGMENT_KEY] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
	28, 29, 30, 31};

static int read_all(const uint8_t *data, size_t size, uint64_t *count, bool *cut)
{
	struct segment_reader *r;
	struct event event;
	*count = 0;
	*cut = false;
	int status = segment_reader_new(data, size, key, &r);
	if (status)
		return status;
	while (*count < ENOUGH && (status = segment_reader_next(r, &event)) == 1)
		++*count;
	*cut = segment_reader_was_cut(r);
	segment_reader_free(r);
	return status;
}

/* Who has the key and who has not must agree about what is there; and what was mended is whole. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct segment_frame f;
	struct bytes mended = {0};
	uint64_t count, again;
	bool cut;
	int status = read_all(data, size, &count, &cut), framed = segment_frame(data, size, &f);
	if (framed && status != framed)
		abort();
	if (framed || status == 1 || status == ERROR_MEMORY)
		return 0;
	/* A reader has reasons of its own to stop, none to go on where the framing ends. */
	if (status == 0 && (!f.finished || f.good != size || f.cut != cut))
		abort();
	if (f.good > size)
		abort();
	if (!f.finished) {
		bytes_put(&mended, data, f.good);
		if (segment_cut(f.last_t_us, f.last_t_us, f.records, &mended))
			goto out;
		int end = read_all(mended.data, mended.length, &again, &cut);
		if (end != ERROR_MEMORY && status == ERROR_TRUNCATED && (end != 0 || again != count + 1 || !cut))
			abort();
	}
out:
	bytes_release(&mended);
	return 0;
}
