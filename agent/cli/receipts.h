/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSENT_RECEIPTS_H
#define ASSENT_RECEIPTS_H

#include "../store/receipt.h"
#include "session.h"

/* Prints a yes (and its line in the ledger) as a Consent Receipt of the Kantara Initiative, version 1.1: one JSON object on a line. Of what the
 * specification requires, this program has no policyUrl: it names the notice by its hash, and assent notice shows it. EXIT_DONE, EXIT_FAILED. */
int receipts_kantara(struct session *s, const struct receipt *r, const char *line, size_t length);

#endif
