/* SPDX-License-Identifier: Apache-2.0 */
#include "pack.h"

#include <string.h>
#include <zstd_errors.h>

#include "columns.h"
#include "segment.h"
#include "../error.h"

enum {
	WINDOW_LOG = 17,         /* bounds the writer's memory */
	WINDOW_LOG_FAST = 15,
	LEVEL_FAST = 4,
	PART_MIN = 1024,         /* fewer bytes do not repay a Huffman table of their own */
	FREE_BYTES = SEGMENT_BLOCK_EVENTS_MAX * COLUMNS_ROW_BYTES,  /* never refused by the ratio */
	RATIO_MAX = 1024,        /* beyond those, of compression: no words repeat more */
	FRAME_HEAD_MIN = 5, FRAME_CHECKSUM = 1 << 2, FRAME_RESERVED = 3 << 3, FRAME_DICTIONARY = 3
};

ZSTD_CCtx *pack_new(int level)
{
	const struct { ZSTD_cParameter what; int value; } settings[] = {
		{ZSTD_c_compressionLevel, level}, {ZSTD_c_checksumFlag, 1}, {ZSTD_c_windowLog, WINDOW_LOG},
		/* From here on for fast levels. Columns are noise that seldom repeats: small tables find what there
		 * is, and a short match would cost more than the bytes it stands for. */
		{ZSTD_c_windowLog, WINDOW_LOG_FAST}, {ZSTD_c_hashLog, 12}, {ZSTD_c_chainLog, 11}, {ZSTD_c_minMatch, 7},
	};
	unsigned count = level <= LEVEL_FAST ? sizeof settings / sizeof settings[0] : 3;
	ZSTD_CCtx *packer = ZSTD_createCCtx();
	for (unsigned i = 0; packer && i < count; i++) {
		if (ZSTD_isError(ZSTD_CCtx_setParameter(packer, settings[i].what, settings[i].value))) {
			ZSTD_freeCCtx(packer);
			return NULL;
		}
	}
	return packer;
}

/* Each part becomes a zstd block with statistics of its own. All in one frame. */
static int pack_parts(ZSTD_CCtx *packer, const struct bytes *content, const struct numbers *cuts, struct bytes *out)
{
	size_t room = ZSTD_compressBound(content->length) + 16 * (size_t)cuts->count;
	if (!bytes_reserve(out, room))
		return ERROR_MEMORY;
	ZSTD_outBuffer to = {out->data + out->length, room, 0};
	ZSTD_inBuffer from = {content->data, 0, 0};
	ZSTD_CCtx_reset(packer, ZSTD_reset_session_only);
	if (ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(packer, content->length)))
		return ERROR_MEMORY;
	for (uint32_t i = 0; i < cuts->count; i++) {
		size_t cut = (size_t)cuts->data[i];
		if (cut - from.size < PART_MIN || content->length - cut < PART_MIN)
			continue;
		from.size = cut;
		if (ZSTD_compressStream2(packer, &to, &from, ZSTD_e_flush) != 0)
			return ERROR_MEMORY;
	}
	from.size = content->length;
	if (ZSTD_compressStream2(packer, &to, &from, ZSTD_e_end) != 0)
		return ERROR_MEMORY;
	out->length += to.pos;
	return 0;
}

int pack_frame(ZSTD_CCtx *packer, const struct bytes *content, const struct numbers *cuts, struct bytes *out)
{
	if (cuts && content->length >= 2 * PART_MIN)
		return pack_parts(packer, content, cuts, out);
	size_t room = ZSTD_compressBound(content->length);
	if (!bytes_reserve(out, room))
		return ERROR_MEMORY;
	size_t n = ZSTD_compress2(packer, out->data + out->length, room, content->data, content->length);
	if (ZSTD_isError(n))
		return ERROR_MEMORY;
	out->length += n;
	return 0;
}

int pack_open(ZSTD_DCtx *unpacker, const uint8_t *frame, size_t length, struct bytes *content)
{
	bytes_clear(content);
	/* zstd takes other frames too: without a checksum, with a dictionary, to be skipped, several in a row. */
	if (length < FRAME_HEAD_MIN || memcmp(frame, "\x28\xb5\x2f\xfd", 4) != 0
	    || !(frame[4] & FRAME_CHECKSUM) || frame[4] & (FRAME_RESERVED | FRAME_DICTIONARY))
		return ERROR_CORRUPT;
	if (ZSTD_findFrameCompressedSize(frame, length) != length)
		return ERROR_CORRUPT;
	unsigned long long size = ZSTD_getFrameContentSize(frame, length);
	if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR)
		return ERROR_CORRUPT;
	if (size > SEGMENT_BLOCK_BYTES_MAX || size > FREE_BYTES + (unsigned long long)length * RATIO_MAX)
		return ERROR_CORRUPT;
	if (!bytes_reserve(content, (size_t)size + 1))
		return ERROR_MEMORY;
	size_t n = ZSTD_decompressDCtx(unpacker, content->data, (size_t)size, frame, length);
	if (ZSTD_isError(n))
		return ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation ? ERROR_MEMORY : ERROR_CORRUPT;
	if (n != size)
		return ERROR_CORRUPT;
	content->length = n;
	return 0;
}
