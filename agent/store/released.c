/* SPDX-License-Identifier: Apache-2.0 */
#include "released.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "atomic.h"

enum { LINE_ROOM = 640, BYTES_MAX = 64 << 20, PATH_ROOM = 1200 };

static int path_of(const char *data, char out[PATH_ROOM])
{
	int n = snprintf(out, PATH_ROOM, "%s/released.jsonl", data);
	return n < 0 || n >= PATH_ROOM ? ERROR_LIMIT : 0;
}

/* ---- A line ---- */

static int format(const struct released_entry *r, char out[LINE_ROOM])
{
	char hash[65], time[28], gone[96] = "";
	sodium_bin2hex(hash, sizeof hash, r->hash, sizeof r->hash);
	if (r->gone)
		snprintf(gone, sizeof gone, ",\"gone\":\"%s\",\"tombstone\":\"%s\"", tombstone_reason_name(r->reason), r->tombstone);
	int n = snprintf(out, LINE_ROOM, "{\"segment\":\"%s\",\"study\":\"%s\",\"pseudonym\":\"%s\",\"hash\":\"%s\",\"recipient\":\"%s\",\"time\":\"%s\"%s}\n",
			 r->segment, r->study, r->pseudonym, hash, r->recipient, clock_format(r->t_us, time), gone);
	return n < 0 || n >= LINE_ROOM ? ERROR_INVALID : n;
}

/* `"key":"` and what follows up to the quote. What there is besides is told apart by writing it again. */
static bool value(const char *line, const char *key, char *out, size_t size)
{
	char begin[32];
	snprintf(begin, sizeof begin, "\"%s\":\"", key);
	const char *at = strstr(line, begin), *end;
	if (!at)
		return false;
	at += strlen(begin);
	end = strchr(at, '"');
	if (!end || (size_t)(end - at) >= size)
		return false;
	memcpy(out, at, (size_t)(end - at));
	out[end - at] = 0;
	return true;
}

/* line: with a 0 in the place of its newline. */
static bool parse(const char *line, struct released_entry *r)
{
	char hash[65], time[28], reason[16], again[LINE_ROOM];
	size_t n = 0, length = strlen(line);
	memset(r, 0, sizeof *r);
	if (!value(line, "segment", r->segment, sizeof r->segment) || !tombstone_segment_is(r->segment) ||
	    !value(line, "study", r->study, sizeof r->study) || !value(line, "pseudonym", r->pseudonym, sizeof r->pseudonym) ||
	    !value(line, "hash", hash, sizeof hash) || sodium_hex2bin(r->hash, 32, hash, strlen(hash), NULL, &n, NULL) || n != 32 ||
	    !value(line, "recipient", r->recipient, sizeof r->recipient) || !value(line, "time", time, sizeof time) ||
	    clock_parse(time, &r->t_us) || strlen(r->study) < 3 || strspn(r->study, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(r->study) ||
	    strlen(r->pseudonym) != 32 || strspn(r->pseudonym, "0123456789abcdef") != 32)
		return false;
	r->gone = value(line, "gone", reason, sizeof reason);
	if (r->gone) {
		while (r->reason < TOMBSTONE_REASON_COUNT && strcmp(reason, tombstone_reason_name(r->reason)) != 0)
			r->reason++;
		if (r->reason == TOMBSTONE_REASON_COUNT || !value(line, "tombstone", r->tombstone, sizeof r->tombstone))
			return false;
	}
	int m = format(r, again);
	return m > 0 && (size_t)m == length + 1 && memcmp(again, line, length) == 0;
}

/* ---- The file ---- */

static int slurp(int fd, char **text, size_t *length)
{
	struct stat st;
	size_t n = 0;
	if (fstat(fd, &st))
		return ERROR_IO;
	if (!S_ISREG(st.st_mode) || st.st_size > BYTES_MAX)
		return ERROR_LIMIT;
	if (!(*text = malloc((size_t)st.st_size + 1)))
		return ERROR_MEMORY;
	while (n < (size_t)st.st_size) {
		ssize_t got = pread(fd, *text + n, (size_t)st.st_size - n, (off_t)n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(*text);
			return ERROR_IO;
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	(*text)[n] = 0;
	*length = n;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct released_entry *)a)->segment, ((const struct released_entry *)b)->segment);
}

/* A line about a segment that there was one about already takes its place. */
static void squeeze(struct released *r)
{
	int kept = 0;
	for (int i = 0; i < r->count; i++) {
		if (kept && strcmp(r->entry[kept - 1].segment, r->entry[i].segment) == 0) {
			/* The sort may have turned them round; gone is the last word in any case. */
			if (r->entry[i].gone)
				r->entry[kept - 1] = r->entry[i];
		} else {
			r->entry[kept++] = r->entry[i];
		}
	}
	r->count = kept;
}

static int read_lines(char *text, size_t length, struct released *r)
{
	int room = 0;
	char *at = text, *end;
	while ((end = memchr(at, '\n', length - (size_t)(at - text)))) {
		*end = 0;
		if (r->count == room) {
			room = room ? 2 * room : 64;
			struct released_entry *more = realloc(r->entry, (size_t)room * sizeof *more);
			if (!more)
				return ERROR_MEMORY;
			r->entry = more;
		}
		/* A 0 in the middle of a line ends it for parse(): then it is not what it would be written as. */
		if (strlen(at) == (size_t)(end - at) && parse(at, &r->entry[r->count]))
			r->count++;
		else
			r->damaged++;
		at = end + 1;
	}
	return 0;
}

int released_load(const char *data, struct released *r)
{
	char path[PATH_ROOM], *text = NULL;
	size_t length = 0;
	memset(r, 0, sizeof *r);
	int e = path_of(data, path);
	if (e)
		return e;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? 0 : ERROR_IO;
	e = slurp(fd, &text, &length);
	int saved = errno;
	close(fd);
	errno = saved;
	/* No list at all: that must not keep anybody from erasing, and nothing can be added to it, so nothing more is released. */
	if (e == ERROR_LIMIT) {
		r->damaged = 1;
		return 0;
	}
	if (e)
		return e;
	e = read_lines(text, length, r);
	free(text);
	if (e) {
		released_release(r);
		return e;
	}
	if (r->count)
		qsort(r->entry, (size_t)r->count, sizeof *r->entry, by_name);
	squeeze(r);
	return 0;
}

void released_release(struct released *r)
{
	free(r->entry);
	memset(r, 0, sizeof *r);
}

const struct released_entry *released_find(const struct released *r, const char *segment)
{
	struct released_entry key = {0};
	if (!r->count || strlen(segment) >= sizeof key.segment)
		return NULL;
	strcpy(key.segment, segment);
	return bsearch(&key, r->entry, (size_t)r->count, sizeof *r->entry, by_name);
}

/* Where the last whole line ends: what follows was cut off by a crash, and nothing was done on the strength of it. */
static int whole(int fd, off_t *end)
{
	char *text;
	size_t length;
	int e = slurp(fd, &text, &length);
	if (e)
		return e;
	while (length && text[length - 1] != '\n')
		length--;
	*end = (off_t)length;
	free(text);
	return 0;
}

static int append(int fd, const char *text, size_t length)
{
	off_t end;
	int e = whole(fd, &end);
	if (e)
		return e;
	if (ftruncate(fd, end))
		return ERROR_IO;
	ssize_t n;
	do
		n = pwrite(fd, text, length, end);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)length) {
		int saved = n < 0 ? errno : ENOSPC;
		/* Should this fail too, the next one mends it. */
		int ignored = ftruncate(fd, end);
		(void)ignored;
		errno = saved;
		return ERROR_IO;
	}
	return fsync(fd) ? ERROR_IO : 0;
}

int released_append(const char *data, const struct released_entry *entries, int count)
{
	char path[PATH_ROOM], *text;
	size_t used = 0;
	int e = path_of(data, path), saved;
	if (e || count <= 0)
		return e;
	if (!(text = malloc((size_t)count * LINE_ROOM)))
		return ERROR_MEMORY;
	for (int i = 0; i < count; i++) {
		e = format(&entries[i], text + used);
		if (e < 0) {
			free(text);
			return e;
		}
		used += (size_t)e;
	}
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	e = fd < 0 ? ERROR_IO : append(fd, text, used);
	if (e == 0)
		e = atomic_sync_parent(path);
	saved = errno;
	free(text);
	if (fd >= 0)
		close(fd);
	errno = saved;
	return e;
}
