/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events on the socketpair from capture to writer: rows, in messages of at most WIRE_MESSAGE_MAX
 * bytes (SOCK_SEQPACKET keeps their boundaries). Not a file format: both ends are the same build.
 *
 * A message is a run of records. The application and title are sent only when they change, so a
 * stream is decoded by one decoder from its first message on; every message can be lost only
 * whole, and the encoder is told by wire_encoder_reset to say everything again.
 */
#ifndef ASSENT_WIRE_H
#define ASSENT_WIRE_H

#include "bytes.h"
#include "../event.h"

enum { WIRE_MESSAGE_MAX = 32768, WIRE_RECORD_MAX = 640 };

enum wire_record {
	WIRE_EVENT,              /* an event */
	WIRE_DEVICE              /* ordinal and class of a device, before its first event */
};

struct wire_encoder {
	char app[EVENT_APP_MAX + 1], title[EVENT_TITLE_MAX + 1];
	bool has_app, has_title;
};

void wire_encoder_reset(struct wire_encoder *e);
/* Append one record to out. At most WIRE_RECORD_MAX bytes. */
void wire_put_event(struct wire_encoder *e, const struct event *event, struct bytes *out);
void wire_put_device(int16_t device, enum device_class klass, struct bytes *out);

struct wire_decoder {
	char app[EVENT_APP_MAX + 1], title[EVENT_TITLE_MAX + 1];
	bool has_app, has_title;
};

struct wire_item {
	enum wire_record record;
	struct event event;      /* app and title point into the decoder */
	int16_t device;
	enum device_class klass;
};

/* One record. 1: item filled; 0: the message is at its end; ERROR_CORRUPT: drop the message.
 * Checks every enum, every length, and that text, app and title are valid UTF-8 without control characters. */
int wire_get(struct wire_decoder *d, struct bytes_reader *in, struct wire_item *item);

#endif
