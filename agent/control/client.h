/* SPDX-License-Identifier: Apache-2.0 */
/* The command's end of the control socket. Protocol: one line to the agent ("status", "sync"), one line of JSON back. */
#ifndef ASSENT_CLIENT_H
#define ASSENT_CLIENT_H

#include <stddef.h>

/* Sends request, waits up to timeout_ms for the answer (without its newline). ERROR_GONE: no agent is running;
 * ERROR_AGAIN: it did not answer in time; ERROR_LIMIT: answer longer than size. */
int client_ask(const char *socket_path, const char *request, char *answer, size_t size, int timeout_ms);

/* The process that listens there, also if it does not answer (it was stopped). ERROR_GONE: none; ERROR_AGAIN, ERROR_IO: it cannot be told. */
int client_peer(const char *socket_path, int *pid);

#endif
