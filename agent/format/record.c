/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <sodium.h>
#include <string.h>
#include <zstd_errors.h>

#include "columns.h"
#include "segment.h"
#include "../error.h"

static const uint8_t magic_begin[8] = {0x89, 'A', 'S', 'N', 'T', '\r', '\n', 0x1a};
static const uint8_t magic_end[8] = {'A', 'S', 'N', 'T', 'e', 'n', 'd', '\n'};
static const uint8_t key_begin[16] = {'a', 's', 's', 'e', 'n', 't', ' ', 's', 'e', 'g', 'm', 'e', 'n', 't', ' ', '1'};

enum {
	VERSION = 2,
	INCOMPATIBLE_KNOWN = 0,
	WINDOW_LOG = 17,         /* bounds the writer's memory */
	WINDOW_LOG_FAST = 15,
	LEVEL_FAST = 4,
	PART_MIN = 1024,         /* fewer bytes do not repay a Huffman table of their own */
	FREE_BYTES = SEGMENT_BLOCK_EVENTS_MAX * COLUMNS_ROW_BYTES,  /* never refused by the ratio */
	RATIO_MAX = 1024,        /* beyond those, of compression: no words repeat more */
	FRAME_LENGTH_BYTES = 4,  /* in front of the frame */
	FRAME_HEAD_MIN = 5, FRAME_CHECKSUM = 1 << 2, FRAME_RESERVED = 3 << 3, FRAME_DICTIONARY = 3
};

static uint64_t siphash(const uint8_t key[16], const void *data, size_t length)
{
	uint8_t le[8];
	struct bytes_reader r = {le, le + 8, false};
	crypto_shorthash(le, data, length, key);
	return bytes_get_u64(&r);
}

void record_chain_init(struct record_chain *c)
{
	memcpy(c->key, key_begin, sizeof c->key);
	c->count = 0;
}

void record_chain_bind(struct record_chain *c, const struct bytes *header)
{
	crypto_generichash(c->key, sizeof c->key, header->data, header->length, NULL, 0);
}

/* ---- Prelude: magic, version, flags, check ---- */

void record_put_prelude(struct bytes *out)
{
	bytes_put(out, magic_begin, sizeof magic_begin);
	bytes_put_u32(out, VERSION);
	bytes_put_u16(out, 0);
	bytes_put_u16(out, 0);
	if (!out->failed)
		bytes_put_u64(out, siphash(key_begin, out->data + out->length - 16, 16));
}

int record_get_prelude(struct bytes_reader *in)
{
	const uint8_t *begin = in->at;
	size_t length = (size_t)(in->end - in->at), magic = sizeof magic_begin;
	if (length > 0 && memcmp(begin, magic_begin, length < magic ? length : magic) != 0)
		return ERROR_CORRUPT;
	if (length < RECORD_PRELUDE_BYTES)
		return ERROR_TRUNCATED;
	bytes_get(in, magic);
	uint32_t version = bytes_get_u32(in);
	uint16_t compatible = bytes_get_u16(in), incompatible = bytes_get_u16(in);
	(void)compatible;  /* by definition */
	if (bytes_get_u64(in) != siphash(key_begin, begin, 16))
		return ERROR_CORRUPT;
	return version != VERSION || incompatible & ~INCOMPATIBLE_KNOWN ? ERROR_UNSUPPORTED : 0;
}

/* ---- Records ---- */

static uint64_t check_of(const struct record_chain *c, uint8_t type, uint32_t length)
{
	uint8_t space[16] = {0};
	for (unsigned i = 0; i < 4; i++)
		space[i] = (uint8_t)(length >> (8 * i));
	space[4] = type;
	for (unsigned i = 0; i < 8; i++)
		space[8 + i] = (uint8_t)(c->count >> (8 * i));
	return siphash(c->key, space, sizeof space);
}

ZSTD_CCtx *record_packer_new(int level)
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

static int pack_whole(ZSTD_CCtx *packer, const struct bytes *content, struct bytes *out)
{
	size_t room = ZSTD_compressBound(content->length);
	if (!bytes_reserve(out, room))
		return ERROR_MEMORY;
	size_t n = ZSTD_compress2(packer, out->data + out->length, room, content->data, content->length);
	if (ZSTD_isError(n))
		return ERROR_MEMORY;
	out->length += n;
	return 0;
}

void record_put_head(struct record_chain *c, uint8_t type, size_t begin, struct bytes *out)
{
	uint32_t length = (uint32_t)(out->length - begin - RECORD_HEAD_BYTES);
	struct bytes head = {out->data + begin, 0, RECORD_HEAD_BYTES, false};
	bytes_put_u32(&head, length);
	bytes_put_u32(&head, type);
	bytes_put_u64(&head, check_of(c, type, length));
	c->count++;
}

/* The length of a payload with a frame of so many bytes. */
static size_t padded(size_t frame)
{
	size_t length = FRAME_LENGTH_BYTES + frame;
	return (length + RECORD_PAD_BYTES - 1) / RECORD_PAD_BYTES * RECORD_PAD_BYTES;
}

/* Names the length of the frame that stands at the end of out, where its payload begins, and fills the payload up. */
static void pad(size_t begin, struct bytes *out)
{
	static const uint8_t zeros[RECORD_PAD_BYTES];
	size_t frame = out->length - begin - FRAME_LENGTH_BYTES;
	struct bytes length = {out->data + begin, 0, FRAME_LENGTH_BYTES, false};
	bytes_put_u32(&length, (uint32_t)frame);
	bytes_put(out, zeros, padded(frame) - FRAME_LENGTH_BYTES - frame);
}

int record_put(struct record_chain *c, ZSTD_CCtx *packer, enum record_type type, const struct bytes *content,
	const struct numbers *cuts, struct bytes *out)
{
	size_t begin = out->length;
	bytes_put_u64(out, 0);
	bytes_put_u64(out, 0);
	bytes_put_u32(out, 0);
	int error = out->failed ? ERROR_MEMORY
		: cuts && content->length >= 2 * PART_MIN ? pack_parts(packer, content, cuts, out)
		: pack_whole(packer, content, out);
	if (error == 0)
		pad(begin + RECORD_HEAD_BYTES, out);
	if (error || out->failed) {
		out->length = begin;
		return ERROR_MEMORY;
	}
	record_put_head(c, (uint8_t)type, begin, out);
	return 0;
}

int record_get(struct record_chain *c, struct bytes_reader *in, struct record *record)
{
	uint32_t length = bytes_get_u32(in);
	uint32_t type = bytes_get_u32(in);
	uint64_t check = bytes_get_u64(in);
	if (in->failed)
		return ERROR_TRUNCATED;
	if (type > 255 || length % RECORD_PAD_BYTES || check != check_of(c, (uint8_t)type, length))
		return ERROR_CORRUPT;
	record->type = (uint8_t)type;
	record->length = length;
	record->payload = bytes_get(in, length);
	if (!record->payload)
		return ERROR_TRUNCATED;
	c->count++;
	return 0;
}

/* Padding is as it must be, or it is damage: nothing rides along in it. */
static bool find_frame(const struct record *record, size_t *length)
{
	struct bytes_reader in = {record->payload, record->payload + record->length, false};
	*length = bytes_get_u32(&in);
	if (in.failed || *length > record->length || padded(*length) != record->length || !bytes_get(&in, *length))
		return false;
	while (in.at != in.end)
		if (*in.at++)
			return false;
	return true;
}

int record_unpack(const struct record *record, ZSTD_DCtx *unpacker, struct bytes *content)
{
	bytes_clear(content);
	const uint8_t *frame = record->payload + FRAME_LENGTH_BYTES;
	size_t length;
	if (!find_frame(record, &length))
		return ERROR_CORRUPT;
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

/* ---- Trailer: where the footer is, end ---- */

void record_put_trailer(uint64_t footer, struct bytes *out)
{
	bytes_put_u64(out, footer);
	bytes_put(out, magic_end, sizeof magic_end);
}

int record_get_trailer(uint64_t footer, struct bytes_reader *in)
{
	struct bytes want = {0};
	uint8_t space[RECORD_TRAILER_BYTES];
	want.data = space;
	want.capacity = sizeof space;
	record_put_trailer(footer, &want);
	size_t length = (size_t)(in->end - in->at);
	if (length > 0 && memcmp(in->at, space, length < sizeof space ? length : sizeof space) != 0)
		return ERROR_CORRUPT;
	if (length < sizeof space)
		return ERROR_TRUNCATED;
	in->at += sizeof space;
	return in->at == in->end ? 0 : ERROR_CORRUPT;
}
