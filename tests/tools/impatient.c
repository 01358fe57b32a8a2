/* SPDX-License-Identifier: Apache-2.0 */
/* LD_PRELOAD: whoever would wait at least a minute at a terminal waits a second. */
/* Its own ppoll() and __ppoll_chk() are defined here: without the header's checked one. */
#undef _FORTIFY_SOURCE
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t length);

__attribute__((visibility("default"))) int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec t = {1, 0};
	if (timeout && timeout->tv_sec < 60)
		t = *timeout;
	return (int)syscall(SYS_ppoll, fds, count, timeout ? &t : NULL, mask, mask ? _NSIG / 8 : 0);
}

__attribute__((visibility("default"))) int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t length)
{
	(void)length;
	return ppoll(fds, count, timeout, mask);
}
