/* SPDX-License-Identifier: Apache-2.0 */
/* What ledger.c (reading) and ledger_append.c have in common. */
#ifndef ASSENT_LEDGER_INSIDE_H
#define ASSENT_LEDGER_INSIDE_H

#include "head.h"
#include "receipt.h"

enum ledger_head { HEAD_GOOD, HEAD_NONE, HEAD_BAD };

/* One pass over the file, and what it found. */
struct ledger_pass {
	struct ledger_view *view;
	struct ledger_trust *trust;
	enum ledger_head found;
	struct head head;
	uint8_t last[RECEIPT_HASH];      /* of the last whole line; zeros: there is none */
	size_t whole;                    /* bytes up to the end of it */
	int lines;
	bool torn;                       /* something follows that has no newline */
	bool by_head;                    /* it is damaged in the head's judgement */
	bool first_is_yes;
	bool passed;                     /* the line that the head names is there */
	bool other;                      /* not the lines that were read before */
	int64_t force_us;
};

/* Reads what is open as fd once, with the head beside path. 0, also when what it finds is damaged (the view says so); ERROR_IO, ERROR_MEMORY. */
int ledger_pass(const char *path, int fd, struct ledger_trust *trust, struct ledger_view *view, struct ledger_pass *p);

#endif
