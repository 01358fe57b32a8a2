/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of sway's IPC (sway-ipc(7)): a magic word, length and type in this machine's order, JSON. */
#ifndef ASSENT_SWAY_WIRE_H
#define ASSENT_SWAY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SWAY_HEADER = 14,
	SWAY_MESSAGE_MAX = 4 << 20       /* bytes of JSON; sway itself keeps no more for one client */
};

/* As sway numbers them. An answer has its question's. */
enum sway_type {
	SWAY_SUBSCRIBE = 2, SWAY_GET_OUTPUTS = 3, SWAY_GET_TREE = 4, SWAY_SYNC = 11, SWAY_GET_SEATS = 101,
	SWAY_EVENT = INT32_MIN, SWAY_EVENT_WORKSPACE = SWAY_EVENT, SWAY_EVENT_WINDOW = SWAY_EVENT + 3,
	SWAY_EVENT_SHUTDOWN = SWAY_EVENT + 6, SWAY_EVENT_INPUT = SWAY_EVENT + 21
};

/* What has been read and not yet been taken. Zeroed it is empty. At most SWAY_MESSAGE_MAX and 16 KiB are held, and 16 KiB again when that was taken. */
struct sway_wire {
	char *data;
	size_t taken, used, room;
};

void sway_wire_release(struct sway_wire *w);
/* Where to read to next: at least 4 KiB. ERROR_MEMORY. */
int sway_wire_room(struct sway_wire *w, char **at, size_t *size);
void sway_wire_add(struct sway_wire *w, size_t n);
/* The next whole message. 1: there is one, *json until the next call on w; 0: not yet; ERROR_CORRUPT, ERROR_LIMIT. */
int sway_wire_take(struct sway_wire *w, enum sway_type *type, const char **json, size_t *length);
/* A whole message is there. */
bool sway_wire_has(const struct sway_wire *w);

void sway_wire_header(char out[SWAY_HEADER], enum sway_type type, size_t length);

#endif
