/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: connections, who may have a stream, and its end. One process, one thread, no file is ever written. */
#ifndef ASSENT_BROKER_H
#define ASSENT_BROKER_H

#include <stdbool.h>

enum { BROKER_CLIENTS = 8 };

struct broker_options {
	int listen_fd;           /* a listening SOCK_SEQPACKET socket, not blocking */
	int signal_fd;           /* readable: end */
	const char *policy;      /* path */
	bool stays;              /* does not end when it was unused for 10 s */
	bool without_logind;
};

struct broker;

/* Joins the system bus. ERROR_MEMORY; ERROR_IO: the policy's folder cannot be watched, errno. */
int broker_new(const struct broker_options *options, struct broker **b);
/* Until it is told to end, or unused. 0, or ERROR_IO: poll failed, errno. */
int broker_run(struct broker *b);
/* Tells the clients. */
void broker_free(struct broker *b);

#endif
