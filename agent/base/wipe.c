/* SPDX-License-Identifier: Apache-2.0 */
#include "wipe.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "sanitizer.h"

/*
 * mallopt(M_PERTURB) would be the short way, but glibc's per-thread cache skips it: a freed block of up to
 * 1 KiB, the size of every X event and bus message, stays as it was (seen with glibc 2.36). The cache can
 * only be switched off by an environment variable at start. So free and realloc are replaced; both end in
 * glibc's own. Default visibility makes the shared libraries use them too.
 */
#if defined(__GLIBC__) && !ASSENT_SANITIZED

extern void __libc_free(void *block);
extern void *__libc_realloc(void *block, size_t size);

static bool wiping;

bool wipe_begin(void)
{
	wiping = true;
	return true;
}

__attribute__((visibility("default"))) void free(void *block)
{
	if (wiping && block)
		explicit_bzero(block, malloc_usable_size(block));
	__libc_free(block);
}

__attribute__((visibility("default"))) void *realloc(void *block, size_t size)
{
	if (!wiping || !block || size == 0) {
		if (block && size == 0) {
			free(block);
			return NULL;
		}
		return __libc_realloc(block, size);
	}
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

bool wipe_begin(void) { return false; }

#endif
