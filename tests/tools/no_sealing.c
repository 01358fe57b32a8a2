/* SPDX-License-Identifier: Apache-2.0 */
/* LD_PRELOAD: a disk that refuses the last step of sealing, the rename of SEGMENT.sealed.tmp. What is left is what was recorded, as it was recorded. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("default"))) int renameat(int from, const char *a, int to, const char *b)
{
	static const char sealed[] = ".sealed.tmp";
	size_t n = strlen(a);
	if (n > sizeof sealed && strcmp(a + n - (sizeof sealed - 1), sealed) == 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from, a, to, b, 0);
}
