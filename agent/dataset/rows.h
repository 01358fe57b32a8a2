/* SPDX-License-Identifier: Apache-2.0 */
/* Events as text rows with exactly the columns of DESIGN, in that order. */
#ifndef ASSENT_ROWS_H
#define ASSENT_ROWS_H

#include <stdio.h>

#include "../format/segment.h"

/* One JSON object and a newline; every column is there, null where it does not apply. Returns 0 or ERROR_IO. */
int jsonl_row(FILE *out, const struct segment_meta *meta, const struct event *event);
/* RFC 4180, '\n' line ends; an empty field is null. Text that a spreadsheet could take for a formula is kept as it is, quoted. */
int csv_header(FILE *out);
int csv_row(FILE *out, const struct segment_meta *meta, const struct event *event);

#endif
