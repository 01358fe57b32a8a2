/* SPDX-License-Identifier: Apache-2.0 */
#include "broker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../error.h"
#include "client.h"
#include "permit.h"

enum {
	IDLE_US = 10000000,
	PATIENCE_US = 5000000,           /* for a hello */
	ACCEPT_AT_ONCE = 16,
	REFUSALS_LOGGED = 20             /* a minute: anybody may connect, and the journal is not theirs to fill */
};

struct broker {
	struct broker_options options;
	struct seat *seat;
	struct client client[BROKER_CLIENTS];
	struct permit_policy policy;
	int64_t unused_us;               /* since when there is no client */
	int64_t minute_us;
	int refusals;
};

int broker_new(const struct broker_options *options, struct broker **out)
{
	struct broker *b = calloc(1, sizeof *b);
	*out = b;
	if (!b)
		return ERROR_MEMORY;
	b->options = *options;
	for (int i = 0; i < BROKER_CLIENTS; i++)
		b->client[i].fd = -1;
	int error = permit_open(&b->policy, options->policy);
	if (!error)
		error = seat_new(options->without_logind, &b->seat);
	if (error) {
		int saved = errno;
		permit_close(&b->policy);
		free(b);
		*out = NULL;
		errno = saved;
	}
	return error;
}

void broker_free(struct broker *b)
{
	if (!b)
		return;
	for (int i = 0; i < BROKER_CLIENTS; i++)
		if (b->client[i].fd >= 0)
			client_end(&b->client[i], STREAM_REFUSED_FAILED);
	seat_free(b->seat);
	permit_close(&b->policy);
	explicit_bzero(b, sizeof *b);
	free(b);
}

/* ---- Who gets a stream ------------------------------------------------------------------- */

static void log_refusal(struct broker *b, uid_t uid, enum stream_refusal why, int64_t now_us)
{
	if (now_us - b->minute_us > 60000000) {
		b->minute_us = now_us;
		b->refusals = 0;
	}
	if (b->refusals++ < REFUSALS_LOGGED)
		log_info("user %u is refused: %s", (unsigned)uid, stream_refusal_text(why));
}

/* One stream for each user and seat. */
static bool has_stream(const struct broker *b, uid_t uid, const char *seat)
{
	for (int i = 0; i < BROKER_CLIENTS; i++)
		if (b->client[i].fd >= 0 && b->client[i].uid == uid && strcmp(b->client[i].seat, seat) == 0)
			return true;
	return false;
}

static struct client *free_place(struct broker *b)
{
	for (int i = 0; i < BROKER_CLIENTS; i++)
		if (b->client[i].fd < 0)
			return &b->client[i];
	return NULL;
}

static void admit(struct broker *b, int fd, int64_t now_us)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof peer;
	char seat[SEAT_NAME_MAX + 1] = "";
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size)) {
		close(fd);
		return;
	}
	struct client *c = free_place(b);
	enum stream_refusal why = seat_admit(b->seat, peer.uid, seat);
	if (!why && has_stream(b, peer.uid, seat))
		why = STREAM_REFUSED_BUSY;
	if (!why && !c)
		why = STREAM_REFUSED_FULL;
	if (why) {
		log_refusal(b, peer.uid, why, now_us);
		client_refuse(fd, why);
		return;
	}
	memset(c, 0, sizeof *c);
	c->fd = fd;
	c->uid = peer.uid;
	c->since_us = now_us;
	memcpy(c->seat, seat, sizeof c->seat);
}

static void accept_all(struct broker *b, int64_t now_us)
{
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		int fd = accept4(b->options.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		admit(b, fd, now_us);
	}
}

static void end(struct broker *b, struct client *c, enum stream_refusal why, int64_t now_us)
{
	bool served = c->served;
	uid_t uid = c->uid;
	client_end(c, why);
	if (served)
		log_info("user %u: the stream has ended%s%s", (unsigned)uid, why ? ": " : "", why ? stream_refusal_text(why) : "");
	else if (why)
		log_refusal(b, uid, why, now_us);
}

static bool permitted(struct broker *b, const struct client *c, struct stream_terms *granted)
{
	int error = permit_terms(&b->policy, &c->wanted, granted);
	if (error && error != ERROR_DENIED)
		log_error("%s", b->policy.problem.text);
	return error == 0;
}

/* The hello is there. What holds is what holds now: the session may have changed since it connected. */
static void greet(struct broker *b, struct client *c, int64_t now_us)
{
	uint8_t packet[STREAM_CONTROL_SIZE + 1];
	struct stream_terms granted;
	ssize_t n = recv(c->fd, packet, sizeof packet, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end(b, c, 0, now_us);
		return;
	}
	int error = stream_get_hello(packet, (size_t)n, &c->wanted);
	if (error) {
		end(b, c, error == ERROR_UNSUPPORTED ? STREAM_REFUSED_VERSION : STREAM_REFUSED_HELLO, now_us);
		return;
	}
	enum seat_state state = seat_state(b->seat, c->uid, c->seat);
	if (state == SEAT_INACTIVE || state == SEAT_ENDED) {
		end(b, c, state == SEAT_INACTIVE ? STREAM_REFUSED_INACTIVE : STREAM_REFUSED_NO_SESSION, now_us);
		return;
	}
	if (!permitted(b, c, &granted)) {
		end(b, c, STREAM_REFUSED_POLICY, now_us);
		return;
	}
	log_info("user %u: a stream of %s%s begins", (unsigned)c->uid, c->seat[0] ? c->seat : "all devices",
		 granted.keys == DETAIL_CODE ? " with key codes" : granted.keys == DETAIL_CLASS ? " with classes of keys" : " without keys");
	client_serve(c, &granted, seat_devices(b->seat, c->seat), state, now_us);
}

/* ---- The loop ---------------------------------------------------------------------------- */

static void follow_sessions(struct broker *b, int64_t now_us)
{
	for (int i = 0; i < BROKER_CLIENTS; i++) {
		struct client *c = &b->client[i];
		if (c->fd < 0 || !c->served)
			continue;
		enum seat_state state = seat_state(b->seat, c->uid, c->seat);
		if (state == SEAT_ENDED) {
			/* Its devices first, and what is young stays here. */
			client_state(c, SEAT_INACTIVE, now_us);
			end(b, c, STREAM_REFUSED_ENDED, now_us);
		} else {
			client_state(c, state, now_us);
		}
	}
}

/* The policy may have become another one. Who has what it does not grant any more can ask again. */
static void follow_policy(struct broker *b, int64_t now_us)
{
	permit_handle(&b->policy);
	for (int i = 0; i < BROKER_CLIENTS; i++) {
		struct client *c = &b->client[i];
		struct stream_terms granted;
		if (c->fd >= 0 && c->served && (!permitted(b, c, &granted) || !stream_is_within(&c->terms, &granted)))
			end(b, c, STREAM_REFUSED_POLICY, now_us);
	}
}

static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t deadline_us(const struct broker *b)
{
	int64_t at = seat_deadline_us(b->seat);
	bool unused = true;
	for (int i = 0; i < BROKER_CLIENTS; i++) {
		const struct client *c = &b->client[i];
		if (c->fd < 0)
			continue;
		unused = false;
		at = sooner(at, c->served ? client_deadline_us(c) : c->since_us + PATIENCE_US);
	}
	return unused && !b->options.stays ? sooner(at, b->unused_us + IDLE_US) : at;
}

static bool is_unused(struct broker *b, int64_t now_us)
{
	for (int i = 0; i < BROKER_CLIENTS; i++)
		if (b->client[i].fd >= 0)
			b->unused_us = now_us;
	return !b->options.stays && now_us - b->unused_us >= IDLE_US;
}

static void handle_client(struct broker *b, struct client *c, const struct pollfd *fds, int count, int64_t now_us)
{
	if (!c->served) {
		if (fds[0].revents)
			greet(b, c, now_us);
		else if (now_us - c->since_us >= PATIENCE_US)
			end(b, c, STREAM_REFUSED_HELLO, now_us);
	} else {
		client_handle(c, fds, count, now_us);
	}
	if (c->fd >= 0 && c->failed)
		end(b, c, 0, now_us);
}

/* 1: go on; 0: end; ERROR_IO. */
static int step(struct broker *b)
{
	static struct pollfd fds[3 + SEAT_POLL_MAX + BROKER_CLIENTS * CLIENT_POLL_MAX];
	int first[BROKER_CLIENTS], count[BROKER_CLIENTS] = { 0 };
	int n = 3, news;

	fds[0] = (struct pollfd){ .fd = b->options.signal_fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = b->options.listen_fd, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = b->policy.inotify, .events = POLLIN };
	n += news = seat_poll(b->seat, fds + n);
	for (int i = 0; i < BROKER_CLIENTS; i++) {
		first[i] = n;
		if (b->client[i].fd >= 0)
			n += count[i] = client_poll(&b->client[i], fds + n);
	}
	int64_t at = deadline_us(b), now_us = clock_mono_us();
	struct timespec wait = { 0 };
	if (at > now_us) {
		int64_t left = at - now_us;
		wait.tv_sec = left / 1000000 < 86400 ? (time_t)(left / 1000000) : 86400;
		wait.tv_nsec = (long)(left % 1000000) * 1000;
	}
	if (ppoll(fds, (nfds_t)n, &wait, NULL) < 0)
		return errno == EINTR ? 1 : ERROR_IO;
	now_us = clock_mono_us();
	if (fds[0].revents)
		return 0;
	/* Whose session it is comes before what was typed. */
	bool seats = false;
	for (int i = 0; i < news; i++)
		seats |= fds[3 + i].revents != 0;
	if (seats || seat_deadline_us(b->seat) <= now_us) {
		seat_handle(b->seat, now_us);
		follow_sessions(b, now_us);
	}
	if (fds[2].revents)
		follow_policy(b, now_us);
	for (int i = 0; i < BROKER_CLIENTS; i++)
		if (b->client[i].fd >= 0 && count[i])
			handle_client(b, &b->client[i], fds + first[i], count[i], now_us);
	if (fds[1].revents)
		accept_all(b, now_us);
	return is_unused(b, now_us) ? 0 : 1;
}

int broker_run(struct broker *b)
{
	int r;
	b->unused_us = b->minute_us = clock_mono_us();
	while ((r = step(b)) == 1)
		;
	return r;
}
