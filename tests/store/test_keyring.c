/* SPDX-License-Identifier: Apache-2.0 */
/* Keyrings, and the memory that secrets are in. */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../agent/base/sanitizer.h"
#include "../../agent/error.h"
#include "../../agent/store/keyring.h"
#include "../../agent/store/locked.h"
#include "home.h"

static void keyrings(void **state)
{
	struct identity *identity = home_identity();
	struct keyring *mine, *theirs, *others;
	struct keyfile file = {.segment = "20260501T123456Z-0f3a9c11", .study = "typing-2026", .begun_us = 1, .expires_us = 2, .release_us = 2,
		.has_participant = true, .has_recipient = true}, back;
	uint8_t key[SEGMENT_KEY], got[SEGMENT_KEY], secret[32], public_key[32], foreign[32], foreign_public[32];
	char segment[128];
	const char *what;
	(void)state;
	strcpy(file.pseudonym, "0123456789abcdef0123456789abcdef");
	randombytes_buf(key, sizeof key);
	crypto_box_keypair(public_key, secret);
	crypto_box_keypair(foreign_public, foreign);
	memcpy(file.recipient_key, public_key, 32);
	assert_int_equal(keyfile_seal(key, identity->box_public, file.participant), 0);
	assert_int_equal(keyfile_seal(key, public_key, file.recipient), 0);
	int fd = open(home.folder, O_RDONLY | O_DIRECTORY);
	assert_int_equal(keyfile_write(fd, "20260501T123456Z-0f3a9c11.key", &file), 0);
	assert_int_equal(keyring_new(&mine), 0);
	assert_int_equal(keyring_new(&theirs), 0);
	assert_int_equal(keyring_new(&others), 0);
	assert_int_equal(keyring_add_identity(mine, identity), 0);
	for (int i = 1; i < KEYRING_MAX; i++)
		assert_int_equal(keyring_add_recipient(theirs, foreign, foreign_public), 0);
	assert_int_equal(keyring_add_recipient(theirs, secret, public_key), 0);
	assert_int_equal(keyring_add_recipient(theirs, secret, public_key), ERROR_LIMIT);
	assert_int_equal(keyring_add_identity(theirs, identity), ERROR_LIMIT);
	assert_int_equal(keyring_add_recipient(others, foreign, foreign_public), 0);
	static const char *const ends[] = {".seg", ".part", ""};
	for (size_t i = 0; i < 3; i++) {
		snprintf(segment, sizeof segment, "%s/%s%s", home.folder, file.segment, ends[i]);
		memset(got, 0, sizeof got);
		assert_int_equal(keyring_segment(mine, segment, got, &back, &what), 0);
		assert_memory_equal(got, key, sizeof key);
		assert_string_equal(back.study, "typing-2026");
		memset(got, 0, sizeof got);
		assert_int_equal(keyring_segment(theirs, segment, got, NULL, NULL), 0);
		assert_memory_equal(got, key, sizeof key);
		assert_int_equal(keyring_segment(others, segment, got, &back, &what), ERROR_DENIED);
	}
	identity_close(identity);
	assert_int_equal(keyring_add_identity(others, identity), ERROR_DENIED);
	/* Another segment's key file under this name. */
	strcpy(file.segment, "20260501T123456Z-0f3a9c12");
	assert_int_equal(keyfile_write(fd, "20260501T123456Z-0f3a9c11.key", &file), 0);
	assert_int_equal(keyring_segment(mine, segment, got, &back, &what), ERROR_INVALID);
	assert_non_null(strstr(what, "another segment"));
	assert_int_equal(keyfile_destroy(fd, "20260501T123456Z-0f3a9c11.key"), 0);
	assert_int_equal(keyring_segment(mine, segment, got, &back, &what), ERROR_GONE);
	/* Destroyed, and killed before it was removed. */
	static const char zeros[700];
	snprintf(segment, sizeof segment, "%s/20260501T123456Z-0f3a9c11.key", home.folder);
	home_write(segment, zeros, sizeof zeros);
	assert_int_equal(keyring_segment(mine, segment, got, &back, &what), ERROR_GONE);
	close(fd);
	keyring_free(mine);
	keyring_free(theirs);
	keyring_free(others);
	keyring_free(NULL);
	identity_free(identity);
}

/* ---- Memory ---- */

/* How often the bytes are in the memory of pid; *unlocked: how many of these outside of locked memory. */
static int search(pid_t pid, const uint8_t *needle, size_t length, int *unlocked)
{
	char name[64], line[512], *content = NULL;
	uint64_t from = 0, to = 0;
	int found = 0, here = 0;
	bool readable = false;
	snprintf(name, sizeof name, "/proc/%d/smaps", pid);
	FILE *maps = fopen(name, "r");
	snprintf(name, sizeof name, "/proc/%d/mem", pid);
	int mem = open(name, O_RDONLY);
	assert_true(maps && mem >= 0);
	*unlocked = 0;
	while (fgets(line, sizeof line, maps)) {
		unsigned long long a, b;
		char rights[5];
		if (sscanf(line, "%llx-%llx %4s", &a, &b, rights) == 3) {
			from = a;
			to = b;
			readable = rights[0] == 'r' && b - a < (64u << 20);
			here = 0;
			content = realloc(content, readable ? to - from : 1);
			ssize_t n = readable ? pread(mem, content, to - from, (off_t)from) : 0;
			for (char *p = content; n > 0 && (p = memmem(p, (size_t)(content + n - p), needle, length)); p++)
				here++;
			found += here;
		} else if (strncmp(line, "VmFlags:", 8) == 0 && here && !strstr(line, " lo")) {
			*unlocked += here;
		}
	}
	free(content);
	fclose(maps);
	close(mem);
	return found;
}

static void wait_for(int fd)
{
	char c;
	assert_int_equal(read(fd, &c, 1), 1);
}

static void memory(void **state)
{
	struct identity *identity;
	uint8_t secret[32], signature[64], key[32], key_text[SEGMENT_KEY], box[KEYFILE_BOX];
	char hex[65], text[HOME_BIG];
	int to[2], from[2], unlocked;
	(void)state;
	if (ASSENT_SANITIZED || geteuid() != 0) {
		print_message(ASSENT_SANITIZED ? "a sanitizer changes what memory there is and how it is locked\n" : "only root may do that\n");
		skip();
	}
	assert_int_equal(pipe(to) | pipe(from), 0);
	/* It was made before anybody here knew the secret: what is found in it is its own. */
	pid_t pid = fork();
	if (pid == 0) {
		struct keyring *ring;
		char c;
		if (read(to[0], &c, 1) != 1 || identity_load(home.path, &identity) || identity_unlock(home.path, "correct horse", identity) || keyring_new(&ring) ||
		    keyring_add_identity(ring, identity) || identity_participant_sign(identity, "abc", "x", 1, signature) ||
		    identity_participant_key(identity, "abc", key) || write(from[1], "1", 1) != 1 || read(to[0], &c, 1) != 1)
			_exit(1);
		randombytes_buf(key_text, sizeof key_text);
		if (keyfile_seal(key_text, identity->box_public, box) || identity_set_passphrase(home.path, identity, NULL) ||
		    identity_set_passphrase(home.path, identity, "correct horse"))
			_exit(1);
		identity_free(identity);
		keyring_free(ring);
		if (write(from[1], "2", 1) != 1 || read(to[0], &c, 1) != 1)
			_exit(1);
		_exit(0);
	}
	identity = home_identity();
	memcpy(secret, identity->secret, 32);
	sodium_bin2hex(hex, sizeof hex, secret, 32);
	assert_int_equal(identity_set_passphrase(home.path, identity, "correct horse"), 0);
	home_read(home.path, text);
	assert_int_equal(write(to[1], "1", 1), 1);
	wait_for(from[0]);
	uint8_t box_secret[32];
	assert_int_equal(identity_box_secret(identity, box_secret), 0);
	int held = search(pid, secret, 32, &unlocked);
	printf("the secret is in memory %d times, %d of them not locked\n", held, unlocked);
	assert_true(held >= 1);
	assert_int_equal(unlocked, 0);
	assert_true(search(pid, box_secret, 32, &unlocked) >= 1);
	assert_int_equal(unlocked, 0);
	assert_int_equal(write(to[1], "1", 1), 1);
	wait_for(from[0]);
	assert_int_equal(search(pid, secret, 32, &unlocked), 0);
	assert_int_equal(search(pid, secret, 16, &unlocked), 0);
	assert_int_equal(search(pid, box_secret, 32, &unlocked), 0);
	assert_int_equal(search(pid, (const uint8_t *)hex, 32, &unlocked), 0);
	assert_int_equal(write(to[1], "1", 1), 1);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	identity_free(identity);
}

/* Where memory cannot be locked, there are no secrets: no file is made, none is read. */
static void no_lock(void **state)
{
	int status;
	(void)state;
	if (ASSENT_SANITIZED || geteuid() != 0) {
		print_message(ASSENT_SANITIZED ? "a sanitizer changes what memory there is and how it is locked\n" : "only root may do that\n");
		skip();
	}
	assert_int_equal(chmod(home.folder, 0777), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit none = {0, 0};
		struct identity *identity;
		struct keyring *ring;
		uint8_t key[32], other[32];
		char name[128];
		bool sealed;
		const char *what = "";
		snprintf(name, sizeof name, "%s/recipient", home.folder);
		if (setrlimit(RLIMIT_MEMLOCK, &none) || setgid(65534) || setuid(65534))
			_exit(1);
		_exit(identity_ensure(home.path) != ERROR_MEMORY || identity_load_what(home.path, &identity, &what) != ERROR_MEMORY || identity ||
		      !strstr(what, "RLIMIT_MEMLOCK") || keyring_new(&ring) != ERROR_MEMORY || recipient_generate(name, NULL, key) != ERROR_MEMORY ||
		      recipient_load(name, NULL, key, other, &sealed, &what) != ERROR_MEMORY || locked_new(1) || access(home.path, F_OK) == 0 ||
		      access(name, F_OK) == 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOME_CASE(keyrings), HOME_CASE(memory), HOME_CASE(no_lock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
