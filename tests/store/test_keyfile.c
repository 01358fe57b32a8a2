/* SPDX-License-Identifier: Apache-2.0 */
/* Key files: one text for one content, nothing else is taken; sealed boxes; written and destroyed whole, killed at each step. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/store/keyfile.h"
#include "../format/cmocka_all.h"
#include "step.h"

#define NAME "20260501T123456Z-0f3a9c11"

static char folder[64];
static int directory = -1;
static uint8_t public_key[32], secret[32], segment_key[SEGMENT_KEY];

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/assent-keyfile-XXXXXX");
	if (sodium_init() < 0 || !mkdtemp(folder))
		return -1;
	directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	crypto_box_keypair(public_key, secret);
	randombytes_buf(segment_key, sizeof segment_key);
	return directory < 0;
}

static int teardown(void **state)
{
	char command[128];
	(void)state;
	close(directory);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static struct keyfile sample(bool timed)
{
	struct keyfile k = {.segment = NAME, .study = "typing-2026", .pseudonym = "00112233445566778899aabbccddeeff",
		.begun_us = INT64_C(1777638896123456), .expires_us = INT64_C(1785414896123456), .release_us = KEYFILE_MANUAL, .has_participant = true};
	randombytes_buf(k.receipt_hash, sizeof k.receipt_hash);
	assert_int_equal(keyfile_seal(segment_key, public_key, k.participant), 0);
	if (timed) {
		k.release_us = INT64_C(1777898096123456);
		k.has_recipient = true;
		memcpy(k.recipient_key, public_key, sizeof k.recipient_key);
		recipient_id(public_key, k.recipient_id);
		assert_int_equal(keyfile_seal(segment_key, public_key, k.recipient), 0);
	}
	return k;
}

static struct keyfile released(void)
{
	struct keyfile k = sample(true);
	k.has_participant = false;
	memset(k.participant, 0, sizeof k.participant);
	k.released = true;
	randombytes_buf(k.hash, sizeof k.hash);
	randombytes_buf(k.signature, sizeof k.signature);
	return k;
}

static void there_and_back(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct keyfile k = i < 2 ? sample(i == 1) : released(), back;
		char text[KEYFILE_MAX], again[KEYFILE_MAX];
		const char *what = "";
		size_t covered;
		if (i == 0)
			k.release_us = KEYFILE_NEVER;
		if (i == 3)
			k.release_us = KEYFILE_MANUAL;
		int n = keyfile_format(&k, text, &covered);
		assert_true(n > 0);
		assert_int_equal(keyfile_parse(text, (size_t)n, &back, &what), 0);
		assert_null(what);
		assert_memory_equal(&back, &k, sizeof k);
		assert_int_equal(keyfile_format(&back, again, NULL), n);
		assert_memory_equal(text, again, (size_t)n);
		/* The signature is of all that stands before it. */
		text[n] = 0;
		assert_int_equal(covered, k.released ? (size_t)(strstr(text, "signature ") - text) : (size_t)n);
	}
}

/* Any one byte changed, taken away or added: refused, or the text of that very content; the latter only in a value. */
static void every_byte(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct keyfile k = i < 2 ? sample(i == 1) : released(), back;
		char text[KEYFILE_MAX], bad[KEYFILE_MAX + 1], again[KEYFILE_MAX];
		const char *what;
		int n = keyfile_format(&k, text, NULL), taken = 0;
		assert_true(n > 0);
		for (int at = 0; at < n; at++) {
			for (int value = 0; value < 256; value++) {
				int flipped = value ^ (unsigned char)text[at];
				if (!flipped || ((flipped & (flipped - 1)) && !strchr("\n\r\t =+/-09azAFZ", value)))
					continue;
				memcpy(bad, text, (size_t)n);
				bad[at] = (char)value;
				if (keyfile_parse(bad, (size_t)n, &back, &what)) {
					assert_non_null(what);
					continue;
				}
				taken++;
				assert_memory_not_equal(&back, &k, sizeof k);
				assert_int_equal(keyfile_format(&back, again, NULL), n);
				assert_memory_equal(again, bad, (size_t)n);
			}
			assert_int_equal(keyfile_parse(text, (size_t)at, &back, &what), ERROR_INVALID);
			memcpy(bad, text, (size_t)at);
			memcpy(bad + at, text + at + 1, (size_t)(n - at - 1));
			if (keyfile_parse(bad, (size_t)n - 1, &back, &what) == 0)
				assert_true(keyfile_format(&back, again, NULL) == n - 1);
			memcpy(bad, text, (size_t)n);
			memmove(bad + at + 1, bad + at, (size_t)(n - at));
			bad[at] = '\r';
			assert_int_equal(keyfile_parse(bad, (size_t)n + 1, &back, &what), ERROR_INVALID);
		}
		assert_true(taken > 50);
		memcpy(bad, text, (size_t)n);
		bad[n] = '\n';
		assert_int_equal(keyfile_parse(bad, (size_t)n + 1, &back, &what), ERROR_INVALID);
	}
}

/* Lines out of order, twice, missing; parts that do not fit each other. */
static void lines(void **state)
{
	struct keyfile k = released(), back;
	char text[KEYFILE_MAX], bad[2 * KEYFILE_MAX], *line[16];
	const char *what;
	int count = 0;
	(void)state;
	int n = keyfile_format(&k, text, NULL);
	text[n] = 0;
	for (char *p = text; *p; p = strchr(p, '\n') + 1)
		line[count++] = p;
	line[count] = text + n;
	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++) {
			int length = 0;
			for (int o = 0; o < count; o++) {
				int from = o == i ? j : o == j ? i : o;
				length += snprintf(bad + length, sizeof bad - (size_t)length, "%.*s", (int)(line[from + 1] - line[from]), line[from]);
			}
			assert_int_equal(keyfile_parse(bad, (size_t)length, &back, &what), i == j ? 0 : ERROR_INVALID);
		}
	for (int i = 0; i < count; i++) {
		int length = snprintf(bad, sizeof bad, "%.*s%s", (int)(line[i] - text), text, line[i + 1]);
		assert_int_equal(keyfile_parse(bad, (size_t)length, &back, &what), ERROR_INVALID);
		length = snprintf(bad, sizeof bad, "%.*s%s", (int)(line[i + 1] - text), text, line[i]);
		assert_int_equal(keyfile_parse(bad, (size_t)length, &back, &what), ERROR_INVALID);
	}
	struct keyfile wrong[16];
	for (size_t i = 0; i < 16; i++)
		wrong[i] = i < 12 ? sample(i % 2) : released();
	strcpy(wrong[0].segment, "../../etc/passwd");
	strcpy(wrong[1].study, "../a");
	strcpy(wrong[2].study, "ab");
	strcpy(wrong[3].pseudonym, "00112233445566778899AABBCCDDEEFF");
	wrong[4].expires_us = wrong[4].begun_us - 1;
	wrong[5].release_us = wrong[5].begun_us - 1;
	wrong[6].has_participant = false;
	wrong[7].has_recipient = false;
	wrong[8].has_recipient = true;
	wrong[9].release_us = KEYFILE_MANUAL;
	wrong[10].begun_us = -1;
	wrong[11].expires_us = INT64_C(253402300800000000);
	wrong[12].has_participant = true;
	wrong[13].has_recipient = false;
	wrong[14].release_us = KEYFILE_NEVER;
	memset(wrong[15].recipient_key, 0, 32);
	for (size_t i = 0; i < 16; i++)
		if (keyfile_format(&wrong[i], text, NULL) != ERROR_INVALID)
			fail_msg("%zu", i);
}

static void boxes(void **state)
{
	uint8_t box[KEYFILE_BOX], again[KEYFILE_BOX], key[SEGMENT_KEY], other_public[32], other[32];
	static const uint8_t nobody[32] = {0};
	(void)state;
	assert_int_equal(keyfile_seal(segment_key, public_key, box), 0);
	assert_int_equal(keyfile_seal(segment_key, public_key, again), 0);
	/* Two boxes of one key do not show that they are. */
	assert_memory_not_equal(box, again, sizeof box);
	assert_int_equal(keyfile_open(box, public_key, secret, key), 0);
	assert_memory_equal(key, segment_key, sizeof key);
	crypto_box_keypair(other_public, other);
	assert_int_equal(keyfile_open(box, other_public, other, key), ERROR_DENIED);
	assert_int_equal(keyfile_open(box, public_key, other, key), ERROR_DENIED);
	for (int bit = 0; bit < 8 * KEYFILE_BOX; bit++) {
		box[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/* X25519 does not look at the highest bit of a key, but the box's nonce is made of all of it. */
		assert_int_equal(keyfile_open(box, public_key, secret, key), ERROR_DENIED);
		box[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(keyfile_seal(segment_key, nobody, box), ERROR_INVALID);
}

/* ---- Files ---- */

static void files(void **state)
{
	struct keyfile k = sample(true), other = sample(false), back;
	const char *what;
	struct stat st;
	(void)state;
	assert_int_equal(keyfile_read(directory, NAME ".key", &back, &what), ERROR_IO);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(keyfile_write(directory, NAME ".key", &k), 0);
	assert_int_equal(fstatat(directory, NAME ".key", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(keyfile_read(directory, NAME ".key", &back, &what), 0);
	assert_memory_equal(&back, &k, sizeof k);
	/* Replaced; a longer temporary file of an earlier crash does not shine through. */
	int fd = openat(directory, NAME ".key.tmp", O_WRONLY | O_CREAT, 0600);
	char long_text[3000];
	memset(long_text, 'x', sizeof long_text);
	assert_int_equal(write(fd, long_text, sizeof long_text), sizeof long_text);
	close(fd);
	assert_int_equal(keyfile_write(directory, NAME ".key", &other), 0);
	assert_int_equal(keyfile_read(directory, NAME ".key", &back, &what), 0);
	assert_memory_equal(&back, &other, sizeof other);
	assert_int_equal(fstatat(directory, NAME ".key.tmp", &st, 0), -1);
	/* A link instead of it: neither followed for reading nor for destroying. */
	assert_int_equal(renameat(directory, NAME ".key", directory, "other"), 0);
	assert_int_equal(symlinkat("other", directory, NAME ".key"), 0);
	assert_int_equal(keyfile_read(directory, NAME ".key", &back, &what), ERROR_INVALID);
	assert_int_equal(keyfile_destroy(directory, NAME ".key"), 0);
	assert_int_equal(keyfile_read(directory, "other", &back, &what), 0);
	assert_int_equal(mkfifoat(directory, NAME ".key", 0600), 0);
	assert_int_equal(keyfile_read(directory, NAME ".key", &back, &what), ERROR_INVALID);
	assert_int_equal(keyfile_destroy(directory, NAME ".key"), 0);
	assert_int_equal(fstatat(directory, NAME ".key", &st, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(keyfile_destroy(directory, NAME ".key"), 0);
	/* Read only, for us as well: gone all the same. */
	assert_int_equal(fchmodat(directory, "other", 0400, 0), 0);
	keyfile_destroy(directory, "other");
	assert_int_equal(fstatat(directory, "other", &st, AT_SYMLINK_NOFOLLOW), -1);
}

/* The very bytes on the disk, also those of a second name that a backup made. */
static void destroyed(void **state)
{
	struct keyfile k = sample(true);
	char text[KEYFILE_MAX], left[KEYFILE_MAX];
	(void)state;
	int n = keyfile_format(&k, text, NULL);
	assert_int_equal(keyfile_write(directory, NAME ".key", &k), 0);
	assert_int_equal(linkat(directory, NAME ".key", directory, "backup", 0), 0);
	assert_int_equal(keyfile_destroy(directory, NAME ".key"), 0);
	int fd = openat(directory, "backup", O_RDONLY);
	assert_int_equal(read(fd, left, sizeof left), n);
	assert_true(sodium_is_zero((uint8_t *)left, (size_t)n));
	close(fd);
}

static int write_it(void *user)
{
	return keyfile_write(directory, NAME ".key", user) != 0;
}

static int destroy_it(void *user)
{
	(void)user;
	return keyfile_destroy(directory, NAME ".key") != 0;
}

static void killed(void **state)
{
	struct keyfile first = sample(false), second = sample(true), back;
	const char *what;
	int result = 1, olds = 0, news = 0, call, there = 0, zeros = 0, none = 0;
	(void)state;
	for (call = 0; call < 1000; call++) {
		assert_int_equal(keyfile_write(directory, NAME ".key", &first), 0);
		bool over = !step_killed_at(call, write_it, &second, &result);
		assert_int_equal(keyfile_read(directory, NAME ".key", &back, &what), 0);
		bool is_new = memcmp(&back, &second, sizeof back) == 0;
		if (!is_new)
			assert_memory_equal(&back, &first, sizeof back);
		olds += !is_new;
		news += is_new;
		if (over)
			break;
	}
	assert_int_equal(result, 0);
	assert_true(olds > 3 && news > 1);
	/* Never a file that says something else; and again until it is gone. */
	for (call = 0; call < 1000; call++) {
		assert_int_equal(keyfile_write(directory, NAME ".key", &first), 0);
		bool over = !step_killed_at(call, destroy_it, NULL, &result);
		int e = keyfile_read(directory, NAME ".key", &back, &what);
		if (e == 0)
			assert_memory_equal(&back, &first, sizeof back);
		else
			assert_true(e == ERROR_GONE || (e == ERROR_IO && errno == ENOENT));
		there += e == 0;
		zeros += e == ERROR_GONE;
		none += e == ERROR_IO;
		if (over)
			break;
		assert_int_equal(keyfile_destroy(directory, NAME ".key"), 0);
	}
	assert_int_equal(result, 0);
	assert_true(there > 1 && zeros > 0 && none > 0);
}

/* No room for it: what was there stays, and nothing is left beside it. */
static void full(void **state)
{
	struct keyfile first = sample(false), second = sample(true), back;
	struct rlimit before, none = {.rlim_cur = 100};
	struct stat st;
	const char *what;
	(void)state;
	assert_int_equal(keyfile_write(directory, NAME ".key", &first), 0);
	getrlimit(RLIMIT_FSIZE, &before);
	none.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	int e = keyfile_write(directory, NAME ".key", &second);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(e, ERROR_IO);
	assert_int_equal(keyfile_read(directory, NAME ".key", &back, &what), 0);
	assert_memory_equal(&back, &first, sizeof back);
	assert_int_equal(fstatat(directory, NAME ".key.tmp", &st, 0), -1);
}

/* Of a later version, whatever follows: neither damaged nor without use. */
static void later(void **state)
{
	struct keyfile k = released(), back;
	char text[4 * KEYFILE_MAX] = "", *rest;
	const char *what;
	(void)state;
	int n = keyfile_format(&k, text, NULL);
	assert_true(n > 0 && strncmp(text, "assent key 1\n", 13) == 0);
	for (const char *one = "23456789"; *one; one++) {
		text[11] = *one;
		assert_int_equal(keyfile_parse(text, (size_t)n, &back, &what), ERROR_UNSUPPORTED);
		assert_non_null(strstr(what, "later version"));
		assert_int_equal(keyfile_parse(text, 13, &back, &what), ERROR_UNSUPPORTED);
	}
	assert_int_equal(keyfile_parse(text, sizeof text, &back, &what), ERROR_UNSUPPORTED);
	rest = text + n;
	memcpy(text, "assent key 10\n", 14);
	assert_int_equal(keyfile_parse(text, (size_t)(rest - text), &back, &what), ERROR_UNSUPPORTED);
	/* No number, or none that a version has: damaged. */
	static const char *const damaged[] = {"assent key 0\n", "assent key x\n", "assent key \n", "assent key 1 \n", "assent key 01\n", "assent key", "Assent key 2\n"};
	for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++)
		assert_int_equal(keyfile_parse(damaged[i], strlen(damaged[i]), &back, &what), ERROR_INVALID);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(there_and_back), TEST(every_byte), TEST(lines), TEST(later), TEST(boxes), TEST(files), TEST(destroyed), TEST(killed), TEST(full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
