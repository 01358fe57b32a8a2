/* SPDX-License-Identifier: Apache-2.0 */
#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"
#include "locked.h"

enum { PATH_ROOM = 1200 };

struct entry { uint8_t secret[32], public_key[32]; bool participant; };

struct keyring {
	int count;
	struct entry entry[KEYRING_MAX];
};

int keyring_new(struct keyring **keyring)
{
	*keyring = locked_new(sizeof **keyring);
	return *keyring ? 0 : ERROR_MEMORY;
}

void keyring_free(struct keyring *k)
{
	locked_free(k);
}

int keyring_add_identity(struct keyring *k, const struct identity *identity)
{
	if (k->count == KEYRING_MAX)
		return ERROR_LIMIT;
	struct entry *entry = &k->entry[k->count];
	int e = identity_box_secret(identity, entry->secret);
	if (e)
		return e;
	memcpy(entry->public_key, identity->box_public, sizeof entry->public_key);
	entry->participant = true;
	k->count++;
	return 0;
}

int keyring_add_recipient(struct keyring *k, const uint8_t secret[32], const uint8_t public_key[32])
{
	if (k->count == KEYRING_MAX)
		return ERROR_LIMIT;
	struct entry *entry = &k->entry[k->count++];
	memcpy(entry->secret, secret, sizeof entry->secret);
	memcpy(entry->public_key, public_key, sizeof entry->public_key);
	entry->participant = false;
	return 0;
}

/* The box says to whom it was sealed only by opening: the id beside it may be anybody's word. */
static int open_box(const struct keyring *k, const struct keyfile *file, uint8_t key[SEGMENT_KEY])
{
	for (int i = 0; i < k->count; i++) {
		const struct entry *entry = &k->entry[i];
		if (entry->participant ? !file->has_participant : !file->has_recipient)
			continue;
		if (keyfile_open(entry->participant ? file->participant : file->recipient, entry->public_key, entry->secret, key) == 0)
			return 0;
	}
	return ERROR_DENIED;
}

int keyring_segment(const struct keyring *k, const char *path, uint8_t key[SEGMENT_KEY], struct keyfile *file, const char **what)
{
	char folder[PATH_ROOM], name[64];
	struct keyfile unused;
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *dot = strrchr(base, '.'), *nobody;
	size_t stem = dot ? (size_t)(dot - base) : strlen(base);
	if (!file)
		file = &unused;
	if (!what)
		what = &nobody;
	memset(file, 0, sizeof *file);
	*what = "its name is not a segment's";
	int n = snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	if (n < 0 || (size_t)n >= sizeof folder || stem == 0 || stem >= sizeof file->segment)
		return ERROR_INVALID;
	snprintf(name, sizeof name, "%.*s.key", (int)stem, base);
	int fd = open(n ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERROR_IO;
	int e = keyfile_read(fd, name, file, what), saved = errno;
	close(fd);
	errno = saved;
	if (e == ERROR_IO && errno == ENOENT)
		return ERROR_GONE;
	if (e)
		return e;
	if (strlen(file->segment) != stem || strncmp(file->segment, base, stem) != 0) {
		*what = "it is another segment's";
		return ERROR_INVALID;
	}
	return open_box(k, file, key);
}
