/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock by its system calls; used by sandbox.c only. */
#ifndef ASSENT_LANDLOCK_H
#define ASSENT_LANDLOCK_H

/* The kernel's Landlock ABI, 0 where there is none (or an outer sandbox hides it). */
int landlock_abi(void);

/* From now on: files only below directory, and below also (NULL: none), which may be read and written; no TCP (ABI 4), no abstract
 * sockets and no signals to outside (ABI 6). 0 also where the kernel has no Landlock. *what on failure. */
int landlock_only(const char *directory, const char *also, const char **what);

#endif
