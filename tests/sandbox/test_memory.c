/* SPDX-License-Identifier: Apache-2.0 */
/* Locked memory under an ordinary user's limit, and freed memory that keeps nothing. */
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <setjmp.h>
#include <cmocka.h>

#include "../../agent/base/sandbox.h"
#include "../../agent/base/heap.h"
#include "../../agent/error.h"
#include "inside.h"

static long locked_kib(void)
{
	char line[256];
	long value = -1;
	FILE *file = fopen("/proc/self/status", "r");
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "VmLck: %ld", &value) == 1)
			break;
	if (file)
		fclose(file);
	return value;
}

/* Is every private writable mapping locked? By smaps' "lo" flag. */
static bool all_locked(void)
{
	char line[512], mapping[512] = "";
	bool writable = false, all = true;
	FILE *file = fopen("/proc/self/smaps", "r");
	while (file && fgets(line, sizeof line, file)) {
		uintmax_t from, to;
		char rights[5];
		if (sscanf(line, "%jx-%jx %4s", &from, &to, rights) == 3) {
			writable = rights[1] == 'w' && rights[3] == 'p';
			memcpy(mapping, line, sizeof line);
		} else if (strncmp(line, "VmFlags:", 8) == 0 && writable && !strstr(line, " lo")) {
			dprintf(STDERR_FILENO, "not locked: %s", mapping);
			all = false;
		}
	}
	if (file)
		fclose(file);
	return file && all;
}

static void locks(void)
{
	struct rlimit limit = {8 << 20, 8 << 20};
	CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
	char *before = malloc(200000);
	CHECK(before);
	STEP(sandbox_begin(&what));
	STEP(sandbox_lock_memory(&what));
	CHECK(all_locked());
	long kib = locked_kib();
	CHECK(kib > 0);
	dprintf(STDOUT_FILENO, "locked: %ld KiB\n", kib);
	char *mapped = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(mapped != MAP_FAILED);
	STEP(sandbox_capture(&what));
	CHECK(locked_kib() >= kib + 1024 && all_locked());
	/* The heap grows and stays locked, in small pieces and in large ones. */
	mapped[0] = before[0] = 1;
	enum { BLOCKS = 64, BYTES = 40000 };
	char *block[BLOCKS];
	for (int i = 0; i < BLOCKS; i++) {
		block[i] = i % 2 ? malloc(BYTES) : calloc(1, BYTES);
		CHECK(block[i]);
		memset(block[i], 1, BYTES);
	}
	CHECK(all_locked());
	for (int i = 0; i < BLOCKS; i++)
		free(block[i]);
	/* A flood does not end at the limit, and afterwards all is as before. */
	char *volatile flood = malloc(40 << 20); /* or the compiler leaves it out */
	CHECK(flood && locked_kib() > 6 * 1024 && locked_kib() <= 8 * 1024);
	memset(flood, 1, 40 << 20);
	char deep[512 * 1024]; /* the stack still grows */
	for (size_t i = 0; i < sizeof deep; i += 4096)
		((volatile char *)deep)[i] = 1;
	free(flood);
	CHECK(all_locked());
	flood = malloc(2 << 20);
	CHECK(flood && all_locked());
	free(flood);
}

static void no_limit(void)
{
	struct rlimit limit = {4096, 4096};
	CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
	const char *what = NULL;
	CHECK(sandbox_lock_memory(&what) == ERROR_DENIED);
	CHECK(what && strstr(what, "RLIMIT_MEMLOCK") && strstr(what, "4 KiB"));
}

/* Where a block was, without the compiler knowing that it is one. */
static volatile unsigned char *address(void *block)
{
	volatile uintptr_t number = (uintptr_t)block;
	return (volatile unsigned char *)number;
}

static bool holds(volatile unsigned char *at, size_t size, unsigned char byte)
{
	/* The allocator's own links are in the first 32 bytes. */
	for (size_t i = 32; i < size; i++)
		if (at[i] == byte)
			return true;
	return false;
}

static void wipes(void)
{
	CHECK(heap_begin());
	static const size_t sizes[] = {64, 100, 1000, 1500, 5000, 60000};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		unsigned char *block = malloc(sizes[i]), *guard = malloc(sizes[i]);
		CHECK(block && guard);
		memset(block, 'x', sizes[i]);
		volatile unsigned char *at = address(block);
		free(block);
		CHECK(!holds(at, sizes[i], 'x'));

		block = malloc(sizes[i]);
		CHECK(block);
		memset(block, 'y', sizes[i]);
		at = address(block);
		unsigned char *moved = realloc(block, sizes[i] * 4);
		CHECK(moved && moved[0] == 'y' && moved[sizes[i] - 1] == 'y');
		CHECK(at == address(moved) || !holds(at, sizes[i], 'y'));
		moved = realloc(moved, 40);
		CHECK(moved && moved[39] == 'y');
		free(moved);
		free(guard);
	}
	/* A library's own free: getline's buffer grows inside libc. */
	char *line = NULL;
	size_t room = 0;
	FILE *file = fopen("/proc/self/maps", "r");
	while (file && getline(&line, &room, file) > 0)
		;
	CHECK(file && fclose(file) == 0);
	free(line);
	void *volatile none = malloc(10);
	none = realloc(none, 0);
	CHECK(none == NULL);
	char *fresh = realloc(NULL, 50);
	CHECK(fresh);
	free(fresh);
	free(NULL);
}

static void test_locks(void **state)
{
	(void)state;
	assert_true(ended_well(inside(AS_USER, locks)));
}

static void test_no_limit(void **state)
{
	(void)state;
	assert_true(ended_well(inside(AS_USER, no_limit)));
}

static void test_wipes(void **state)
{
	(void)state;
	assert_true(ended_well(inside(AS_IS, wipes)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locks), cmocka_unit_test(test_no_limit), cmocka_unit_test(test_wipes),
	};
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
