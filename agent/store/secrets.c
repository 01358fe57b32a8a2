/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "atomic.h"
#include "secretfile.h"

enum { FILE_MAX = 8192, LINE_MAX_BYTES = 256, PASSES = 4, MEMORY = 4 << 20 };

static const char magic[] = "assent-secrets 1";
#define DAY_US INT64_C(86400000000)

/* ---- Case. Where input comes from the devices, nobody knows whether Caps Lock was on before we looked. ---- */

/* Capitals as keyboards have them: each one in from..to, or each second one, has its small letter so much further on. */
static const struct { uint16_t from, to; int16_t add; uint8_t each; } capitals[] = {
	{'A', 'Z', 32, 1}, {0xc0, 0xd6, 32, 1}, {0xd8, 0xde, 32, 1}, {0x100, 0x12e, 1, 2}, {0x132, 0x136, 1, 2}, {0x139, 0x147, 1, 2},
	{0x14a, 0x176, 1, 2}, {0x178, 0x178, -121, 1}, {0x179, 0x17d, 1, 2}, {0x1a0, 0x1a4, 1, 2}, {0x1af, 0x1af, 1, 1}, {0x1cd, 0x1db, 1, 2},
	{0x1de, 0x1ee, 1, 2}, {0x1f8, 0x21e, 1, 2}, {0x222, 0x232, 1, 2},
	/* Turkish: of four letters two have no dot, and keyboards differ in which is the capital of which. */
	{0x130, 0x131, 0, 1},
	/* Greek, with the final sigma; Cyrillic; Armenian; Latin with more accents. */
	{0x386, 0x386, 38, 1}, {0x388, 0x38a, 37, 1}, {0x38c, 0x38c, 64, 1}, {0x38e, 0x38f, 63, 1}, {0x391, 0x3a1, 32, 1},
	{0x3a3, 0x3ab, 32, 1}, {0x3c2, 0x3c2, 1, 1}, {0x400, 0x40f, 80, 1}, {0x410, 0x42f, 32, 1}, {0x460, 0x480, 1, 2}, {0x48a, 0x4be, 1, 2},
	{0x4c0, 0x4c0, 15, 1}, {0x4c1, 0x4cd, 1, 2}, {0x4d0, 0x52e, 1, 2}, {0x531, 0x556, 48, 1}, {0x1e00, 0x1e94, 1, 2}, {0x1ea0, 0x1efe, 1, 2},
};

static uint32_t small(uint32_t point)
{
	for (size_t i = 0; i < sizeof capitals / sizeof *capitals && point >= 'A'; i++)
		if (point >= capitals[i].from && point <= capitals[i].to && (point - capitals[i].from) % capitals[i].each == 0)
			return capitals[i].add ? (uint32_t)((int32_t)point + capitals[i].add) : 'i';
	return point;
}

/* length at most SECRETS_LONGEST. */
static void all_small(const uint32_t *text, int length, uint32_t out[SECRETS_LONGEST])
{
	for (int i = 0; i < length; i++)
		out[i] = small(text[i]);
}

/* ---- Hashes. What goes in is hashed under the file's key first, so that no library but this sees the phrase. ---- */

static void keyed(const struct secrets *s, char purpose, const uint8_t *salt, const uint32_t *text, int length, uint8_t out[32])
{
	crypto_generichash_state h;
	crypto_generichash_init(&h, s->key, sizeof s->key, 32);
	crypto_generichash_update(&h, (const unsigned char *)&purpose, 1);
	crypto_generichash_update(&h, salt, 16);
	/* In this machine's order of bytes: the file is of no use on another one. */
	crypto_generichash_update(&h, (const unsigned char *)text, (size_t)length * sizeof *text);
	crypto_generichash_final(&h, out, 32);
	sodium_memzero(&h, sizeof h);
}

static uint8_t filter_of(const struct secrets *s, const uint8_t *salt, const uint32_t *text, int length)
{
	uint8_t hash[32];
	keyed(s, 'f', salt, text, length, hash);
	uint8_t byte = hash[0];
	sodium_memzero(hash, sizeof hash);
	return byte;
}

static int slow_hash(const struct secrets *s, const uint8_t *salt, const uint32_t *text, int length, uint8_t out[32])
{
	uint8_t hash[32];
	keyed(s, 'h', salt, text, length, hash);
	int r = crypto_pwhash(out, 32, (const char *)hash, sizeof hash, salt, PASSES, MEMORY, crypto_pwhash_ALG_ARGON2ID13);
	sodium_memzero(hash, sizeof hash);
	return r ? ERROR_MEMORY : 0;
}

int secrets_longest(const struct secrets *s)
{
	int most = 0;
	for (int i = 0; i < s->count; i++)
		if (s->secret[i].bucket > most)
			most = s->secret[i].bucket;
	return most * SECRETS_BUCKET;
}

int secrets_match(void *user, const uint32_t *text, int length)
{
	const struct secrets *s = user;
	uint32_t typed[SECRETS_LONGEST];
	int found = 0;
	if (length > SECRETS_LONGEST) {
		text += length - SECRETS_LONGEST;
		length = SECRETS_LONGEST;
	}
	all_small(text, length, typed);
	for (int i = 0; i < s->count; i++) {
		const struct secret *one = &s->secret[i];
		int least = (one->bucket - 1) * SECRETS_BUCKET + 1, most = one->bucket * SECRETS_BUCKET;
		for (int n = least < SECRETS_SHORTEST ? SECRETS_SHORTEST : least; n <= most && n <= length; n++) {
			uint8_t hash[32];
			const uint32_t *end = typed + length - n;
			if (filter_of(s, one->salt, end, n) != one->filter)
				continue;
			/* Cannot be computed: it may be the phrase. */
			if (slow_hash(s, one->salt, end, n, hash) || sodium_memcmp(hash, one->hash, sizeof hash) == 0)
				found = n > found ? n : found;
			sodium_memzero(hash, sizeof hash);
		}
	}
	sodium_memzero(typed, sizeof typed);
	return found;
}

void secrets_fingerprint(const struct secrets *s, uint8_t out[32])
{
	crypto_generichash_state h;
	crypto_generichash_init(&h, NULL, 0, 32);
	crypto_generichash_update(&h, s->key, sizeof s->key);
	for (int i = 0; i < s->count; i++)
		crypto_generichash_update(&h, s->secret[i].hash, sizeof s->secret[i].hash);
	crypto_generichash_final(&h, out, 32);
}

void secrets_wipe(struct secrets *s) { sodium_memzero(s, sizeof *s); }

/* ---- The file:
 *
 *   assent-secrets 1
 *   key KEY
 *   secret BUCKET DAY FILTER SALT HASH LABEL          for each; KEY to HASH in hexadecimal but for BUCKET and DAY
 */

/* Length of the UTF-8 character at p, which a 0 ends; 0: none, or a control character. */
static size_t character(const unsigned char *p)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc3 && p[0] < 0xe0 ? 2 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;
	if (p[0] < 0x20 || p[0] == 0x7f)
		return 0;
	/* 0xc2 begins the second set of control characters, and then signs. */
	if (p[0] == 0xc2 && p[1] >= 0xa0)
		n = 2;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static bool is_label(const char *label)
{
	size_t n = strlen(label);
	if (n < 1 || n > SECRETS_LABEL_MAX || *label == ' ' || label[n - 1] == ' ')
		return false;
	const unsigned char *p = (const unsigned char *)label;
	for (size_t size; *p; p += size)
		if ((size = character(p)) == 0)
			return false;
	return true;
}

static int find(const struct secrets *s, const char *label)
{
	for (int i = 0; i < s->count; i++)
		if (strcmp(s->secret[i].label, label) == 0)
			return i;
	return -1;
}

/* Takes the next word, which is 2 * size digits, and the space after it. */
static bool take_hex(const char **p, uint8_t *out, size_t size)
{
	size_t n = 0;
	if (strspn(*p, "0123456789abcdef") != 2 * size ||
	    sodium_hex2bin(out, size, *p, 2 * size, NULL, &n, NULL) || n != size)
		return false;
	*p += 2 * size;
	*p += **p == ' ';
	return true;
}

static bool take_number(const char **p, int64_t most, int64_t *out)
{
	size_t digits = strspn(*p, "0123456789");
	if (digits < 1 || digits > 9)
		return false;
	for (*out = 0; digits; digits--, ++*p)
		*out = *out * 10 + (**p - '0');
	*p += **p == ' ';
	return *out <= most;
}

static bool parse_secret(const char *p, struct secrets *s)
{
	struct secret *one = &s->secret[s->count];
	int64_t bucket, day;
	if (s->count == SECRETS_MAX || !take_number(&p, SECRETS_LONGEST / SECRETS_BUCKET, &bucket) || bucket < 1 ||
	    !take_number(&p, 1000000, &day) || !take_hex(&p, &one->filter, 1) || !take_hex(&p, one->salt, sizeof one->salt) ||
	    !take_hex(&p, one->hash, sizeof one->hash) || !is_label(p) || find(s, p) >= 0)
		return false;
	one->bucket = (uint8_t)bucket;
	one->added_us = day * DAY_US;
	memcpy(one->label, p, strlen(p) + 1);
	s->count++;
	return true;
}

static bool parse_line(const char *line, int number, struct secrets *s)
{
	if (number == 1)
		return strcmp(line, magic) == 0;
	if (number == 2) {
		const char *p = line + 4;
		return strncmp(line, "key ", 4) == 0 && take_hex(&p, s->key, sizeof s->key) && !*p;
	}
	return strncmp(line, "secret ", 7) == 0 && parse_secret(line + 7, s);
}

int secrets_parse(const char *text, size_t length, struct secrets *s)
{
	char line[LINE_MAX_BYTES];
	int number = 0;
	sodium_memzero(s, sizeof *s);
	while (length) {
		const char *end = memchr(text, '\n', length);
		size_t n = end ? (size_t)(end - text) : length;
		/* A last line without its end was cut. */
		if (!end || n >= sizeof line || memchr(text, 0, n))
			goto damaged;
		memcpy(line, text, n);
		line[n] = 0;
		if (!parse_line(line, ++number, s))
			goto damaged;
		text += n + 1;
		length -= n + 1;
	}
	if (number >= 2)
		return 0;
damaged:
	secrets_wipe(s);
	return ERROR_INVALID;
}

int secrets_load(const char *path, struct secrets *s)
{
	char text[FILE_MAX + 1];
	struct stat st;
	size_t n = 0;
	int e = ERROR_IO, saved;
	memset(s, 0, sizeof *s);
	if (sodium_init() < 0)
		return ERROR_IO;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : ERROR_IO;
	if (fstat(fd, &st))
		goto out;
	e = ERROR_DENIED;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		goto out;
	e = ERROR_IO;
	while (n < sizeof text) {
		ssize_t got = read(fd, text + n, sizeof text - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			goto out;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	e = n > FILE_MAX ? ERROR_LIMIT : secrets_parse(text, n, s);
out:
	saved = errno;
	sodium_memzero(text, sizeof text);
	close(fd);
	errno = saved;
	return e;
}

static int save(const char *path, const struct secrets *s)
{
	char text[FILE_MAX], key[65], salt[33], hash[65];
	size_t n = (size_t)snprintf(text, sizeof text, "%s\nkey %s\n", magic, sodium_bin2hex(key, sizeof key, s->key, sizeof s->key));
	for (int i = 0; i < s->count; i++) {
		const struct secret *one = &s->secret[i];
		n += (size_t)snprintf(text + n, sizeof text - n, "secret %d %lld %02x %s %s %s\n", one->bucket,
				      (long long)(one->added_us / DAY_US), one->filter,
				      sodium_bin2hex(salt, sizeof salt, one->salt, sizeof one->salt),
				      sodium_bin2hex(hash, sizeof hash, one->hash, sizeof one->hash), one->label);
	}
	int e = atomic_write(path, text, n, true);
	sodium_memzero(text, sizeof text);
	sodium_memzero(key, sizeof key);
	return e;
}

int secrets_add(const char *path, const char *label, const uint32_t *phrase, int length)
{
	struct secrets s;
	uint32_t folded[SECRETS_LONGEST] = {0};
	int lock = -1, e = ERROR_LIMIT;
	memset(&s, 0, sizeof s);
	if (length < SECRETS_SHORTEST || length > SECRETS_LONGEST)
		return e;
	/* Two commands at a time must not lose what the other one wrote. */
	lock = secretfile_lock(path);
	if (lock < 0)
		return lock;
	e = secrets_load(path, &s);
	if (e)
		goto out;
	e = ERROR_INVALID;
	if (!is_label(label) || find(&s, label) >= 0)
		goto out;
	e = ERROR_LIMIT;
	if (s.count == SECRETS_MAX)
		goto out;
	struct secret *one = &s.secret[s.count];
	/* Only of an empty file: what is there was hashed under its key. */
	if (s.count == 0)
		randombytes_buf(s.key, sizeof s.key);
	randombytes_buf(one->salt, sizeof one->salt);
	one->bucket = (uint8_t)((length + SECRETS_BUCKET - 1) / SECRETS_BUCKET);
	one->added_us = clock_utc_us() / DAY_US * DAY_US;
	all_small(phrase, length, folded);
	one->filter = filter_of(&s, one->salt, folded, length);
	memcpy(one->label, label, strlen(label) + 1);
	e = slow_hash(&s, one->salt, folded, length, one->hash);
	if (e)
		goto out;
	s.count++;
	e = save(path, &s);
out:
	secrets_wipe(&s);
	sodium_memzero(folded, sizeof folded);
	close(lock);
	return e;
}

int secrets_remove(const char *path, const char *label)
{
	struct secrets s;
	int lock = secretfile_lock(path);
	if (lock < 0)
		return lock;
	int e = secrets_load(path, &s), i = e ? -1 : find(&s, label);
	if (e == 0 && i < 0)
		e = ERROR_GONE;
	if (e)
		goto out;
	s.count--;
	memmove(&s.secret[i], &s.secret[i + 1], (size_t)(s.count - i) * sizeof s.secret[0]);
	e = save(path, &s);
out:
	secrets_wipe(&s);
	close(lock);
	return e;
}
