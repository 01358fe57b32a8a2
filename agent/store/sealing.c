/* SPDX-License-Identifier: Apache-2.0 */
#include "sealing.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "../format/columns.h"
#include "writer.h"

struct sealing {
	const uint8_t *journal;
	size_t length;
	int64_t t_us;                    /* of its last record */
	struct segment_reader *reader, *back; /* of the journal; of what was read back */
	struct segment_writer *writer;
	struct event held;               /* read, and did not fit into the block that was full */
	bool has_held;
};

int sealing_new(const uint8_t *journal, size_t length, const uint8_t key[SEGMENT_KEY], struct bytes *out, struct sealing **sealing)
{
	struct segment_frame frame;
	*sealing = NULL;
	int error = segment_frame(journal, length, &frame);
	/* A cut is given out as a row, and is none: what ends so is to be told by its end for ever. */
	if (error == 0 && (!frame.finished || frame.cut || frame.good != length))
		error = ERROR_CORRUPT;
	if (error)
		return error;
	struct sealing *s = calloc(1, sizeof *s);
	if (!s)
		return ERROR_MEMORY;
	s->journal = journal;
	s->length = length;
	s->t_us = frame.last_t_us;
	error = segment_reader_new(journal, length, key, &s->reader);
	if (error == 0)
		error = segment_writer_new(segment_reader_meta(s->reader), key, WRITER_LEVEL, out, &s->writer);
	if (error == 0) {
		segment_writer_seal(s->writer);
		*sealing = s;
		s = NULL;
	}
	sealing_free(s);
	return error;
}

void sealing_free(struct sealing *s)
{
	if (!s)
		return;
	segment_writer_free(s->writer);
	segment_reader_free(s->reader);
	segment_reader_free(s->back);
	free(s);
}

/* Also those that had no event, and what class each had in the end. */
static void name_devices(struct sealing *s)
{
	const struct device_list *l = segment_reader_devices(s->reader);
	for (uint32_t i = 0; i < l->count; i++)
		segment_writer_device(s->writer, l->at[i].device, l->at[i].klass);
}

static int flush(struct sealing *s, struct bytes *out)
{
	name_devices(s);
	int error = segment_writer_flush(s->writer, s->t_us, out);
	if (error == 0 && s->has_held)
		error = segment_writer_add(s->writer, &s->held);
	s->has_held = false;
	return error ? error : 1;
}

int sealing_write(struct sealing *s, struct bytes *out)
{
	struct event e;
	int got = 1;
	if (s->has_held)
		return flush(s, out);
	for (int i = 0; i < SEALING_STEP_ROWS && (got = segment_reader_next(s->reader, &e)) == 1; i++) {
		int error = segment_writer_add(s->writer, &e);
		if (error == ERROR_LIMIT) {
			/* Encoding is the next step's. Its strings live as long as nothing more is read. */
			s->held = e;
			s->has_held = true;
			return 1;
		}
		if (error)
			return error;
	}
	if (got)
		return got;
	/* All rows are in: the last block is a step of its own, too. */
	if (segment_writer_waiting(s->writer))
		return flush(s, out);
	name_devices(s);
	int error = segment_writer_finish(s->writer, s->t_us, out);
	return error ? error : out->failed ? ERROR_MEMORY : 0;
}

static bool same_meta(const struct segment_meta *a, const struct segment_meta *b)
{
	return strcmp(a->study, b->study) == 0 && strcmp(a->epoch, b->epoch) == 0 && strcmp(a->participant, b->participant) == 0 &&
	       strcmp(a->segment, b->segment) == 0 && memcmp(a->receipt_hash, b->receipt_hash, sizeof a->receipt_hash) == 0 &&
	       memcmp(a->policy_hash, b->policy_hash, sizeof a->policy_hash) == 0 &&
	       memcmp(a->boot_id, b->boot_id, sizeof a->boot_id) == 0 && a->t_us == b->t_us && a->mono_us == b->mono_us;
}

int sealing_read_back(struct sealing *s, const uint8_t *data, size_t length, const uint8_t key[SEGMENT_KEY])
{
	struct segment_frame frame;
	/* Their memory is not needed any more. */
	segment_writer_free(s->writer);
	s->writer = NULL;
	segment_reader_free(s->reader);
	s->reader = NULL;
	int error = segment_frame(data, length, &frame);
	if (error == 0 && (!frame.finished || frame.cut || frame.good != length))
		error = ERROR_CORRUPT;
	if (error == 0)
		error = segment_reader_new(data, length, key, &s->back);
	if (error == 0)
		error = segment_reader_new(s->journal, s->length, key, &s->reader);
	if (error == 0 && !same_meta(segment_reader_meta(s->reader), segment_reader_meta(s->back)))
		error = ERROR_CORRUPT;
	return error == ERROR_DENIED ? ERROR_CORRUPT : error;
}

/* Each names what the other does; and what only one names is told as well as if it were not named. */
static bool same_devices(const struct sealing *s)
{
	const struct device_list *a = segment_reader_devices(s->reader), *b = segment_reader_devices(s->back);
	for (uint32_t i = 0; i < a->count; i++)
		if (segment_reader_device(s->back, a->at[i].device) != a->at[i].klass)
			return false;
	for (uint32_t i = 0; i < b->count; i++)
		if (segment_reader_device(s->reader, b->at[i].device) != b->at[i].klass)
			return false;
	return true;
}

int sealing_compare(struct sealing *s)
{
	struct event a, b;
	for (int i = 0; i < SEALING_STEP_ROWS; i++) {
		int x = segment_reader_next(s->reader, &a), y = segment_reader_next(s->back, &b);
		if (x < 0 || y < 0)
			return x < 0 ? x : y;
		if (x != y)
			return ERROR_CORRUPT;
		if (x == 0)
			return same_devices(s) ? 0 : ERROR_CORRUPT;
		if (!event_same(&a, &b))
			return ERROR_CORRUPT;
	}
	return 1;
}
