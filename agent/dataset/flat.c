/* SPDX-License-Identifier: Apache-2.0 */
#include "flat.h"

static size_t here(const struct flat *f) { return f->out->length - f->base; }

static void zeros(struct flat *f, size_t count)
{
	while (count--)
		bytes_put_u8(f->out, 0);
}

/* So that what begins `ahead` bytes from here is a multiple of `to`. */
static void align(struct flat *f, size_t to, size_t ahead) { zeros(f, (to - (here(f) + ahead) % to) % to); }

void flat_set(struct flat *f, size_t at, uint64_t v, unsigned size)
{
	if (f->out->failed)
		return;
	for (unsigned i = 0; i < size; i++)
		f->out->data[f->base + at + i] = (uint8_t)(v >> (8 * i));
}

static void mend(struct flat *f, size_t place) { flat_set(f, place, here(f) - place, 4); }

size_t flat_begin(struct flat *f, struct bytes *out)
{
	f->out = out;
	f->base = out->length;
	zeros(f, 4);
	return 0;
}

void flat_table(struct flat *f, size_t place, struct flat_field *fields, unsigned count)
{
	uint16_t offset[FLAT_FIELDS] = {0}, length = 4;
	/* From the largest to the smallest, behind the 4 bytes that say where the vtable is: all are aligned then. */
	for (unsigned size = 8; size; size /= 2)
		for (unsigned i = 0; i < count; i++)
			if (fields[i].size == size) {
				offset[i] = length;
				length = (uint16_t)(length + size);
			}
	align(f, 2, 0);
	size_t vtable = here(f);
	bytes_put_u16(f->out, (uint16_t)(4 + 2 * count));
	bytes_put_u16(f->out, length);
	for (unsigned i = 0; i < count; i++)
		bytes_put_u16(f->out, offset[i]);
	align(f, 8, 4);
	mend(f, place);
	size_t table = here(f);
	bytes_put_u32(f->out, (uint32_t)(table - vtable));
	zeros(f, length - 4u);
	for (unsigned i = 0; i < count; i++) {
		fields[i].at = table + offset[i];
		if (fields[i].size)
			flat_set(f, fields[i].at, fields[i].value, fields[i].size);
	}
}

void flat_string(struct flat *f, size_t place, const char *s)
{
	size_t length = 0;
	while (s[length])
		length++;
	align(f, 4, 0);
	mend(f, place);
	bytes_put_u32(f->out, (uint32_t)length);
	bytes_put(f->out, s, length);
	bytes_put_u8(f->out, 0);
}

size_t flat_vector(struct flat *f, size_t place, uint32_t count, uint32_t size)
{
	align(f, size % 8 ? 4 : 8, 4);
	mend(f, place);
	bytes_put_u32(f->out, count);
	size_t at = here(f);
	zeros(f, (size_t)count * size);
	return at;
}

size_t flat_end(struct flat *f)
{
	align(f, 8, 0);
	return here(f);
}
