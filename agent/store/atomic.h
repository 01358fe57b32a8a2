/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that are there whole or not at all, and stay there when the power fails. */
#ifndef ASSENT_ATOMIC_H
#define ASSENT_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>

/* Writes a file of mode 0600 beside path, fsyncs it and puts it in place. replace: false = what is there stays
 * (ERROR_IO with errno EEXIST). ERROR_IO, ERROR_LIMIT (path too long). */
int atomic_write(const char *path, const void *data, size_t length, bool replace);
/* fsyncs the folder that path is in. ERROR_IO, ERROR_LIMIT. */
int atomic_sync_parent(const char *path);

#endif
