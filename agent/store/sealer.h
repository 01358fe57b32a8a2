/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes finished journals anew, sealed: small. Lives in the writer process, which has a segment's key until this is done, and works when
 * nothing else waits there.
 *
 * Until it is sealed a finished journal remains SEGMENT.part: it is in its writer's hands (.lock), and whoever forgets, releases or expires
 * lets it alone. The sealed file is SEGMENT.sealed.tmp; when it is on the disk, was read back and has the same rows as the journal, it is renamed over
 * SEGMENT.part, and that becomes SEGMENT.seg. Hence at each instant there is one file of that name, and it is whole; a .seg never changes.
 * Whatever goes wrong, or takes too long at the end, the journal becomes the .seg: larger, nothing lost. After a crash nobody has the key, and it
 * stays a journal for ever.
 */
#ifndef ASSENT_SEALER_H
#define ASSENT_SEALER_H

#include <stdatomic.h>

#include "output.h"
#include "sealing.h"

#define SEALER_IDLE INT64_MAX

enum {
	SEALER_QUEUE = 8,                 /* journals that wait; then the oldest stays one */
	SEALER_PIECE = 1 << 20,           /* bytes read in a step */
	SEALER_PATIENCE_US = 100000,      /* while messages keep coming: a step so often all the same */
	SEALER_END_US = 1000000           /* what is not sealed within this time of the end stays a journal: a session ends, too */
};

enum sealer_stage { SEALER_READ, SEALER_WRITE, SEALER_SYNC, SEALER_READ_BACK, SEALER_COMPARE };

struct sealer {
	int directory;                   /* borrowed, as is shown: its path, for messages */
	const char *shown;
	int64_t retry_us;
	int jobs;                        /* job[0] is in hand */
	struct sealer_job {
		struct output journal;   /* or, once sealed, what has taken its place */
		uint8_t *key;            /* locked_new; NULL: nothing to do but to give it its name */
		bool sealed;
	} job[SEALER_QUEUE];
	enum sealer_stage stage;
	int64_t due;                     /* mono: of the next step; SEALER_IDLE: nothing to do */
	struct bytes data, back;         /* the journal, and what was read back */
	struct bytes piece;              /* of the sealed file, not written yet */
	struct sealing *sealing;
	int fd;                          /* of SEGMENT.sealed.tmp, or -1 */
	size_t written;
	uint64_t completed;              /* so many are sealed and have their name */
	bool failing;                    /* the one in hand cannot get its name: said once */
};

void sealer_init(struct sealer *s, int directory, const char *shown, int64_t retry_us);
/* What is not finished stays a .part, which the next start completes. */
void sealer_release(struct sealer *s);
/* A journal with its footer, on the disk: takes over file and key (locked_new; NULL: it is only to get its name). */
void sealer_add(struct sealer *s, struct output *journal, uint8_t *key);
/* When it wants its next step (mono), or SEALER_IDLE. */
static inline int64_t sealer_due(const struct sealer *s) { return s->due; }
/* Some milliseconds of work, or one fsync. */
void sealer_step(struct sealer *s);
/* The disk does not even take the journal: gives back what it has taken, and lets those that wait stay journals. */
void sealer_yield(struct sealer *s);
/* The end: all of them, as far as most_us suffices; the rest stay journals. *until_us (mono) ends it sooner, where it is not 0: it may be set by
 * another process meanwhile; NULL: there is none. ERROR_IO: one could not get its name, which the next start gives it. */
int sealer_finish(struct sealer *s, int64_t most_us, const _Atomic int64_t *until_us);

#endif
