/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of libassent share. Everything that others see is in assent.h. */
#ifndef ASSENT_INSIDE_H
#define ASSENT_INSIDE_H

#include <assent/assent.h>

#include "../error.h"
#include "../format/columns.h"
#include "../format/segment.h"

enum { INSIDE_WORDS = ASSENT_WORDS_TITLE + 1 };

/* The words of one column of the block. */
struct inside_words {
	struct dictionary each;          /* each once, with a 0 behind it */
	struct numbers of;               /* number in the segment's dictionary → number here, -1: none */
	bool there;                      /* filled for this block */
};

struct assent_reader {
	struct segment_reader *segment;
	const uint8_t *data;
	size_t length;
	uint8_t *own;                    /* data, where it is ours to free */
	uint8_t *key;                    /* locked memory: to begin anew */
	int64_t from_us;                 /* rows before are left out */
	const struct columns *block;     /* NULL: none yet, or no more */
	struct cursor cursor;            /* in block */
	struct event event;              /* the last row: its text is the caller's until the next call */
	struct inside_words words[INSIDE_WORDS];
};

/* Reads from fd to its end, into memory of the caller's. Stops early where it is no segment. ERROR_IO, ERROR_MEMORY, ERROR_CORRUPT, ERROR_UNSUPPORTED. */
int input_read(int fd, uint8_t **data, size_t *length);

/* The words of the reader's block. ERROR_MEMORY. */
int words_fill(struct assent_reader *reader, enum assent_words which);
void words_forget(struct assent_reader *reader);
void words_release(struct assent_reader *reader);

#endif
