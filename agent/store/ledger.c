/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "atomic.h"
#include "receipt.h"

#define CLOCK_SLACK_US INT64_C(60000000)

enum { TORN_TRIES = 100 };

/* What one pass over the file found. */
struct pass {
	struct ledger_view *view;
	uint8_t last[RECEIPT_HASH];      /* of the last whole line; zeros: there is none */
	size_t whole;                    /* bytes up to the end of it */
	int lines;
	bool torn;                       /* something follows that has no newline */
	int64_t newest_us;               /* of the decision in force and what came after it */
};

__attribute__((format(printf, 2, 3)))
static void damage(struct ledger_view *v, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(v->why, sizeof v->why, format, args);
	va_end(args);
	v->standing = STANDING_INVALID;
	v->damaged = true;
}

static void give(struct pass *p, const struct receipt *r, const uint8_t hash[RECEIPT_HASH])
{
	struct ledger_view *v = p->view;
	v->standing = STANDING_GIVEN;
	v->given = *r;
	memcpy(v->receipt_hash, hash, RECEIPT_HASH);
	sodium_bin2hex(v->epoch, sizeof v->epoch, hash, 16);
	v->paused_us = v->paused_until_us = v->resumed_from_us = 0;
	p->newest_us = 0;
}

static void apply(struct pass *p, const struct receipt *r, const uint8_t hash[RECEIPT_HASH])
{
	struct ledger_view *v = p->view;
	bool in_force = v->standing == STANDING_GIVEN || v->standing == STANDING_PAUSED;
	switch (r->state) {
	case LEDGER_GIVEN:
	case LEDGER_RENEWED:
		give(p, r, hash);
		break;
	case LEDGER_REFUSED:
		/* A no to one study is no answer to another. */
		if (!in_force || strcmp(r->study, v->given.study) == 0)
			v->standing = STANDING_REFUSED;
		break;
	case LEDGER_WITHDRAWN: v->standing = STANDING_WITHDRAWN; break;
	case LEDGER_EXPIRED: v->standing = STANDING_EXPIRED; break;
	case LEDGER_INVALIDATED: v->standing = STANDING_INVALID; break;
	case LEDGER_PAUSED:
		if (!in_force)
			break;
		/* Pausing in a pause prolongs it. */
		if (v->standing == STANDING_GIVEN || (v->paused_until_us && v->paused_until_us <= r->t_us))
			v->paused_us = r->t_us;
		v->paused_until_us = r->until_us;
		v->standing = STANDING_PAUSED;
		break;
	case LEDGER_RESUMED:
		if (v->standing == STANDING_PAUSED) {
			v->standing = STANDING_GIVEN;
			v->resumed_from_us = v->paused_us;
		}
		break;
	case LEDGER_REQUESTED:
	case LEDGER_STATE_COUNT:
		break;
	}
	if (r->t_us > v->newest_us)
		v->newest_us = r->t_us;
	if (r->t_us > p->newest_us)
		p->newest_us = r->t_us;
}

/* 0, also when what it finds is damaged (the view says so); ERROR_MEMORY. */
static int walk(struct pass *p, const char *text, size_t length)
{
	while (p->whole < length) {
		const char *line = text + p->whole, *end = memchr(line, '\n', length - p->whole);
		struct receipt r;
		uint8_t prev[RECEIPT_HASH], hash[RECEIPT_HASH];
		const char *what;
		if (!end) {
			p->torn = true;
			return 0;
		}
		size_t n = (size_t)(end - line);
		p->lines++;
		int e = receipt_parse(line, n, &r, prev, &what);
		if (e == ERROR_MEMORY)
			return e;
		if (e) {
			damage(p->view, "line %d of the ledger is no receipt: %s", p->lines, what);
			return 0;
		}
		if (memcmp(prev, p->last, RECEIPT_HASH) != 0) {
			damage(p->view, "line %d of the ledger does not follow the line before it: a line was changed, added or removed", p->lines);
			return 0;
		}
		receipt_hash(line, n, hash);
		apply(p, &r, hash);
		memcpy(p->last, hash, RECEIPT_HASH);
		p->whole += n + 1;
	}
	return 0;
}

static void foreign(struct ledger_view *v, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		damage(v, "the ledger is not a regular file");
	else if (st->st_uid != geteuid())
		damage(v, "the ledger belongs to another user (uid %u)", (unsigned)st->st_uid);
	else if (st->st_mode & 022)
		damage(v, "others may write to the ledger (remedy: chmod 600)");
	else if (st->st_size > LEDGER_BYTES_MAX)
		damage(v, "the ledger is larger than %d bytes", LEDGER_BYTES_MAX);
}

static int slurp(int fd, size_t size, char **text, size_t *length)
{
	size_t n = 0;
	*text = malloc(size + 1);
	if (!*text)
		return ERROR_MEMORY;
	while (n < size) {
		ssize_t got = pread(fd, *text + n, size - n, (off_t)n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERROR_IO;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*length = n;
	return 0;
}

static int pass(int fd, struct ledger_view *v, struct pass *p)
{
	struct stat st;
	char *text = NULL;
	size_t length = 0;
	memset(v, 0, sizeof *v);
	memset(p, 0, sizeof *p);
	p->view = v;
	if (fstat(fd, &st))
		return ERROR_IO;
	foreign(v, &st);
	if (v->damaged)
		return 0;
	int e = slurp(fd, (size_t)st.st_size, &text, &length);
	if (e == 0)
		e = walk(p, text, length);
	free(text);
	return e;
}

static void judge(const struct pass *p, int64_t now_us)
{
	static const char *const whys[] = {
		[STANDING_NEVER] = "nobody has agreed to a study",
		[STANDING_WITHDRAWN] = "consent was withdrawn",
		[STANDING_REFUSED] = "it was asked, and refused",
		[STANDING_EXPIRED] = "consent has expired",
		[STANDING_INVALID] = "consent was invalidated; it must be asked again",
	};
	struct ledger_view *v = p->view;
	char time[28];
	if (v->damaged)
		return;
	if (p->torn) {
		damage(v, "the last line of the ledger is incomplete, as after a crash while it was written "
		       "(remedy: assent withdraw, which removes it, and join again)");
		return;
	}
	if (v->standing == STANDING_GIVEN || v->standing == STANDING_PAUSED) {
		if (p->newest_us - CLOCK_SLACK_US > now_us) {
			v->standing = STANDING_INVALID;
			v->clock_wrong = true;
			snprintf(v->why, sizeof v->why, "the clock is behind the newest receipt, of %s (remedy: set the clock; if that "
				 "receipt is wrong, withdraw and join again)", clock_format(p->newest_us, time));
			return;
		}
		if (now_us >= v->given.until_us)
			v->standing = STANDING_EXPIRED;
		else if (v->standing == STANDING_PAUSED && v->paused_until_us && now_us >= v->paused_until_us) {
			v->standing = STANDING_GIVEN;
			v->resumed_from_us = v->paused_us;
		}
	}
	if (v->standing == STANDING_PAUSED && v->paused_until_us)
		snprintf(v->why, sizeof v->why, "paused until %s", clock_format(v->paused_until_us, time));
	else if (v->standing == STANDING_PAUSED)
		snprintf(v->why, sizeof v->why, "paused until it is resumed");
	else if (v->standing != STANDING_GIVEN)
		snprintf(v->why, sizeof v->why, "%s", whys[v->standing]);
	if (v->standing != STANDING_PAUSED)
		v->paused_us = v->paused_until_us = 0;
}

int ledger_read(const char *path, int64_t now_us, struct ledger_view *view)
{
	struct pass p = {.view = view};
	int e = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	memset(view, 0, sizeof *view);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		judge(&p, now_us);
		return 0;
	}
	if (fd < 0)
		return ERROR_IO;
	/* No lock: the capture process must not be held up, nor hold up a withdrawal. A line in the middle
	 * of being appended looks torn for some microseconds; one that stays so is. */
	for (int i = 0; i < TORN_TRIES; i++) {
		e = pass(fd, view, &p);
		if (e || !p.torn)
			break;
	}
	int saved = errno;
	close(fd);
	errno = saved;
	if (e == 0)
		judge(&p, now_us);
	return e;
}

static int write_at(int fd, const char *bytes, size_t length, off_t at)
{
	ssize_t n;
	do
		n = pwrite(fd, bytes, length, at);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)length)
		return 0;
	if (n >= 0)
		errno = ENOSPC;
	return ERROR_IO;
}

/* fd is locked. */
static int append(const char *path, int fd, struct receipt *r)
{
	struct ledger_view *v = malloc(sizeof *v);
	struct pass p;
	struct stat st;
	struct receipt again;
	uint8_t prev[RECEIPT_HASH];
	char line[RECEIPT_LINE_MAX + 1];
	const char *what;
	int e = v ? pass(fd, v, &p) : ERROR_MEMORY;
	if (e)
		goto out;
	/* An incomplete line may have been a no: only a no may take its place. */
	if (v->damaged || (p.torn && r->state != LEDGER_WITHDRAWN)) {
		e = ERROR_INVALID;
		goto out;
	}
	e = receipt_format(r, p.last, line);
	if (e < 0)
		goto out;
	size_t length = (size_t)e;
	/* What could not be read back must not be written: it would end everything. */
	e = receipt_parse(line, length, &again, prev, &what);
	if (e)
		goto out;
	line[length++] = '\n';
	if (p.whole + length > LEDGER_BYTES_MAX) {
		e = ERROR_LIMIT;
		goto out;
	}
	/* In one write and, where it replaces an incomplete line, over it: at no moment is the line gone and this not there. */
	if ((e = fstat(fd, &st) ? ERROR_IO : write_at(fd, line, length, (off_t)p.whole))) {
		int saved = errno;
		/* Back to what it was. Should that fail too, the ledger stays invalid, which captures nothing. */
		if (!p.torn && ftruncate(fd, (off_t)p.whole))
			saved = errno;
		errno = saved;
		goto out;
	}
	if ((p.torn && st.st_size > (off_t)(p.whole + length) && ftruncate(fd, (off_t)(p.whole + length))) || fsync(fd)) {
		e = ERROR_IO;
		goto out;
	}
	if (p.whole == 0)
		e = atomic_sync_parent(path);
out:
	free(v);
	return e;
}

int ledger_append(const char *path, struct receipt *receipt)
{
	if (sodium_init() < 0)
		return ERROR_IO;
	if (!*receipt->id) {
		unsigned char id[16];
		randombytes_buf(id, sizeof id);
		sodium_bin2hex(receipt->id, sizeof receipt->id, id, sizeof id);
	}
	if (!receipt->t_us)
		receipt->t_us = clock_utc_us();
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600), e = ERROR_IO;
	if (fd < 0)
		return ERROR_IO;
	while (flock(fd, LOCK_EX)) {
		if (errno != EINTR)
			goto out;
	}
	e = append(path, fd, receipt);
out:;
	int saved = errno;
	close(fd);
	errno = saved;
	return e;
}

bool ledger_changed(const char *path, struct ledger_watch *watch)
{
	struct stat st;
	if (fstatat(AT_FDCWD, path, &st, 0)) {
		watch->seen = false;
		return true;
	}
	struct ledger_watch now = {
		.inode = st.st_ino, .size = st.st_size, .seen = true,
		.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
		.ctime_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec,
	};
	bool changed = !watch->seen || now.inode != watch->inode || now.size != watch->size ||
		       now.mtime_ns != watch->mtime_ns || now.ctime_ns != watch->ctime_ns;
	*watch = now;
	return changed;
}
