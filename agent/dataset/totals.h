/* SPDX-License-Identifier: Apache-2.0 */
/* What a whole dataset holds, for those who describe it. */
#ifndef ASSENT_TOTALS_H
#define ASSENT_TOTALS_H

#include "dataset.h"

struct totals {
	uint64_t studies, participants, segments, files, bytes;
	struct dataset_rows has;
};

/* Of the participants from first on who are of one study (study NULL: of all); returns how many. d is sorted, and summed up (dataset_sum). */
int totals_of(const struct dataset *d, int first, const char *study, struct totals *t);

/* A study's id, or "?" where it is none: it comes from segments, and goes into Markdown and JSON as it is. */
const char *totals_study(const char *id);
/* The ids of the studies that there are segments of, with this before the first, and before each other. */
void totals_studies(FILE *f, const struct dataset *d, const char *first, const char *others);
/* "1,234,567" into out[27]. Returns out. */
char *totals_number(uint64_t n, char out[27]);
/* A length of time for people: "12 s", "3.5 min", "20.1 h". Returns out. */
char *totals_length(uint64_t us, char out[32]);

/* A file in an open folder, new, for writing; NULL: errno. And its end: 0 or ERROR_IO. */
FILE *totals_open(int directory, const char *name);
int totals_close(FILE *f);

#endif
