/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest's schema: what it takes, what it refuses, with which words; and the notice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/base/study.h"
#include "../../agent/error.h"
#include "../format/cmocka_all.h"

#define DAY_US INT64_C(86400000000)

/* A manifest in pieces: a case replaces one of them. */
enum piece { VERSION, STUDY, TITLE, CONTROLLER, PURPOSES, CAPTURE, RETENTION, VALID, REST, NOTICE, PIECES };

static const char *const whole[PIECES] = {
	"assent: 1\n",
	"study: typing-2026\n",
	"title: {en: T}\n",
	"controller: {name: N, contact: C}\n",
	"purposes: [{id: hci-research, category: hci-research, text: {en: P}}]\n",
	"",
	"retention: 90d\n",
	"consent_valid: 180d\n",
	"",
	"notice: {en: X}\n",
};

static int parse_with(enum piece which, const char *text, struct study **s, struct config_error *error)
{
	char all[4096];
	size_t n = 0;
	for (int i = 0; i < PIECES; i++)
		n += (size_t)snprintf(all + n, sizeof all - n, "%s", i == (int)which ? text : whole[i]);
	return study_parse("s.yaml", all, n, s, error);
}

static void smallest(void **state)
{
	struct study *s;
	struct config_error error;
	(void)state;
	assert_int_equal(parse_with(PIECES, "", &s, &error), 0);
	assert_string_equal(s->id, "typing-2026");
	assert_int_equal(s->capture.keys, DETAIL_CLASS);
	assert_int_equal(s->capture.key_grid_us, 20000);
	assert_int_equal(s->capture.pointer, POINTER_NONE);
	assert_false(s->capture.scroll);
	assert_int_equal(s->capture.apps, APPS_ID);
	assert_int_equal(s->capture.retention_us, 90 * DAY_US);
	assert_int_equal(s->consent_valid_us, 180 * DAY_US);
	assert_int_equal(s->review_us, -1);
	assert_int_equal(s->purposes, 1);
	assert_int_equal(s->purpose[0].recipients, 0);
	study_free(s);
}

static void all_of_it(void **state)
{
	struct study *s;
	struct config_error error;
	(void)state;
	assert_int_equal(parse_with(CAPTURE, "capture: {keys: text, key_time: exact, pointer: full, scroll: true, apps: title, only_apps: "
				    "[gedit], exclude_apps: ['*bank*', x]}\nreview: 72h\nrecipient_key: assent-pub-aZ09_-\njurisdiction: DE\n"
				    "references: {ethics: E, impact_assessment: I, works_agreement: W}\n", &s, &error), 0);
	assert_int_equal(s->capture.keys, DETAIL_TEXT);
	assert_int_equal(s->capture.key_grid_us, 0);
	assert_int_equal(s->capture.pointer, POINTER_FULL);
	assert_true(s->capture.scroll);
	assert_int_equal(s->capture.apps, APPS_TITLE);
	assert_int_equal(s->capture.only_apps.count, 1);
	assert_int_equal(s->capture.exclude_apps.count, 2);
	assert_string_equal(s->capture.exclude_apps.pattern[0], "*bank*");
	assert_int_equal(s->review_us, 3 * DAY_US);
	assert_string_equal(s->works_agreement, "W");
	study_free(s);
}

static void refuses(void **state)
{
	static const struct { enum piece piece; const char *text, *begins, *says; } cases[] = {
		{VERSION, "", "s.yaml:1: assent is missing", "assent: 1"},
		{VERSION, "assent: 2\n", "s.yaml:1: assent: ", "from 1 to 1"},
		{STUDY, "", "s.yaml:1: study is missing", "id"},
		{STUDY, "study: Typing\n", "s.yaml:2: study: ", "a-z"},
		{STUDY, "study: ab\n", "s.yaml:2: study: ", "3 to 64"},
		{STUDY, "study: ../../etc\n", "s.yaml:2: study: ", "not an id"},
		{STUDY, "study: [a]\n", "s.yaml:2: study: ", "a list"},
		{TITLE, "", "s.yaml:1: title is missing", "{en: ...}"},
		{TITLE, "title: T\n", "s.yaml:3: title: ", "per language"},
		{TITLE, "title: {english: T}\n", "s.yaml:3: title.english: ", "not a language"},
		{TITLE, "title: {en: ''}\n", "s.yaml:3: title.en: ", "empty"},
		{CONTROLLER, "", "s.yaml:1: controller is missing", "name and contact"},
		{CONTROLLER, "controller: {name: N}\n", "s.yaml:4: controller: contact is missing", "ask"},
		{CONTROLLER, "controller: {name: '', contact: C}\n", "s.yaml:4: controller.name: ", "empty"},
		{CONTROLLER, "controller: {nmae: N, contact: C}\n", "s.yaml:4: controller.nmae: ", "did you mean \"name\""},
		{PURPOSES, "", "s.yaml:1: purposes is missing", ""},
		{PURPOSES, "purposes: []\n", "s.yaml:5: purposes: ", "at least one"},
		{PURPOSES, "purposes: [{category: hci-research, text: {en: P}}]\n", "s.yaml:5: purposes[0]: id is missing", ""},
		{PURPOSES, "purposes: [{id: abc, text: {en: P}}]\n", "s.yaml:5: purposes[0]: category is missing", ""},
		{PURPOSES, "purposes: [{id: abc, category: hci-research}]\n", "s.yaml:5: purposes[0]: text is missing", ""},
		{PURPOSES, "purposes: [{id: abc, category: marketing, text: {en: P}}]\n", "s.yaml:5: purposes[0].category: ", "product-improvement"},
		{PURPOSES, "purposes:\n- {id: abc, category: hci-research, text: {en: P}}\n- {id: abc, category: hci-research, text: {en: P}}\n",
		 "s.yaml:7: purposes[1].id: ", "purposes[0]"},
		{PURPOSES, "purposes: [{id: abc, category: hci-research, text: {en: P}, recipients: ACME}]\n", "s.yaml:5: purposes[0].recipients: ", "list"},
		{PURPOSES, "purposes: [{id: abc, category: emotion-recognition, text: {en: P}}]\n", "s.yaml:5: purposes[0].category: ", "purpose of emotion is refused"},
		{PURPOSES, "purposes: [{id: abc, category: Health, text: {en: P}}]\n", "s.yaml:5: purposes[0].category: ", "purpose of health is refused"},
		{PURPOSES, "purposes: [{id: employee-performance, category: hci-research, text: {en: P}}]\n", "s.yaml:5: purposes[0].id: ", "purpose of performance is refused"},
		{PURPOSES, "purposes: [{id: attendance, category: hci-research, text: {en: P}}]\n", "s.yaml:5: purposes[0].id: ", "purpose of attendance is refused"},
		{PURPOSES, "purposes: [{id: disciplinary-x, category: hci-research, text: {en: P}}]\n", "s.yaml:5: purposes[0].id: ", "purpose of discipline is refused"},
		{PURPOSES, "purposes: [{id: user-identification, category: hci-research, text: {en: P}}]\n", "s.yaml:5: purposes[0].id: ", "(permitted: train-content"},
		{PURPOSES, "purposes: [{id: productivity-score, category: product-improvement, text: {en: P}}]\n", "s.yaml:5: purposes[0].id: ", "performance"},
		{PURPOSES, "purposes: [{id: abc, category: hci-research, text: {en: P}, default: true}]\n", "s.yaml:5: purposes[0].default: ", "unknown key"},
		{CAPTURE, "capture: {keys: all}\n", "s.yaml:6: capture.keys: ", "none, class, code, text"},
		{CAPTURE, "capture: {key_time: 5ms}\n", "s.yaml:6: capture.key_time: ", "exact, 20ms, 100ms"},
		{CAPTURE, "capture: {scroll: yes}\n", "s.yaml:6: capture.scroll: ", "true or false"},
		{CAPTURE, "capture: {kyes: class}\n", "s.yaml:6: capture.kyes: ", "did you mean \"keys\""},
		{CAPTURE, "capture: {exclude_apps: firefox}\n", "s.yaml:6: capture.exclude_apps: ", "list"},
		{CAPTURE, "capture: {exclude_apps: ['']}\n", "s.yaml:6: capture.exclude_apps[0]: ", "empty"},
		{CAPTURE, "capture: full\n", "s.yaml:6: capture: ", "must be a map"},
		{RETENTION, "", "s.yaml:1: retention is missing", "90d"},
		{RETENTION, "retention: forever\n", "s.yaml:6: retention: ", "not a duration"},
		{RETENTION, "retention: 90\n", "s.yaml:6: retention: ", "not a duration"},
		{RETENTION, "retention: 0d\n", "s.yaml:6: retention: ", "3650 days"},
		{VALID, "", "s.yaml:1: consent_valid is missing", "180d"},
		{VALID, "consent_valid: 36500d\n", "s.yaml:7: consent_valid: ", "3650 days"},
		{REST, "review: never\n", "s.yaml:8: review: ", "not a duration"},
		{REST, "recipient_key: abc\n", "s.yaml:8: recipient_key: ", "assent-pub-"},
		{REST, "references: {ethic: E}\n", "s.yaml:8: references.ethic: ", "did you mean \"ethics\""},
		{REST, "consent: given\n", "s.yaml:8: consent: ", "unknown key"},
		{REST, "jurisdiction:\n", "s.yaml:8: jurisdiction: ", "no value"},
		{NOTICE, "", "s.yaml:1: notice is missing", "read"},
		{NOTICE, "notice: {en: ' '}\n", "s.yaml:8: notice.en: ", "empty"},
		{NOTICE, "notice: {en: \"\\e[8m\"}\n", "s.yaml:8: ", "U+001B"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct study *s;
		struct config_error error;
		int r = parse_with(cases[i].piece, cases[i].text, &s, &error);
		if (r != ERROR_INVALID || strncmp(error.text, cases[i].begins, strlen(cases[i].begins)) || !strstr(error.text, cases[i].says))
			fail_msg("case %zu: %d, \"%s\", wanted \"%s...%s\"", i, r, r ? error.text : "", cases[i].begins, cases[i].says);
		assert_null(s);
	}
}

static void limits(void **state)
{
	char text[16384] = "capture:\n  exclude_apps:\n";
	struct study *s;
	struct config_error error;
	(void)state;
	for (int i = 0; i < STUDY_PATTERNS_MAX + 1; i++)
		sprintf(text + strlen(text), "    - a%d\n", i);
	char all[20000];
	size_t n = 0;
	for (int i = 0; i < PIECES; i++)
		n += (size_t)snprintf(all + n, sizeof all - n, "%s", i == CAPTURE ? text : whole[i]);
	assert_int_equal(study_parse("s.yaml", all, n, &s, &error), ERROR_LIMIT);
	assert_non_null(strstr(error.text, "capture.exclude_apps[64]: too many entries"));
	strcpy(text, "purposes:\n");
	for (int i = 0; i < STUDY_PURPOSES_MAX + 1; i++)
		sprintf(text + strlen(text), "  - {id: abc%d, category: hci-research, text: {en: P}}\n", i);
	n = 0;
	for (int i = 0; i < PIECES; i++)
		n += (size_t)snprintf(all + n, sizeof all - n, "%s", i == PURPOSES ? text : whole[i]);
	assert_int_equal(study_parse("s.yaml", all, n, &s, &error), ERROR_LIMIT);
	assert_non_null(strstr(error.text, "purposes[16]: too many purposes"));
}

static void example(void **state)
{
	struct study *s;
	struct config_error error;
	char *text;
	(void)state;
	if (study_load(SOURCE_DIR "/config/study.example.yaml", &s, &error))
		fail_msg("%s", error.text);
	assert_int_equal(s->purposes, 2);
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	const char *german = study_text(&s->title);
	setenv("LC_ALL", "fr_FR.UTF-8", 1);
	const char *english = study_text(&s->title);
	setenv("LC_ALL", "C", 1);
	assert_ptr_equal(study_text(&s->title), english);
	assert_string_not_equal(german, english);
	assert_int_equal(study_notice(s, &s->capture, &text), 0);
	/* What people must be told. */
	static const char *const told[] = {"Example University", "typing-study@example.org", "hci-research", "pointer-model",
		"nobody else", "Example Institute for Accessibility", "90 days", "180 days", "its kind only", "20 ms", "NEVER RECORDED",
		"identifies people", "pseudonymised", "cannot be", "assent withdraw", "*mail*"};
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (!strstr(text, told[i]))
			fail_msg("the notice does not say \"%s\"", told[i]);
	assert_null(strstr(text, "anonymous"));
	/* Nothing is wider than a terminal. */
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 90);
	free(text);
	study_free(s);
}

static void hash_is_of_bytes(void **state)
{
	struct study *a, *b;
	struct config_error error;
	(void)state;
	assert_int_equal(parse_with(PIECES, "", &a, &error), 0);
	assert_int_equal(parse_with(REST, "# a comment\n", &b, &error), 0);
	assert_memory_not_equal(a->hash, b->hash, sizeof a->hash);
	study_free(a);
	study_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smallest), cmocka_unit_test(all_of_it), cmocka_unit_test(refuses), cmocka_unit_test(limits),
		cmocka_unit_test(example), cmocka_unit_test(hash_is_of_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
