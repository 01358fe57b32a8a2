/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the broker (assent-inputd, agent/inputd/) and the agent (source/evdev.h) say to each other over a local
 * SOCK_SEQPACKET socket. Pure: bytes in, values out. Both directions check everything: what is not exactly as written
 * here is ERROR_CORRUPT, and ends the connection.
 *
 * A packet is a head of 8 bytes and a body; all numbers are little endian, all bytes that are not named are 0.
 *
 *   head      u32 magic 0x6e497341 ("AsIn"), u8 version, u8 type (enum stream_type), u16 count
 *   HELLO     agent to broker, first and once; count 0, body of 16 bytes:
 *             u8 keys (DETAIL_NONE, _CLASS, _CODE), u8 pointer (enum pointer_detail), u8 scroll (0, 1)
 *   WELCOME   the answer; count 0, body of 16 bytes: as HELLO, what is granted, never more than was asked for;
 *             at 8: i64 CLOCK_MONOTONIC of the broker, µs, when it said so
 *   REFUSAL   the other answer, and, at any later time, the end of the stream; count 0, body of 16 bytes:
 *             u8 why (enum stream_refusal). The broker then closes.
 *   SYNC      agent to broker, at any time after the welcome, but not again before it was answered; count 0, no body. The broker
 *             reads its devices until they are empty, and sends what it has, without the delay by which it else saves work; then
 *             a record STREAM_SYNCED
 *   RECORDS   count 1 to STREAM_RECORDS_MAX, body of as many records of STREAM_RECORD_SIZE bytes:
 *             i64 mono_us, i32 x, i32 y, i16 device, i16 code, u8 kind, u8 action, u8 class, u8 flags
 *
 * The head, HELLO and REFUSAL stay as they are in every later version, so that two that do not fit can say so.
 */
#ifndef ASSENT_STREAM_H
#define ASSENT_STREAM_H

#include <stddef.h>

#include "../event.h"
#include "../limits.h"

/* Where the broker listens (packaging/systemd/assent-inputd.socket). */
#define STREAM_SOCKET "/run/assent/inputd.sock"

enum {
	STREAM_MAGIC = 0x6e497341,
	STREAM_VERSION = 1,
	STREAM_HEAD_SIZE = 8,
	STREAM_CONTROL_SIZE = STREAM_HEAD_SIZE + 16, /* HELLO, WELCOME, REFUSAL */
	STREAM_RECORD_SIZE = 24,
	STREAM_RECORDS_MAX = 128,
	STREAM_PACKET_MAX = STREAM_HEAD_SIZE + STREAM_RECORDS_MAX * STREAM_RECORD_SIZE,
	STREAM_UNIT = 256,               /* x and y of motion and touches are in 1/256 of the device's unit */
	STREAM_CODE_MAX = 0x2ff,         /* KEY_MAX */
	STREAM_HELD_MAX = 24,            /* keys whose places are told apart */
	STREAM_SLOTS_MAX = 16            /* touches of a device */
};

enum stream_type { STREAM_HELLO = 1, STREAM_WELCOME, STREAM_REFUSAL, STREAM_RECORDS, STREAM_SYNC };

/* What the agent wants, and what it gets. */
struct stream_terms {
	enum detail keys;                /* never DETAIL_TEXT: what a code types is the agent's to find out */
	enum pointer_detail pointer;
	bool scroll;
};

enum stream_refusal {
	STREAM_REFUSED_VERSION = 1,      /* the hello is of another version */
	STREAM_REFUSED_HELLO,            /* none came in time, or it was no hello */
	STREAM_REFUSED_NO_SESSION,       /* this user has no session at a seat */
	STREAM_REFUSED_INACTIVE,         /* has one, but another one is active there */
	STREAM_REFUSED_REMOTE,           /* the only ones are remote */
	STREAM_REFUSED_CLASS,            /* not a session of a person at work: a greeter, a background job */
	STREAM_REFUSED_NO_LOGIND,        /* nobody to ask whose session it is, or whether it is locked */
	STREAM_REFUSED_POLICY,           /* /etc/assent/policy.yaml forbids it, or cannot be trusted */
	STREAM_REFUSED_BUSY,             /* another client has the stream of this user and seat */
	STREAM_REFUSED_FULL,             /* too many clients */
	STREAM_REFUSED_ENDED,            /* later: the session that was served is gone */
	STREAM_REFUSED_FAILED,           /* later: the broker ends, or cannot go on */
	STREAM_REFUSED_END
};

enum stream_kind {
	STREAM_DEVICE,    /* device: its ordinal; action: 1 came, 0 is gone; class: enum device_class. Ordinals are not used again. */
	STREAM_KEY,       /* device, action (enum key_action), class (enum key_class by the US layout), CHORD; code (KEY_*), if codes
	                   * are granted; else code is 0, and x the key's place among those held (1 to STREAM_HELD_MAX; the same at its
	                   * press, repeats and release) */
	STREAM_BUTTON,    /* device, action (KEY_PRESS, KEY_RELEASE), code (BTN_*; the tip of a pen is BTN_LEFT) */
	STREAM_MOTION,    /* device; x, y: movement in 1/256 unit, right and down positive. The unit is the device's count; of one
	                   * that tells positions and their resolution, 1/1000 inch. */
	STREAM_SCROLL,    /* device; x, y: in 1/120 of a notch, right and down positive */
	STREAM_TOUCH,     /* device, action (enum touch_action), code: the slot; x, y as of motion, 0 at begin and end. A single
	                   * finger on a touchpad is told by begin, motion, end; several, and on a screen, by touches alone.
	                   * With pointer BUTTONS there are no updates. */
	STREAM_LOST,      /* here is a hole. device: of that device alone (the kernel dropped), or -1 (this client was too slow);
	                   * x: how many records, -1 unknown. Then what changed in it follows, flagged RESYNC. */
	STREAM_SESSION,   /* action: enum stream_session; the first record of a stream, and at each change */
	STREAM_SYNCED,    /* the answer to SYNC: all that devices told before mono_us, when it was read, has been said, as far as it is
	                   * said at all; holes too. Later records may stand before it. */
	STREAM_KIND_COUNT
};

/*
 * Only in OPEN are devices open. At another state all of them are closed without more words, and what they held down counts
 * as let go. When it is OPEN again, those that are not there any more are told as gone, and new ones as come.
 */
enum stream_session { STREAM_SESSION_OPEN, STREAM_SESSION_INACTIVE, STREAM_SESSION_LOCKED, STREAM_SESSION_COUNT };

enum {
	STREAM_SYNTHETIC = 1,            /* a device made by software (uinput); of DEVICE and of all that it tells */
	STREAM_CHORD = 2,                /* of KEY: with Ctrl, Alt or Super held */
	STREAM_RESYNC = 4,               /* of KEY, BUTTON, TOUCH: found out, not seen: a release that happened in a hole, at mono_us or
	                                  * before; a press of what was down already when the device was opened or the hole ended */
	STREAM_FLAGS = 7
};

struct stream_record {
	int64_t mono_us;                 /* the kernel's time of the event, CLOCK_MONOTONIC; of SESSION, DEVICE and SYNCED the broker's */
	int32_t x, y;
	int16_t device, code;
	uint8_t kind, action, klass, flags;
};

/* Each writes one packet, as long as out. */
void stream_put_hello(uint8_t out[STREAM_CONTROL_SIZE], const struct stream_terms *terms);
void stream_put_welcome(uint8_t out[STREAM_CONTROL_SIZE], const struct stream_terms *terms, int64_t now_us);
void stream_put_refusal(uint8_t out[STREAM_CONTROL_SIZE], enum stream_refusal why);
void stream_put_sync(uint8_t out[STREAM_HEAD_SIZE]);
/* count 1 to STREAM_RECORDS_MAX; returns the packet's length. */
size_t stream_put_records(uint8_t out[STREAM_PACKET_MAX], const struct stream_record *records, size_t count);

/* What a packet is (nothing more is to be known of a SYNC): enum stream_type, or ERROR_CORRUPT; ERROR_UNSUPPORTED: of another version (a refusal of any version is a refusal). */
int stream_type(const uint8_t *packet, size_t length);
/* The packet's content; ERROR_CORRUPT, ERROR_UNSUPPORTED as above, also if it is another type. */
int stream_get_hello(const uint8_t *packet, size_t length, struct stream_terms *terms);
int stream_get_welcome(const uint8_t *packet, size_t length, struct stream_terms *terms, int64_t *now_us);
/* A reason that this version does not know is STREAM_REFUSED_FAILED. */
int stream_get_refusal(const uint8_t *packet, size_t length, enum stream_refusal *why);
/* The number of records, 1 to STREAM_RECORDS_MAX. Every field of each is in its range, and 0 where it does not apply. */
int stream_get_records(const uint8_t *packet, size_t length, struct stream_record out[STREAM_RECORDS_MAX]);

/* Is a record what this header says? The reader's check, for whoever makes them. */
bool stream_is_record(const struct stream_record *r);
/* Nothing in granted is more than what was wanted. */
bool stream_is_within(const struct stream_terms *granted, const struct stream_terms *wanted);

/* Why, and what mends it, for people: phrases without a full stop, never NULL. */
const char *stream_refusal_text(enum stream_refusal why);
const char *stream_refusal_remedy(enum stream_refusal why);

#endif
