/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap of a process that holds raw events, by whichever library: overwritten when freed, locked when it grows.
 * Events pass through buffers that Xlib and sd-bus allocate and free. Used by sandbox.c only.
 */
#ifndef ASSENT_HEAP_H
#define ASSENT_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* From now on, for the whole program: free() and a moving realloc() overwrite what is given back, everything is
 * allocated from the one heap, and this has room for ordinary use already. False where this build cannot do it
 * (another libc, or a sanitizer that has its own allocator). */
bool heap_begin(void);

/* After everything that is mapped was locked, `locked` bytes of at most `limit`: from now on the heap locks what it
 * grows by, before it is used. Beyond the limit it grows unlocked, rather than not at all: that needs tens of
 * thousands of unread events, and losing the X connection instead would lose them all. */
void heap_lock(size_t locked, size_t limit);

#endif
