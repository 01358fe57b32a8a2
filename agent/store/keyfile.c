/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "secretfile.h"

_Static_assert(KEYFILE_BOX == SEGMENT_KEY + crypto_box_SEALBYTES, "box");

enum { BASE64 = sodium_base64_VARIANT_ORIGINAL, BASE64_MAX = sodium_base64_ENCODED_LEN(KEYFILE_BOX, sodium_base64_VARIANT_ORIGINAL) };

static const char lowercase_hex[] = "0123456789abcdef";
static const char digits_and_letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";

/* ---- Text out ---- */

struct sheet { char *text; size_t length; bool full; };

static void __attribute__((format(printf, 2, 3))) put(struct sheet *o, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(o->text + o->length, KEYFILE_MAX - o->length, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= KEYFILE_MAX - o->length)
		o->full = true;
	else
		o->length += (size_t)n;
}

static void put_hex(struct sheet *o, const char *name, const uint8_t *data, size_t size)
{
	char hex[2 * IDENTITY_SIGNATURE + 1];
	put(o, "%s %s\n", name, sodium_bin2hex(hex, sizeof hex, data, size));
}

static const char *base64(const uint8_t box[KEYFILE_BOX], char out[BASE64_MAX])
{
	return sodium_bin2base64(out, BASE64_MAX, box, KEYFILE_BOX, BASE64);
}

static bool is_word(const char *s, size_t least, size_t most, const char *of)
{
	size_t n = strnlen(s, most + 1);
	return n >= least && n <= most && strspn(s, of) == n;
}

/* What the parts of a key file have to be to each other. NULL: all is well. */
static const char *judge(const struct keyfile *k)
{
	const char *study = "0123456789abcdefghijklmnopqrstuvwxyz-";
	if (!is_word(k->segment, 1, sizeof k->segment - 1, digits_and_letters))
		return "the segment's name is none";
	if (!is_word(k->study, 3, sizeof k->study - 1, study))
		return "the study's id is none";
	if (!is_word(k->pseudonym, IDENTITY_PSEUDONYM - 1, IDENTITY_PSEUDONYM - 1, lowercase_hex))
		return "the pseudonym is none";
	if (k->begun_us < 0 || k->expires_us < k->begun_us || (k->release_us < KEYFILE_NEVER && k->release_us < k->begun_us))
		return "it ends before it begins";
	bool timed = k->release_us < KEYFILE_NEVER;
	if (k->released && (k->has_participant || !k->has_recipient || k->release_us == KEYFILE_NEVER))
		return "released, it must have the recipient's box alone";
	if (!k->released && (!k->has_participant || k->has_recipient != timed))
		return "it must have the participant's box, and the recipient's if it has a time of release";
	return NULL;
}

static bool is_time(int64_t us)
{
	/* What clock_parse reads back: years of four digits. */
	return us >= 0 && us < INT64_C(253402300800000000);
}

int keyfile_format(const struct keyfile *k, char out[KEYFILE_MAX], size_t *signed_length)
{
	struct sheet o = {.text = out};
	char a[28], b[28], box[BASE64_MAX], name[RECIPIENT_TEXT];
	uint8_t key[RECIPIENT_KEY];
	recipient_format(k->recipient_key, name);
	if (k->has_recipient && recipient_parse(name, key))
		return ERROR_INVALID;
	if (judge(k) || !is_time(k->begun_us) || !is_time(k->expires_us) || (k->release_us < KEYFILE_NEVER && !is_time(k->release_us)))
		return ERROR_INVALID;
	put(&o, "assent key 1\nsegment %s\nstudy %s\npseudonym %s\n", k->segment, k->study, k->pseudonym);
	put_hex(&o, "receipt", k->receipt_hash, sizeof k->receipt_hash);
	put(&o, "begun %s\nexpires %s\n", clock_format(k->begun_us, a), clock_format(k->expires_us, b));
	put(&o, "release %s\n", k->release_us == KEYFILE_MANUAL ? "manual" : k->release_us == KEYFILE_NEVER ? "never" : clock_format(k->release_us, a));
	if (k->has_participant)
		put(&o, "participant %s\n", base64(k->participant, box));
	if (k->has_recipient)
		put(&o, "recipient %s %s\n", name, base64(k->recipient, box));
	if (k->released)
		put_hex(&o, "hash", k->hash, sizeof k->hash);
	if (signed_length)
		*signed_length = o.length;
	if (k->released)
		put_hex(&o, "signature", k->signature, sizeof k->signature);
	return o.full ? ERROR_INVALID : (int)o.length;
}

/* ---- Text in ---- */

/* The next line's value behind "name ", into line; false: the next line has another name, or there is none. */
struct lines { const char *at, *end; };

static bool next(struct lines *l, const char *name, char line[KEYFILE_MAX])
{
	size_t n = strlen(name), left = (size_t)(l->end - l->at);
	if (left <= n || memcmp(l->at, name, n) != 0 || l->at[n] != ' ')
		return false;
	const char *value = l->at + n + 1, *end = memchr(value, '\n', left - n - 1);
	if (!end)
		return false;
	memcpy(line, value, (size_t)(end - value));
	line[end - value] = 0;
	l->at = end + 1;
	return true;
}

static bool word(struct lines *l, const char *name, char *out, size_t size)
{
	char line[KEYFILE_MAX];
	if (!next(l, name, line) || strlen(line) >= size)
		return false;
	memcpy(out, line, strlen(line) + 1);
	return true;
}

static bool hex(struct lines *l, const char *name, uint8_t *out, size_t size)
{
	char line[KEYFILE_MAX];
	size_t n = 0;
	return next(l, name, line) && strlen(line) == 2 * size && sodium_hex2bin(out, size, line, 2 * size, NULL, &n, NULL) == 0 && n == size;
}

static bool moment(const char *line, int64_t *out)
{
	return strlen(line) == 27 && clock_parse(line, out) == 0;
}

static bool release(const char *line, int64_t *out)
{
	if (strcmp(line, "manual") == 0)
		*out = KEYFILE_MANUAL;
	else if (strcmp(line, "never") == 0)
		*out = KEYFILE_NEVER;
	else
		return moment(line, out);
	return true;
}

static bool sealed(const char *line, uint8_t box[KEYFILE_BOX])
{
	size_t n = 0;
	return sodium_base642bin(box, KEYFILE_BOX, line, strlen(line), NULL, &n, NULL, BASE64) == 0 && n == KEYFILE_BOX;
}

/* "KEY BASE64" */
static bool to_recipient(const char *line, struct keyfile *k)
{
	char name[RECIPIENT_TEXT];
	if (strlen(line) < RECIPIENT_TEXT || line[RECIPIENT_TEXT - 1] != ' ')
		return false;
	memcpy(name, line, RECIPIENT_TEXT - 1);
	name[RECIPIENT_TEXT - 1] = 0;
	if (recipient_parse(name, k->recipient_key))
		return false;
	recipient_id(k->recipient_key, k->recipient_id);
	return sealed(line + RECIPIENT_TEXT, k->recipient);
}

static const char *parse(struct lines *l, struct keyfile *k)
{
	char line[KEYFILE_MAX];
	if (!next(l, "assent key", line))
		return "it does not begin with \"assent key 1\"";
	if (strcmp(line, "1") != 0)
		return "it does not begin with \"assent key 1\"";
	if (!word(l, "segment", k->segment, sizeof k->segment))
		return "segment is missing, or wrong";
	if (!word(l, "study", k->study, sizeof k->study))
		return "study is missing, or wrong";
	if (!word(l, "pseudonym", k->pseudonym, sizeof k->pseudonym))
		return "pseudonym is missing, or wrong";
	if (!hex(l, "receipt", k->receipt_hash, sizeof k->receipt_hash))
		return "receipt is missing, or wrong";
	if (!next(l, "begun", line) || !moment(line, &k->begun_us))
		return "begun is missing, or wrong";
	if (!next(l, "expires", line) || !moment(line, &k->expires_us))
		return "expires is missing, or wrong";
	if (!next(l, "release", line) || !release(line, &k->release_us))
		return "release is missing, or wrong";
	k->has_participant = next(l, "participant", line);
	if (k->has_participant && !sealed(line, k->participant))
		return "participant is no sealed box";
	k->has_recipient = next(l, "recipient", line);
	if (k->has_recipient && !to_recipient(line, k))
		return "recipient is no public key and sealed box";
	k->released = hex(l, "hash", k->hash, sizeof k->hash);
	if (k->released && !hex(l, "signature", k->signature, sizeof k->signature))
		return "signature is missing, or wrong";
	return l->at == l->end ? judge(k) : "something follows that does not belong there";
}

/* Whatever follows may be anything. */
static bool is_later(const char *text, size_t length)
{
	static const char begin[] = "assent key ";
	size_t n = sizeof begin - 1;
	if (length <= n + 1 || memcmp(text, begin, n) != 0 || text[n] < '1' || text[n] > '9')
		return false;
	return text[n] > '1' || (text[n + 1] >= '0' && text[n + 1] <= '9');
}

int keyfile_parse(const char *text, size_t length, struct keyfile *k, const char **what)
{
	char again[KEYFILE_MAX];
	struct lines l = {text, text + length};
	const char *unused;
	if (!what)
		what = &unused;
	memset(k, 0, sizeof *k);
	*what = "the key file is of a later version than this program knows (1): install the Assent that wrote it, or a later one";
	if (is_later(text, length))
		return ERROR_UNSUPPORTED;
	*what = length >= KEYFILE_MAX ? "it is too long" : memchr(text, 0, length) ? "it is not a text" : parse(&l, k);
	/* One text for one content: capitals in hexadecimal digits, say, are somebody's work and not ours. */
	if (!*what) {
		int n = keyfile_format(k, again, NULL);
		if (n < 0 || (size_t)n != length || memcmp(again, text, length) != 0)
			*what = "it is not written as we write it";
	}
	if (*what)
		memset(k, 0, sizeof *k);
	return *what ? ERROR_INVALID : 0;
}

/* ---- Files ---- */

int keyfile_read(int directory, const char *name, struct keyfile *k, const char **what)
{
	char text[KEYFILE_MAX + 1];
	struct stat st;
	size_t n = 0;
	int e = ERROR_IO, saved;
	const char *unused;
	if (!what)
		what = &unused;
	memset(k, 0, sizeof *k);
	*what = "it cannot be read";
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ELOOP) {
		*what = "it is a symbolic link";
		return ERROR_INVALID;
	}
	if (fd < 0)
		return ERROR_IO;
	if (fstat(fd, &st))
		goto out;
	if (!S_ISREG(st.st_mode)) {
		*what = "it is not a file";
		e = ERROR_INVALID;
		goto out;
	}
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
	if (n && sodium_is_zero((const unsigned char *)text, n)) {
		*what = "it was destroyed";
		e = ERROR_GONE;
	} else {
		e = keyfile_parse(text, n, k, what);
	}
out:
	saved = errno;
	close(fd);
	errno = saved;
	return e;
}

int keyfile_write(int directory, const char *name, const struct keyfile *k)
{
	char text[KEYFILE_MAX], temporary[64];
	int length = keyfile_format(k, text, NULL), e = ERROR_IO, saved;
	if (length < 0)
		return length;
	int n = snprintf(temporary, sizeof temporary, "%s.tmp", name);
	if (n < 0 || (size_t)n >= sizeof temporary)
		return ERROR_INVALID;
	/* A name of its own: what was left by a crash is written over. */
	int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return ERROR_IO;
	for (int done = 0; done < length;) {
		ssize_t w = write(fd, text + done, (size_t)(length - done));
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			goto out;
		done += (int)w;
	}
	if (fsync(fd) || renameat(directory, temporary, directory, name))
		goto out;
	*temporary = 0;
	e = fsync(directory) ? ERROR_IO : 0;
out:
	saved = errno;
	close(fd);
	if (*temporary)
		unlinkat(directory, temporary, 0);
	errno = saved;
	return e;
}

int keyfile_destroy(int directory, const char *name)
{
	return secretfile_destroy(directory, name);
}

/* ---- Boxes ---- */

int keyfile_seal(const uint8_t key[SEGMENT_KEY], const uint8_t to[32], uint8_t box[KEYFILE_BOX])
{
	return crypto_box_seal(box, key, SEGMENT_KEY, to) ? ERROR_INVALID : 0;
}

int keyfile_open(const uint8_t box[KEYFILE_BOX], const uint8_t public_key[32], const uint8_t secret[32], uint8_t key[SEGMENT_KEY])
{
	return crypto_box_seal_open(key, box, KEYFILE_BOX, public_key, secret) ? ERROR_DENIED : 0;
}
