/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../error.h"
#include "filter.h"
#include "heap.h"
#include "landlock.h"
#include "sanitizer.h"

static int fail(int error, const char *step, const char **what)
{
	*what = step;
	return error;
}

int sandbox_begin(const char **what)
{
	sandbox_features(); /* asks the kernel while it may still be asked */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(ERROR_IO, "no new privileges (PR_SET_NO_NEW_PRIVS)", what);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return fail(ERROR_IO, "not dumpable (PR_SET_DUMPABLE)", what);
	struct rlimit none = {0, 0};
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return fail(ERROR_IO, "no core files (RLIMIT_CORE)", what);
	return 0;
}

/* ---- Memory ------------------------------------------------------------------------------ */

static int no_room(const char **what)
{
	static char text[192];
	struct rlimit limit = {0, 0};
	getrlimit(RLIMIT_MEMLOCK, &limit);
	snprintf(text, sizeof text, "locking memory: the limit of %ju KiB (RLIMIT_MEMLOCK) is too small; raise it to "
		 "at least 8192 KiB: LimitMEMLOCK=8M in the unit, or `ulimit -l 8192`", (uintmax_t)limit.rlim_cur / 1024);
	return fail(ERROR_DENIED, text, what);
}

/*
 * Locks what is mapped. Not by mlockall: that counts every library's code and all reserved addresses, far more than
 * an ordinary user may lock, while only private writable memory can hold an event.
 */
static int lock_mapped(size_t *locked, const char **what)
{
	char buffer[4096];
	size_t held = 0;
	int result = 0;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	*locked = 0;
	if (fd < 0)
		return fail(ERROR_IO, "locking memory: reading /proc/self/maps", what);
	for (;;) {
		ssize_t n = read(fd, buffer + held, sizeof buffer - 1 - held);
		if (n < 0) {
			result = fail(ERROR_IO, "locking memory: reading /proc/self/maps", what);
			goto out;
		}
		if (n == 0)
			break;
		held += (size_t)n;
		buffer[held] = 0;
		char *line = buffer, *end;
		while ((end = strchr(line, '\n'))) {
			uintmax_t from, to;
			char rights[5];
			if (sscanf(line, "%jx-%jx %4s", &from, &to, rights) == 3 && rights[1] == 'w' && rights[3] == 'p') {
				void *start = (void *)(uintptr_t)from;
				/* On fault: what is never used needs no memory. */
				if (mlock2(start, to - from, MLOCK_ONFAULT) != 0) {
					result = no_room(what);
					goto out;
				}
				/* Core files are off already; this also holds for whoever turns them on again. */
				madvise(start, to - from, MADV_DONTDUMP);
				*locked += to - from;
			}
			line = end + 1;
		}
		held -= (size_t)(line - buffer);
		memmove(buffer, line, held);
		if (held >= sizeof buffer - 1) { /* no line is that long */
			result = fail(ERROR_LIMIT, "locking memory: a line of /proc/self/maps", what);
			goto out;
		}
	}
out:
	close(fd);
	return result;
}

/* Where the stack grows between reading its bounds and locking it, the new page, and whatever it grows by later, would
 * be a mapping of its own that is not locked. One touch far down makes room ahead. */
static __attribute__((noinline)) int grow_stack(void)
{
	volatile char deep[256 * 1024];
	deep[0] = 0;
	return deep[0];
}

static bool to_be_locked;

static int lock_now(const char **what)
{
	struct rlimit limit;
	size_t locked;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
		return fail(ERROR_IO, "locking memory: reading RLIMIT_MEMLOCK", what);
	grow_stack();
	int result = lock_mapped(&locked, what);
	if (result == 0)
		heap_lock(locked, limit.rlim_cur > SIZE_MAX ? SIZE_MAX : (size_t)limit.rlim_cur);
	return result;
}

int sandbox_lock_memory(const char **what)
{
	heap_begin();
	/* The sanitizer's reserved memory cannot be locked by anybody, and its allocator maps as it likes. */
	if (ASSENT_SANITIZED)
		return 0;

	struct rlimit limit;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_MEMLOCK, &limit); /* if it does not help, locking says so */
	}
	to_be_locked = true;
	return lock_now(what);
}

/* ---- Rights ------------------------------------------------------------------------------ */

/* Root's powers, for whoever runs this as root; an ordinary user has none to lose. */
static int drop_capabilities(uint64_t keep, const char **what)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	if (syscall(SYS_capget, &header, data) != 0)
		return fail(ERROR_IO, "dropping capabilities: reading them", what);
	/* None at all: a unit's own filter may forbid to ask for them. */
	if (!(data[0].permitted | data[1].permitted | data[0].inheritable | data[1].inheritable))
		return 0;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) != 0)
		return fail(ERROR_IO, "dropping capabilities", what);
	return 0;
}

int sandbox_capture(const char **what)
{
	int result = 0;
	/* What was mapped since sandbox_lock_memory; and the last moment at which root may lock more than others. */
	if (to_be_locked)
		result = lock_now(what);
	/* Root needs both to see which program another process of root runs. */
	if (result == 0)
		result = drop_capabilities(UINT64_C(1) << CAP_SYS_PTRACE | UINT64_C(1) << CAP_DAC_READ_SEARCH, what);
	/*
	 * No Landlock here. A process in any Landlock domain is refused PTRACE_MODE_READ on all processes outside
	 * of it, whatever the rules say, and hence /proc/PID/exe and /proc/PID/ns: it could no longer tell which
	 * application has the focus, and would have to mask everything (tried on 6.18, as root and as a user).
	 * The filter lets it open files for reading only.
	 */
	if (result == 0)
		result = filter_enter(FILTER_CAPTURE, what);
	return result;
}

static int files_only(const char *directory, const char *also, const char **what)
{
	int result = drop_capabilities(0, what);
	if (result == 0)
		result = landlock_only(directory, also, what);
	if (result == 0)
		result = filter_enter(FILTER_WRITER, what);
	return result;
}

int sandbox_writer(const char *directory, const char **what)
{
	return files_only(directory, NULL, what);
}

int sandbox_keeper(const char *data, const char *outbox, const char **what)
{
	return files_only(data, outbox, what);
}

int sandbox_supervisor(const char **what)
{
	/* Capabilities stay: capture inherits them, and locks memory with one. */
	return filter_enter(FILTER_SUPERVISOR, what);
}

int sandbox_inputd(const char **what)
{
	int result = 0;
	/* What was mapped since sandbox_lock_memory. */
	if (to_be_locked)
		result = lock_now(what);
	if (result == 0)
		result = drop_capabilities(0, what);
	if (result == 0)
		result = filter_enter(FILTER_INPUTD, what);
	return result;
}

const char *sandbox_features(void)
{
	static char text[96];
	if (text[0])
		return text;
	bool seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 || errno != EINVAL;
	int abi = landlock_abi();
	int n = snprintf(text, sizeof text, "seccomp: %s, landlock: ", seccomp ? "yes" : "no");
	if (abi > 0)
		snprintf(text + n, sizeof text - (size_t)n, "yes (ABI %d, writer)", abi);
	else
		snprintf(text + n, sizeof text - (size_t)n, "no");
	return text;
}
