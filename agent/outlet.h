/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture's end of the pipe to the writer. Never blocks: while the writer is behind, messages wait up to
 * OUTLET_PENDING_MAX bytes; after that events are dropped and counted, and a gap says so as soon as there is room again.
 */
#ifndef ASSENT_OUTLET_H
#define ASSENT_OUTLET_H

#include "format/wire.h"

enum { OUTLET_PENDING_MAX = 1 << 20 };

struct outlet {
	int fd;
	struct wire_encoder encoder;
	struct bytes message;             /* being filled */
	struct bytes pending;             /* whole messages, each after its length (u16) */
	size_t sent;                      /* of pending */
	int32_t lost;
	struct event first_lost;
	int64_t last_lost_us;
};

void outlet_init(struct outlet *o, int fd);
void outlet_release(struct outlet *o);
/* Takes an event (redact_keep's form: user is the outlet). */
void outlet_keep(void *outlet, const struct event *event);
void outlet_device(struct outlet *o, int16_t device, enum device_class klass);
/* Sends what it can. 1: wait for POLLOUT; 0: nothing waits; ERROR_GONE: the writer is gone. */
int outlet_flush(struct outlet *o);

#endif
