/* SPDX-License-Identifier: Apache-2.0 */
/* Who can open and sign what; files that are not as they should be; recipients. */
#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../agent/base/pubkey.h"
#include "../../agent/error.h"
#include "../../agent/store/keyring.h"
#include "../../agent/store/secretfile.h"
#include "home.h"

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
	struct identity *identity = home_identity(), *other;
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
	assert_int_equal(identity_load(home.path, &other), 0);
	assert_int_equal(identity_agent_key(other, "study-a", again), 0);
	assert_memory_equal(again, agent, 32);
	identity_free(other);
	unlink(home.path);
	other = home_identity();
	assert_int_equal(identity_agent_key(other, "study-a", again), 0);
	assert_memory_not_equal(again, agent, 32);
	identity_free(other);
	identity_free(identity);
	identity_free(NULL);
}

/* ---- Files ---- */

static void damaged(void **state)
{
	struct identity *identity = home_identity(), *again;
	char good[HOME_BIG], bad[HOME_BIG];
	const char *what;
	(void)state;
	size_t n = home_read(home.path, good);
	home_flips(good, n, identity);
	/* CRLF. */
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		if (good[i] == '\n')
			bad[k++] = '\r';
		bad[k++] = good[i];
	}
	home_write(home.path, bad, k);
	assert_int_equal(identity_load_what(home.path, &again, &what), ERROR_INVALID);
	assert_non_null(strstr(what, "CRLF"));
	assert_int_equal(identity_ensure(home.path), ERROR_INVALID);
	/* A 0 in a comment; too long. */
	memcpy(bad, good, n);
	bad[3] = 0;
	home_write(home.path, bad, n);
	assert_int_equal(identity_load_what(home.path, &again, &what), ERROR_INVALID);
	memset(bad, '#', sizeof bad);
	home_write(home.path, bad, SECRETFILE_MAX + 1);
	assert_int_equal(identity_load_what(home.path, &again, &what), ERROR_INVALID);
	assert_non_null(strstr(what, "too long"));
	static const char other[] = "version: 3\n";
	home_write(home.path, other, sizeof other - 1);
	assert_int_equal(identity_load_what(home.path, &again, &what), ERROR_UNSUPPORTED);
	identity_free(identity);
}

static void open_to_others(void **state)
{
	struct identity *identity = home_identity(), *again;
	const char *what;
	char target[128];
	(void)state;
	identity_free(identity);
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		assert_int_equal(chmod(home.path, modes[i]), 0);
		assert_int_equal(identity_load_what(home.path, &again, &what), ERROR_INVALID);
		assert_non_null(strstr(what, "chmod 600"));
		assert_int_equal(identity_ensure(home.path), ERROR_INVALID);
	}
	assert_int_equal(chmod(home.path, 0400), 0);
	assert_int_equal(identity_load(home.path, &again), 0);
	identity_free(again);
	if (geteuid() == 0) {
		assert_int_equal(chown(home.path, 65534, 65534), 0);
		assert_int_equal(identity_load_what(home.path, &again, &what), ERROR_INVALID);
		assert_non_null(strstr(what, "another user"));
		assert_int_equal(chown(home.path, 0, 0), 0);
	}
	snprintf(target, sizeof target, "%s/elsewhere", home.folder);
	assert_int_equal(rename(home.path, target), 0);
	assert_int_equal(symlink(target, home.path), 0);
	assert_int_equal(identity_load_what(home.path, &again, &what), ERROR_INVALID);
	assert_non_null(strstr(what, "symbolic link"));
	assert_int_equal(identity_ensure(home.path), ERROR_INVALID);
	unlink(home.path);
	assert_int_equal(mkfifo(home.path, 0600), 0);
	assert_int_equal(identity_load(home.path, &again), ERROR_INVALID);
	unlink(home.path);
	assert_int_equal(mkdir(home.path, 0700), 0);
	assert_int_equal(identity_load(home.path, &again), ERROR_INVALID);
	rmdir(home.path);
	assert_int_equal(identity_load(home.path, &again), ERROR_IO);
	assert_int_equal(errno, ENOENT);
}

/* Many at once make one. */
static void at_the_same_time(void **state)
{
	pid_t child[6];
	struct identity *identity;
	char text[HOME_BIG];
	int status, files = 0;
	(void)state;
	for (int i = 0; i < 6; i++)
		if ((child[i] = fork()) == 0) {
			uint8_t key[32];
			char name[128], hex[65];
			int bad = identity_ensure(home.path) || identity_load(home.path, &identity) || identity_agent_key(identity, "abc", key);
			snprintf(name, sizeof name, "%s/key-%d", home.folder, i);
			sodium_bin2hex(hex, sizeof hex, key, 32);
			home_write(name, hex, 64);
			_exit(bad);
		}
	char first[HOME_BIG] = "";
	for (int i = 0; i < 6; i++) {
		char name[128];
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
		snprintf(name, sizeof name, "%s/key-%d", home.folder, i);
		home_read(name, text);
		if (i == 0)
			memcpy(first, text, sizeof first);
		assert_string_equal(first, text);
		unlink(name);
	}
	DIR *d = opendir(home.folder);
	for (struct dirent *entry; (entry = readdir(d));)
		files += entry->d_name[0] != '.';
	closedir(d);
	assert_int_equal(files, 1);
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
	char text[HOME_BIG], bad[HOME_BIG], name[RECIPIENT_TEXT];
	const char *what;
	bool sealed;
	(void)state;
	assert_int_equal(recipient_generate(home.path, NULL, key), 0);
	assert_int_equal(recipient_generate(home.path, NULL, secret), ERROR_IO);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(recipient_load(home.path, NULL, secret, public_key, &sealed, &what), 0);
	assert_false(sealed);
	assert_memory_equal(public_key, key, 32);
	crypto_scalarmult_base(of_secret, secret);
	assert_memory_equal(of_secret, key, 32);
	size_t n = home_read(home.path, text);
	recipient_format(key, name);
	assert_non_null(strstr(text, name));
	assert_non_null(strstr(text, "\nassent-secret-"));
	size_t begin = (size_t)(strstr(text, "\n# public key:") - text) + 2;
	/* All that is not free text. */
	for (size_t i = begin + 14; i < n; i++)
		for (int bit = 0; bit < 8; bit++) {
			memcpy(bad, text, n);
			bad[i] = (char)(bad[i] ^ 1 << bit);
			home_write(home.path, bad, n);
			assert_int_equal(load(home.path, NULL, secret, public_key, &what), ERROR_INVALID);
			assert_non_null(what);
			assert_true(sodium_is_zero(secret, 32));
		}
	for (size_t i = 0; i < n; i++) {
		home_write(home.path, text, i);
		assert_int_equal(load(home.path, NULL, secret, public_key, &what), ERROR_INVALID);
	}
	snprintf(bad, sizeof bad, "%.9000s\n", text);
	home_write(home.path, bad, n + 1);
	assert_int_equal(load(home.path, NULL, secret, public_key, &what), ERROR_INVALID);
	/* People keep notes in it. */
	snprintf(bad, sizeof bad, "%.9000s# a note\n", text);
	home_write(home.path, bad, strlen(bad));
	assert_int_equal(load(home.path, NULL, secret, public_key, &what), 0);
	snprintf(bad, sizeof bad, "%s\n", name);
	home_write(home.path, bad, strlen(bad));
	assert_int_equal(load(home.path, NULL, secret, public_key, &what), ERROR_INVALID);
	assert_non_null(strstr(what, "public key"));
	home_write(home.path, text, n);
	chmod(home.path, 0644);
	assert_int_equal(load(home.path, NULL, secret, public_key, &what), ERROR_INVALID);
	assert_non_null(strstr(what, "chmod 600"));
	unlink(home.path);
	assert_int_equal(load(home.path, NULL, secret, public_key, &what), ERROR_IO);
}

static void recipients_passphrase(void **state)
{
	uint8_t key[32], secret[32], public_key[32], of_secret[32];
	char text[HOME_BIG], bad[HOME_BIG];
	const char *what;
	bool sealed;
	(void)state;
	assert_int_equal(recipient_generate(home.path, "correct horse", key), 0);
	size_t n = home_read(home.path, text);
	assert_null(strstr(text, "assent-secret-"));
	/* The public key can be known without it. */
	assert_int_equal(recipient_load(home.path, NULL, NULL, public_key, &sealed, &what), 0);
	assert_true(sealed);
	assert_memory_equal(public_key, key, 32);
	assert_int_equal(recipient_load(home.path, NULL, secret, public_key, &sealed, &what), ERROR_DENIED);
	assert_true(sealed);
	assert_int_equal(recipient_load(home.path, "correct horsE", secret, public_key, &sealed, &what), ERROR_DENIED);
	assert_true(sodium_is_zero(secret, 32));
	assert_int_equal(recipient_load(home.path, "correct horse", secret, public_key, &sealed, &what), 0);
	crypto_scalarmult_base(of_secret, secret);
	assert_memory_equal(of_secret, key, 32);
	/* Numbers that would take all memory or all day, and others that are none. */
	static const char *const costs[] = {"0 262144", "17 262144", "3 1048577", "3 7", "3 99999999", "03 262144", "3 0262144", "-3 262144", "3  262144"};
	char *at = strstr(text, "3 262144");
	assert_non_null(at);
	for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
		snprintf(bad, sizeof bad, "%.*s%s%s", (int)(at - text), text, costs[i], at + 8);
		home_write(home.path, bad, strlen(bad));
		assert_int_equal(load(home.path, "correct horse", secret, public_key, &what), ERROR_INVALID);
	}
	/* Somebody else's public key before our box. */
	uint8_t other[32], other_secret[32];
	char name[RECIPIENT_TEXT];
	crypto_box_keypair(other, other_secret);
	recipient_format(other, name);
	memcpy(bad, text, n + 1);
	memcpy(strstr(bad, "# public key: ") + 14, name, strlen(name));
	memcpy(strstr(bad, "\npublic: ") + 9, name, strlen(name));
	home_write(home.path, bad, n);
	assert_int_equal(load(home.path, "correct horse", secret, public_key, &what), ERROR_INVALID);
	assert_true(sodium_is_zero(secret, 32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOME_CASE(pubkeys), HOME_CASE(signs), HOME_CASE(damaged), HOME_CASE(open_to_others), HOME_CASE(at_the_same_time),
		HOME_CASE(recipients), HOME_CASE(recipients_passphrase),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
