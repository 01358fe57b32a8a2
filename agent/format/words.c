/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a block, and its device list: what both kinds of blocks have. */
#include "columns_inside.h"

#include "check.h"
#include "../error.h"

/* ---- Devices ---- */

void device_list_set(struct device_list *l, int16_t device, enum device_class klass)
{
	uint32_t i = 0;
	while (i < l->count && l->at[i].device != device)
		i++;
	if (i == SEGMENT_DEVICES_MAX || (unsigned)klass >= DEVICE_CLASS_COUNT)
		return;
	l->at[i].device = device;
	l->at[i].klass = (uint8_t)klass;
	if (i == l->count)
		l->count++;
}

void device_list_encode(const struct device_list *l, struct bytes *out)
{
	bytes_put_varint(out, l->count);
	for (uint32_t i = 0; i < l->count; i++) {
		bytes_put_u16(out, (uint16_t)l->at[i].device);
		bytes_put_u8(out, l->at[i].klass);
	}
}

int device_list_decode(struct device_list *l, struct bytes_reader *in)
{
	uint64_t count = bytes_get_varint(in);
	if (in->failed || count > SEGMENT_DEVICES_MAX)
		return ERROR_CORRUPT;
	for (uint64_t i = 0; i < count; i++) {
		int16_t device = (int16_t)bytes_get_u16(in);
		uint8_t klass = bytes_get_u8(in);
		if (in->failed || klass >= DEVICE_CLASS_COUNT)
			return ERROR_CORRUPT;
		device_list_set(l, device, klass);
	}
	return 0;
}

/* ---- Words ---- */

static bool shape_valid(const uint8_t *shape, size_t length)
{
	if (length != SHAPE_BYTES)
		return false;
	unsigned has = shape[1] | (unsigned)shape[2] << 8;
	if (shape[0] >= EVENT_KIND_COUNT || has & ~(unsigned)HAS_ALL || shape[5] > 1 || shape[6] >= REASON_COUNT)
		return false;
	return (has & HAS_DEVICE || (shape[3] == 0 && shape[4] == 0))
		&& (has & HAS_SYNTHETIC || shape[5] == 0) && (has & HAS_REASON || shape[6] == 0);
}

static bool key_valid(const uint8_t *key, size_t length)
{
	if (length == 0 || key[0] == 0 || key[0] > HAS_KEY / HAS_CLASS)
		return false;
	unsigned has = key[0] * (unsigned)HAS_CLASS;
	size_t n = 1u + (has & HAS_CLASS ? 1 : 0) + (has & HAS_CODE ? 2 : 0);
	if (length < n || (has & HAS_CLASS && key[1] >= CLASS_COUNT))
		return false;
	if (!(has & HAS_TEXT))
		return length == n;
	return length - n <= EVENT_TEXT_MAX && check_text(key + n, length - n);
}

int words_decode(struct columns *c, enum words which, struct bytes_reader *in)
{
	struct dictionary *d = &c->words[which];
	int error = dictionary_decode(d, in, SEGMENT_BLOCK_EVENTS_MAX);
	if (error)
		return error;
	for (uint32_t i = 0; i < d->count; i++) {
		size_t length;
		const uint8_t *word = dictionary_word(d, i, &length);
		bool valid = false;
		switch (which) {
		case WORDS_SHAPE: valid = shape_valid(word, length); break;
		case WORDS_KEY: valid = key_valid(word, length); break;
		case WORDS_APP: valid = length <= EVENT_APP_MAX && check_text(word, length); break;
		case WORDS_TITLE: valid = length <= EVENT_TITLE_MAX && check_text(word, length); break;
		case WORDS_COUNT: break;
		}
		if (!valid)
			return ERROR_CORRUPT;
	}
	return 0;
}

uint16_t words_shape_has(const struct columns *c, uint32_t which)
{
	size_t length;
	const uint8_t *shape = dictionary_word(&c->words[WORDS_SHAPE], which, &length);
	return (uint16_t)(shape[1] | shape[2] << 8);
}

void columns_find_times(struct columns *c)
{
	const int64_t *mono = c->column[COLUMN_MONO].data, *utc = c->column[COLUMN_UTC].data;
	for (uint32_t i = 0; i < c->rows; i++) {
		int64_t m = (int64_t)((uint64_t)mono[i] + (uint64_t)c->mono_base);
		int64_t t = (int64_t)((uint64_t)mono[i] + (uint64_t)utc[i] + (uint64_t)c->utc_base);
		if (i == 0 || t < c->t_first)
			c->t_first = t;
		if (i == 0 || t > c->t_last)
			c->t_last = t;
		if (i == 0 || m > c->mono_last)
			c->mono_last = m;
	}
}
