/* SPDX-License-Identifier: Apache-2.0 */
/* What the lines of a ledger mean, one after the other. Pure: no file, no clock. */
#ifndef ASSENT_STANDING_H
#define ASSENT_STANDING_H

#include "receipt.h"

/* What may be wrong with a clock, and capture goes on: no more than `assent verify` forgives (AUDIT_SLACK_US), or what is recorded now would be called not permitted. */
#define STANDING_SLACK_US INT64_C(1000000)

/* The next line. force_us: newest time of the decision in force and what came after it. */
void standing_apply(struct ledger_view *view, int64_t *force_us, const struct receipt *receipt, const uint8_t hash[RECEIPT_HASH]);
/* What the view means at now_us, with why in words. A view that is damaged is left as it is. */
void standing_judge(struct ledger_view *view, int64_t force_us, int64_t now_us);

#endif
