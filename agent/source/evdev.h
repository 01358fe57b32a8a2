/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input from the devices themselves, with the kernel's own times, as the broker (assent-inputd) streams it. What comes over the
 * socket is checked to the last bit: whatever is not as base/stream.h has it ends the source.
 */
#ifndef ASSENT_EVDEV_H
#define ASSENT_EVDEV_H

#include "../base/stream.h"
#include "source.h"

struct evdev;
struct xkb_keymap;

enum {
	EVDEV_DEVICES = 64,              /* at a time; more than the broker has */
	/* Codes that no key has. Where only classes are granted, a key has one of these while it is held (its place among those
	 * held), so that its release belongs to its press. Never to be kept: who grants classes permits no codes. */
	EVDEV_PLACE = STREAM_CODE_MAX + 1 - STREAM_HELD_MAX
};

struct evdev_options {
	struct stream_terms wanted;      /* keys at most DETAIL_CODE */
	bool places;                     /* without codes: EVDEV_PLACE and above; else their code is 0 */
};

/* Connects to path (NULL: STREAM_SOCKET) and waits for the answer, 10 s at most (the broker may have to start). To be called before the
 * sandbox. Emits nothing. ERROR_GONE: no broker there; ERROR_DENIED: it refuses; ERROR_UNSUPPORTED: another version, or another
 * clock; ERROR_CORRUPT, ERROR_MEMORY. *what: why, for people, *remedy: what mends it; constants. *refusal (may be NULL): what the broker
 * said, 0: it did not refuse. */
int evdev_open(const char *path, const struct evdev_options *options, source_emit *emit, void *user, struct evdev **e,
	       const char **what, const char **remedy, enum stream_refusal *refusal);
void evdev_close(struct evdev *e);
int evdev_fd(const struct evdev *e);
/* What the broker granted: limits must be tightened to it. */
const struct stream_terms *evdev_granted(const struct evdev *e);

/*
 * The keymap that is in force (wayland_keymap.h), and which of its groups: from now on it tells a key's class, if codes are granted;
 * until then, and after NULL, the class is the broker's, of the US layout. What is held, and Caps Lock, stay as they are. Takes a
 * reference of its own. Emits RAW_LAYOUT if its name is another one; "unknown" after NULL. ERROR_INVALID: it has no such group;
 * ERROR_MEMORY; the one from before stays.
 */
int evdev_keymap(struct evdev *e, struct xkb_keymap *map, uint32_t group);

/*
 * Emits all that is there, without waiting, in the order in which it came: RAW_KEY, _BUTTON, _MOTION, _SCROLL, _TOUCH with the kernel's
 * time; RAW_DEVICE; RAW_LOST; RAW_LOCK by LOCK_DEVICES while the session is locked or not active (first of all, and at each change).
 * No position is ever known. Text only with a keymap: never to be kept, since whether Caps Lock was on at the beginning nobody told, but what the
 * participant never wants recorded is looked for in it. *bytes: how much was read.
 * ERROR_GONE: the broker ended the stream (evdev_refusal), or died. ERROR_CORRUPT: what came is not a stream.
 */
int evdev_drain(struct evdev *e, size_t *bytes);
/* Asks the broker for all that devices told before now (STREAM_SYNC), and emits until it says that this was all, 100 ms at most. *synced: it did;
 * only then nothing from before the call is still to come (later input may have come already). *bytes, errors: as evdev_drain. */
int evdev_sync(struct evdev *e, bool *synced, size_t *bytes);
/* Why the broker ended the stream; 0: it did not say. */
enum stream_refusal evdev_refusal(const struct evdev *e);

/* What the two above are made of, for tests: a source without a socket, and one packet that came at now_us. */
int evdev_new(const struct evdev_options *options, const struct stream_terms *granted, source_emit *emit, void *user, struct evdev **e);
int evdev_take(struct evdev *e, const uint8_t *packet, size_t length, int64_t now_us);

#endif
