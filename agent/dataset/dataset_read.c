/* SPDX-License-Identifier: Apache-2.0 */
/* dataset_read(): line by line, as dataset_write() made it. */
#include "dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/config.h"
#include "../error.h"

enum section { HEAD, FILES, SEGMENTS, TOMBSTONES, OTHER };

static int hash(const struct config_node *map, const char *key, uint8_t out[32])
{
	const struct config_node *n = config_get(map, key);
	size_t length;
	if (!n || n->type != CONFIG_SCALAR || strlen(n->text) != 64 || sodium_hex2bin(out, 32, n->text, 64, NULL, &length, NULL) || length != 32)
		return ERROR_INVALID;
	return 0;
}

static int text(const struct config *c, const struct config_node *map, const char *key, char *out, size_t size)
{
	struct config_error error;
	const struct config_node *n = config_get(map, key);
	return n ? config_text(c, n, out, size, &error) : ERROR_INVALID;
}

static int number(const struct config *c, const struct config_node *map, const char *key, uint64_t *out)
{
	struct config_error error;
	const struct config_node *n = config_get(map, key);
	int64_t v = 0;
	int e = n ? config_integer(c, n, 0, INT64_MAX, &v, &error) : ERROR_INVALID;
	*out = (uint64_t)v;
	return e;
}

static int place(const struct config *c, const struct config_node *map, struct dataset_place *at)
{
	int e = text(c, map, "segment", at->segment, sizeof at->segment);
	e = e ? e : text(c, map, "study", at->study, sizeof at->study);
	return e ? e : text(c, map, "participant", at->participant, sizeof at->participant);
}

static int file(struct dataset *d, const struct config *c, const struct config_node *map)
{
	struct dataset_file *f = dataset_add_file(d);
	if (!f)
		return ERROR_MEMORY;
	int e = text(c, map, "file", f->name, sizeof f->name);
	e = e ? e : number(c, map, "rows", &f->rows);
	e = e ? e : number(c, map, "bytes", &f->bytes);
	e = e ? e : hash(map, "hash", f->hash);
	/* It will be removed by this name. */
	return e ? e : !f->name[0] || f->name[0] == '.' || strchr(f->name, '/') ? ERROR_INVALID : 0;
}

static int segment(struct dataset *d, const struct config *c, const struct config_node *map)
{
	struct dataset_segment *s = dataset_add_segment(d);
	if (!s)
		return ERROR_MEMORY;
	int e = place(c, map, &s->at);
	e = e ? e : hash(map, "hash", s->hash);
	e = e ? e : hash(map, "receipt", s->receipt);
	e = e ? e : number(c, map, "rows", &s->rows);
	return e ? e : number(c, map, "dropped", &s->dropped);
}

static int tombstone(struct dataset *d, const struct config *c, const struct config_node *map)
{
	char time[40];
	struct dataset_tombstone *t = dataset_add_tombstone(d);
	if (!t)
		return ERROR_MEMORY;
	int e = place(c, map, &t->at);
	e = e ? e : hash(map, "hash", t->hash);
	e = e ? e : text(c, map, "tombstone", t->id, sizeof t->id);
	e = e ? e : text(c, map, "reason", t->reason, sizeof t->reason);
	e = e ? e : text(c, map, "time", time, sizeof time);
	return e ? e : clock_parse(time, &t->t_us);
}

/* An entry of a list, or (of the head) a line "key": value, made an object. */
static int entry(struct dataset *d, enum section section, const char *line, size_t length)
{
	struct config *c;
	struct config_error error;
	int e = config_parse(DATASET_NAME, line, length, &c, &error);
	if (e)
		return e == ERROR_MEMORY ? e : ERROR_INVALID;
	const struct config_node *root = config_root(c), *n;
	uint64_t v = 0;
	if (section == FILES)
		e = file(d, c, root);
	else if (section == SEGMENTS)
		e = segment(d, c, root);
	else if (section == TOMBSTONES)
		e = tombstone(d, c, root);
	else if (config_get(root, "assent_dataset"))
		e = number(c, root, "assent_dataset", &v) || v != 1 ? ERROR_INVALID : 0;
	else if (config_get(root, "version"))
		e = number(c, root, "version", &v) || v < 1 || v > INT32_MAX ? ERROR_INVALID : (d->version = (int64_t)v, 0);
	else if (config_get(root, "format"))
		e = text(c, root, "format", d->format, sizeof d->format);
	else if ((n = config_get(root, "purposes")) != NULL)
		for (const struct config_node *k = n->first; k && e == 0; k = k->next)
			e = d->purposes == DATASET_PURPOSES_MAX ? ERROR_INVALID :
				config_text(c, k, d->purpose[d->purposes++], sizeof d->purpose[0], &error);
	config_free(c);
	return e == 0 || e == ERROR_MEMORY ? e : ERROR_INVALID;
}

static bool is(const char *line, const char *what) { return strcmp(line, what) == 0; }

static int one_line(struct dataset *d, enum section *section, char *line, bool *whole)
{
	static const struct { const char *line; enum section section; } lists[] = {
		{"\"files\": [", FILES}, {"\"segments\": [", SEGMENTS}, {"\"tombstones\": [", TOMBSTONES}, {"\"left_out\": [", OTHER},
		{"\"added\": [", OTHER}, {"\"removed\": [", OTHER},
	};
	size_t n = strlen(line);
	char object[16384];
	if (*whole)
		return ERROR_INVALID;
	if (n && line[n - 1] == ',')
		line[--n] = 0;
	if (*section == HEAD && is(line, "{"))
		return 0;
	if (*section == HEAD && is(line, "}")) {
		*whole = true;
		return 0;
	}
	for (size_t i = 0; i < sizeof lists / sizeof *lists && *section == HEAD; i++)
		if (is(line, lists[i].line)) {
			*section = lists[i].section;
			return 0;
		}
	if (*section != HEAD && is(line, "]")) {
		*section = HEAD;
		return 0;
	}
	if (*section == OTHER)
		return 0;
	if (*section != HEAD)
		return *line == '{' ? entry(d, *section, line, n) : ERROR_INVALID;
	int m = *line == '"' ? snprintf(object, sizeof object, "{%s}", line) : -1;
	return m < 0 || (size_t)m >= sizeof object ? ERROR_INVALID : entry(d, HEAD, object, (size_t)m);
}

int dataset_parse(FILE *f, struct dataset *d, int *number_of_line)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int e = 0;
	enum section section = HEAD;
	bool whole = false;
	memset(d, 0, sizeof *d);
	*number_of_line = 0;
	while (e == 0 && (n = getline(&line, &room, f)) > 0) {
		++*number_of_line;
		if (line[n - 1] == '\n')
			line[--n] = 0;
		/* A NUL would hide the rest of the line. */
		e = strlen(line) != (size_t)n ? ERROR_INVALID : one_line(d, &section, line, &whole);
	}
	if (e == 0 && ferror(f))
		e = ERROR_IO;
	else if (e == 0 && (!whole || d->version == 0 || !d->format[0]))
		e = ERROR_INVALID;
	int saved = errno;
	free(line);
	errno = saved;
	if (e == 0)
		dataset_sort(d);
	return e;
}

int dataset_read(int directory, struct dataset *d, int *number_of_line)
{
	struct stat st;
	memset(d, 0, sizeof *d);
	*number_of_line = 0;
	int fd = openat(directory, DATASET_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? ERROR_INVALID : ERROR_IO;
	FILE *f = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
	if (!f) {
		close(fd);
		return ERROR_INVALID;
	}
	int e = dataset_parse(f, d, number_of_line), saved = errno;
	fclose(f);
	errno = saved;
	return e;
}
