/* SPDX-License-Identifier: Apache-2.0 */
/* Between sink.c and sink_segment.c. */
#ifndef ASSENT_SINK_INSIDE_H
#define ASSENT_SINK_INSIDE_H

#include "sink.h"

#define SINK_HOUR_US (INT64_C(3600) * 1000000)

/* A new segment: its header is in pending, nothing of it on the disk. Not the disk's errors: ERROR_MEMORY, ERROR_UNSUPPORTED. */
int sink_begin(struct sink *s);
/* A segment without events leaves nothing. Its key goes first, as always. */
void sink_discard(struct sink *s, struct output *file, bool keyed);
const char *sink_key_name(const char *segment, char out[SPOOL_NAME_MAX + 8]);

#endif
