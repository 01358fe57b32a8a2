/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection that has its stream: a bounded buffer of records, and the devices that fill it. Never waits for the client:
 * what finds no room is counted, and told as LOST where the hole is.
 */
#ifndef ASSENT_CLIENT_H
#define ASSENT_CLIENT_H

#include <sys/types.h>

#include "devices.h"
#include "seat.h"

enum {
	CLIENT_RECORDS = 4096,
	CLIENT_RESERVE = 256,            /* for what must not be missing: devices, the session's state, SYNCED */
	CLIENT_POLL_MAX = 1 + DEVICES_POLL_MAX
};

struct client {
	int fd;                          /* -1: free */
	uid_t uid;
	char seat[SEAT_NAME_MAX + 1];
	int64_t since_us;                /* connected at */
	bool served;                     /* it was welcomed */
	bool failed;                     /* the connection, or it cannot go on */
	bool blocked;                    /* the socket is full */
	struct stream_terms wanted, terms; /* terms: what was granted */
	enum stream_session state;       /* as told */
	int64_t flush_us;                /* INT64_MAX: nothing to send */
	bool unknown;                    /* of the hole: how many were lost is not known */
	int32_t dropped;                 /* 0: no hole */
	int64_t dropped_us;
	enum { CLIENT_QUIET, CLIENT_ASKED, CLIENT_ANSWERED } sync; /* ANSWERED: SYNCED is in the ring, and not sent */
	int64_t asked_us;                /* when its SYNC was read */
	int head, count;
	struct stream_record ring[CLIENT_RECORDS + CLIENT_RESERVE];
	struct devices devices;
};

/* After the hello: sends the welcome and the state. seat: as seat_devices. */
void client_serve(struct client *c, const struct stream_terms *granted, const char *seat, enum seat_state state, int64_t now_us);
/* The session's state may have changed: opens or closes devices, and tells the client. SEAT_ENDED is not for here. */
void client_state(struct client *c, enum seat_state state, int64_t now_us);
/* Closes everything; why: 0, or what to tell the client. */
void client_end(struct client *c, enum stream_refusal why);

/* As devices_poll: with the connection itself as the first. */
int client_poll(const struct client *c, struct pollfd *fds);
int64_t client_deadline_us(const struct client *c);
/* After poll(). Sets failed when the client is gone, or said anything but one SYNC at a time after its hello. */
void client_handle(struct client *c, const struct pollfd *fds, int count, int64_t now_us);

/* Sends a refusal and closes: for who never became a client. */
void client_refuse(int fd, enum stream_refusal why);

#endif
