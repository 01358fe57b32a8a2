/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overwriting heap memory when it is freed, by whichever library. Events pass through buffers that Xlib and
 * sd-bus allocate and free; those must not keep them.
 */
#ifndef ASSENT_WIPE_H
#define ASSENT_WIPE_H

#include <stdbool.h>

/* From now on free() and a moving realloc() overwrite what is given back, for the whole program. Returns false
 * where this build cannot do it (another libc, or a sanitizer that has its own allocator). */
bool wipe_begin(void);

#endif
