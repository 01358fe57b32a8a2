/* SPDX-License-Identifier: Apache-2.0 */
#include "keyed.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../agent/error.h"

int keyed_make(const char *folder, const struct segment_meta *meta, const uint8_t participant[32], uint8_t key[SEGMENT_KEY])
{
	struct keyfile k = { .has_participant = true, .begun_us = meta->t_us, .release_us = KEYFILE_NEVER,
		.expires_us = meta->t_us + INT64_C(90) * 86400 * 1000000 };
	char name[64];
	snprintf(k.segment, sizeof k.segment, "%s", meta->segment);
	snprintf(k.study, sizeof k.study, "%s", meta->study);
	snprintf(k.pseudonym, sizeof k.pseudonym, "%s", meta->participant);
	memcpy(k.receipt_hash, meta->receipt_hash, sizeof k.receipt_hash);
	snprintf(name, sizeof name, "%s.key", meta->segment);
	randombytes_buf(key, SEGMENT_KEY);
	int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return ERROR_IO;
	int error = keyfile_seal(key, participant, k.participant);
	if (error == 0)
		error = keyfile_write(directory, name, &k);
	close(directory);
	return error;
}

static struct identity *load(const char *folder)
{
	char path[512];
	struct identity *identity = NULL;
	snprintf(path, sizeof path, "%s/identity", folder);
	if (identity_ensure(path) || identity_load(path, &identity))
		return NULL;
	return identity;
}

int keyed_participant(const char *folder, uint8_t participant[32])
{
	struct identity *identity = load(folder);
	if (!identity)
		return ERROR_IO;
	memcpy(participant, identity->box_public, 32);
	identity_free(identity);
	return 0;
}

struct keyring *keyed_ring(const char *folder)
{
	struct identity *identity = load(folder);
	struct keyring *keyring = NULL;
	if (identity && keyring_new(&keyring) == 0 && keyring_add_identity(keyring, identity)) {
		keyring_free(keyring);
		keyring = NULL;
	}
	identity_free(identity);
	return keyring;
}
