/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer process: takes wire messages from a SOCK_SEQPACKET descriptor, writes segments into the
 * spool. Never sees raw input. A segment holds the events of one hour (UTC), and is begun in it. While something waits it flushes at each multiple of
 * WRITER_FLUSH_US of the monotonic clock, whenever that something came; else it sleeps. A segment that is finished is written anew, sealed, in small steps
 * while nothing waits (sealer.h).
 *
 * A disk that is full or fails stops nothing: what waits is kept up to WRITER_HOLD_EVENTS (or WRITER_HOLD_BYTES), the
 * rest is counted; it is tried again every WRITER_RETRY_US, and what was lost becomes a gap of reason disk-full.
 */
#ifndef ASSENT_WRITER_H
#define ASSENT_WRITER_H

#include "../format/segment.h"
#include "../stats.h"
#include "recipient.h"

enum {
	WRITER_FLUSH_US = 5000000,
	WRITER_RETRY_US = 5000000,
	WRITER_REST_US = 150000,          /* after a small delivery it lets the next ones gather: wakeups are the cost */
	WRITER_BUSY_BYTES = 16384,        /* but not after so much: the pipe holds little */
	WRITER_SEGMENT_BYTES = 8 << 20,   /* rotate above this size */
	WRITER_BLOCK_EVENTS = 16384,      /* flush at once when so many wait */
	WRITER_BLOCK_BYTES = 1 << 20,     /* or so many bytes of messages */
	WRITER_HOLD_EVENTS = SEGMENT_BLOCK_EVENTS_MAX,
	WRITER_HOLD_BYTES = 8 << 20,
	WRITER_LEVEL = 3
};

/* review_us, where there is no time: */
enum { WRITER_MANUAL = -1, WRITER_NEVER = -2 };

struct writer_options {
	const char *spool;                /* directory of this study, exists */
	struct segment_meta meta;         /* segment, t_us and mono_us are filled at each rotation; participant is the pseudonym */
	/* What goes into each segment's key file. The writer has public keys only: it cannot read what it wrote once a segment is sealed, moments
	 * after it was closed. */
	uint8_t participant[32];          /* X25519 */
	bool has_recipient;
	uint8_t recipient[RECIPIENT_KEY]; /* gets a box of its own only if there is a time at which it is released */
	int64_t retention_us;             /* how long it may be kept, from its beginning: more than 0 */
	int64_t review_us;                /* to its release, from the end of the hour that it is of (0: none); or WRITER_MANUAL, WRITER_NEVER */
	struct stats *stats;              /* shared counters; may be NULL */
	int64_t flush_us;                 /* 0 = WRITER_FLUSH_US */
	int64_t retry_us;                 /* 0 = WRITER_RETRY_US */
	int64_t segment_bytes;            /* 0 = WRITER_SEGMENT_BYTES */
	bool ends_with_stop;              /* a stream that ends without EVENT_STOP was cut off: a gap of reason crash says so */
};

/*
 * Recovers what a crash left in the spool, then runs until the other end closes fd (all that came is
 * then flushed, and the segment finished and sealed). 0, or an error that was already logged: ERROR_DENIED (another writer has this
 * spool), ERROR_IO, ERROR_MEMORY, ERROR_CORRUPT (a damaged message; what came before it is stored).
 * SIGTERM, SIGINT and SIGHUP are ignored: the end comes over fd.
 */
int writer_run(int fd, const struct writer_options *options);

#endif
