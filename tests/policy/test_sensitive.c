/* SPDX-License-Identifier: Apache-2.0 */
/* What is typed, and what leaves: '*' is a press that was masked, '<' a Backspace. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/base/patterns.h"
#include "../../agent/policy/sensitive_check.h"
#include "../format/cmocka_all.h"
#include "typist.h"

static struct sensitive_rules rules;
static struct typist typist;

struct story { const char *typed, *left; };

static void expect_phrase(const struct story *stories, size_t n, sensitive_phrase *is_phrase, int longest)
{
	for (size_t i = 0; i < n; i++) {
		typist_init(&typist, &rules, is_phrase, NULL, longest);
		typist_type(&typist, stories[i].typed);
		const char *left = typist_result(&typist);
		if (strcmp(left, stories[i].left) != 0)
			fail_msg("typed    \"%s\"\nleft     \"%s\"\nexpected \"%s\"", stories[i].typed, left, stories[i].left);
	}
}

#define EXPECT(stories) expect_phrase(stories, sizeof stories / sizeof *stories, NULL, 0)

static void cards(void **state)
{
	static const struct story stories[] = {
		{"card 4111 1111 1111 1111 ok", "card ******************* ok"},
		{"4111111111111111" ENTER, "****************" ENTER},
		{"4111-1111-1111-1111" TAB "12", "*******************" TAB "12"},
		{"(378282246310005)", "(***************)"},
		{"5555555555554444", "****************"},
		{"6304000000000000001 x", "6304000000000000001 x"},
		{"6304000000000000000 x", "******************* x"},
		{"x4222222222222.", "x*************."},
		/* One digit off, twenty digits, a part of a longer number. */
		{"4111 1111 1111 1112 ok", "4111 1111 1111 1112 ok"},
		{"41111111111111111111 ok", "41111111111111111111 ok"},
		/* Digits of other scripts, spaces that look like one. */
		{"\xd9\xa4\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1 ",
		 "**************** "},
		{"4111\xc2\xa0""1111\xe2\x80\x91""1111 1111 ", "******************* "},
	};
	(void)state;
	EXPECT(stories);
}

static void corrections(void **state)
{
	static const struct story stories[] = {
		{"4111 1112" BACK "1 1111 1111,", "*********************,"},
		{"4112" BACK BACK "11 1111 1111 1111 x", "*********************** x"},
		/* What was erased before the first character that stayed. */
		{"no 41" BACK BACK "4111111111111111,", "no ********************,"},
		{"41" BACK BACK BACK "4111111111111111,", "*********************,"},
		/* Wrong, a space, seen, mended. */
		{"4111111111111112 " BACK BACK "1,", "********************,"},
		{"4111111111111112 ok " BACK BACK BACK BACK BACK "1,", "**************************,"},
		/* More was erased than we know of: a held Backspace that does not repeat here. */
		{"123456" BACK "4111111111111111,", "12345******************,"},
		/* A word back, as most toolkits do it. */
		{"4111 1111 1234" BACK_WORD "1111 1111,", "************************,"},
		{"4556 7375" DELETE " 8689 9855,", "********************,"},
		{SHIFT "4111 " SHIFT "1111 1111 1111,", "*********************,"},
	};
	(void)state;
	EXPECT(stories);
}

static void unfinished(void **state)
{
	static const struct story stories[] = {
		/* Strong: masked after 5 s, and the rest of it when it comes. */
		{"4111 11" PAUSE "11 1111 1111 ", "******************* "},
		{"4111" PAUSE " 1111 1111 1111 ", "4111*************** "},
		{"4111 1111 1111 1112" LEFT, "*******************{"},
		{"4111 1111 1111 1112" CLICK "x", "*******************x"},
		{"4111 1111 1111 1112" SAVE, "*******************$"},
		{"4111 1111 1111 1112" ENTER, "4111 1111 1111 1112" ENTER},
		{"4111 1111 1111 1112" TAB, "4111 1111 1111 1112" TAB},
		{"4111 1111 1111 1111" CLICK "1", "*******************1"},
		{"41111" PAUSE "x", "41111x"},
		{"bob@" PAUSE "x", "*****"},
		{"bob@home now", "bob@home now"},
		{"bob@home" PAUSE " now", "******** now"},
		/* Slowly, but never stopping. */
		{"4" REST "1" REST "1" REST "1" REST "1" REST "1" REST "1" REST "1" REST "1" REST "1" REST "1" REST "1" REST "1" REST
		 "1" REST "1" REST "1" REST " ", "**************** "},
	};
	(void)state;
	EXPECT(stories);
}

static void bank_and_tax(void **state)
{
	static const struct story stories[] = {
		{"to DE89 3704 0044 0532 0130 00 thanks", "to *************************** thanks"},
		{"to de89370400440532013000.", "to **********************."},
		{"GB82WEST12345698765432" TAB, "**********************" TAB},
		{"DE88 3704 0044 0532 0130 00, no", "DE88 3704 0044 0532 0130 00, no"},
		{"in 2019 we went, at 11 o'clock", "in 2019 we went, at 11 o'clock"},
		{"ssn 123-45-6789.", "ssn ***********."},
		{"123456789 ", "********* "},
		{"912-70-1234 ", "*********** "},
		{"912-66-1234, 000-12-3456, 123-00-4567, 666-12-1234,", "912-66-1234, 000-12-3456, 123-00-4567, 666-12-1234,"},
		{"1234567890, tel", "1234567890, tel"},
		{"1234567890 " PAUSE "tel", "********** tel"},
		{"tax 86095742719 ", "tax *********** "},
		{"tax 86 095 742 719" ENTER, "tax **************" ENTER},
		{"tax 86095742718, ", "tax 86095742718, "},
		{"id L01X00T47 ", "id ********* "},
		{"id l01x00t471.", "id **********."},
		{"rhythm xylophones L01X00T4 ", "rhythm xylophones L01X00T4 "},
	};
	(void)state;
	EXPECT(stories);
}

static void addresses(void **state)
{
	static const struct story stories[] = {
		{"mail jane.doe+x@mail.example.org, ok", "mail ***************************, ok"},
		{"o'brien@example.com", "*******************"},
		{"j\xc3\xbcrgen@b\xc3\xa4r.de now", "*************" " now"},
		{"JANE@EXAMPLE.ORG" ENTER "x", "****************" ENTER "x"},
		{"janr" BACK "e@example.org", "******************"},
		{"ja" DEAD "ne@example.org", "*****************"},
		{"see a.b.c, and x@y and @home.", "see a.b.c, and x@y and @home."},
		{"x@y.z w", "x@y.z w"},
	};
	(void)state;
	EXPECT(stories);
}

static void keys(void **state)
{
	static const struct story stories[] = {
		{"-----BEGIN RSA PRIVATE KEY-----" ENTER "MIIB" ENTER "ab" BACK "c" LEFT "=" ENTER "-----END RSA PRIVATE KEY-----" ENTER "ls",
		 "*************************************************************************" ENTER "ls"},
		{"-----BEGIN PRIVATE KEY-----" ENTER "MIIB" CLICK "ls", "********************************" "ls"},
		{"-----BEGIN PUBLIC KEY-----" ENTER "MIIB", "-----BEGIN PUBLIC KEY-----" ENTER "MIIB"},
		{"- item" ENTER "--- x", "- item" ENTER "--- x"},
	};
	(void)state;
	EXPECT(stories);
}

/* The phrase "correct horse", in whatever it ends. */
static int horse(void *user, const uint32_t *text, int length)
{
	static const char phrase[] = "Correct h\xf6rse";
	int n = (int)sizeof phrase - 1;
	(void)user;
	if (length < n)
		return 0;
	for (int i = 0; i < n; i++)
		if (text[length - n + i] != (unsigned char)phrase[i])
			return 0;
	return n;
}

static void phrases(void **state)
{
	static const struct story stories[] = {
		{"say Correct h\xc3\xb6rse now", "say ************* now"},
		{"sayCorrect h\xc3\xb6rsenow", "say*************now"},
		{"say Corect" BACK BACK BACK "rect h\xc3\xb6rse", "say *******************"},
		{"say X" BACK "Correct h\xc3\xb6rse", "say ***************"},
		{"Correct h\xc3\xb6rs", "Correct h\xc3\xb6rs"},
		{"correct h\xc3\xb6rse", "correct h\xc3\xb6rse"},
		{"Correct" ENTER " h\xc3\xb6rse", "Correct" ENTER " h\xc3\xb6rse"},
		{"Corr" PAUSE "ect h\xc3\xb6rse.", "Corr*********."},
		{"Correct h\xc3\xb6rse" CLICK "x", "*************x"},
		{SHIFT "Correct h\xc3\xb6rse" ENTER, "**************" ENTER},
	};
	(void)state;
	expect_phrase(stories, sizeof stories / sizeof *stories, horse, 16);
}

static void check_digits(void **state)
{
	static const struct { enum sensitive_check check; const char *text; bool holds; } cases[] = {
		{SENSITIVE_LUHN, "4111111111111111", true}, {SENSITIVE_LUHN, "4111111111111112", false},
		{SENSITIVE_LUHN, "", false}, {SENSITIVE_LUHN, "41111111111A1111", false},
		{SENSITIVE_MOD97, "DE89 3704 0044 0532 0130 00", true}, {SENSITIVE_MOD97, "GB29NWBK60161331926819", true},
		{SENSITIVE_MOD97, "FR1420041010050500013M02606", true}, {SENSITIVE_MOD97, "FR1420041010050500013M02607", false},
		{SENSITIVE_MOD97, "DE8", false},
		{SENSITIVE_ISO7064, "86095742719", true}, {SENSITIVE_ISO7064, "47036892816", true}, {SENSITIVE_ISO7064, "65929970489", true},
		{SENSITIVE_ISO7064, "65929970488", false}, {SENSITIVE_ISO7064, "", false},
		{SENSITIVE_SSN, "123-45-6789", true}, {SENSITIVE_SSN, "12345678", false}, {SENSITIVE_SSN, "900-93-1234", false},
		{SENSITIVE_WEIGHTS731, "L01X00T471", true}, {SENSITIVE_WEIGHTS731, "T220001293", true}, {SENSITIVE_WEIGHTS731, "T220001294", false},
		{SENSITIVE_MIXED, "A1", true}, {SENSITIVE_MIXED, "AA", false}, {SENSITIVE_MIXED, "11", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (sensitive_check_holds(cases[i].check, (const uint8_t *)cases[i].text, (int)strlen(cases[i].text)) != cases[i].holds)
			fail_msg("%s", cases[i].text);
}

/* ---- against a simple matcher ---- */

static uint8_t text[300];
static int length;

/* Can text[i..end) be the parts from k on, with n of part k taken? */
static bool chain(const struct sensitive_pattern *p, int k, int n, int i, int end)
{
	if (k == p->parts)
		return i == end;
	const struct sensitive_part *part = &p->part[k];
	if (n >= part->min && chain(p, k + 1, 0, i, end))
		return true;
	if (n == part->max || i == end)
		return false;
	int at = (k || n) && i + 1 < end && sensitive_set_has(&part->gap, text[i]) ? i + 1 : i;
	bool fits = part->text[0] ? (uint8_t)part->text[n] == text[at] : sensitive_set_has(&part->chars, text[at]);
	return fits && chain(p, k, n + 1, at + 1, end);
}

static void must_be_masked(const char *typed)
{
	for (int k = 0; k < rules.patterns; k++) {
		const struct sensitive_pattern *p = &rules.pattern[k];
		for (int i = 0; i < length && !p->is_end; i++) {
			if (i && sensitive_set_has(&p->no_before, text[i - 1]))
				continue;
			for (int end = i + 1; end <= length && end <= i + 60; end++) {
				if ((end < length && sensitive_set_has(&p->no_after, text[end])) || !chain(p, 0, 0, i, end) ||
				    !sensitive_check_holds(p->check, text + i, end - i))
					continue;
				for (int at = i; at < end; at++)
					if (!typist.masked[at + 1])
						fail_msg("%s from %d to %d is not masked in \"%s\"", p->name, i, end, typed);
			}
		}
	}
}

static void random_text(void **state)
{
	static const char *const pieces[] = {"4111 1111 1111 1111", "4111", "1", "23", " ", "-", "DE89", " 3704 0044 0532 0130 00", "x@y.", "org", "@",
		"a", ".", "123-45-6789", "86095742719", "L01X00T47", "1", "-----", "7", "0", " "};
	char typed[300];
	(void)state;
	srand(7);
	for (int round = 0; round < 1500; round++) {
		typed[0] = 0;
		for (int i = rand() % 24; i >= 0; i--)
			strcat(typed, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
		typist_init(&typist, &rules, NULL, NULL, 0);
		typist_type(&typist, typed);
		typist_result(&typist);
		assert_int_equal(typist.late, 0);
		length = (int)strlen(typed);
		for (int i = 0; i < length; i++)
			text[i] = (uint8_t)(typed[i] >= 'a' && typed[i] <= 'z' ? typed[i] - 32 : typed[i]);
		must_be_masked(typed);
	}
}

/* The same number, typed with errors that are mended, must never show; and nothing is ever masked too late. */
static void random_corrections(void **state)
{
	static const char number[] = "4111 1111 1111 1111";
	(void)state;
	srand(11);
	for (int round = 0; round < 2000; round++) {
		char typed[600] = "";
		size_t n = 0, wanted = 0;
		while (wanted < sizeof number - 1) {
			int errors = rand() % 8 ? 0 : 1 + rand() % 3;
			for (int k = 0; k < errors; k++)
				typed[n++] = (char)("0123456789"[rand() % 10]);
			for (int k = 0; k < errors; k++)
				typed[n++] = '\b';
			/* Noticed only later. */
			size_t back = rand() % 16 ? 0 : (size_t)rand() % (wanted + 1);
			for (size_t k = 0; k < back; k++)
				typed[n++] = '\b';
			wanted -= back;
			typed[n++] = number[wanted++];
		}
		typed[n++] = rand() % 2 ? ' ' : '\n';
		typed[n] = 0;
		typist_init(&typist, &rules, NULL, NULL, 0);
		typist_type(&typist, typed);
		typist_result(&typist);
		assert_int_equal(typist.late, 0);
		for (size_t i = 1; i < n; i++)
			if (!typist.masked[i])
				fail_msg("round %d: press %zu shows", round, i);
	}
}

/* Any keys in any order: bounded, no late mask but after a pause. Sanitizers look on. */
static void random_keys(void **state)
{
	static const char any[] = "0123456789 4111-@.aDEz\b\b\n\t\x01\x02\x03\x05\x06\x07";
	static char typed[6000];
	(void)state;
	srand(13);
	for (int round = 0; round < 30; round++) {
		size_t n = (size_t)rand() % sizeof typed, few = 1 + (size_t)rand() % (sizeof any - 1);
		for (size_t i = 0; i < n; i++)
			typed[i] = any[(size_t)rand() % few];
		if (n)
			typed[n - 1] = 0;
		else
			typed[0] = 0;
		typist_init(&typist, &rules, round % 2 ? horse : NULL, NULL, 128);
		typist.step_us = 1 + rand() % 300000;
		typist_type(&typist, typed);
		typist_result(&typist);
	}
}

/* A match reaches back to the stretch's first press, and not to the click before it. */
static void reaches_back(void **state)
{
	struct raw_input in = { .action = KEY_PRESS, .key_class = CLASS_LETTER };
	uint32_t first, last, press = 40;
	static struct sensitive s;
	(void)state;
	sensitive_init(&s, &rules, NULL, NULL, 0);
	sensitive_break(&s);
	for (const char *p = "a@b.org"; *p; p++) {
		in.text[0] = *p;
		sensitive_key(&s, press, 1000, &in);
		press++;
	}
	assert_true(sensitive_match(&s, 1000, &first, &last));
	assert_int_equal(first, 40);
	assert_int_equal(last, 46);
	assert_false(sensitive_match(&s, 1000, &first, &last));
	/* After a minute nothing goes on. */
	in.text[0] = 'c';
	sensitive_key(&s, press, 61001000, &in);
	assert_int_equal(s.length, 1);
}

/* Long stretches: what goes out of sight at their beginning changes nothing at their end. */
static void long_stretch(void **state)
{
	static char typed[2200], expected[2200];
	(void)state;
	for (int words = 70; words < 110; words++) {
		typed[0] = 0;
		for (int i = 0; i < words; i++)
			strcat(typed, "plain, ");
		strcpy(expected, typed);
		strcat(typed, "4556 7375 8689 9855, bob@example.org, ok");
		strcat(expected, "*******************, ***************, ok");
		typist_init(&typist, &rules, NULL, NULL, 0);
		typist_type(&typist, typed);
		assert_string_equal(typist_result(&typist), expected);
	}
}

static void forgets(void **state)
{
	(void)state;
	typist_init(&typist, &rules, NULL, NULL, 0);
	typist_type(&typist, "bob@example.org 4111 1111");
	sensitive_forget(&typist.s);
	const unsigned char *bytes = (const unsigned char *)typist.s.point;
	for (size_t i = 0; i < sizeof typist.s.point; i++)
		assert_int_equal(bytes[i], 0);
	for (size_t i = 0; i < sizeof typist.s.seen; i++)
		assert_int_equal(typist.s.seen[i], 0);
	assert_int_equal(sensitive_deadline(&typist.s), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cards), cmocka_unit_test(corrections), cmocka_unit_test(unfinished), cmocka_unit_test(bank_and_tax),
		cmocka_unit_test(addresses), cmocka_unit_test(keys), cmocka_unit_test(phrases), cmocka_unit_test(check_digits),
		cmocka_unit_test(random_text), cmocka_unit_test(random_corrections), cmocka_unit_test(random_keys), cmocka_unit_test(reaches_back), cmocka_unit_test(long_stretch), cmocka_unit_test(forgets),
	};
	struct config_error error;
	if (patterns_builtin(&rules, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
