/* SPDX-License-Identifier: Apache-2.0 */
/* The change of a dataset: a list of steps on the disk, then the steps. Each may be taken twice. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "grow_inside.h"

/* With the mode of its folders: who goes on may be another, whose OUT is for others, too. */
#define FIRST "assent commit 1 %o\n"
#define LAST "end\n"

int grow_folder(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Opens the folder of a path, through no link, made where it is not there if it may be; *name is behind its last slash. */
static int folder_of(const struct grow *g, const char *path, bool make, const char **name)
{
	char part[HIVE_PATH_MAX];
	int at = dup(g->folder);
	for (const char *slash; at >= 0 && (slash = strchr(path, '/')) != NULL; path = slash + 1) {
		memcpy(part, path, (size_t)(slash - path));
		part[slash - path] = 0;
		bool made = make && mkdirat(at, part, 0700) == 0;
		int next = made || !make || errno == EEXIST ? grow_folder(at, part) : -1, saved = errno;
		if (made && next >= 0)
			fchmod(next, g->mode);
		close(at);
		errno = saved;
		at = next;
	}
	*name = path;
	return at;
}

/* sha256 NULL: of what describes the dataset; nobody has said. */
static int place(const struct grow *g, const char *part, const char *path, const uint8_t *sha256)
{
	struct stat st;
	uint8_t found[32];
	const char *name;
	int at = folder_of(g, path, true, &name), error = 0;
	if (at < 0)
		return ERROR_IO;
	/* Taken before, if the part is not there any more; unless that was taken away, and what is there is what has to leave. */
	if (renameat(g->work, part, at, name)) {
		if (errno != ENOENT)
			error = ERROR_IO;
		else if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW))
			error = ERROR_CORRUPT;
		else if (sha256 && (error = dataset_sha256(at, name, NULL, found)) == 0 && memcmp(found, sha256, sizeof found) != 0)
			error = ERROR_CORRUPT;
	}
	int saved = errno;
	close(at);
	errno = saved;
	return error;
}

static int take_away(const struct grow *g, const char *path)
{
	char up[HIVE_PATH_MAX], *slash;
	const char *name;
	int at = folder_of(g, path, false, &name);
	if (at < 0)
		return errno == ENOENT ? 0 : ERROR_IO;
	int error = unlinkat(at, name, 0) && errno != ENOENT ? ERROR_IO : 0, saved = errno;
	close(at);
	errno = saved;
	if (error)
		return error;
	snprintf(up, sizeof up, "%s", path);
	while ((slash = strrchr(up, '/')) != NULL) {
		*slash = 0;
		if (unlinkat(g->folder, up, AT_REMOVEDIR))
			break; /* something else is in it */
	}
	return 0;
}

enum pass { PLACE, REMOVE };

static int one_line(const struct grow *g, char *line, enum pass pass)
{
	struct hive_path p;
	char *path = strrchr(line, ' '), part[2 * GROW_KEY + sizeof ".part"];
	uint8_t sha256[32];
	size_t length;
	if (!path || (hive_parse(path + 1, &p) && !hive_is_description(path + 1)))
		return ERROR_CORRUPT;
	*path++ = 0;
	if (strcmp(line, "remove") == 0)
		return pass == REMOVE ? take_away(g, path) : 0;
	if (strncmp(line, "place ", 6) != 0 || strspn(line + 6, "0123456789abcdef") != (size_t)2 * GROW_KEY || line[6 + 2 * GROW_KEY] != ' ' ||
	    sodium_hex2bin(sha256, sizeof sha256, line + 7 + (size_t)2 * GROW_KEY, strlen(line + 7 + (size_t)2 * GROW_KEY), NULL, &length, NULL) ||
	    length != sizeof sha256)
		return ERROR_CORRUPT;
	snprintf(part, sizeof part, "%.*s.part", 2 * GROW_KEY, line + 6);
	return pass == PLACE ? place(g, part, path, sha256) : 0;
}

static int take(struct grow *g, FILE *f, enum pass pass)
{
	unsigned mode;
	char line[sizeof "place " + (size_t)2 * GROW_KEY + 65 + HIVE_PATH_MAX];
	int error = 0;
	rewind(f);
	if (!fgets(line, sizeof line, f) || sscanf(line, FIRST, &mode) != 1)
		return ERROR_CORRUPT;
	g->mode = mode & 0777;
	while (error == 0 && fgets(line, sizeof line, f)) {
		if (strcmp(line, LAST) == 0)
			return 0;
		line[strcspn(line, "\n")] = 0;
		error = one_line(g, line, pass);
	}
	return error ? error : ERROR_CORRUPT;
}

int grow_go_on(struct grow *g)
{
	/* What describes the data comes when the data are there; what may be used as its list of files, last. */
	static const char *const names[] = {DATASET_CARD, DATASET_CROISSANT, DATASET_NAME};
	int fd = g->work < 0 ? -1 : openat(g->work, GROW_COMMIT, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return g->work < 0 || errno == ENOENT ? 0 : ERROR_IO;
	FILE *f = fdopen(fd, "r");
	if (!f) {
		close(fd);
		return ERROR_MEMORY;
	}
	int error = take(g, f, PLACE);
	for (size_t i = 0; i < sizeof names / sizeof *names && !error; i++)
		error = place(g, names[i], names[i], NULL);
	error = error ? error : take(g, f, REMOVE);
	/* One wait for all the folders that were changed. */
	if (!error && (syncfs(g->folder) || unlinkat(g->work, GROW_COMMIT, 0)))
		error = ERROR_IO;
	int saved = errno;
	fclose(f);
	if (!error)
		grow_tidy(g, NULL, 0);
	errno = saved;
	return error;
}

int grow_commit(struct grow *g, const struct grow_step *steps, int count)
{
	static const char *const names[] = {DATASET_CARD, DATASET_CROISSANT, DATASET_NAME};
	char hex[2 * GROW_KEY + 1], sha256[65];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (fchmodat(g->work, names[i], g->mode & 0666, 0))
			return ERROR_IO;
	unlinkat(g->work, GROW_COMMIT ".tmp", 0);
	int fd = openat(g->work, GROW_COMMIT ".tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		if (fd >= 0)
			close(fd);
		return fd < 0 ? ERROR_IO : ERROR_MEMORY;
	}
	fprintf(f, FIRST, (unsigned)g->mode);
	for (int i = 0; i < count; i++) {
		if (steps[i].remove)
			fprintf(f, "remove %s\n", steps[i].path);
		else
			fprintf(f, "place %s %s %s\n", sodium_bin2hex(hex, sizeof hex, steps[i].key, GROW_KEY),
				sodium_bin2hex(sha256, sizeof sha256, steps[i].sha256, sizeof steps[i].sha256), steps[i].path);
	}
	fputs(LAST, f);
	bool good = fflush(f) == 0 && !ferror(f) && fsync(fd) == 0;
	int saved = errno;
	if (fclose(f) && good) {
		good = false;
		saved = errno;
	}
	errno = saved;
	if (!good || fsync(g->work) || renameat(g->work, GROW_COMMIT ".tmp", g->work, GROW_COMMIT) || fsync(g->work))
		return ERROR_IO;
	return grow_go_on(g);
}
