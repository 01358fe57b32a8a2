/* SPDX-License-Identifier: Apache-2.0 */
/* A run of integers, and its encoding: differences, a common unit, byte planes (FORMAT.md, "Numbers"). */
#ifndef ASSENT_NUMBERS_H
#define ASSENT_NUMBERS_H

#include "bytes.h"

struct numbers {
	int64_t *data;
	uint32_t count, capacity;
};

/* What may be tried to make a run small. */
enum numbers_hint {
	NUMBERS_INDEX,           /* names of things: differences mean nothing */
	NUMBERS_VALUE,           /* quantities */
	NUMBERS_TIME             /* quantities that often are multiples of a round unit */
};

void numbers_release(struct numbers *n);
static inline void numbers_clear(struct numbers *n) { n->count = 0; }
/* false: out of memory. */
bool numbers_reserve(struct numbers *n, uint32_t more);
static inline bool numbers_push(struct numbers *n, int64_t v)
{
	if (n->count == n->capacity && !numbers_reserve(n, 1))
		return false;
	n->data[n->count++] = v;
	return true;
}
/* Appends at most 11 bytes a number, and 40. scratch is overwritten. ERROR_MEMORY. */
int numbers_encode(const struct numbers *n, enum numbers_hint hint, struct numbers *scratch, struct bytes *out);
/* Replaces the content by count numbers, each in [least, most]. ERROR_CORRUPT, ERROR_MEMORY. */
int numbers_decode(struct numbers *n, uint32_t count, int64_t least, int64_t most, struct bytes_reader *in);

#endif
