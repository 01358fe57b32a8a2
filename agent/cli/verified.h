/* SPDX-License-Identifier: Apache-2.0 */
/* What assent verify finds out about one segment: is it whole, was every event permitted, is anything where nothing may be? */
#ifndef ASSENT_VERIFIED_H
#define ASSENT_VERIFIED_H

#include "../store/audit.h"
#include "../store/keyfile.h"
#include "../store/spool.h"

/* A stretch in which no input may be stored. */
struct verified_mask {
	int64_t t_us, end_us;
	int era;                         /* UTC is comparable only between two clock records */
};

struct verified {
	const struct audit *audit;
	int decision;                    /* in audit; -1: not checked */
	uint64_t events, spans, gaps, problems;
	char problem[512];               /* the first */
	struct verified_mask *masked;
	size_t masks, capacity;
};

/* Counts a problem, and keeps the first. why may be NULL. */
void verified_problem(struct verified *c, const char *what, const char *why);
/* Everything that is in it. open: a writer is at it. ERROR_MEMORY. */
int verified_content(struct verified *c, const struct spool_file *file, const uint8_t key[SEGMENT_KEY], const struct keyfile *k, bool open);
/* What can be told without its key. */
void verified_framing(struct verified *c, const struct spool_file *file, bool open);
void verified_release(struct verified *c);

#endif
