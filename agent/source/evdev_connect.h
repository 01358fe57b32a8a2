/* SPDX-License-Identifier: Apache-2.0 */
/* How the agent comes to a stream of the broker's: connection, hello, answer. */
#ifndef ASSENT_EVDEV_CONNECT_H
#define ASSENT_EVDEV_CONNECT_H

#include <sys/types.h>

#include "../base/stream.h"

/* As evdev_open, which it is a part of: *fd is the connection, after the welcome. */
int evdev_connect(const char *path, const struct stream_terms *wanted, struct stream_terms *granted, int *fd, const char **what,
		  const char **remedy, enum stream_refusal *refusal);

/* One packet: its length; 0: the end; -1 and errno (EAGAIN: none now). */
ssize_t evdev_receive(int fd, uint8_t *packet, size_t size);

#endif
