/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#define X8(a) a, a, a, a, a, a, a, a
#define X32(a) X8(a), X8(a), X8(a), X8(a)
const uint8_t token_size[TOKENS] = {
	0, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6,
	6, 6, 6, 6, 7, 7, 7, 7, X8(7), X8(7), X8(7),
	X32(7), X32(7), X32(7), X32(7), X32(7), X32(7),
};

void token_fill(unsigned direct, struct token tokens[TOKENS])
{
	for (unsigned t = 0; t < TOKENS; t++) {
		struct token *k = &tokens[t];
		unsigned past = t - (1u << direct), e = direct + (past >> 2);
		if (t < 1u << direct)
			*k = (struct token){.base = t};
		else if (t < TOKEN_WHOLE)
			*k = (struct token){.base = (uint64_t)(4 + (past & 3)) << (e - 2), .raw = (uint8_t)(e - 2)};
		else
			*k = (struct token){.raw = 64};
		k->mask = (1u << (k->raw < TOKEN_PIECE ? k->raw : TOKEN_PIECE)) - 1;
		k->small = t == TOKEN_WHOLE ? TOKEN_WHOLE : (uint8_t)token_small(k->base);
	}
}
