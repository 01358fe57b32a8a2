/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as tokens (FORMAT.md, "Tokens"): a small number is its own token; of a larger one the token says how large it is, and its lower bits
 * follow as they are ("raw"), since nothing can foretell them.
 */
#ifndef ASSENT_TOKEN_H
#define ASSENT_TOKEN_H

#include <stdint.h>

enum {
	TOKENS = 256,
	TOKEN_WHOLE = 255,       /* any number, with all its 64 bits raw */
	TOKEN_DIRECT_MIN = 5, TOKEN_DIRECT_MAX = 7,  /* numbers below 2^direct are their own tokens */
	TOKEN_PIECE = 16         /* so many raw bits at a time */
};

/* What a token stands for, less its raw bits. */
struct token {
	uint64_t base;
	uint32_t mask;           /* of the first piece of raw bits */
	uint8_t raw;             /* how many bits */
	uint8_t small;           /* the token of base where direct is 5: contexts go by that */
};

/* All tokens, for a direct of TOKEN_DIRECT_MIN to TOKEN_DIRECT_MAX. */
void token_fill(unsigned direct, struct token tokens[TOKENS]);

/* The size, 0-7, of a number by its small token. */
extern const uint8_t token_size[TOKENS];

static inline unsigned token_of(uint64_t v, unsigned direct, unsigned *raw)
{
	if (v >> direct == 0) {
		*raw = 0;
		return (unsigned)v;
	}
	unsigned e = 63 - (unsigned)__builtin_clzll(v);
	unsigned t = (1u << direct) + ((e - direct) << 2) + (unsigned)(v >> (e - 2) & 3);
	*raw = t < TOKEN_WHOLE ? e - 2 : 64;
	return t < TOKEN_WHOLE ? t : TOKEN_WHOLE;
}

static inline unsigned token_small(uint64_t v)
{
	unsigned raw;
	return token_of(v, TOKEN_DIRECT_MIN, &raw);
}

#endif
