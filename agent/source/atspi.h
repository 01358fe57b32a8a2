/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which accessible object has the focus and what it is, by AT-SPI over sd-bus, asynchronously. Subscribes to
 * object:state-changed:focused and object:text-caret-moved; never to text-changed, which carries what is typed.
 */
#ifndef ASSENT_ATSPI_H
#define ASSENT_ATSPI_H

#include "source.h"

struct atspi;

/* Finds the accessibility bus over the session bus, joins it, subscribes. The session bus is left again.
 * ERROR_GONE: no bus; *what says which. */
int atspi_open(source_emit *emit, void *user, struct atspi **a, const char **what);
void atspi_close(struct atspi *a);          /* unsubscribes */
/* All below but atspi_ask take NULL as a bus that never has anything. */

/* For poll(): descriptor, wanted events, and when to call atspi_process even without them (mono µs, INT64_MAX never). */
int atspi_fd(const struct atspi *a);
int atspi_events(const struct atspi *a);
int64_t atspi_deadline_us(const struct atspi *a);

/* Handles what has come; emits RAW_FIELD: at once as PENDING (news), and again when its role is known; and RAW_CARET for each
 * movement of the caret in the object that its application told of last, in a part of it, or in a password field. Role
 * SECRET is also told of what stands where a password field stood, or has one inside that takes keys; DEAD of an object in a
 * Chromium window of which it cannot be told whether it is a private one. What has the focus and is DEAD is asked again, five
 * times in 3 s: each answer is told as that of atspi_ask. ERROR_GONE: the bus is gone. */
int atspi_process(struct atspi *a);

/* Asks again for role and states of an object that was emitted before; the answer, or FIELD_DEAD after 1 s, comes as
 * RAW_FIELD with asked_us = now_us. An object that is not known any more: FIELD_DEAD at once. */
void atspi_ask(struct atspi *a, uint64_t object, int64_t now_us);

#endif
