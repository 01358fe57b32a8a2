/* SPDX-License-Identifier: Apache-2.0 */
/* What export.c and export_recipient.c share. */
#ifndef ASSENT_EXPORT_H
#define ASSENT_EXPORT_H

#include <signal.h>
#include <stdbool.h>

enum { EXPORT_REPEATED_MAX = 16 };

struct export_request {
	const char *format, *out, *tombstones;
	bool csv, force;
	int keys, purposes, inputs;
	const char *key[EXPORT_REPEATED_MAX], *purpose[EXPORT_REPEATED_MAX];
	const char *const *input;
	const volatile sig_atomic_t *interrupted;
};

/* A dataset from what was collected of outboxes, with recipients' keys. Complains for itself; an exit code. */
int export_recipient(const struct export_request *q);

#endif
