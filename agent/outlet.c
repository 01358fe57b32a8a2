/* SPDX-License-Identifier: Apache-2.0 */
#include "outlet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "error.h"

void outlet_init(struct outlet *o, int fd)
{
	memset(o, 0, sizeof *o);
	o->fd = fd;
	wire_encoder_reset(&o->encoder);
}

void outlet_release(struct outlet *o)
{
	bytes_release(&o->message);
	bytes_release(&o->pending);
}

static void seal(struct outlet *o)
{
	if (!o->message.length)
		return;
	if (o->sent > OUTLET_PENDING_MAX / 4) {
		/* The writer takes some, never all: keep only what it has not. */
		o->pending.length -= o->sent;
		memmove(o->pending.data, o->pending.data + o->sent, o->pending.length);
		o->sent = 0;
	}
	bytes_put_u16(&o->pending, (uint16_t)o->message.length);
	bytes_put(&o->pending, o->message.data, o->message.length);
	bytes_clear(&o->message);
}

static bool room(const struct outlet *o, size_t limit)
{
	return o->pending.length - o->sent + o->message.length + WIRE_RECORD_MAX <= limit;
}

/* Sends what the socket takes. */
static int send_pending(struct outlet *o)
{
	while (o->sent < o->pending.length) {
		const uint8_t *at = o->pending.data + o->sent;
		size_t length = (size_t)at[0] | (size_t)at[1] << 8;
		ssize_t n = send(o->fd, at + 2, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS))
			return 1;
		if (n < 0)
			return ERROR_GONE;
		o->sent += 2 + length;
	}
	bytes_clear(&o->pending);
	o->sent = 0;
	return 0;
}

static void put(struct outlet *o, const struct event *event)
{
	if (o->message.length + WIRE_RECORD_MAX > WIRE_MESSAGE_MAX) {
		seal(o);
		send_pending(o);
	}
	wire_put_event(&o->encoder, event, &o->message);
}

static void put_gap(struct outlet *o)
{
	struct event gap = { .kind = EVENT_GAP, .mono_us = o->first_lost.mono_us, .t_us = o->first_lost.t_us,
			     .end_us = o->last_lost_us, .lost = o->lost, .reason = REASON_OVERFLOW,
			     .has = HAS_REASON | HAS_END | HAS_LOST };
	if (gap.end_us < gap.t_us)
		gap.end_us = gap.t_us;
	o->lost = 0;
	put(o, &gap);
}

/* Input and focus come by the thousand; spans, gaps, clocks, start and stop are few, and say what the rest means. */
static bool may_be_lost(const struct event *event)
{
	return event->kind <= EVENT_FOCUS;
}

void outlet_keep(void *outlet, const struct event *event)
{
	struct outlet *o = outlet;
	/* After a loss go on only when half is free again: one gap, not one per event. */
	if (o->lost && (room(o, OUTLET_PENDING_MAX / 2) || !may_be_lost(event)))
		put_gap(o);
	if (may_be_lost(event) && (o->lost || !room(o, OUTLET_PENDING_MAX))) {
		if (!o->lost)
			o->first_lost = *event;
		if (o->lost < INT32_MAX)
			o->lost++;
		o->last_lost_us = event->t_us;
		return;
	}
	put(o, event);
}

void outlet_device(struct outlet *o, int16_t device, enum device_class klass)
{
	if (o->message.length + WIRE_RECORD_MAX > WIRE_MESSAGE_MAX)
		seal(o);
	wire_put_device(device, klass, &o->message);
}

int outlet_flush(struct outlet *o)
{
	if (o->lost && room(o, OUTLET_PENDING_MAX / 2))
		put_gap(o);
	seal(o);
	if (o->message.failed || o->pending.failed)
		return ERROR_MEMORY;
	int waiting = send_pending(o);
	if (waiting)
		return waiting;
	if (o->lost) {
		put_gap(o);
		return outlet_flush(o);
	}
	return 0;
}
