/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"
#include "segment.h"

#include <sodium.h>
#include <string.h>

#include "../error.h"

static const uint8_t magic[8] = {0x89, 'A', 'S', 'N', 'T', '\r', '\n', 0x1a};
/* No secret: the check finds damage, the cipher finds malice. */
static const uint8_t key[16] = {'a', 's', 's', 'e', 'n', 't', ' ', 's', 'e', 'g', 'm', 'e', 'n', 't', ' ', '1'};

enum { VERSION = SEGMENT_VERSION, INCOMPATIBLE_KNOWN = 0, TYPE_MAX = 255 };

static uint64_t siphash(const void *data, size_t length)
{
	uint8_t le[8];
	struct bytes_reader r = {le, le + 8, false};
	crypto_shorthash(le, data, length, key);
	return bytes_get_u64(&r);
}

/* ---- Prelude: magic, version, flags, check ---- */

void record_put_prelude(struct bytes *out)
{
	bytes_put(out, magic, sizeof magic);
	bytes_put_u32(out, VERSION);
	bytes_put_u16(out, 0);
	bytes_put_u16(out, 0);
	if (!out->failed)
		bytes_put_u64(out, siphash(out->data + out->length - 16, 16));
}

int record_peek_prelude(struct bytes_reader *in, uint32_t *version, uint16_t *incompatible)
{
	const uint8_t *begin = in->at;
	size_t length = (size_t)(in->end - in->at);
	if (length > 0 && memcmp(begin, magic, length < sizeof magic ? length : sizeof magic) != 0)
		return ERROR_CORRUPT;
	if (length < RECORD_PRELUDE_BYTES)
		return ERROR_TRUNCATED;
	bytes_get(in, sizeof magic);
	*version = bytes_get_u32(in);
	uint16_t compatible = bytes_get_u16(in);
	*incompatible = bytes_get_u16(in);
	(void)compatible;  /* by definition */
	/* Up to here every version is the same, so that another one can be told from damage. */
	return bytes_get_u64(in) != siphash(begin, 16) ? ERROR_CORRUPT : 0;
}

int record_get_prelude(struct bytes_reader *in)
{
	uint32_t version;
	uint16_t incompatible;
	int error = record_peek_prelude(in, &version, &incompatible);
	if (error)
		return error;
	return version != VERSION || incompatible & ~INCOMPATIBLE_KNOWN ? ERROR_UNSUPPORTED : 0;
}

/* ---- Records ---- */

size_t record_room(size_t content, size_t step)
{
	if (content > RECORD_BYTES_MAX - RECORD_HEAD_BYTES)
		return 0;
	size_t length = RECORD_HEAD_BYTES + content;
	return (length + step - 1) / step * step - RECORD_HEAD_BYTES;
}

void record_name(uint8_t type, int64_t t_us, uint64_t n, size_t length, uint8_t name[RECORD_NAME_BYTES])
{
	struct bytes b = {name, 0, RECORD_NAME_BYTES, false};
	bytes_put_u32(&b, (uint32_t)length);
	bytes_put_u32(&b, type);
	bytes_put_u64(&b, (uint64_t)t_us);
	bytes_put_u64(&b, n);
}

void record_seal(uint8_t *record, const uint8_t name[RECORD_NAME_BYTES], size_t length)
{
	memcpy(record + RECORD_CHECK_BYTES, name, RECORD_NAME_BYTES);
	struct bytes check = {record, 0, RECORD_CHECK_BYTES, false};
	bytes_put_u64(&check, siphash(record + RECORD_CHECK_BYTES, RECORD_NAME_BYTES + length));
}

int record_get(struct bytes_reader *in, uint64_t n, struct record *record)
{
	struct bytes_reader at = *in;
	uint64_t check = bytes_get_u64(&at);
	const uint8_t *name = at.at;
	uint32_t length = bytes_get_u32(&at);
	uint32_t type = bytes_get_u32(&at);
	uint64_t t_us = bytes_get_u64(&at);
	uint64_t number = bytes_get_u64(&at);
	if (at.failed)
		return ERROR_TRUNCATED;
	if (length > RECORD_BYTES_MAX || (length + RECORD_HEAD_BYTES) % RECORD_PAD_BYTES || type > TYPE_MAX || number != n)
		return ERROR_CORRUPT;
	const uint8_t *payload = bytes_get(&at, length);
	if (!payload)
		return ERROR_TRUNCATED;
	if (check != siphash(name, RECORD_NAME_BYTES + length))
		return ERROR_CORRUPT;
	*record = (struct record){(uint8_t)type, (int64_t)t_us, name, payload, length};
	*in = at;
	return 0;
}

/* ---- Cut ---- */

int record_put_cut(int64_t t_us, uint64_t n, int64_t from_us, int64_t to_us, struct bytes *out)
{
	uint8_t name[RECORD_NAME_BYTES];
	size_t length = record_room(16, RECORD_PAD_BYTES);
	if (!bytes_reserve(out, RECORD_HEAD_BYTES + length))
		return ERROR_MEMORY;
	uint8_t *record = out->data + out->length;
	struct bytes payload = {record + RECORD_HEAD_BYTES, 0, length, false};
	memset(payload.data, 0, length);
	bytes_put_u64(&payload, (uint64_t)from_us);
	bytes_put_u64(&payload, (uint64_t)to_us);
	record_name(RECORD_CUT, t_us, n, length, name);
	record_seal(record, name, length);
	out->length += RECORD_HEAD_BYTES + length;
	return 0;
}

int record_cut(const struct record *record, int64_t *from_us, int64_t *to_us)
{
	struct bytes_reader in = {record->payload, record->payload + record->length, false};
	*from_us = (int64_t)bytes_get_u64(&in);
	*to_us = (int64_t)bytes_get_u64(&in);
	if (in.failed || *to_us < *from_us || (size_t)(in.end - in.at) >= RECORD_PAD_BYTES)
		return ERROR_CORRUPT;
	while (in.at != in.end)
		if (*in.at++)
			return ERROR_CORRUPT;
	return 0;
}
