/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to erase, and what is left of it. */
#include "certificate.h"

#include <dirent.h>
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
#include "../store/atomic.h"
#include "../store/outbox.h"
#include "../store/released.h"
#include "cli.h"

static struct certificate_file *add(struct certificate *c, const char *name)
{
	if (c->count == c->room) {
		int room = c->room ? 2 * c->room : 64;
		struct certificate_file *more = realloc(c->file, (size_t)room * sizeof *more);
		if (!more)
			return NULL;
		c->file = more;
		c->room = room;
	}
	struct certificate_file *f = &c->file[c->count++];
	memset(f, 0, sizeof *f);
	snprintf(f->name, sizeof f->name, "%s", name);
	return f;
}

static bool is_key(const char *name)
{
	size_t n = strlen(name);
	return (n > 4 && strcmp(name + n - 4, ".key") == 0) || (n > 8 && strcmp(name + n - 8, ".key.tmp") == 0);
}

/* A key file is small. What cannot be read has a hash of zeros. */
static void hash_key(int directory, const char *name, uint8_t hash[32])
{
	unsigned char text[KEYFILE_MAX];
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
	if (fd >= 0)
		close(fd);
	if (n >= 0)
		crypto_generichash(hash, 32, text, (unsigned long long)n, NULL, 0);
	sodium_memzero(text, sizeof text);
}

static int list_spool(const struct session *s, struct certificate *c)
{
	char path[PLACE_MAX + 80];
	snprintf(path, sizeof path, "%s/%s", s->places.spool, c->study);
	DIR *dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : ERROR_IO;
	int e = 0;
	for (struct dirent *entry; e == 0 && (entry = readdir(dir));) {
		struct stat st;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || strcmp(entry->d_name, ".lock") == 0)
			continue;
		struct certificate_file *f = add(c, entry->d_name);
		if (!f) {
			e = ERROR_MEMORY;
			break;
		}
		f->key = is_key(f->name);
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			f->bytes = st.st_size;
		if (f->key)
			hash_key(dirfd(dir), entry->d_name, f->hash);
	}
	closedir(dir);
	return e;
}

/* ---- What an interrupted erasure had listed ---- */

static void pending_path(const struct session *s, const char *study, char path[PLACE_MAX + 120])
{
	snprintf(path, PLACE_MAX + 120, "%s/certificates/.%s.pending", s->places.data, study);
}

static int read_pending(const struct session *s, struct certificate *c)
{
	char path[PLACE_MAX + 120], line[512];
	int e = 0;
	pending_path(s, c->study, path);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	/* What cannot be read must not keep anybody from erasing: then the certificate is about what is here now. */
	if (!f) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (e == 0 && fgets(line, sizeof line, f)) {
		int key;
		long long bytes;
		char hex[65], name[256];
		size_t n = 0;
		bool known = false;
		if (sscanf(line, "%d %lld %64[0-9a-f] %255[^\n]", &key, &bytes, hex, name) != 4)
			continue;
		for (int i = 0; i < c->count && !known; i++)
			known = strcmp(c->file[i].name, name) == 0;
		struct certificate_file *x = known ? NULL : add(c, name);
		if (!known && !x)
			e = ERROR_MEMORY;
		if (!x)
			continue;
		x->key = key != 0;
		x->bytes = bytes;
		sodium_hex2bin(x->hash, sizeof x->hash, hex, 64, NULL, &n, NULL);
	}
	fclose(f);
	return e;
}

/* A disk that is full must not keep anybody from erasing: what fails here is only that list. */
static void keep_pending(const struct session *s, const struct certificate *c)
{
	char path[PLACE_MAX + 120], hex[65], *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	if (!out)
		return;
	for (int i = 0; i < c->count; i++)
		fprintf(out, "%d %lld %s %s\n", c->file[i].key, (long long)c->file[i].bytes,
			sodium_bin2hex(hex, sizeof hex, c->file[i].hash, 32), c->file[i].name);
	snprintf(path, sizeof path, "%s/certificates", s->places.data);
	if (fclose(out) == 0 && (mkdir(path, 0700) == 0 || errno == EEXIST)) {
		pending_path(s, c->study, path);
		atomic_write(path, text, length, true);
	}
	free(text);
}

void certificate_done(const struct session *s, const struct certificate *c)
{
	char path[PLACE_MAX + 120];
	pending_path(s, c->study, path);
	unlink(path);
}

bool certificate_pending(const struct session *s, int i, char study[65])
{
	char path[PLACE_MAX + 120];
	snprintf(path, sizeof path, "%s/certificates", s->places.data);
	DIR *dir = opendir(path);
	bool found = false;
	for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
		size_t n = strlen(entry->d_name);
		if (entry->d_name[0] != '.' || n < 10 || n - 9 > 64 || strcmp(entry->d_name + n - 8, ".pending") != 0 || i-- > 0)
			continue;
		memcpy(study, entry->d_name + 1, n - 9);
		study[n - 9] = 0;
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* ---- What was released ---- */

static bool exists(const char *format, const char *a, const char *b, const char *c, const char *d)
{
	char path[PLACE_MAX + 500];
	struct stat st;
	int n = snprintf(path, sizeof path, format, a, b, c, d);
	return n > 0 && (size_t)n < sizeof path && lstat(path, &st) == 0;
}

static bool in_outbox(const struct session *s, const struct released_entry *r, const char *suffix)
{
	char name[64];
	snprintf(name, sizeof name, "%s.%s", r->segment, suffix);
	return exists("%s/outbox/%s/%s/%s", s->places.data, r->study, r->pseudonym, name) ||
		exists("%s/outbox.tmp/%s.%s.%s", s->places.data, r->study, r->pseudonym, name);
}

static struct certificate_file *find(struct certificate *c, const char *segment)
{
	char name[64];
	snprintf(name, sizeof name, "%s.seg", segment);
	for (int i = 0; i < c->count; i++)
		if (strcmp(c->file[i].name, name) == 0)
			return &c->file[i];
	return NULL;
}

static int list_released(const struct session *s, struct certificate *c, bool after)
{
	struct released r;
	int e = released_load(s->places.data, &r);
	c->list_damaged = r.damaged;
	for (int i = 0; e == 0 && i < r.count; i++) {
		const struct released_entry *x = &r.entry[i];
		char name[64];
		if (strcmp(x->study, c->study) != 0)
			continue;
		struct certificate_file *f = find(c, x->segment);
		snprintf(name, sizeof name, "%s.seg", x->segment);
		if (!f && !(f = add(c, name))) {
			e = ERROR_MEMORY;
			break;
		}
		f->released = true;
		memcpy(f->hash, x->hash, sizeof f->hash);
		memcpy(f->recipient, x->recipient, sizeof f->recipient);
		memcpy(f->pseudonym, x->pseudonym, sizeof f->pseudonym);
		if (x->gone)
			memcpy(f->tombstone, x->tombstone, sizeof f->tombstone);
		bool here = in_outbox(s, x, "seg") || in_outbox(s, x, "key");
		if (after)
			f->left |= here;
		else
			f->collected = !here && !x->gone;
	}
	released_release(&r);
	return e;
}

static int by_name(const void *a, const void *b)
{
	const struct certificate_file *x = a, *y = b;
	return x->key != y->key ? (x->key ? -1 : 1) : strcmp(x->name, y->name);
}

/* Whom to write to. Without a manifest nobody is named. */
static void read_study(const struct session *s, struct certificate *c)
{
	char path[PLACE_MAX + 80];
	struct config_error error;
	struct study *study = NULL;
	snprintf(path, sizeof path, "%s/%s.yaml", s->places.studies, c->study);
	if (study_load(path, &study, &error) == 0) {
		snprintf(c->controller, sizeof c->controller, "%s", study->controller_name);
		snprintf(c->contact, sizeof c->contact, "%s", study->controller_contact);
	}
	study_free(study);
}

int certificate_begin(const struct session *s, const char *study, struct certificate *c)
{
	memset(c, 0, sizeof *c);
	snprintf(c->study, sizeof c->study, "%s", study);
	read_study(s, c);
	int e = list_spool(s, c);
	if (e == 0)
		e = read_pending(s, c);
	if (e == 0)
		keep_pending(s, c);
	if (e == 0)
		e = list_released(s, c, false);
	if (e == 0)
		return EXIT_DONE;
	cli_complain("withdraw: what was recorded for %s cannot be listed: %s; nothing of it was erased", study,
		     e == ERROR_IO ? strerror(errno) : error_text(e));
	return EXIT_FAILED;
}

int certificate_look(const struct session *s, struct certificate *c)
{
	struct stat st;
	char path[PLACE_MAX + 80];
	c->t_us = clock_utc_us();
	snprintf(path, sizeof path, "%s/%s", s->places.spool, c->study);
	c->folder_left = lstat(path, &st) == 0;
	for (int i = 0; i < c->count; i++)
		c->file[i].left = exists("%s/%s/%s%s", s->places.spool, c->study, c->file[i].name, "");
	int e = list_released(s, c, true);
	if (e) {
		cli_complain("withdraw: it cannot be checked what was erased: %s", e == ERROR_IO ? strerror(errno) : error_text(e));
		return EXIT_FAILED;
	}
	c->untold = 0;
	for (int i = 0; i < c->count; i++)
		c->untold += c->file[i].released && (!*c->file[i].tombstone || c->key_unknown);
	if (c->count)
		qsort(c->file, (size_t)c->count, sizeof *c->file, by_name);
	return EXIT_DONE;
}

bool certificate_is_whole(const struct certificate *c)
{
	bool whole = !c->folder_left && !c->erased.failed && !c->untold && !c->revoke_error && !c->list_damaged;
	for (int i = 0; i < c->count && whole; i++)
		whole = !c->file[i].left;
	return whole;
}

void certificate_release(struct certificate *c)
{
	free(c->file);
	memset(c, 0, sizeof *c);
}
