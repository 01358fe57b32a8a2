/* SPDX-License-Identifier: Apache-2.0 */
/* What a crash left in a spool, made whole. */
#ifndef ASSENT_RECOVER_H
#define ASSENT_RECOVER_H

#include "../stats.h"

/*
 * For every .part below directory (the caller holds its lock): the torn tail is cut off, a gap of reason crash
 * (from the last event to now) and a footer are appended, and it becomes a .seg. Empty ones are removed; one without a
 * readable header becomes .damaged. shown is the directory's path for messages, which are logged here: this is
 * a part of the writer process. A file that cannot be mended now stays a .part. ERROR_IO: the directory cannot be read; ERROR_MEMORY.
 */
int recover_spool(int directory, const char *shown, int level, struct stats *stats);

#endif
