/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "../error.h"
#include "locked.h"

/* NOLINTNEXTLINE(misc-redundant-expression): two macros, of one value */
_Static_assert(IDENTITY_KEY == crypto_sign_PUBLICKEYBYTES && IDENTITY_KEY == crypto_box_PUBLICKEYBYTES, "keys");
_Static_assert(IDENTITY_SIGNATURE == crypto_sign_BYTES && IDENTITY_SIGN_SECRET == crypto_sign_SECRETKEYBYTES, "signatures");

void identity_free(struct identity *identity)
{
	locked_free(identity);
}

void identity_close(struct identity *identity)
{
	sodium_memzero(identity->secret, sizeof identity->secret);
	identity->open = false;
}

/* The study's signing key. seed and secret are in locked memory. */
struct signer { uint8_t seed[crypto_sign_SEEDBYTES], secret[IDENTITY_SIGN_SECRET], public_key[IDENTITY_KEY]; };

static int derive(const uint8_t key[IDENTITY_KEY], const char *who, const char *study, struct signer **out)
{
	char context[128];
	/* No study's id has a space: no two contexts are the same. */
	int n = snprintf(context, sizeof context, "assent %s %s", who, study);
	if (n < 0 || (size_t)n >= sizeof context)
		return ERROR_LIMIT;
	struct signer *s = locked_new(sizeof *s);
	if (!s)
		return ERROR_MEMORY;
	crypto_generichash(s->seed, sizeof s->seed, (const unsigned char *)context, (size_t)n, key, IDENTITY_KEY);
	crypto_sign_seed_keypair(s->public_key, s->secret, s->seed);
	*out = s;
	return 0;
}

static int public_key(const uint8_t key[IDENTITY_KEY], const char *who, const char *study, uint8_t out[IDENTITY_KEY])
{
	struct signer *s;
	int e = derive(key, who, study, &s);
	if (e)
		return e;
	memcpy(out, s->public_key, IDENTITY_KEY);
	locked_free(s);
	return 0;
}

static int sign(const uint8_t key[IDENTITY_KEY], const char *who, const char *study, const void *data, size_t length, uint8_t out[IDENTITY_SIGNATURE])
{
	struct signer *s;
	int e = derive(key, who, study, &s);
	if (e)
		return e;
	crypto_sign_detached(out, NULL, data, length, s->secret);
	locked_free(s);
	return 0;
}

int identity_agent_key(const struct identity *identity, const char *study, uint8_t out[IDENTITY_KEY])
{
	return public_key(identity->agent, "agent", study, out);
}

int identity_participant_key(const struct identity *identity, const char *study, uint8_t out[IDENTITY_KEY])
{
	return identity->open ? public_key(identity->secret, "participant", study, out) : ERROR_DENIED;
}

int identity_agent_sign(const struct identity *identity, const char *study, const void *data, size_t length, uint8_t out[IDENTITY_SIGNATURE])
{
	return sign(identity->agent, "agent", study, data, length, out);
}

int identity_participant_sign(const struct identity *identity, const char *study, const void *data, size_t length, uint8_t out[IDENTITY_SIGNATURE])
{
	return identity->open ? sign(identity->secret, "participant", study, data, length, out) : ERROR_DENIED;
}

int identity_verify(const uint8_t key[IDENTITY_KEY], const void *data, size_t length, const uint8_t signature[IDENTITY_SIGNATURE])
{
	return crypto_sign_verify_detached(signature, data, length, key) ? ERROR_CORRUPT : 0;
}

void identity_pseudonym(const uint8_t participant_key[IDENTITY_KEY], char out[IDENTITY_PSEUDONYM])
{
	uint8_t hash[16];
	crypto_generichash(hash, sizeof hash, participant_key, IDENTITY_KEY, NULL, 0);
	sodium_bin2hex(out, IDENTITY_PSEUDONYM, hash, sizeof hash);
}

void identity_jitter_key(const struct identity *identity, uint8_t out[16])
{
	static const unsigned char context[] = "assent: edges of spans";
	crypto_generichash(out, 16, context, sizeof context - 1, identity->agent, sizeof identity->agent);
}

int identity_box_secret(const struct identity *identity, uint8_t out[IDENTITY_KEY])
{
	static const unsigned char context[] = "assent box";
	uint8_t public_half[IDENTITY_KEY];
	if (!identity->open)
		return ERROR_DENIED;
	uint8_t *seed = locked_new(crypto_box_SEEDBYTES);
	if (!seed)
		return ERROR_MEMORY;
	crypto_generichash(seed, crypto_box_SEEDBYTES, context, sizeof context - 1, identity->secret, sizeof identity->secret);
	crypto_box_seed_keypair(public_half, out, seed);
	locked_free(seed);
	return 0;
}
