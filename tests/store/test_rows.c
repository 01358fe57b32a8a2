/* SPDX-License-Identifier: Apache-2.0 */
/* The exact text of rows: every column, in DESIGN's order; nulls, escapes, quotes, floats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../agent/dataset/rows.h"
#include "../../agent/dataset/text.h"

static const struct segment_meta meta = {
	.study = "typing-2026", .epoch = "e0", .participant = "p1", .segment = "20260501T123456Z-0f3a9c11",
};

#define TAIL_JSON ",\"study\":\"typing-2026\",\"epoch\":\"e0\",\"participant\":\"p1\",\"segment\":\"20260501T123456Z-0f3a9c11\"}\n"
#define TAIL_CSV ",typing-2026,e0,p1,20260501T123456Z-0f3a9c11\n"

static void expect(const struct event *e, const char *json, const char *csv)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	assert_int_equal(jsonl_row(out, &meta, e), 0);
	fclose(out);
	assert_string_equal(text, json);
	free(text);
	out = open_memstream(&text, &length);
	assert_int_equal(csv_row(out, &meta, e), 0);
	fclose(out);
	assert_string_equal(text, csv);
	free(text);
}

static void header(void **state)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	(void)state;
	assert_int_equal(csv_header(out), 0);
	fclose(out);
	assert_string_equal(text, "t_us,mono_us,kind,device,class,code,text,x,y,dx,dy,scroll_x,scroll_y,app,title,reason,end_us,"
			    "lost,synthetic,study,epoch,participant,segment\n");
	free(text);
}

static void everything_null(void **state)
{
	(void)state;
	struct event e = { .t_us = 1777638896123456, .mono_us = -5, .kind = EVENT_STOP, .x = 1, .dx = 2, .lost = 3, .code = 4,
		.text = "no", .app = "no", .title = "no", .synthetic = true };
	expect(&e, "{\"t_us\":1777638896123456,\"mono_us\":-5,\"kind\":\"stop\",\"device\":null,\"class\":null,\"code\":null,"
	       "\"text\":null,\"x\":null,\"y\":null,\"dx\":null,\"dy\":null,\"scroll_x\":null,\"scroll_y\":null,\"app\":null,"
	       "\"title\":null,\"reason\":null,\"end_us\":null,\"lost\":null,\"synthetic\":null" TAIL_JSON,
	       "1777638896123456,-5,stop,,,,,,,,,,,,,,,," TAIL_CSV);
}

static void everything_there(void **state)
{
	(void)state;
	struct event e = { .t_us = INT64_MAX, .mono_us = INT64_MIN, .kind = EVENT_KEY_DOWN, .has = HAS_ALL, .device = -1,
		.key_class = CLASS_LETTER, .code = 30, .text = "\xc3\xa4", .x = INT32_MIN, .y = INT32_MAX, .dx = 0.1f, .dy = -3,
		.scroll_x = -120, .scroll_y = 120, .app = "a,\"b\"", .title = "line\nbreak\\\x01", .reason = REASON_PASSWORD,
		.end_us = 7, .lost = 0, .synthetic = false };
	expect(&e, "{\"t_us\":9223372036854775807,\"mono_us\":-9223372036854775808,\"kind\":\"key_down\",\"device\":-1,"
	       "\"class\":\"letter\",\"code\":30,\"text\":\"\xc3\xa4\",\"x\":-2147483648,\"y\":2147483647,\"dx\":0.1,\"dy\":-3.0,"
	       "\"scroll_x\":-120,\"scroll_y\":120,\"app\":\"a,\\\"b\\\"\",\"title\":\"line\\u000abreak\\\\\\u0001\","
	       "\"reason\":\"password\",\"end_us\":7,\"lost\":0,\"synthetic\":false" TAIL_JSON,
	       "9223372036854775807,-9223372036854775808,key_down,-1,letter,30,\xc3\xa4,-2147483648,2147483647,0.1,-3.0,-120,120,"
	       "\"a,\"\"b\"\"\",\"line\nbreak\\\x01\",password,7,0,false" TAIL_CSV);
}

/* A space that was typed, nothing that was typed, a formula, bytes that are no UTF-8. */
static void awkward_text(void **state)
{
	static const struct { const char *text, *json, *csv; } cases[] = {
		{ " ", "\" \"", "\" \"" }, { "", "\"\"", "\"\"" }, { "=1+1", "\"=1+1\"", "\"=1+1\"" },
		{ "\"", "\"\\\"\"", "\"\"\"\"" }, { ",", "\",\"", "\",\"" }, { "\t", "\"\\u0009\"", "\"\t\"" },
		{ "null", "\"null\"", "null" }, { "a\xff\xc3", "\"a\\ufffd\\ufffd\"", "a\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80" }, { "\x7f", "\"\\u007f\"", "\x7f" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char json[1024], csv[1024];
		struct event e = { .kind = EVENT_KEY_DOWN, .has = HAS_TEXT };
		strcpy(e.text, cases[i].text);
		snprintf(json, sizeof json, "{\"t_us\":0,\"mono_us\":0,\"kind\":\"key_down\",\"device\":null,\"class\":null,"
			 "\"code\":null,\"text\":%s,\"x\":null,\"y\":null,\"dx\":null,\"dy\":null,\"scroll_x\":null,"
			 "\"scroll_y\":null,\"app\":null,\"title\":null,\"reason\":null,\"end_us\":null,\"lost\":null,"
			 "\"synthetic\":null" TAIL_JSON, cases[i].json);
		snprintf(csv, sizeof csv, "0,0,key_down,,,,%s,,,,,,,,,,,," TAIL_CSV, cases[i].csv);
		expect(&e, json, csv);
	}
}

/* The longest row there can be fits, in both. */
static void longest_row(void **state)
{
	(void)state;
	struct segment_meta longest = meta;
	char app[EVENT_APP_MAX + 1], title[EVENT_TITLE_MAX + 1], *text = NULL;
	size_t length;
	struct event e = { .t_us = INT64_MIN, .mono_us = INT64_MIN, .has = HAS_ALL, .kind = EVENT_BUTTON_DOWN, .device = INT16_MIN,
		.code = INT16_MIN, .x = INT32_MIN, .y = INT32_MIN, .dx = -1.17549435e-38f, .dy = -3.40282347e+38f, .app = app,
		.title = title, .end_us = INT64_MIN, .lost = INT32_MIN, .reason = REASON_ECHO_OFF, .key_class = CLASS_PUNCTUATION };
	memset(app, 1, sizeof app - 1);
	memset(title, 1, sizeof title - 1);
	memset(e.text, 1, sizeof e.text - 1);
	app[sizeof app - 1] = title[sizeof title - 1] = '\0';
	memset(longest.study, 1, sizeof longest.study - 1);
	memset(longest.epoch, 1, sizeof longest.epoch - 1);
	memset(longest.participant, 1, sizeof longest.participant - 1);
	memset(longest.segment, 1, sizeof longest.segment - 1);
	FILE *out = open_memstream(&text, &length);
	assert_int_equal(jsonl_row(out, &longest, &e), 0);
	fclose(out);
	assert_in_range(length, 3000, TEXT_ROW_MAX);
	assert_string_equal(text + length - 9, "\\u0001\"}\n");
	free(text);
}

static void floats(void **state)
{
	static const struct { float v; const char *text; } cases[] = {
		{ 0.0f, "0.0" }, { -0.0f, "-0.0" }, { 1.0f, "1.0" }, { -1.5f, "-1.5" }, { 0.33333334f, "0.33333334" },
		{ 99999.0f, "99999.0" }, { 16777216.0f, "16777216.0" }, { 1e10f, "1e+10" }, { 1e-10f, "1e-10" },
		{ 3.40282347e+38f, "3.4028235e+38" }, { 1234567.0f, "1234567.0" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct text t = { 0 };
		assert_true(text_float(&t, cases[i].v));
		text_char(&t, '\0');
		assert_string_equal(t.at, cases[i].text);
	}
	/* Any other float reads back as itself. */
	uint32_t bits = 1;
	for (int i = 0; i < 20000; i++) {
		float v;
		struct text t;
		bits = bits * 1664525u + 1013904223u;
		memcpy(&v, &bits, sizeof v);
		t.length = 0;
		if (!text_float(&t, v))
			continue;
		text_char(&t, '\0');
		assert_true(strtof(t.at, NULL) == v);
		assert_non_null(strpbrk(t.at, ".e"));
	}
}

static void full_disk_is_an_error(void **state)
{
	(void)state;
	struct event e = { .kind = EVENT_STOP };
	FILE *out = fopen("/dev/full", "w");
	assert_non_null(out);
	setvbuf(out, NULL, _IONBF, 0);
	assert_true(jsonl_row(out, &meta, &e) < 0);
	assert_true(csv_row(out, &meta, &e) < 0);
	assert_true(csv_header(out) < 0);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header), cmocka_unit_test(everything_null), cmocka_unit_test(everything_there),
		cmocka_unit_test(awkward_text), cmocka_unit_test(longest_row), cmocka_unit_test(floats),
		cmocka_unit_test(full_disk_is_an_error),
	};
	return cmocka_run_group_tests_name("store/rows", tests, NULL, NULL);
}
