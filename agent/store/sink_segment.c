/* SPDX-License-Identifier: Apache-2.0 */
/* How a segment begins, and how one without events ends. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../error.h"
#include "locked.h"
#include "sink_inside.h"

const char *sink_key_name(const char *segment, char out[SPOOL_NAME_MAX + 8])
{
	snprintf(out, SPOOL_NAME_MAX + 8, "%s.key", segment);
	return out;
}

static int seal_key(const struct writer_options *o, const struct segment_meta *meta, const uint8_t key[SEGMENT_KEY], struct keyfile *k)
{
	memset(k, 0, sizeof *k);
	memcpy(k->segment, meta->segment, sizeof k->segment);
	memcpy(k->study, meta->study, sizeof k->study);
	memcpy(k->pseudonym, meta->participant, sizeof k->pseudonym);
	memcpy(k->receipt_hash, meta->receipt_hash, sizeof k->receipt_hash);
	k->begun_us = meta->t_us;
	k->expires_us = meta->t_us + o->retention_us;
	/* Its last event comes before the hour is over, and has to wait as long as its first: from there the review counts. */
	int64_t from_us = o->review_us > 0 ? (meta->t_us / SINK_HOUR_US + 1) * SINK_HOUR_US : meta->t_us;
	k->release_us = !o->has_recipient || o->review_us == WRITER_NEVER ? KEYFILE_NEVER
		: o->review_us == WRITER_MANUAL ? KEYFILE_MANUAL : from_us + o->review_us;
	k->has_participant = true;
	int error = keyfile_seal(key, o->participant, k->participant);
	if (error || k->release_us == KEYFILE_NEVER || k->release_us == KEYFILE_MANUAL)
		return error;
	k->has_recipient = true;
	memcpy(k->recipient_key, o->recipient, sizeof k->recipient_key);
	recipient_id(o->recipient, k->recipient_id);
	return keyfile_seal(key, o->recipient, k->recipient);
}

/* Segments of one boot can be put in order by it; that two studies have the same participant cannot be told by it. */
static void hide_boot(struct segment_meta *meta)
{
	crypto_generichash_state h;
	crypto_generichash_init(&h, NULL, 0, sizeof meta->boot_id);
	crypto_generichash_update(&h, (const unsigned char *)meta->participant, strlen(meta->participant));
	crypto_generichash_update(&h, meta->boot_id, sizeof meta->boot_id);
	crypto_generichash_final(&h, meta->boot_id, sizeof meta->boot_id);
}

/* Of one that goes on where another ended: what it will get was waiting when it was begun, and a crash before its first block leaves nothing but its header
 * to tell since when something is lost. The name of its first record stands in clear: in whole seconds, and never later than now. */
static void go_on_from(struct sink *s, struct segment_meta *header)
{
	int64_t t = s->last_t_us ? s->last_t_us : s->from_t_us, mono = s->last_t_us ? s->last_mono_us : s->from_mono_us;
	if (t) {
		int64_t rest = t % 1000000;
		header->t_us = t - rest < header->t_us ? t - rest : header->t_us;
		header->mono_us = mono - rest < header->mono_us ? mono - rest : header->mono_us;
	}
	s->from_t_us = header->t_us;
	s->from_mono_us = header->mono_us;
}

int sink_begin(struct sink *s)
{
	struct segment_meta meta = s->options->meta;
	hide_boot(&meta);
	meta.t_us = clock_utc_us();
	meta.mono_us = clock_mono_us();
	/* No random bytes or no such year: not the disk's fault, and no time makes it better. */
	if (spool_name(meta.t_us, meta.segment))
		return ERROR_UNSUPPORTED;
	uint8_t *key = locked_new(SEGMENT_KEY);
	if (!key)
		return ERROR_MEMORY;
	randombytes_buf(key, SEGMENT_KEY);
	int error = seal_key(s->options, &meta, key, &s->key);
	go_on_from(s, &meta);
	if (error == 0)
		error = segment_writer_new(&meta, key, WRITER_LEVEL, &s->pending, &s->segment);
	if (error == 0 && s->pending.failed)
		error = ERROR_MEMORY;
	if (error) {
		locked_free(key);
		return error;
	}
	s->segment_key = key;
	for (int i = 0; i < s->devices; i++)
		segment_writer_device(s->segment, s->device[i].device, s->device[i].klass);
	output_init(&s->file, s->directory, meta.segment);
	s->keyed = false;
	s->events = 0;
	s->counted = false;
	return 0;
}

void sink_discard(struct sink *s, struct output *file, bool keyed)
{
	char name[SPOOL_NAME_MAX + 8];
	if (keyed && keyfile_destroy(s->directory, sink_key_name(file->name, name)))
		log_error("%s/%s cannot be removed: %s", s->options->spool, name, strerror(errno));
	output_discard(file);
}
