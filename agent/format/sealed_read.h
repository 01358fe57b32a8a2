/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of one section of a sealed block, read from its lanes. */
#ifndef ASSENT_SEALED_READ_H
#define ASSENT_SEALED_READ_H

#include "sealed_inside.h"

/* The tables of one section. */
struct sealed_tables {
	struct token tokens[TOKEN_DIRECT_MAX + 1 - TOKEN_DIRECT_MIN][TOKENS];
	struct lane_spread spread[SEALED_TABLES_MAX];
	uint16_t of[CONTEXTS_MAX];   /* where a context's table is, in steps of 8 bytes from the first */
};

struct sealed_run {              /* of numbers, ready to be read */
	const struct sealed_tables *tables;
	const struct token *tokens;
	struct lane lane[LANES];
	uint32_t n;              /* numbers, or pairs */
};

void sealed_tables_fill(struct sealed_tables *t);
/* Reads the tables and the lengths of the lanes from head, and takes the lanes. direct: as read. false: corrupt. */
bool sealed_open(struct sealed_tables *t, unsigned direct, enum model model, uint32_t n, struct bytes_reader *head,
	struct bytes_reader *lanes, struct sealed_run *run);

/* Each reads all of the run, after which the lanes must be used up: false: corrupt. */
bool sealed_read_plain(struct sealed_run *run, uint64_t *out);
bool sealed_read_steps(struct sealed_run *run, const int64_t *shape, uint64_t *out);
bool sealed_read_moves(struct sealed_run *run, int64_t *a, int64_t *b);
bool sealed_read_follow(struct sealed_run *run, const int64_t *dx, const int64_t *dy, unsigned shift, int64_t *x, int64_t *y);
/* hold: of each number an enum hold, in the bits of HOLD_MASK. Each number read is below words. */
bool sealed_read_keys(struct sealed_run *run, const uint8_t *hold, const uint32_t *release, uint32_t words, int64_t *out);

#endif
