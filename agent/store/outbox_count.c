/* SPDX-License-Identifier: Apache-2.0 */
/* outbox_count(), outbox_was_released(): looking without touching. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "outbox_inside.h"

struct count {
	const struct released *released;
	const struct outbox_consent *consent;
	const struct merged *merged;
	int64_t most_us;
	struct outbox_counts *counts;
};

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);
	return n > m && strcmp(name + n - m, suffix) == 0;
}

static void count_segment(const struct count *x, int directory, const char *name, bool is_released)
{
	struct outbox_counts *counts = x->counts;
	const struct merged *m = x->merged;
	char key[OUTBOX_NAME_MAX];
	struct keyfile k;
	const char *what;
	counts->held += !is_released;
	snprintf(key, sizeof key, "%.*s.key", (int)(strlen(name) - 4), name);
	if (keyfile_read(directory, key, &k, &what))
		return;
	int64_t expires = x->most_us > 0 && k.begun_us < k.expires_us - x->most_us ? k.begun_us + x->most_us : k.expires_us;
	if (expires < counts->next_expiry_us)
		counts->next_expiry_us = expires;
	/* What is released expires here as well. */
	if (is_released)
		return;
	const struct outbox_yes *yes = outbox_consent_find(x->consent, k.receipt_hash, k.study);
	if (k.release_us == KEYFILE_NEVER || (yes && yes->ended) || (m && m->release_forbidden)) {
		counts->held_never++;
		return;
	}
	if (k.release_us == KEYFILE_MANUAL || !yes || !yes->in_force || (m && m->review_us < 0))
		return;
	int64_t at = m && k.begun_us + m->review_us > k.release_us ? k.begun_us + m->review_us : k.release_us;
	/* Where the retention ends before the review does, only a hand releases it. */
	if (at < expires && at < counts->next_release_us)
		counts->next_release_us = at;
}

static int count_folder(const struct count *x, const char *path)
{
	DIR *dir = opendir(path);
	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? 0 : ERROR_IO;
	for (struct dirent *entry; (entry = readdir(dir));) {
		char segment[OUTBOX_NAME_MAX];
		size_t n = strlen(entry->d_name);
		if (entry->d_name[0] == '.' || !has_suffix(entry->d_name, ".seg") || n - 4 >= sizeof segment)
			continue;
		memcpy(segment, entry->d_name, n - 4);
		segment[n - 4] = 0;
		const struct released_entry *e = released_find(x->released, segment);
		count_segment(x, dirfd(dir), entry->d_name, e && !e->gone);
	}
	closedir(dir);
	return 0;
}

static int count_spool(const struct count *x, const struct places *places, const char *study)
{
	char path[PLACE_MAX + 300];
	int e = 0;
	if (study) {
		snprintf(path, sizeof path, "%s/%.64s", places->spool, study);
		return count_folder(x, path);
	}
	DIR *dir = opendir(places->spool);
	if (!dir)
		return errno == ENOENT ? 0 : ERROR_IO;
	for (struct dirent *entry; e == 0 && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%.255s", places->spool, entry->d_name);
		e = count_folder(x, path);
	}
	closedir(dir);
	return e;
}

static bool is_in_outbox(const struct places *places, const char *study, const char *pseudonym, const char *name)
{
	char path[PLACE_MAX + 400];
	snprintf(path, sizeof path, "%s/outbox/%s/%s/%s", places->data, study, pseudonym, name);
	if (access(path, F_OK) == 0)
		return true;
	snprintf(path, sizeof path, "%s/outbox.tmp/%s.%s.%s", places->data, study, pseudonym, name);
	return access(path, F_OK) == 0;
}

static void count_released(const struct places *places, const char *study, const struct released *r, struct outbox_counts *counts)
{
	for (int i = 0; i < r->count; i++) {
		const struct released_entry *e = &r->entry[i];
		char name[64];
		if (e->gone || (study && strcmp(study, e->study) != 0))
			continue;
		snprintf(name, sizeof name, "%s.seg", e->segment);
		counts->released++;
		counts->collected += !is_in_outbox(places, e->study, e->pseudonym, name);
	}
}

static int count_tombstones(const struct places *places, const char *study, struct outbox_counts *counts)
{
	char path[PLACE_MAX + 64];
	snprintf(path, sizeof path, "%s/tombstones", places->data);
	DIR *dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : ERROR_IO;
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct tombstone t;
		const char *what;
		char *text;
		size_t length;
		if (entry->d_name[0] == '.' || !has_suffix(entry->d_name, ".tombstone") ||
		    outbox_slurp(dirfd(dir), entry->d_name, TOMBSTONE_BYTES_MAX, &text, &length))
			continue;
		if (tombstone_parse(text, length, &t, &what) == 0) {
			if (!study || strcmp(study, t.study) == 0) {
				counts->tombstones++;
				counts->tombstones_collected += !is_in_outbox(places, t.study, t.pseudonym, entry->d_name);
			}
			tombstone_release(&t);
		}
		free(text);
	}
	closedir(dir);
	return 0;
}

int outbox_count(const struct places *places, const char *study, const struct merged *merged, int64_t most_us, struct outbox_counts *counts)
{
	struct released r;
	struct outbox_consent c;
	*counts = (struct outbox_counts){.next_release_us = INT64_MAX, .next_expiry_us = INT64_MAX};
	int e = released_load(places->data, &r);
	if (e)
		return e;
	e = outbox_consent(places, NULL, clock_utc_us(), &c);
	if (e == 0) {
		const struct count x = {&r, &c, merged, most_us, counts};
		e = count_spool(&x, places, study);
		count_released(places, study, &r, counts);
		outbox_consent_release(&c);
	}
	if (e == 0)
		e = count_tombstones(places, study, counts);
	released_release(&r);
	return e;
}

int outbox_was_released(const struct places *places, const char *study, const char *segment)
{
	struct released r;
	int e = released_load(places->data, &r);
	if (e)
		return e;
	const struct released_entry *x = released_find(&r, segment);
	e = x && !x->gone && strcmp(x->study, study) == 0;
	released_release(&r);
	return e;
}
