/* SPDX-License-Identifier: Apache-2.0 */
#include "jitter.h"

#include <sodium.h>

_Static_assert(JITTER_KEY == crypto_shorthash_KEYBYTES && crypto_shorthash_BYTES == 8, "SipHash-2-4");

int64_t jitter_us(void *jitter, uint64_t what)
{
	const struct jitter *j = jitter;
	uint8_t in[8], hash[8];
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		in[i] = (uint8_t)(what >> (8 * i));
	crypto_shorthash(hash, in, sizeof in, j->key);
	for (int i = 0; i < 8; i++)
		v |= (uint64_t)hash[i] << (8 * i);
	/* 2^64 is so much larger than the range that what remains is even enough: 10^-13. */
	return (int64_t)(v % JITTER_RANGE_US);
}
