/* SPDX-License-Identifier: Apache-2.0 */
/* Who can open and sign what; files that are not as they should be; the passphrase, killed at each step; memory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../agent/base/pubkey.h"
#include "../../agent/base/sanitizer.h"
#include "../../agent/error.h"
#include "../../agent/store/identity.h"
#include "../../agent/store/keyring.h"
#include "../../agent/store/locked.h"
#include "../../agent/store/passbox.h"
#include "../../agent/store/secretfile.h"
#include "../format/cmocka_all.h"
#include "step.h"

enum { BIG = 16384 };
static char folder[64], path[96];

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/assent-keys-XXXXXX");
	if (sodium_init() < 0 || !mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/identity", folder);
	return 0;
}

static int teardown(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static size_t read_file(const char *name, char out[BIG])
{
	FILE *f = fopen(name, "rb");
	if (!f)
		return 0;
	size_t n = fread(out, 1, BIG - 1, f);
	fclose(f);
	out[n] = 0;
	return n;
}

static void write_file(const char *name, const char *text, size_t n)
{
	unlink(name);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	close(fd);
}

static struct identity *made(void)
{
	struct identity *identity;
	assert_int_equal(identity_ensure(path), 0);
	assert_int_equal(identity_load(path, &identity), 0);
	return identity;
}

/* ---- Keys ---- */

static void pubkeys(void **state)
{
	uint8_t key[32], back[32];
	char text[PUBKEY_TEXT + 1], bad[PUBKEY_TEXT + 1];
	(void)state;
	/* With letters that libsodium's decoder has a second byte for: it takes 0xdf for '_'. */
	for (int i = 0; i < 32; i++)
		key[i] = i < 24 ? (uint8_t[]){0xff, 0xff, 0xbe}[i % 3] : (uint8_t)(i * 7 & 0x7f);
	pubkey_format(key, text);
	assert_non_null(strstr(text, "__"));
	assert_int_equal(strlen(text), PUBKEY_TEXT - 1);
	assert_int_equal(pubkey_parse(text, back), 0);
	assert_memory_equal(key, back, 32);
	/* Any byte for any other. */
	for (size_t i = 0; i < PUBKEY_TEXT - 1; i++)
		for (int c = -128; c < 128; c++) {
			memcpy(bad, text, sizeof bad);
			bad[i] = (char)c;
			if (bad[i] != text[i])
				assert_int_equal(pubkey_parse(bad, back), ERROR_INVALID);
		}
	for (size_t i = 0; i < PUBKEY_TEXT - 1; i++) {
		snprintf(bad, sizeof bad, "%.*s", (int)i, text);
		assert_int_equal(pubkey_parse(bad, back), ERROR_INVALID);
	}
	snprintf(bad, sizeof bad, "%.*s=", PUBKEY_TEXT - 1, text);
	assert_int_equal(pubkey_parse(bad, back), ERROR_INVALID);
	/* Keys to which everybody has the secret, and a second text of the same key. */
	static const uint8_t small[][32] = {{0}, {1}, {0xec, [1 ... 30] = 0xff, 0x7f}, {0xed, [1 ... 30] = 0xff, 0x7f}};
	for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
		pubkey_format(small[i], text);
		assert_int_equal(pubkey_parse(text, back), ERROR_INVALID);
	}
	key[31] |= 0x80;
	pubkey_format(key, text);
	assert_int_equal(pubkey_parse(text, back), ERROR_INVALID);
}

static void signs(void **state)
{
	struct identity *identity = made(), *other;
	uint8_t agent[32], participant[32], again[32], signature[64], seed[32], public_key[32], secret[64];
	char name[33], second[33];
	(void)state;
	assert_true(identity->open && !identity->has_passphrase);
	assert_int_equal(identity_agent_key(identity, "study-a", agent), 0);
	assert_int_equal(identity_participant_key(identity, "study-a", participant), 0);
	assert_memory_not_equal(agent, participant, 32);
	/* As the header says, so that others can make it, too. */
	crypto_generichash(seed, 32, (const unsigned char *)"assent participant study-a", 26, identity->secret, 32);
	crypto_sign_seed_keypair(public_key, secret, seed);
	assert_memory_equal(public_key, participant, 32);
	assert_int_equal(identity_participant_key(identity, "study-b", again), 0);
	assert_memory_not_equal(again, participant, 32);
	identity_pseudonym(participant, name);
	identity_pseudonym(again, second);
	assert_int_equal(strlen(name), 32);
	assert_string_not_equal(name, second);

	assert_int_equal(identity_agent_sign(identity, "study-a", "text", 4, signature), 0);
	assert_int_equal(identity_verify(agent, "text", 4, signature), 0);
	assert_int_equal(identity_verify(agent, "texT", 4, signature), ERROR_CORRUPT);
	assert_int_equal(identity_verify(agent, "text", 3, signature), ERROR_CORRUPT);
	assert_int_equal(identity_verify(participant, "text", 4, signature), ERROR_CORRUPT);
	assert_int_equal(identity_participant_sign(identity, "study-a", "text", 4, signature), 0);
	assert_int_equal(identity_verify(participant, "text", 4, signature), 0);
	for (int bit = 0; bit < 512; bit++) {
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(identity_verify(participant, "text", 4, signature), ERROR_CORRUPT);
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* Without the secret: only what ends or narrows. */
	identity_close(identity);
	assert_int_equal(identity_participant_key(identity, "study-a", again), ERROR_DENIED);
	assert_int_equal(identity_participant_sign(identity, "study-a", "text", 4, signature), ERROR_DENIED);
	assert_int_equal(identity_box_secret(identity, again), ERROR_DENIED);
	assert_int_equal(identity_agent_sign(identity, "study-a", "text", 4, signature), 0);
	/* The same after a restart, another one elsewhere. */
	assert_int_equal(identity_load(path, &other), 0);
	assert_int_equal(identity_agent_key(other, "study-a", again), 0);
	assert_memory_equal(again, agent, 32);
	identity_free(other);
	unlink(path);
	other = made();
	assert_int_equal(identity_agent_key(other, "study-a", again), 0);
	assert_memory_not_equal(again, agent, 32);
	identity_free(other);
	identity_free(identity);
	identity_free(NULL);
}

/* ---- Files ---- */

/* A file that says the same as good, or is refused; never something else. */
static void one_flip(const char *good, size_t n, size_t i, uint8_t mask, const struct identity *truth)
{
	char bad[BIG];
	const char *what = NULL;
	struct identity *identity;
	memcpy(bad, good, n + 1);
	bad[i] = (char)(bad[i] ^ mask);
	write_file(path, bad, n);
	int e = identity_load_what(path, &identity, &what);
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

static void flips(const char *good, size_t n, const struct identity *truth)
{
	char bad[BIG];
	struct identity *identity;
	size_t begin = (size_t)(strstr(good, "version:") - good);
	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 8; bit += i < begin ? 7 : 1)
			one_flip(good, n, i, (uint8_t)(1 << bit), truth);
	for (size_t i = 0; i < n; i++) {
		write_file(path, good, i);
		assert_int_equal(identity_load(path, &identity), ERROR_INVALID);
	}
	/* Behind it, before it, in it. */
	static const char *const more[] = {"\n", " ", "x", "check: 0123456789abcdef\n", "secret: 00\n"};
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		int length = snprintf(bad, sizeof bad, "%s%s", good, more[i]);
		write_file(path, bad, (size_t)length);
		assert_int_equal(identity_load(path, &identity), ERROR_INVALID);
		length = snprintf(bad, sizeof bad, "%s%s", more[i], good);
		write_file(path, bad, (size_t)length);
		assert_int_equal(identity_load(path, &identity), ERROR_INVALID);
	}
	write_file(path, good, n);
}

static void damaged(void **state)
{
	struct identity *identity = made(), *again;
	char good[BIG], bad[BIG];
	const char *what;
	(void)state;
	size_t n = read_file(path, good);
	flips(good, n, identity);
	/* CRLF. */
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		if (good[i] == '\n')
			bad[k++] = '\r';
		bad[k++] = good[i];
	}
	write_file(path, bad, k);
	assert_int_equal(identity_load_what(path, &again, &what), ERROR_INVALID);
	assert_non_null(strstr(what, "CRLF"));
	assert_int_equal(identity_ensure(path), ERROR_INVALID);
	/* A 0 in a comment; too long. */
	memcpy(bad, good, n);
	bad[3] = 0;
	write_file(path, bad, n);
	assert_int_equal(identity_load_what(path, &again, &what), ERROR_INVALID);
	memset(bad, '#', sizeof bad);
	write_file(path, bad, SECRETFILE_MAX + 1);
	assert_int_equal(identity_load_what(path, &again, &what), ERROR_INVALID);
	assert_non_null(strstr(what, "too long"));
	static const char other[] = "version: 3\n";
	write_file(path, other, sizeof other - 1);
	assert_int_equal(identity_load_what(path, &again, &what), ERROR_UNSUPPORTED);
	identity_free(identity);
}

static void open_to_others(void **state)
{
	struct identity *identity = made(), *again;
	const char *what;
	char target[128];
	(void)state;
	identity_free(identity);
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_int_equal(identity_load_what(path, &again, &what), ERROR_INVALID);
		assert_non_null(strstr(what, "chmod 600"));
		assert_int_equal(identity_ensure(path), ERROR_INVALID);
	}
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(identity_load(path, &again), 0);
	identity_free(again);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_int_equal(identity_load_what(path, &again, &what), ERROR_INVALID);
		assert_non_null(strstr(what, "another user"));
		assert_int_equal(chown(path, 0, 0), 0);
	}
	snprintf(target, sizeof target, "%s/elsewhere", folder);
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(identity_load_what(path, &again, &what), ERROR_INVALID);
	assert_non_null(strstr(what, "symbolic link"));
	assert_int_equal(identity_ensure(path), ERROR_INVALID);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(identity_load(path, &again), ERROR_INVALID);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(identity_load(path, &again), ERROR_INVALID);
	rmdir(path);
	assert_int_equal(identity_load(path, &again), ERROR_IO);
	assert_int_equal(errno, ENOENT);
}

/* Many at once make one. */
static void at_the_same_time(void **state)
{
	pid_t child[6];
	struct identity *identity;
	char text[BIG];
	int status, files = 0;
	(void)state;
	for (int i = 0; i < 6; i++)
		if ((child[i] = fork()) == 0) {
			uint8_t key[32];
			char name[128], hex[65];
			int bad = identity_ensure(path) || identity_load(path, &identity) || identity_agent_key(identity, "abc", key);
			snprintf(name, sizeof name, "%s/key-%d", folder, i);
			sodium_bin2hex(hex, sizeof hex, key, 32);
			write_file(name, hex, 64);
			_exit(bad);
		}
	char first[BIG] = "";
	for (int i = 0; i < 6; i++) {
		char name[128];
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
		snprintf(name, sizeof name, "%s/key-%d", folder, i);
		read_file(name, text);
		if (i == 0)
			memcpy(first, text, sizeof first);
		assert_string_equal(first, text);
		unlink(name);
	}
	DIR *d = opendir(folder);
	for (struct dirent *entry; (entry = readdir(d));)
		files += entry->d_name[0] != '.';
	closedir(d);
	assert_int_equal(files, 1);
}

/* ---- Passphrase ---- */

static void passphrase(void **state)
{
	struct identity *identity = made(), *closed;
	char before[BIG], after[BIG], hex[65];
	uint8_t secret[32];
	(void)state;
	memcpy(secret, identity->secret, 32);
	read_file(path, before);
	/* The place on the disk where the open secret was. */
	int old = open(path, O_RDONLY);
	assert_int_equal(identity_set_passphrase(path, identity, "correct horse"), 0);
	assert_true(identity->has_passphrase);
	assert_int_equal(pread(old, after, strlen(before), 0), (ssize_t)strlen(before));
	assert_true(sodium_is_zero((uint8_t *)after, strlen(before)));
	close(old);
	size_t n = read_file(path, after);
	sodium_bin2hex(hex, sizeof hex, secret, 32);
	assert_non_null(strstr(before, hex));
	assert_null(strstr(after, hex));
	assert_null(strstr(after, "correct"));
	assert_non_null(strstr(after, "sealed: argon2id 3 262144 "));

	assert_int_equal(identity_load(path, &closed), 0);
	assert_true(closed->has_passphrase && !closed->open);
	assert_true(sodium_is_zero(closed->secret, 32));
	assert_memory_equal(closed->box_public, identity->box_public, 32);
	assert_int_equal(identity_set_passphrase(path, closed, "x"), ERROR_DENIED);
	flips(after, n, closed);
	assert_int_equal(identity_unlock(path, "correct horsf", closed), ERROR_DENIED);
	assert_true(!closed->open && sodium_is_zero(closed->secret, 32));
	assert_int_equal(identity_unlock(path, "correct horse", closed), 0);
	assert_true(closed->open);
	assert_memory_equal(closed->secret, secret, 32);
	assert_int_equal(identity_unlock(path, "anything, it is open", closed), 0);
	/* Replaced meanwhile by another one: it is not written over. */
	unlink(path);
	identity_free(made());
	assert_int_equal(identity_set_passphrase(path, closed, NULL), ERROR_INVALID);
	identity_close(closed);
	assert_int_equal(identity_unlock(path, "correct horse", closed), ERROR_INVALID);
	write_file(path, after, n);
	/* Taken away again. */
	assert_int_equal(identity_set_passphrase(path, identity, NULL), 0);
	identity_free(closed);
	assert_int_equal(identity_load(path, &closed), 0);
	assert_true(closed->open && !closed->has_passphrase);
	assert_memory_equal(closed->secret, secret, 32);
	identity_free(closed);
	identity_free(identity);
}

static int remove_it(void *user)
{
	return identity_set_passphrase(path, user, NULL) != 0;
}

static int replace_it(void *user)
{
	int lock = secretfile_lock(path);
	return lock < 0 || secretfile_write(path, user, true) != 0;
}

static int make_it(void *user)
{
	(void)user;
	return identity_ensure(path) != 0;
}

/* Is the text in any file of the folder? How many files there are, too. */
static bool lies_about(const char *text, int *files)
{
	bool found = false;
	DIR *d = opendir(folder);
	*files = 0;
	for (struct dirent *entry; (entry = readdir(d));) {
		char name[400], content[BIG];
		snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] == '.')
			continue;
		++*files;
		read_file(name, content);
		found |= strstr(content, text) != NULL;
	}
	closedir(d);
	return found;
}

/* Whenever it is killed, the file is the old one or the new one, and what is left of the old one goes as soon as anybody looks. */
static void killed(void **state)
{
	struct identity *identity = made(), *again;
	char sealed[BIG], text[BIG];
	int result = 0, calls, files, olds = 0, news = 0;
	(void)state;
	assert_int_equal(identity_set_passphrase(path, identity, "correct horse"), 0);
	size_t n = read_file(path, sealed);
	for (calls = 0; calls < 1000; calls++) {
		write_file(path, sealed, n);
		if (!step_killed_at(calls, remove_it, identity, &result))
			break;
		assert_int_equal(identity_load(path, &again), 0);
		if (again->has_passphrase) {
			read_file(path, text);
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
		write_file(path, old, sizeof old - 1);
		if (!step_killed_at(calls, replace_it, (void *)(uintptr_t)new, &result))
			break;
		read_file(path, text);
		bool is_new = strcmp(text, new) == 0;
		if (!is_new)
			assert_string_equal(text, old);
		olds += !is_new;
		news += is_new;
		int lock = secretfile_lock(path);
		assert_true(lock >= 0);
		assert_int_equal(secretfile_clean(path), 0);
		close(lock);
		assert_int_equal(lies_about("the secret", &files), !is_new);
		assert_int_equal(files, 1);
		read_file(path, text);
		assert_string_equal(text, is_new ? new : old);
	}
	assert_int_equal(result, 0);
	assert_true(olds > 5 && news > 5);
	for (calls = 0; calls < 1000; calls++) {
		unlink(path);
		bool over = !step_killed_at(calls, make_it, NULL, &result);
		assert_int_equal(identity_ensure(path), 0);
		assert_int_equal(identity_load(path, &again), 0);
		identity_free(again);
		if (over)
			break;
	}
	assert_int_equal(result, 0);
	identity_free(identity);
}

/* ---- Recipients ---- */

static int load(const char *name, const char *phrase, uint8_t secret[32], uint8_t public_key[32], const char **what)
{
	bool sealed;
	return recipient_load(name, phrase, secret, public_key, &sealed, what);
}

static void recipients(void **state)
{
	uint8_t key[32], secret[32], public_key[32], of_secret[32];
	char text[BIG], bad[BIG], name[RECIPIENT_TEXT];
	const char *what;
	bool sealed;
	(void)state;
	assert_int_equal(recipient_generate(path, NULL, key), 0);
	assert_int_equal(recipient_generate(path, NULL, secret), ERROR_IO);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(recipient_load(path, NULL, secret, public_key, &sealed, &what), 0);
	assert_false(sealed);
	assert_memory_equal(public_key, key, 32);
	crypto_scalarmult_base(of_secret, secret);
	assert_memory_equal(of_secret, key, 32);
	size_t n = read_file(path, text);
	recipient_format(key, name);
	assert_non_null(strstr(text, name));
	assert_non_null(strstr(text, "\nassent-secret-"));
	size_t begin = (size_t)(strstr(text, "\n# public key:") - text) + 2;
	/* All that is not free text. */
	for (size_t i = begin + 14; i < n; i++)
		for (int bit = 0; bit < 8; bit++) {
			memcpy(bad, text, n);
			bad[i] = (char)(bad[i] ^ 1 << bit);
			write_file(path, bad, n);
			assert_int_equal(load(path, NULL, secret, public_key, &what), ERROR_INVALID);
			assert_non_null(what);
			assert_true(sodium_is_zero(secret, 32));
		}
	for (size_t i = 0; i < n; i++) {
		write_file(path, text, i);
		assert_int_equal(load(path, NULL, secret, public_key, &what), ERROR_INVALID);
	}
	snprintf(bad, sizeof bad, "%.9000s\n", text);
	write_file(path, bad, n + 1);
	assert_int_equal(load(path, NULL, secret, public_key, &what), ERROR_INVALID);
	/* People keep notes in it. */
	snprintf(bad, sizeof bad, "%.9000s# a note\n", text);
	write_file(path, bad, strlen(bad));
	assert_int_equal(load(path, NULL, secret, public_key, &what), 0);
	snprintf(bad, sizeof bad, "%s\n", name);
	write_file(path, bad, strlen(bad));
	assert_int_equal(load(path, NULL, secret, public_key, &what), ERROR_INVALID);
	assert_non_null(strstr(what, "public key"));
	write_file(path, text, n);
	chmod(path, 0644);
	assert_int_equal(load(path, NULL, secret, public_key, &what), ERROR_INVALID);
	assert_non_null(strstr(what, "chmod 600"));
	unlink(path);
	assert_int_equal(load(path, NULL, secret, public_key, &what), ERROR_IO);
}

static void recipients_passphrase(void **state)
{
	uint8_t key[32], secret[32], public_key[32], of_secret[32];
	char text[BIG], bad[BIG];
	const char *what;
	bool sealed;
	(void)state;
	assert_int_equal(recipient_generate(path, "correct horse", key), 0);
	size_t n = read_file(path, text);
	assert_null(strstr(text, "assent-secret-"));
	/* The public key can be known without it. */
	assert_int_equal(recipient_load(path, NULL, NULL, public_key, &sealed, &what), 0);
	assert_true(sealed);
	assert_memory_equal(public_key, key, 32);
	assert_int_equal(recipient_load(path, NULL, secret, public_key, &sealed, &what), ERROR_DENIED);
	assert_true(sealed);
	assert_int_equal(recipient_load(path, "correct horsE", secret, public_key, &sealed, &what), ERROR_DENIED);
	assert_true(sodium_is_zero(secret, 32));
	assert_int_equal(recipient_load(path, "correct horse", secret, public_key, &sealed, &what), 0);
	crypto_scalarmult_base(of_secret, secret);
	assert_memory_equal(of_secret, key, 32);
	/* Numbers that would take all memory or all day, and others that are none. */
	static const char *const costs[] = {"0 262144", "17 262144", "3 1048577", "3 7", "3 99999999", "03 262144", "3 0262144", "-3 262144", "3  262144"};
	char *at = strstr(text, "3 262144");
	assert_non_null(at);
	for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
		snprintf(bad, sizeof bad, "%.*s%s%s", (int)(at - text), text, costs[i], at + 8);
		write_file(path, bad, strlen(bad));
		assert_int_equal(load(path, "correct horse", secret, public_key, &what), ERROR_INVALID);
	}
	/* Somebody else's public key before our box. */
	uint8_t other[32], other_secret[32];
	char name[RECIPIENT_TEXT];
	crypto_box_keypair(other, other_secret);
	recipient_format(other, name);
	memcpy(bad, text, n + 1);
	memcpy(strstr(bad, "# public key: ") + 14, name, strlen(name));
	memcpy(strstr(bad, "\npublic: ") + 9, name, strlen(name));
	write_file(path, bad, n);
	assert_int_equal(load(path, "correct horse", secret, public_key, &what), ERROR_INVALID);
	assert_true(sodium_is_zero(secret, 32));
}

/* ---- Keyring ---- */

static void keyrings(void **state)
{
	struct identity *identity = made();
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
	int fd = open(folder, O_RDONLY | O_DIRECTORY);
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
		snprintf(segment, sizeof segment, "%s/%s%s", folder, file.segment, ends[i]);
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
	snprintf(segment, sizeof segment, "%s/20260501T123456Z-0f3a9c11.key", folder);
	write_file(segment, zeros, sizeof zeros);
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
	char hex[65], text[BIG];
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
		if (read(to[0], &c, 1) != 1 || identity_load(path, &identity) || identity_unlock(path, "correct horse", identity) || keyring_new(&ring) ||
		    keyring_add_identity(ring, identity) || identity_participant_sign(identity, "abc", "x", 1, signature) ||
		    identity_participant_key(identity, "abc", key) || write(from[1], "1", 1) != 1 || read(to[0], &c, 1) != 1)
			_exit(1);
		randombytes_buf(key_text, sizeof key_text);
		if (keyfile_seal(key_text, identity->box_public, box) || identity_set_passphrase(path, identity, NULL) ||
		    identity_set_passphrase(path, identity, "correct horse"))
			_exit(1);
		identity_free(identity);
		keyring_free(ring);
		if (write(from[1], "2", 1) != 1 || read(to[0], &c, 1) != 1)
			_exit(1);
		_exit(0);
	}
	identity = made();
	memcpy(secret, identity->secret, 32);
	sodium_bin2hex(hex, sizeof hex, secret, 32);
	assert_int_equal(identity_set_passphrase(path, identity, "correct horse"), 0);
	read_file(path, text);
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
	assert_int_equal(chmod(folder, 0777), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit none = {0, 0};
		struct identity *identity;
		struct keyring *ring;
		uint8_t key[32], other[32];
		char name[128];
		bool sealed;
		const char *what = "";
		snprintf(name, sizeof name, "%s/recipient", folder);
		if (setrlimit(RLIMIT_MEMLOCK, &none) || setgid(65534) || setuid(65534))
			_exit(1);
		_exit(identity_ensure(path) != ERROR_MEMORY || identity_load_what(path, &identity, &what) != ERROR_MEMORY || identity ||
		      !strstr(what, "RLIMIT_MEMLOCK") || keyring_new(&ring) != ERROR_MEMORY || recipient_generate(name, NULL, key) != ERROR_MEMORY ||
		      recipient_load(name, NULL, key, other, &sealed, &what) != ERROR_MEMORY || locked_new(1) || access(path, F_OK) == 0 ||
		      access(name, F_OK) == 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pubkeys), TEST(signs), TEST(damaged), TEST(open_to_others), TEST(at_the_same_time), TEST(passphrase), TEST(killed),
		TEST(recipients), TEST(recipients_passphrase), TEST(keyrings), TEST(memory), TEST(no_lock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
