/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest's schema: what it takes, what it refuses, with which words; and the notice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/base/layout.h"
#include "../../agent/base/notice.h"
#include "../../agent/base/words.h"
#include "../../agent/error.h"
#include "../format/cmocka_all.h"

#define DAY_US INT64_C(86400000000)
#define KEY "assent-pub-3p7bfXt9vBtNNbYcLs5DU3P4NDyFt4Z02t_H4Ub4gjQBeco"

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
				    "[gedit], exclude_apps: ['*bank*', x]}\nreview: 72h\nrecipient_key: " KEY "\njurisdiction: DE\n"
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
		{VERSION, "assent: 2\n", "s.yaml:1: assent: is a manifest of version 2", "install a later Assent"},
		{STUDY, "", "s.yaml:1: study is missing", "id"},
		{STUDY, "study: Typing\n", "s.yaml:2: study: ", "a-z"},
		{STUDY, "study: ab\n", "s.yaml:2: study: ", "3 to 64"},
		{STUDY, "study: ../../etc\n", "s.yaml:2: study: ", "not an id"},
		{STUDY, "study: [a]\n", "s.yaml:2: study: ", "a list"},
		{TITLE, "", "s.yaml:1: title is missing", "{en: ...}"},
		{TITLE, "title: T\n", "s.yaml:3: title: ", "per language"},
		{TITLE, "title: {english: T}\n", "s.yaml:3: title.english: ", "not a language"},
		{TITLE, "title: {en: ''}\n", "s.yaml:3: title.en: ", "empty"},
		{TITLE, "title: {en: \"T\\nWHAT IS RECORDED\"}\n", "s.yaml:3: title.en: ", "one line"},
		{CONTROLLER, "controller: {name: \"N\\n\\nNothing\", contact: C}\n", "s.yaml:4: controller.name: ", "one line"},
		{CONTROLLER, "controller: {name: N, contact: \"C\\nRelease them? [yes/no] yes\"}\n", "s.yaml:4: controller.contact: ", "one line"},
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
		{REST, "review: 90d\n", "s.yaml:8: review: ", "shorter than retention"},
		{REST, "recipient_key: abc\n", "s.yaml:8: recipient_key: ", "assent-pub-"},
		{REST, "recipient_key: assent-pub-3p7bfXt9vAtNNbYcLs5DU3P4NDyFt4Z02t_H4Ub4gjQBeco\n", "s.yaml:8: recipient_key: ", "a letter of it is wrong"},
		{REST, "references: {ethic: E}\n", "s.yaml:8: references.ethic: ", "did you mean \"ethics\""},
		{REST, "consent: given\n", "s.yaml:8: consent: ", "unknown key"},
		{REST, "jurisdiction:\n", "s.yaml:8: jurisdiction: ", "no value"},
		{NOTICE, "", "s.yaml:1: notice is missing", "read"},
		{NOTICE, "notice: {en: ' '}\n", "s.yaml:8: notice.en: ", "empty"},
		{NOTICE, "notice: {en: X, de: Y}\n", "s.yaml:3: title: ", "is not there in \"de\""},
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

static void german(const struct study *s)
{
	struct merged m = {.limits = s->capture, .review_us = s->review_us};
	struct notice *n;
	static const char *const told[] = {"Wie Menschen tippen", "NICHT RÜCKGÄNGIG", "pseudonymisiert", "90 Tage", "20 ms", "niemanden", "assent withdraw"};
	assert_int_equal(notice_new(s, &m, "de", LAYOUT_WIDTH, &n), 0);
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (!strstr(n->text, told[i]))
			fail_msg("the German notice does not say \"%s\"", told[i]);
	assert_null(strstr(n->text, "anonym "));
	notice_free(n);
}

static void example(void **state)
{
	struct study *s;
	struct config_error error;
	struct notice *n, *narrow;
	(void)state;
	if (study_load(SOURCE_DIR "/config/study.example.yaml", &s, &error))
		fail_msg("%s", error.text);
	assert_int_equal(s->purposes, 2);
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	const char *in_german = study_text(&s->title);
	assert_string_equal(study_language(s), "de");
	setenv("LC_ALL", "fr_FR.UTF-8", 1);
	const char *english = study_text(&s->title);
	assert_string_equal(study_language(s), "en");
	setenv("LC_ALL", "C", 1);
	assert_ptr_equal(study_text(&s->title), english);
	assert_string_not_equal(in_german, english);
	assert_ptr_equal(study_text_in(&s->title, "de-AT"), in_german);
	struct merged m = {.limits = s->capture, .review_us = s->review_us};
	assert_int_equal(notice_new(s, &m, "en", LAYOUT_WIDTH, &n), 0);
	/* What people must be told. */
	static const char *const told[] = {"Example University", "typing-study@example.org", "hci-research", "pointer-model",
		"nobody but who asks", "Example Institute for Accessibility", "90 days", "180 days", "its kind only", "20 ms", "NEVER RECORDED",
		"identifies people", "pseudonymised", "cannot", "assent withdraw", "assent forget", "*mail*", "voluntary", "2026-017", "Art. 6(1)(a)"};
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (!strstr(n->text, told[i]))
			fail_msg("the notice does not say \"%s\"", told[i]);
	assert_null(strstr(n->text, "anonymous"));
	assert_non_null(strstr(n->page[0], "CANNOT BE UNDONE"));
	/* Nothing is wider than a terminal; the hash is not that of a window. */
	for (const char *line = n->text; *line; line += strcspn(line, "\n") + 1)
		assert_true(layout_columns(line, strcspn(line, "\n")) <= LAYOUT_WIDTH);
	assert_int_equal(notice_new(s, &m, "en", 40, &narrow), 0);
	assert_memory_equal(n->hash, narrow->hash, sizeof n->hash);
	assert_string_not_equal(n->text, narrow->text);
	/* What a policy takes away is told, and by whom. */
	notice_free(narrow);
	m.limits.keys = DETAIL_NONE;
	m.keys = FROM_POLICY;
	m.limits.retention_us = DAY_US;
	m.retention = FROM_PARTICIPANT;
	assert_int_equal(notice_new(s, &m, "en", LAYOUT_WIDTH, &narrow), 0);
	assert_non_null(strstr(narrow->text, "Keys: none."));
	assert_non_null(strstr(narrow->text, "Narrowed by the policy of this computer"));
	assert_non_null(strstr(narrow->text, "Narrowed by your own settings"));
	assert_memory_not_equal(n->hash, narrow->hash, sizeof n->hash);
	notice_free(narrow);
	notice_free(n);
	german(s);
	study_free(s);
}

/* ---- the canonical form ---- */

static struct study *parsed(enum piece which, const char *text)
{
	struct study *s;
	struct config_error error;
	if (parse_with(which, text, &s, &error))
		fail_msg("%s: %s", text, error.text);
	return s;
}

static void compare(enum piece which, const char *text, bool same, bool same_terms)
{
	struct study *a = parsed(PIECES, ""), *b = parsed(which, text);
	if ((memcmp(a->hash, b->hash, sizeof a->hash) == 0) != same)
		fail_msg("\"%s\": the manifest's hash is %s", text, same ? "another" : "the same");
	if ((memcmp(a->terms_hash, b->terms_hash, sizeof a->terms_hash) == 0) != same_terms)
		fail_msg("\"%s\": the terms' hash is %s", text, same_terms ? "another" : "the same");
	study_free(a);
	study_free(b);
}

static void looks_do_not_count(void **state)
{
	(void)state;
	compare(REST, "# a comment\n", true, true);
	compare(STUDY, "'study': \"typing-2026\"\n", true, true);
	compare(STUDY, "\n\nstudy:    typing-2026     # which\n", true, true);
	compare(CONTROLLER, "controller: {contact: C, name: N}\n", true, true);
	compare(CONTROLLER, "controller:\n  contact: \"C\"\n  name: 'N'\n  address: ''\n", true, true);
	compare(PURPOSES, "purposes:\n- text: {en: P}\n  recipients: []\n  category: hci-research\n  id: hci-research\n", true, true);
	compare(CAPTURE, "capture: {keys: class, key_time: 20ms, pointer: none, scroll: false, apps: id, only_apps: [], exclude_apps: []}\n", true, true);
	compare(CAPTURE, "capture: {}\n", true, true);
	compare(RETENTION, "retention: 2160h\n", true, true);
	compare(REST, "review: manual\n", true, true);
	compare(REST, "references: {}\n", true, true);
}

static void corrections(void **state)
{
	(void)state;
	compare(TITLE, "title: {en: T2}\n", false, true);
	compare(TITLE, "title: {en: T, de: T}\n", false, true);
	compare(CONTROLLER, "controller: {name: N, contact: C2}\n", false, true);
	compare(CONTROLLER, "controller: {name: N, contact: C, address: \"A\\nB\"}\n", false, true);
	compare(CONTROLLER, "controller: {name: N, contact: C, authority: A}\n", false, true);
	compare(REST, "jurisdiction: DE\n", false, true);
	compare(REST, "references: {ethics: E}\n", false, true);
	compare(REST, "references: {impact_assessment: E}\n", false, true);
	compare(REST, "references: {works_agreement: E}\n", false, true);
	compare(NOTICE, "notice: {en: X.}\n", false, true);
}

static void terms(void **state)
{
	static const struct { enum piece piece; const char *text; } cases[] = {
		{STUDY, "study: typing-2027\n"},
		{CONTROLLER, "controller: {name: N2, contact: C}\n"},
		{PURPOSES, "purposes: [{id: hci-research2, category: hci-research, text: {en: P}}]\n"},
		{PURPOSES, "purposes: [{id: hci-research, category: product-improvement, text: {en: P}}]\n"},
		{PURPOSES, "purposes: [{id: hci-research, category: hci-research, text: {en: P.}}]\n"},
		{PURPOSES, "purposes: [{id: hci-research, category: hci-research, text: {en: P, de: Q}}]\n"},
		{PURPOSES, "purposes: [{id: hci-research, category: hci-research, text: {en: P}, recipients: [R]}]\n"},
		{PURPOSES, "purposes: [{id: hci-research, category: hci-research, text: {en: P}}, {id: more, category: hci-research, text: {en: P}}]\n"},
		{CAPTURE, "capture: {keys: code}\n"}, {CAPTURE, "capture: {keys: none}\n"}, {CAPTURE, "capture: {key_time: exact}\n"},
		{CAPTURE, "capture: {key_time: 100ms}\n"}, {CAPTURE, "capture: {pointer: buttons}\n"}, {CAPTURE, "capture: {scroll: true}\n"},
		{CAPTURE, "capture: {apps: none}\n"}, {CAPTURE, "capture: {only_apps: [a]}\n"}, {CAPTURE, "capture: {exclude_apps: [a]}\n"},
		{RETENTION, "retention: 91d\n"}, {VALID, "consent_valid: 181d\n"},
		{REST, "review: 0s\n"}, {REST, "review: 72h\n"}, {REST, "recipient_key: " KEY "\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		compare(cases[i].piece, cases[i].text, false, false);
}

static void same_set(enum piece which, const char *one, const char *two, bool same, bool same_terms)
{
	struct study *a = parsed(which, one), *b = parsed(which, two);
	assert_int_equal(memcmp(a->hash, b->hash, sizeof a->hash) == 0, same);
	assert_int_equal(memcmp(a->terms_hash, b->terms_hash, sizeof a->terms_hash) == 0, same_terms);
	study_free(a);
	study_free(b);
}

static void orders(void **state)
{
	(void)state;
	same_set(CAPTURE, "capture: {exclude_apps: [b, a, c]}\n", "capture: {exclude_apps: [c, b, a, b]}\n", true, true);
	same_set(PURPOSES, "purposes: [{id: abc, category: hci-research, text: {en: P, de: Q}, recipients: [R, S]}]\n",
		 "purposes: [{id: abc, category: hci-research, text: {de: Q, en: P}, recipients: [S, R]}]\n", true, true);
	/* Which is asked first is part of the manifest, and no term. */
	same_set(PURPOSES, "purposes: [{id: abc, category: hci-research, text: {en: P}}, {id: def, category: hci-research, text: {en: Q}}]\n",
		 "purposes: [{id: def, category: hci-research, text: {en: Q}}, {id: abc, category: hci-research, text: {en: P}}]\n", false, true);
	/* What is one text and what the next cannot be moved. */
	same_set(CAPTURE, "capture: {exclude_apps: ['a\",\"b']}\n", "capture: {exclude_apps: [a, b]}\n", false, false);
}

static void written_down(void **state)
{
	struct study *s = parsed(TITLE, "title: {en: \"a \\\"b\\\" \\\\ ü\"}\n");
	char *text;
	size_t length;
	(void)state;
	assert_int_equal(study_canonical(s, false, &text, &length), 0);
	assert_int_equal(length, strlen(text));
	assert_string_equal(text, "{\"assent\":1,\"capture\":{\"apps\":\"id\",\"exclude_apps\":[],\"key_time_us\":20000,\"keys\":\"class\",\"only_apps\":[],"
			    "\"pointer\":\"none\",\"scroll\":false},\"consent_valid_us\":15552000000000,\"controller\":{\"address\":\"\",\"authority\":\"\","
			    "\"contact\":\"C\",\"name\":\"N\"},\"jurisdiction\":\"\",\"notice\":{\"en\":\"X\"},\"purposes\":[{\"category\":\"hci-research\","
			    "\"id\":\"hci-research\",\"recipients\":[],\"text\":{\"en\":\"P\"}}],\"recipient_key\":\"\",\"references\":{\"ethics\":\"\","
			    "\"impact_assessment\":\"\",\"works_agreement\":\"\"},\"retention_us\":7776000000000,\"review_us\":-1,\"study\":\"typing-2026\","
			    "\"title\":{\"en\":\"a \\\"b\\\" \\\\ ü\"}}");
	free(text);
	assert_int_equal(study_canonical(s, true, &text, &length), 0);
	assert_string_equal(text, "{\"assent\":1,\"capture\":{\"apps\":\"id\",\"exclude_apps\":[],\"key_time_us\":20000,\"keys\":\"class\",\"only_apps\":[],"
			    "\"pointer\":\"none\",\"scroll\":false},\"consent_valid_us\":15552000000000,\"controller\":\"N\",\"purposes\":[{\"category\":"
			    "\"hci-research\",\"id\":\"hci-research\",\"recipients\":[],\"text\":{\"en\":\"P\"}}],\"recipient_key\":\"\",\"retention_us\":"
			    "7776000000000,\"review_us\":-1,\"study\":\"typing-2026\"}");
	free(text);
	study_free(s);
}

/* ---- what changed ---- */

static void changed(enum piece which, const char *text, int wanted, const char *says)
{
	struct study *a = parsed(PIECES, ""), *b = parsed(which, text);
	for (int i = 0; i < 2; i++) {
		char *said;
		int count;
		assert_int_equal(notice_changes(a, b, "2026-05-01", "s.yaml", i ? "de" : "en", LAYOUT_WIDTH, &said, &count), 0);
		if (count != wanted || (!i && !strstr(said, says)))
			fail_msg("\"%s\": %d changes, wanted %d and \"%s\": %s", text, count, wanted, says, said);
		free(said);
	}
	/* And nothing is passed over: what has other terms is told. */
	assert_int_equal(memcmp(a->terms_hash, b->terms_hash, sizeof a->terms_hash) != 0, wanted > 0);
	study_free(a);
	study_free(b);
}

static void changes(void **state)
{
	(void)state;
	changed(NOTICE, "notice: {en: other}\n", 0, "WHAT HAS CHANGED");
	changed(CONTROLLER, "controller: {name: N2, contact: C}\n", 1, "now: N2");
	changed(PURPOSES, "purposes: [{id: other, category: hci-research, text: {en: P}}]\n", 2, "No more a purpose: \"hci-research\"");
	changed(PURPOSES, "purposes: [{id: hci-research, category: product-improvement, text: {en: P2}, recipients: [R]}]\n", 3, "Given to: R");
	changed(PURPOSES, "purposes: [{id: hci-research, category: hci-research, text: {en: P, de: Q}}]\n", 1, "What for");
	changed(CAPTURE, "capture: {keys: text}\n", 1, "which key it is, and the text");
	changed(CAPTURE, "capture: {key_time: exact, pointer: full, scroll: true, apps: title}\n", 4, "before: Mouse and touch: none.");
	changed(CAPTURE, "capture: {only_apps: [abc], exclude_apps: [xyz]}\n", 2, "now: xyz");
	changed(RETENTION, "retention: 1d\n", 1, "1 day");
	changed(VALID, "consent_valid: 1h\n", 1, "1 hour");
	changed(REST, "review: 0s\n", 1, "can be handed over as soon");
	changed(REST, "recipient_key: " KEY "\n", 1, KEY);
}

/* Every catalogue has every sentence, with the same places; and a yes costs what a no costs. */
static void catalogues(void **state)
{
	const char *const *w;
	const char *language;
	(void)state;
	for (int i = 0; (w = words_at(i, &language)); i++) {
		for (int k = 0; k < WORD_COUNT; k++) {
			if (!w[k] || !*w[k])
				fail_msg("%s has no word %d", language, k);
			static const char *const places[] = {"{a}", "{b}"};
			for (int p = 0; p < 2; p++)
				if (!strstr(w[k], places[p]) != !strstr(words_en[k], places[p]))
					fail_msg("%s: \"%s\" has other places than \"%s\"", language, w[k], words_en[k]);
		}
		static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
		assert_int_equal(strlen(w[WORD_YES]), strlen(w[WORD_NO]));
		for (int k = WORD_YES; k <= WORD_LATER; k++) {
			assert_int_equal(w[k][strspn(w[k], letters)], 0);
			/* The question names all three, the same way. */
			assert_non_null(strstr(w[WORD_QUESTION], w[k]));
		}
		assert_string_not_equal(w[WORD_YES], w[WORD_NO]);
		assert_true(words_of(language) == w);
	}
	assert_true(words_of("fr") == words_en);
	assert_true(words_of("de-CH") == words_de);
}

static void durations(void **state)
{
	char out[64];
	(void)state;
	assert_string_equal(words_duration(words_en, DAY_US, out), "1 day");
	assert_string_equal(words_duration(words_de, 36 * DAY_US / 24, out), "36 Stunden");
	assert_string_equal(words_duration(words_de, 20000, out), "20 ms");
}

/* A text of empty lines must not push what stands behind it out of sight. */
static void empty_lines(void **state)
{
	char *text = NULL;
	size_t size;
	(void)state;
	struct layout l = {open_memstream(&text, &size), LAYOUT_WIDTH};
	layout_paragraph(&l, "", "", "a\nb\n\n\n \n\t\n\nc\n\nd");
	assert_int_equal(fclose(l.f), 0);
	assert_string_equal(text, "a\nb\n\nc\n\nd\n");
	free(text);
}

/* Screens are the text, in order, and none is longer than the window. */
static void screens(void **state)
{
	static const char *const text = "HEAD\n\n  - one one\n    one\n  - two\n    two\n\nand then\nmore\n\n\n\u4f60\u597d\u4f60\u597d\u4f60\u597d\n";
	(void)state;
	for (int rows = 2; rows < 14; rows++) {
		const char *at = text;
		size_t kept = 0;
		while (*at) {
			size_t length;
			const char *from = layout_screen(&at, rows, 10, &length);
			int used = 0;
			assert_true(length > 0);
			for (size_t i = 0; i < length; i += strcspn(from + i, "\n") + 1) {
				int w = layout_columns(from + i, strcspn(from + i, "\n"));
				used += w <= 10 ? 1 : (w + 9) / 10;
			}
			assert_true(used <= rows);
			for (size_t i = 0; i < length; i++)
				kept += from[i] != '\n';
		}
		size_t all = 0;
		for (const char *c = text; *c; c++)
			all += *c != '\n';
		assert_int_equal(kept, all);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smallest), cmocka_unit_test(all_of_it), cmocka_unit_test(refuses), cmocka_unit_test(limits),
		cmocka_unit_test(example), cmocka_unit_test(looks_do_not_count), cmocka_unit_test(corrections), cmocka_unit_test(terms),
		cmocka_unit_test(orders), cmocka_unit_test(written_down), cmocka_unit_test(changes), cmocka_unit_test(catalogues),
		cmocka_unit_test(durations), cmocka_unit_test(empty_lines), cmocka_unit_test(screens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
