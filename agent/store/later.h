/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a later version of Assent, as a downgrade finds them. Whoever would change something in a data folder looks here first, and changes nothing
 * where there is one: what this program cannot read it might take for damaged, or for due. Each file says its version in its first bytes; besides,
 * the folder itself may: data/version, "assent data N". A folder without that file is of version 1. A later program that leaves something that
 * this one would not notice, or misread, writes it first.
 *
 * Withdrawing and erasing are not held up by it: they are the participant's word, and end things.
 */
#ifndef ASSENT_LATER_H
#define ASSENT_LATER_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/places.h"

enum { LATER_TEXT = 2048 };

/* Is this file of a later version? Then why says so, with both versions and the remedy. What cannot be read is not. */
bool later_file(const char *path, char why[LATER_TEXT]);
/* Is there such a file in the data folder: itself, identity, ledger and its head, secrets, a plan, segments and their key files? */
bool later_find(const struct places *places, char why[LATER_TEXT]);

#endif
