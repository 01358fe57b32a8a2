/* SPDX-License-Identifier: Apache-2.0 */
/* The folder, its parts. */
#include "grow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "grow_inside.h"

enum { NAME = 2 * GROW_KEY + sizeof ".part" };

static void name_of(const uint8_t key[GROW_KEY], const char *suffix, char out[NAME])
{
	sodium_bin2hex(out, 2 * GROW_KEY + 1, key, GROW_KEY);
	memcpy(out + (size_t)2 * GROW_KEY, suffix, strlen(suffix) + 1);
}

static int work(struct grow *g)
{
	if (g->work >= 0)
		return 0;
	if (mkdirat(g->folder, GROW_WORK, 0700) && errno != EEXIST)
		return ERROR_IO;
	g->work = grow_folder(g->folder, GROW_WORK);
	return g->work < 0 ? ERROR_IO : 0;
}

int grow_open(struct grow *g, const char *out, const char **what)
{
	static char complaint[128];
	struct stat st;
	int line;
	memset(g, 0, sizeof *g);
	g->folder = g->work = -1;
	*what = "its path is too long";
	if (snprintf(g->out, sizeof g->out, "%s", out) >= (int)sizeof g->out)
		return ERROR_INVALID;
	*what = NULL;
	g->made = mkdir(out, 0700) == 0;
	if (!g->made && errno != EEXIST)
		return ERROR_IO;
	g->folder = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g->folder < 0 || fstat(g->folder, &st))
		return ERROR_IO;
	/* A file system that cannot lock folders leaves it to people not to do it twice at a time. */
	if (flock(g->folder, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
		*what = "another export is writing there (wait for it)";
		return ERROR_AGAIN;
	}
	g->work = grow_folder(g->folder, GROW_WORK);
	if (g->work < 0 && errno != ENOENT)
		return ERROR_IO;
	/* Before anything is begun: through a link nothing is written, nor removed. */
	static const char *const folders[] = {HIVE_ROWS, HIVE_SEGMENTS};
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		int fd = grow_folder(g->folder, folders[i]);
		*what = HIVE_ROWS " and " HIVE_SEGMENTS " in it have to be folders, and no links";
		if (fd < 0 && errno != ENOENT)
			return ERROR_INVALID;
		if (fd >= 0)
			close(fd);
	}
	*what = "what an interrupted export began there cannot be ended";
	int error = grow_go_on(g);
	if (error)
		return error;
	g->mode = st.st_mode & 0777;
	*what = NULL;
	error = dataset_read(g->folder, &g->before, &line);
	g->has_before = error == 0;
	if (error == ERROR_INVALID) {
		snprintf(complaint, sizeof complaint, DATASET_NAME " is not as it was written (line %d): move it away, or name another folder", line);
		*what = complaint;
	} else if (error == ERROR_LIMIT) {
		*what = DATASET_TOO_LARGE;
	}
	return error == ERROR_IO && errno == ENOENT ? 0 : error;
}

int64_t grow_size(const struct grow *g, const char *path)
{
	struct stat st;
	return fstatat(g->folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) ? st.st_size : -1;
}

bool grow_taken(const struct grow *g, const char *path)
{
	struct stat st;
	return fstatat(g->folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- Parts ---- */

static int read_back(int fd, uint64_t *bytes, uint8_t sha256[32], uint8_t hash[32])
{
	unsigned char buffer[65536];
	crypto_hash_sha256_state s;
	crypto_generichash_state h;
	ssize_t n;
	*bytes = 0;
	crypto_hash_sha256_init(&s);
	crypto_generichash_init(&h, NULL, 0, 32);
	while ((n = pread(fd, buffer, sizeof buffer, (off_t)*bytes)) > 0 || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		crypto_hash_sha256_update(&s, buffer, (unsigned long long)n);
		crypto_generichash_update(&h, buffer, (unsigned long long)n);
		*bytes += (uint64_t)n;
	}
	crypto_hash_sha256_final(&s, sha256);
	crypto_generichash_final(&h, hash, 32);
	return n < 0 ? ERROR_IO : 0;
}

int grow_found(struct grow *g, const uint8_t key[GROW_KEY], uint64_t *bytes, uint8_t sha256[32])
{
	char name[NAME];
	uint8_t hash[32];
	name_of(key, ".part", name);
	int fd = g->work < 0 ? -1 : openat(g->work, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return g->work < 0 || errno == ENOENT ? ERROR_GONE : ERROR_IO;
	int error = read_back(fd, bytes, sha256, hash), saved = errno;
	close(fd);
	errno = saved;
	return error;
}

int grow_begin(struct grow *g, const uint8_t key[GROW_KEY], int *fd)
{
	char name[NAME];
	name_of(key, ".tmp", name);
	if (work(g) || (unlinkat(g->work, name, 0) && errno != ENOENT))
		return ERROR_IO;
	*fd = openat(g->work, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return *fd < 0 ? ERROR_IO : 0;
}

int grow_end(struct grow *g, const uint8_t key[GROW_KEY], int fd, const struct table_stats *stats, uint8_t sha256[32])
{
	char name[NAME], whole[NAME];
	uint8_t hash[32];
	uint64_t bytes;
	name_of(key, ".tmp", name);
	name_of(key, ".part", whole);
	int error = !stats ? ERROR_GONE : fchmod(fd, g->mode & 0666) || fsync(fd) || read_back(fd, &bytes, sha256, hash) ? ERROR_IO :
		bytes != stats->bytes || memcmp(hash, stats->hash, sizeof hash) != 0 ? ERROR_CORRUPT : 0;
	int saved = errno;
	if (close(fd) && !error) {
		error = ERROR_IO;
		saved = errno;
	}
	if (!error && renameat(g->work, name, g->work, whole)) {
		error = ERROR_IO;
		saved = errno;
	}
	if (error)
		unlinkat(g->work, name, 0);
	errno = saved;
	return stats ? error : 0;
}

int grow_describe(struct grow *g)
{
	static const char *const names[] = {DATASET_NAME, DATASET_CARD, DATASET_CROISSANT};
	if (work(g))
		return ERROR_IO;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (unlinkat(g->work, names[i], 0) && errno != ENOENT)
			return ERROR_IO;
	return 0;
}

/* ---- The end ---- */

static int by_key(const void *a, const void *b) { return memcmp(a, b, GROW_KEY); }

void grow_tidy(struct grow *g, const struct grow_step *steps, int count)
{
	uint8_t (*keys)[GROW_KEY] = malloc(((size_t)count + 1) * GROW_KEY), key[GROW_KEY];
	int fd = g->work < 0 ? -1 : openat(g->work, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *dir = fd < 0 || !keys ? NULL : fdopendir(fd);
	size_t length;
	for (int i = 0; steps && keys && i < count; i++)
		if (!steps[i].remove)
			memcpy(keys[n++], steps[i].key, GROW_KEY);
	if (n)
		qsort(keys, (size_t)n, GROW_KEY, by_key);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		bool is_part = strlen(e->d_name) == NAME - 1 && strcmp(e->d_name + (size_t)2 * GROW_KEY, ".part") == 0 &&
			sodium_hex2bin(key, sizeof key, e->d_name, (size_t)2 * GROW_KEY, NULL, &length, NULL) == 0 && length == GROW_KEY;
		if (e->d_name[0] != '.' && !(is_part && n && bsearch(key, keys, (size_t)n, GROW_KEY, by_key)))
			unlinkat(g->work, e->d_name, 0);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	free(keys);
	/* Nothing is left: neither is the folder. */
	if (g->work >= 0 && unlinkat(g->folder, GROW_WORK, AT_REMOVEDIR) == 0) {
		close(g->work);
		g->work = -1;
	}
}

void grow_release(struct grow *g)
{
	if (g->work >= 0)
		close(g->work);
	/* Only if nothing came to be in it. */
	if (g->folder >= 0 && g->made && !g->has_before)
		rmdir(g->out);
	if (g->folder >= 0)
		close(g->folder);
	g->folder = g->work = -1;
	dataset_release(&g->before);
}
