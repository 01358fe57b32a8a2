/* SPDX-License-Identifier: Apache-2.0 */
/* Policy and participant can only tighten, and it is known who did. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/base/places.h"
#include "../../agent/base/settings.h"
#include "../../agent/error.h"
#include "../format/cmocka_all.h"

#define DAY_US INT64_C(86400000000)

static struct settings read_one(const char *text, bool is_policy)
{
	struct settings s;
	struct config_error error;
	if (settings_parse("f", text, strlen(text), is_policy, &s, &error))
		fail_msg("%s", error.text);
	return s;
}

static struct study *wide(void)
{
	static const char text[] = "assent: 1\nstudy: wide\ntitle: {en: T}\ncontroller: {name: N, contact: C}\n"
		"purposes: [{id: abc, category: hci-research, text: {en: P}}]\nretention: 90d\nconsent_valid: 180d\nnotice: {en: X}\n"
		"capture: {keys: text, key_time: exact, pointer: full, scroll: true, apps: title, only_apps: [o], exclude_apps: [a]}\n";
	struct study *s;
	struct config_error error;
	if (study_parse("s", text, sizeof text - 1, &s, &error))
		fail_msg("%s", error.text);
	return s;
}

static void nothing_said(void **state)
{
	struct study *s = wide();
	struct settings p = read_one("", true), u = read_one("", false);
	struct merged m;
	(void)state;
	settings_merge(s, &p, &u, &m);
	assert_memory_equal(&m.limits, &s->capture, sizeof m.limits);
	assert_false(m.forbidden);
	assert_int_equal(m.keys, FROM_STUDY);
	assert_int_equal(m.only_from_study, 1);
	study_free(s);
}

static void tightens(void **state)
{
	struct study *s = wide();
	struct settings p = read_one("capture: {keys: code, pointer: buttons, exclude_apps: [b, a]}\nretention: 30d\nexclude_apps: [c]\n", true);
	struct settings u = read_one("capture: {keys: class, key_time: 100ms, scroll: false, apps: none, exclude_apps: [d, b]}\n", false);
	struct merged m, again;
	(void)state;
	settings_merge(s, &p, &u, &m);
	assert_int_equal(m.limits.keys, DETAIL_CLASS);
	assert_int_equal(m.keys, FROM_PARTICIPANT);
	assert_int_equal(m.limits.key_grid_us, 100000);
	assert_int_equal(m.grid, FROM_PARTICIPANT);
	assert_int_equal(m.limits.pointer, POINTER_BUTTONS);
	assert_int_equal(m.pointer, FROM_POLICY);
	assert_false(m.limits.scroll);
	assert_int_equal(m.limits.apps, APPS_NONE);
	assert_int_equal(m.limits.retention_us, 30 * DAY_US);
	assert_int_equal(m.retention, FROM_POLICY);
	assert_int_equal(m.limits.exclude_apps.count, 4);
	assert_int_equal(m.exclude_from_policy, 2);
	assert_int_equal(m.exclude_from_participant, 1);
	settings_merge(s, &p, &u, &again);
	assert_memory_equal(m.hash, again.hash, sizeof m.hash);
	u.limits.keys = DETAIL_NONE;
	settings_merge(s, &p, &u, &again);
	assert_memory_not_equal(m.hash, again.hash, sizeof m.hash);
	study_free(s);
}

static void never_widens(void **state)
{
	struct study *s = wide();
	struct merged m;
	(void)state;
	s->capture = (struct limits){.keys = DETAIL_CLASS, .key_grid_us = 100000, .retention_us = DAY_US};
	struct settings p = read_one("capture: {keys: text, key_time: exact, pointer: full, scroll: true, apps: title}\nretention: 999d\n", true);
	struct settings u = read_one("capture: {keys: text, key_time: 20ms, pointer: full, scroll: true, apps: title}\n", false);
	settings_merge(s, &p, &u, &m);
	assert_memory_equal(&m.limits, &s->capture, sizeof m.limits);
	assert_int_equal(m.keys, FROM_STUDY);
	study_free(s);
}

static void forbids(void **state)
{
	struct study *s = wide();
	struct settings none = read_one("", false), p;
	struct merged m;
	(void)state;
	p = read_one("capture: forbidden\n", true);
	settings_merge(s, &p, &none, &m);
	assert_true(m.forbidden);
	assert_non_null(strstr(m.why, "capture: forbidden"));
	p = read_one("studies: [other]\n", true);
	settings_merge(s, &p, &none, &m);
	assert_true(m.forbidden);
	assert_non_null(strstr(m.why, "studies"));
	p = read_one("studies: []\n", true);
	settings_merge(s, &p, &none, &m);
	assert_true(m.forbidden);
	p = read_one("studies: [other, wide]\n", true);
	settings_merge(s, &p, &none, &m);
	assert_false(m.forbidden);
	study_free(s);
}

/* The longest review wins, and by hand is the longest; nobody makes it shorter. */
static void holds_back(void **state)
{
	struct study *s = wide();
	struct settings none = read_one("", true), p, u;
	struct merged m, plain;
	(void)state;
	s->review_us = 3 * DAY_US;
	settings_merge(s, &none, &none, &plain);
	assert_int_equal(plain.review_us, 3 * DAY_US);
	assert_int_equal(plain.review, FROM_STUDY);
	assert_false(plain.release_forbidden);
	p = read_one("review: 7d\n", true);
	u = read_one("review: 1h\n", false);
	settings_merge(s, &p, &u, &m);
	assert_int_equal(m.review_us, 7 * DAY_US);
	assert_int_equal(m.review, FROM_POLICY);
	assert_memory_not_equal(m.hash, plain.hash, sizeof m.hash);
	u = read_one("review: manual\n", false);
	settings_merge(s, &p, &u, &m);
	assert_int_equal(m.review_us, -1);
	assert_int_equal(m.review, FROM_PARTICIPANT);
	p = read_one("release: manual\n", true);
	settings_merge(s, &p, &none, &m);
	assert_int_equal(m.review_us, -1);
	assert_int_equal(m.review, FROM_POLICY);
	assert_false(m.release_forbidden);
	p = read_one("release: forbidden\n", true);
	settings_merge(s, &p, &none, &m);
	assert_true(m.release_forbidden);
	assert_int_equal(m.review_us, 3 * DAY_US);
	assert_false(m.forbidden);
	assert_memory_not_equal(m.hash, plain.hash, sizeof m.hash);
	/* What a study says is by hand stays so. */
	s->review_us = -1;
	p = read_one("review: 0s\n", true);
	u = read_one("review: 3650d\n", false);
	settings_merge(s, &p, &u, &m);
	assert_int_equal(m.review_us, -1);
	assert_int_equal(m.review, FROM_STUDY);
	study_free(s);
}

/* A study without a reference that is required may not be recorded, and it is said which. */
static void requires(void **state)
{
	static const struct { const char *name; size_t offset; } all[] = {
		{"ethics", offsetof(struct study, ethics)}, {"impact_assessment", offsetof(struct study, impact_assessment)},
		{"works_agreement", offsetof(struct study, works_agreement)},
	};
	struct study *s = wide();
	struct settings none = read_one("", true), p = read_one("require: {references: [ethics, works_agreement, impact_assessment]}\n", true);
	struct merged m;
	(void)state;
	assert_int_equal(p.required, REFERENCE_ETHICS | REFERENCE_IMPACT_ASSESSMENT | REFERENCE_WORKS_AGREEMENT);
	for (size_t missing = 0; missing < 3; missing++) {
		for (size_t i = 0; i < 3; i++)
			strcpy((char *)s + all[i].offset, i == missing ? " " : "2026-1");
		settings_merge(s, &p, &none, &m);
		assert_true(m.forbidden);
		assert_non_null(strstr(m.why, all[missing].name));
		strcpy((char *)s + all[missing].offset, "2026-2");
		settings_merge(s, &p, &none, &m);
		assert_false(m.forbidden);
	}
	p = read_one("require: {references: []}\n", true);
	memset(s->ethics, 0, sizeof s->ethics);
	settings_merge(s, &p, &none, &m);
	assert_false(m.forbidden);
	study_free(s);
}

static unsigned next(unsigned *seed)
{
	*seed = *seed * 1103515245U + 12345U;
	return *seed >> 16;
}

/*
 * Property: whatever policy and participant say, the result is within the study and within each of them, and what they
 * exclude is excluded.
 */
static void never_more(void **state)
{
	static const char *const keys[] = {"none", "class", "code", "text"}, *const grids[] = {"exact", "20ms", "100ms"};
	static const char *const pointers[] = {"none", "buttons", "full"}, *const apps[] = {"none", "id", "title"};
	static const char *const reviews[] = {"0s", "72h", "manual", "9d"}, *const kept[] = {"1d", "30d", "400d"},
		*const sources[] = {"", "x11", "x11+evdev", "evdev"};
	struct study *s = wide();
	struct settings f[2];
	struct merged m;
	unsigned seed = 7;
	(void)state;
#define PICK(list) ((list)[next(&seed) % (sizeof(list) / sizeof *(list))])
	for (int round = 0; round < 3000; round++) {
		char text[400];
		s->capture.keys = (enum detail)(round % 4);
		s->capture.pointer = (enum pointer_detail)(round % 3);
		s->capture.apps = (enum app_detail)(round / 3 % 3);
		s->capture.scroll = round % 2;
		s->capture.key_grid_us = round % 5 ? 20000 : 0;
		s->review_us = round % 7 ? round * INT64_C(3600000000) % (4 * DAY_US) : -1;
		for (int k = 0; k < 2; k++) {
			snprintf(text, sizeof text, "capture: {keys: %s, key_time: %s, pointer: %s, apps: %s, scroll: %s, exclude_apps: [x%d]}\nretention: %s\nreview: %s\n",
				 PICK(keys), PICK(grids), PICK(pointers), PICK(apps), round % 3 ? "true" : "false", k, PICK(kept), PICK(reviews));
			f[k] = read_one(text, k == 0);
		}
		snprintf(f[1].source, sizeof f[1].source, "%s", PICK(sources));
		f[0].has_evdev_keys = round % 2;
		f[0].evdev_keys = (enum detail)(round % 3);
		settings_merge(s, &f[0], &f[1], &m);
		const struct limits *l = &m.limits, *bound[] = {&s->capture, &f[0].limits, &f[1].limits};
		const int64_t review[] = {s->review_us, f[0].review_us, f[1].review_us};
		for (int k = 0; k < 3; k++) {
			assert_true(l->keys <= bound[k]->keys && l->pointer <= bound[k]->pointer && l->apps <= bound[k]->apps);
			assert_true(l->scroll <= bound[k]->scroll && l->key_grid_us >= bound[k]->key_grid_us);
			assert_true(l->retention_us <= bound[k]->retention_us);
			assert_true(m.review_us < 0 || (review[k] >= 0 && m.review_us >= review[k]));
		}
		assert_int_equal(l->exclude_apps.count, 3);
		assert_false(m.forbidden);
	}
	study_free(s);
}

/* From the devices keys are no more than codes, and no more than the policy lets the broker tell; from the X server they are what they were. */
static void by_source(void **state)
{
	static const struct { const char *policy, *participant; enum detail study, keys; enum settings_origin from; } cases[] = {
		{"", "source: evdev\n", DETAIL_TEXT, DETAIL_CLASS, FROM_EVDEV_KEYS},
		{"evdev_keys: class\n", "source: evdev\n", DETAIL_CODE, DETAIL_CLASS, FROM_EVDEV_KEYS},
		{"evdev_keys: none\n", "source: evdev\n", DETAIL_CLASS, DETAIL_NONE, FROM_EVDEV_KEYS},
		{"evdev_keys: code\n", "source: evdev\n", DETAIL_TEXT, DETAIL_CODE, FROM_SOURCE},
		{"evdev_keys: code\n", "source: evdev\n", DETAIL_CODE, DETAIL_CODE, FROM_STUDY},
		{"evdev_keys: code\ncapture: {keys: class}\n", "source: evdev\n", DETAIL_TEXT, DETAIL_CLASS, FROM_POLICY},
		{"evdev_keys: code\n", "source: evdev\ncapture: {keys: none}\n", DETAIL_TEXT, DETAIL_NONE, FROM_PARTICIPANT},
		{"", "source: evdev\n", DETAIL_CLASS, DETAIL_CLASS, FROM_STUDY},
		{"", "source: x11+evdev\n", DETAIL_TEXT, DETAIL_TEXT, FROM_STUDY},
		{"evdev_keys: none\n", "source: x11+evdev\n", DETAIL_TEXT, DETAIL_TEXT, FROM_STUDY},
		{"evdev_keys: none\n", "source: x11\n", DETAIL_TEXT, DETAIL_TEXT, FROM_STUDY},
		{"evdev_keys: none\n", "", DETAIL_TEXT, DETAIL_TEXT, FROM_STUDY},
	};
	struct study *s = wide();
	struct merged m, other;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct settings p = read_one(cases[i].policy, true), u = read_one(cases[i].participant, false);
		s->capture.keys = cases[i].study;
		settings_merge(s, &p, &u, &m);
		if (m.limits.keys != cases[i].keys || m.keys != cases[i].from)
			fail_msg("case %zu: keys %d from %s", i, m.limits.keys, settings_origin_name(m.keys));
	}
	/* Another source is another recording; the one that is not named is X11. */
	struct settings none = read_one("", true), x = read_one("source: x11\n", false), both = read_one("source: x11+evdev\n", false);
	settings_merge(s, &none, &none, &m);
	settings_merge(s, &none, &x, &other);
	assert_memory_equal(m.hash, other.hash, sizeof m.hash);
	settings_merge(s, &none, &both, &other);
	assert_memory_not_equal(m.hash, other.hash, sizeof m.hash);
	study_free(s);
}

/* A hotkey that nobody would hear must not be relied on: then nothing is recorded. */
static void hotkey_needs_codes(void **state)
{
	static const struct { const char *policy, *participant; enum detail study; bool dead; } cases[] = {
		{"", "source: evdev\nprivate_hotkey: ctrl+alt+p\n", DETAIL_TEXT, true},
		{"evdev_keys: code\n", "source: evdev\nprivate_hotkey: ctrl+alt+p\n", DETAIL_CLASS, true},
		{"evdev_keys: code\n", "source: evdev\nprivate_hotkey: ctrl+alt+p\n", DETAIL_NONE, true},
		{"evdev_keys: code\n", "source: evdev\nprivate_hotkey: ctrl+alt+p\n", DETAIL_CODE, false},
		{"", "source: evdev\n", DETAIL_CLASS, false},
		{"", "source: x11+evdev\nprivate_hotkey: ctrl+alt+p\n", DETAIL_NONE, false},
		{"", "private_hotkey: ctrl+alt+p\n", DETAIL_CLASS, false},
	};
	struct study *s = wide();
	struct merged m;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct settings p = read_one(cases[i].policy, true), u = read_one(cases[i].participant, false);
		s->capture.keys = cases[i].study;
		settings_merge(s, &p, &u, &m);
		if (m.forbidden != cases[i].dead || m.hotkey_dead != cases[i].dead)
			fail_msg("case %zu: %d", i, m.forbidden);
	}
	/* What IT forbids is told before that. */
	struct settings p = read_one("capture: forbidden\n", true), u = read_one(cases[0].participant, false);
	settings_merge(s, &p, &u, &m);
	assert_non_null(strstr(m.why, "policy"));
	study_free(s);
}

/* Patterns of sensitive text are added to those that are built in, and none goes away. */
static void adds_patterns(void **state)
{
	static const char one[] = "sensitive: [{name: x, parts: [{text: pat-, strong: 4}, {chars: digit, times: 2-8, gap: \" \"}]}]\n";
	static const char two[] = "sensitive:\n- name: y\n  parts: [{chars: [letter, \"_\"], times: 3}]\n  until: [{text: end}]\n";
	struct study *s = wide();
	struct settings none = read_one("", true), p = read_one(one, true), u = read_one(two, false);
	struct merged m, more;
	(void)state;
	settings_merge(s, &none, &none, &m);
	int builtin = m.sensitive.patterns;
	assert_true(builtin >= 8);
	settings_merge(s, &p, &u, &more);
	assert_int_equal(more.sensitive.patterns, builtin + 3);
	assert_memory_equal(&m.sensitive.pattern[0], &more.sensitive.pattern[0], (size_t)builtin * sizeof m.sensitive.pattern[0]);
	assert_memory_not_equal(m.hash, more.hash, sizeof m.hash);
	const struct sensitive_pattern *x = &more.sensitive.pattern[builtin], *y = x + 1;
	assert_string_equal(x->part[0].text, "PAT-");
	assert_int_equal(x->part[0].strong, 4);
	assert_int_equal(x->part[1].min, 2);
	assert_int_equal(x->part[1].max, 8);
	assert_true(sensitive_set_has(&x->part[1].gap, ' '));
	assert_int_equal(y->until, builtin + 2);
	assert_true((y + 1)->is_end);
	/* More than there is room for: forbidden, not forgotten. */
	p.sensitive.patterns = SENSITIVE_PATTERNS_MAX;
	settings_merge(s, &p, &u, &more);
	assert_true(more.forbidden);
	study_free(s);
}

/* Only the participant switches it on, and the policy may not let them. */
static void accessibility(void **state)
{
	struct study *s = wide();
	struct settings none = read_one("", true), leave = read_one("accessibility: leave\n", true);
	struct settings on = read_one("accessibility: on\n", false), off = read_one("accessibility: leave\n", false);
	struct merged without, with;
	(void)state;
	settings_merge(s, &none, &off, &without);
	assert_false(without.accessibility);
	settings_merge(s, &none, &on, &with);
	assert_true(with.accessibility);
	assert_memory_not_equal(with.hash, without.hash, sizeof with.hash);
	settings_merge(s, &leave, &on, &with);
	assert_false(with.accessibility);
	study_free(s);
}

/* More than fits: forbidden, not forgotten. */
static void too_many(void **state)
{
	struct study *s = wide();
	struct settings p = read_one("", true), u = read_one("", false);
	struct merged m;
	(void)state;
	for (int i = 0; i < STUDY_PATTERNS_MAX; i++) {
		u.limits.exclude_apps.pattern[i][0] = 'x';
		u.limits.exclude_apps.pattern[i][1] = (char)('0' + i);
	}
	u.limits.exclude_apps.count = STUDY_PATTERNS_MAX;
	settings_merge(s, &p, &u, &m);
	assert_true(m.forbidden);
	study_free(s);
}

static void refuses(void **state)
{
	static const struct { const char *text; bool is_policy; const char *says; } cases[] = {
		{"capture: forbidden\n", false, "f:1: capture: must be a map"},
		{"capture: allowed\n", true, "f:1: capture: must be the word forbidden"},
		{"capture: {only_apps: [x]}\n", false, "f:1: capture.only_apps: only a study"},
		{"capture: {only_apps: [x]}\n", true, "f:1: capture.only_apps: only a study"},
		{"studies: [x]\n", false, "f:1: studies: unknown key"},
		{"source: x11\n", true, "f:1: source: unknown key"},
		{"source: wayland\n", false, "f:1: source: \"wayland\" is not permitted (one of: x11, x11+evdev, evdev)"},
		{"accessibility: on\n", true, "f:1: accessibility: \"on\" is not permitted (one of: leave)"},
		{"accessibility: yes\n", false, "f:1: accessibility: \"yes\" is not permitted (one of: leave, on)"},
		{"require: ethics\n", true, "f:1: require: is a single value, must be a map"},
		{"require: {}\n", true, "f:1: require: references is missing"},
		{"require: {references: ethics}\n", true, "f:1: require.references: must be a list"},
		{"require: {references: [works-agreement]}\n", true, "f:1: require.references[0]: \"works-agreement\" is not permitted (one of: ethics, impact_assessment, works_agreement)"},
		{"require: {refernces: [ethics]}\n", true, "f:1: require.refernces: unknown key (did you mean \"references\"?)"},
		{"require: {references: [ethics]}\n", false, "f:1: require: unknown key"},
		{"release: now\n", true, "f:1: release: \"now\" is not permitted (one of: forbidden, manual)"},
		{"release: manual\n", false, "f:1: release: unknown key"},
		{"evdev_keys: class\n", false, "f:1: evdev_keys: unknown key"},
		{"review: never\n", true, "f:1: review: \"never\" is not a duration"},
		{"join: typing-2026\n", true, "f:1: join: unknown key"},
		{"hidden: true\n", true, "f:1: hidden: unknown key"},
		{"retentoin: 3d\n", true, "f:1: retentoin: unknown key (did you mean \"retention\"?)"},
		{"consent: yes\n", false, "f:1: consent: unknown key"},
		{"retention: soon\n", true, "f:1: retention: \"soon\" is not a duration"},
		{"studies: typing\n", true, "f:1: studies: must be a list"},
		{"terminals: {a: b}\n", false, "f:1: terminals: must be a list"},
		{"sensitive: card\n", false, "f:1: sensitive: must be a list of patterns"},
		{"sensitive:\n- x\n", false, "f:2: sensitive[0]: is a single value, must be a map"},
		{"sensitive:\n- {name: x}\n", false, "f:2: sensitive[0]: must have a name and parts"},
		{"sensitive:\n- {name: x, parts: []}\n", true, "f:2: sensitive[0].parts: must be a list of parts"},
		{"sensitive:\n- name: x\n  parts:\n  - {times: 3}\n", true, "f:4: sensitive[0].parts[0]: must have either chars or text"},
		{"sensitive:\n- name: x\n  parts:\n  - {chars: digits}\n", true, "f:4: sensitive[0].parts[0].chars: \"digits\" is no class"},
		{"sensitive:\n- {name: x, parts: [{chars: \"\\u00e4\"}]}\n", true, "f:2: sensitive[0].parts[0].chars: must be a class"},
		{"sensitive:\n- {name: x, parts: [{chars: digit, times: 5-3}]}\n", true, "f:2: sensitive[0].parts[0].times: must be a number"},
		{"sensitive:\n- {name: x, parts: [{chars: digit, times: 193}]}\n", true, "f:2: sensitive[0].parts[0].times: must be a number"},
		{"sensitive:\n- {name: x, parts: [{chars: digit, times: -1}]}\n", true, "f:2: sensitive[0].parts[0].times: must be a number"},
		{"sensitive:\n- {name: x, parts: [{chars: digit, times: 0-1}]}\n", true, "f:2: sensitive[0].parts: must begin and end"},
		{"sensitive:\n- {name: x, parts: [{chars: digit, strong: 2}]}\n", true, "f:2: sensitive[0].parts[0].strong: must be a whole number from 1 to 1"},
		{"sensitive:\n- {name: x, parts: [{chars: digit, gap: digit}]}\n", true, "f:2: sensitive[0].parts[0].gap: has a character that chars has"},
		{"sensitive:\n- {name: x, parts: [{chars: digit}], check: regex}\n", true, "f:2: sensitive[0].check: \"regex\" is not permitted (one of: luhn,"},
		{"sensitive:\n- {name: x, parts: [{chars: digit}], chekc: luhn}\n", true, "f:2: sensitive[0].chekc: unknown key (did you mean \"check\"?)"},
		{"sensitive:\n- {name: x, parts: [{text: a, times: 2}]}\n", true, "f:2: sensitive[0].parts[0].times: is for chars"},
		{"sensitive:\n- {name: x, parts: [{text: a}], until: [{text: b}], no_after: digit}\n", true, "f:2: sensitive[0].no_after: and until"},
		{"- capture\n", false, "f:1: is a list, must be a map"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct settings s;
		struct config_error error;
		int r = settings_parse("f", cases[i].text, strlen(cases[i].text), cases[i].is_policy, &s, &error);
		if (r != ERROR_INVALID || strncmp(error.text, cases[i].says, strlen(cases[i].says)))
			fail_msg("case %zu: %d, \"%s\"", i, r, r ? error.text : "");
	}
}

static void shipped_files(void **state)
{
	struct settings s;
	struct config_error error;
	struct merged m;
	struct study *study = wide();
	struct settings none = read_one("", true);
	(void)state;
	char *text;
	size_t length;
	assert_int_equal(config_read(SOURCE_DIR "/config/policy.yaml", &text, &length, &error), 0);
	assert_int_equal(settings_parse("policy.yaml", text, length, true, &s, &error), 0);
	free(text);
	settings_merge(study, &s, &none, &m);
	assert_false(m.forbidden);
	assert_int_equal(settings_load(SOURCE_DIR "/config/assent.yaml", false, &s, &error), 0);
	assert_int_equal(settings_load("/nonexistent/assent.yaml", false, &s, &error), 0);
	assert_int_equal(s.permitted, -1);
	assert_int_equal(settings_load("/", true, &s, &error), ERROR_INVALID);
	study_free(study);
}

/* A policy that others could have written forbids all: it cannot be loaded. */
static void owner(void **state)
{
	char folder[] = "/tmp/assent-policy-XXXXXX", path[64], link_path[64];
	struct settings s;
	struct config_error error;
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/policy.yaml", folder);
	snprintf(link_path, sizeof link_path, "%s/link.yaml", folder);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs("capture: forbidden\n", f);
	fclose(f);
	static const struct { mode_t file, folder; uid_t file_owner, folder_owner; int result; const char *says; } cases[] = {
		{0644, 0755, 0, 0, 0, ""}, {0600, 0700, 0, 0, 0, ""},
		{0664, 0755, 0, 0, ERROR_DENIED, "the policy must be root's"}, {0646, 0755, 0, 0, ERROR_DENIED, "the policy must be root's"},
		{0644, 0755, 65534, 0, ERROR_DENIED, "the policy must be root's"}, {0644, 0775, 0, 0, ERROR_DENIED, "the policy's folder must be root's"},
		{0644, 0755, 0, 65534, ERROR_DENIED, "the policy's folder must be root's"},
		{0644, 01777, 0, 0, ERROR_DENIED, "the policy's folder must be root's"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(chown(path, cases[i].file_owner, 0) | chown(folder, cases[i].folder_owner, 0), 0);
		assert_int_equal(chmod(path, cases[i].file) | chmod(folder, cases[i].folder), 0);
		int r = settings_load(path, true, &s, &error);
		if (r != cases[i].result || !strstr(error.text, cases[i].says))
			fail_msg("case %zu: %d, \"%s\"", i, r, error.text);
		assert_int_equal(s.forbid, r == 0);
	}
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(settings_load("/nonexistent/policy.yaml", true, &s, &error), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(settings_load(path, true, &s, &error), 0);
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(settings_load(link_path, true, &s, &error), ERROR_IO);
	assert_non_null(strstr(error.text, "link"));
	assert_int_equal(settings_load(link_path, false, &s, &error), 0);
	assert_int_equal(unlink(link_path), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void places(void **state)
{
	struct places p;
	char folder[] = "/tmp/assent-places-XXXXXX", deep[200];
	(void)state;
	setenv("XDG_DATA_HOME", "/d", 1);
	setenv("XDG_CONFIG_HOME", "/c", 1);
	setenv("XDG_RUNTIME_DIR", "/r", 1);
	assert_int_equal(places_find(NULL, NULL, &p), 0);
	assert_string_equal(p.data, "/d/assent");
	assert_string_equal(p.ledger, "/d/assent/ledger.jsonl");
	assert_string_equal(p.config, "/c/assent/assent.yaml");
	assert_string_equal(p.control, "/r/assent/control");
	/* The usual place by name is the usual place. */
	assert_int_equal(places_find("/d/assent/", NULL, &p), 0);
	assert_string_equal(p.control, "/r/assent/control");
	assert_int_equal(places_find("/other", "/x.yaml", &p), 0);
	assert_string_equal(p.control, "/other/control");
	assert_string_equal(p.config, "/x.yaml");
	unsetenv("XDG_RUNTIME_DIR");
	setenv("XDG_DATA_HOME", "relative", 1);
	setenv("HOME", "/h", 1);
	assert_int_equal(places_find(NULL, NULL, &p), 0);
	assert_string_equal(p.data, "/h/.local/share/assent");
	assert_string_equal(p.control, "/h/.local/share/assent/control");
	char long_path[2 * PLACE_MAX];
	memset(long_path, 'x', sizeof long_path - 1);
	long_path[0] = '/';
	long_path[sizeof long_path - 1] = 0;
	assert_int_equal(places_find(long_path, NULL, &p), ERROR_LIMIT);

	assert_non_null(mkdtemp(folder));
	strcat(strcpy(deep, folder), "/a/b");
	assert_int_equal(places_make(deep), 0);
	assert_int_equal(places_make(deep), 0);
	assert_int_equal(chmod(deep, 0755), 0);
	assert_int_equal(places_make(deep), ERROR_DENIED);
	assert_int_equal(places_make("/proc/self/x"), ERROR_IO);
	assert_int_equal(rmdir(deep), 0);
	deep[strlen(deep) - 2] = 0;
	assert_int_equal(rmdir(deep), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said), cmocka_unit_test(tightens), cmocka_unit_test(never_widens), cmocka_unit_test(forbids),
		cmocka_unit_test(holds_back), cmocka_unit_test(requires), cmocka_unit_test(never_more), cmocka_unit_test(owner),
		cmocka_unit_test(by_source), cmocka_unit_test(hotkey_needs_codes), cmocka_unit_test(adds_patterns), cmocka_unit_test(accessibility), cmocka_unit_test(too_many), cmocka_unit_test(refuses), cmocka_unit_test(shipped_files), cmocka_unit_test(places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
