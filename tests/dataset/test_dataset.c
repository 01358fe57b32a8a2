/* SPDX-License-Identifier: Apache-2.0 */
/* dataset.json: what it says of files that pend, and that what is written is never too large to be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/dataset/dataset.h"
#include "../../agent/error.h"

#define STUDY "a-study-whose-name-is-as-long-as-names-of-studies-may-be-0123456"
#define PERSON "00112233445566778899aabbccddeeff"

static void person(struct dataset *d)
{
	struct dataset_participant *p = dataset_add_participant(d);
	assert_non_null(p);
	strcpy(p->study, STUDY);
	strcpy(p->participant, PERSON);
	p->loaded = true;
	snprintf(d->format, sizeof d->format, "parquet");
	d->version = 1;
	d->made_us = 1;
}

static void segment(struct dataset *d, const char *name)
{
	struct dataset_segment *s = dataset_add_segment(d);
	assert_non_null(s);
	strcpy(s->at.study, STUDY);
	strcpy(s->at.participant, PERSON);
	strcpy(s->at.segment, name);
	s->has.rows = s->has.dropped = INT64_MAX;
	s->has.expires_us = s->has.last_us = 253402300799999999;
	s->has.counts.detail = (1 << DATASET_DETAILS) - 1;
	s->has.counts.apps = (1 << DATASET_APPS) - 1;
	for (int i = 0; i < EVENT_KIND_COUNT; i++)
		s->has.counts.kind[i] = INT64_MAX;
	for (int i = 0; i < REASON_COUNT; i++)
		s->has.counts.reason[i].n = s->has.counts.reason[i].us = s->has.counts.reason[i].lost = INT64_MAX;
}

static void file(struct dataset *d, int32_t day, const char *const *members)
{
	char path[HIVE_PATH_MAX];
	struct hive_path p = {.study = STUDY, .participant = PERSON, .suffix = "parquet", .version = INT32_MAX, .n = 999};
	hive_date(day, p.date);
	assert_true(hive_format(&p, path));
	struct dataset_file *f = dataset_add_file(d);
	assert_non_null(f);
	strcpy(f->name, path);
	f->rows = f->bytes = INT64_MAX;
	for (int i = 0; members[i]; i++) {
		struct dataset_member *m = dataset_add_member(d);
		assert_non_null(m);
		strcpy(m->segment, members[i]);
	}
}

/* The largest line of a segment, and of its files, is no larger than what is reckoned with. */
static void reckoned_bytes(void **state)
{
	(void)state;
	static const char *const names[] = {"a-name-of-a-segment-that-is-as-long-0123", NULL};
	assert_int_equal(strlen(names[0]), 40);
	for (int days = 0; days <= 512; days += 128) {
		struct dataset d = {0};
		char *text;
		size_t length;
		person(&d);
		segment(&d, names[0]);
		for (int i = 0; i < days; i++)
			file(&d, i, names);
		dataset_sort(&d);
		dataset_sum(&d);
		assert_int_equal(dataset_describe(&d, &d.participant[0], &text, &length), 0);
		assert_true(length <= dataset_segment_bytes(&d.segment[0], days) + 4096);
		/* Nor so much smaller that it would say nothing. */
		assert_true(length >= dataset_segment_bytes(&d.segment[0], days) / 2);
		free(text);
		dataset_release(&d);
	}
}

static int folder(char path[32])
{
	strcpy(path, "/tmp/assent-dataset-XXXXXX");
	assert_non_null(mkdtemp(path));
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void away(int fd, const char *path)
{
	unlinkat(fd, DATASET_NAME, 0);
	close(fd);
	assert_int_equal(rmdir(path), 0);
}

static void pending(void **state)
{
	(void)state;
	static const char *const members[] = {"going", "also-going", "staying", NULL}, *const alone[] = {"staying", NULL};
	struct dataset d = {0}, back, next = {0};
	char path[32], *text;
	int line, fd = folder(path);
	bool changed;
	person(&d);
	segment(&d, "staying");
	file(&d, 1, members);
	strcpy(dataset_add_pending(&d)->file, d.file[0].name);
	file(&d, 2, alone);
	dataset_sort(&d);
	dataset_sum(&d);
	assert_int_equal(dataset_write(&d, fd), 0);
	int opened = openat(fd, DATASET_NAME, O_RDONLY | O_CLOEXEC);
	struct stat st;
	assert_int_equal(fstat(opened, &st), 0);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(read(opened, text, (size_t)st.st_size), st.st_size);
	close(opened);
	assert_non_null(strstr(text, "\"leave\":[\"going\",\"also-going\"],\"needs\":[\"staying\"]}\n],\n\"added\""));
	assert_int_equal(dataset_read(fd, &back, &line), 0);
	assert_int_equal(back.pendings, 1);
	assert_string_equal(back.pending[0].file, d.pending[0].file);
	/* That it pends no more is a change. */
	assert_int_equal(dataset_follow(&d, &back, &changed), 0);
	assert_false(changed);
	d.pendings = 0;
	assert_int_equal(dataset_follow(&d, &back, &changed), 0);
	assert_true(changed);
	dataset_release(&back);
	/* Its name is a path. */
	char *evil = strstr(strstr(text, "\"pending\""), "events/");
	evil[0] = evil[1] = '.';
	evil[2] = '/';
	FILE *f = fmemopen(text, (size_t)st.st_size, "r");
	assert_int_equal(dataset_parse(f, &next, &line), ERROR_INVALID);
	fclose(f);
	dataset_release(&next);
	free(text);
	dataset_release(&d);
	away(fd, path);
}

static void too_large(void **state)
{
	(void)state;
	struct dataset d;
	char path[32];
	int line, fd = folder(path), opened = openat(fd, DATASET_NAME, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(opened >= 0);
	assert_int_equal(ftruncate(opened, (off_t)DATASET_BYTES_MAX + 1), 0);
	assert_int_equal(dataset_read(fd, &d, &line), ERROR_LIMIT);
	dataset_release(&d);
	/* One line of 2 GiB. */
	assert_int_equal(ftruncate(opened, (off_t)DATASET_BYTES_MAX), 0);
	assert_int_equal(dataset_read(fd, &d, &line), ERROR_INVALID);
	assert_int_equal(line, 1);
	dataset_release(&d);
	close(opened);
	away(fd, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reckoned_bytes), cmocka_unit_test(pending), cmocka_unit_test(too_large)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
