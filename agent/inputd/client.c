/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"

enum {
	/* Together they cost less, and what turns out to be of a locked or left session can still be kept back. */
	HOLD_US = 10000,
	/* Before it is known that the session was locked or left: where the other user's first keys would be. */
	GRACE_US = 50000,
	RING = CLIENT_RECORDS + CLIENT_RESERVE
};

/* ---- The buffer -------------------------------------------------------------------------- */

static struct stream_record *at(struct client *c, int i)
{
	return &c->ring[(c->head + i) % RING];
}

static void put(struct client *c, const struct stream_record *r)
{
	if (c->count == RING) {
		/* Devices came and went hundreds of times while nobody read. */
		c->failed = true;
		return;
	}
	*at(c, c->count++) = *r;
}

static void put_lost(struct client *c, int32_t count, int64_t at_us)
{
	struct stream_record r = { .mono_us = at_us, .device = -1, .kind = STREAM_LOST, .x = count };
	put(c, &r);
}

static void put_state(struct client *c, enum stream_session state, int64_t now_us)
{
	struct stream_record r = { .mono_us = now_us, .device = -1, .kind = STREAM_SESSION, .action = (uint8_t)state };
	c->state = state;
	put(c, &r);
}

/* Of the two that a record has, the client gets what it was granted. */
static struct stream_record as_granted(const struct client *c, const struct stream_record *r)
{
	struct stream_record out = *r;
	if (out.kind == STREAM_KEY && c->terms.keys < DETAIL_CODE)
		out.code = 0;
	else if (out.kind == STREAM_KEY)
		out.x = 0;
	return out;
}

static void drop(struct client *c, const struct stream_record *r)
{
	if (c->dropped < INT32_MAX)
		c->dropped++;
	c->dropped_us = r->mono_us;
	c->unknown |= r->kind == STREAM_LOST;
}

static void take(void *user, struct decode *d, const struct stream_record *r)
{
	struct client *c = user;
	if (r->kind != STREAM_DEVICE && (c->dropped || c->count >= CLIENT_RECORDS)) {
		drop(c, r);
		return;
	}
	struct stream_record out = as_granted(c, r);
	put(c, &out);
	if (d)
		decode_told(d, r);
}

/* There is room again: the hole, then what changed in it. */
static void mend(struct client *c, int64_t now_us)
{
	if (!c->dropped || c->count > CLIENT_RECORDS / 2)
		return;
	devices_settle(&c->devices);
	put_lost(c, c->unknown ? -1 : c->dropped, c->dropped_us);
	c->dropped = 0;
	c->unknown = false;
	devices_mend(&c->devices, now_us);
}

static void flush(struct client *c)
{
	uint8_t packet[STREAM_PACKET_MAX];
	struct stream_record run[STREAM_RECORDS_MAX];
	c->blocked = false;
	while (c->count > 0 && !c->failed && !c->blocked) {
		int n = c->count < STREAM_RECORDS_MAX ? c->count : STREAM_RECORDS_MAX;
		for (int i = 0; i < n; i++)
			run[i] = *at(c, i);
		size_t length = stream_put_records(packet, run, (size_t)n);
		if (send(c->fd, packet, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			c->blocked = errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
			c->failed = !c->blocked;
			break;
		}
		for (int i = 0; i < n; i++) {
			if (run[i].kind == STREAM_SYNCED)
				c->sync = CLIENT_QUIET;
			explicit_bzero(at(c, i), sizeof c->ring[0]);
		}
		c->head = (c->head + n) % RING;
		c->count -= n;
	}
	explicit_bzero(packet, sizeof packet);
	explicit_bzero(run, sizeof run);
	c->flush_us = INT64_MAX;
}

/* ---- The session's state ----------------------------------------------------------------- */

/* What was not sent and is that young may have been typed into the locker, or by another user. */
static void keep_back(struct client *c, bool forgot, int64_t now_us)
{
	int kept = 0;
	for (int i = 0; i < c->count; i++) {
		struct stream_record *r = at(c, i);
		bool input = r->kind != STREAM_DEVICE && r->kind != STREAM_SESSION && r->kind != STREAM_LOST && r->kind != STREAM_SYNCED;
		if (input && r->mono_us >= now_us - GRACE_US) {
			forgot = true;
			continue;
		}
		*at(c, kept++) = *r;
	}
	for (int i = kept; i < c->count; i++)
		explicit_bzero(at(c, i), sizeof c->ring[0]);
	c->count = kept;
	/* How many keys that were is not for the client to know. */
	forgot |= c->dropped && c->dropped_us >= now_us - GRACE_US;
	if (forgot || c->dropped)
		put_lost(c, forgot || c->unknown ? -1 : c->dropped, now_us);
	c->dropped = 0;
	c->unknown = false;
}

static enum stream_session told_as(enum seat_state state)
{
	return state == SEAT_OPEN ? STREAM_SESSION_OPEN : state == SEAT_LOCKED ? STREAM_SESSION_LOCKED : STREAM_SESSION_INACTIVE;
}

static void open_devices(struct client *c, int64_t now_us)
{
	put_state(c, STREAM_SESSION_OPEN, now_us);
	if (devices_open(&c->devices, now_us)) {
		log_error("%s cannot be watched: %s", node_directory(), strerror(errno));
		c->failed = true;
	}
}

void client_state(struct client *c, enum seat_state seat, int64_t now_us)
{
	enum stream_session state = told_as(seat);
	if (state == c->state)
		return;
	if (c->state == STREAM_SESSION_OPEN) {
		/* First of all: no device is open from here on. */
		bool forgot = devices_close(&c->devices);
		keep_back(c, forgot, now_us);
		log_info("user %u: %s: the devices are closed", (unsigned)c->uid,
			 state == STREAM_SESSION_LOCKED ? "the session is locked" : "another session is active");
	}
	if (state == STREAM_SESSION_OPEN) {
		log_info("user %u: the session is active: the devices are open", (unsigned)c->uid);
		open_devices(c, now_us);
	} else {
		put_state(c, state, now_us);
	}
	flush(c);
}

void client_serve(struct client *c, const struct stream_terms *granted, const char *seat, enum seat_state state, int64_t now_us)
{
	uint8_t welcome[STREAM_CONTROL_SIZE];
	c->served = true;
	c->terms = *granted;
	c->flush_us = INT64_MAX;
	devices_init(&c->devices, seat, granted, take, c);
	stream_put_welcome(welcome, granted, clock_mono_us());
	if (send(c->fd, welcome, sizeof welcome, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		c->failed = true;
	else if (state == SEAT_OPEN)
		open_devices(c, now_us);
	else
		put_state(c, told_as(state), now_us);
	flush(c);
}

void client_refuse(int fd, enum stream_refusal why)
{
	uint8_t packet[STREAM_CONTROL_SIZE];
	stream_put_refusal(packet, why);
	ssize_t ignored = send(fd, packet, sizeof packet, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* What it said and nobody read would make its end a reset, before it has read why. */
	while (recv(fd, packet, sizeof packet, MSG_DONTWAIT) > 0)
		;
	(void)ignored;
	close(fd);
}

void client_end(struct client *c, enum stream_refusal why)
{
	if (c->served)
		devices_release(&c->devices);
	if (why && !c->failed && c->served)
		flush(c);
	if (why)
		client_refuse(c->fd, why);
	else
		close(c->fd);
	explicit_bzero(c, sizeof *c);
	c->fd = -1;
}

/* ---- A client that wants all there is ---------------------------------------------------- */

/* One turn of the loop after it was heard. While the socket is full, or a hole is not told, it has to wait. */
static void answer(struct client *c, int64_t now_us)
{
	struct stream_record r = { .mono_us = c->asked_us, .device = -1, .kind = STREAM_SYNCED };
	if (c->blocked)
		return;
	flush(c);
	mend(c, now_us);
	if (c->dropped || c->blocked || c->failed)
		return;
	put(c, &r);
	c->sync = CLIENT_ANSWERED;
	flush(c);
}

/* All that it may say after its hello: it asks, once at a time. */
static void hear(struct client *c, int64_t now_us)
{
	uint8_t packet[STREAM_HEAD_SIZE + 1];
	ssize_t n = recv(c->fd, packet, sizeof packet, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || stream_type(packet, (size_t)n) != STREAM_SYNC || c->sync != CLIENT_QUIET) {
		c->failed = true;
		return;
	}
	c->sync = CLIENT_ASKED;
	c->asked_us = clock_mono_us();
	devices_sync(&c->devices);
	if (c->state != STREAM_SESSION_OPEN)
		answer(c, now_us);
}

/* ---- The loop's side --------------------------------------------------------------------- */

int client_poll(const struct client *c, struct pollfd *fds)
{
	fds[0] = (struct pollfd){ .fd = c->fd, .events = (short)(POLLIN | (c->blocked ? POLLOUT : 0)) };
	return 1 + (c->served ? devices_poll(&c->devices, fds + 1) : 0);
}

int64_t client_deadline_us(const struct client *c)
{
	int64_t at_us = c->sync == CLIENT_ASKED && !c->blocked ? 0 : devices_deadline_us(&c->devices);
	return c->flush_us < at_us ? c->flush_us : at_us;
}

void client_handle(struct client *c, const struct pollfd *fds, int count, int64_t now_us)
{
	bool asked = c->sync == CLIENT_ASKED;
	if (fds[0].revents & POLLOUT)
		flush(c);
	if (fds[0].revents & (POLLIN | POLLERR | POLLHUP))
		hear(c, now_us);
	if (c->failed)
		return;
	/* Nothing goes out in the turn in which it was read: first comes another look at whose session it is. */
	if (asked)
		answer(c, now_us);
	else if (c->flush_us <= now_us)
		flush(c);
	devices_handle(&c->devices, fds + 1, count - 1, now_us);
	mend(c, now_us);
	if (c->count >= STREAM_RECORDS_MAX && !c->blocked)
		c->flush_us = now_us;
	else if (c->count > 0 && !c->blocked && c->flush_us == INT64_MAX)
		c->flush_us = now_us + HOLD_US;
}
