/* SPDX-License-Identifier: Apache-2.0 */
#include "trim.h"

#include <link.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int drop(struct dl_phdr_info *info, size_t size, void *page_size)
{
	(void)size;
	uintptr_t page = *(const uintptr_t *)page_size;
	/* The table is on the first page that goes: to read on there would fetch it again. */
	ElfW(Phdr) table[32];
	int count = info->dlpi_phnum < 32 ? info->dlpi_phnum : 32;
	memcpy(table, info->dlpi_phdr, (size_t)count * sizeof table[0]);
	for (int i = 0; i < count; i++) {
		const ElfW(Phdr) *p = &table[i];
		/* Never written, not even by relocation, so it is in the file as it is in memory. */
		if (p->p_type != PT_LOAD || p->p_flags & PF_W)
			continue;
		uintptr_t from = (info->dlpi_addr + p->p_vaddr) & ~(page - 1);
		uintptr_t to = (info->dlpi_addr + p->p_vaddr + p->p_memsz + page - 1) & ~(page - 1);
		/* A kernel that refuses loses nothing but the saving. */
		madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void trim_heap(void)
{
#if defined(__GLIBC__)
	malloc_trim(0);
#endif
}

void trim_text(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	dl_iterate_phdr(drop, &page);
}
