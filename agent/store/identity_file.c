/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"
#include "identity.h"
#include "locked.h"
#include "passbox.h"
#include "secretfile.h"

static const char comment[] =
	"# Assent: your keys. Whoever has this file can speak for you in the agent's records, and can read what was recorded\n"
	"# unless a passphrase is set (assent passphrase). Without it nobody on your side can read your recordings: keep a copy.\n";

/* All that is secret while a file is read or written. */
struct work {
	char text[SECRETFILE_MAX + 1], body[SECRETFILE_MAX + 1];
	char agent[2 * IDENTITY_KEY + 1], secret[2 * IDENTITY_KEY + 1];
	uint8_t box_secret[IDENTITY_KEY];
	struct identity identity;
};

/* ---- The text ---- */

static const char *take(const char *s, const char *word)
{
	size_t n = strlen(word);
	return s && strncmp(s, word, n) == 0 ? s + n : NULL;
}

static const char *take_key(const char *s, const char *name, uint8_t out[IDENTITY_KEY])
{
	size_t n = 0;
	s = take(s, name);
	if (!s || strspn(s, "0123456789abcdef") != 2 * IDENTITY_KEY ||
	    sodium_hex2bin(out, IDENTITY_KEY, s, 2 * IDENTITY_KEY, NULL, &n, NULL) || n != IDENTITY_KEY)
		return NULL;
	return take(s + 2 * IDENTITY_KEY, "\n");
}

static void check_of(const char *body, size_t length, char out[17])
{
	uint8_t hash[64];
	/* 8 bytes of a long one: libsodium makes none that short. */
	crypto_generichash(hash, sizeof hash, (const unsigned char *)body, length, NULL, 0);
	sodium_bin2hex(out, 17, hash, 8);
	sodium_memzero(hash, sizeof hash);
}

static int public_of(const struct identity *identity, struct work *w, uint8_t out[IDENTITY_KEY])
{
	int e = identity_box_secret(identity, w->box_secret);
	if (e == 0 && crypto_scalarmult_base(out, w->box_secret))
		e = ERROR_INVALID;
	return e;
}

static int parse(struct work *w, struct identity *identity, struct passbox *box, const char **what)
{
	uint8_t public_half[IDENTITY_KEY];
	struct passbox unused;
	char check[17];
	*what = "is damaged (its lines are not those of an identity)";
	if (!secretfile_body(w->text, w->body))
		return ERROR_INVALID;
	const char *s = take(w->body, "version: ");
	if (s && (strncmp(s, "2\n", 2) != 0)) {
		*what = "was made by another version of Assent";
		return ERROR_UNSUPPORTED;
	}
	s = take_key(take_key(take(s, "2\n"), "agent: ", identity->agent), "public: ", identity->box_public);
	if (!s)
		return ERROR_INVALID;
	identity->has_passphrase = strncmp(s, "sealed: ", 8) == 0;
	identity->open = !identity->has_passphrase;
	if (identity->has_passphrase)
		s = take(passbox_parse(s + 8, box ? box : &unused), "\n");
	else
		s = take_key(s, "secret: ", identity->secret);
	if (!s)
		return ERROR_INVALID;
	check_of(w->body, (size_t)(s - w->body), check);
	if (!(s = take(s, "check: ")) || strncmp(s, check, 16) != 0 || strcmp(s + 16, "\n") != 0) {
		*what = "is damaged (its check does not fit; restore a copy)";
		return ERROR_INVALID;
	}
	if (identity->open) {
		int e = public_of(identity, w, public_half);
		if (e)
			return e;
		if (memcmp(public_half, identity->box_public, sizeof public_half) != 0) {
			*what = "is damaged (its keys do not belong together; restore a copy)";
			return ERROR_INVALID;
		}
	}
	return 0;
}

int identity_parse(const char *text, struct identity *identity, struct passbox *box, const char **what)
{
	struct work *w = locked_new(sizeof *w);
	*what = "needs locked memory (raise RLIMIT_MEMLOCK)";
	if (!w)
		return ERROR_MEMORY;
	int e = ERROR_INVALID;
	*what = "is too long to be such a file";
	if (strlen(text) <= SECRETFILE_MAX) {
		memcpy(w->text, text, strlen(text) + 1);
		e = parse(w, identity, box, what);
	}
	if (e)
		sodium_memzero(identity, sizeof *identity);
	locked_free(w);
	return e;
}

/* The whole text into w->text. box: under the passphrase; NULL: the secret itself. */
static void format(struct work *w, const struct identity *identity, const struct passbox *box)
{
	char public_half[2 * IDENTITY_KEY + 1], sealed[PASSBOX_TEXT], check[17];
	if (box)
		passbox_format(box, sealed);
	int n = snprintf(w->body, sizeof w->body, "version: 2\nagent: %s\npublic: %s\n%s%s\n",
			 sodium_bin2hex(w->agent, sizeof w->agent, identity->agent, sizeof identity->agent),
			 sodium_bin2hex(public_half, sizeof public_half, identity->box_public, sizeof identity->box_public),
			 box ? "sealed: " : "secret: ",
			 box ? sealed : sodium_bin2hex(w->secret, sizeof w->secret, identity->secret, sizeof identity->secret));
	check_of(w->body, (size_t)n, check);
	snprintf(w->text, sizeof w->text, "%s%.1024scheck: %s\n", comment, w->body, check);
}

/* ---- The file ---- */

/* As it is on the disk now, into identity. */
static int look(const char *path, struct work *w, struct identity *identity, struct passbox *box, const char **what)
{
	size_t length = 0;
	int e = secretfile_read(path, w->text, &length, what);
	if (e == 0 && strlen(w->text) != length) {
		*what = "is not a text";
		e = ERROR_INVALID;
	}
	return e ? e : parse(w, identity, box, what);
}

int identity_load_what(const char *path, struct identity **identity, const char **what)
{
	const char *unused;
	if (!what)
		what = &unused;
	*what = "needs locked memory (raise RLIMIT_MEMLOCK to 8 MiB: ulimit -l 8192)";
	struct work *w = locked_new(sizeof *w);
	*identity = locked_new(sizeof **identity);
	int e = w && *identity ? look(path, w, *identity, NULL, what) : ERROR_MEMORY, saved = errno;
	if (e) {
		identity_free(*identity);
		*identity = NULL;
	}
	locked_free(w);
	errno = saved;
	return e;
}

int identity_load(const char *path, struct identity **identity)
{
	return identity_load_what(path, identity, NULL);
}

static int create(const char *path, struct work *w)
{
	struct identity *identity = &w->identity;
	randombytes_buf(identity->agent, sizeof identity->agent);
	randombytes_buf(identity->secret, sizeof identity->secret);
	identity->open = true;
	int e = public_of(identity, w, identity->box_public);
	if (e)
		return e;
	format(w, identity, NULL);
	return secretfile_write(path, w->text, false);
}

int identity_ensure(const char *path)
{
	const char *what;
	struct work *w = locked_new(sizeof *w);
	if (!w)
		return ERROR_MEMORY;
	int e = look(path, w, &w->identity, NULL, &what);
	if (e == ERROR_IO && errno == ENOENT) {
		int lock = secretfile_lock(path);
		/* Another of our commands was faster: its keys are the ones. */
		e = lock < 0 ? lock : create(path, w);
		if (e == ERROR_IO && errno == EEXIST)
			e = look(path, w, &w->identity, NULL, &what);
		int saved = errno;
		if (lock >= 0)
			close(lock);
		errno = saved;
	}
	int saved = errno;
	locked_free(w);
	errno = saved;
	return e;
}

/* Is what is on the disk what was loaded? */
static bool is_same(const struct identity *a, const struct identity *b)
{
	return sodium_memcmp(a->agent, b->agent, sizeof a->agent) == 0 && memcmp(a->box_public, b->box_public, sizeof a->box_public) == 0;
}

int identity_unlock(const char *path, const char *passphrase, struct identity *identity)
{
	uint8_t public_half[IDENTITY_KEY];
	struct passbox box;
	const char *what;
	if (identity->open)
		return 0;
	struct work *w = locked_new(sizeof *w);
	if (!w)
		return ERROR_MEMORY;
	int e = look(path, w, &w->identity, &box, &what), saved;
	if (e == 0 && !is_same(&w->identity, identity))
		e = ERROR_INVALID;
	if (e == 0 && !w->identity.open) {
		e = passbox_open(&box, passphrase, w->identity.secret);
		w->identity.open = e == 0;
	}
	if (e == 0)
		e = public_of(&w->identity, w, public_half);
	if (e == 0 && memcmp(public_half, identity->box_public, sizeof public_half) != 0)
		e = ERROR_INVALID;
	if (e == 0) {
		memcpy(identity->secret, w->identity.secret, sizeof identity->secret);
		identity->open = true;
		identity->has_passphrase = w->identity.has_passphrase;
	}
	saved = errno;
	locked_free(w);
	errno = saved;
	return e;
}

int identity_set_passphrase(const char *path, struct identity *identity, const char *passphrase)
{
	struct passbox box;
	const char *what;
	if (!identity->open)
		return ERROR_DENIED;
	struct work *w = locked_new(sizeof *w);
	if (!w)
		return ERROR_MEMORY;
	/* Slow: not while others wait for the lock. */
	int lock = -1, e = passphrase ? passbox_seal(identity->secret, passphrase, &box) : 0, saved;
	if (e)
		goto out;
	lock = secretfile_lock(path);
	e = lock < 0 ? lock : look(path, w, &w->identity, NULL, &what);
	if (e == 0 && !is_same(&w->identity, identity))
		e = ERROR_INVALID;
	if (e)
		goto out;
	format(w, identity, passphrase ? &box : NULL);
	e = secretfile_write(path, w->text, true);
	if (e == 0)
		identity->has_passphrase = passphrase != NULL;
out:
	saved = errno;
	if (lock >= 0)
		close(lock);
	locked_free(w);
	errno = saved;
	return e;
}
