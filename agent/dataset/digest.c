/* SPDX-License-Identifier: Apache-2.0 */
/* What sha256sum says of a file: the checksum that recipients can check with what they have. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "../error.h"
#include "dataset.h"

int dataset_sha256(int directory, const char *name, uint64_t *bytes, uint8_t sha256[32])
{
	unsigned char buffer[65536];
	crypto_hash_sha256_state s;
	ssize_t n = -1;
	uint64_t all = 0;
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	crypto_hash_sha256_init(&s);
	while (fd >= 0 && ((n = read(fd, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))) {
		if (n < 0)
			continue;
		crypto_hash_sha256_update(&s, buffer, (unsigned long long)n);
		all += (uint64_t)n;
	}
	crypto_hash_sha256_final(&s, sha256);
	int saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	if (bytes)
		*bytes = all;
	return fd < 0 || n < 0 ? ERROR_IO : 0;
}
