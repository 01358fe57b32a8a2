/* SPDX-License-Identifier: Apache-2.0 */
/* A tombstone of any bytes: never a fault; and as no random bytes carry a signature, each input is also signed and read again. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/error.h"
#include "../../agent/store/tombstone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char public_key[32], secret[64];
	static const unsigned char seed[32] = {1};
	static const char name_key[] = ",\"agent_key\":\"", name_signature[] = ",\"signature\":\"";
	struct tombstone t;
	const char *what;
	char hex[129];
	if (!secret[0] && (sodium_init() < 0 || crypto_sign_seed_keypair(public_key, secret, seed)))
		abort();
	int e = tombstone_parse((const char *)data, size, &t, &what);
	if (e == 0)
		tombstone_release(&t);
	else if (e != ERROR_MEMORY && (!what || !*what || t.segment))
		abort();
	/* The part before the key, as it is; key and signature made for it. */
	const uint8_t *at = !size ? NULL : memmem(data, size, name_key, sizeof name_key - 1);
	if (!at || size > 65536)
		return 0;
	size_t n = (size_t)(at - data), length;
	char *text = malloc(n + 512), *again;
	if (!text)
		return 0;
	memcpy(text, data, n);
	length = n;
	memcpy(text + length, name_key, sizeof name_key - 1);
	length += sizeof name_key - 1;
	memcpy(text + length, sodium_bin2hex(hex, sizeof hex, public_key, 32), 64);
	length += 64;
	text[length++] = '"';
	unsigned char signature[64];
	crypto_sign_detached(signature, NULL, (const unsigned char *)text, length, secret);
	memcpy(text + length, name_signature, sizeof name_signature - 1);
	length += sizeof name_signature - 1;
	memcpy(text + length, sodium_bin2hex(hex, sizeof hex, signature, 64), 128);
	length += 128;
	memcpy(text + length, "\"}", 2);
	length += 2;
	e = tombstone_parse(text, length, &t, &what);
	/* What it says is bounded, and written again it says the same. */
	if (e == ERROR_CORRUPT)
		abort();
	if (e == 0) {
		struct identity *identity = calloc(1, sizeof *identity);
		size_t m;
		if (t.count < 1 || t.count > TOMBSTONE_SEGMENTS_MAX || (unsigned)t.reason >= TOMBSTONE_REASON_COUNT || !identity)
			abort();
		if (tombstone_format(identity, &t, &again, &m) || m < n || memcmp(again, text, n) != 0)
			abort();
		free(again);
		free(identity);
		tombstone_release(&t);
	}
	free(text);
	return 0;
}
