/* SPDX-License-Identifier: Apache-2.0 */
#include "locked.h"

#include <sodium.h>

void *locked_new(size_t size)
{
	if (sodium_init() < 0)
		return NULL;
	void *memory = sodium_malloc(size);
	if (!memory)
		return NULL;
	/* sodium_malloc tries to lock it, and does not tell whether it could. */
	if (sodium_mlock(memory, size)) {
		sodium_free(memory);
		return NULL;
	}
	sodium_memzero(memory, size);
	return memory;
}

void locked_free(void *memory)
{
	sodium_free(memory);
}
