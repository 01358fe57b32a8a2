/* SPDX-License-Identifier: Apache-2.0 */
/* The grids that times lie on: each shape of rows has its own (keys on 20 ms, the server's times in ms, what the agent saw itself in µs). */
#ifndef ASSENT_SEALED_GRID_H
#define ASSENT_SEALED_GRID_H

#include "sealed_inside.h"

enum { GRID_UNITS = 6 };

struct sealed_grid {
	uint32_t shape;          /* which it is in the columns' words */
	uint32_t rows;
	uint16_t has;
	uint8_t kind;
	bool seen;
	int64_t unit, phase;
	int64_t last;            /* time of its last row */
	unsigned found;          /* so many units have a time in first */
	int64_t first[GRID_UNITS + 1];
	uint32_t fits[GRID_UNITS + 1];  /* steps of which just so many units are divisors */
};

struct sealed_grids {
	struct sealed_grid *grid;   /* the most frequent shape first: contexts tell the first few apart */
	uint32_t *rank;             /* of a shape of the columns its place in grid */
	uint32_t count, capacity;
};

void sealed_grids_release(struct sealed_grids *g);
/* ERROR_MEMORY. */
int sealed_grids_find(struct sealed_grids *g, const struct columns *c);
/* Appends unit and phase of each shape; nothing if all units are 1. */
void sealed_grids_put(const struct sealed_grids *g, struct bytes *out);
/* Of each row how many units it is after the one before. Appends the list of times that are off their grid to rest; nothing if there are none. */
void sealed_grids_steps(const struct sealed_grids *g, const struct columns *c, uint64_t *steps, struct bytes *rest);

#endif
