/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apache Arrow's IPC file ("Feather 2"), metadata version 5: a batch is a record batch, its buffers compressed by zstd. kind, class and reason are dictionaries, known
 * from the start; other strings are UTF-8, since the words of a dictionary would have to be known before the first row, or arrive in pieces, which not
 * all readers take. What is kept for the footer grows by 24 bytes a batch.
 */
#ifndef ASSENT_ARROW_H
#define ASSENT_ARROW_H

#include "batch.h"
#include "outfile.h"

struct arrow;

/* Writes to out, which is borrowed. in_path: without study and participant. ERROR_MEMORY, ERROR_IO. */
int arrow_new(struct outfile *out, bool in_path, struct arrow **arrow);
void arrow_free(struct arrow *a);
int arrow_write(struct arrow *a, const struct batch *b);
int arrow_finish(struct arrow *a);

#endif
