/* SPDX-License-Identifier: Apache-2.0 */
/* dataset_read(), dataset_load(): from the folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "dataset.h"

static FILE *open_file(int directory, const char *name, uint64_t most, uint64_t *bytes, int *error)
{
	struct stat st;
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	*error = fd >= 0 || errno == ELOOP ? ERROR_INVALID : ERROR_IO;
	bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	*bytes = good ? (uint64_t)st.st_size : 0;
	if (*bytes > most)
		*error = ERROR_LIMIT;
	FILE *f = good && *bytes <= most ? fdopen(fd, "r") : NULL;
	if (!f && fd >= 0)
		close(fd);
	return f;
}

int dataset_read(int directory, struct dataset *d, int *number_of_line)
{
	int e;
	uint64_t bytes;
	memset(d, 0, sizeof *d);
	*number_of_line = 0;
	FILE *f = open_file(directory, DATASET_NAME, DATASET_BYTES_MAX, &bytes, &e);
	if (!f)
		return e;
	e = dataset_parse(f, d, number_of_line);
	int saved = errno;
	fclose(f);
	errno = saved;
	return e;
}

static int take_over(struct dataset *d, const struct dataset *from)
{
	for (int i = 0; i < from->files; i++) {
		struct dataset_file *f = dataset_add_file(d);
		if (!f)
			return ERROR_MEMORY;
		*f = from->file[i];
		f->first = f->members = 0;
		for (int k = 0; k < from->file[i].members; k++) {
			struct dataset_member *m = dataset_add_member(d);
			if (!m)
				return ERROR_MEMORY;
			*m = from->member[from->file[i].first + k];
		}
	}
	for (int i = 0; i < from->segments; i++) {
		struct dataset_segment *s = dataset_add_segment(d);
		if (!s)
			return ERROR_MEMORY;
		*s = from->segment[i];
	}
	return 0;
}

int dataset_load(int directory, struct dataset *d, int at)
{
	struct dataset_participant *p = &d->participant[at];
	struct dataset part = {0};
	uint8_t sha256[32];
	int e, line;
	if (p->loaded)
		return 0;
	FILE *f = open_file(directory, p->description, DATASET_DESCRIPTION_MAX, &p->described, &e);
	if (!f)
		return e;
	e = dataset_sha256(directory, p->description, NULL, sha256) ? ERROR_IO : memcmp(sha256, p->sha256, sizeof sha256) != 0 ? ERROR_INVALID :
		dataset_parse_description(f, p->study, p->participant, &part, &line);
	int saved = errno;
	fclose(f);
	errno = saved;
	if (e == 0)
		e = take_over(d, &part);
	p->loaded = e == 0;
	dataset_release(&part);
	return e;
}
