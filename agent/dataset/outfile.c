/* SPDX-License-Identifier: Apache-2.0 */
#include "outfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"

enum { BUFFER = 256 << 10 };

int outfile_init(struct outfile *s, int fd)
{
	memset(s, 0, sizeof *s);
	s->fd = fd;
	s->buffer = malloc(BUFFER);
	/* It chooses the fastest hash for this processor. */
	if (!s->buffer || sodium_init() < 0)
		return ERROR_MEMORY;
	crypto_generichash_init(&s->hash, NULL, 0, 32);
	return 0;
}

void outfile_release(struct outfile *s)
{
	free(s->buffer);
	s->buffer = NULL;
}

static void flow(struct outfile *s, const uint8_t *data, size_t length)
{
	crypto_generichash_update(&s->hash, data, length);
	while (length && !s->error) {
		ssize_t n = write(s->fd, data, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			s->error = ERROR_IO;
			s->saved = n ? errno : EIO;
			break;
		}
		data += n;
		length -= (size_t)n;
	}
}

int outfile_put(struct outfile *s, const void *data, size_t length)
{
	if (length && !s->error) {
		s->bytes += length;
		if (length > BUFFER - s->waiting) {
			flow(s, s->buffer, s->waiting);
			s->waiting = 0;
		}
		if (length > BUFFER) {
			flow(s, data, length);
		} else {
			memcpy(s->buffer + s->waiting, data, length);
			s->waiting += length;
		}
	}
	if (s->error)
		errno = s->saved;
	return s->error;
}

int outfile_finish(struct outfile *s, uint8_t hash[32])
{
	if (!s->error)
		flow(s, s->buffer, s->waiting);
	s->waiting = 0;
	crypto_generichash_final(&s->hash, hash, 32);
	if (s->error)
		errno = s->saved;
	return s->error;
}
