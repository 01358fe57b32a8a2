/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints what the processes of Assent give up and what is left to them: the steps of agent/base/sandbox.c, in their order, as
 * the kernel would get them. The system calls that would enter them are taken here instead (linked with --wrap), so that the
 * list is of the real code, and the same as root, as a user, and on each kernel. listing.py makes a page of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../agent/base/sandbox.h"

enum { OWN_PID = 7, NEWEST_LANDLOCK = 6, RULESET = 1000 };

int __wrap_seccomp_load(scmp_filter_ctx context);
int __wrap_prctl(int option, ...);
int __wrap_setrlimit(int resource, const struct rlimit *limit);
long __wrap_syscall(long number, ...);
pid_t __wrap_getpid(void);
int __wrap_mlock2(const void *from, size_t size, unsigned flags);
int __wrap_madvise(void *from, size_t size, int advice);
int __wrap_close(int fd);
int __real_close(int fd);
long __real_syscall(long number, ...);

static uint64_t locked, undumped;

pid_t __wrap_getpid(void) { return OWN_PID; }
int __wrap_close(int fd) { return fd == RULESET ? 0 : __real_close(fd); }

int __wrap_seccomp_load(scmp_filter_ctx context)
{
	printf("seccomp\n");
	fflush(stdout);
	int error = seccomp_export_pfc(context, STDOUT_FILENO);
	printf("end\n");
	return error;
}

int __wrap_prctl(int option, ...)
{
	va_list rest;
	va_start(rest, option);
	unsigned long value = va_arg(rest, unsigned long);
	va_end(rest);
	if (option != PR_GET_SECCOMP)
		printf("prctl %d %lu\n", option, value);
	return 0;
}

int __wrap_setrlimit(int resource, const struct rlimit *limit)
{
	if (resource == RLIMIT_CORE)
		printf("core %ju %ju\n", (uintmax_t)limit->rlim_cur, (uintmax_t)limit->rlim_max);
	return 0;
}

int __wrap_mlock2(const void *from, size_t size, unsigned flags)
{
	(void)from;
	if (flags == MLOCK_ONFAULT)
		locked += size;
	return 0;
}

int __wrap_madvise(void *from, size_t size, int advice)
{
	(void)from;
	if (advice == MADV_DONTDUMP)
		undumped += size;
	return 0;
}

struct ruleset { uint64_t fs, net, scoped; };
struct beneath { uint64_t allowed; int32_t parent; } __attribute__((packed));

static void print_place(const struct beneath *rule)
{
	char link[64], path[PATH_MAX];
	snprintf(link, sizeof link, "/proc/self/fd/%d", rule->parent);
	ssize_t n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = 0;
	const char *name = strrchr(path, '/');
	printf("landlock-below %s %" PRIx64 "\n", name ? name + 1 : "?", rule->allowed);
}

long __wrap_syscall(long number, ...)
{
	va_list rest;
	va_start(rest, number);
	long a[5];
	for (int i = 0; i < 5; i++)
		a[i] = va_arg(rest, long);
	va_end(rest);
	switch (number) {
	case SYS_capget:
		/* As root has them: what is dropped can be seen. */
		memset((void *)a[1], 0xff, 2 * sizeof(struct __user_cap_data_struct));
		return 0;
	case SYS_capset: {
		const struct __user_cap_data_struct *left = (const void *)a[1];
		printf("capabilities %08x%08x %08x%08x\n", left[1].permitted, left[0].permitted, left[1].inheritable, left[0].inheritable);
		return 0;
	}
	case 444: /* landlock_create_ruleset */
		if (!a[0])
			return NEWEST_LANDLOCK;
		const struct ruleset *rules = (const void *)a[0];
		printf("landlock-handles %" PRIx64 " %" PRIx64 " %" PRIx64 "\n", rules->fs, rules->net, rules->scoped);
		return RULESET;
	case 445: /* landlock_add_rule */
		print_place((const void *)a[2]);
		return 0;
	case 446: /* landlock_restrict_self */
		printf("landlock-enter\n");
		return 0;
	default:
		return __real_syscall(number, a[0], a[1], a[2], a[3], a[4]);
	}
}

static int lock(const char **what)
{
	locked = undumped = 0;
	int error = sandbox_lock_memory(what);
	printf("memory %s\n", !locked ? "open" : undumped == locked ? "locked and in no core file" : "locked");
	return error;
}

static int supervisor(const char **what) { return sandbox_supervisor(what); }
static int capture(const char **what)
{
	int error = lock(what);
	return error ? error : sandbox_capture(what);
}
static int writer(const char **what) { return sandbox_writer("spool", what); }
static int keeper(const char **what) { return sandbox_keeper("data", "outbox", what); }
static int inputd(const char **what)
{
	int error = lock(what);
	return error ? error : sandbox_inputd(what);
}
static int command(const char **what) { (void)what; return 0; }

int main(int argc, char **argv)
{
	static const struct { const char *name; int (*enter)(const char **what); } processes[] = {
		{"supervisor", supervisor}, {"capture", capture}, {"writer", writer}, {"keeper", keeper}, {"inputd", inputd}, {"command", command},
	};
	if (argc != 3 || chdir(argv[2]) || (mkdir("spool", 0700) && errno != EEXIST) || (mkdir("data", 0700) && errno != EEXIST) ||
	    (mkdir("outbox", 0700) && errno != EEXIST)) {
		fprintf(stderr, "usage: rights supervisor|capture|writer|keeper|inputd|command FOLDER\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof processes / sizeof processes[0]; i++) {
		const char *what = "";
		if (strcmp(processes[i].name, argv[1]))
			continue;
		int error = sandbox_begin(&what);
		if (!error)
			error = processes[i].enter(&what);
		if (error)
			fprintf(stderr, "%s: %d %s (%s)\n", argv[1], error, what, strerror(errno));
		return error ? 1 : 0;
	}
	return 2;
}
