/* SPDX-License-Identifier: Apache-2.0 */
#include "keep_world.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/store/released.h"

#define CHECK(x) do { if (!(x)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); abort(); } } while (0)

static const char *const apps[] = { "/usr/bin/gedit", "/usr/lib/firefox/firefox" };

void world_init(struct world *w, const char *data)
{
	memset(w, 0, sizeof *w);
	CHECK(sodium_init() >= 0);
	CHECK(places_find(data, data, &w->places) == 0);
	CHECK(places_make(w->places.spool) == 0);
	CHECK(identity_ensure(w->places.identity) == 0);
	CHECK(identity_load(w->places.identity, &w->identity) == 0);
	CHECK(keyring_new(&w->keyring) == 0);
	CHECK(keyring_add_identity(w->keyring, w->identity) == 0);
	crypto_box_keypair(w->recipient_public, w->recipient_secret);
}

void world_release(struct world *w)
{
	keyring_free(w->keyring);
	identity_free(w->identity);
}

static void save(const char *directory, const char *name, const char *suffix, const struct bytes *b)
{
	char path[2048];
	snprintf(path, sizeof path, "%s/%s%s", directory, name, suffix);
	FILE *f = fopen(path, "we");
	CHECK(f && fwrite(b->data, 1, b->length, f) == b->length && fclose(f) == 0);
}

static void make(struct world *w, const char *study, int64_t t_us, const struct event *events, int count, bool finish, bool released,
	char name[SPOOL_NAME_MAX])
{
	char directory[1200], file[64];
	uint8_t key[SEGMENT_KEY], participant[IDENTITY_KEY];
	struct segment_meta meta = { .t_us = t_us, .mono_us = t_us - WORLD_T0 + 5000000 };
	struct segment_writer *writer;
	struct bytes out = { 0 };
	struct keyfile k = { .begun_us = t_us, .expires_us = t_us + 90 * 86400 * WORLD_SECOND, .release_us = t_us + 3 * 86400 * WORLD_SECOND,
			     .has_participant = true, .has_recipient = true };
	snprintf(directory, sizeof directory, "%s/%s", w->places.spool, study);
	CHECK(places_make(directory) == 0);
	CHECK(spool_name(t_us, name) == 0);
	/* Some begin in the same microsecond, where the name would be left to 12 random bits. */
	static unsigned made;
	snprintf(name + strlen(name) - 3, 4, "%03x", made++ & 0xfff);
	CHECK(identity_participant_key(w->identity, study, participant) == 0);
	identity_pseudonym(participant, k.pseudonym);
	snprintf(meta.study, sizeof meta.study, "%s", study);
	snprintf(meta.epoch, sizeof meta.epoch, "epoch-1");
	memcpy(meta.participant, k.pseudonym, sizeof meta.participant);
	snprintf(meta.segment, sizeof meta.segment, "%s", name);
	memset(meta.receipt_hash, 7, sizeof meta.receipt_hash);
	memcpy(k.receipt_hash, meta.receipt_hash, 32);
	snprintf(k.study, sizeof k.study, "%s", study);
	snprintf(k.segment, sizeof k.segment, "%s", name);
	randombytes_buf(key, sizeof key);
	CHECK(segment_writer_new(&meta, key, 3, &out, &writer) == 0);
	segment_writer_device(writer, 3, DEVICE_TOUCHPAD);
	for (int i = 0; i < count; i++) {
		CHECK(segment_writer_add(writer, &events[i]) == 0);
		if (i % 40 == 39)
			CHECK(segment_writer_flush(writer, events[i].t_us, &out) == 0);
	}
	int64_t last = count ? events[count - 1].t_us : t_us;
	CHECK((finish ? segment_writer_finish : segment_writer_flush)(writer, last, &out) == 0);
	segment_writer_free(writer);
	CHECK(keyfile_seal(key, w->identity->box_public, k.participant) == 0);
	CHECK(keyfile_seal(key, w->recipient_public, k.recipient) == 0);
	memcpy(k.recipient_key, w->recipient_public, 32);
	recipient_id(k.recipient_key, k.recipient_id);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(file, sizeof file, "%s.key", name);
	CHECK(fd >= 0 && keyfile_write(fd, file, &k) == 0);
	close(fd);
	save(directory, name, finish ? ".seg" : ".part", &out);
	if (released) {
		struct released_entry e = { .t_us = t_us };
		memcpy(e.segment, k.segment, sizeof e.segment);
		memcpy(e.study, k.study, sizeof e.study);
		memcpy(e.pseudonym, k.pseudonym, sizeof e.pseudonym);
		memcpy(e.recipient, k.recipient_id, sizeof e.recipient);
		crypto_generichash(e.hash, 32, out.data, out.length, NULL, 0);
		CHECK(released_append(w->places.data, &e, 1) == 0);
	}
	bytes_release(&out);
}

void world_segment(struct world *w, const char *study, int64_t t_us, const struct event *events, int count, bool released, char name[SPOOL_NAME_MAX])
{
	make(w, study, t_us, events, count, true, released, name);
}

void world_part(struct world *w, const char *study, int64_t t_us, const struct event *events, int count, char name[SPOOL_NAME_MAX])
{
	make(w, study, t_us, events, count, false, false, name);
}

static struct event row(enum event_kind kind, int64_t t_us)
{
	return (struct event){ .kind = (uint8_t)kind, .t_us = t_us, .mono_us = t_us - WORLD_T0 + 5000000 };
}

int world_rows(int64_t t_us, int seconds, struct event out[WORLD_ROWS])
{
	int n = 0;
	out[n++] = row(EVENT_START, t_us);
	out[n] = row(EVENT_SCREEN, t_us);
	out[n].x = 800;
	out[n].y = 600;
	out[n++].has = HAS_POSITION;
	out[n] = row(EVENT_LAYOUT, t_us);
	strcpy(out[n].text, "de");
	out[n++].has = HAS_TEXT;
	for (int i = 0; i < seconds && n + 3 < WORLD_ROWS; i++) {
		/* Somewhere within the second, so that edges on the second show. */
		int64_t at = t_us + i * WORLD_SECOND + 250000;
		const char *app = apps[i / 20 % 2];
		if (i % 20 == 0) {
			out[n] = row(EVENT_FOCUS, at - 1000);
			out[n].app = app;
			out[n++].has = HAS_APP;
		}
		if (i == seconds / 2) {
			out[n] = row(EVENT_SPAN, at);
			out[n].end_us = at + 10 * WORLD_SECOND;
			out[n].reason = REASON_PASSWORD;
			out[n++].has = HAS_REASON | HAS_END;
		}
		if (i >= seconds / 2 && i <= seconds / 2 + 10)
			continue;
		out[n] = row(i % 7 ? EVENT_KEY_DOWN : EVENT_MOTION, at);
		out[n].device = i % 7 ? 1 : 3;
		out[n].app = app;
		out[n].has = HAS_DEVICE | HAS_APP | HAS_SYNTHETIC;
		if (i % 7) {
			out[n].code = (int16_t)(30 + i % 9);
			out[n].key_class = CLASS_LETTER;
			out[n].has |= HAS_CLASS | HAS_CODE;
		} else {
			out[n].x = i;
			out[n].y = 2 * i;
			out[n].dx = (float)i / 3;
			out[n].has |= HAS_POSITION | HAS_DELTA;
		}
		n++;
	}
	return n;
}

static void take(struct world_read *r, const struct event *e)
{
	if (r->count == r->capacity) {
		r->capacity = r->capacity ? r->capacity * 2 : 256;
		r->event = realloc(r->event, (size_t)r->capacity * sizeof *r->event);
		r->app = realloc(r->app, (size_t)r->capacity * sizeof *r->app);
		CHECK(r->event && r->app);
	}
	r->event[r->count] = *e;
	snprintf(r->app[r->count], sizeof *r->app, "%s", e->has & HAS_APP && e->app ? e->app : "");
	r->count++;
}

void world_read(const struct world *w, const struct keyring *keyring, const char *study, struct world_read *r)
{
	char directory[1200];
	const char *const inputs[] = { directory };
	struct spool_list list;
	memset(r, 0, sizeof *r);
	snprintf(directory, sizeof directory, "%s/%s", w->places.spool, study);
	if (access(directory, F_OK))
		return;
	CHECK(spool_find(inputs, 1, &list) == 0);
	for (int i = 0; i < list.count; i++) {
		struct spool_file file;
		struct segment_reader *reader;
		struct event e;
		uint8_t key[SEGMENT_KEY];
		const char *what;
		int got = 1;
		CHECK(spool_map(list.path[i], &file) == 0);
		r->segments++;
		if (keyring_segment(keyring, list.path[i], key, NULL, &what) || segment_reader_new(file.data, file.length, key, &reader)) {
			r->unreadable++;
		} else {
			while ((got = segment_reader_next(reader, &e)) == 1)
				take(r, &e);
			r->unreadable += got != 0 && !(file.part && got == ERROR_TRUNCATED);
			segment_reader_free(reader);
		}
		spool_unmap(&file);
	}
	spool_list_release(&list);
	for (int i = 0; i < r->count; i++)
		r->event[i].app = r->app[i];
}

void world_read_release(struct world_read *r)
{
	free(r->event);
	free(r->app);
	memset(r, 0, sizeof *r);
}

bool world_same(const struct event *a, const struct event *b)
{
	if (a->kind != b->kind || a->has != b->has || a->t_us != b->t_us || a->mono_us != b->mono_us)
		return false;
	return (!(a->has & HAS_DEVICE) || a->device == b->device) && (!(a->has & HAS_CODE) || a->code == b->code) &&
	       (!(a->has & HAS_CLASS) || a->key_class == b->key_class) && (!(a->has & HAS_TEXT) || strcmp(a->text, b->text) == 0) &&
	       (!(a->has & HAS_POSITION) || (a->x == b->x && a->y == b->y)) &&
	       (!(a->has & HAS_DELTA) || (memcmp(&a->dx, &b->dx, sizeof a->dx) == 0 && memcmp(&a->dy, &b->dy, sizeof a->dy) == 0)) &&
	       (!(a->has & HAS_APP) || strcmp(a->app, b->app) == 0) && (!(a->has & HAS_REASON) || a->reason == b->reason) &&
	       (!(a->has & HAS_END) || a->end_us == b->end_us) && (!(a->has & HAS_LOST) || a->lost == b->lost);
}
