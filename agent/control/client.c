/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"

/* A socket's address holds 107 bytes; a longer path is reached by way of its opened folder. */
static int address(const char *path, struct sockaddr_un *a, int *folder)
{
	char parent[1024];
	const char *slash = strrchr(path, '/');
	memset(a, 0, sizeof *a);
	a->sun_family = AF_UNIX;
	*folder = -1;
	if (strlen(path) < sizeof a->sun_path) {
		memcpy(a->sun_path, path, strlen(path) + 1);
		return 0;
	}
	if (!slash || (size_t)(slash - path) >= sizeof parent)
		return ERROR_LIMIT;
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = 0;
	*folder = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*folder < 0)
		return errno == ENOENT || errno == ENOTDIR ? ERROR_GONE : ERROR_IO;
	int n = snprintf(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/%s", *folder, slash + 1);
	return n < 0 || (size_t)n >= sizeof a->sun_path ? ERROR_LIMIT : 0;
}

/* Only our own agent is believed. */
static bool is_ours(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

static int wait_for(int fd, short events, int64_t deadline_us)
{
	for (;;) {
		int64_t left = deadline_us - clock_mono_us();
		struct pollfd p = {.fd = fd, .events = events};
		int n = poll(&p, 1, left > 0 ? (int)((left + 999) / 1000) : 0);
		if (n > 0)
			return 0;
		if (n == 0)
			return ERROR_AGAIN;
		if (errno != EINTR)
			return ERROR_IO;
	}
}

static int tell(int fd, const char *request, int64_t deadline_us)
{
	char line[256];
	int n = snprintf(line, sizeof line, "%s\n", request), e;
	if (n < 0 || (size_t)n >= sizeof line)
		return ERROR_LIMIT;
	for (int done = 0; done < n;) {
		ssize_t sent = send(fd, line + done, (size_t)(n - done), MSG_NOSIGNAL);
		if (sent > 0)
			done += (int)sent;
		else if (sent < 0 && errno == EAGAIN && (e = wait_for(fd, POLLOUT, deadline_us)))
			return e;
		else if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return errno == EPIPE || errno == ECONNRESET ? ERROR_GONE : ERROR_IO;
	}
	return 0;
}

static int listen_for(int fd, char *answer, size_t size, int64_t deadline_us)
{
	for (size_t n = 0; n < size;) {
		ssize_t got = recv(fd, answer + n, size - n, 0);
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return ERROR_GONE;
		if (got < 0 && errno == EAGAIN) {
			int e = wait_for(fd, POLLIN, deadline_us);
			if (e)
				return e;
		} else if (got < 0 && errno != EINTR) {
			return ERROR_IO;
		} else if (got > 0) {
			char *end = memchr(answer + n, '\n', (size_t)got);
			if (end) {
				*end = 0;
				return 0;
			}
			n += (size_t)got;
		}
	}
	return ERROR_LIMIT;
}

static int reach(const char *socket_path, int *folder, int *fd)
{
	struct sockaddr_un a;
	int e = address(socket_path, &a, folder);
	if (e)
		return e;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return ERROR_IO;
	/* EAGAIN: its queue is full; it is there, and busy. */
	if (connect(*fd, (struct sockaddr *)&a, sizeof a))
		return errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR ? ERROR_GONE : errno == EAGAIN ? ERROR_AGAIN : ERROR_IO;
	return is_ours(*fd) ? 0 : ERROR_GONE;
}

static void leave(int folder, int fd)
{
	int saved = errno;
	if (fd >= 0)
		close(fd);
	if (folder >= 0)
		close(folder);
	errno = saved;
}

int client_peer(const char *socket_path, int *pid)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	int folder = -1, fd = -1, e = reach(socket_path, &folder, &fd);
	if (e == 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		e = ERROR_IO;
	if (e == 0)
		*pid = peer.pid;
	leave(folder, fd);
	return e;
}

int client_ask(const char *socket_path, const char *request, char *answer, size_t size, int timeout_ms)
{
	int64_t deadline_us = clock_mono_us() + (int64_t)timeout_ms * 1000;
	int folder = -1, fd = -1, e = reach(socket_path, &folder, &fd);
	if (e == 0)
		e = tell(fd, request, deadline_us);
	if (e == 0)
		e = listen_for(fd, answer, size, deadline_us);
	leave(folder, fd);
	return e;
}
