/* SPDX-License-Identifier: Apache-2.0 */
/* What a manifest's, a policy's and a participant's "capture:" have in common, and the words for each limit. */
#ifndef ASSENT_BOUNDS_H
#define ASSENT_BOUNDS_H

#include "study.h"

enum bounds_named { BOUNDS_KEYS = 1, BOUNDS_GRID = 2, BOUNDS_POINTER = 4, BOUNDS_SCROLL = 8, BOUNDS_APPS = 16,
	BOUNDS_ONLY = 32, BOUNDS_EXCLUDE = 64 };

/* Reads a capture map into *limits; what it does not name is left as it was. *named: which it names (BOUNDS_*). */
int bounds_read(const struct config *c, const struct config_node *map, struct limits *limits, unsigned *named, struct config_error *error);
/* A list of globs, appended to *list. node may be NULL. */
int bounds_patterns(const struct config *c, const struct config_node *node, struct pattern_list *list, struct config_error *error);
/* A duration between min and max; node may be NULL. */
int bounds_duration(const struct config *c, const struct config_node *node, int64_t min_us, int64_t max_us, int64_t *out_us, struct config_error *error);

/* As the manifest writes them: "class", "20ms", "buttons", "id". */
const char *bounds_keys_name(enum detail keys);
const char *bounds_grid_name(int64_t grid_us);
const char *bounds_pointer_name(enum pointer_detail pointer);
const char *bounds_apps_name(enum app_detail apps);
/* "90 days", "36 hours", "20 ms": the largest unit that is exact. Returns out. */
char *bounds_duration_text(int64_t us, char out[48]);

#endif
