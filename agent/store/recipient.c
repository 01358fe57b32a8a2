/* SPDX-License-Identifier: Apache-2.0 */
#include "recipient.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "locked.h"
#include "passbox.h"
#include "secretfile.h"

#define SECRET_PREFIX "assent-secret-"

enum { SECRET_TEXT = sizeof SECRET_PREFIX + PUBKEY_CHARACTERS };

/* All that is secret while a file is read or written. */
struct work {
	char text[SECRETFILE_MAX + 1], body[SECRETFILE_MAX + 1];
	char secret_text[SECRET_TEXT];
	uint8_t secret[RECIPIENT_KEY];
};

int recipient_parse(const char *text, uint8_t out[RECIPIENT_KEY])
{
	return pubkey_parse(text, out);
}

void recipient_format(const uint8_t key[RECIPIENT_KEY], char out[RECIPIENT_TEXT])
{
	pubkey_format(key, out);
}

void recipient_id(const uint8_t key[RECIPIENT_KEY], char out[RECIPIENT_ID])
{
	uint8_t hash[32];
	crypto_generichash(hash, sizeof hash, key, RECIPIENT_KEY, NULL, 0);
	sodium_bin2hex(out, RECIPIENT_ID, hash, 8);
}

int recipient_generate(const char *path, const char *passphrase, uint8_t public_key[RECIPIENT_KEY])
{
	char name[RECIPIENT_TEXT], now[28], sealed[PASSBOX_TEXT];
	struct passbox box;
	struct work *w = locked_new(sizeof *w);
	if (!w)
		return ERROR_MEMORY;
	crypto_box_keypair(public_key, w->secret);
	recipient_format(public_key, name);
	clock_format(clock_utc_us(), now);
	int e = passphrase ? passbox_seal(w->secret, passphrase, &box) : 0, saved;
	if (e)
		goto out;
	int n = snprintf(w->text, sizeof w->text,
			 "# assent recipient key. Whoever has this file%s can read what was released to it.\n"
			 "# created: %.19sZ\n# public key: %s\n", passphrase ? " and its passphrase" : "", now, name);
	if (passphrase) {
		passbox_format(&box, sealed);
		snprintf(w->text + n, sizeof w->text - (size_t)n, "public: %s\nsealed: %s\n", name, sealed);
	} else {
		pubkey_encode(SECRET_PREFIX, w->secret, w->secret_text);
		snprintf(w->text + n, sizeof w->text - (size_t)n, "%s\n", w->secret_text);
	}
	e = secretfile_write(path, w->text, false);
out:
	saved = errno;
	locked_free(w);
	errno = saved;
	return e;
}

/* Does every comment that names the public key name this one? */
static bool comments_agree(const char *text, const char *name)
{
	static const char begin[] = "# public key: ";
	for (const char *s = text; (s = strstr(s, begin)); s += sizeof begin - 1) {
		const char *value = s + sizeof begin - 1;
		if (s != text && s[-1] != '\n')
			continue;
		if (strncmp(value, name, RECIPIENT_TEXT - 1) != 0 || value[RECIPIENT_TEXT - 1] != '\n')
			return false;
	}
	return true;
}

/* "public: NAME\nsealed: BOX\n" */
static bool parse_sealed(struct work *w, struct passbox *box, uint8_t public_key[RECIPIENT_KEY])
{
	char *s = w->body + 8, *end = strchr(s, '\n');
	if (!end)
		return false;
	*end = 0;
	if (recipient_parse(s, public_key) || strncmp(end + 1, "sealed: ", 8) != 0)
		return false;
	const char *rest = passbox_parse(end + 9, box);
	return rest && strcmp(rest, "\n") == 0;
}

static bool parse_plain(struct work *w)
{
	char *end = strchr(w->body, '\n');
	if (!end || end[1])
		return false;
	*end = 0;
	return pubkey_decode(SECRET_PREFIX, w->body, w->secret) == 0;
}

static int judge(struct work *w, const char *passphrase, bool wanted, uint8_t public_key[RECIPIENT_KEY], bool *sealed, const char **what)
{
	uint8_t of_secret[RECIPIENT_KEY];
	char name[RECIPIENT_TEXT];
	struct passbox box;
	int e = 0;
	*what = "is damaged: its last line was cut";
	if (!secretfile_body(w->text, w->body))
		return ERROR_INVALID;
	*what = strncmp(w->body, PUBKEY_PREFIX, sizeof PUBKEY_PREFIX - 1) == 0 ? "is a public key, and the secret one is needed" :
		"is not a recipient's key (a file that assent keygen made), or is damaged";
	*sealed = strncmp(w->body, "public: ", 8) == 0;
	if (*sealed ? !parse_sealed(w, &box, public_key) : !parse_plain(w))
		return ERROR_INVALID;
	if (!*sealed && crypto_scalarmult_base(public_key, w->secret))
		return ERROR_INVALID;
	recipient_format(public_key, name);
	*what = "is damaged: its comment names another public key";
	if (!comments_agree(w->text, name))
		return ERROR_INVALID;
	*what = NULL;
	if (!*sealed || !wanted)
		return 0;
	*what = "is under a passphrase";
	if (!passphrase || (e = passbox_open(&box, passphrase, w->secret)))
		return passphrase ? e : ERROR_DENIED;
	*what = "is damaged: its public key is not that of its secret one";
	return crypto_scalarmult_base(of_secret, w->secret) || memcmp(of_secret, public_key, sizeof of_secret) != 0 ? ERROR_INVALID : 0;
}

static int finish(struct work *w, int e, uint8_t secret[RECIPIENT_KEY])
{
	int saved = errno;
	if (secret && e)
		sodium_memzero(secret, RECIPIENT_KEY);
	else if (secret)
		memcpy(secret, w->secret, RECIPIENT_KEY);
	locked_free(w);
	errno = saved;
	return e;
}

int recipient_read(const char *text, const char *passphrase, uint8_t secret[RECIPIENT_KEY], uint8_t public_key[RECIPIENT_KEY], bool *sealed,
		   const char **what)
{
	struct work *w = locked_new(sizeof *w);
	*sealed = false;
	*what = "needs locked memory (raise RLIMIT_MEMLOCK to 8 MiB: ulimit -l 8192)";
	if (!w)
		return ERROR_MEMORY;
	*what = "is too long to be such a file";
	if (strlen(text) > SECRETFILE_MAX)
		return finish(w, ERROR_INVALID, secret);
	memcpy(w->text, text, strlen(text) + 1);
	return finish(w, judge(w, passphrase, secret != NULL, public_key, sealed, what), secret);
}

int recipient_load(const char *path, const char *passphrase, uint8_t secret[RECIPIENT_KEY], uint8_t public_key[RECIPIENT_KEY], bool *sealed,
		   const char **what)
{
	const char *unused;
	size_t length = 0;
	if (!what)
		what = &unused;
	struct work *w = locked_new(sizeof *w);
	*sealed = false;
	*what = "needs locked memory (raise RLIMIT_MEMLOCK to 8 MiB: ulimit -l 8192)";
	if (!w)
		return ERROR_MEMORY;
	int e = secretfile_read(path, w->text, &length, what);
	return finish(w, e ? e : judge(w, passphrase, secret != NULL, public_key, sealed, what), secret);
}
