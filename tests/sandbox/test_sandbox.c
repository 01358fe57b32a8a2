/* SPDX-License-Identifier: Apache-2.0 */
/* Each process of assentd tries, from inside its sandbox, what it must not be able to do, and what it must. */
#include <fcntl.h>
#include <limits.h>
#include <linux/input.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include <setjmp.h>
#include <cmocka.h>

#include "../../agent/base/landlock.h"
#include "../../agent/base/sandbox.h"
#include "../../agent/base/sanitizer.h"
#include "../../agent/error.h"
#include "inside.h"

static char directory[64];       /* writable by everybody, holds the file "there" */
static char there[96];

static const char *below(const char *name)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static void enter_capture(void)
{
	STEP(sandbox_begin(&what));
	STEP(sandbox_lock_memory(&what));
	STEP(sandbox_supervisor(&what)); /* capture inherits it */
	STEP(sandbox_capture(&what));
}

static void enter_writer(void)
{
	STEP(sandbox_begin(&what));
	STEP(sandbox_supervisor(&what));
	STEP(sandbox_writer(directory, &what));
}

static void enter_supervisor(void)
{
	STEP(sandbox_begin(&what));
	STEP(sandbox_supervisor(&what));
}

static void enter_inputd(void)
{
	STEP(sandbox_begin(&what));
	STEP(sandbox_lock_memory(&what));
	STEP(sandbox_inputd(&what));
}

static void *thread(void *unused) { return unused; }

/* What none of them may do, once inside. */
static void nobody_may(void)
{
	REFUSED(socket(AF_INET, SOCK_STREAM, 0));
	REFUSED(socket(AF_INET6, SOCK_DGRAM, 0));
	REFUSED(socket(AF_NETLINK, SOCK_RAW, 0));
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0));
	REFUSED(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	REFUSED(kill(-1, 0));
	pthread_t id;
	CHECK(pthread_create(&id, NULL, thread, NULL) != 0);
	REFUSED(unshare(CLONE_NEWUSER));
	REFUSED(setuid(getuid()));
	REFUSED(syscall(SYS_chroot, "/"));
	REFUSED(syscall(SYS_mount, "none", directory, "tmpfs", 0, NULL));
	REFUSED(syscall(SYS_openat2, AT_FDCWD, "/proc/self/stat", NULL, 0));
	REFUSED(syscall(SYS_io_uring_setup, 1, NULL));
	REFUSED(syscall(SYS_memfd_create, "x", 0));
	REFUSED(syscall(SYS_bpf, 0, NULL, 0));
	REFUSED(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
	REFUSED(syscall(SYS_keyctl, 0, 0));
	REFUSED(syscall(SYS_userfaultfd, 0));
	REFUSED(personality(READ_IMPLIES_EXEC));
	REFUSED(symlink("/", below("link")));
	REFUSED(mknod(below("fifo"), S_IFIFO | 0600, 0));
	REFUSED(truncate(there, 0));
	REFUSED(ioctl(STDIN_FILENO, TIOCSTI, "x"));
	CHECK(prctl(PR_GET_DUMPABLE) == 0);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	struct rlimit core;
	CHECK(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
}

/* What capture and writer may not, in addition. */
static void children_may_not(void)
{
	nobody_may();
	int pair[2];
	REFUSED(socket(AF_UNIX, SOCK_STREAM, 0));
	REFUSED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	REFUSED(fork());
	REFUSED(syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL));
	CHECK(syscall(SYS_clone3, NULL, 0) == -1 && (errno == ENOSYS || errno == EPERM));
	REFUSED(kill(getppid(), 0));
	REFUSED(kill(0, 0));
	REFUSED(syscall(SYS_tgkill, getppid(), getppid(), 0));
	REFUSED(syscall(SYS_pidfd_open, getppid(), 0));
	REFUSED(syscall(SYS_pidfd_send_signal, STDIN_FILENO, 0, NULL, 0));
	REFUSED(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	REFUSED(mprotect(page, 4096, PROT_READ | PROT_EXEC));
	struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
	REFUSED(setrlimit(RLIMIT_CORE, &more));
	REFUSED(prctl(PR_SET_SECCOMP, 2, NULL));
#if !ASSENT_SANITIZED /* its leak check does this */
	REFUSED(prctl(PR_SET_DUMPABLE, 1));
#endif
}

static int stranger, lonely; /* sockets that were open before: a TCP one, and a local one that is not connected */

static void capture_cannot(void)
{
	stranger = socket(AF_INET, SOCK_STREAM, 0);
	lonely = socket(AF_UNIX, SOCK_STREAM, 0);
	enter_capture();
	children_may_not();
	static const int writing[] = {O_WRONLY, O_RDWR, O_RDONLY | O_CREAT, O_RDONLY | O_TRUNC, O_RDONLY | O_APPEND,
				      O_WRONLY | O_CREAT | O_TRUNC, O_ACCMODE};
	for (size_t i = 0; i < sizeof writing / sizeof writing[0]; i++) {
		REFUSED(open(there, writing[i], 0600));
		REFUSED(openat(AT_FDCWD, there, writing[i], 0600));
#ifdef SYS_open
		REFUSED(syscall(SYS_open, there, writing[i], 0600));
#endif
	}
	REFUSED(open(directory, O_TMPFILE | O_RDWR, 0600));
	REFUSED(open("/dev/shm/assent-test", O_RDWR | O_CREAT, 0600));
#ifdef SYS_creat
	REFUSED(syscall(SYS_creat, below("new"), 0600));
#endif
	REFUSED(mkdir(below("new"), 0700));
	REFUSED(unlink(there));
	REFUSED(rename(there, below("new")));
	REFUSED(link(there, below("new")));
	REFUSED(chmod(there, 0600));
	REFUSED(fsync(STDERR_FILENO));
	REFUSED(flock(STDERR_FILENO, LOCK_SH | LOCK_NB));
	REFUSED(syscall(SYS_munlockall));
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	REFUSED(connect(stranger, (struct sockaddr *)&to, sizeof to));
	REFUSED(bind(stranger, (struct sockaddr *)&to, sizeof to));
	REFUSED(listen(stranger, 1));
	REFUSED(accept(stranger, NULL, NULL));
	struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/tmp/.X11-unix/X0"};
	REFUSED(connect(lonely, (struct sockaddr *)&local, sizeof local));
}

static void capture_can(void)
{
	int master, slave, pair[2], pipes[2];
	char name[64], text[PATH_MAX];
	CHECK(openpty(&master, &slave, name, NULL, NULL) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	CHECK(pipe(pipes) == 0);
	enter_capture();

	int fd = open("/proc/self/stat", O_RDONLY);
	CHECK(fd >= 0 && read(fd, text, sizeof text) > 0 && close(fd) == 0);
	/* The program and the namespace of another process of the same user. */
	snprintf(text, sizeof text, "/proc/%d/stat", (int)getppid());
	FILE *file = fopen(text, "r");
	CHECK(file && fgets(text, sizeof text, file) && fclose(file) == 0);
	if (getuid() == 0) {
		char link[64];
		snprintf(link, sizeof link, "/proc/%d/exe", (int)getppid());
		CHECK(readlink(link, text, sizeof text) > 0);
		snprintf(link, sizeof link, "/proc/%d/ns/mnt", (int)getppid());
		CHECK(readlink(link, text, sizeof text) > 0);
	}
	fd = open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	struct termios modes;
	CHECK(fd >= 0 && tcgetattr(fd, &modes) == 0 && (modes.c_lflag & ECHO) && close(fd) == 0);

	struct timespec now;
	CHECK(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
	struct pollfd wait = {.fd = pipes[0], .events = POLLIN};
	CHECK(poll(&wait, 1, 1) == 0);
	CHECK(write(pipes[1], "x", 1) == 1 && poll(&wait, 1, 1000) == 1);
	CHECK(send(pair[0], "record", 6, MSG_NOSIGNAL | MSG_DONTWAIT) == 6 && recv(pair[1], text, sizeof text, 0) == 6);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	struct itimerspec soon = {.it_value = {0, 1000000}};
	CHECK(timer >= 0 && timerfd_settime(timer, 0, &soon, NULL) == 0);
	int watch = inotify_init1(IN_CLOEXEC);
	CHECK(watch >= 0 && inotify_add_watch(watch, directory, IN_CREATE) >= 0);
	unsigned char random[16];
	CHECK(getentropy(random, sizeof random) == 0);
	struct tm calendar;
	time_t today = time(NULL);
	CHECK(localtime_r(&today, &calendar));
	char *block = malloc(300000);
	CHECK(block);
	memset(block, 1, 300000);
	char *larger = realloc(block, 600000);
	CHECK(larger && larger[299999] == 1);
	free(larger);
}

/* The broker: devices are read, and nothing about them is changed. There is no device here: what passes the filter is no such ioctl. */
static void inputd_cannot(void)
{
	static char name[64];
	int number = 1;
	enter_inputd();
	nobody_may();
	REFUSED(fork());
	REFUSED(kill(getppid(), 0));
	REFUSED(open(there, O_WRONLY));
	REFUSED(open(there, O_RDWR));
	REFUSED(open(below("new"), O_RDONLY | O_CREAT, 0600));
	REFUSED(unlink(there));
	REFUSED(mkdir(below("folder"), 0700));
	REFUSED(chmod(there, 0600));
	REFUSED(ioctl(STDIN_FILENO, EVIOCGRAB, &number));
	REFUSED(ioctl(STDIN_FILENO, EVIOCSKEYCODE, name));
	REFUSED(ioctl(STDIN_FILENO, EVIOCSKEYCODE_V2, name));
	REFUSED(ioctl(STDIN_FILENO, EVIOCSREP, name));
	REFUSED(ioctl(STDIN_FILENO, EVIOCSABS(0), name));
	REFUSED(ioctl(STDIN_FILENO, EVIOCSFF, name));
	REFUSED(ioctl(STDIN_FILENO, EVIOCRMFF, 1));
}

static void inputd_can(void)
{
	static char name[64];
	int clock = CLOCK_MONOTONIC;
	struct input_mask mask = { 0 };
	enter_inputd();
	int null = open("/dev/null", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK(null >= 0);
	CHECK(ioctl(null, EVIOCGNAME(sizeof name), name) == -1 && errno == ENOTTY);
	CHECK(ioctl(null, EVIOCGBIT(EV_KEY, sizeof name), name) == -1 && errno == ENOTTY);
	CHECK(ioctl(null, EVIOCGABS(0), name) == -1 && errno == ENOTTY);
	CHECK(ioctl(null, EVIOCSCLOCKID, &clock) == -1 && errno == ENOTTY);
	CHECK(ioctl(null, EVIOCSMASK, &mask) == -1 && errno == ENOTTY);
	CHECK(ioctl(null, EVIOCREVOKE, NULL) == -1 && errno == ENOTTY);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un nowhere = { .sun_family = AF_UNIX, .sun_path = "/nonexistent" };
	CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&nowhere, sizeof nowhere) == -1 && errno == ENOENT);
	CHECK(inotify_init1(IN_CLOEXEC) >= 0);
}

static void writer_cannot(void)
{
	enter_writer();
	children_may_not();
	REFUSED(sendto(STDERR_FILENO, "x", 1, 0, NULL, 0));
	REFUSED(chmod(there, 0600));
	REFUSED(chdir("/"));
	REFUSED(syscall(SYS_seccomp, 0, 0, NULL));
}

static void writer_stays_below(void)
{
	int abi = landlock_abi(), home = open("/", O_PATH | O_DIRECTORY);
	enter_writer();
	CHECK(abi > 0);
	REFUSED(open("/etc/passwd", O_RDONLY));
	REFUSED(openat(home, "etc/passwd", O_RDONLY));
	REFUSED(open("/tmp/assent-test-outside", O_WRONLY | O_CREAT, 0600));
	REFUSED(open("/dev/null", O_WRONLY));
	REFUSED(open("/dev/tty", O_RDWR));
	REFUSED(mkdir("/tmp/assent-test-outside", 0700));
	REFUSED(unlink("/etc/passwd"));
	CHECK(rename(there, "/tmp/assent-test-outside") == -1);
	CHECK(link(there, "/tmp/assent-test-outside") == -1);
	CHECK(link("/etc/passwd", below("stolen")) == -1);
	char up[160];
	snprintf(up, sizeof up, "%s/../assent-test-outside", directory);
	REFUSED(open(up, O_WRONLY | O_CREAT, 0600));
}

static void writer_can(void)
{
	int pair[2];
	char text[64], to[128];
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0 && write(pair[0], "record", 6) == 6);
	enter_writer();
	CHECK(recv(pair[1], text, sizeof text, 0) == 6);
	CHECK(mkdir(below("study"), 0700) == 0);
	int folder = open(below("study"), O_RDONLY | O_DIRECTORY);
	CHECK(folder >= 0);
	int fd = openat(folder, "a.part", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, "block", 5) == 5 && pwrite(fd, "B", 1, 0) == 1 && fdatasync(fd) == 0 && fsync(fd) == 0);
	CHECK(flock(fd, LOCK_EX | LOCK_NB) == 0);
	char *map = mmap(NULL, 5, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(map != MAP_FAILED && memcmp(map, "Block", 5) == 0 && munmap(map, 5) == 0);
	CHECK(ftruncate(fd, 3) == 0 && close(fd) == 0);
	CHECK(renameat(folder, "a.part", folder, "a.seg") == 0 && fsync(folder) == 0);
	snprintf(to, sizeof to, "%s/moved", directory);
	CHECK(rename(below("study/a.seg"), to) == 0);
	CHECK(unlink(to) == 0 && rmdir(below("study")) == 0);
	CHECK(write(STDERR_FILENO, "", 0) == 0);
}

static void supervisor_can(void)
{
	enter_supervisor();
	nobody_may();
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s/control", directory);
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client = socket(AF_UNIX, SOCK_STREAM, 0), pair[2];
	CHECK(server >= 0 && bind(server, (struct sockaddr *)&address, sizeof address) == 0 && listen(server, 4) == 0);
	CHECK(chmod(address.sun_path, 0600) == 0);
	CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
	int taken = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	struct ucred peer;
	socklen_t length = sizeof peer;
	CHECK(taken >= 0 && getsockopt(taken, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.pid == getpid());
	CHECK(unlink(address.sun_path) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	int status;
	CHECK(kill(child, SIGTERM) == 0 && waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGTERM);
}

/* The order of assentd: the supervisor is inside before it forks the other two. */
static void supervisor_forks(void)
{
	STEP(sandbox_begin(&what));
	STEP(sandbox_supervisor(&what));
	for (int i = 0; i < 2; i++) {
		int status;
		pid_t child = fork();
		CHECK(child >= 0);
		if (child == 0) {
			STEP(sandbox_begin(&what));
			if (i == 0) {
				STEP(sandbox_lock_memory(&what));
				STEP(sandbox_capture(&what));
			} else {
				STEP(sandbox_writer(directory, &what));
			}
			REFUSED(socket(AF_UNIX, SOCK_STREAM, 0));
			_exit(0);
		}
		CHECK(waitpid(child, &status, 0) == child && status == 0);
	}
}

static char *const nothing[] = {NULL};

static void run_program(void) { execve("/bin/true", nothing, nothing); }
static void run_descriptor(void) { syscall(SYS_execveat, STDIN_FILENO, "", nothing, nothing, AT_EMPTY_PATH); }
static void trace(void)
{
	long unused = ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
	(void)unused;
}
static void read_memory(void)
{
	char byte;
	struct iovec local = {&byte, 1}, remote = {directory, 1};
	process_vm_readv(getppid(), &local, 1, &remote, 1, 0);
}
static void write_memory(void)
{
	char byte = 0;
	struct iovec local = {&byte, 1}, remote = {directory, 1};
	process_vm_writev(getppid(), &local, 1, &remote, 1, 0);
}

static void (*enter)(void), (*deed)(void);
static void enter_and_do(void)
{
	enter();
	deed();
}

static void capture_aborts(void)
{
	enter_capture();
	signal(SIGABRT, SIG_DFL);
	abort();
}

#if ASSENT_SANITIZED
/* A sandbox in which the leak check cannot work would make it fail, or worse, find nothing. */
static void exit_clean(void)
{
	enter();
	exit(0);
}

/* Several, and in a function of its own: a register or the stack may still hold the last. */
static __attribute__((noinline)) void leak(void)
{
	for (int i = 0; i < 16; i++) {
		void *volatile lost = malloc(77);
		CHECK(lost);
	}
}

static void exit_leaking(void)
{
	signal(SIGPIPE, SIG_IGN); /* the symbolizer that it wants to run is killed */
	int null = open("/dev/null", O_RDWR); /* its report is not a failure of this test */
	enter();
	leak();
	dup2(null, STDERR_FILENO);
	exit(0);
}
#endif

/* ---- The tests --------------------------------------------------------------------------- */

static void check(void (*body)(void))
{
	assert_true(ended_well(inside(AS_IS, body)));
	assert_true(ended_well(inside(AS_USER, body)));
}

static void test_capture_cannot(void **state) { (void)state; check(capture_cannot); }
static void test_capture_can(void **state) { (void)state; check(capture_can); }
static void test_inputd_cannot(void **state) { (void)state; check(inputd_cannot); }
static void test_inputd_can(void **state) { (void)state; check(inputd_can); }
static void test_writer_cannot(void **state) { (void)state; check(writer_cannot); }
static void test_writer_can(void **state) { (void)state; check(writer_can); }
static void test_supervisor(void **state) { (void)state; check(supervisor_can); }
static void test_supervisor_forks(void **state) { (void)state; check(supervisor_forks); }

static void test_writer_stays_below(void **state)
{
	(void)state;
	if (landlock_abi() == 0) {
		print_message("this kernel has no Landlock\n");
		skip();
	}
	check(writer_stays_below);
}

static void test_fatal(void **state)
{
	(void)state;
	static void (*const enters[])(void) = {enter_supervisor, enter_capture, enter_writer, enter_inputd};
	static void (*const deeds[])(void) = {run_program, run_descriptor, read_memory, write_memory, trace};
	int count = ASSENT_SANITIZED ? 4 : 5; /* the leak check may trace: refused with EPERM then, for all else */
	for (int e = 0; e < 4; e++)
		for (int d = 0; d < count; d++) {
			enter = enters[e];
			deed = deeds[d];
			assert_true(died_of(inside(AS_IS, enter_and_do), SIGSYS));
			assert_true(died_of(inside(AS_USER, enter_and_do), SIGSYS));
		}
}

static void test_abort(void **state)
{
	(void)state;
	assert_true(died_of(inside(AS_USER, capture_aborts), SIGABRT));
}

#if ASSENT_SANITIZED
static void test_leak_check(void **state)
{
	(void)state;
	static void (*const enters[])(void) = {enter_supervisor, enter_capture, enter_writer, enter_inputd};
	for (int e = 0; e < 4; e++) {
		enter = enters[e];
		assert_true(ended_well(inside(AS_USER, exit_clean)));
		int status = inside(AS_USER, exit_leaking);
		assert_false(ended_well(status));
		assert_true(WIFEXITED(status)); /* found, not killed by the filter */
	}
}
#endif

static int setup(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/assent-sandbox-XXXXXX");
	if (!mkdtemp(directory) || chmod(directory, 0777) != 0)
		return -1;
	snprintf(there, sizeof there, "%s/there", directory);
	int fd = open(there, O_WRONLY | O_CREAT, 0666);
	if (fd < 0)
		return -1;
	close(fd);
	print_message("%s\n", sandbox_features());
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	struct stat st;
	int kept = stat(there, &st); /* nobody could remove it */
	unlink(there);
	return rmdir(directory) != 0 || kept != 0 ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capture_cannot), cmocka_unit_test(test_capture_can),
		cmocka_unit_test(test_writer_cannot), cmocka_unit_test(test_writer_can),
		cmocka_unit_test(test_inputd_cannot), cmocka_unit_test(test_inputd_can),
		cmocka_unit_test(test_writer_stays_below), cmocka_unit_test(test_supervisor),
		cmocka_unit_test(test_supervisor_forks), cmocka_unit_test(test_fatal), cmocka_unit_test(test_abort),
#if ASSENT_SANITIZED
		cmocka_unit_test(test_leak_check),
#endif
	};
	return cmocka_run_group_tests_name("sandbox", tests, setup, teardown);
}
