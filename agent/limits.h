/* SPDX-License-Identifier: Apache-2.0 */
/* What may be captured, in which detail: the common word of study, policy and participant. */
#ifndef ASSENT_LIMITS_H
#define ASSENT_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum { STUDY_PATTERNS_MAX = 64 };

enum detail { DETAIL_NONE, DETAIL_CLASS, DETAIL_CODE, DETAIL_TEXT };        /* keys: */
enum pointer_detail { POINTER_NONE, POINTER_BUTTONS, POINTER_FULL };
enum app_detail { APPS_NONE, APPS_ID, APPS_TITLE };

struct pattern_list {            /* globs on executable (path or name), sandbox id, window class */
	int count;
	char pattern[STUDY_PATTERNS_MAX][128];
};

/* After study, policy and participant are merged: only ever tightened. */
struct limits {
	enum detail keys;
	int64_t key_grid_us;             /* 0: exact */
	enum pointer_detail pointer;
	bool scroll;
	enum app_detail apps;
	struct pattern_list only_apps, exclude_apps;
	int64_t retention_us;
};

#endif
