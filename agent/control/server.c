/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../base/places.h"
#include "../error.h"

/* Through the open directory, since a socket's address holds 107 bytes only and a home may be deeper. */
static void address(int directory, const char *name, struct sockaddr_un *a)
{
	memset(a, 0, sizeof *a);
	a->sun_family = AF_UNIX;
	snprintf(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/%.64s", directory, name);
}

static int listen_at(struct server *s, const struct sockaddr_un *a)
{
	/* Somebody there? Then it is theirs. A dead one's socket refuses. */
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return ERROR_IO;
	bool taken = connect(probe, (const struct sockaddr *)a, sizeof *a) == 0 || errno == EAGAIN || errno == EINPROGRESS;
	close(probe);
	if (taken)
		return ERROR_DENIED;
	if (unlink(s->path) && errno != ENOENT)
		return ERROR_IO;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ERROR_IO;
	mode_t mask = umask(0177);
	int bound = bind(fd, (const struct sockaddr *)a, sizeof *a);
	umask(mask);
	if (bound || listen(fd, SERVER_CLIENTS)) {
		int saved = errno;
		close(fd);
		errno = saved;
		return ERROR_IO;
	}
	s->fd = fd;
	return 0;
}

int server_open(struct server *s, const char *path, server_answer *answer, void *user)
{
	memset(s, 0, sizeof *s);
	s->answer = answer;
	s->user = user;
	for (int i = 0; i < SERVER_CLIENTS; i++)
		s->client[i].fd = -1;
	s->fd = -1;
	struct sockaddr_un a;
	char directory[sizeof s->path];
	if (strlen(path) >= sizeof s->path)
		return ERROR_LIMIT;
	snprintf(s->path, sizeof s->path, "%s", path);
	snprintf(directory, sizeof directory, "%s", path);
	char *slash = strrchr(directory, '/');
	if (!slash)
		return ERROR_INVALID;
	*slash = 0;
	int error = places_make(directory);
	if (error)
		return error;
	int place = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place < 0)
		return ERROR_IO;
	address(place, slash + 1, &a);
	error = listen_at(s, &a);
	close(place);
	return error;
}

static void drop(struct server *s, int i)
{
	close(s->client[i].fd);
	s->client[i].fd = -1;
	s->client[i].length = 0;
}

void server_close(struct server *s)
{
	for (int i = 0; i < SERVER_CLIENTS; i++)
		if (s->client[i].fd >= 0)
			drop(s, i);
	if (s->fd >= 0) {
		close(s->fd);
		unlink(s->path);
	}
	s->fd = -1;
}

int server_poll(const struct server *s, struct pollfd *fds)
{
	int n = 0;
	bool full = true;
	for (int i = 0; i < SERVER_CLIENTS; i++) {
		if (s->client[i].fd >= 0)
			fds[n++] = (struct pollfd){ .fd = s->client[i].fd, .events = POLLIN };
		else
			full = false;
	}
	if (!full && s->fd >= 0 && !s->rest_until_us)
		fds[n++] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	return n;
}

int64_t server_deadline_us(const struct server *s)
{
	int64_t at = s->rest_until_us ? s->rest_until_us : INT64_MAX;
	for (int i = 0; i < SERVER_CLIENTS; i++)
		if (s->client[i].fd >= 0 && s->client[i].since_us + SERVER_PATIENCE_US < at)
			at = s->client[i].since_us + SERVER_PATIENCE_US;
	return at;
}

static void accept_all(struct server *s, int64_t now_us)
{
	for (int i = 0; i < SERVER_CLIENTS; i++) {
		if (s->client[i].fd >= 0)
			continue;
		int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		/* Who waits goes on waiting there, and poll would tell so all the time. */
		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS))
			s->rest_until_us = now_us + SERVER_REST_US;
		if (fd < 0)
			return;
		struct ucred peer;
		socklen_t size = sizeof peer;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid != getuid()) {
			close(fd);
			continue;
		}
		s->client[i].fd = fd;
		s->client[i].since_us = now_us;
		s->client[i].length = 0;
	}
}

static void read_client(struct server *s, int i, int64_t now_us)
{
	char *line = s->client[i].line;
	size_t *length = &s->client[i].length;
	ssize_t n = recv(s->client[i].fd, line + *length, SERVER_LINE_MAX - *length, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		if (now_us >= s->client[i].since_us + SERVER_PATIENCE_US)
			drop(s, i);
		return;
	}
	if (n <= 0) {
		drop(s, i);
		return;
	}
	*length += (size_t)n;
	char *end = memchr(line, '\n', *length);
	if (!end) {
		if (*length == SERVER_LINE_MAX)
			drop(s, i);
		return;
	}
	/* A request is a text: one with a zero in it would be taken for its beginning. */
	if (memchr(line, 0, (size_t)(end - line))) {
		drop(s, i);
		return;
	}
	*end = 0;
	char answer[SERVER_ANSWER_MAX];
	answer[0] = 0;
	s->answer(s->user, line, answer, sizeof answer - 1);
	size_t size = strlen(answer);
	answer[size++] = '\n';
	/* It fits any socket buffer: a peer that does not take it whole is gone. */
	ssize_t ignored = send(s->client[i].fd, answer, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)ignored;
	drop(s, i);
}

void server_handle(struct server *s, int64_t now_us)
{
	if (now_us >= s->rest_until_us) {
		s->rest_until_us = 0;
		accept_all(s, now_us);
	}
	for (int i = 0; i < SERVER_CLIENTS; i++)
		if (s->client[i].fd >= 0)
			read_client(s, i, now_us);
}
