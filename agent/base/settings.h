/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assent.yaml (the participant's) and policy.yaml (IT's), and the merge with a study. Both can only
 * tighten; where each limit comes from is kept for `assent status`.
 */
#ifndef ASSENT_SETTINGS_H
#define ASSENT_SETTINGS_H

#include "../sensitive_rules.h"
#include "study.h"

enum settings_origin { FROM_STUDY, FROM_POLICY, FROM_PARTICIPANT };

struct settings {                /* one file's wishes; fields that it does not name are not set */
	bool has_keys, has_grid, has_pointer, has_scroll, has_apps, has_retention;
	struct limits limits;
	bool forbid;                     /* policy only: "capture: forbidden" */
	int permitted;                   /* policy only: studies; -1 = any */
	char permitted_study[64][65];
	struct pattern_list terminals;   /* further terminal emulators, by executable name */
	struct pattern_list programs;    /* further raw-mode programs that may be typed into (shells, editors) */
	struct sensitive_rules sensitive; /* further patterns of sensitive text */
	bool accessibility;              /* participant: switch it on for browsers while recording */
	bool leave_accessibility;        /* policy: not on this machine */
	char source[32];                 /* participant: "x11", "evdev" or empty */
	uint8_t hash[32];                /* BLAKE2b-256 of the file; zeros if there is none */
};

struct merged {
	struct limits limits;
	struct sensitive_rules sensitive; /* the built-in ones, the policy's and the participant's */
	enum settings_origin keys, grid, pointer, scroll, apps, retention;
	int only_from_study, exclude_from_policy, exclude_from_participant; /* how many patterns each gave */
	bool accessibility;              /* switch it on while recording */
	bool forbidden;                  /* policy forbids capture, or this study */
	const char *why;                 /* when forbidden: which rule, for people; a constant */
	uint8_t hash[32];                /* over everything above: the segment's policy hash */
};

/* A file that does not exist is an empty settings (0). Keys of both: capture, retention, terminals, programs, sensitive,
 * accessibility;
 * of the policy: studies, exclude_apps; of the participant: source, private_hotkey. More exclusions or patterns than a list holds: forbidden. */
int settings_load(const char *path, bool is_policy, struct settings *s, struct config_error *error);
int settings_parse(const char *name, const char *text, size_t length, bool is_policy, struct settings *s, struct config_error *error);
void settings_merge(const struct study *study, const struct settings *policy, const struct settings *participant, struct merged *out);

#endif
