/* SPDX-License-Identifier: Apache-2.0 */
#include "sink.h"

#include <errno.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../error.h"
#include "locked.h"
#include "sink_inside.h"

void sink_init(struct sink *s, int directory, const struct writer_options *options)
{
	memset(s, 0, sizeof *s);
	s->options = options;
	s->flush_us = options->flush_us > 0 ? options->flush_us : WRITER_FLUSH_US;
	s->retry_us = options->retry_us > 0 ? options->retry_us : WRITER_RETRY_US;
	s->segment_bytes = options->segment_bytes > 0 ? options->segment_bytes : WRITER_SEGMENT_BYTES;
	s->directory = directory;
	s->deadline = SINK_NEVER;
	output_init(&s->file, directory, "");
	output_init(&s->closing_file, directory, "");
	sealer_init(&s->sealer, directory, options->spool, s->retry_us);
}

static void forget_segment(struct sink *s)
{
	segment_writer_free(s->segment);
	s->segment = NULL;
	locked_free(s->segment_key);
	s->segment_key = NULL;
}

void sink_release(struct sink *s)
{
	forget_segment(s);
	locked_free(s->closing_key);
	s->closing_key = NULL;
	sealer_release(&s->sealer);
	output_abandon(&s->file);
	output_abandon(&s->closing_file);
	bytes_release(&s->pending);
	bytes_release(&s->closing_bytes);
}

/* ---- Segments ---------------------------------------------------------------------------------- */

/* In whole seconds: how long after its place on the grid a block was written tells something about what is in it. */
static int64_t written_us(void)
{
	return clock_utc_us() / 1000000 * 1000000;
}

/* The disk would not: says so once, and when to try again. */
static void failed(struct sink *s)
{
	if (s->options->stats)
		atomic_store(&s->options->stats->disk_error, errno ? errno : EIO);
	if (!s->failing)
		log_error("cannot write to %s: %s; trying again every %d s (free some space, or mend the disk or the folder's "
			  "permissions)", s->options->spool, strerror(errno), (int)(s->retry_us / 1000000));
	s->failing = true;
	s->deadline = clock_mono_us() + s->retry_us;
	/* What was recorded comes first. */
	sealer_yield(&s->sealer);
}

/* Here, and at no other moment, counters of rows change: on the grid, as the file does. */
static void flushed(struct sink *s, size_t bytes, uint64_t events, int64_t began_us)
{
	struct stats *stats = s->options->stats;
	if (!stats)
		return;
	stats_add(&stats->count.bytes, bytes);
	if (events == 0)
		return;
	for (int i = 0; i < STATS_TIMES; i++)
		stats_add(&stats->count.airlock.count[i], atomic_exchange(&stats->airlock_live.count[i], 0));
	stats_add(&stats->count.segments, s->counted ? 0 : 1);
	s->counted = true;
	times_add(&stats->count.flush, clock_mono_us() - began_us);
	stats_add(&stats->count.flushes, 1);
	atomic_store_explicit(&stats->last_flush_us, written_us(), memory_order_relaxed);
	tally_tell(&s->pending_rows, &stats->count);
}

/* Completes the segment before: from here on it is the sealer's. ERROR_IO: later. */
static int commit_closing(struct sink *s)
{
	if (!s->closing)
		return 0;
	if (s->closing_bytes.length) {
		int error = output_append(&s->closing_file, s->closing_bytes.data, s->closing_bytes.length);
		if (error)
			return error;
		flushed(s, s->closing_bytes.length, 0, 0);
	}
	bytes_release(&s->closing_bytes);
	sealer_add(&s->sealer, &s->closing_file, s->closing_key);
	s->closing_key = NULL;
	s->closing = false;
	return 0;
}

/* Brings what is encoded to the disk. ERROR_IO: later. */
static int commit_pending(struct sink *s)
{
	int error = 0;
	int64_t began_us = clock_mono_us();
	char name[SPOOL_NAME_MAX + 8];
	if (s->pending.length == 0)
		return 0;
	/* There is no instant at which something was recorded that nobody can read. */
	if (!s->keyed)
		error = keyfile_write(s->directory, sink_key_name(s->file.name, name), &s->key);
	if (error)
		return error;
	s->keyed = true;
	if (s->file.fd < 0)
		error = output_create(&s->file);
	if (error)
		return error;
	error = output_append(&s->file, s->pending.data, s->pending.length);
	if (error)
		return error;
	flushed(s, s->pending.length, s->pending_events, began_us);
	s->pending_events = 0;
	/* What a full disk made grow is given back. */
	if (s->pending.capacity > WRITER_BLOCK_BYTES)
		bytes_release(&s->pending);
	else
		bytes_clear(&s->pending);
	return 0;
}

static int commit(struct sink *s)
{
	int error = commit_closing(s);
	return error ? error : commit_pending(s);
}

/* What waits becomes a block in pending. */
static int encode(struct sink *s)
{
	uint32_t waiting = s->segment ? segment_writer_waiting(s->segment) : 0;
	if (waiting == 0)
		return 0;
	int error = segment_writer_flush(s->segment, written_us(), &s->pending);
	if (error == 0 && s->pending.failed)
		error = ERROR_MEMORY;
	if (error == 0) {
		s->pending_events += waiting;
		tally_move(&s->pending_rows, &s->waiting_rows);
		s->waiting_bytes = 0;
	}
	return error;
}

/* The segment gets its footer, and becomes the one before. Only with nothing pending, and no other closing. The next one is
 * on the disk before this one is whole, so that at no instant a crash goes unnoticed. */
static int close_segment(struct sink *s, bool go_on)
{
	int error = segment_writer_finish(s->segment, written_us(), &s->pending);
	if (error == 0 && s->pending.failed)
		error = ERROR_MEMORY;
	if (error)
		return error;
	s->closing_key = s->segment_key;
	s->segment_key = NULL;
	forget_segment(s);
	s->closing = true;
	s->closing_file = s->file;
	s->closing_bytes = s->pending;
	memset(&s->pending, 0, sizeof s->pending);
	output_init(&s->file, s->directory, "");
	if (go_on) {
		error = sink_begin(s);
		if (error == 0)
			error = commit_pending(s);
	}
	return error ? error : commit_closing(s);
}

/* ---- Flushing ---------------------------------------------------------------------------------- */

/* What was lost to a full disk, at its place: behind all that was kept, before all that comes. */
static int tell_loss(struct sink *s)
{
	if (s->gap.lost == 0)
		return 0;
	log_warn("%s can be written again: %d events were lost meanwhile, and a gap says so", s->options->spool,
		 (int)s->gap.lost);
	int error = segment_writer_add(s->segment, &s->gap);
	if (error)
		return error;
	s->events++;
	tally_row(&s->waiting_rows, &s->gap);
	s->gap.lost = 0;
	return encode(s);
}

/* ERROR_IO: the disk. */
static int flush(struct sink *s)
{
	/* After a failure, what is already encoded has to go first: while it cannot, the rest is better left as it is. */
	int error = s->failing ? commit(s) : 0;
	if (error == 0)
		error = encode(s);
	if (error == 0)
		error = commit(s);
	if (error == 0 && s->gap.lost) {
		error = tell_loss(s);
		if (error == 0)
			error = commit(s);
	}
	if (error == 0 && s->failing) {
		s->failing = false;
		log_info("writing to %s again", s->options->spool);
		if (s->options->stats)
			atomic_store(&s->options->stats->disk_error, 0);
	}
	return error;
}

/* What the disk would not take is no error yet. */
static int settle(struct sink *s, int error)
{
	s->deadline = SINK_NEVER;
	if (error != ERROR_IO)
		return error;
	failed(s);
	return 0;
}

int sink_flush(struct sink *s, bool rotate)
{
	int error = flush(s);
	if (error == 0 && s->events && (rotate || s->file.good >= s->segment_bytes))
		error = close_segment(s, true);
	return settle(s, error);
}

int sink_start(struct sink *s)
{
	int error = sink_begin(s);
	return settle(s, error ? error : commit_pending(s));
}

static void drop(struct sink *s, const struct event *event)
{
	if (s->gap.lost == 0)
		s->gap = (struct event){ .kind = EVENT_GAP, .reason = REASON_DISK_FULL,
			.has = HAS_REASON | HAS_END | HAS_LOST, .t_us = event->t_us, .mono_us = event->mono_us,
			.end_us = event->t_us };
	if (s->gap.lost < INT32_MAX)
		s->gap.lost++;
	if (event->t_us > s->gap.end_us)
		s->gap.end_us = event->t_us;
}

/* ---- Events ------------------------------------------------------------------------------------ */

void sink_device(struct sink *s, int16_t device, enum device_class klass)
{
	int i = 0;
	while (i < s->devices && s->device[i].device != device)
		i++;
	if (i == SEGMENT_DEVICES_MAX) {
		i = s->oldest_device;
		s->oldest_device = (s->oldest_device + 1) % SEGMENT_DEVICES_MAX;
	} else if (i == s->devices) {
		s->devices++;
	}
	s->device[i].device = device;
	s->device[i].klass = (uint8_t)klass;
	if (s->segment)
		segment_writer_device(s->segment, device, klass);
}

/* One that waited, empty, into another hour: how long it is kept and when it is released goes by when it was begun. */
static int begin_anew(struct sink *s)
{
	struct output old = s->file;
	bool keyed = s->keyed;
	forget_segment(s);
	int error = sink_begin(s);
	if (error == 0)
		error = commit_pending(s);
	sink_discard(s, &old, keyed);
	return settle(s, error);
}

int sink_message(struct sink *s, size_t length)
{
	int error = 0;
	bool other_hour = !s->failing && clock_utc_us() / SINK_HOUR_US != (s->events ? s->hour : s->key.begun_us / SINK_HOUR_US);
	if (other_hour && s->events)
		error = sink_flush(s, true);
	else if (other_hour)
		error = begin_anew(s);
	else if (!s->failing && s->waiting_bytes >= WRITER_BLOCK_BYTES)
		error = sink_flush(s, false);
	s->waiting_bytes += length;
	return error;
}

/* On a grid of the clock, and not so long after the first event: how long an event was on its way here depends on what the
 * policy had to wait for, and the time of the write would tell it. */
static int64_t next_flush_us(const struct sink *s)
{
	return (clock_mono_us() / s->flush_us + 1) * s->flush_us;
}

int sink_event(struct sink *s, const struct event *event)
{
	uint32_t waiting = segment_writer_waiting(s->segment);
	/* Once something was dropped, so is all that follows until the gap is told: else it would come too late. */
	if (s->failing && (s->gap.lost || s->pending_events + waiting >= WRITER_HOLD_EVENTS ||
			   s->waiting_bytes + s->pending.length >= WRITER_HOLD_BYTES)) {
		drop(s, event);
		return 0;
	}
	int error = segment_writer_add(s->segment, event);
	if (error)
		return error;
	tally_row(&s->waiting_rows, event);
	s->last_t_us = event->t_us;
	s->last_mono_us = event->mono_us;
	s->last_kind = event->kind;
	if (s->events++ == 0)
		s->hour = clock_utc_us() / SINK_HOUR_US;
	if (s->deadline == SINK_NEVER)
		s->deadline = next_flush_us(s);
	if (!s->failing && waiting + 1 >= WRITER_BLOCK_EVENTS)
		return sink_flush(s, false);
	return 0;
}

/* Capture was cut off: from its last word on, nobody knows. */
static int tell_cut(struct sink *s)
{
	int64_t now = clock_utc_us();
	struct event gap = { .kind = EVENT_GAP, .reason = REASON_CRASH, .has = HAS_REASON | HAS_END, .t_us = s->last_t_us,
			     .mono_us = s->last_mono_us, .end_us = now > s->last_t_us ? now : s->last_t_us };
	if (!s->options->ends_with_stop || !s->last_t_us || s->last_kind == EVENT_STOP)
		return 0;
	return sink_event(s, &gap);
}

static void count_sealed(struct sink *s)
{
	struct stats *stats = s->options->stats;
	uint64_t more = s->sealer.completed - s->sealed;
	s->sealed = s->sealer.completed;
	for (uint64_t i = 0; stats && i < more; i++)
		times_add(&stats->count.seal, s->seal_us / (int64_t)more);
	if (more)
		s->seal_us = 0;
	if (stats)
		stats_add(&stats->count.sealed, more);
}

void sink_seal(struct sink *s)
{
	int64_t began_us = clock_mono_us();
	sealer_step(&s->sealer);
	s->seal_us += clock_mono_us() - began_us;
	count_sealed(s);
}

static void log_end(struct sink *s, int error)
{
	uint64_t lost = s->pending_events + (s->segment ? segment_writer_waiting(s->segment) : 0) + (uint64_t)s->gap.lost;
	const char *why = error == ERROR_IO ? strerror(errno) : error_text(error);
	if (lost)
		log_error("%s: the last %llu events could not be written: %s", s->options->spool, (unsigned long long)lost, why);
	else
		log_error("%s: the last segment could not be finished (%s): the next start completes it", s->options->spool, why);
	if (s->options->stats) {
		stats_add(&s->options->stats->count.lost, lost);
		stats_add(&s->options->stats->count.lost_to[REASON_DISK_FULL], lost);
	}
}

int sink_finish(struct sink *s)
{
	int error = tell_cut(s);
	if (error == 0)
		error = flush(s);
	if (error == 0 && s->events == 0)
		sink_discard(s, &s->file, s->keyed);
	else if (error == 0)
		error = close_segment(s, false);
	if (error)
		log_end(s, error);
	/* Those before it are finished, whatever became of the last one. */
	int64_t began_us = clock_mono_us();
	int named = sealer_finish(&s->sealer, SEALER_END_US, s->options->stats ? &s->options->stats->seal_until_us : NULL);
	s->seal_us += clock_mono_us() - began_us;
	count_sealed(s);
	return error ? error : named;
}
