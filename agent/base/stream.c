/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <string.h>

#include "../error.h"

enum {
	COORDINATE_MAX = 1 << 30,
	SCROLL_MAX = INT16_MAX
};

/* Far beyond any uptime, and small enough that sums with it never overflow. */
#define TIME_MAX (INT64_C(1) << 53)

static void put(uint8_t *at, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *at, int bytes)
{
	uint64_t value = 0;
	for (int i = 0; i < bytes; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

static void put_head(uint8_t *out, enum stream_type type, size_t count)
{
	put(out, STREAM_MAGIC, 4);
	out[4] = STREAM_VERSION;
	out[5] = (uint8_t)type;
	put(out + 6, count, 2);
}

static void put_terms(uint8_t *out, enum stream_type type, const struct stream_terms *terms)
{
	memset(out, 0, STREAM_CONTROL_SIZE);
	put_head(out, type, 0);
	out[8] = (uint8_t)terms->keys;
	out[9] = (uint8_t)terms->pointer;
	out[10] = terms->scroll;
}

void stream_put_hello(uint8_t out[STREAM_CONTROL_SIZE], const struct stream_terms *terms)
{
	put_terms(out, STREAM_HELLO, terms);
}

void stream_put_welcome(uint8_t out[STREAM_CONTROL_SIZE], const struct stream_terms *terms, int64_t now_us)
{
	put_terms(out, STREAM_WELCOME, terms);
	put(out + 16, (uint64_t)now_us, 8);
}

void stream_put_refusal(uint8_t out[STREAM_CONTROL_SIZE], enum stream_refusal why)
{
	memset(out, 0, STREAM_CONTROL_SIZE);
	put_head(out, STREAM_REFUSAL, 0);
	out[8] = (uint8_t)why;
}

void stream_put_sync(uint8_t out[STREAM_HEAD_SIZE])
{
	put_head(out, STREAM_SYNC, 0);
}

size_t stream_put_records(uint8_t out[STREAM_PACKET_MAX], const struct stream_record *records, size_t count)
{
	uint8_t *at = out + STREAM_HEAD_SIZE;
	put_head(out, STREAM_RECORDS, count);
	for (size_t i = 0; i < count; i++, at += STREAM_RECORD_SIZE) {
		const struct stream_record *r = &records[i];
		put(at, (uint64_t)r->mono_us, 8);
		put(at + 8, (uint32_t)r->x, 4);
		put(at + 12, (uint32_t)r->y, 4);
		put(at + 16, (uint16_t)r->device, 2);
		put(at + 18, (uint16_t)r->code, 2);
		at[20] = r->kind;
		at[21] = r->action;
		at[22] = r->klass;
		at[23] = r->flags;
	}
	return (size_t)(at - out);
}

int stream_type(const uint8_t *packet, size_t length)
{
	if (length < STREAM_HEAD_SIZE || get(packet, 4) != STREAM_MAGIC)
		return ERROR_CORRUPT;
	unsigned type = packet[5];
	size_t count = (size_t)get(packet + 6, 2);
	if (type == STREAM_REFUSAL && length == STREAM_CONTROL_SIZE && count == 0)
		return STREAM_REFUSAL;
	if (packet[4] != STREAM_VERSION)
		return ERROR_UNSUPPORTED;
	if (type == STREAM_HELLO || type == STREAM_WELCOME)
		return length == STREAM_CONTROL_SIZE && count == 0 ? (int)type : ERROR_CORRUPT;
	if (type == STREAM_SYNC)
		return length == STREAM_HEAD_SIZE && count == 0 ? STREAM_SYNC : ERROR_CORRUPT;
	if (type != STREAM_RECORDS || count < 1 || count > STREAM_RECORDS_MAX ||
	    length != STREAM_HEAD_SIZE + count * STREAM_RECORD_SIZE)
		return ERROR_CORRUPT;
	return STREAM_RECORDS;
}

static bool is_zero(const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at[i])
			return false;
	return true;
}

static int expect(const uint8_t *packet, size_t length, enum stream_type type)
{
	int found = stream_type(packet, length);
	return found < 0 ? found : found == (int)type ? 0 : ERROR_CORRUPT;
}

static int get_terms(const uint8_t *packet, struct stream_terms *terms)
{
	if (packet[8] > DETAIL_CODE || packet[9] > POINTER_FULL || packet[10] > 1 || !is_zero(packet + 11, 5))
		return ERROR_CORRUPT;
	terms->keys = (enum detail)packet[8];
	terms->pointer = (enum pointer_detail)packet[9];
	terms->scroll = packet[10];
	return 0;
}

int stream_get_hello(const uint8_t *packet, size_t length, struct stream_terms *terms)
{
	int e = expect(packet, length, STREAM_HELLO);
	if (e == 0 && !is_zero(packet + 16, 8))
		e = ERROR_CORRUPT;
	return e ? e : get_terms(packet, terms);
}

static bool is_time(int64_t us)
{
	return us >= 0 && us < TIME_MAX;
}

int stream_get_welcome(const uint8_t *packet, size_t length, struct stream_terms *terms, int64_t *now_us)
{
	int e = expect(packet, length, STREAM_WELCOME);
	if (e)
		return e;
	*now_us = (int64_t)get(packet + 16, 8);
	return is_time(*now_us) ? get_terms(packet, terms) : ERROR_CORRUPT;
}

int stream_get_refusal(const uint8_t *packet, size_t length, enum stream_refusal *why)
{
	int e = expect(packet, length, STREAM_REFUSAL);
	if (e == 0)
		*why = packet[8] > 0 && packet[8] < STREAM_REFUSED_END ? (enum stream_refusal)packet[8] : STREAM_REFUSED_FAILED;
	return e;
}

static bool is_within(int32_t v, int32_t most)
{
	return v >= -most && v <= most;
}

/* The fields that a kind does not have. */
static bool nothing_else(const struct stream_record *r, bool xy, bool code, bool klass, unsigned flags)
{
	return (xy || (r->x == 0 && r->y == 0)) && (code || r->code == 0) && (klass || r->klass == 0) &&
	       (r->flags & ~flags) == 0;
}

bool stream_is_record(const struct stream_record *r)
{
	if (!is_time(r->mono_us) || r->device < -1 || r->code < 0 || r->code > STREAM_CODE_MAX)
		return false;
	bool nobodys = r->kind == STREAM_SESSION || r->kind == STREAM_SYNCED || (r->kind == STREAM_LOST && r->device == -1);
	if (nobodys ? r->device != -1 : r->device < 0)
		return false;
	switch (r->kind) {
	case STREAM_DEVICE:
		return r->action <= 1 && r->klass < DEVICE_CLASS_COUNT && nothing_else(r, false, false, true, STREAM_SYNTHETIC);
	case STREAM_KEY:
		/* Its code, or its place among the held: never both. */
		return r->action <= KEY_REPEAT && r->klass < CLASS_COUNT && r->y == 0 &&
		       (r->code ? r->x == 0 : r->x >= 1 && r->x <= STREAM_HELD_MAX) && nothing_else(r, true, true, true, STREAM_FLAGS);
	case STREAM_BUTTON:
		return (r->action == KEY_PRESS || r->action == KEY_RELEASE) && r->code > 0 &&
		       nothing_else(r, false, true, false, STREAM_SYNTHETIC | STREAM_RESYNC);
	case STREAM_MOTION:
		return r->action == 0 && is_within(r->x, COORDINATE_MAX) && is_within(r->y, COORDINATE_MAX) &&
		       nothing_else(r, true, false, false, STREAM_SYNTHETIC);
	case STREAM_SCROLL:
		return r->action == 0 && is_within(r->x, SCROLL_MAX) && is_within(r->y, SCROLL_MAX) &&
		       nothing_else(r, true, false, false, STREAM_SYNTHETIC);
	case STREAM_TOUCH:
		return r->action <= TOUCH_END && r->code < STREAM_SLOTS_MAX && is_within(r->x, COORDINATE_MAX) &&
		       is_within(r->y, COORDINATE_MAX) &&
		       nothing_else(r, r->action == TOUCH_UPDATE, true, false, STREAM_SYNTHETIC | STREAM_RESYNC);
	case STREAM_LOST:
		return r->action == 0 && (r->x == -1 || r->x > 0) && r->y == 0 && nothing_else(r, true, false, false, 0);
	case STREAM_SESSION:
		return r->action < STREAM_SESSION_COUNT && nothing_else(r, false, false, false, 0);
	case STREAM_SYNCED:
		return r->action == 0 && nothing_else(r, false, false, false, 0);
	default:
		return false;
	}
}

int stream_get_records(const uint8_t *packet, size_t length, struct stream_record out[STREAM_RECORDS_MAX])
{
	int e = expect(packet, length, STREAM_RECORDS);
	if (e)
		return e;
	int count = (int)get(packet + 6, 2);
	const uint8_t *at = packet + STREAM_HEAD_SIZE;
	for (int i = 0; i < count; i++, at += STREAM_RECORD_SIZE) {
		struct stream_record *r = &out[i];
		r->mono_us = (int64_t)get(at, 8);
		r->x = (int32_t)get(at + 8, 4);
		r->y = (int32_t)get(at + 12, 4);
		r->device = (int16_t)get(at + 16, 2);
		r->code = (int16_t)get(at + 18, 2);
		r->kind = at[20];
		r->action = at[21];
		r->klass = at[22];
		r->flags = at[23];
		if (!stream_is_record(r))
			return ERROR_CORRUPT;
	}
	return count;
}

bool stream_is_within(const struct stream_terms *granted, const struct stream_terms *wanted)
{
	return granted->keys <= wanted->keys && granted->pointer <= wanted->pointer && granted->scroll <= wanted->scroll;
}

static const struct { const char *text, *remedy; } refusals[STREAM_REFUSED_END] = {
	[STREAM_REFUSED_VERSION] = { "assent-inputd is of another version",
		"install the same version of assentd and assent-inputd, then: systemctl stop assent-inputd.service" },
	[STREAM_REFUSED_HELLO] = { "assent-inputd did not understand what it was asked",
		"install the same version of assentd and assent-inputd" },
	[STREAM_REFUSED_NO_SESSION] = { "this user has no session at a seat of this machine",
		"log in at the machine itself (loginctl lists the sessions)" },
	[STREAM_REFUSED_INACTIVE] = { "another session is active at the seat", "switch to this user's session (loginctl activate)" },
	[STREAM_REFUSED_REMOTE] = { "this user's session is a remote one", "log in at the machine itself: remote input has no devices here" },
	[STREAM_REFUSED_CLASS] = { "this session is not that of a person at work (its class is not \"user\")",
		"log in as an ordinary session (loginctl show-session tells its class)" },
	[STREAM_REFUSED_NO_LOGIND] = { "logind cannot be asked whose session is active, or whether it is locked",
		"start systemd-logind and the system bus" },
	[STREAM_REFUSED_POLICY] = { "the policy of this machine does not permit it",
		"see /etc/assent/policy.yaml, and: journalctl -u assent-inputd" },
	[STREAM_REFUSED_BUSY] = { "another program of this user reads the devices through assent-inputd",
		"end the other one: a user has one stream at a seat" },
	[STREAM_REFUSED_FULL] = { "assent-inputd serves as many as it can", "try again when another user has ended" },
	[STREAM_REFUSED_ENDED] = { "the session at the seat has ended", "log in again" },
	[STREAM_REFUSED_FAILED] = { "assent-inputd had to end", "see: journalctl -u assent-inputd" },
};

static unsigned known(enum stream_refusal why)
{
	unsigned i = (unsigned)why;
	return i > 0 && i < STREAM_REFUSED_END ? i : STREAM_REFUSED_FAILED;
}

const char *stream_refusal_text(enum stream_refusal why) { return refusals[known(why)].text; }
const char *stream_refusal_remedy(enum stream_refusal why) { return refusals[known(why)].remedy; }
