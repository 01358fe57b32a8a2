/* SPDX-License-Identifier: Apache-2.0 */
/* What a crash left in a spool, made whole. */
#ifndef ASSENT_RECOVER_H
#define ASSENT_RECOVER_H

#include "../stats.h"

/*
 * For every .part below directory (the caller holds its lock): the torn tail is cut off, a cut (FORMAT.md: a gap of reason crash,
 * from the last event to now) is appended, and it becomes a .seg. No key is needed, as there is none. Empty ones are removed, their key first; one
 * without a readable header becomes .damaged. What sealing left half done (.sealed.tmp) is removed: the journal is there, and stays one, as nobody
 * has the key any more. shown is the directory's path for messages, which are logged here: this is
 * a part of the writer process. A file that cannot be mended now stays a .part. ERROR_IO: the directory cannot be read; ERROR_MEMORY.
 */
int recover_spool(int directory, const char *shown, struct stats *stats);

#endif
