/* SPDX-License-Identifier: Apache-2.0 */
#include "passbox.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../error.h"
#include "locked.h"

_Static_assert(sizeof((struct passbox *)0)->salt == crypto_pwhash_SALTBYTES, "salt");
_Static_assert(sizeof((struct passbox *)0)->nonce == crypto_secretbox_NONCEBYTES, "nonce");
_Static_assert(sizeof((struct passbox *)0)->box == PASSBOX_SECRET + crypto_secretbox_MACBYTES, "box");

/* The passphrase's key, to be freed by locked_free. */
static int stretch(const struct passbox *p, const char *passphrase, uint8_t **key)
{
	*key = locked_new(crypto_secretbox_KEYBYTES);
	if (*key && crypto_pwhash(*key, crypto_secretbox_KEYBYTES, passphrase, strlen(passphrase), p->salt, p->passes, (size_t)p->kib * 1024,
				  crypto_pwhash_ALG_ARGON2ID13)) {
		locked_free(*key);
		*key = NULL;
	}
	return *key ? 0 : ERROR_MEMORY;
}

int passbox_seal(const uint8_t secret[PASSBOX_SECRET], const char *passphrase, struct passbox *p)
{
	uint8_t *key;
	if (sodium_init() < 0)
		return ERROR_MEMORY;
	p->passes = PASSBOX_PASSES;
	p->kib = PASSBOX_KIB;
	randombytes_buf(p->salt, sizeof p->salt);
	randombytes_buf(p->nonce, sizeof p->nonce);
	int e = stretch(p, passphrase, &key);
	if (e)
		return e;
	crypto_secretbox_easy(p->box, secret, PASSBOX_SECRET, p->nonce, key);
	locked_free(key);
	return 0;
}

int passbox_open(const struct passbox *p, const char *passphrase, uint8_t secret[PASSBOX_SECRET])
{
	uint8_t *key;
	int e = stretch(p, passphrase, &key);
	if (e)
		return e;
	if (crypto_secretbox_open_easy(secret, p->box, sizeof p->box, p->nonce, key))
		e = ERROR_DENIED;
	locked_free(key);
	return e;
}

/* A number without zeros before it, and the space behind it. */
static const char *take_number(const char *s, uint32_t least, uint32_t most, uint32_t *out)
{
	size_t digits = strspn(s, "0123456789");
	if (digits < 1 || digits > 7 || *s == '0' || s[digits] != ' ')
		return NULL;
	for (*out = 0; *s != ' '; s++)
		*out = *out * 10 + (uint32_t)(*s - '0');
	return *out < least || *out > most ? NULL : s + 1;
}

static const char *take_hex(const char *s, uint8_t *out, size_t size)
{
	size_t n = 0;
	if (strspn(s, "0123456789abcdef") < 2 * size || sodium_hex2bin(out, size, s, 2 * size, NULL, &n, NULL) || n != size)
		return NULL;
	return s + 2 * size;
}

const char *passbox_parse(const char *s, struct passbox *p)
{
	if (strncmp(s, "argon2id ", 9) != 0 || !(s = take_number(s + 9, 1, PASSBOX_PASSES_MAX, &p->passes)) ||
	    !(s = take_number(s, PASSBOX_KIB_MIN, PASSBOX_KIB_MAX, &p->kib)) || !(s = take_hex(s, p->salt, sizeof p->salt)) || *s++ != ' ' ||
	    !(s = take_hex(s, p->nonce, sizeof p->nonce)) || *s++ != ' ')
		return NULL;
	return take_hex(s, p->box, sizeof p->box);
}

void passbox_format(const struct passbox *p, char out[PASSBOX_TEXT])
{
	char salt[33], nonce[49], box[97];
	snprintf(out, PASSBOX_TEXT, "argon2id %u %u %s %s %s", p->passes, p->kib, sodium_bin2hex(salt, sizeof salt, p->salt, sizeof p->salt),
		 sodium_bin2hex(nonce, sizeof nonce, p->nonce, sizeof p->nonce), sodium_bin2hex(box, sizeof box, p->box, sizeof p->box));
}
