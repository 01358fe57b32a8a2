/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's part in private mode: hands a request to capture, and keeps the mark (store/mark.h) so that the mode
 * outlives every process. Capture has the last word on what it is (a hotkey switches it, too); where there is no capture,
 * the supervisor has.
 */
#ifndef ASSENT_PRIVATE_H
#define ASSENT_PRIVATE_H

#include <stdbool.h>

#include "stats.h"

struct private_mode {
	struct stats *stats;
	const char *mark;                /* path; borrowed */
	int asked_fd;                    /* eventfd to capture */
	int told_fd;                     /* eventfd from capture: call private_keep when it is readable */
	bool marked;                     /* the mark is there */
};

/* Takes over what the mark says. ERROR_IO. */
int private_open(struct private_mode *p, struct stats *stats, const char *mark);
/* The participant wants it. capture: it runs, and takes the request (private_pending until it has). */
void private_ask(struct private_mode *p, bool on, bool capture);
bool private_pending(const struct private_mode *p);
/* Capture is gone: what it had not taken yet holds for the next one. */
void private_capture_gone(struct private_mode *p);
/* Makes the mark say what is. */
void private_keep(struct private_mode *p);

#endif
