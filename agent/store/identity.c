/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "atomic.h"

enum { SECRET = 32, DIGITS = 2 * SECRET };

static int read_secret(const char *path, unsigned char secret[SECRET])
{
	char hex[DIGITS + 2];
	struct stat st;
	size_t n = 0;
	int e = ERROR_IO, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return ERROR_IO;
	if (fstat(fd, &st))
		goto out;
	e = ERROR_INVALID;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		goto out;
	ssize_t got = read(fd, hex, sizeof hex);
	if (got == DIGITS + 1 && hex[DIGITS] == '\n' &&
	    sodium_hex2bin(secret, SECRET, hex, DIGITS, NULL, &n, NULL) == 0 && n == SECRET)
		e = 0;
out:;
	int saved = errno;
	sodium_memzero(hex, sizeof hex);
	close(fd);
	errno = saved;
	return e;
}

int identity_ensure(const char *path)
{
	unsigned char secret[SECRET];
	char hex[DIGITS + 1];
	int e = read_secret(path, secret);
	if (e == ERROR_IO && errno == ENOENT) {
		if (sodium_init() < 0)
			return ERROR_IO;
		randombytes_buf(secret, sizeof secret);
		sodium_bin2hex(hex, sizeof hex, secret, sizeof secret);
		hex[DIGITS] = '\n';
		e = atomic_write(path, hex, sizeof hex, false);
		/* Another of our commands was faster: its secret is the one. */
		if (e == ERROR_IO && errno == EEXIST)
			e = read_secret(path, secret);
	}
	sodium_memzero(secret, sizeof secret);
	sodium_memzero(hex, sizeof hex);
	return e;
}

int identity_pseudonym(const char *path, const char *study, char out[33])
{
	unsigned char secret[SECRET], hash[16];
	int e = read_secret(path, secret);
	if (e)
		return e;
	crypto_generichash(hash, sizeof hash, (const unsigned char *)study, strlen(study), secret, sizeof secret);
	sodium_memzero(secret, sizeof secret);
	sodium_bin2hex(out, 33, hash, sizeof hash);
	return 0;
}

int identity_jitter_key(const char *path, uint8_t out[16])
{
	/* No study's id has spaces: this hash is none of the pseudonyms. */
	static const unsigned char context[] = "assent: edges of spans";
	unsigned char secret[SECRET];
	int e = read_secret(path, secret);
	if (e)
		return e;
	crypto_generichash(out, 16, context, sizeof context - 1, secret, sizeof secret);
	sodium_memzero(secret, sizeof secret);
	return 0;
}
