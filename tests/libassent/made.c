/* SPDX-License-Identifier: Apache-2.0 */
#include "made.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../agent/store/keyfile.h"

static void must(bool good)
{
	if (!good)
		abort();
}

void made_event(struct sample *s, bool desk, unsigned i, struct event *event)
{
	if (desk)
		sample_desk(s, i, event);
	else
		sample_event(s, event);
}

static void make(const struct segment_meta *meta, const uint8_t key[SEGMENT_KEY], bool desk, bool sealed, unsigned rows, unsigned block,
	struct bytes *out)
{
	struct sample s = {0};
	struct segment_writer *w;
	struct event event;
	bytes_clear(out);
	must(segment_writer_new(meta, key, 3, out, &w) == 0);
	if (sealed)
		segment_writer_seal(w);
	segment_writer_device(w, 0, DEVICE_KEYBOARD);
	segment_writer_device(w, 1, DEVICE_MOUSE);
	for (unsigned i = 0; i < rows; i++) {
		made_event(&s, desk, i, &event);
		must(segment_writer_add(w, &event) == 0);
		if (segment_writer_waiting(w) == block)
			must(segment_writer_flush(w, SAMPLE_WRITTEN, out) == 0);
	}
	must(segment_writer_finish(w, SAMPLE_WRITTEN, out) == 0);
	segment_writer_free(w);
}

void made_segment(bool desk, bool sealed, unsigned rows, unsigned block, struct bytes *out)
{
	struct segment_meta meta = sample_meta();
	make(&meta, sample_key, desk, sealed, rows, block, out);
}

void made_save(const char *path, const void *data, size_t length)
{
	FILE *f = fopen(path, "wb");
	must(f && fwrite(data, 1, length, f) == length && fclose(f) == 0);
}

void made_sealed_to(const char *folder, const char *name, bool desk, const uint8_t participant[32], const uint8_t recipient[32])
{
	struct keyfile k = {.has_participant = true, .has_recipient = recipient != NULL, .begun_us = 1700000000000000,
		.expires_us = 1707000000000000, .release_us = recipient ? 1700000000000000 : KEYFILE_NEVER};
	uint8_t key[SEGMENT_KEY];
	char path[512];
	struct bytes out = {0};
	struct segment_meta meta = sample_meta();
	snprintf(meta.segment, sizeof meta.segment, "%s", name);
	snprintf(k.segment, sizeof k.segment, "%s", name);
	strcpy(k.study, meta.study);
	strcpy(k.pseudonym, "0123456789abcdef0123456789abcdef");
	randombytes_buf(key, sizeof key);
	must(keyfile_seal(key, participant, k.participant) == 0);
	if (recipient) {
		memcpy(k.recipient_key, recipient, sizeof k.recipient_key);
		must(keyfile_seal(key, recipient, k.recipient) == 0);
	}
	int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof path, "%s.key", name);
	must(directory >= 0 && keyfile_write(directory, path, &k) == 0);
	close(directory);
	make(&meta, key, desk, true, MADE_ROWS, 500, &out);
	snprintf(path, sizeof path, "%s/%s.seg", folder, name);
	made_save(path, out.data, out.length);
	bytes_release(&out);
}
