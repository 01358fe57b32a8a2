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

/* Modifiers and one key, pressed together. code 0: none. */
enum { CHORD_CTRL = 1, CHORD_ALT = 2, CHORD_SHIFT = 4, CHORD_SUPER = 8 };
struct hotkey_chord {
	uint8_t modifiers;               /* CHORD_*; whether left or right does not matter */
	int16_t code;                    /* KEY_* */
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
	struct hotkey_chord private_hotkey; /* the participant's alone */
};

#endif
