/* SPDX-License-Identifier: Apache-2.0 */
#include "sealer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/trim.h"
#include "../error.h"
#include "locked.h"

enum { GO_ON = 1, FILE_NAME_MAX = SPOOL_NAME_MAX + 16 };

void sealer_init(struct sealer *s, int directory, const char *shown, int64_t retry_us)
{
	memset(s, 0, sizeof *s);
	s->directory = directory;
	s->shown = shown;
	s->retry_us = retry_us;
	s->due = SEALER_IDLE;
	s->fd = -1;
}

static const char *file_name(const struct sealer *s, const char *suffix, char out[FILE_NAME_MAX])
{
	snprintf(out, FILE_NAME_MAX, "%s%s", s->job[0].journal.name, suffix);
	return out;
}

/* All that the job in hand has taken, but for its journal. Its key is forgotten with it. */
static void drop(struct sealer *s)
{
	char name[FILE_NAME_MAX];
	int saved = errno;
	sealing_free(s->sealing);
	s->sealing = NULL;
	bytes_release(&s->data);
	bytes_release(&s->back);
	bytes_release(&s->piece);
	s->written = 0;
	if (s->fd >= 0) {
		close(s->fd);
		unlinkat(s->directory, file_name(s, ".sealed.tmp", name), 0);
	}
	s->fd = -1;
	locked_free(s->job[0].key);
	s->job[0].key = NULL;
	errno = saved;
}

static void next_job(struct sealer *s)
{
	s->jobs--;
	memmove(s->job, s->job + 1, (size_t)s->jobs * sizeof s->job[0]);
	s->stage = SEALER_READ;
	s->failing = false;
	s->due = s->jobs ? 0 : SEALER_IDLE;
	/* Megabytes, for the next hour of which nobody needs them. */
	if (s->jobs == 0)
		trim_heap();
}

/* Leaves it at that. */
static void stays_a_journal(struct sealer *s, const char *why)
{
	log_warn("%s/%s.seg stays a journal, which is whole, but larger than it would be sealed: %s", s->shown, s->job[0].journal.name, why);
	drop(s);
}

/* The .part gets its name. 0: done with it, one way or another; ERROR_IO: later. */
static int finish(struct sealer *s)
{
	struct output *o = &s->job[0].journal;
	int error = output_finish(o);
	if (error == ERROR_GONE)
		log_warn("%s/%s.part was removed while it was written", s->shown, o->name);
	else if (error)
		return error;
	else
		s->completed += s->job[0].sealed;
	next_job(s);
	return 0;
}

/* The disk will not, and there is no more time. */
static void give_up(struct sealer *s)
{
	log_error("%s/%s.part cannot get its name: %s; the next start gives it", s->shown, s->job[0].journal.name, strerror(errno));
	output_abandon(&s->job[0].journal);
	next_job(s);
}

void sealer_release(struct sealer *s)
{
	while (s->jobs) {
		drop(s);
		output_abandon(&s->job[0].journal);
		next_job(s);
	}
}

void sealer_add(struct sealer *s, struct output *journal, uint8_t *key)
{
	if (s->jobs == SEALER_QUEUE) {
		if (s->job[0].key)
			stays_a_journal(s, "others wait already");
		if (finish(s))
			give_up(s);
	}
	s->job[s->jobs++] = (struct sealer_job){ .journal = *journal, .key = key };
	output_init(journal, s->directory, "");
	if (s->due == SEALER_IDLE)
		s->due = 0;
}

/* ---- Steps. GO_ON, 0: to the next stage, or an error ---- */

/* The next piece of a file. Not mapped: a disk that fails must be an error here, and no signal. */
static int read_piece(int fd, struct bytes *to)
{
	if (!bytes_reserve(to, SEALER_PIECE))
		return ERROR_MEMORY;
	ssize_t n = pread(fd, to->data + to->length, SEALER_PIECE, (off_t)to->length);
	if (n < 0)
		return errno == EINTR ? GO_ON : ERROR_IO;
	to->length += (size_t)n;
	return n > 0 ? GO_ON : 0;
}

static int begin(struct sealer *s)
{
	char name[FILE_NAME_MAX];
	int error = read_piece(s->job[0].journal.fd, &s->data);
	if (error)
		return error;
	error = sealing_new(s->data.data, s->data.length, s->job[0].key, &s->piece, &s->sealing);
	if (error)
		return error;
	s->fd = openat(s->directory, file_name(s, ".sealed.tmp", name), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return s->fd < 0 ? ERROR_IO : 0;
}

/* Only what is there already is written in a step: encoding is one of its own. */
static int write_piece(struct sealer *s)
{
	while (s->written < s->piece.length) {
		ssize_t n = write(s->fd, s->piece.data + s->written, s->piece.length - s->written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = ENOSPC;
			return ERROR_IO;
		}
		s->written += (size_t)n;
	}
	bytes_clear(&s->piece);
	s->written = 0;
	return 0;
}

static int write_rows(struct sealer *s)
{
	int more = sealing_write(s->sealing, &s->piece), error;
	if (more < 0)
		return more;
	if (s->piece.failed)
		return ERROR_MEMORY;
	error = write_piece(s);
	return error ? error : more;
}

static int read_back(struct sealer *s)
{
	int error = read_piece(s->fd, &s->back);
	if (error == 0)
		error = sealing_read_back(s->sealing, s->back.data, s->back.length, s->job[0].key);
	return error;
}

/* The moment: one rename. But not where someone took the journal away meanwhile, as erasing does: it is not to come back. */
static int put(struct sealer *s)
{
	char from[FILE_NAME_MAX], to[FILE_NAME_MAX];
	struct output *o = &s->job[0].journal;
	struct stat held, there;
	file_name(s, ".sealed.tmp", from);
	file_name(s, ".part", to);
	if (fstat(o->fd, &held) < 0)
		return ERROR_IO;
	if (fstatat(s->directory, to, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? ERROR_GONE : ERROR_IO;
	if (there.st_ino != held.st_ino || there.st_dev != held.st_dev)
		return ERROR_GONE;
	if (renameat(s->directory, from, s->directory, to) < 0)
		return ERROR_IO;
	close(o->fd);
	o->fd = s->fd;
	o->good = (int64_t)s->back.length;
	s->fd = -1;
	s->job[0].sealed = true;
	drop(s);
	return 0;
}

static int compare(struct sealer *s)
{
	int error = sealing_compare(s->sealing);
	return error ? error : put(s);
}

static int work(struct sealer *s)
{
	switch (s->stage) {
	case SEALER_READ: return begin(s);
	case SEALER_WRITE: return write_rows(s);
	case SEALER_SYNC: return fsync(s->fd) < 0 ? ERROR_IO : 0;
	case SEALER_READ_BACK: return read_back(s);
	default: return compare(s);
	}
}

static void failed(struct sealer *s, int error)
{
	if (error == ERROR_CORRUPT && s->stage < SEALER_READ_BACK) {
		log_error("%s/%s.part reads back damaged: it stays as it is (assent verify tells what is lost)", s->shown, s->job[0].journal.name);
		drop(s);
	} else if (error == ERROR_GONE) {
		drop(s);
	} else {
		stays_a_journal(s, error == ERROR_IO ? strerror(errno) : error == ERROR_CORRUPT ? "read back, it says something else" :
				error_text(error));
	}
}

/* Jobs behind the first have taken nothing yet but their key. */
static void forget_keys(struct sealer *s)
{
	for (int i = 1; i < s->jobs; i++) {
		locked_free(s->job[i].key);
		s->job[i].key = NULL;
	}
}

static void finish_or_wait(struct sealer *s)
{
	if (finish(s) == 0)
		return;
	if (!s->failing)
		log_error("%s/%s.part cannot get its name: %s; trying again every %d s", s->shown, s->job[0].journal.name, strerror(errno),
			  (int)(s->retry_us / 1000000));
	s->failing = true;
	s->due = clock_mono_us() + s->retry_us;
}

void sealer_step(struct sealer *s)
{
	if (s->jobs == 0)
		return;
	s->due = 0;
	if (!s->job[0].key) {
		finish_or_wait(s);
		return;
	}
	int error = work(s);
	if (error < 0)
		failed(s, error);
	else if (error == 0)
		s->stage++;
}

void sealer_yield(struct sealer *s)
{
	forget_keys(s);
	if (s->jobs && s->job[0].key)
		stays_a_journal(s, "the disk is full, or fails");
}

static bool is_over(int64_t end_us, const _Atomic int64_t *until_us)
{
	int64_t now = clock_mono_us(), until = until_us ? atomic_load(until_us) : 0;
	return now > end_us || (until && now > until);
}

int sealer_finish(struct sealer *s, int64_t most_us, const _Atomic int64_t *until_us)
{
	int64_t end_us = clock_mono_us() + most_us;
	int error = 0;
	while (s->jobs) {
		if (s->job[0].key && is_over(end_us, until_us)) {
			forget_keys(s);
			stays_a_journal(s, "there was no time for it");
		}
		if (s->job[0].key) {
			sealer_step(s);
		} else if (finish(s)) {
			give_up(s);
			error = ERROR_IO;
		}
	}
	return error;
}
