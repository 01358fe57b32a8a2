/* SPDX-License-Identifier: Apache-2.0 */
/* Events → blocks → segments → files: when to flush, when to rotate, and what to do while the disk will not. */
#ifndef ASSENT_SINK_H
#define ASSENT_SINK_H

#include "keyfile.h"
#include "output.h"
#include "sealer.h"
#include "tally.h"
#include "writer.h"

#define SINK_NEVER INT64_MAX

struct sink {
	const struct writer_options *options;
	int64_t flush_us, retry_us, segment_bytes;
	int directory;                   /* borrowed */

	/* The segment in hand. Its file, with a header, is on the disk as long as something can get lost:
	 * a crash, whenever, leaves a .part, and the recovery a gap. Without events it is removed in the end. */
	struct segment_writer *segment;
	uint8_t *segment_key;            /* locked: to seal it with, in the end */
	struct output file;
	struct keyfile key;              /* its key, sealed; on the disk before the file is */
	bool keyed;                      /* it is */
	struct bytes pending;            /* encoded, not yet in the file */
	uint64_t pending_events;
	struct tally waiting_rows, pending_rows; /* in segment; in pending */
	uint64_t waiting_bytes;          /* of the messages whose events wait in segment */
	uint64_t events;                 /* that it got so far */
	int64_t hour;                    /* UTC hour of the first of them */
	bool counted;                    /* in stats, as a segment */

	/* The segment before, when its last bytes could not be written. */
	bool closing;
	struct output closing_file;
	uint8_t *closing_key;
	struct bytes closing_bytes;

	struct sealer sealer;            /* and those before that */
	uint64_t sealed;                 /* of them, as counted in stats */
	int64_t seal_us;                 /* work on those that are not counted yet */

	int64_t last_t_us, last_mono_us; /* of the last event taken */
	int64_t from_t_us, from_mono_us; /* of the header of the segment in hand: nothing that it gets, or loses, was before */
	uint8_t last_kind;

	int64_t deadline;                /* mono: when to call sink_flush; SINK_NEVER: nothing waits */
	bool failing;                    /* the last attempt failed */
	struct event gap;                /* what was dropped since, if gap.lost */

	/* Every segment names its devices itself. */
	int devices, oldest_device;
	struct { int16_t device; uint8_t klass; } device[SEGMENT_DEVICES_MAX];
};

void sink_init(struct sink *s, int directory, const struct writer_options *options);
void sink_release(struct sink *s);

/* A disk that will not is no error to these: it is logged, and tried again. An error (ERROR_MEMORY) ends the writer. */

/* Begins the first segment. */
int sink_start(struct sink *s);
/* Before the events of a message of so many bytes: rotates if it is time to. */
int sink_message(struct sink *s, size_t length);
void sink_device(struct sink *s, int16_t device, enum device_class klass);
int sink_event(struct sink *s, const struct event *event);
/* Brings everything to the disk. rotate: and goes on in a new segment. */
int sink_flush(struct sink *s, bool rotate);
/* A step of sealing what was finished before; for when nothing else waits, from sealer_due(&s->sealer) on. */
void sink_seal(struct sink *s);
/* The end: like sink_flush, but here a disk that will not is ERROR_IO, and what is lost is logged. Seals what is not sealed yet, as
 * far as there is time (SEALER_END_US; stats->seal_until_us). */
int sink_finish(struct sink *s);

#endif
