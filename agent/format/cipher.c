/* SPDX-License-Identifier: Apache-2.0 */
#include "cipher.h"

#include <sodium.h>
#include <string.h>

#include "../error.h"

_Static_assert((int)CIPHER_KEY == crypto_secretstream_xchacha20poly1305_KEYBYTES, "libsodium's");
_Static_assert((int)CIPHER_HEADER == crypto_secretstream_xchacha20poly1305_HEADERBYTES, "libsodium's");
_Static_assert((int)CIPHER_MORE == crypto_secretstream_xchacha20poly1305_ABYTES, "libsodium's");

enum { BESIDES_MAX = RECORD_NAME_BYTES + RECORD_PRELUDE_BYTES };

struct cipher {
	crypto_secretstream_xchacha20poly1305_state state;
};

static int make(struct cipher **cipher)
{
	*cipher = NULL;
	if (sodium_init() < 0)
		return ERROR_MEMORY;
	struct cipher *c = sodium_malloc(sizeof *c);
	if (!c)
		return ERROR_MEMORY;
	/* sodium_malloc locks, too, but does not tell when it cannot. */
	if (sodium_mlock(c, sizeof *c)) {
		sodium_free(c);
		return ERROR_MEMORY;
	}
	*cipher = c;
	return 0;
}

int cipher_new_sealing(const uint8_t key[CIPHER_KEY], uint8_t header[CIPHER_HEADER], struct cipher **cipher)
{
	int error = make(cipher);
	if (error == 0)
		crypto_secretstream_xchacha20poly1305_init_push(&(*cipher)->state, header, key);
	return error;
}

int cipher_new_opening(const uint8_t key[CIPHER_KEY], const uint8_t header[CIPHER_HEADER], struct cipher **cipher)
{
	int error = make(cipher);
	if (error == 0)
		crypto_secretstream_xchacha20poly1305_init_pull(&(*cipher)->state, header, key);
	return error;
}

void cipher_free(struct cipher *c)
{
	sodium_free(c);  /* which wipes */
}

static size_t besides(const uint8_t name[RECORD_NAME_BYTES], const uint8_t *prelude, uint8_t out[BESIDES_MAX])
{
	memcpy(out, name, RECORD_NAME_BYTES);
	if (!prelude)
		return RECORD_NAME_BYTES;
	memcpy(out + RECORD_NAME_BYTES, prelude, RECORD_PRELUDE_BYTES);
	return BESIDES_MAX;
}

int cipher_put(struct cipher *c, uint8_t type, bool last, int64_t t_us, uint64_t n, const uint8_t *prelude, size_t step, struct bytes *content,
	struct bytes *out)
{
	static const uint8_t zeros[RECORD_PAD_COARSE_BYTES];
	uint8_t name[RECORD_NAME_BYTES], more[BESIDES_MAX];
	size_t length = record_room(content->length + CIPHER_MORE, step);
	if (length == 0)
		return ERROR_LIMIT;
	bytes_put(content, zeros, length - CIPHER_MORE - content->length);
	/* All that may fail comes first: a message that was sealed and then dropped would break the stream. */
	if (content->failed || !bytes_reserve(out, RECORD_HEAD_BYTES + length))
		return ERROR_MEMORY;
	uint8_t *record = out->data + out->length;
	record_name(type, t_us, n, length, name);
	crypto_secretstream_xchacha20poly1305_push(&c->state, record + RECORD_HEAD_BYTES, NULL, content->data, content->length, more,
		besides(name, prelude, more), last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
	record_seal(record, name, length);
	out->length += RECORD_HEAD_BYTES + length;
	return 0;
}

int cipher_get(struct cipher *c, const struct record *record, const uint8_t *prelude, struct bytes *content, bool *last)
{
	uint8_t more[BESIDES_MAX], tag;
	unsigned long long length;
	bytes_clear(content);
	if (record->length < CIPHER_MORE)
		return ERROR_DENIED;
	if (!bytes_reserve(content, record->length))
		return ERROR_MEMORY;
	if (crypto_secretstream_xchacha20poly1305_pull(&c->state, content->data, &length, &tag, record->payload, record->length, more,
		    besides(record->name, prelude, more)))
		return ERROR_DENIED;
	/* No writer of ours makes the others, and they would change the keys of what follows. */
	if (tag != crypto_secretstream_xchacha20poly1305_TAG_MESSAGE && tag != crypto_secretstream_xchacha20poly1305_TAG_FINAL)
		return ERROR_DENIED;
	*last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
	content->length = (size_t)length;
	return 0;
}
