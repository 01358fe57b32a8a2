/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <linux/kd.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../error.h"
#include "sanitizer.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Who gets a call. */
enum { S = 1 << FILTER_SUPERVISOR, C = 1 << FILTER_CAPTURE, W = 1 << FILTER_WRITER, I = 1 << FILTER_INPUTD, ALL = S | C | W | I };

struct call { int number; int who; };

/* Calls whose arguments do not matter. The supervisor has everything that its children need after the fork. */
static const struct call calls[] = {
	/* Descriptors that are open. */
	{SCMP_SYS(read), ALL}, {SCMP_SYS(readv), ALL}, {SCMP_SYS(pread64), ALL}, {SCMP_SYS(write), ALL},
	{SCMP_SYS(writev), ALL}, {SCMP_SYS(close), ALL}, {SCMP_SYS(close_range), ALL}, {SCMP_SYS(lseek), ALL},
	{SCMP_SYS(_llseek), ALL}, {SCMP_SYS(dup), ALL}, {SCMP_SYS(dup2), ALL}, {SCMP_SYS(dup3), ALL},
	{SCMP_SYS(poll), ALL}, {SCMP_SYS(ppoll), ALL}, {SCMP_SYS(select), ALL}, {SCMP_SYS(pselect6), ALL},
	{SCMP_SYS(epoll_create1), ALL}, {SCMP_SYS(epoll_ctl), ALL}, {SCMP_SYS(epoll_wait), ALL},
	{SCMP_SYS(epoll_pwait), ALL}, {SCMP_SYS(epoll_pwait2), ALL}, {SCMP_SYS(eventfd2), ALL}, {SCMP_SYS(pipe2), ALL},
	{SCMP_SYS(pipe), ALL}, {SCMP_SYS(timerfd_create), ALL}, {SCMP_SYS(timerfd_settime), ALL},
	{SCMP_SYS(timerfd_gettime), ALL}, {SCMP_SYS(signalfd4), ALL}, {SCMP_SYS(inotify_init1), ALL},
	{SCMP_SYS(inotify_add_watch), ALL}, {SCMP_SYS(inotify_rm_watch), ALL},
	{SCMP_SYS(recvmsg), ALL}, {SCMP_SYS(recvfrom), ALL}, {SCMP_SYS(recvmmsg), ALL}, {SCMP_SYS(shutdown), ALL},
	{SCMP_SYS(getsockopt), ALL}, {SCMP_SYS(getsockname), ALL}, {SCMP_SYS(getpeername), ALL},
	{SCMP_SYS(sendmsg), S | C | I}, {SCMP_SYS(sendto), S | C | I}, {SCMP_SYS(sendmmsg), S | C},
	/* Looking at files. */
	{SCMP_SYS(fstat), ALL}, {SCMP_SYS(newfstatat), ALL}, {SCMP_SYS(stat), ALL}, {SCMP_SYS(lstat), ALL},
	{SCMP_SYS(fstat64), ALL}, {SCMP_SYS(fstatat64), ALL}, {SCMP_SYS(stat64), ALL}, {SCMP_SYS(lstat64), ALL},
	{SCMP_SYS(statx), ALL}, {SCMP_SYS(statfs), ALL}, {SCMP_SYS(fstatfs), ALL}, {SCMP_SYS(access), ALL},
	{SCMP_SYS(faccessat), ALL}, {SCMP_SYS(faccessat2), ALL}, {SCMP_SYS(readlink), ALL}, {SCMP_SYS(readlinkat), ALL},
	{SCMP_SYS(getdents64), ALL}, {SCMP_SYS(getcwd), ALL}, {SCMP_SYS(fadvise64), ALL},
	/* Memory. */
	{SCMP_SYS(munmap), ALL}, {SCMP_SYS(mremap), ALL}, {SCMP_SYS(brk), ALL}, {SCMP_SYS(madvise), ALL},
	{SCMP_SYS(mlock), ALL}, {SCMP_SYS(mlock2), ALL}, {SCMP_SYS(mlockall), S}, {SCMP_SYS(munlock), S | W},
	{SCMP_SYS(msync), S | W}, {SCMP_SYS(mincore), ALL},
	/* Time. */
	{SCMP_SYS(clock_gettime), ALL}, {SCMP_SYS(clock_getres), ALL}, {SCMP_SYS(clock_nanosleep), ALL},
	{SCMP_SYS(nanosleep), ALL}, {SCMP_SYS(gettimeofday), ALL}, {SCMP_SYS(time), ALL}, {SCMP_SYS(times), ALL},
	{SCMP_SYS(clock_gettime64), ALL}, {SCMP_SYS(clock_nanosleep_time64), ALL}, {SCMP_SYS(ppoll_time64), ALL},
	/* Itself. */
	{SCMP_SYS(exit), ALL}, {SCMP_SYS(exit_group), ALL}, {SCMP_SYS(restart_syscall), ALL}, {SCMP_SYS(pause), ALL},
	{SCMP_SYS(rt_sigaction), ALL}, {SCMP_SYS(rt_sigprocmask), ALL}, {SCMP_SYS(rt_sigreturn), ALL},
	{SCMP_SYS(rt_sigpending), ALL}, {SCMP_SYS(rt_sigsuspend), ALL}, {SCMP_SYS(rt_sigtimedwait), ALL},
	{SCMP_SYS(sigaltstack), ALL}, {SCMP_SYS(getpid), ALL}, {SCMP_SYS(gettid), ALL}, {SCMP_SYS(getppid), ALL},
	{SCMP_SYS(getuid), ALL}, {SCMP_SYS(geteuid), ALL}, {SCMP_SYS(getgid), ALL}, {SCMP_SYS(getegid), ALL},
	{SCMP_SYS(getresuid), ALL}, {SCMP_SYS(getresgid), ALL}, {SCMP_SYS(getgroups), ALL}, {SCMP_SYS(getpgrp), ALL},
	{SCMP_SYS(getpgid), ALL}, {SCMP_SYS(getsid), ALL}, {SCMP_SYS(capget), ALL}, {SCMP_SYS(getrandom), ALL},
	{SCMP_SYS(uname), ALL}, {SCMP_SYS(sysinfo), ALL}, {SCMP_SYS(getrusage), ALL}, {SCMP_SYS(getrlimit), ALL},
	{SCMP_SYS(futex), ALL}, {SCMP_SYS(futex_time64), ALL}, {SCMP_SYS(set_robust_list), ALL}, {SCMP_SYS(rseq), ALL},
	{SCMP_SYS(set_tid_address), ALL}, {SCMP_SYS(sched_yield), ALL}, {SCMP_SYS(sched_getaffinity), ALL},
	{SCMP_SYS(getcpu), ALL}, {SCMP_SYS(membarrier), ALL},
	/* The writer's files. */
	{SCMP_SYS(pwrite64), S | W}, {SCMP_SYS(pwritev), S | W}, {SCMP_SYS(fsync), S | W}, {SCMP_SYS(fdatasync), S | W},
	{SCMP_SYS(sync_file_range), S | W}, {SCMP_SYS(ftruncate), S | W}, {SCMP_SYS(fallocate), S | W},
	{SCMP_SYS(flock), S | W}, {SCMP_SYS(rename), S | W}, {SCMP_SYS(renameat), S | W}, {SCMP_SYS(renameat2), S | W},
	{SCMP_SYS(unlink), S | W}, {SCMP_SYS(unlinkat), S | W}, {SCMP_SYS(mkdir), S | W}, {SCMP_SYS(mkdirat), S | W},
	{SCMP_SYS(rmdir), S | W}, {SCMP_SYS(link), S | W}, {SCMP_SYS(linkat), S | W},
	{SCMP_SYS(fchmod), S | W}, {SCMP_SYS(umask), S | W}, {SCMP_SYS(creat), S | W},
	/* The supervisor: its socket, its children, and what these do to themselves before their own filter. */
	{SCMP_SYS(bind), S}, {SCMP_SYS(listen), S}, {SCMP_SYS(accept), S}, {SCMP_SYS(accept4), S | I}, {SCMP_SYS(connect), S | I},
	{SCMP_SYS(setsockopt), S | I}, {SCMP_SYS(chmod), S}, {SCMP_SYS(fchmodat), S}, {SCMP_SYS(chdir), S},
	{SCMP_SYS(fchdir), S}, {SCMP_SYS(fork), S}, {SCMP_SYS(wait4), S}, {SCMP_SYS(waitid), S}, {SCMP_SYS(waitpid), S},
	{SCMP_SYS(pidfd_open), S}, {SCMP_SYS(pidfd_send_signal), S}, {SCMP_SYS(setpgid), S}, {SCMP_SYS(setsid), S},
	{SCMP_SYS(setpriority), S}, {SCMP_SYS(capset), S}, {SCMP_SYS(seccomp), S},
	{SCMP_SYS(landlock_create_ruleset), S}, {SCMP_SYS(landlock_add_rule), S}, {SCMP_SYS(landlock_restrict_self), S},
	{SCMP_SYS(sched_setscheduler), S}, {SCMP_SYS(setrlimit), S},
};

/* Calls that end the process: nothing in this program makes them, so whoever does is not this program. */
static const int fatal[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(process_madvise),
};

/* Calls that may be made with some arguments: (argument & mask) == value. Kernel ints are compared in 32 bits. */
struct rule { int number, who; unsigned argument; uint64_t mask, value; };

#define EXACT UINT64_C(0xffffffff)
#define OPEN_WRITES (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY))
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* tcgetattr of newer C libraries; the C library's header names a structure that it does not define. */
#define TCGETS_TERMIOS2 _IOC(_IOC_READ, 'T', 0x2A, 44)

static const struct rule rules[] = {
	{SCMP_SYS(open), C | I, 1, OPEN_WRITES, O_RDONLY},
	{SCMP_SYS(openat), C | I, 2, OPEN_WRITES, O_RDONLY},
	{SCMP_SYS(open), S | W, 1, 0, 0},
	{SCMP_SYS(openat), S | W, 2, 0, 0},

	/* No code is made at run time. The supervisor may still load a library, before a fork. */
	{SCMP_SYS(mmap), ALL, 2, PROT_EXEC, 0},
	{SCMP_SYS(mmap2), ALL, 2, PROT_EXEC, 0},
	{SCMP_SYS(mprotect), ALL, 2, PROT_EXEC, 0},
	{SCMP_SYS(mmap), S, 2, PROT_EXEC | PROT_WRITE, PROT_EXEC},
	{SCMP_SYS(mprotect), S, 2, PROT_EXEC | PROT_WRITE, PROT_EXEC},

	/* TIOCSTI would type into a terminal; only questions are let through. */
	{SCMP_SYS(ioctl), ALL, 1, EXACT, TCGETS},
	{SCMP_SYS(ioctl), ALL, 1, EXACT, TCGETS_TERMIOS2},
	{SCMP_SYS(ioctl), ALL, 1, EXACT, FIONREAD},
	{SCMP_SYS(ioctl), ALL, 1, EXACT, TIOCGPGRP},
	/* Whose are a console's keys: its own, or a display server's? */
	{SCMP_SYS(ioctl), S | C, 1, EXACT, KDGKBMODE},
	{SCMP_SYS(ioctl), S | C, 1, EXACT, KDGETMODE},
	{SCMP_SYS(ioctl), S, 1, EXACT, FIONBIO},
	/* Of input devices everything may be asked; of what changes something, only what is its own descriptor's: no grab, no
	 * other meaning of a key, no other repetition. */
	{SCMP_SYS(ioctl), I, 1, _IOC(_IOC_DIRMASK, _IOC_TYPEMASK, 0, 0), _IOC(_IOC_READ, 'E', 0, 0)},
	{SCMP_SYS(ioctl), I, 1, EXACT, EVIOCSCLOCKID},
	{SCMP_SYS(ioctl), I, 1, EXACT, EVIOCSMASK},
	{SCMP_SYS(ioctl), I, 1, EXACT, EVIOCREVOKE},

	{SCMP_SYS(fcntl), ALL, 1, EXACT, F_GETFD},
	{SCMP_SYS(fcntl), ALL, 1, EXACT, F_SETFD},
	{SCMP_SYS(fcntl), ALL, 1, EXACT, F_GETFL},
	{SCMP_SYS(fcntl), ALL, 1, EXACT, F_SETFL},
	{SCMP_SYS(fcntl), ALL, 1, EXACT, F_DUPFD},
	{SCMP_SYS(fcntl), ALL, 1, EXACT, F_DUPFD_CLOEXEC},
	{SCMP_SYS(fcntl), S | W, 1, EXACT, F_GETLK},
	{SCMP_SYS(fcntl), S | W, 1, EXACT, F_SETLK},
	{SCMP_SYS(fcntl), S | W, 1, EXACT, F_SETLKW},
	{SCMP_SYS(fcntl), S | W, 1, EXACT, F_OFD_GETLK},
	{SCMP_SYS(fcntl), S | W, 1, EXACT, F_OFD_SETLK},
	{SCMP_SYS(fcntl), S | W, 1, EXACT, F_OFD_SETLKW},

	{SCMP_SYS(prctl), ALL, 0, EXACT, PR_SET_NAME},
	{SCMP_SYS(prctl), ALL, 0, EXACT, PR_GET_NAME},
	{SCMP_SYS(prctl), ALL, 0, EXACT, PR_GET_DUMPABLE},
	{SCMP_SYS(prctl), ALL, 0, EXACT, PR_GET_NO_NEW_PRIVS},
	{SCMP_SYS(prctl), ALL, 0, EXACT, PR_SET_TIMERSLACK},
	{SCMP_SYS(prctl), ALL, 0, EXACT, PR_CAPBSET_READ},
	{SCMP_SYS(prctl), S, 0, EXACT, PR_SET_DUMPABLE},
	{SCMP_SYS(prctl), S, 0, EXACT, PR_SET_NO_NEW_PRIVS},
	{SCMP_SYS(prctl), S, 0, EXACT, PR_SET_PDEATHSIG},
	{SCMP_SYS(prctl), S, 0, EXACT, PR_GET_SECCOMP},
	{SCMP_SYS(prctl), S, 0, EXACT, PR_SET_SECCOMP},

	/* Its own limits only; changing them (third argument not NULL) is for the time before the sandbox. */
	{SCMP_SYS(prlimit64), C | W | I, 2, UINT64_MAX, 0},
	{SCMP_SYS(prlimit64), S, 0, EXACT, 0},

	{SCMP_SYS(socket), S | I, 0, EXACT, AF_UNIX}, /* the broker's: to join the system bus again */
	{SCMP_SYS(socketpair), S, 0, EXACT, AF_UNIX},
	/* New processes, but no threads and no namespaces. */
	{SCMP_SYS(clone), S, 0, NAMESPACES | CLONE_VM | CLONE_THREAD, 0},
	/* Any one process, but not a group and not "all". */
	{SCMP_SYS(kill), S, 0, UINT64_C(0x80000000), 0},
#if ASSENT_SANITIZED
	/* The leak check at exit: a helper that shares the memory, stops the process and looks at its registers. */
	{SCMP_SYS(clone), ALL, 0, NAMESPACES | CLONE_VM | CLONE_THREAD, CLONE_VM},
	{SCMP_SYS(ptrace), ALL, 0, EXACT, PTRACE_ATTACH},
	{SCMP_SYS(ptrace), ALL, 0, EXACT, PTRACE_DETACH},
	{SCMP_SYS(ptrace), ALL, 0, EXACT, PTRACE_CONT},
	{SCMP_SYS(ptrace), ALL, 0, EXACT, PTRACE_GETREGS},
	{SCMP_SYS(ptrace), ALL, 0, EXACT, PTRACE_GETREGSET},
	{SCMP_SYS(prctl), ALL, 0, EXACT, PR_SET_DUMPABLE},
	{SCMP_SYS(prctl), ALL, 0, EXACT, PR_SET_PTRACER},
	{SCMP_SYS(prctl), ALL, 0, EXACT, PR_SET_PDEATHSIG},
	{SCMP_SYS(wait4), ALL, 0, 0, 0},
	{SCMP_SYS(getdents), ALL, 0, 0, 0},
#endif
};

/* abort() and raise() reach this process only; its id cannot change any more, since it cannot fork. */
static int permit_own_signals(scmp_filter_ctx context)
{
	uint64_t self = (uint64_t)getpid();
	int error = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1,
				     SCMP_A0(SCMP_CMP_MASKED_EQ, EXACT, self));
	if (error == 0)
		error = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
					 SCMP_A0(SCMP_CMP_MASKED_EQ, EXACT, self));
	return error;
}

static int fill(scmp_filter_ctx context, int who)
{
	int error = 0;
	for (size_t i = 0; error == 0 && i < COUNT(calls); i++)
		if (calls[i].who & who)
			error = seccomp_rule_add(context, SCMP_ACT_ALLOW, calls[i].number, 0);
	for (size_t i = 0; error == 0 && i < COUNT(rules); i++) {
		const struct rule *rule = &rules[i];
		if (!(rule->who & who))
			continue;
		struct scmp_arg_cmp compare = {.arg = rule->argument, .op = SCMP_CMP_MASKED_EQ,
					       .datum_a = rule->mask, .datum_b = rule->value};
		error = seccomp_rule_add_array(context, SCMP_ACT_ALLOW, rule->number, rule->mask ? 1 : 0, &compare);
	}
	for (size_t i = 0; error == 0 && i < COUNT(fatal); i++)
		error = seccomp_rule_add(context, SCMP_ACT_KILL_PROCESS, fatal[i], 0);
	if (error == 0 && !ASSENT_SANITIZED)
		error = seccomp_rule_add(context, SCMP_ACT_KILL_PROCESS, SCMP_SYS(ptrace), 0);
	/* Its arguments are behind a pointer that a filter cannot follow: as on a kernel that is too old for it. */
	if (error == 0)
		error = seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return error;
}

int filter_enter(enum filter filter, const char **what)
{
	int result = 0;
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!context) {
		*what = "seccomp: making the filter";
		return ERROR_MEMORY;
	}
	int error = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (error == 0)
		error = seccomp_attr_set(context, SCMP_FLTATR_CTL_TSYNC, 1);
	/* Kernels before 5.16 otherwise slow a filtered process down against code that spies on its own process
	 * from within; there is no foreign code here. */
	if (error == 0)
		error = seccomp_attr_set(context, SCMP_FLTATR_CTL_SSB, 1);
	/* A tree instead of a list: kernels before 5.11 walk it at every call. */
	if (error == 0)
		error = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (error == 0)
		error = fill(context, 1 << filter);
	if (error == 0 && filter == FILTER_SUPERVISOR)
		error = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 0);
	if (error == 0 && filter != FILTER_SUPERVISOR)
		error = permit_own_signals(context);
	if (error != 0) {
		*what = "seccomp: filling the filter";
		errno = -error;
		result = error == -ENOMEM ? ERROR_MEMORY : ERROR_IO;
		goto out;
	}
	error = seccomp_load(context);
	if (error != 0) {
		*what = "seccomp: entering the filter (does the kernel have CONFIG_SECCOMP_FILTER?)";
		errno = -error;
		result = error == -EINVAL || error == -ENOSYS ? ERROR_UNSUPPORTED : ERROR_IO;
	}
out:;
	int saved = errno;
	seccomp_release(context);
	errno = saved;
	return result;
}
