/* SPDX-License-Identifier: Apache-2.0 */
/* Known phrases: found wherever they end, nothing of them in the file, and a file that is not as it should be is refused. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/store/secrets.h"
#include "../format/cmocka_all.h"

static char folder[64], path[80];

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/assent-secrets-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/secrets", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static int points(const char *text, uint32_t out[])
{
	int n = 0;
	for (; *text; text++)
		out[n++] = (unsigned char)*text;
	return n;
}

static int add(const char *label, const char *phrase)
{
	uint32_t text[300];
	int n = points(phrase, text);
	return secrets_add(path, label, text, n);
}

static int match(struct secrets *s, const char *typed)
{
	uint32_t text[300];
	int n = points(typed, text);
	return secrets_match(s, text, n);
}

static size_t read_file(char out[8192])
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(out, 1, 8191, f);
	fclose(f);
	out[n] = 0;
	return n;
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0600), 0);
}

static void finds(void **state)
{
	struct secrets s;
	(void)state;
	assert_int_equal(secrets_load(path, &s), 0);
	assert_int_equal(s.count, 0);
	assert_int_equal(secrets_longest(&s), 0);
	assert_int_equal(add("one", "hunter2"), 0);
	assert_int_equal(add("two", "a longer phrase, of words"), 0);
	assert_int_equal(secrets_load(path, &s), 0);
	assert_int_equal(s.count, 2);
	assert_int_equal(secrets_longest(&s), 32);
	assert_int_equal(match(&s, "hunter2"), 7);
	assert_int_equal(match(&s, "it is hunter2"), 7);
	assert_int_equal(match(&s, "say a longer phrase, of words"), 25);
	assert_int_equal(match(&s, "hunter2 "), 0);
	assert_int_equal(match(&s, "HuNTER2"), 7);
	assert_int_equal(match(&s, "HUNTER\""), 0);
	assert_int_equal(match(&s, "unter2"), 0);
	assert_int_equal(match(&s, ""), 0);
	secrets_wipe(&s);
	assert_int_equal(s.count, 0);
}

static const struct { const uint32_t added[8], typed[8]; int found; } cases[] = {
	{{'C', 'a', 'f', 0xc9, 'T', 'Z'}, {'c', 'A', 'F', 0xe9, 't', 'z'}, 6},
	{{'c', 'a', 'f', 0xe9, 't', 0xff}, {'C', 'A', 'F', 0xc9, 'T', 0x178}, 6},
	{{'z', 0x17c, 0x119, 0x142, 0x15b, 0x144}, {'Z', 0x17b, 0x118, 0x141, 0x15a, 0x143}, 6},
	{{'i', 'I', 0x131, 0x130, 'y', 'z'}, {0x130, 0x131, 'I', 'i', 'Y', 'Z'}, 6},
	{{0x3b1, 0x3ac, 0x3cc, 0x3ce, 0x3c2, 0x3af}, {0x391, 0x386, 0x38c, 0x38f, 0x3a3, 0x38a}, 6},
	{{0x430, 0x44f, 0x451, 0x456, 0x457, 0x491}, {0x410, 0x42f, 0x401, 0x406, 0x407, 0x490}, 6},
	{{0x561, 0x586, 0x1a1, 0x1b0, 0x1ebf, 0x219}, {0x531, 0x556, 0x1a0, 0x1af, 0x1ebe, 0x218}, 6},
	/* Not the same with Caps Lock on any keyboard. */
	{{'s', 't', 'r', 'a', 0xdf, 'e'}, {'s', 't', 'r', 'a', 0x1e9e, 'e'}, 0},
	{{'a', 'b', 'c', 'd', 'e', '['}, {'a', 'b', 'c', 'd', 'e', '{'}, 0},
	{{'a', 'b', 'c', 'd', 'e', 0xd7}, {'a', 'b', 'c', 'd', 'e', 0xf7}, 0},
};

static void takes_no_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct secrets s;
		assert_int_equal(secrets_add(path, "one", cases[i].added, 6), 0);
		assert_int_equal(secrets_load(path, &s), 0);
		assert_int_equal(secrets_match(&s, cases[i].added, 6), 6);
		if (secrets_match(&s, cases[i].typed, 6) != cases[i].found)
			fail_msg("%zu", i);
		assert_int_equal(secrets_remove(path, "one"), 0);
	}
}

/* In a long text only its end is looked at. */
static void finds_at_the_end(void **state)
{
	char phrase[129], typed[260];
	struct secrets s;
	(void)state;
	memset(phrase, 'p', 128);
	phrase[128] = 0;
	snprintf(typed, sizeof typed, "%0130d%s", 1, phrase);
	assert_int_equal(add("one", phrase), 0);
	assert_int_equal(secrets_load(path, &s), 0);
	assert_int_equal(match(&s, typed), 128);
	assert_int_equal(match(&s, typed + 100), 128);
	assert_int_equal(match(&s, phrase + 1), 0);
}

/* Every other text must not match: 8 bits alone would let some of 5,000 through. */
static void finds_nothing_else(void **state)
{
	struct secrets s;
	char typed[32];
	(void)state;
	assert_int_equal(add("one", "hunter2"), 0);
	assert_int_equal(secrets_load(path, &s), 0);
	for (int i = 0; i < 5000; i++) {
		snprintf(typed, sizeof typed, "%d%s", i, i % 3 ? "hunter3" : "words");
		if (match(&s, typed))
			fail_msg("%s", typed);
	}
}

static void keeps_nothing_of_it(void **state)
{
	char text[8192];
	struct stat st;
	(void)state;
	assert_int_equal(add("a label", "correct horse battery"), 0);
	size_t n = read_file(text);
	assert_null(strstr(text, "correct"));
	assert_null(strstr(text, "horse"));
	assert_non_null(strstr(text, "a label"));
	/* Only how many times 8 characters it has: 21 of 24. */
	assert_non_null(strstr(text, "\nsecret 3 "));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* The same phrase again has another salt and another hash. */
	assert_int_equal(secrets_remove(path, "a label"), 0);
	assert_int_equal(add("a label", "correct horse battery"), 0);
	char again[8192];
	assert_int_equal(read_file(again), n);
	assert_string_not_equal(text, again);
}

static void refuses(void **state)
{
	char label[64];
	(void)state;
	assert_int_equal(add("x", "five5"), ERROR_LIMIT);
	memset(label, 'x', sizeof label - 1);
	label[sizeof label - 1] = 0;
	assert_int_equal(add(label, "hunter2"), ERROR_INVALID);
	assert_int_equal(add("", "hunter2"), ERROR_INVALID);
	assert_int_equal(add("a\nsecret", "hunter2"), ERROR_INVALID);
	assert_int_equal(add(" a", "hunter2"), ERROR_INVALID);
	assert_int_equal(add("a\xff", "hunter2"), ERROR_INVALID);
	assert_int_equal(add("a\xc3", "hunter2"), ERROR_INVALID);
	assert_int_equal(add("a\xc2\x9b", "hunter2"), ERROR_INVALID);
	assert_int_equal(add("\xc3\xa4\xe2\x82\xac\xc2\xb5", "hunter2"), 0);
	assert_int_equal(secrets_remove(path, "\xc3\xa4\xe2\x82\xac\xc2\xb5"), 0);
	assert_int_equal(add("a", "hunter2"), 0);
	assert_int_equal(add("a", "hunter3"), ERROR_INVALID);
	assert_int_equal(secrets_remove(path, "b"), ERROR_GONE);
	for (int i = 1; i < SECRETS_MAX; i++) {
		snprintf(label, sizeof label, "%d", i);
		assert_int_equal(add(label, "hunter2"), 0);
	}
	assert_int_equal(add("one more", "hunter2"), ERROR_LIMIT);
	assert_int_equal(secrets_remove(path, "3"), 0);
	assert_int_equal(add("one more", "hunter2"), 0);
}

static void distrusts_the_file(void **state)
{
	static const char *const damaged[] = {"", "assent-secrets 2\n", "assent-secrets 1\n", "assent-secrets 1\nkey 00\n", "x"};
	char text[8192], bad[8400];
	struct secrets s;
	(void)state;
	assert_int_equal(add("a", "hunter2"), 0);
	size_t n = read_file(text);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(secrets_load(path, &s), ERROR_DENIED);
	assert_int_equal(add("b", "hunter2"), ERROR_DENIED);
	assert_int_equal(chmod(path, 0600), 0);
	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
		write_file(damaged[i]);
		assert_int_equal(secrets_load(path, &s), ERROR_INVALID);
		assert_int_equal(s.count, 0);
		assert_int_equal(add("b", "hunter2"), ERROR_INVALID);
	}
	/* Cut anywhere, or with anything appended. */
	for (size_t cut = 1; cut < n; cut++) {
		snprintf(bad, sizeof bad, "%.*s", (int)cut, text);
		/* Whole, but without phrases: two lines. */
		if (text[cut - 1] == '\n' && strstr(bad, "key "))
			continue;
		write_file(bad);
		assert_int_equal(secrets_load(path, &s), ERROR_INVALID);
	}
	snprintf(bad, sizeof bad, "%s%s", text, strstr(text, "secret 1"));
	write_file(bad);
	assert_int_equal(secrets_load(path, &s), ERROR_INVALID);
	memset(bad, 'x', sizeof bad - 1);
	bad[sizeof bad - 1] = 0;
	write_file(bad);
	assert_int_equal(secrets_load(path, &s), ERROR_LIMIT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(secrets_load(path, &s), ERROR_IO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(secrets_load(path, &s), ERROR_DENIED);
}

static void at_the_same_time(void **state)
{
	struct secrets s;
	pid_t child[4];
	(void)state;
	for (int i = 0; i < 4; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			int bad = 0;
			for (int k = 0; k < 4; k++) {
				char label[16];
				snprintf(label, sizeof label, "%d-%d", i, k);
				bad |= add(label, "hunter2");
			}
			_exit(bad != 0);
		}
	}
	for (int i = 0; i < 4; i++) {
		int status;
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(secrets_load(path, &s), 0);
	assert_int_equal(s.count, 16);
}

static void fingerprints(void **state)
{
	struct secrets s;
	uint8_t none[32], one[32], same[32], other[32];
	(void)state;
	secrets_load(path, &s);
	secrets_fingerprint(&s, none);
	assert_int_equal(add("a", "hunter2"), 0);
	secrets_load(path, &s);
	secrets_fingerprint(&s, one);
	secrets_fingerprint(&s, same);
	assert_memory_equal(one, same, 32);
	assert_memory_not_equal(one, none, 32);
	assert_int_equal(add("b", "hunter2"), 0);
	secrets_load(path, &s);
	secrets_fingerprint(&s, other);
	assert_memory_not_equal(one, other, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_no_case, setup, teardown), cmocka_unit_test_setup_teardown(finds_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(finds, setup, teardown), cmocka_unit_test_setup_teardown(finds_nothing_else, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_nothing_of_it, setup, teardown), cmocka_unit_test_setup_teardown(refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(distrusts_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(at_the_same_time, setup, teardown), cmocka_unit_test_setup_teardown(fingerprints, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
