/* SPDX-License-Identifier: Apache-2.0 */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../error.h"
#include "sanitizer.h"

/* The numbers of the kernel's interface, here rather than from <linux/landlock.h>: the header of the machine that
 * builds is often older than the kernel of the machine that runs. The calls have one number everywhere. */
enum { CALL_CREATE = 444, CALL_ADD = 445, CALL_RESTRICT = 446, QUERY_VERSION = 1, RULE_PATH_BENEATH = 1 };

#define EXECUTE (UINT64_C(1) << 0)
#define WRITE_FILE (UINT64_C(1) << 1)
#define READ_FILE (UINT64_C(1) << 2)
#define READ_DIR (UINT64_C(1) << 3)
#define REMOVE_DIR (UINT64_C(1) << 4)
#define REMOVE_FILE (UINT64_C(1) << 5)
#define MAKE_DIR (UINT64_C(1) << 7)
#define MAKE_REG (UINT64_C(1) << 8)
#define ALL_OF_ABI1 ((UINT64_C(1) << 13) - 1)
#define REFER (UINT64_C(1) << 13)
#define TRUNCATE (UINT64_C(1) << 14)
#define IOCTL_DEV (UINT64_C(1) << 15)
#define NET_BIND_CONNECT UINT64_C(3)
#define SCOPE_ABSTRACT_SIGNAL UINT64_C(3)

struct ruleset { uint64_t fs, net, scoped; };
struct beneath { uint64_t allowed; int32_t parent; } __attribute__((packed));

int landlock_abi(void)
{
	/* Asking for the version cannot fail in a kernel that has it; EPERM comes from a container's filter. */
	long abi = syscall(CALL_CREATE, NULL, (size_t)0, QUERY_VERSION);
	return abi > 0 ? (int)abi : 0;
}

static int permit(int ruleset, const char *path, uint64_t allowed)
{
	struct beneath rule = {.allowed = allowed};
	int result = 0;
	rule.parent = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.parent < 0)
		return ERROR_IO;
	if (syscall(CALL_ADD, ruleset, RULE_PATH_BENEATH, &rule, 0) != 0)
		result = ERROR_IO;
	int saved = errno;
	close(rule.parent);
	errno = saved;
	return result;
}

int landlock_only(const char *directory, const char *also, const char **what)
{
	int abi = landlock_abi();
	if (abi == 0)
		return 0;

	struct ruleset rules = {.fs = ALL_OF_ABI1};
	uint64_t mine = WRITE_FILE | READ_FILE | READ_DIR | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG;
	if (abi >= 2) {
		rules.fs |= REFER;
		mine |= REFER;
	}
	if (abi >= 3) {
		rules.fs |= TRUNCATE;
		mine |= TRUNCATE;
	}
	if (abi >= 4)
		rules.net = NET_BIND_CONNECT;
	if (abi >= 5)
		rules.fs |= IOCTL_DEV;
	if (abi >= 6)
		rules.scoped = SCOPE_ABSTRACT_SIGNAL;

	/* A kernel takes a longer structure than it knows when the rest is zeros, which it is. */
	int result = 0;
	int fd = (int)syscall(CALL_CREATE, &rules, sizeof rules, 0);
	if (fd < 0) {
		*what = "Landlock: making the rule set";
		return ERROR_IO;
	}
	result = permit(fd, directory, mine);
	if (result == 0 && also)
		result = permit(fd, also, mine);
	if (result == 0 && ASSENT_SANITIZED)
		result = permit(fd, "/proc", READ_FILE | READ_DIR); /* the leak check reads its own maps */
	if (result != 0) {
		*what = "Landlock: permitting the data directory";
		goto out;
	}
	if (syscall(CALL_RESTRICT, fd, 0) != 0) {
		*what = "Landlock: entering";
		result = ERROR_IO;
	}
out:;
	int saved = errno;
	close(fd);
	errno = saved;
	return result;
}
