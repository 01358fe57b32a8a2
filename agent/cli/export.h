/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of assent export share. */
#ifndef ASSENT_EXPORT_H
#define ASSENT_EXPORT_H

#include <signal.h>
#include <stdbool.h>

#include "../dataset/table.h"

enum { EXPORT_REPEATED_MAX = 16 };

struct export_request {
	enum table_format format;
	const char *out, *tombstones;
	bool force, append;
	int keys, purposes, inputs;
	const char *key[EXPORT_REPEATED_MAX], *purpose[EXPORT_REPEATED_MAX];
	const char *const *input;
	const volatile sig_atomic_t *interrupted;
};

/* Is what is there a dataset of a later version? Then it complained, and nothing is to be changed. */
bool export_is_later(const char *out);

/* Many files, one a participant and day (hive.h); else one a study. */
static inline bool export_is_hive(enum table_format format) { return format == TABLE_PARQUET || format == TABLE_ARROW; }

/* A dataset from what was collected of outboxes, with recipients' keys. Complains for itself; an exit code. */
int export_recipient(const struct export_request *q);
/* One's own recordings: inputs are q->inputs paths of segments or of folders of them; none: all. As above. */
int export_own(const struct export_request *q, char **inputs);

#endif
