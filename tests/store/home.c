/* SPDX-License-Identifier: Apache-2.0 */
#include "home.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../agent/error.h"

struct home home;

int home_setup(void **state)
{
	(void)state;
	strcpy(home.folder, "/tmp/assent-keys-XXXXXX");
	if (sodium_init() < 0 || !mkdtemp(home.folder))
		return -1;
	snprintf(home.path, sizeof home.path, "%s/identity", home.folder);
	return 0;
}

int home_teardown(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", home.folder);
	return system(command);
}

size_t home_read(const char *name, char out[HOME_BIG])
{
	FILE *f = fopen(name, "rb");
	if (!f)
		return 0;
	size_t n = fread(out, 1, HOME_BIG - 1, f);
	fclose(f);
	out[n] = 0;
	return n;
}

void home_write(const char *name, const char *text, size_t n)
{
	unlink(name);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	close(fd);
}

struct identity *home_identity(void)
{
	struct identity *identity;
	assert_int_equal(identity_ensure(home.path), 0);
	assert_int_equal(identity_load(home.path, &identity), 0);
	return identity;
}

/* A file that says the same as good, or is refused; never something else. */
static void one_flip(const char *good, size_t n, size_t i, uint8_t mask, const struct identity *truth)
{
	char bad[HOME_BIG];
	const char *what = NULL;
	struct identity *identity;
	memcpy(bad, good, n + 1);
	bad[i] = (char)(bad[i] ^ mask);
	home_write(home.path, bad, n);
	int e = identity_load_what(home.path, &identity, &what);
	if (e == 0) {
		/* A letter in a comment. */
		assert_memory_equal(identity, truth, sizeof *identity);
		identity_free(identity);
	} else {
		assert_true(e == ERROR_INVALID || e == ERROR_UNSUPPORTED);
		assert_non_null(what);
		assert_null(identity);
	}
}

void home_flips(const char *good, size_t n, const struct identity *truth)
{
	char bad[HOME_BIG];
	struct identity *identity;
	size_t begin = (size_t)(strstr(good, "version:") - good);
	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 8; bit += i < begin ? 7 : 1)
			one_flip(good, n, i, (uint8_t)(1 << bit), truth);
	for (size_t i = 0; i < n; i++) {
		home_write(home.path, good, i);
		assert_int_equal(identity_load(home.path, &identity), ERROR_INVALID);
	}
	/* Behind it, before it, in it. */
	static const char *const more[] = {"\n", " ", "x", "check: 0123456789abcdef\n", "secret: 00\n"};
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		int length = snprintf(bad, sizeof bad, "%s%s", good, more[i]);
		home_write(home.path, bad, (size_t)length);
		assert_int_equal(identity_load(home.path, &identity), ERROR_INVALID);
		length = snprintf(bad, sizeof bad, "%s%s", more[i], good);
		home_write(home.path, bad, (size_t)length);
		assert_int_equal(identity_load(home.path, &identity), ERROR_INVALID);
	}
	home_write(home.path, good, n);
}
