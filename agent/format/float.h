/* SPDX-License-Identifier: Apache-2.0 */
/* A run of floats (as their bits, in numbers) as whole numbers of 2^-shift, where that is exact. */
#ifndef ASSENT_FLOAT_H
#define ASSENT_FLOAT_H

#include <stdbool.h>
#include <stdint.h>

enum { FLOAT_SHIFT_MAX = 24, FLOAT_WHOLE_MAX = 1 << 24, FLOAT_BITS = 255 /* in place of a shift: they stay bits */ };

/* false: one of them is not exactly that (as -0 never is); whole is then incomplete. */
bool float_to_whole(const int64_t *bits, uint32_t count, unsigned shift, int64_t *whole);
/* In place. */
void float_from_whole(int64_t *whole, uint32_t count, unsigned shift);
bool float_all_finite(const int64_t *bits, uint32_t count);

#endif
