/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes on the control socket, in pieces: answered or dropped, never more. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../agent/control/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(void *user, const char *request, char *out, size_t room)
{
	(void)user;
	/* As long as an answer may be, and made of what was asked. */
	snprintf(out, room, "{\"asked\":%zu}", strlen(request));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct server s;
	int pair[2];
	memset(&s, 0, sizeof s);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair))
		return 0;
	s.fd = -1;
	s.answer = answer;
	for (int i = 0; i < SERVER_CLIENTS; i++)
		s.client[i].fd = -1;
	s.client[0].fd = pair[0];
	int64_t now = 0;
	/* The first byte says how large the pieces are. */
	size_t piece = size ? 1 + data[0] : 1;
	for (size_t at = 1; at < size && s.client[0].fd >= 0; at += piece) {
		size_t n = size - at < piece ? size - at : piece;
		if (send(pair[1], data + at, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			break;
		server_handle(&s, now += 1000);
	}
	server_handle(&s, now + SERVER_PATIENCE_US + 1);
	if (s.client[0].fd >= 0)
		__builtin_trap(); /* a silent peer was kept */
	close(pair[1]);
	return 0;
}
