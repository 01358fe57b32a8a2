/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens and raw bits as a lane of 32-bit words, by asymmetric numeral systems (FORMAT.md, "Lanes"; after Jarek Duda, arXiv:1311.2540,
 * and Fabian Giesen, arXiv:1402.3392). A lane's state x is in [2^31, 2^63). A run of numbers is cut into LANES of them, each with a state
 * of its own, so that a reader can work on all at once.
 */
#ifndef ASSENT_LANE_H
#define ASSENT_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "bytes.h"
#include "token.h"

enum {
	LANES = 4,
	LANE_TABLE_BITS = 10, LANE_TABLE_SUM = 1 << LANE_TABLE_BITS,  /* of all frequencies of a table */
	LANE_NUMBER_WORDS = 3,   /* no number takes more words than that, */
	LANE_WORDS = 2,          /* and a lane so many besides */
	LANE_BEHIND = 8          /* so many bytes behind the last lane must be readable: it is found too short only at its end */
};

#define LANE_LOW ((uint64_t)1 << 31)

/* The number with which a lane of n numbers (or pairs) begins; lane LANES: n. */
static inline uint32_t lane_begin(uint32_t n, uint32_t lane)
{
	uint32_t each = (n + LANES - 1) / LANES;
	return lane < LANES && lane * each < n ? lane * each : n;
}

static inline uint32_t lane_word(const uint8_t *le)
{
	uint32_t word;
	memcpy(&word, le, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap32(word);
#endif
	return word;
}

/* ---- Writing: from the end to the beginning ---- */

struct lane_table {
	uint16_t freq[TOKENS];
	/* x / freq is the high half of x * inverse, shifted: exact for all x below 2^63. */
	struct { uint64_t inverse; uint16_t freq, start; uint8_t shift; } put[TOKENS];
};

/* From how often each token comes; total is their sum, not 0. */
void lane_table_make(struct lane_table *t, const uint32_t count[TOKENS], uint32_t total);
void lane_table_encode(const struct lane_table *t, struct bytes *out);

struct lane_writer { uint64_t x; uint32_t *at; };

static inline void lane_make_room(struct lane_writer *w, uint64_t below)
{
	uint64_t full = -(uint64_t)(w->x >= below);   /* no branch: nothing could foretell it */
	w->at[-1] = (uint32_t)w->x;
	w->at -= full & 1;
	w->x >>= full & 32;
}

static inline void lane_put_piece(struct lane_writer *w, uint64_t bits, unsigned n)
{
	lane_make_room(w, (uint64_t)1 << (63 - n));
	w->x = w->x << n | bits;
}

static inline void lane_put(struct lane_writer *w, const struct lane_table *t, unsigned token, uint64_t v, unsigned raw)
{
	unsigned first = raw < TOKEN_PIECE ? raw : TOKEN_PIECE;
	for (unsigned done = (raw + TOKEN_PIECE - 1) / TOKEN_PIECE * TOKEN_PIECE; done > TOKEN_PIECE;) {
		done -= TOKEN_PIECE;
		unsigned n = raw - done < TOKEN_PIECE ? raw - done : TOKEN_PIECE;
		lane_put_piece(w, v >> done & (((uint64_t)1 << n) - 1), n);
	}
	uint32_t freq = t->put[token].freq;
	lane_make_room(w, (uint64_t)freq << (63 - LANE_TABLE_BITS - first));
	uint64_t x = w->x << first | (v & (((uint64_t)1 << first) - 1));
	uint64_t q = freq == 1 ? x : (uint64_t)((unsigned __int128)x * t->put[token].inverse >> 64) >> t->put[token].shift;
	w->x = (q << LANE_TABLE_BITS) + (x - q * freq) + t->put[token].start;
}

/* ---- Reading ---- */

/* A table for the reader: by slot the token, by token all that is to be known of it, in one place. Small, so that a section's tables stay in the
 * first cache. */
struct lane_entry {
	uint16_t freq, start;
	uint32_t base;           /* the least number, where there are at most TOKEN_PIECE raw bits */
	uint16_t mask;           /* of those bits */
	uint8_t raw, small, size, token;
};
struct lane_spread {
	uint8_t token[LANE_TABLE_SUM];
	struct lane_entry entry[TOKENS];
};

/* ERROR_CORRUPT. */
int lane_spread_decode(struct lane_spread *s, const struct token tokens[TOKENS], struct bytes_reader *in);

struct lane { uint64_t x; const uint8_t *at, *end; };

/* Takes so many words from in; false: there are not as many, or no lane begins so. */
static inline bool lane_open(struct lane *l, uint64_t words, struct bytes_reader *in)
{
	if (words < LANE_WORDS || words > (size_t)(in->end - in->at) / 4)
		return false;
	const uint8_t *data = bytes_get(in, 4 * (size_t)words);
	*l = (struct lane){(uint64_t)lane_word(data) << 32 | lane_word(data + 4), data + 8, data + 4 * words};
	return l->x >= LANE_LOW && l->x >> 63 == 0;
}

static inline bool lane_done(const struct lane *l) { return l->at == l->end && l->x == LANE_LOW; }

static inline void lane_refill(struct lane *l)
{
	uint32_t word = lane_word(l->at);
	uint64_t low = -(uint64_t)(l->x < LANE_LOW);  /* no branch: nothing could foretell it */
	l->x = l->x << (low & 32) | (word & low);
	l->at += low & 4;
	/* Too short: it stays behind its end, where lane_done finds it. */
	if (__builtin_expect(l->at > l->end, 0))
		l->at = l->end + 4;
}

/* A number with more raw bits than one piece. */
static inline uint64_t lane_get_long(struct lane *l, uint64_t v, unsigned raw)
{
	for (unsigned done = 0; done < raw; done += TOKEN_PIECE) {
		unsigned n = raw - done < TOKEN_PIECE ? raw - done : TOKEN_PIECE;
		v |= (l->x & ((1u << n) - 1)) << done;
		l->x >>= n;
		lane_refill(l);
	}
	return v;
}

/* The next number. *small: its small token; *size: its size. */
static inline uint64_t lane_get(struct lane *l, const struct lane_spread *table, const struct token *tokens, unsigned *small, unsigned *size)
{
	unsigned slot = l->x & (LANE_TABLE_SUM - 1);
	const struct lane_entry *e = &table->entry[table->token[slot]];
	l->x = e->freq * (l->x >> LANE_TABLE_BITS) + slot - e->start;
	*small = e->small;
	*size = e->size;
	if (__builtin_expect(e->raw > TOKEN_PIECE, 0))
		return lane_get_long(l, tokens[e->token].base, e->raw);
	uint64_t v = e->base | (l->x & e->mask);
	l->x >>= e->raw;
	lane_refill(l);
	return v;
}

#endif
