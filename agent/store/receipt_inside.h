/* SPDX-License-Identifier: Apache-2.0 */
/* What receipt.c (reading) and receipt_format.c (writing) have in common. */
#ifndef ASSENT_RECEIPT_INSIDE_H
#define ASSENT_RECEIPT_INSIDE_H

#include "receipt.h"

#define RECEIPT_VERSION "assent-receipt-2"
#define RECEIPT_COLLECTED "asked on a terminal of this computer, each purpose on its own; input is recorded by the program assentd while the decision is in force"
#define RECEIPT_STORED "this computer, encrypted; only the participant can read it, and from its release on the recipient"
#define RECEIPT_ENDED "assent withdraw, at any time and without a reason; assent withdraw --erase also erases; or by the controller's contact"

#define RECEIPT_UNSTATED "not stated"

#define RECEIPT_PARTICIPANT_NAME ",\"participant_signature\":\""
#define RECEIPT_AGENT_NAME ",\"agent_signature\":\""

enum { RECEIPT_DIGITS = 2 * IDENTITY_SIGNATURE };

/* Whose act is it? To ask, and to note that a decision ran out or that its terms changed, are the agent's. */
bool receipt_by_participant(enum ledger_state state);
/* NULL, or what makes it no receipt. */
const char *receipt_fault(const struct receipt *receipt);
/* "PT7776000S". Returns out. */
char *receipt_duration(int64_t us, char out[40]);

#endif
