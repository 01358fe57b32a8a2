/* SPDX-License-Identifier: Apache-2.0 */
/* Files among those of the dataset that no version names: whoever reads the folder takes them for rows of it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "grow_inside.h"

/* events/study=/date=/participant= and some more, if somebody nested. */
enum { DEPTH_MAX = 8, PATH_SIZE = 4096 };

struct looking {
	const struct dataset *d;
	grow_stray *found;
	void *user;
	char path[PATH_SIZE];            /* of what is looked at, from OUT */
};

static bool is_named(const struct looking *l)
{
	char study[65], participant[33];
	if (strncmp(l->path, HIVE_ROWS "/", strlen(HIVE_ROWS "/")) == 0)
		return strlen(l->path) < HIVE_PATH_MAX && dataset_file_of(l->d, l->path);
	if (sscanf(l->path, HIVE_SEGMENTS "/study=%64[^/]/participant=%32[^/]/", study, participant) != 2)
		return false;
	const struct dataset_participant *p = dataset_participant_at(l->d, study, participant);
	return p && strcmp(p->description, l->path) == 0;
}

static bool is_folder(int at, const struct dirent *e)
{
	struct stat st;
	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(at, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static DIR *open_folder(int at, const char *name)
{
	int fd = grow_folder(at, name);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int saved = errno;
	if (!dir && fd >= 0)
		close(fd);
	errno = saved;
	return dir;
}

/* All that is in l->path, which is name in the folder at. What cannot be looked into is told as it is. */
static void look(struct looking *l, int at, const char *name, int depth)
{
	size_t end = strlen(l->path);
	DIR *dir = depth == DEPTH_MAX ? NULL : open_folder(at, name);
	if (!dir && (depth == DEPTH_MAX || errno != ENOENT))
		l->found(l->user, l->path);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		/* Names of this length are not its own: as much of it as there is room for. */
		snprintf(l->path + end, sizeof l->path - end, "/%s", e->d_name);
		if (is_folder(dirfd(dir), e))
			look(l, dirfd(dir), e->d_name, depth + 1);
		else if (!is_named(l))
			l->found(l->user, l->path);
		l->path[end] = 0;
	}
	if (dir)
		closedir(dir);
}

/* Of one study: its days are read once, and in each only the folders of these people. */
static void look_of(struct looking *l, int folder, const struct dataset_place *people, int count)
{
	char study[sizeof HIVE_ROWS "/study=" + sizeof people->study];
	snprintf(study, sizeof study, HIVE_ROWS "/study=%s", people->study);
	DIR *days = open_folder(folder, study);
	for (struct dirent *e; days && (e = readdir(days));) {
		if (e->d_name[0] == '.' || !is_folder(dirfd(days), e))
			continue;
		for (int i = 0; i < count; i++) {
			snprintf(l->path, sizeof l->path, "%s/%s/participant=%s", study, e->d_name, people[i].participant);
			look(l, folder, l->path, 3);
		}
	}
	if (days)
		closedir(days);
	for (int i = 0; i < count; i++) {
		snprintf(l->path, sizeof l->path, HIVE_SEGMENTS "/study=%s/participant=%s", people->study, people[i].participant);
		look(l, folder, l->path, 2);
	}
}

void grow_strays(const struct grow *g, const struct dataset_place *people, int count, grow_stray *found, void *user)
{
	struct looking l = {.d = &g->before, .found = found, .user = user};
	static const char *const folders[] = {HIVE_ROWS, HIVE_SEGMENTS};
	for (size_t i = 0; i < sizeof folders / sizeof *folders && !people; i++) {
		snprintf(l.path, sizeof l.path, "%s", folders[i]);
		look(&l, g->folder, folders[i], 0);
	}
	for (int from = 0, to; people && from < count; from = to) {
		for (to = from + 1; to < count && strcmp(people[to].study, people[from].study) == 0;)
			to++;
		look_of(&l, g->folder, people + from, to - from);
	}
}
