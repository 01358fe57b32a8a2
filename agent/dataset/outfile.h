/* SPDX-License-Identifier: Apache-2.0 */
/* Where a file's bytes go: strictly forward, in large writes, counted and hashed on the way. */
#ifndef ASSENT_OUTFILE_H
#define ASSENT_OUTFILE_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

struct outfile {
	int fd, error;           /* error: of the first write that failed; all after it do nothing */
	int saved;               /* its errno */
	uint64_t bytes;          /* put so far */
	size_t waiting;
	uint8_t *buffer;
	crypto_generichash_state hash;
};

/* fd stays the caller's. ERROR_MEMORY. */
int outfile_init(struct outfile *s, int fd);
void outfile_release(struct outfile *s);
/* 0, or the error of this or of an earlier call (ERROR_IO, errno set). */
int outfile_put(struct outfile *s, const void *data, size_t length);
/* Writes what waits; hash: BLAKE2b-256 of everything. Nothing may be put after it. */
int outfile_finish(struct outfile *s, uint8_t hash[32]);

#endif
