/* SPDX-License-Identifier: Apache-2.0 */
/* Policy and participant can only tighten, and it is known who did. */
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
		{"source: wayland\n", false, "f:1: source: \"wayland\" is not permitted (one of: x11, evdev)"},
		{"accessibility: on\n", true, "f:1: accessibility: \"on\" is not permitted (one of: leave)"},
		{"accessibility: yes\n", false, "f:1: accessibility: \"yes\" is not permitted (one of: leave, on)"},
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
	assert_int_equal(settings_load(SOURCE_DIR "/config/policy.yaml", true, &s, &error), 0);
	settings_merge(study, &s, &none, &m);
	assert_false(m.forbidden);
	assert_int_equal(settings_load(SOURCE_DIR "/config/assent.yaml", false, &s, &error), 0);
	assert_int_equal(settings_load("/nonexistent/assent.yaml", false, &s, &error), 0);
	assert_int_equal(s.permitted, -1);
	assert_int_equal(settings_load("/", true, &s, &error), ERROR_INVALID);
	study_free(study);
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
		cmocka_unit_test(adds_patterns), cmocka_unit_test(accessibility), cmocka_unit_test(too_many), cmocka_unit_test(refuses), cmocka_unit_test(shipped_files), cmocka_unit_test(places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
