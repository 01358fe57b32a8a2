/* SPDX-License-Identifier: Apache-2.0 */
#include "head.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "atomic.h"

enum { HEAD_MAX = 320, PATH_ROOM = 1200 };

int head_path(const char *ledger, char *out, size_t size)
{
	static const char suffix[] = ".jsonl";
	size_t n = strlen(ledger), s = sizeof suffix - 1;
	if (n > s && strcmp(ledger + n - s, suffix) == 0)
		n -= s;
	int length = snprintf(out, size, "%.*s.head", (int)n, ledger);
	return length > 0 && (size_t)length < size ? 0 : ERROR_LIMIT;
}

/* What is signed. Its length. */
static int body(const struct head *h, char out[HEAD_MAX])
{
	char hex[65];
	sodium_bin2hex(hex, sizeof hex, h->hash, sizeof h->hash);
	return snprintf(out, HEAD_MAX, "{\"version\":1,\"lines\":%d,\"hash\":\"%s\"", h->lines, hex);
}

static int finish(char out[HEAD_MAX], int n, const uint8_t signature[IDENTITY_SIGNATURE])
{
	char hex[2 * IDENTITY_SIGNATURE + 1];
	sodium_bin2hex(hex, sizeof hex, signature, IDENTITY_SIGNATURE);
	return n + snprintf(out + n, (size_t)(HEAD_MAX - n), ",\"signature\":\"%s\"}\n", hex);
}

int head_parse(const char *text, size_t length, const uint8_t key[IDENTITY_KEY], struct head *head)
{
	char copy[HEAD_MAX], again[HEAD_MAX], hash[65] = "", hex[2 * IDENTITY_SIGNATURE + 1] = "";
	uint8_t signature[IDENTITY_SIGNATURE];
	size_t got;
	if (length == 0 || length >= sizeof copy || memchr(text, 0, length))
		return ERROR_INVALID;
	memcpy(copy, text, length);
	copy[length] = 0;
	memset(head, 0, sizeof *head);
	if (sscanf(copy, "{\"version\":1,\"lines\":%9d,\"hash\":\"%64[0-9a-f]\",\"signature\":\"%128[0-9a-f]\"}", &head->lines, hash, hex) != 3 ||
	    head->lines < 1 || sodium_hex2bin(head->hash, sizeof head->hash, hash, strlen(hash), NULL, &got, NULL) || got != sizeof head->hash ||
	    sodium_hex2bin(signature, sizeof signature, hex, strlen(hex), NULL, &got, NULL) || got != sizeof signature)
		return ERROR_INVALID;
	/* Only what would be written is read. */
	int n = body(head, again);
	int e = identity_verify(key, again, (size_t)n, signature);
	n = finish(again, n, signature);
	if ((size_t)n != length || memcmp(again, text, length) != 0)
		return ERROR_INVALID;
	return e;
}

int head_read(const char *ledger, const uint8_t key[IDENTITY_KEY], struct head *head)
{
	char path[PATH_ROOM], text[HEAD_MAX];
	struct stat st;
	size_t n = 0;
	int e = head_path(ledger, path, sizeof path);
	if (e)
		return e;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return ERROR_IO;
	if (fstat(fd, &st)) {
		e = ERROR_IO;
	} else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) || st.st_size >= HEAD_MAX) {
		e = ERROR_INVALID;
	}
	while (!e && n < sizeof text) {
		ssize_t got = pread(fd, text + n, sizeof text - n, (off_t)n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			e = ERROR_IO;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	int saved = errno;
	close(fd);
	errno = saved;
	return e ? e : head_parse(text, n, key, head);
}

int head_write(const char *ledger, const struct identity *identity, const struct head *head)
{
	char path[PATH_ROOM], text[HEAD_MAX];
	uint8_t signature[IDENTITY_SIGNATURE];
	int e = head_path(ledger, path, sizeof path), n = body(head, text);
	if (!e)
		e = identity_agent_sign(identity, HEAD_STUDY, text, (size_t)n, signature);
	if (e)
		return e;
	n = finish(text, n, signature);
	return atomic_write(path, text, (size_t)n, true);
}
