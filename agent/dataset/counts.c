/* SPDX-License-Identifier: Apache-2.0 */
/* What rows hold, in numbers. */
#include <string.h>

#include "dataset.h"

const char *dataset_detail_name(int detail)
{
	static const char *const names[DATASET_DETAILS] = {"none", "class", "code", "text"};
	return (unsigned)detail < DATASET_DETAILS ? names[detail] : NULL;
}

const char *dataset_apps_name(int apps)
{
	static const char *const names[DATASET_APPS] = {"none", "id", "title"};
	return (unsigned)apps < DATASET_APPS ? names[apps] : NULL;
}

static void add(uint64_t *n, uint64_t more)
{
	/* What is written is read back as a signed number by most. */
	*n = more > INT64_MAX - *n ? INT64_MAX : *n + more;
}

/* Of a set that holds the most of one segment's rows, and nothing else. */
static void raise(uint8_t *set, int most)
{
	if (*set < 1 << most)
		*set = (uint8_t)(1 << most);
}

void dataset_counts_row(struct dataset_counts *c, const struct event *e)
{
	if (e->kind < EVENT_KIND_COUNT)
		add(&c->kind[e->kind], 1);
	if (e->kind <= EVENT_KEY_REPEAT)
		raise(&c->detail, e->has & HAS_TEXT ? DETAIL_TEXT : e->has & HAS_CODE ? DETAIL_CODE : e->has & HAS_CLASS ? DETAIL_CLASS : DETAIL_NONE);
	raise(&c->detail, DETAIL_NONE);
	raise(&c->apps, e->has & HAS_TITLE ? APPS_TITLE : e->has & HAS_APP ? APPS_ID : APPS_NONE);
	if (!(e->has & HAS_REASON) || e->reason >= REASON_COUNT)
		return;
	add(&c->reason[e->reason].n, 1);
	if ((e->has & HAS_LOST) && e->lost > 0)
		add(&c->reason[e->reason].lost, (uint64_t)e->lost);
	/* What a forged segment says of its times may be anything. */
	if ((e->has & HAS_END) && e->end_us > e->t_us)
		add(&c->reason[e->reason].us, (uint64_t)e->end_us - (uint64_t)e->t_us);
}

void dataset_counts_add(struct dataset_counts *c, const struct dataset_counts *more)
{
	for (int i = 0; i < EVENT_KIND_COUNT; i++)
		add(&c->kind[i], more->kind[i]);
	for (int i = 0; i < REASON_COUNT; i++) {
		add(&c->reason[i].n, more->reason[i].n);
		add(&c->reason[i].lost, more->reason[i].lost);
		add(&c->reason[i].us, more->reason[i].us);
	}
	c->detail |= more->detail;
	c->apps |= more->apps;
}

/* Of one's text without them, of each kind and reason that it names, and of a file with its name, sizes and hash, and the segment's name in it. */
enum { BYTES = 800, BYTES_KIND = 48, BYTES_REASON = 112, BYTES_FILE = 512 };

uint64_t dataset_segment_bytes(const struct dataset_segment *s, int files)
{
	uint64_t bytes = BYTES + (uint64_t)files * BYTES_FILE;
	for (int i = 0; i < EVENT_KIND_COUNT; i++)
		bytes += s->has.counts.kind[i] ? BYTES_KIND : 0;
	for (int i = 0; i < REASON_COUNT; i++)
		bytes += s->has.counts.reason[i].n ? BYTES_REASON : 0;
	return bytes;
}

void dataset_rows_add(struct dataset_rows *r, const struct dataset_rows *more)
{
	if (more->rows && (r->rows == 0 || more->first_us < r->first_us))
		r->first_us = more->first_us;
	if (more->rows && (r->rows == 0 || more->last_us > r->last_us))
		r->last_us = more->last_us;
	if (r->expires_us == 0 || more->expires_us < r->expires_us)
		r->expires_us = more->expires_us;
	add(&r->rows, more->rows);
	add(&r->dropped, more->dropped);
	dataset_counts_add(&r->counts, &more->counts);
}

void dataset_sum(struct dataset *d)
{
	int from = 0;
	for (int i = 0; i < d->participants; i++) {
		struct dataset_participant *p = &d->participant[i];
		p->first_file = 0;
		if (!p->loaded)
			continue;
		p->files = p->bytes = p->segments = 0;
		memset(&p->has, 0, sizeof p->has);
		/* Both are in the same order. */
		for (; from < d->segments && strcmp(d->segment[from].at.study, p->study) == 0 && strcmp(d->segment[from].at.participant, p->participant) == 0; from++) {
			p->segments++;
			dataset_rows_add(&p->has, &d->segment[from].has);
		}
	}
	/* From the last, so that each list is in their order. */
	for (int i = d->files - 1; i >= 0; i--) {
		struct hive_path at;
		struct dataset_participant *p = hive_parse(d->file[i].name, &at) ? NULL : dataset_participant_at(d, at.study, at.participant);
		d->file[i].next = 0;
		if (p) {
			d->file[i].next = p->first_file;
			p->first_file = i + 1;
			p->files++;
			add(&p->bytes, d->file[i].bytes);
		}
	}
}
