/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for secrets: not swapped, in no core dump, between guard pages, wiped when it is freed. */
#ifndef ASSENT_LOCKED_H
#define ASSENT_LOCKED_H

#include <stddef.h>

/* Zeros. NULL: there is no memory, or it cannot be locked (RLIMIT_MEMLOCK), which is the same: nothing secret may go elsewhere.
 * Takes some pages each: for few things, and not in a loop. */
void *locked_new(size_t size);
/* Takes NULL. */
void locked_free(void *memory);

#endif
