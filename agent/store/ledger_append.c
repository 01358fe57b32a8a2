/* SPDX-License-Identifier: Apache-2.0 */
/* Adding to the ledger. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "atomic.h"
#include "ledger_inside.h"

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

static void cut_back(int fd, size_t length)
{
	int saved = errno, ignored = ftruncate(fd, (off_t)length);
	/* Should that fail too, the ledger stays invalid, which captures nothing. */
	(void)ignored;
	errno = saved;
}

static bool permits(enum ledger_state state) { return state == LEDGER_GIVEN || state == LEDGER_RENEWED || state == LEDGER_RESUMED; }

struct work {
	struct ledger_view view;
	struct receipt again;
	char line[RECEIPT_LINE_MAX + 1];
};

/* fd is locked. */
static int append(const char *path, int fd, struct ledger_trust *trust, bool only_next, struct receipt *r)
{
	struct work *w = malloc(sizeof *w);
	const struct identity *identity = trust->identity;
	bool known = trust->known;
	int lines = trust->lines;
	struct ledger_pass p;
	struct stat st;
	uint8_t prev[RECEIPT_HASH];
	const char *what;
	if (!w)
		return ERROR_MEMORY;
	int e = trust->error ? trust->error : ledger_pass(path, fd, trust, &w->view, &p);
	if (e)
		goto out;
	if (only_next && (!known || p.other || p.torn || p.lines != lines)) {
		e = ERROR_AGAIN;
		goto out;
	}
	/* An incomplete line may have been a no: only a no may take its place. */
	if (w->view.damaged || (p.torn && r->state != LEDGER_WITHDRAWN)) {
		e = ERROR_INVALID;
		goto out;
	}
	e = receipt_format(identity, r, p.last, w->line);
	if (e < 0)
		goto out;
	size_t length = (size_t)e;
	/* What could not be read back must not be written: it would end everything. */
	e = receipt_parse(w->line, length, &w->again, prev, &what);
	if (e)
		goto out;
	struct head head = {.lines = p.lines + 1};
	receipt_hash(w->line, length, head.hash);
	w->line[length++] = '\n';
	if (p.whole + length > LEDGER_BYTES_MAX) {
		e = ERROR_LIMIT;
		goto out;
	}
	/* In one write and, where it replaces an incomplete line, over it: at no moment is the line gone and this not there. */
	if ((e = fstat(fd, &st) ? ERROR_IO : write_at(fd, w->line, length, (off_t)p.whole))) {
		if (!p.torn)
			cut_back(fd, p.whole);
		goto out;
	}
	e = (p.torn && st.st_size > (off_t)(p.whole + length) && ftruncate(fd, (off_t)(p.whole + length))) || fsync(fd) ? ERROR_IO : 0;
	if (e == 0 && p.whole == 0)
		e = atomic_sync_parent(path);
	if (e) {
		/* What is said to have failed must not permit anything later. What forbids may stay. */
		if (permits(r->state))
			cut_back(fd, p.whole);
		goto out;
	}
	/* The line counts, with the head or without; the next line brings the head along. But a ledger without any head would count for nothing. */
	if (head_write(path, identity, &head) && p.found == HEAD_NONE) {
		cut_back(fd, p.whole);
		e = ERROR_IO;
	}
out:
	free(w);
	return e;
}

/* Open and locked, or ERROR_IO. What was moved aside between the two is not it. */
static int open_locked(const char *path)
{
	struct stat here, there;
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
		if (fd < 0)
			return ERROR_IO;
		int e = 0;
		while (!e && flock(fd, LOCK_EX))
			e = errno == EINTR ? 0 : ERROR_IO;
		if (!e && fstat(fd, &here))
			e = ERROR_IO;
		if (!e && stat(path, &there) == 0 && here.st_ino == there.st_ino && here.st_dev == there.st_dev)
			return fd;
		int saved = errno;
		close(fd);
		errno = saved;
		if (e)
			return e;
	}
}

int ledger_append_known(const char *path, struct ledger_trust *trust, bool only_next, struct receipt *receipt)
{
	if (sodium_init() < 0)
		return ERROR_IO;
	if (!trust->identity)
		return ERROR_INVALID;
	if (!*receipt->id) {
		unsigned char id[16];
		randombytes_buf(id, sizeof id);
		sodium_bin2hex(receipt->id, sizeof receipt->id, id, sizeof id);
	}
	if (!receipt->t_us)
		receipt->t_us = clock_utc_us();
	int fd = open_locked(path);
	if (fd < 0)
		/* There is something that is no file: damaged, like a file that is none of ours. */
		return errno == EISDIR || errno == ELOOP || errno == EACCES || errno == ENXIO ? ERROR_INVALID : fd;
	int e = append(path, fd, trust, only_next, receipt), saved = errno;
	close(fd);
	errno = saved;
	return e;
}

int ledger_append(const char *path, const struct identity *identity, struct receipt *receipt)
{
	struct ledger_trust *trust = malloc(sizeof *trust);
	int e = ERROR_INVALID;
	if (!trust)
		return ERROR_MEMORY;
	if (identity) {
		ledger_trust_init(trust, identity);
		e = ledger_append_known(path, trust, false, receipt);
	}
	int saved = errno;
	free(trust);
	errno = saved;
	return e;
}

/* Renames what is at path, if anything is, to a name that is free. */
static int move_aside(const char *path, const char *time, char *moved, size_t size)
{
	for (int i = 0; i < 100; i++) {
		struct stat st;
		char number[8] = "";
		if (i)
			snprintf(number, sizeof number, "-%d", i + 1);
		int n = snprintf(moved, size, "%s.damaged-%s%s", path, time, number);
		if (n < 0 || (size_t)n >= size)
			return ERROR_LIMIT;
		if (lstat(moved, &st) == 0)
			continue;
		return rename(path, moved) && errno != ENOENT ? ERROR_IO : 0;
	}
	errno = EEXIST;
	return ERROR_IO;
}

int ledger_begin_anew(const char *path, const struct identity *identity, struct receipt *receipt, char *moved, size_t size)
{
	char head[1200], aside[1300], time[24];
	time_t now = (time_t)(clock_utc_us() / 1000000);
	struct tm tm;
	if (!gmtime_r(&now, &tm) || !strftime(time, sizeof time, "%Y%m%dT%H%M%SZ", &tm))
		return ERROR_INVALID;
	int e = head_path(path, head, sizeof head);
	/* The ledger first: without it nothing is permitted, whatever else is there. */
	if (!e)
		e = move_aside(path, time, moved, size);
	if (!e)
		e = move_aside(head, time, aside, sizeof aside);
	return e ? e : ledger_append(path, identity, receipt);
}
