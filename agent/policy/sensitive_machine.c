/* SPDX-License-Identifier: Apache-2.0 */
#include "sensitive_machine.h"

#include <string.h>

enum { WORDS = SENSITIVE_WIDTH_MAX / 64 };

static void add(struct sensitive_bits *b, int i) { b->word[i / 64] |= UINT64_C(1) << i % 64; }

static bool meets(const struct sensitive_bits *a, const struct sensitive_bits *b)
{
	uint64_t any = 0;
	for (int w = 0; w < WORDS; w++)
		any |= a->word[w] & b->word[w];
	return any != 0;
}

static bool empty(const struct sensitive_bits *b) { return !meets(b, b); }

static void join(struct sensitive_bits *into, const struct sensitive_bits *b)
{
	for (int w = 0; w < WORDS; w++)
		into->word[w] |= b->word[w];
}

static struct sensitive_bits both(const struct sensitive_bits *a, const struct sensitive_bits *b)
{
	struct sensitive_bits r;
	for (int w = 0; w < WORDS; w++)
		r.word[w] = a->word[w] & b->word[w];
	return r;
}

void sensitive_machine_build(struct sensitive_machine *m, const struct sensitive_pattern *p)
{
	int at = 0;
	bool strong = false;
	memset(m, 0, sizeof *m);
	for (int k = 0; k < p->parts; k++) {
		const struct sensitive_part *part = &p->part[k];
		m->first[k] = (uint8_t)at;
		for (int i = 0; i < part->max; i++, at++) {
			add(&m->body[k], at);
			if (i + 1 >= part->min)
				add(&m->leave[k], at);
			if (i + 1 < part->max)
				add(&m->inner, at);
			if (part->strong && i + 1 >= part->strong)
				strong = true;
			if (strong)
				add(&m->strong, at);
		}
	}
	for (int k = 0; k < p->parts; k++) {
		m->gap_from[k] = both(&m->body[k], &m->inner);
		for (int j = k - 1; j >= 0; j--) {
			join(&m->gap_from[k], &m->leave[j]);
			if (p->part[j].min > 0)
				break;
		}
	}
}

static bool fits(const struct sensitive_part *part, uint8_t c)
{
	return !part->text[0] && sensitive_set_has(&part->chars, c);
}

/* Of the positions that may be reached, those that c leads to. */
static void filter(const struct sensitive_machine *m, const struct sensitive_pattern *p, uint8_t c, struct sensitive_bits *next)
{
	struct sensitive_bits good = { { 0 } };
	for (int k = 0; k < p->parts; k++) {
		const struct sensitive_part *part = &p->part[k];
		if (fits(part, c))
			join(&good, &m->body[k]);
		for (int i = 0; part->text[i]; i++)
			if ((uint8_t)part->text[i] == c)
				add(&good, m->first[k] + i);
	}
	*next = both(next, &good);
}

bool sensitive_machine_begin(const struct sensitive_machine *m, const struct sensitive_pattern *p, uint8_t c, struct sensitive_begun *b)
{
	const struct sensitive_part *first = &p->part[0];
	/* Most characters begin nothing: say so before anything is computed. */
	if (first->text[0] ? (uint8_t)first->text[0] != c : !fits(first, c))
		return false;
	memset(&b->at, 0, sizeof b->at);
	memset(&b->gap, 0, sizeof b->gap);
	add(&b->at, m->first[0]);
	return true;
}

bool sensitive_machine_step(const struct sensitive_machine *m, const struct sensitive_pattern *p, uint8_t c, struct sensitive_begun *b)
{
	struct sensitive_bits from = b->at, gap = { { 0 } }, next, stay;
	join(&from, &b->gap);
	stay = both(&from, &m->inner);
	for (int w = WORDS - 1; w >= 0; w--)
		next.word[w] = stay.word[w] << 1 | (w ? stay.word[w - 1] >> 63 : 0);
	bool enters = false;
	for (int k = 0; k < p->parts; k++) {
		if (enters)
			add(&next, m->first[k]);
		enters = meets(&from, &m->leave[k]) || (enters && p->part[k].min == 0);
		if (sensitive_set_has(&p->part[k].gap, c)) {
			struct sensitive_bits more = both(&b->at, &m->gap_from[k]);
			join(&gap, &more);
		}
	}
	filter(m, p, c, &next);
	b->at = next;
	b->gap = gap;
	return !empty(&next) || !empty(&gap);
}

bool sensitive_machine_is_whole(const struct sensitive_machine *m, const struct sensitive_pattern *p, const struct sensitive_begun *b)
{
	/* The last part is never optional. */
	return meets(&b->at, &m->leave[p->parts - 1]);
}

bool sensitive_machine_in_gap(const struct sensitive_begun *b) { return empty(&b->at); }

bool sensitive_machine_is_strong(const struct sensitive_machine *m, const struct sensitive_begun *b)
{
	return meets(&b->at, &m->strong) || meets(&b->gap, &m->strong);
}
