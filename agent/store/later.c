/* SPDX-License-Identifier: Apache-2.0 */
#include "later.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../format/segment.h"
#include "ledger.h"

enum { FIRST_BYTES = 4096 };

/* Texts that say their version: behind what, and how high this program knows it. */
static const struct mark {
	const char *what, *begin;
	unsigned known;
	bool lines;                      /* in any line, not only in the first that is no comment */
} marks[] = {
	{"a data folder", "assent data ", 1, false},
	{"a key file", "assent key ", 1, false},
	{"an identity", "version: ", 2, false},
	{"the head of a ledger", "{\"version\":", 1, false},
	{"known phrases", "assent-secrets ", 1, false},
	{"an unfinished deletion", "assent forget ", 1, false},
	{"a receipt", "{\"record\":{\"schema_version\":\"assent-receipt-", 2, true},
	{"a dataset", "\"assent_dataset\": ", 1, true},
};

static bool later(const char *path, const char *what, unsigned long found, unsigned known, char why[LATER_TEXT])
{
	snprintf(why, LATER_TEXT, "%s: %s of version %lu, and this program (%s) knows versions up to %u: a later Assent wrote it. Install that version, or a later "
		 "one; until then nothing there is changed", path, what, found, ASSENT_VERSION, known);
	return true;
}

/* The number that text begins with; 0: none. */
static unsigned long number(const char *text)
{
	return *text >= '1' && *text <= '9' ? strtoul(text, NULL, 10) : 0;
}

static bool later_segment(const char *path, const char *data, size_t length, char why[LATER_TEXT])
{
	uint32_t version;
	uint16_t flags;
	if (segment_prelude((const uint8_t *)data, length, &version, &flags))
		return false;
	if (version > SEGMENT_VERSION)
		return later(path, "a segment", version, SEGMENT_VERSION, why);
	if (version < SEGMENT_VERSION || !flags)
		return false;
	snprintf(why, LATER_TEXT, "%s: a segment of version %u with a flag (0x%x) that this program (%s) does not know: a later Assent wrote it. Install that "
		 "version, or a later one; until then nothing there is changed", path, version, flags, ASSENT_VERSION);
	return true;
}

static bool later_line(const char *path, const char *line, bool first, char why[LATER_TEXT])
{
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		const struct mark *m = &marks[i];
		size_t n = strlen(m->begin);
		if ((first || m->lines) && strncmp(line, m->begin, n) == 0 && number(line + n) > m->known)
			return later(path, m->what, number(line + n), m->known, why);
	}
	return false;
}

static char *slurp(const char *path, size_t *length)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	char *text = NULL;
	*length = 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		/* Of a segment, or anything as large that is no ledger, the first bytes tell. */
		size_t most = st.st_size > LEDGER_BYTES_MAX ? FIRST_BYTES : (size_t)st.st_size;
		char magic[8] = "";
		if (pread(fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic && (unsigned char)magic[0] == 0x89)
			most = most < FIRST_BYTES ? most : FIRST_BYTES;
		text = malloc(most + 1);
		ssize_t n;
		while (text && *length < most && ((n = pread(fd, text + *length, most - *length, (off_t)*length)) > 0 || (n < 0 && errno == EINTR)))
			*length += n > 0 ? (size_t)n : 0;
		if (text)
			text[*length] = 0;
	}
	close(fd);
	return text;
}

bool later_file(const char *path, char why[LATER_TEXT])
{
	size_t length;
	char *text = slurp(path, &length);
	bool is = false, first = true;
	why[0] = 0;
	if (!text)
		return false;
	if ((unsigned char)text[0] == 0x89) {
		is = later_segment(path, text, length, why);
	} else {
		for (char *line = text, *end; !is && line < text + length; line = end + 1) {
			end = memchr(line, '\n', (size_t)(text + length - line));
			if (!end)
				end = text + length;
			*end = 0;
			if (*line == '#')
				continue;
			is = later_line(path, line, first, why);
			first = false;
		}
	}
	free(text);
	return is;
}

static bool is_kept(const char *name)
{
	static const char *const suffixes[] = {".seg", ".part", ".new", ".key"};
	size_t n = strlen(name);
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
		if (n > strlen(suffixes[i]) && strcmp(name + n - strlen(suffixes[i]), suffixes[i]) == 0)
			return true;
	return false;
}

/* The folders below (depth 1: the studies), or their files. */
static bool find_below(const char *path, int depth, char why[LATER_TEXT])
{
	DIR *dir = opendir(path);
	bool is = false;
	for (struct dirent *e; dir && !is && (e = readdir(dir));) {
		char below[PATH_MAX];
		int n = snprintf(below, sizeof below, "%s/%s", path, e->d_name);
		if (e->d_name[0] == '.' || n < 0 || (size_t)n >= sizeof below)
			continue;
		is = depth ? find_below(below, depth - 1, why) : is_kept(e->d_name) && later_file(below, why);
	}
	if (dir)
		closedir(dir);
	return is;
}

bool later_find(const struct places *p, char why[LATER_TEXT])
{
	static const char *const files[] = {"version", "ledger.head", "spool/.forget"};
	char path[PLACE_MAX + 32];
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", p->data, files[i]);
		if (later_file(path, why))
			return true;
	}
	return later_file(p->identity, why) || later_file(p->ledger, why) || later_file(p->secrets, why) || find_below(p->spool, 1, why);
}
