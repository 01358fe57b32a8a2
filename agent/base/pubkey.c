/* SPDX-License-Identifier: Apache-2.0 */
#include "pubkey.h"

#include <sodium.h>
#include <string.h>

#include "../error.h"

enum { CHECK = 3, VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void check_of(const uint8_t key[PUBKEY_BYTES], uint8_t check[CHECK])
{
	uint8_t hash[32];
	crypto_generichash(hash, sizeof hash, key, PUBKEY_BYTES, NULL, 0);
	memcpy(check, hash, CHECK);
	sodium_memzero(hash, sizeof hash);
}

int pubkey_decode(const char *prefix, const char *text, uint8_t key[PUBKEY_BYTES])
{
	uint8_t bytes[PUBKEY_BYTES + CHECK], check[CHECK];
	size_t skip = strlen(prefix), n = 0;
	int e = ERROR_INVALID;
	/* The decoder refuses bits that are left over, but takes the byte 0xdf for '_': without that, no bytes have a second text. */
	if (strncmp(text, prefix, skip) == 0 && strlen(text + skip) == PUBKEY_CHARACTERS && strspn(text + skip, alphabet) == PUBKEY_CHARACTERS &&
	    sodium_base642bin(bytes, sizeof bytes, text + skip, PUBKEY_CHARACTERS, NULL, &n, NULL, VARIANT) == 0 && n == sizeof bytes) {
		check_of(bytes, check);
		if (sodium_memcmp(check, bytes + PUBKEY_BYTES, CHECK) == 0)
			e = 0;
	}
	if (e == 0)
		memcpy(key, bytes, PUBKEY_BYTES);
	sodium_memzero(bytes, sizeof bytes);
	return e;
}

void pubkey_encode(const char *prefix, const uint8_t key[PUBKEY_BYTES], char *out)
{
	uint8_t bytes[PUBKEY_BYTES + CHECK];
	size_t skip = strlen(prefix);
	memcpy(bytes, key, PUBKEY_BYTES);
	check_of(key, bytes + PUBKEY_BYTES);
	memcpy(out, prefix, skip); /* NOLINT(bugprone-not-null-terminated-result): the next line ends it */
	sodium_bin2base64(out + skip, PUBKEY_CHARACTERS + 1, bytes, sizeof bytes, VARIANT);
	sodium_memzero(bytes, sizeof bytes);
}

int pubkey_parse(const char *text, uint8_t key[PUBKEY_BYTES])
{
	static const uint8_t any[PUBKEY_BYTES] = {1};
	uint8_t shared[PUBKEY_BYTES], read[PUBKEY_BYTES];
	int e = pubkey_decode(PUBKEY_PREFIX, text, read);
	if (e)
		return e;
	/* X25519 does not look at the highest bit: with it, the same key would have another text. With a point of small order all
	 * have the same "secret" in common, and libsodium says so. */
	if (read[PUBKEY_BYTES - 1] & 0x80 || crypto_scalarmult(shared, any, read))
		return ERROR_INVALID;
	memcpy(key, read, PUBKEY_BYTES);
	return 0;
}

void pubkey_format(const uint8_t key[PUBKEY_BYTES], char out[PUBKEY_TEXT])
{
	pubkey_encode(PUBKEY_PREFIX, key, out);
}
