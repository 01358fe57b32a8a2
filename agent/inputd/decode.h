/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one device tells, as records of the stream: input_event in, stream_record out. Pure: no descriptor is touched, and
 * of libevdev nothing but what a device can do.
 */
#ifndef ASSENT_DECODE_H
#define ASSENT_DECODE_H

#include <libevdev/libevdev.h>

#include "../base/stream.h"

/* What all devices of a seat share: modifiers held on one keyboard hold for a key of the other. */
struct decode_seat {
	uint16_t shift, chord;           /* how many of each are held: Shift; Ctrl, left Alt and Super */
	uint32_t places;                 /* those taken by held keys, bit 0 is place 1 */
};

struct decode_key {
	uint8_t down;                    /* 0: up; else 1 + its class at the press */
	uint8_t place;                   /* while it is down */
	uint8_t told;                    /* as down, as the client knows it (decode_told) */
	uint8_t told_place;
};

struct decode_slot {
	int32_t id;                      /* the kernel's tracking id, -1: no finger */
	int64_t at[2];                   /* in 1/256 unit */
	bool began, ended, moved;        /* in this frame */
	bool down, told;
	int64_t told_at[2];              /* where the movements that were told lead to */
};

struct decode {
	struct decode_seat *seat;
	struct stream_terms terms;
	int16_t ordinal;
	enum device_class klass;
	bool synthetic;
	bool hires[2];                   /* the wheel tells 1/120 of a notch: horizontal, vertical */
	bool multitouch, pen, absolute, numlock;
	double scale[2];                 /* of positions, to 1/256 unit */
	/* This frame, until its SYN_REPORT. */
	int64_t move[2], wheel[2];
	bool resync;
	/* Devices that tell positions. */
	int64_t at[2], base[2];          /* now; of the last movement */
	bool has_base, near;             /* near: a pen that is in reach, a finger that touches */
	int slot;
	struct decode_slot slots[STREAM_SLOTS_MAX];
	struct decode_key keys[KEY_CNT];
};

/* Records carry both code and place; whoever sends them removes one of them (stream.h). */
typedef void decode_emit(void *user, struct decode *d, const struct stream_record *r);

/* Learns from dev what the device is and holds now. False: it has nothing that the terms permit; d is then not to be used. */
bool decode_init(struct decode *d, const struct libevdev *dev, const struct stream_terms *terms, struct decode_seat *seat,
		 int16_t ordinal, bool synthetic);
/* Emits what is held down already, at that time, flagged as RESYNC. */
void decode_begin(struct decode *d, int64_t now_us, decode_emit *emit, void *user);
/* One event. resync: libevdev found it out after a SYN_DROPPED, which itself is given as it comes, and emits LOST. */
void decode_event(struct decode *d, const struct input_event *event, bool resync, decode_emit *emit, void *user);
/* The device is gone: its keys are up. Emits nothing. */
void decode_end(struct decode *d);

/* A record of this device was handed to the client. */
void decode_told(struct decode *d, const struct stream_record *r);
/* After a hole in what was handed to the client: emits what it must know now, flagged RESYNC; first releases of all
 * devices are to be made (presses false), then presses. */
void decode_mend(struct decode *d, int64_t now_us, bool presses, decode_emit *emit, void *user);

#endif
