/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any packets between broker and agent: refused, or taken, and then what they say is in its range, was granted, and not typed
 * into a locked session. The input: a byte of what is granted, then packets, each behind its length (2 bytes).
 */
#include <stdlib.h>
#include <string.h>

#include "../../agent/source/evdev.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1 << 30 };

struct seen { struct stream_terms granted; bool begun, locked; };

static void check(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void emit(void *user, const struct raw_event *raw)
{
	struct seen *s = user;
	const struct raw_input *in = &raw->as.input;
	check(raw->mono_us >= 0 && raw->mono_us <= NOW);
	if (raw->kind == RAW_LOCK) {
		check(!s->begun || s->locked != raw->as.lock.locked);
		s->begun = true;
		s->locked = raw->as.lock.locked;
		return;
	}
	check(s->begun);
	if (raw->kind > RAW_TOUCH)
		return;
	check(!s->locked && in->device >= 0 && in->code >= 0 && in->code <= STREAM_CODE_MAX && !(in->has & HAS_POSITION) && !in->text[0]);
	switch (raw->kind) {
	case RAW_KEY:
		check(in->action <= KEY_REPEAT && in->key_class < CLASS_COUNT && s->granted.keys != DETAIL_NONE);
		check(s->granted.keys == DETAIL_CODE ? in->code > 0 : in->code >= EVDEV_PLACE);
		break;
	case RAW_SCROLL:
		check(s->granted.scroll);
		break;
	default:
		check(s->granted.pointer != POINTER_NONE && in->action <= TOUCH_END);
		break;
	}
}

/* Whatever is taken is what its writer would have written. */
static void both_ways(const uint8_t *packet, size_t length)
{
	static struct stream_record records[STREAM_RECORDS_MAX];
	static uint8_t again[STREAM_PACKET_MAX];
	struct stream_terms terms;
	enum stream_refusal why;
	int64_t now_us;
	int n = stream_get_records(packet, length, records);
	if (n > 0)
		check(stream_put_records(again, records, (size_t)n) == length && memcmp(again, packet, length) == 0);
	if (stream_get_hello(packet, length, &terms) == 0) {
		stream_put_hello(again, &terms);
		check(memcmp(again, packet, length) == 0);
	}
	if (stream_get_welcome(packet, length, &terms, &now_us) == 0) {
		stream_put_welcome(again, &terms, now_us);
		check(memcmp(again, packet, length) == 0);
	}
	if (stream_type(packet, length) == STREAM_SYNC) {
		stream_put_sync(again);
		check(length == STREAM_HEAD_SIZE && memcmp(again, packet, length) == 0);
	}
	if (stream_get_refusal(packet, length, &why) == 0)
		check(why > 0 && why < STREAM_REFUSED_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evdev_options options = { .places = true };
	struct seen seen = { 0 };
	struct evdev *e = NULL;
	bool alive = true;
	if (size < 1)
		return 0;
	seen.granted.keys = (enum detail)(data[0] % 3);
	seen.granted.pointer = (enum pointer_detail)(data[0] / 4 % 3);
	seen.granted.scroll = data[0] & 64;
	if (evdev_new(&options, &seen.granted, emit, &seen, &e))
		return 0;
	for (size_t at = 1; at + 2 <= size;) {
		size_t length = data[at] | (size_t)data[at + 1] << 8;
		at += 2;
		if (length > size - at)
			length = size - at;
		/* Exactly as long as it is, for the sanitizer. */
		uint8_t *packet = malloc(length ? length : 1);
		if (!packet)
			break;
		memcpy(packet, data + at, length);
		both_ways(packet, length);
		if (alive)
			alive = evdev_take(e, packet, length, NOW) == 0;
		free(packet);
		at += length;
	}
	evdev_close(e);
	return 0;
}
