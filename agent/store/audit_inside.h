/* SPDX-License-Identifier: Apache-2.0 */
/* What audit.c (reading) and audit_history.c (what was read, and questions about it) have in common. */
#ifndef ASSENT_AUDIT_INSIDE_H
#define ASSENT_AUDIT_INSIDE_H

#include "audit.h"
#include "receipt.h"

struct decision {
	uint8_t hash[RECEIPT_HASH];
	struct receipt receipt;
	bool yes;
	int64_t ended_us;                /* INT64_MAX: nothing ended it before its until_us */
	const char *ended;               /* what did, for people */
};

struct pause {
	int decision;
	int64_t from_us, until_us;       /* INT64_MAX: still paused */
};

struct audit {
	char why[256];
	bool released;                   /* a recipient's receipts, not a ledger */
	struct decision *decisions;
	struct pause *pauses;
	int count, pause_count;
	int current;                     /* the yes in force while reading, or -1 */
	bool paused;                     /* the last pause is open */
	int lines, signatures;
};

/* The next line. The same meaning of each as ledger_read gives it. ERROR_MEMORY. */
int audit_apply(struct audit *a, const struct receipt *r, const uint8_t hash[RECEIPT_HASH]);

#endif
