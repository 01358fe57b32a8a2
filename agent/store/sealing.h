/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A finished journal's rows as a sealed segment (FORMAT.md), and the proof that the two say the same; in small steps, without files.
 * Same key, same header, same rows, same devices; the records bear the time of the journal's last one, so that nothing tells when it was done.
 *
 * A step takes at most SEALING_STEP_ROWS rows, or encodes or decodes one block of SEGMENT_BLOCK_EVENTS_MAX: some milliseconds. Memory: one
 * block of each as columns (COLUMNS_ROW_BYTES a row at most), and what coding it needs.
 */
#ifndef ASSENT_SEALING_H
#define ASSENT_SEALING_H

#include "../format/segment.h"

enum { SEALING_STEP_ROWS = 8192 };

struct sealing;

/* journal is borrowed until sealing_free. ERROR_CORRUPT: it is not whole, or ends with a cut: then it stays what it is. Errors of the reader. */
int sealing_new(const uint8_t *journal, size_t length, const uint8_t key[SEGMENT_KEY], struct bytes *out, struct sealing **sealing);
void sealing_free(struct sealing *s);
/* Appends more of the sealed segment to out, or nothing yet. 1: go on; 0: that was all; an error: it cannot be made. */
int sealing_write(struct sealing *s, struct bytes *out);
/* Then, with what was written as it is read back: data is borrowed until sealing_free. */
int sealing_read_back(struct sealing *s, const uint8_t *data, size_t length, const uint8_t key[SEGMENT_KEY]);
/* 1: the same so far, go on; 0: the same, all of it; ERROR_CORRUPT: it is not; errors of the reader. */
int sealing_compare(struct sealing *s);

#endif
