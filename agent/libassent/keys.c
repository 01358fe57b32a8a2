/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../store/identity.h"
#include "../store/keyring.h"
#include "../store/locked.h"
#include "../store/recipient.h"
#include "../store/secretfile.h"
#include "inside.h"

struct assent_keys { struct keyring *ring; };

int assent_keys_new(struct assent_keys **keys)
{
	*keys = NULL;
	struct assent_keys *k = calloc(1, sizeof *k);
	if (!k)
		return ERROR_MEMORY;
	int error = keyring_new(&k->ring);
	if (error)
		free(k);
	else
		*keys = k;
	return error;
}

void assent_keys_free(struct assent_keys *keys)
{
	if (!keys)
		return;
	keyring_free(keys->ring);
	free(keys);
}

static const char no_memory[] = "needs locked memory (raise RLIMIT_MEMLOCK to 8 MiB: ulimit -l 8192)";

/* Both kinds of file are texts; a participant's begins with its version. */
static int is_participants(const char *path, bool *is, const char **why)
{
	struct work { char text[SECRETFILE_MAX + 1], body[SECRETFILE_MAX + 1]; } *w = locked_new(sizeof *w);
	size_t length;
	*why = no_memory;
	if (!w)
		return ERROR_MEMORY;
	int error = secretfile_read(path, w->text, &length, why), saved = errno;
	*is = error == 0 && secretfile_body(w->text, w->body) && strncmp(w->body, "version: ", 9) == 0;
	locked_free(w);
	errno = saved;
	return error;
}

static int add_participant(struct keyring *ring, const char *path, const char *passphrase, const char **why)
{
	struct identity *identity;
	int error = identity_load_what(path, &identity, why);
	if (error)
		return error;
	if (!identity->open)
		error = passphrase ? identity_unlock(path, passphrase, identity) : ERROR_DENIED;
	if (error == ERROR_DENIED)
		*why = passphrase ? "is under another passphrase" : "is under a passphrase";
	else if (error == ERROR_MEMORY)
		*why = no_memory;
	if (error == 0)
		error = keyring_add_identity(ring, identity);
	identity_free(identity);
	return error;
}

static int add_recipient(struct keyring *ring, const char *path, const char *passphrase, const char **why)
{
	uint8_t public_key[RECIPIENT_KEY], *secret = locked_new(RECIPIENT_KEY);
	bool sealed;
	*why = no_memory;
	if (!secret)
		return ERROR_MEMORY;
	int error = recipient_load(path, passphrase, secret, public_key, &sealed, why), saved = errno;
	if (error == ERROR_DENIED && passphrase)
		*why = "is under another passphrase";
	if (error == 0)
		error = keyring_add_recipient(ring, secret, public_key);
	locked_free(secret);
	errno = saved;
	return error;
}

int assent_keys_add(struct assent_keys *keys, const char *path, const char *passphrase, const char **why)
{
	const char *nobody;
	bool participants = false;
	if (!why)
		why = &nobody;
	int error = is_participants(path, &participants, why);
	if (error == 0)
		error = (participants ? add_participant : add_recipient)(keys->ring, path, passphrase, why);
	if (error == 0)
		*why = NULL;
	else if (error == ERROR_LIMIT)
		*why = "is one more than there is room for";
	return error;
}

int assent_keys_segment(const struct assent_keys *keys, const char *path, uint8_t key[ASSENT_KEY_BYTES])
{
	int error = keyring_segment(keys->ring, path, key, NULL, NULL);
	if (error)
		sodium_memzero(key, ASSENT_KEY_BYTES);
	return error;
}

int assent_open_keys(const char *path, const struct assent_keys *keys, struct assent_reader **reader)
{
	*reader = NULL;
	uint8_t *key = locked_new(ASSENT_KEY_BYTES);
	if (!key)
		return ERROR_MEMORY;
	int error = assent_keys_segment(keys, path, key);
	if (error == 0)
		error = assent_open_path(path, key, reader);
	int saved = errno;
	locked_free(key);
	errno = saved;
	return error;
}
