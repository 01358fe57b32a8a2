/* SPDX-License-Identifier: Apache-2.0 */
#include "failing.h"

#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

static struct { bool on, hit; unsigned kinds; enum failing_how how; int error, nth, seen; } now;

void failing_begin(unsigned kinds, enum failing_how how, int error, int nth)
{
	now.on = true;
	now.hit = false;
	now.kinds = kinds;
	now.how = how;
	now.error = error;
	now.nth = nth;
	now.seen = 0;
}

bool failing_end(void)
{
	now.on = false;
	return now.hit;
}

/* FAILING_TRACE=21 says where call 21 is, each time that it is let fail (addr2line -f -e PROGRAM). */
static void tell(void)
{
	static int wanted = -2;
	void *at[16];
	if (wanted == -2)
		wanted = getenv("FAILING_TRACE") ? atoi(getenv("FAILING_TRACE")) : -1;
	if (now.nth != wanted || now.seen != now.nth)
		return;
	now.on = false; /* for backtrace itself */
	backtrace_symbols_fd(at, backtrace(at, 16), STDERR_FILENO);
	fprintf(stderr, "^ %d %d\n", (int)now.how, now.error);
	now.on = true;
}

static bool is_due(unsigned kind)
{
	if (!now.on || !(now.kinds & kind))
		return false;
	bool due = now.how == FAILING_ALWAYS ? now.seen >= now.nth : now.seen == now.nth;
	if (due)
		tell();
	now.seen++;
	now.hit = now.hit || due;
	return due;
}

static bool fails(unsigned kind)
{
	if (now.how == FAILING_INTERRUPTED || now.how == FAILING_SHORT || !is_due(kind))
		return false;
	errno = kind == FAILING_MEMORY ? ENOMEM : now.error;
	return true;
}

/* Those that a signal can interrupt. */
static bool fails_or_is_interrupted(unsigned kind)
{
	if (now.how != FAILING_INTERRUPTED)
		return fails(kind);
	if (!is_due(kind))
		return false;
	errno = EINTR;
	return true;
}

static size_t part(unsigned kind, size_t size)
{
	return now.how == FAILING_SHORT && size > 1 && is_due(kind) ? size / 2 : size;
}

/* ---- What is wrapped. failing.cmake has the same names. ---- */

#define REAL(type, name, ...) type __real_##name(__VA_ARGS__); type __wrap_##name(__VA_ARGS__)
#define WRAP(kind, type, bad, name, arguments, ...) REAL(type, name, __VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__) { return fails(kind) ? (type)(bad) : __real_##name arguments; }

WRAP(FAILING_MEMORY, void *, NULL, malloc, (size), size_t size)
WRAP(FAILING_MEMORY, void *, NULL, calloc, (count, size), size_t count, size_t size)
WRAP(FAILING_MEMORY, void *, NULL, realloc, (block, size), void *block, size_t size)
WRAP(FAILING_MEMORY, char *, NULL, strdup, (text), const char *text)
WRAP(FAILING_MEMORY, void *, NULL, sodium_malloc, (size), size_t size)
WRAP(FAILING_MEMORY, int, -1, sodium_mlock, (block, size), void *block, size_t size)
WRAP(FAILING_MEMORY, FILE *, NULL, open_memstream, (text, size), char **text, size_t *size)
WRAP(FAILING_MEMORY, void *, NULL, ZSTD_createCCtx, (), void)
WRAP(FAILING_MEMORY, void *, NULL, ZSTD_createDCtx, (), void)

WRAP(FAILING_FILES, int, -1, fsync, (fd), int fd)
WRAP(FAILING_FILES, int, -1, fdatasync, (fd), int fd)
WRAP(FAILING_FILES, int, -1, ftruncate, (fd, size), int fd, off_t size)
WRAP(FAILING_FILES, int, -1, rename, (from, to), const char *from, const char *to)
WRAP(FAILING_FILES, int, -1, renameat, (a, from, b, to), int a, const char *from, int b, const char *to)
WRAP(FAILING_FILES, int, -1, renameat2, (a, from, b, to, flags), int a, const char *from, int b, const char *to, unsigned flags)
WRAP(FAILING_FILES, int, -1, link, (from, to), const char *from, const char *to)
WRAP(FAILING_FILES, int, -1, unlink, (path), const char *path)
WRAP(FAILING_FILES, int, -1, unlinkat, (at, path, flags), int at, const char *path, int flags)
WRAP(FAILING_FILES, int, -1, mkdir, (path, mode), const char *path, mode_t mode)
WRAP(FAILING_FILES, int, -1, mkdirat, (at, path, mode), int at, const char *path, mode_t mode)
WRAP(FAILING_FILES, int, -1, fchmod, (fd, mode), int fd, mode_t mode)
WRAP(FAILING_FILES, int, -1, mkostemp, (path, flags), char *path, int flags)

WRAP(FAILING_READS, int, -1, fstat, (fd, st), int fd, struct stat *st)
WRAP(FAILING_READS, int, -1, stat, (path, st), const char *path, struct stat *st)
WRAP(FAILING_READS, int, -1, lstat, (path, st), const char *path, struct stat *st)
WRAP(FAILING_READS, int, -1, fstatat, (at, path, st, flags), int at, const char *path, struct stat *st, int flags)
WRAP(FAILING_READS, void *, (intptr_t)-1, mmap, (at, size, rights, flags, fd, from), void *at, size_t size, int rights, int flags, int fd, off_t from)
WRAP(FAILING_READS, DIR *, NULL, opendir, (path), const char *path)
WRAP(FAILING_READS, DIR *, NULL, fdopendir, (fd), int fd)
WRAP(FAILING_READS, ssize_t, -1, getrandom, (to, size, flags), void *to, size_t size, unsigned flags)

REAL(int, flock, int fd, int operation);
int __wrap_flock(int fd, int operation)
{
	return fails_or_is_interrupted(FAILING_FILES) ? -1 : __real_flock(fd, operation);
}

REAL(ssize_t, read, int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size)
{
	return fails_or_is_interrupted(FAILING_READS) ? -1 : __real_read(fd, to, part(FAILING_READS, size));
}

REAL(ssize_t, pread, int fd, void *to, size_t size, off_t at);
ssize_t __wrap_pread(int fd, void *to, size_t size, off_t at)
{
	return fails_or_is_interrupted(FAILING_READS) ? -1 : __real_pread(fd, to, part(FAILING_READS, size), at);
}

REAL(ssize_t, write, int fd, const void *from, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size)
{
	return fails_or_is_interrupted(FAILING_FILES) ? -1 : __real_write(fd, from, part(FAILING_FILES, size));
}

REAL(ssize_t, pwrite, int fd, const void *from, size_t size, off_t at);
ssize_t __wrap_pwrite(int fd, const void *from, size_t size, off_t at)
{
	return fails_or_is_interrupted(FAILING_FILES) ? -1 : __real_pwrite(fd, from, part(FAILING_FILES, size), at);
}

static unsigned kind_of(int flags) { return (flags & O_ACCMODE) == O_RDONLY ? FAILING_READS : FAILING_FILES; }

REAL(int, open, const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	return fails(kind_of(flags)) ? -1 : __real_open(path, flags, mode);
}

REAL(int, openat, int at, const char *path, int flags, ...);
int __wrap_openat(int at, const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	return fails(kind_of(flags)) ? -1 : __real_openat(at, path, flags, mode);
}

/* ---- The sweep ---- */

static int one_pass(const struct failing_work *w, unsigned kinds, enum failing_how how, int error, const char *said)
{
	bool must_do = how == FAILING_INTERRUPTED || how == FAILING_SHORT;
	for (int nth = 0; ; nth++) {
		assert_true(nth < 20000); /* it does not end */
		w->fresh(w->user);
		failing_begin(kinds, how, error, nth);
		int result = w->run(w->user);
		bool hit = failing_end();
		if (result > 0 || ((!hit || must_do) && result != 0))
			fail_msg("%s, %s, call %d: %d", w->name, said, nth, result);
		if (w->check)
			w->check(w->user, result, said, nth);
		if (!hit)
			return nth;
		if (result == 0 || w->once)
			continue;
		if ((result = w->run(w->user)) != 0)
			fail_msg("%s, %s at call %d, and then in peace: %d", w->name, said, nth, result);
		if (w->check)
			w->check(w->user, result, said, nth);
	}
}

int failing_sweep(const struct failing_work *w, unsigned kinds)
{
	int calls = 0;
	if (kinds & FAILING_MEMORY) {
		calls += one_pass(w, FAILING_MEMORY, FAILING_ONCE, ENOMEM, "no memory");
		one_pass(w, FAILING_MEMORY, FAILING_ALWAYS, ENOMEM, "no memory from then on");
	}
	unsigned files = kinds & (FAILING_FILES | FAILING_READS);
	if (files) {
		calls += one_pass(w, files, FAILING_ONCE, EIO, "an input/output error");
		one_pass(w, files, FAILING_ALWAYS, EIO, "input/output errors from then on");
		one_pass(w, files, FAILING_INTERRUPTED, 0, "interrupted");
	}
	if (kinds & FAILING_FILES) {
		one_pass(w, FAILING_FILES, FAILING_ONCE, ENOSPC, "no space");
		one_pass(w, FAILING_FILES, FAILING_ALWAYS, ENOSPC, "no space from then on");
	}
	print_message("# %s: %d calls failed, each alone and with all after it\n", w->name, calls);
	return calls;
}
