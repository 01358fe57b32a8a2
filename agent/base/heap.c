/* SPDX-License-Identifier: Apache-2.0 */
#include "heap.h"

#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sanitizer.h"

/*
 * mallopt(M_PERTURB) would be the short way to overwrite, but glibc's per-thread cache skips it: a freed block of up
 * to 1 KiB, the size of every X event and bus message, stays as it was (seen with glibc 2.36), and the cache can only
 * be switched off by an environment variable at start. mlockall(MCL_FUTURE) would be the short way to lock, but then
 * memory ends at RLIMIT_MEMLOCK, 8 MB for an ordinary user, and Xlib gives its connection up in a flood of events.
 * So the allocator's entries are replaced; all end in glibc's own. Default visibility makes the shared libraries
 * use them too.
 */
#if defined(__GLIBC__) && !ASSENT_SANITIZED

enum {
	RESERVE = 1 << 20,       /* free room that the heap has at least, and is trimmed to */
	TRIM = 4 << 20,          /* more free room than this goes back */
	HEADROOM = 1 << 20       /* of the limit, for the stack: where it cannot grow, the process ends */
};

extern void __libc_free(void *block);
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static bool wiping, locking;
static char *locked_to;          /* the heap is locked up to here */
static size_t room;              /* bytes that may still be locked */

bool heap_begin(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, TRIM);
	__libc_free(__libc_malloc(RESERVE)); /* grows by that, and touches nothing of it */
	mallopt(M_TOP_PAD, RESERVE); /* after that: it comes on top of what is asked for */
	wiping = true;
	return true;
}

void heap_lock(size_t locked, size_t limit)
{
	locked_to = sbrk(0);
	room = limit > locked + HEADROOM ? limit - locked - HEADROOM : 0;
	locking = true;
}

/* The end of the heap is a variable of libc: this costs no system call when it is where it was. */
static void follow(void)
{
	char *end = sbrk(0);
	if (end < locked_to) {
		room += (size_t)(locked_to - end);
		locked_to = end;
	} else if (end > locked_to && room > 0) {
		size_t more = (size_t)(end - locked_to);
		if (more > room)
			more = room & ~(size_t)4095;
		if (more > 0 && mlock2(locked_to, more, MLOCK_ONFAULT) == 0) {
			madvise(locked_to, more, MADV_DONTDUMP);
			locked_to += more;
			room -= more;
		} else {
			room = 0;
		}
	}
}

static void *fresh(void *block)
{
	if (locking)
		follow();
	return block;
}

__attribute__((visibility("default"))) void *malloc(size_t size) { return fresh(__libc_malloc(size)); }

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
	return fresh(__libc_calloc(count, size));
}

__attribute__((visibility("default"))) void free(void *block)
{
	if (wiping && block)
		explicit_bzero(block, malloc_usable_size(block));
	__libc_free(block);
	if (locking)
		follow();
}

__attribute__((visibility("default"))) void *realloc(void *block, size_t size)
{
	if (!block)
		return malloc(size);
	if (size == 0) {
		free(block);
		return NULL;
	}
	if (!wiping)
		return __libc_realloc(block, size);
	/* glibc would move the block, or cut it, without wiping what is left behind. */
	size_t usable = malloc_usable_size(block);
	if (size <= usable && size > usable / 2)
		return block;
	void *moved = malloc(size);
	if (!moved)
		return NULL;
	memcpy(moved, block, size < usable ? size : usable);
	free(block);
	return moved;
}

#else

bool heap_begin(void) { return false; }
void heap_lock(size_t locked, size_t limit) { (void)locked; (void)limit; }

#endif
