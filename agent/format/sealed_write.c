/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed_write.h"

#include <math.h>
#include <stdlib.h>

enum {
	LOG_TABLE = 4096, LOG_BITS = 12,
	TABLE_COST = 40, TOKEN_COST = 6   /* about so many bits costs a table, and each token in it */
};

void sealed_coder_fill(struct sealed_coder *k)
{
	for (unsigned i = 1; i < LOG_TABLE; i++)
		k->log2[i] = (float)log2(i);
}

void sealed_begin(struct sealed_coder *k, unsigned direct, enum model model)
{
	struct token tokens[TOKENS];
	if (k->direct != direct) {
		token_fill(direct, tokens);
		for (unsigned t = 0; t < TOKENS; t++)
			k->small[t] = tokens[t].small;
	}
	k->direct = direct;
	k->contexts = context_count[model];
	k->used = 0;
	memset(k->used_as, 0xff, k->contexts * sizeof *k->used_as);
}

unsigned sealed_use(struct sealed_coder *k, unsigned context)
{
	/* Those that come first when there is no room left share the last. */
	if (k->used == SEALED_USED_MAX)
		return k->used_as[context] = SEALED_USED_MAX - 1;
	memset(k->count[k->used], 0, sizeof k->count[k->used]);
	return k->used_as[context] = (uint16_t)k->used++;
}

/* ---- Which contexts share a table ---- */

/* x * log2 x, about. */
static float xlogx(const struct sealed_coder *k, uint32_t x)
{
	if (x < LOG_TABLE)
		return (float)x * k->log2[x];
	int e = 32 - LOG_BITS - __builtin_clz(x);
	return (float)x * (k->log2[x >> e] + (float)e);
}

static int by_total(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return *x < *y ? 1 : *x > *y ? -1 : 0;
}

/* The distinct tokens of one context. */
struct context { unsigned distinct; uint8_t token[TOKENS]; uint32_t count[TOKENS]; };

/* How many bits they need by a table of their own. */
static float gather(const struct sealed_coder *k, unsigned used, struct context *c)
{
	float bits = xlogx(k, k->total[used]);
	c->distinct = 0;
	for (unsigned t = 0; t < TOKENS; t++) {
		if (k->count[used][t] == 0)
			continue;
		c->token[c->distinct] = (uint8_t)t;
		c->count[c->distinct++] = k->count[used][t];
		bits -= xlogx(k, k->count[used][t]);
	}
	return bits;
}

/* How many bits it costs more if the context joins a table. */
static float joining(const struct sealed_coder *k, const struct context *c, uint32_t total, unsigned table)
{
	float bits = xlogx(k, k->shared_total[table] + total) - xlogx(k, k->shared_total[table]);
	for (unsigned t = 0; t < c->distinct; t++) {
		uint32_t have = k->shared[table][c->token[t]];
		bits -= xlogx(k, have + c->count[t]) - xlogx(k, have);
		bits += have ? 0 : TOKEN_COST;
	}
	return bits;
}

/* The contexts with most numbers first: each to the table that it costs least to join, or to one of its own. Contexts are many and tables have to be
 * written down: without this, they would cost more than they save. */
static unsigned share_tables(struct sealed_coder *k)
{
	struct context c;
	unsigned tables = 0, used = k->used;
	for (unsigned i = 0; i < used; i++) {
		k->total[i] = 0;
		for (unsigned t = 0; t < TOKENS; t++)
			k->total[i] += k->count[i][t];
		k->order[i] = (uint64_t)k->total[i] << 32 | i;
	}
	qsort(k->order, used, sizeof *k->order, by_total);
	for (unsigned n = 0; n < used; n++) {
		unsigned which = (uint32_t)k->order[n], to = tables;
		float best = gather(k, which, &c) + TABLE_COST + TOKEN_COST * (float)c.distinct;
		for (unsigned m = 0; m < tables; m++) {
			float bits = joining(k, &c, k->total[which], m);
			if (bits < best || to == SEALED_TABLES_MAX) {
				best = bits;
				to = m;
			}
		}
		if (to == tables) {
			memset(k->shared[to], 0, sizeof k->shared[to]);
			k->shared_total[to] = 0;
			tables++;
		}
		for (unsigned t = 0; t < c.distinct; t++)
			k->shared[to][c.token[t]] += c.count[t];
		k->shared_total[to] += k->total[which];
		k->table_of[which] = (uint8_t)to;
	}
	return tables;
}

/* Contexts without a number are as the one before them, so that runs are long. */
static void put_map(struct sealed_coder *k, struct bytes *head)
{
	unsigned first = 0, run = 0;
	while (k->used_as[first] == SEALED_UNUSED)
		first++;
	uint8_t last = k->table_of[k->used_as[first]];
	for (unsigned c = 0; c < k->contexts; c++, run++) {
		uint8_t table = k->used_as[c] == SEALED_UNUSED ? last : k->table_of[k->used_as[c]];
		if (table == last)
			continue;
		bytes_put_u8(head, last);
		bytes_put_varint(head, run);
		run = 0;
		last = table;
	}
	bytes_put_u8(head, last);
	bytes_put_varint(head, run);
}

/* ---- Lanes ---- */

static void put_words(const uint32_t *words, size_t count, struct bytes *lanes)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	for (size_t i = 0; i < count; i++)
		bytes_put_u32(lanes, words[i]);
#else
	bytes_put(lanes, words, count * sizeof *words);
#endif
}

static inline void put_number(struct lane_writer *w, const struct sealed_coder *k, const struct sealed_number *n)
{
	lane_put(w, &k->table[k->table_of[n->used]], n->token, n->value, n->raw);
}

/* From the end; all lanes in turn, since each waits for its own last number; with the states in locals. */
static void put_numbers(const struct sealed_coder *k, const uint32_t begin[LANES + 1], struct lane_writer w[LANES])
{
	struct lane_writer w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
	const struct sealed_number *n0 = k->number, *n1 = n0 + begin[1], *n2 = n0 + begin[2], *n3 = n0 + begin[3];
	uint32_t at = begin[1], shortest = begin[4] - begin[3];
	while (at-- > shortest) {
		put_number(&w0, k, n0 + at);
		if (at < begin[2] - begin[1])
			put_number(&w1, k, n1 + at);
		if (at < begin[3] - begin[2])
			put_number(&w2, k, n2 + at);
	}
	for (at = shortest; at-- > 0;) {
		put_number(&w0, k, n0 + at);
		put_number(&w1, k, n1 + at);
		put_number(&w2, k, n2 + at);
		put_number(&w3, k, n3 + at);
	}
	w[0] = w0;
	w[1] = w1;
	w[2] = w2;
	w[3] = w3;
}

static void put_lanes(struct sealed_coder *k, uint32_t n, uint32_t group, struct bytes *head, struct bytes *lanes)
{
	struct lane_writer w[LANES];
	uint32_t begin[LANES + 1], *end[LANES];
	for (unsigned l = 0; l <= LANES; l++)
		begin[l] = lane_begin(n, l) * group;
	uint32_t *room = k->words;
	for (unsigned l = 0; l < LANES; l++) {
		room += (size_t)(begin[l + 1] - begin[l]) * LANE_NUMBER_WORDS + LANE_WORDS + 1;
		end[l] = room;
		w[l] = (struct lane_writer){LANE_LOW, room};
	}
	put_numbers(k, begin, w);
	for (unsigned l = 0; l < LANES; l++) {
		*--w[l].at = (uint32_t)w[l].x;
		*--w[l].at = (uint32_t)(w[l].x >> 32);
		bytes_put_varint(head, (uint64_t)(end[l] - w[l].at));
		put_words(w[l].at, (size_t)(end[l] - w[l].at), lanes);
	}
}

void sealed_put(struct sealed_coder *k, uint32_t n, uint32_t group, struct bytes *head, struct bytes *lanes)
{
	unsigned tables = share_tables(k);
	bytes_put_u8(head, (uint8_t)k->direct);
	bytes_put_u8(head, (uint8_t)tables);
	put_map(k, head);
	for (unsigned t = 0; t < tables; t++) {
		lane_table_make(&k->table[t], k->shared[t], k->shared_total[t]);
		lane_table_encode(&k->table[t], head);
	}
	put_lanes(k, n, group, head, lanes);
}
