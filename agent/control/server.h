/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's end of the control socket: SOCK_STREAM at a path of mode 0600, peers of another uid are refused
 * (SO_PEERCRED). One request line a connection, of at most SERVER_LINE_MAX bytes, one line of JSON back. A peer that is
 * slow, silent or many is cut off after SERVER_PATIENCE_US; the agent never waits for one.
 */
#ifndef ASSENT_SERVER_H
#define ASSENT_SERVER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SERVER_CLIENTS = 8, SERVER_LINE_MAX = 256, SERVER_ANSWER_MAX = 12288, SERVER_PATIENCE_US = 2000000, SERVER_REST_US = 200000 };

/* Writes the answer to request (no newline in either) into answer. */
typedef void server_answer(void *user, const char *request, char *answer, size_t size);

struct server {
	int fd;
	int64_t rest_until_us;            /* mono: no descriptor is to be had; until then nobody is listened for */
	char path[1024];
	server_answer *answer;
	void *user;
	struct { int fd; int64_t since_us; size_t length; char line[SERVER_LINE_MAX]; } client[SERVER_CLIENTS];
};

/* Makes the socket and its directory (0700). A socket that nobody answers on is replaced; ERROR_DENIED: an agent is
 * running already; ERROR_IO. */
int server_open(struct server *s, const char *path, server_answer *answer, void *user);
void server_close(struct server *s);
/* For poll(): fills up to 1 + SERVER_CLIENTS entries, returns how many. */
int server_poll(const struct server *s, struct pollfd *fds);
/* mono µs by which server_handle must be called without events, or INT64_MAX. */
int64_t server_deadline_us(const struct server *s);
void server_handle(struct server *s, int64_t now_us);

#endif
