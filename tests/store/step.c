/* SPDX-License-Identifier: Apache-2.0 */
#include "step.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <elf.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* It stopped itself: the piece is done. What a process does at its end (a coverage build writes files) is not of it. */
static bool is_done(int status) { return WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP; }

static int let_end(pid_t pid)
{
	int status;
	if (ptrace(PTRACE_CONT, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		abort();
	return WEXITSTATUS(status);
}

bool step_killed_at(int call, int (*body)(void *user), void *user, int *result)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(120);
		raise(SIGSTOP);
		int said = body(user);
		raise(SIGSTOP);
		_exit(said);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		abort();
	/* Each call stops twice, before it is made and after. */
	for (int stops = 0; stops < 2 * call + 1; stops++) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid)
			abort();
		if (is_done(status)) {
			*result = let_end(pid);
			return false;
		}
		if (!WIFSTOPPED(status))
			abort();
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return true;
}

static const long changing[] = {
	SYS_write, SYS_writev, SYS_pwrite64, SYS_openat, SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_renameat, SYS_renameat2, SYS_unlinkat,
	SYS_linkat, SYS_mkdirat, SYS_fchmod, SYS_flock,
#ifdef SYS_rename
	SYS_open, SYS_rename, SYS_unlink, SYS_link, SYS_mkdir, SYS_rmdir,
#endif
};

static bool is_changing(long number)
{
	for (size_t i = 0; i < sizeof changing / sizeof changing[0]; i++)
		if (changing[i] == number)
			return true;
	return false;
}

/* The call that the child is about to make; set: another number in its place; -1 is none. */
static long call_number(pid_t pid, bool set, long number)
{
#if defined __x86_64__
	struct user_regs_struct r;
	if (ptrace(PTRACE_GETREGS, pid, NULL, &r))
		abort();
	long was = (long)r.orig_rax;
	if (set) {
		r.orig_rax = (unsigned long long)number;
		if (ptrace(PTRACE_SETREGS, pid, NULL, &r))
			abort();
	}
	return was;
#elif defined __aarch64__
	int was = -1, to = (int)number;
	struct iovec v = {&was, sizeof was};
	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_ARM_SYSTEM_CALL, &v))
		abort();
	v = (struct iovec){&to, sizeof to};
	if (set && ptrace(PTRACE_SETREGSET, pid, (void *)NT_ARM_SYSTEM_CALL, &v))
		abort();
	return was;
#else
	(void)pid; (void)set; (void)number;
	return -1;
#endif
}

static void set_result(pid_t pid, long value)
{
#if defined __x86_64__
	struct user_regs_struct r;
	if (ptrace(PTRACE_GETREGS, pid, NULL, &r))
		abort();
	r.rax = (unsigned long long)value;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &r))
		abort();
#elif defined __aarch64__
	struct user_pt_regs r;
	struct iovec v = {&r, sizeof r};
	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &v))
		abort();
	r.regs[0] = (unsigned long long)value;
	if (ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &v))
		abort();
#else
	(void)pid; (void)value;
#endif
}

bool step_failed_at(int call, int error, int (*body)(void *user), void *user, int *result)
{
	int status, seen = 0;
	bool entering = true, failing = false, failed = false;
	pid_t pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(120);
		raise(SIGSTOP);
		int said = body(user);
		raise(SIGSTOP);
		_exit(said);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		abort();
	for (;; entering = !entering) {
		/* After the one that failed it may run as it is. */
		if (ptrace(failed && !failing ? PTRACE_CONT : PTRACE_SYSCALL, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid)
			abort();
		if (is_done(status))
			break;
		if (!WIFSTOPPED(status))
			abort();
		if (failing) {
			set_result(pid, -error);
			failing = false;
			failed = true;
		} else if (entering && is_changing(call_number(pid, false, 0)) && seen++ == call) {
			call_number(pid, true, -1);
			failing = true;
		}
	}
	*result = let_end(pid);
	return failed;
}
