/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML reader: what it reads, and what it refuses, clearly and fast. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/base/clock.h"
#include "../../agent/base/config.h"
#include "../../agent/error.h"
#include "../format/cmocka_all.h"

static void reads(void **state)
{
	static const char text[] = "# comment\n"
		"a: 1\nb: [x, 'y z', \"q\\n\\u00e9\"]\nc:\n  d: true\n  e: |\n    two\n    lines\nno: norwegian\n";
	struct config *c;
	struct config_error error;
	int64_t n = 0;
	bool yes = false;
	(void)state;
	assert_int_equal(config_parse("f", text, sizeof text - 1, &c, &error), 0);
	const struct config_node *root = config_root(c), *b = config_get(root, "b");
	assert_int_equal(config_integer(c, config_get(root, "a"), 0, 9, &n, &error), 0);
	assert_int_equal(n, 1);
	assert_int_equal(b->type, CONFIG_LIST);
	assert_string_equal(b->first->next->text, "y z");
	assert_true(b->first->next->quoted);
	assert_string_equal(b->first->next->next->text, "q\n\xc3\xa9");
	assert_int_equal(config_bool(c, config_get(config_get(root, "c"), "d"), &yes, &error), 0);
	assert_true(yes);
	assert_string_equal(config_get(config_get(root, "c"), "e")->text, "two\nlines\n");
	assert_string_equal(config_get(root, "no")->text, "norwegian");
	assert_int_equal(config_get(root, "no")->line, 9);
	assert_null(config_get(root, "z"));
	/* Absent: left as it was. */
	assert_int_equal(config_integer(c, NULL, 0, 9, &n, &error), 0);
	assert_int_equal(n, 1);
	config_complain(c, config_get(config_get(root, "c"), "d"), &error, "is %s", "odd");
	assert_string_equal(error.text, "f:5: c.d: is odd");
	config_complain(c, b->first->next, &error, "is odd");
	assert_string_equal(error.text, "f:3: b[1]: is odd");
	config_free(c);
}

static void reads_json(void **state)
{
	static const char text[] = "{\"a\":{\"b\":[1,true,null,\"x\\\"\\\\\\/\\t\"]},\"c\":\"\xc3\xa9\"}";
	struct config *c;
	struct config_error error;
	(void)state;
	assert_int_equal(config_parse("f", text, sizeof text - 1, &c, &error), 0);
	const struct config_node *last = config_get(config_get(config_root(c), "a"), "b")->first->next->next->next;
	assert_string_equal(last->text, "x\"\\/\t");
	config_free(c);
}

static void empty_is_a_map(void **state)
{
	static const char *const texts[] = {"", "# nothing\n", "---\n", "\xef\xbb\xbf# nothing\n", "\n\n"};
	struct config *c;
	struct config_error error;
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_int_equal(config_parse("f", texts[i], strlen(texts[i]), &c, &error), 0);
		assert_int_equal(config_root(c)->type, CONFIG_MAP);
		assert_null(config_root(c)->first);
		config_free(c);
	}
}

static void refuses(void **state)
{
	static const struct { const char *text; size_t length; const char *begins, *says; } cases[] = {
#define T(s) s, sizeof s - 1
		{T("a: &x 1\nb: 2\n"), "f:1: ", "anchors"},
		{T("a: 1\nb: *x\n"), "f:2: ", "aliases"},
		{T("a: !!str 1\n"), "f:1: ", "tags"},
		{T("a: !foo [1]\n"), "f:1: ", "tags"},
		{T("%TAG !e! tag:x,2000:\n---\na: 1\n"), "f:", "%TAG"},
		{T("a: 1\n---\nb: 2\n"), "f:2: ", "second document"},
		{T("a: 1\nb: 2\na: 3\n"), "f:3: a: ", "line 1"},
		{T("a: {<<: {b: 1}}\n"), "f:1: ", "merge keys"},
		{T("? [a, b]\n: 1\n"), "f:1: ", "a key that is a list"},
		{T("{{a: 1}: 2}\n"), "f:1: ", "a key that is a list"},
		{T("? ''\n: 1\n"), "f:1: ", "empty key"},
		{T("a: 1\nb: \0\n"), "f:2: ", "NUL"},
		{T("a: \"x\\0y\"\n"), "f:1: ", "U+0000"},
		{T("a: \"\\e[2Jgone\"\n"), "f:1: ", "U+001B"},
		{T("a: \x1b[2J\n"), "f:1: ", "0x1b"},
		{T("a: \"\\u009b2J\"\n"), "f:1: ", "U+009B"},
		{T("a: \"\\u202Eno\"\n"), "f:1: ", "direction mark"},
		{T("a: 1\nb: \xff\n"), "f:2: ", "UTF-8"},
		{T("a: \xc0\xaf\n"), "f:1: ", "UTF-8"},
		{T("a: \xed\xa0\x80\n"), "f:1: ", "UTF-8"},
		{T("\xff\xfe" "a\0:\0"), "f:1: ", "UTF-8"},
		{T("a: [1, 2\n"), "f:", "not valid YAML"},
		{T("a: 'x\n"), "f:", "not valid YAML"},
		{T("a: b: c\n"), "f:1: ", "not valid YAML"},
		{T("a:\n\t- b\n"), "f:2: ", "not valid YAML"},
#undef T
	};
	struct config *c;
	struct config_error error;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int r = config_parse("f", cases[i].text, cases[i].length, &c, &error);
		if (r != ERROR_INVALID || strncmp(error.text, cases[i].begins, strlen(cases[i].begins)) || !strstr(error.text, cases[i].says))
			fail_msg("case %zu: %d, \"%s\"", i, r, error.text);
		assert_null(c);
	}
}

/* times times unit, within the limit of a file. */
static char *repeat(const char *before, const char *unit, int times, const char *after)
{
	size_t n = strlen(unit), used = strlen(before);
	char *s = malloc(used + n * (size_t)times + strlen(after) + 1);
	memcpy(s, before, used);
	for (int i = 0; i < times; i++, used += n)
		memcpy(s + used, unit, n);
	memcpy(s + used, after, strlen(after) + 1);
	return s;
}

static void bounded(void **state)
{
	static const struct { const char *before, *unit, *after; int times, result; } cases[] = {
		{"", "[", "", 200000, ERROR_LIMIT},
		{"", "{a: ", "", 60000, ERROR_LIMIT},
		{"a: ", "[", "", 200000, ERROR_LIMIT},
		{"", "- ", "x", 100000, ERROR_LIMIT},
		{"", "? ", "x", 100000, ERROR_INVALID},
		{"[", "x,", "]", 100000, ERROR_LIMIT},
		{"[", "{},", "]", 80000, ERROR_LIMIT},
		{"a: ", "x", "", 300000, ERROR_LIMIT},
		{"", "x: 1\n", "", 50000, ERROR_INVALID},
		{"a: '", "x", "'", 200000, 0},
		{"a: \"", "\\n", "\"", 100000, 0},
		{"", "#", "\n", 250000, 0},
		{"", "\n", "", 250000, 0},
		{"a: x", " ", "", 250000, 0},
		{"a: |\n", "  x\n", "", 60000, 0},
		{"a: x", "\n  x", "\n", 60000, 0},
		{"", "&a ", "x", 80000, ERROR_INVALID},
		{"", "*a ", "x", 80000, ERROR_INVALID},
		{"", "!a ", "x", 80000, ERROR_INVALID},
		{"", "--- a\n", "", 40000, ERROR_INVALID},
		{"", "%X\n", "", 80000, ERROR_INVALID},
		{"", "'", "", 249999, ERROR_INVALID},
	};
	struct config_error error;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct config *c;
		char *text = repeat(cases[i].before, cases[i].unit, cases[i].times, cases[i].after);
		int64_t begun = clock_mono_us();
		int r = config_parse("f", text, strlen(text), &c, &error);
		int64_t took = clock_mono_us() - begun;
		if (r != cases[i].result)
			fail_msg("case %zu: %d, \"%s\"", i, r, r ? error.text : "");
		/* Milliseconds; generous for sanitizers and a busy machine. */
		if (took > 2000000)
			fail_msg("case %zu took %lld us", i, (long long)took);
		config_free(c);
		free(text);
	}
	/* Very many keys, each another. */
	char *many = malloc(20 * 10000), *p = many;
	struct config *c;
	for (int i = 0; i < 10000; i++)
		p += sprintf(p, "k%d: 1\n", i);
	assert_int_equal(config_parse("f", many, (size_t)(p - many), &c, &error), ERROR_LIMIT);
	assert_non_null(strstr(error.text, "f:257: too many keys"));
	free(many);
}

static void durations(void **state)
{
	static const struct { const char *text; int64_t us; } good[] = {
		{"20ms", 20000}, {"10s", 10000000}, {"30m", 1800000000}, {"1h30m", 5400000000}, {"72h", 259200000000},
		{"90d", 7776000000000}, {"0s", 0}, {"1d2h3m4s5ms", 93784005000},
	};
	static const char *const bad[] = {"", "x", "5", "5x", "-5s", "1.5h", " 5s", "5s ", "5 s", "30m1h", "5s5s", "99999999999d",
		"40000d", "ms", "1h30"};
	int64_t us;
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(config_parse_duration(good[i].text, &us), 0);
		assert_int_equal(us, good[i].us);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(config_parse_duration(bad[i], &us), ERROR_INVALID);
}

static void types(void **state)
{
	static const char text[] = "t: \"true\"\nn: '5'\ne:\nz: null\nbig: 99999999999999999999\nm: -3\nl: [1]\nx: kes\n";
	static const char *const choices[] = {"keys", "class", NULL};
	struct config *c;
	struct config_error error;
	bool yes;
	int64_t n;
	int which;
	char out[4];
	(void)state;
	assert_int_equal(config_parse("f", text, sizeof text - 1, &c, &error), 0);
	const struct config_node *root = config_root(c);
	assert_int_equal(config_bool(c, config_get(root, "t"), &yes, &error), ERROR_INVALID);
	assert_int_equal(config_integer(c, config_get(root, "n"), 0, 9, &n, &error), ERROR_INVALID);
	assert_int_equal(config_text(c, config_get(root, "e"), out, sizeof out, &error), ERROR_INVALID);
	assert_int_equal(config_text(c, config_get(root, "z"), out, sizeof out, &error), ERROR_INVALID);
	assert_int_equal(config_text(c, config_get(root, "big"), out, sizeof out, &error), ERROR_INVALID);
	assert_int_equal(config_integer(c, config_get(root, "big"), 0, 9, &n, &error), ERROR_INVALID);
	assert_int_equal(config_integer(c, config_get(root, "m"), 0, 9, &n, &error), ERROR_INVALID);
	assert_int_equal(config_integer(c, config_get(root, "m"), -9, 9, &n, &error), 0);
	assert_int_equal(n, -3);
	assert_int_equal(config_text(c, config_get(root, "l"), out, sizeof out, &error), ERROR_INVALID);
	assert_int_equal(config_choice(c, config_get(root, "x"), choices, &which, &error), ERROR_INVALID);
	assert_string_equal(error.text, "f:8: x: \"kes\" is not permitted (one of: keys, class)");
	assert_int_equal(config_known(c, root, choices, &error), ERROR_INVALID);
	config_free(c);
}

static void files(void **state)
{
	struct config *c;
	struct config_error error;
	(void)state;
	assert_int_equal(config_load("/nonexistent", &c, &error), ERROR_IO);
	assert_non_null(strstr(error.text, "/nonexistent: cannot be read: "));
	assert_int_equal(config_load("/tmp", &c, &error), ERROR_INVALID);
	assert_int_equal(config_load("/dev/zero", &c, &error), ERROR_INVALID);
	assert_null(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads), cmocka_unit_test(reads_json), cmocka_unit_test(empty_is_a_map), cmocka_unit_test(refuses),
		cmocka_unit_test(bounded), cmocka_unit_test(durations), cmocka_unit_test(types), cmocka_unit_test(files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
