/* SPDX-License-Identifier: Apache-2.0 */
#include "recover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../error.h"
#include "keyfile.h"
#include "output.h"

static void set_aside(int directory, const char *shown, const char *name)
{
	char from[SPOOL_NAME_MAX + 16], to[SPOOL_NAME_MAX + 16];
	snprintf(from, sizeof from, "%s.part", name);
	snprintf(to, sizeof to, "%s.damaged", name);
	if (renameat(directory, from, directory, to) < 0)
		log_warn("%s/%s has no readable header and cannot be renamed: %s", shown, from, strerror(errno));
	else
		log_warn("%s/%s has no readable header: set aside as %s", shown, from, to);
}

/* Cuts the tail and appends the mark. A crash in here is found, and mended, by the next recovery. */
static int mend(struct output *o, const struct segment_frame *frame)
{
	struct bytes out = { 0 };
	int error = frame->finished ? 0 : segment_cut(frame->last_t_us, clock_utc_us(), frame->records, &out);
	if (error == 0 && out.failed)
		error = ERROR_MEMORY;
	if (error == 0) {
		o->good = (int64_t)frame->good;
		o->torn = true;
		error = output_append(o, out.data, out.length);
	}
	int saved = errno;
	bytes_release(&out);
	errno = saved;
	return error;
}

/* 1: mended, 0: nothing to keep, or an error. */
static int recover(int directory, const char *shown, const char *name, bool *gap)
{
	struct output o;
	struct stat st;
	struct segment_frame frame;
	void *data = MAP_FAILED;
	size_t length = 0;
	output_init(&o, directory, name);
	int error = output_reopen(&o);
	if (error)
		return error;
	if (fstat(o.fd, &st) < 0) {
		error = ERROR_IO;
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		error = ERROR_IO;
		goto out;
	}
	length = (size_t)st.st_size;
	if (length == 0) {
		char key[SPOOL_NAME_MAX + 8];
		snprintf(key, sizeof key, "%s.key", name);
		error = keyfile_destroy(directory, key);
		if (error == 0)
			output_discard(&o);
		goto out;
	}
	data = mmap(NULL, length, PROT_READ, MAP_PRIVATE, o.fd, 0);
	if (data == MAP_FAILED) {
		error = ERROR_IO;
		goto out;
	}
	error = segment_frame(data, length, &frame);
	if (error == ERROR_CORRUPT || error == ERROR_TRUNCATED) {
		set_aside(directory, shown, name);
		error = 0;
		goto out;
	}
	if (error)
		goto out;
	*gap = !frame.finished || frame.cut;
	if (!frame.finished || frame.good < length)
		error = mend(&o, &frame);
	if (error == 0)
		error = output_finish(&o);
	if (error == 0)
		error = 1;
out:;
	int saved = errno;
	if (data != MAP_FAILED)
		munmap(data, length);
	output_abandon(&o);
	errno = saved;
	return error;
}

int recover_spool(int directory, const char *shown, struct stats *stats)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int error = 0;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return ERROR_IO;
	}
	for (struct dirent *entry; (errno = 0, entry = readdir(dir));) {
		char name[SPOOL_NAME_MAX];
		size_t n = strlen(entry->d_name);
		bool gap = false;
		if (entry->d_name[0] != '.' && n > 11 && strcmp(entry->d_name + n - 11, ".sealed.tmp") == 0 &&
		    unlinkat(directory, entry->d_name, 0) < 0 && errno != ENOENT)
			log_warn("%s/%s cannot be removed: %s", shown, entry->d_name, strerror(errno));
		if (entry->d_name[0] == '.' || n < 6 || strcmp(entry->d_name + n - 5, ".part") != 0)
			continue;
		if (n - 5 >= sizeof name) {
			log_warn("%s/%s is not a name of ours: left alone", shown, entry->d_name);
			continue;
		}
		memcpy(name, entry->d_name, n - 5);
		name[n - 5] = '\0';
		int result = recover(directory, shown, name, &gap);
		if (result == ERROR_MEMORY) {
			error = result;
			break;
		}
		if (result < 0) {
			log_warn("%s/%s could not be completed after a crash and stays as it is: %s", shown, entry->d_name,
				 result == ERROR_IO ? strerror(errno) : error_text(result));
			continue;
		}
		if (result == 0)
			continue;
		log_info("%s/%s.seg completed after a crash%s", shown, name, gap ? "; the loss is a gap in it" : "");
		if (stats) {
			stats_add(&stats->count.recovered, 1);
			if (gap)
				stats_add(&stats->count.gaps[REASON_CRASH], 1);
		}
	}
	closedir(dir);
	return error;
}
