/* SPDX-License-Identifier: Apache-2.0 */
#include "cipher.h"
#include "segment.h"
#include "../error.h"

int segment_frame(const uint8_t *data, size_t length, struct segment_frame *frame)
{
	*frame = (struct segment_frame){0};
	/* No bytes may come as no address, on which no arithmetic is defined. */
	const uint8_t *begin = length > 0 ? data : (const uint8_t *)"";
	struct bytes_reader in = {begin, begin + length, false};
	struct record record;
	int64_t from_us, to_us;
	int error = record_get_prelude(&in);
	if (error)
		return error;
	if (!bytes_get(&in, CIPHER_HEADER))
		return ERROR_TRUNCATED;
	error = record_get(&in, 0, &record);
	if (error)
		return error;
	if (record.type != RECORD_HEADER)
		return ERROR_CORRUPT;
	frame->first_t_us = record.t_us;
	do {
		frame->good = (size_t)(in.at - begin);
		frame->last_t_us = record.t_us;
		frame->records++;
		frame->blocks += record.type == RECORD_BLOCK || record.type == RECORD_SEALED;
		frame->cut = record.type == RECORD_CUT;
		frame->finished = frame->cut || record.type == RECORD_FOOTER;
	} while (!frame->finished && record_get(&in, frame->records, &record) == 0 && record.type != RECORD_HEADER
		 && (record.type != RECORD_CUT || record_cut(&record, &from_us, &to_us) == 0));
	return 0;
}

int segment_prelude(const uint8_t *data, size_t length, uint32_t *version, uint16_t *flags)
{
	struct bytes_reader in = { .at = data, .end = data + length };
	return record_peek_prelude(&in, version, flags);
}

int segment_cut(int64_t from_us, int64_t to_us, uint64_t records, struct bytes *out)
{
	/* A clock that was set back must not make a gap that ends before it begins. */
	if (to_us < from_us)
		to_us = from_us;
	return record_put_cut(to_us, records, from_us, to_us, out);
}
