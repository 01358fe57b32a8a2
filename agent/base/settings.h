/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assent.yaml (the participant's) and policy.yaml (IT's), and the merge with a study. Both can only
 * tighten; where each limit comes from is kept for `assent status`.
 */
#ifndef ASSENT_SETTINGS_H
#define ASSENT_SETTINGS_H

#include "../sensitive_rules.h"
#include "study.h"

enum settings_origin {
	FROM_STUDY, FROM_POLICY, FROM_PARTICIPANT,
	FROM_EVDEV_KEYS,                 /* of keys from the devices: the policy's evdev_keys, or that no policy names any */
	FROM_SOURCE                      /* the source cannot tell more */
};

/* References that a policy can require of a study. */
enum settings_reference { REFERENCE_ETHICS = 1, REFERENCE_IMPACT_ASSESSMENT = 2, REFERENCE_WORKS_AGREEMENT = 4 };

struct settings {                /* one file's wishes; fields that it does not name are not set */
	bool has_keys, has_grid, has_pointer, has_scroll, has_apps, has_retention, has_review;
	struct limits limits;
	int64_t review_us;               /* as the study's; -1: only by hand */
	bool forbid_release;             /* policy only: "release: forbidden" */
	unsigned required;               /* policy only: references that a study must name (REFERENCE_*) */
	bool forbid;                     /* policy only: "capture: forbidden" */
	int permitted;                   /* policy only: studies; -1 = any */
	char permitted_study[64][65];
	struct pattern_list terminals;   /* further terminal emulators, by executable name */
	struct pattern_list programs;    /* further raw-mode programs that may be typed into (shells, editors) */
	struct sensitive_rules sensitive; /* further patterns of sensitive text */
	bool accessibility;              /* participant: switch it on for browsers while recording */
	bool leave_accessibility;        /* policy: not on this machine */
	bool has_evdev_keys;
	enum detail evdev_keys;          /* policy: what the broker may tell of keys, at most CODE; without it CLASS */
	char source[32];                 /* participant: "x11", "x11+evdev", "evdev"; empty is x11 */
	uint8_t hash[32];                /* BLAKE2b-256 of the file; zeros if there is none */
};

struct merged {
	struct limits limits;
	struct sensitive_rules sensitive; /* the built-in ones, the policy's and the participant's */
	int64_t review_us;               /* how long the participant may look before release; -1: released only by hand */
	bool release_forbidden;          /* the policy's: nothing is released, by time or by hand */
	enum settings_origin keys, grid, pointer, scroll, apps, retention, review;
	int only_from_study, exclude_from_policy, exclude_from_participant; /* how many patterns each gave */
	bool accessibility;              /* switch it on while recording */
	bool hotkey_dead;                /* nobody would tell that the participant's hotkey for private mode was pressed: forbidden, too */
	bool forbidden;                  /* policy forbids capture, or this study */
	const char *why;                 /* when forbidden: which rule, for people; a constant */
	uint8_t hash[32];                /* over everything above: the segment's policy hash */
};

/* A file that does not exist is an empty settings (0). Keys of both: capture, retention, review, terminals, programs, sensitive,
 * accessibility; of the policy: studies, require, release, exclude_apps, evdev_keys; of the participant: source, private_hotkey. More exclusions or
 * patterns than a list holds: forbidden.
 * A policy must be root's, in a folder of root's, and writable by nobody else: else ERROR_DENIED, and error says which; what others could
 * have written is nobody's policy, and as a policy that was taken away may have forbidden all, nothing may be recorded. So it is with one
 * that is there and cannot be read. */
int settings_load(const char *path, bool is_policy, struct settings *s, struct config_error *error);
int settings_parse(const char *name, const char *text, size_t length, bool is_policy, struct settings *s, struct config_error *error);
/* How long anything is kept at most, whatever its study says; 0: neither says. */
int64_t settings_retention_us(const struct settings *policy, const struct settings *participant);
/* With the source evdev (participant->source: what records, if that is another than the file says) keys are at most codes, since nobody tells what
 * a key types there, and at most what the policy lets the broker tell; with less than codes no hotkey is permitted. */
void settings_merge(const struct study *study, const struct settings *policy, const struct settings *participant, struct merged *out);

/* "study", "policy", "participant", "evdev_keys", "source": for scripts. */
const char *settings_origin_name(enum settings_origin from);

/* The references that a study names, and each reference's name in a manifest and a policy ("works_agreement"; NULL: there is no such bit). */
unsigned settings_references(const struct study *study);
const char *settings_reference_name(unsigned bit);

#endif
