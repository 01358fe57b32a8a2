/* SPDX-License-Identifier: Apache-2.0 */
#include "forge.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/format/pack.h"
#include "sample.h"

static void must(bool good)
{
	if (!good)
		abort();
}

void forge_header_content(struct bytes *content)
{
	/* As our writer writes it, decrypted. */
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct cipher *c;
	struct bytes b = {0}, plain = {0};
	struct record record;
	bool last;
	must(segment_writer_new(&meta, sample_key, 3, &b, &w) == 0);
	struct bytes_reader in = {b.data + RECORD_PRELUDE_BYTES + CIPHER_HEADER, b.data + b.length, false};
	must(cipher_new_opening(sample_key, b.data + RECORD_PRELUDE_BYTES, &c) == 0);
	must(record_get(&in, 0, &record) == 0 && cipher_get(c, &record, b.data, &plain, &last) == 0);
	struct bytes_reader p = {plain.data, plain.data + plain.length, false};
	size_t length = bytes_get_u32(&p);
	ZSTD_DCtx *unpacker = ZSTD_createDCtx();
	must(unpacker && pack_open(unpacker, p.at, length, content) == 0);
	ZSTD_freeDCtx(unpacker);
	bytes_release(&plain);
	bytes_release(&b);
	cipher_free(c);
	segment_writer_free(w);
}

void forge_footer_content(uint64_t blocks, uint64_t events, struct bytes *content)
{
	bytes_clear(content);
	bytes_put_varint(content, blocks);
	bytes_put_varint(content, events);
	bytes_put_varint(content, 0);
}

void forge_begin(struct forge *f, bool header)
{
	uint8_t stream[CIPHER_HEADER];
	memset(f, 0, sizeof *f);
	record_put_prelude(&f->out);
	must(cipher_new_sealing(sample_key, stream, &f->cipher) == 0);
	bytes_put(&f->out, stream, sizeof stream);
	if (!header)
		return;
	struct bytes content = {0};
	forge_header_content(&content);
	forge_content(f, RECORD_HEADER, false, NULL, 0, content.data, content.length);
	bytes_release(&content);
}

void forge_release(struct forge *f)
{
	cipher_free(f->cipher);
	bytes_release(&f->out);
}

void forge_plain(struct forge *f, uint8_t type, bool last, const void *plain, size_t length)
{
	struct bytes content = {0};
	bytes_put(&content, plain, length);
	uint8_t prelude[RECORD_PRELUDE_BYTES];
	memcpy(prelude, f->out.data, sizeof prelude);
	must(cipher_put(f->cipher, type, last, SAMPLE_WRITTEN, f->n, f->n == 0 ? prelude : NULL, RECORD_PAD_BYTES, &content, &f->out) == 0);
	f->n++;
	bytes_release(&content);
}

void forge_frame(struct forge *f, uint8_t type, bool last, const void *lead, size_t lead_length, const void *frame, size_t length)
{
	struct bytes plain = {0};
	bytes_put(&plain, lead, lead_length);
	bytes_put_u32(&plain, (uint32_t)length);
	bytes_put(&plain, frame, length);
	forge_plain(f, type, last, plain.data, plain.length);
	bytes_release(&plain);
}

void forge_content(struct forge *f, uint8_t type, bool last, const void *lead, size_t lead_length, const void *content, size_t length)
{
	struct bytes whole = {0}, frame = {0};
	bytes_put(&whole, content, length);
	ZSTD_CCtx *packer = pack_new(3);
	must(packer && pack_frame(packer, &whole, NULL, &frame) == 0);
	ZSTD_freeCCtx(packer);
	forge_frame(f, type, last, lead, lead_length, frame.data, frame.length);
	bytes_release(&whole);
	bytes_release(&frame);
}

void forge_sealed(struct forge *f, const void *lead, size_t lead_length, const struct bytes *head, const struct bytes *lanes)
{
	struct bytes whole = {0}, frame = {0};
	ZSTD_CCtx *packer = pack_new(3);
	must(packer && pack_frame(packer, head, NULL, &frame) == 0);
	ZSTD_freeCCtx(packer);
	bytes_put(&whole, lead, lead_length);
	bytes_put_u32(&whole, (uint32_t)frame.length);
	bytes_put_u32(&whole, (uint32_t)lanes->length);
	bytes_put(&whole, frame.data, frame.length);
	bytes_put(&whole, lanes->data, lanes->length);
	forge_plain(f, RECORD_SEALED, false, whole.data, whole.length);
	bytes_release(&frame);
	bytes_release(&whole);
}

void forge_clear(struct forge *f, uint32_t type, uint64_t n, uint32_t claimed, const void *payload, size_t length)
{
	uint8_t name[RECORD_NAME_BYTES];
	must(bytes_reserve(&f->out, RECORD_HEAD_BYTES + length));
	uint8_t *record = f->out.data + f->out.length;
	if (length > 0)
		memcpy(record + RECORD_HEAD_BYTES, payload, length);
	record_name((uint8_t)type, SAMPLE_WRITTEN, n, claimed, name);
	for (unsigned i = 0; i < 4; i++)
		name[4 + i] = (uint8_t)(type >> (8 * i));
	record_seal(record, name, length);
	f->out.length += RECORD_HEAD_BYTES + length;
}
