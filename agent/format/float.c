/* SPDX-License-Identifier: Apache-2.0 */
#include "float.h"

#include <math.h>
#include <string.h>

static float of_bits(int64_t value)
{
	uint32_t bits = (uint32_t)value;
	float f;
	memcpy(&f, &bits, sizeof f);
	return f;
}

static int64_t bits_of(float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

bool float_to_whole(const int64_t *bits, uint32_t count, unsigned shift, int64_t *whole)
{
	double up = 1u << shift, down = 1 / up;
	for (uint32_t i = 0; i < count; i++) {
		double scaled = of_bits(bits[i]) * up;
		if (!(fabs(scaled) < FLOAT_WHOLE_MAX))
			return false;
		whole[i] = (int64_t)scaled;
		if (bits_of((float)((double)whole[i] * down)) != bits[i])
			return false;
	}
	return true;
}

void float_from_whole(int64_t *whole, uint32_t count, unsigned shift)
{
	/* Through 32 bits, which the processor converts many at a time: both are exact up to FLOAT_WHOLE_MAX. */
	float down = 1.0f / (float)(1u << shift);
	for (uint32_t i = 0; i < count; i++)
		whole[i] = bits_of((float)(int32_t)whole[i] * down);
}

bool float_all_finite(const int64_t *bits, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!isfinite(of_bits(bits[i])))
			return false;
	return true;
}
