/* SPDX-License-Identifier: Apache-2.0 */
/* The passphrase: what it closes, and a kill at each step of setting, replacing and removing it. */
#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/store/secretfile.h"
#include "home.h"
#include "step.h"

static void passphrase(void **state)
{
	struct identity *identity = home_identity(), *closed;
	char before[HOME_BIG], after[HOME_BIG], hex[65];
	uint8_t secret[32];
	(void)state;
	memcpy(secret, identity->secret, 32);
	home_read(home.path, before);
	/* The place on the disk where the open secret was. */
	int old = open(home.path, O_RDONLY);
	assert_int_equal(identity_set_passphrase(home.path, identity, "correct horse"), 0);
	assert_true(identity->has_passphrase);
	assert_int_equal(pread(old, after, strlen(before), 0), (ssize_t)strlen(before));
	assert_true(sodium_is_zero((uint8_t *)after, strlen(before)));
	close(old);
	size_t n = home_read(home.path, after);
	sodium_bin2hex(hex, sizeof hex, secret, 32);
	assert_non_null(strstr(before, hex));
	assert_null(strstr(after, hex));
	assert_null(strstr(after, "correct"));
	assert_non_null(strstr(after, "sealed: argon2id 3 262144 "));

	assert_int_equal(identity_load(home.path, &closed), 0);
	assert_true(closed->has_passphrase && !closed->open);
	assert_true(sodium_is_zero(closed->secret, 32));
	assert_memory_equal(closed->box_public, identity->box_public, 32);
	assert_int_equal(identity_set_passphrase(home.path, closed, "x"), ERROR_DENIED);
	home_flips(after, n, closed);
	assert_int_equal(identity_unlock(home.path, "correct horsf", closed), ERROR_DENIED);
	assert_true(!closed->open && sodium_is_zero(closed->secret, 32));
	assert_int_equal(identity_unlock(home.path, "correct horse", closed), 0);
	assert_true(closed->open);
	assert_memory_equal(closed->secret, secret, 32);
	assert_int_equal(identity_unlock(home.path, "anything, it is open", closed), 0);
	/* Replaced meanwhile by another one: it is not written over. */
	unlink(home.path);
	identity_free(home_identity());
	assert_int_equal(identity_set_passphrase(home.path, closed, NULL), ERROR_INVALID);
	identity_close(closed);
	assert_int_equal(identity_unlock(home.path, "correct horse", closed), ERROR_INVALID);
	home_write(home.path, after, n);
	/* Taken away again. */
	assert_int_equal(identity_set_passphrase(home.path, identity, NULL), 0);
	identity_free(closed);
	assert_int_equal(identity_load(home.path, &closed), 0);
	assert_true(closed->open && !closed->has_passphrase);
	assert_memory_equal(closed->secret, secret, 32);
	identity_free(closed);
	identity_free(identity);
}

static int remove_it(void *user)
{
	return identity_set_passphrase(home.path, user, NULL) != 0;
}

static int replace_it(void *user)
{
	int lock = secretfile_lock(home.path);
	return lock < 0 || secretfile_write(home.path, user, true) != 0;
}

static int make_it(void *user)
{
	(void)user;
	return identity_ensure(home.path) != 0;
}

/* Is the text in any file of the folder? How many files there are, too. */
static bool lies_about(const char *text, int *files)
{
	bool found = false;
	DIR *d = opendir(home.folder);
	*files = 0;
	for (struct dirent *entry; (entry = readdir(d));) {
		char name[400], content[HOME_BIG];
		snprintf(name, sizeof name, "%s/%s", home.folder, entry->d_name);
		if (entry->d_name[0] == '.')
			continue;
		++*files;
		home_read(name, content);
		found |= strstr(content, text) != NULL;
	}
	closedir(d);
	return found;
}

/* Whenever it is killed, the file is the old one or the new one, and what is left of the old one goes as soon as anybody looks. */
static void killed(void **state)
{
	struct identity *identity = home_identity(), *again;
	char sealed[HOME_BIG], text[HOME_BIG];
	int result = 0, calls, files, olds = 0, news = 0;
	(void)state;
	assert_int_equal(identity_set_passphrase(home.path, identity, "correct horse"), 0);
	size_t n = home_read(home.path, sealed);
	for (calls = 0; calls < 1000; calls++) {
		home_write(home.path, sealed, n);
		if (!step_killed_at(calls, remove_it, identity, &result))
			break;
		assert_int_equal(identity_load(home.path, &again), 0);
		if (again->has_passphrase) {
			home_read(home.path, text);
			assert_string_equal(text, sealed);
			olds++;
		} else {
			assert_memory_equal(again->secret, identity->secret, 32);
			news++;
		}
		identity_free(again);
	}
	assert_int_equal(result, 0);
	assert_true(olds > 5 && news > 5);
	/* Killed before the old one was overwritten, or while the new one was made: the rest is cleaned up. */
	static const char old[] = "this was the secret\n", new[] = "this is under a passphrase\n";
	olds = news = 0;
	for (calls = 0; calls < 1000; calls++) {
		home_write(home.path, old, sizeof old - 1);
		if (!step_killed_at(calls, replace_it, (void *)(uintptr_t)new, &result))
			break;
		home_read(home.path, text);
		bool is_new = strcmp(text, new) == 0;
		if (!is_new)
			assert_string_equal(text, old);
		olds += !is_new;
		news += is_new;
		int lock = secretfile_lock(home.path);
		assert_true(lock >= 0);
		assert_int_equal(secretfile_clean(home.path), 0);
		close(lock);
		assert_int_equal(lies_about("the secret", &files), !is_new);
		assert_int_equal(files, 1);
		home_read(home.path, text);
		assert_string_equal(text, is_new ? new : old);
	}
	assert_int_equal(result, 0);
	assert_true(olds > 5 && news > 5);
	for (calls = 0; calls < 1000; calls++) {
		unlink(home.path);
		bool over = !step_killed_at(calls, make_it, NULL, &result);
		assert_int_equal(identity_ensure(home.path), 0);
		assert_int_equal(identity_load(home.path, &again), 0);
		identity_free(again);
		if (over)
			break;
	}
	assert_int_equal(result, 0);
	identity_free(identity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOME_CASE(passphrase), HOME_CASE(killed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
