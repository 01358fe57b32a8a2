/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of one section of a sealed block, written as tables and lanes. */
#ifndef ASSENT_SEALED_WRITE_H
#define ASSENT_SEALED_WRITE_H

#include "sealed_inside.h"

enum { SEALED_USED_MAX = 1024 };     /* contexts that are told apart when tables are shared out; the others share one */

struct sealed_number { uint64_t value; uint16_t used; uint8_t token, raw; };

struct sealed_coder {
	struct sealed_number number[SEALED_VALUES_MAX];
	unsigned direct, contexts, used;
	uint8_t small[TOKENS];               /* of each token */
	uint16_t used_as[CONTEXTS_MAX];      /* contexts in the order of their first number, or SEALED_UNUSED */
	uint32_t count[SEALED_USED_MAX][TOKENS], total[SEALED_USED_MAX];
	uint64_t order[SEALED_USED_MAX];     /* contexts with most numbers first */
	uint8_t table_of[SEALED_USED_MAX];
	uint32_t shared[SEALED_TABLES_MAX][TOKENS], shared_total[SEALED_TABLES_MAX];
	struct lane_table table[SEALED_TABLES_MAX];
	float log2[4096];
	uint32_t words[SEALED_VALUES_MAX * LANE_NUMBER_WORDS + LANES * (LANE_WORDS + 1)];
};

enum { SEALED_UNUSED = 0xffff };

/* Zeroed is not enough. */
void sealed_coder_fill(struct sealed_coder *k);
/* A run of numbers begins. */
void sealed_begin(struct sealed_coder *k, unsigned direct, enum model model);
unsigned sealed_use(struct sealed_coder *k, unsigned context);
/* Writes n numbers (or n pairs: group is 2): the coding's byte, tables and lengths to head, the rest to lanes. n > 0. */
void sealed_put(struct sealed_coder *k, uint32_t n, uint32_t group, struct bytes *head, struct bytes *lanes);

/* The i-th number, and its context; its small token. */
static inline unsigned sealed_add(struct sealed_coder *k, uint32_t i, unsigned context, uint64_t v)
{
	unsigned raw, t = token_of(v, k->direct, &raw), used = k->used_as[context];
	if (__builtin_expect(used == SEALED_UNUSED, 0))
		used = sealed_use(k, context);
	k->number[i] = (struct sealed_number){v, (uint16_t)used, (uint8_t)t, (uint8_t)raw};
	k->count[used][t]++;
	return k->small[t];
}

#endif
