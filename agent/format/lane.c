/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include "../error.h"

/* What rounding left over or took too much: the largest bear it, for them it matters least. */
static void adjust(struct lane_table *t, int32_t left)
{
	while (left != 0) {
		unsigned largest = 0;
		for (unsigned i = 1; i < TOKENS; i++)
			if (t->freq[i] > t->freq[largest])
				largest = i;
		/* One at a time where something is taken: the largest may be small, too. */
		int32_t change = left > 0 ? left : -1;
		t->freq[largest] = (uint16_t)(t->freq[largest] + change);
		left -= change;
	}
}

void lane_table_make(struct lane_table *t, const uint32_t count[TOKENS], uint32_t total)
{
	int32_t left = LANE_TABLE_SUM;
	for (unsigned i = 0; i < TOKENS; i++) {
		uint32_t f = (uint32_t)(((uint64_t)count[i] * LANE_TABLE_SUM + total / 2) / total);
		t->freq[i] = (uint16_t)(count[i] > 0 && f == 0 ? 1 : f);
		left -= t->freq[i];
	}
	adjust(t, left);
	uint16_t start = 0;
	for (unsigned i = 0; i < TOKENS; i++) {
		unsigned f = t->freq[i], shift = 0;
		t->put[i].freq = t->freq[i];
		t->put[i].start = start;
		start = (uint16_t)(start + f);
		if (f < 2)
			continue;
		while (f > 1u << shift)
			shift++;
		t->put[i].shift = (uint8_t)(shift - 1);
		t->put[i].inverse = (uint64_t)((((unsigned __int128)1 << (shift + 63)) + f - 1) / f);
	}
}

void lane_table_encode(const struct lane_table *t, struct bytes *out)
{
	unsigned last = TOKENS - 1;
	while (t->freq[last] == 0)
		last--;
	bytes_put_u8(out, (uint8_t)last);
	for (unsigned i = 0; i <= last; i++)
		bytes_put_varint(out, t->freq[i]);
}

int lane_spread_decode(struct lane_spread *s, const struct token tokens[TOKENS], struct bytes_reader *in)
{
	uint64_t start = 0;
	for (unsigned i = 0, last = bytes_get_u8(in); i <= last; i++) {
		uint64_t f = bytes_get_varint(in);
		if (in->failed || f > LANE_TABLE_SUM - start)
			return ERROR_CORRUPT;
		memset(s->token + start, (int)i, (size_t)f);
		const struct token *t = &tokens[i];
		s->entry[i] = (struct lane_entry){(uint16_t)f, (uint16_t)start, (uint32_t)t->base, (uint16_t)t->mask, t->raw, t->small,
			token_size[t->small], (uint8_t)i};
		start += f;
	}
	return start == LANE_TABLE_SUM ? 0 : ERROR_CORRUPT;
}
