/* SPDX-License-Identifier: Apache-2.0 */
/* What forgetting, retention and erasing leave behind, row by row and file by file. */
#include "../format/cmocka_all.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/base/clock.h"
#include "../../agent/error.h"
#include "../../agent/keeper.h"
#include "../../agent/store/outbox.h"
#include "../../agent/store/released.h"
#include "harness.h"
#include "keep_world.h"

static const char study[] = "study-a";
static char root[64];
static struct world world;
static struct event rows[3][WORLD_ROWS];
static int counts[3];
static char names[3][SPOOL_NAME_MAX];

/* Three segments, ten minutes apart, of 300 s each; the second one was released. */
static int setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/assent-keep-XXXXXX");
	assert_non_null(mkdtemp(root));
	world_init(&world, root);
	for (int i = 0; i < 3; i++) {
		int64_t t = WORLD_T0 + i * 600 * WORLD_SECOND;
		counts[i] = world_rows(t, 300, rows[i]);
		world_segment(&world, study, t, rows[i], counts[i], i == 1, names[i]);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_release(&world);
	harness_remove(root);
	return 0;
}

static struct keep_choice everything(void)
{
	return (struct keep_choice){ .since_us = INT64_MIN, .until_us = INT64_MAX, .asked_us = INT64_MAX };
}

static struct keep_choice between(int64_t from_s, int64_t to_s)
{
	struct keep_choice c = everything();
	c.since_us = WORLD_T0 + from_s * WORLD_SECOND;
	c.until_us = WORLD_T0 + to_s * WORLD_SECOND;
	return c;
}

static void folder(const char *name, char out[1300])
{
	snprintf(out, 1300, "%s/%s", world.places.spool, name);
}

/* Files in a folder that end so. */
static int files(const char *directory, const char *suffix)
{
	int n = 0;
	DIR *dir = opendir(directory);
	if (!dir)
		return 0;
	for (struct dirent *e; (e = readdir(dir));) {
		size_t a = strlen(e->d_name), b = strlen(suffix);
		n += a > b && strcmp(e->d_name + a - b, suffix) == 0;
	}
	closedir(dir);
	return n;
}

static int own_files(const char *suffix)
{
	char path[1300];
	folder(study, path);
	return files(path, suffix);
}

static bool stays(const struct event *e)
{
	return e->kind == EVENT_START || e->kind == EVENT_STOP || e->kind == EVENT_CLOCK || e->kind == EVENT_SCREEN || e->kind == EVENT_LAYOUT;
}

static int64_t end_of(const struct event *e) { return e->has & HAS_END ? e->end_us : e->t_us; }

/* Every row outside is there as it was, in its order; nothing of what was chosen is. */
static void compare(const struct keep_choice *c, bool (*chosen)(const struct keep_choice *, const struct event *))
{
	struct world_read now;
	int at = 0;
	world_read(&world, world.keyring, study, &now);
	assert_int_equal(now.unreadable, 0);
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < counts[i]; j++) {
			if (!stays(&rows[i][j]) && chosen(c, &rows[i][j]))
				continue;
			while (at < now.count && (now.event[at].kind == EVENT_GAP || (now.event[at].kind == EVENT_SPAN && rows[i][j].kind != EVENT_SPAN)))
				at++;
			assert_true(at < now.count);
			assert_true(world_same(&now.event[at], &rows[i][j]));
			at++;
		}
	}
	for (int i = 0; i < now.count; i++) {
		const struct event *e = &now.event[i];
		if (!stays(e) && !(e->kind == EVENT_GAP && e->reason == REASON_FORGOTTEN))
			assert_false(e->kind != EVENT_SPAN && chosen(c, e));
		if (e->kind == EVENT_GAP) {
			assert_int_equal(e->reason, REASON_FORGOTTEN);
			assert_int_equal(e->t_us % WORLD_SECOND, 0);
			assert_int_equal(e->end_us % WORLD_SECOND, 0);
			assert_false(e->has & HAS_LOST);
		}
	}
	world_read_release(&now);
}

static bool in_time(const struct keep_choice *c, const struct event *e) { return end_of(e) >= c->since_us && e->t_us <= c->until_us; }
static bool in_firefox(const struct keep_choice *c, const struct event *e)
{
	return in_time(c, e) && e->has & HAS_APP && strstr(e->app, "firefox");
}

static int gaps(int64_t *first_us, int64_t *last_us)
{
	struct world_read now;
	int n = 0;
	world_read(&world, world.keyring, study, &now);
	for (int i = 0; i < now.count; i++) {
		if (now.event[i].kind != EVENT_GAP)
			continue;
		if (n++ == 0)
			*first_us = now.event[i].t_us;
		*last_us = now.event[i].end_us;
	}
	world_read_release(&now);
	return n;
}

static void forget_a_stretch(void **state)
{
	(void)state;
	struct keep_choice c = between(30, 60);
	struct keep_forgotten looked, done;
	int64_t from = 0, to = 0;
	assert_int_equal(keep_look(&world.places, world.keyring, &c, &looked), 0);
	assert_int_equal(gaps(&from, &to), 0);
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(done.segments, 1);
	assert_int_equal(looked.segments, 1);
	assert_int_equal(done.events, looked.events);
	assert_true(done.events > 25 && done.events < 40);
	compare(&c, in_time);
	assert_int_equal(gaps(&from, &to), 1);
	assert_int_equal(from, WORLD_T0 + 30 * WORLD_SECOND);
	assert_int_equal(to, WORLD_T0 + 60 * WORLD_SECOND);
	assert_int_equal(own_files(".seg"), 3);
	assert_int_equal(own_files(".key"), 3);
	assert_int_equal(own_files(".new"), 0);
	/* A second time there is nothing. */
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(done.segments, 0);
}

static void forget_over_segments(void **state)
{
	(void)state;
	struct keep_choice c = between(250, 900);
	struct keep_forgotten done;
	int64_t from = 0, to = 0;
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(done.segments, 2);
	compare(&c, in_time);
	/* Of the second nothing is left but what stays, and its gap. */
	assert_int_equal(own_files(".seg"), 3);
	assert_int_equal(gaps(&from, &to), 2);
	assert_int_equal(from, WORLD_T0 + 250 * WORLD_SECOND);
	/* It was released: recipients were told, and what is left may go again. */
	assert_int_equal(done.released, 1);
	assert_false(done.untold);
	assert_int_equal(done.again.count, 1);
	assert_true(strncmp(done.again.path[0], "study-a/", 8) == 0);
	spool_list_release(&done.again);
	struct released r;
	assert_int_equal(released_load(root, &r), 0);
	const struct released_entry *e = released_find(&r, names[1]);
	assert_true(e && e->gone && e->reason == TOMBSTONE_FORGOTTEN);
	released_release(&r);
	char path[1300];
	snprintf(path, sizeof path, "%s/tombstones", root);
	assert_int_equal(files(path, ".tombstone"), 1);
}

static void forget_an_application(void **state)
{
	(void)state;
	struct keep_choice c = everything();
	c.app = "FIRE*";
	struct keep_forgotten done;
	int64_t from = 0, to = 0;
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(done.segments, 3);
	compare(&c, in_firefox);
	/* Seven turns in each segment, one of them around the span: that is no row of it. */
	int n = gaps(&from, &to);
	assert_true(n >= 21 && n <= 24);
	assert_int_equal(from, WORLD_T0 + 20 * WORLD_SECOND);
	spool_list_release(&done.again);
}

static void cut_a_span(void **state)
{
	(void)state;
	/* The span lies from 150.25 to 160.25. */
	struct keep_choice c = between(153, 156);
	struct keep_forgotten done;
	struct world_read now;
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(done.events, 1);
	world_read(&world, world.keyring, study, &now);
	int spans = 0;
	const struct event *span[8];
	int64_t gap_from = 0, gap_to = 0;
	for (int i = 0; i < now.count; i++) {
		const struct event *e = &now.event[i];
		if (e->kind == EVENT_SPAN && spans < 8)
			span[spans++] = e;
		if (e->kind == EVENT_GAP) {
			gap_from = e->t_us;
			gap_to = e->end_us;
			assert_int_equal(e->mono_us - e->t_us, now.event[0].mono_us - now.event[0].t_us);
		}
	}
	assert_int_equal(spans, 4);
	assert_int_equal(span[0]->t_us, WORLD_T0 + 150250000);
	assert_int_equal(span[0]->end_us, WORLD_T0 + 153000000);
	assert_int_equal(gap_from, WORLD_T0 + 153000000);
	assert_int_equal(gap_to, WORLD_T0 + 156000000);
	assert_int_equal(span[1]->t_us, WORLD_T0 + 156000000);
	assert_int_equal(span[1]->end_us, WORLD_T0 + 160250000);
	assert_int_equal(span[1]->mono_us - span[1]->t_us, span[0]->mono_us - span[0]->t_us);
	world_read_release(&now);
}

static void random_stretches(void **state)
{
	(void)state;
	struct keep_forgotten done;
	for (int i = 0; i < 12; i++) {
		teardown(NULL);
		setup(NULL);
		struct keep_choice c = everything();
		c.since_us = WORLD_T0 + (int64_t)randombytes_uniform(1600000) * 1000;
		c.until_us = c.since_us + (int64_t)randombytes_uniform(400000) * 1000;
		bool app = randombytes_uniform(2);
		c.app = app ? "firefox" : NULL;
		assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
		compare(&c, app ? in_firefox : in_time);
		spool_list_release(&done.again);
	}
}

static void slurp(const char *path, struct bytes *out)
{
	char buffer[65536];
	size_t n;
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	while ((n = fread(buffer, 1, sizeof buffer, f)) > 0)
		bytes_put(out, buffer, n);
	fclose(f);
}

static void old_copies_are_noise(void **state)
{
	(void)state;
	char path[1400], copy[1400];
	struct bytes old = { 0 };
	struct keep_choice c = between(0, 30);
	struct keep_forgotten done;
	uint8_t key[SEGMENT_KEY];
	const char *what;
	struct keyfile k;
	snprintf(path, sizeof path, "%s/%s/%s.seg", world.places.spool, study, names[0]);
	slurp(path, &old);
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(access(path, F_OK), -1);
	/* Somebody puts a copy back. */
	FILE *f = fopen(path, "we");
	fwrite(old.data, 1, old.length, f);
	fclose(f);
	bytes_release(&old);
	assert_int_equal(keyring_segment(world.keyring, path, key, NULL, &what), ERROR_GONE);
	/* Nor does a new key open it. */
	char spool[1300];
	folder(study, spool);
	DIR *dir = opendir(spool);
	for (struct dirent *e; (e = readdir(dir));) {
		size_t n = strlen(e->d_name);
		if (n < 5 || strcmp(e->d_name + n - 4, ".key") != 0)
			continue;
		snprintf(copy, sizeof copy, "%s/%.*s.seg", spool, (int)n - 4, e->d_name);
		assert_int_equal(keyring_segment(world.keyring, copy, key, &k, &what), 0);
		assert_string_equal(k.study, study);
		assert_true(k.has_recipient && !k.released);
		assert_int_equal(k.expires_us - k.begun_us, 90 * 86400 * WORLD_SECOND);
		/* The recipient's box is a new one, and good. */
		uint8_t theirs[SEGMENT_KEY];
		assert_int_equal(keyfile_open(k.recipient, world.recipient_public, world.recipient_secret, theirs), 0);
		assert_memory_equal(theirs, key, sizeof key);
		struct spool_file file;
		struct segment_reader *reader = NULL;
		assert_int_equal(spool_map(path, &file), 0);
		assert_int_not_equal(segment_reader_new(file.data, file.length, key, &reader), 0);
		segment_reader_free(reader);
		spool_unmap(&file);
	}
	closedir(dir);
	assert_int_equal(keep_expire(&world.places, world.identity, 0, WORLD_T0, &(struct keep_report){ 0 }), 0);
	assert_int_equal(access(path, F_OK), -1);
}

static void unchanged(void)
{
	struct keep_choice nothing = between(-10, -9);
	compare(&nothing, in_time);
	assert_int_equal(own_files(".seg"), 3);
	assert_int_equal(own_files(".key"), 3);
	assert_int_equal(own_files(".new"), 0);
}

static void other_keys(void **state)
{
	(void)state;
	struct keep_choice c = everything();
	struct keep_forgotten done;
	struct keyring *other;
	assert_int_equal(keyring_new(&other), 0);
	assert_int_equal(keyring_add_recipient(other, (const uint8_t[32]){ 1 }, (const uint8_t[32]){ 2 }), 0);
	c.since_us = WORLD_T0;
	assert_int_equal(keep_forget(&world.places, world.identity, other, &c, &done), ERROR_DENIED);
	assert_non_null(strstr(done.where, names[0]));
	unchanged();
	keyring_free(other);
}

static void flip(const char *name, long at)
{
	char path[1400];
	snprintf(path, sizeof path, "%s/%s/%s.seg", world.places.spool, study, name);
	FILE *f = fopen(path, "r+e");
	assert_non_null(f);
	fseek(f, at, SEEK_SET);
	int c = fgetc(f);
	fseek(f, at, SEEK_SET);
	fputc(c ^ 1, f);
	fclose(f);
}

static void damaged_segments(void **state)
{
	(void)state;
	struct keep_choice c = between(280, 290);
	struct keep_forgotten done;
	char path[1400];
	struct stat st;
	snprintf(path, sizeof path, "%s/%s/%s.seg", world.places.spool, study, names[0]);
	assert_int_equal(stat(path, &st), 0);
	flip(names[0], (long)st.st_size - 700);
	/* What is meant may be in the damage. */
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), ERROR_CORRUPT);
	assert_non_null(strstr(done.where, names[0]));
	/* Days later it is not. */
	c = between(3 * 86400, 4 * 86400);
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(done.segments, 0);
	/* By its name it goes as a whole. */
	c = everything();
	c.segment = names[0];
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(done.segments, 1);
	assert_int_equal(access(path, F_OK), -1);
	/* And one whose header is damaged. */
	flip(names[2], 100);
	c.segment = names[2];
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(done.segments, 1);
	struct world_read now;
	world_read(&world, world.keyring, study, &now);
	assert_int_equal(now.unreadable, 0);
	assert_true(now.segments >= 1);
	world_read_release(&now);
}

static void under_way(void **state)
{
	(void)state;
	struct keep_choice c = between(1800, 1900);
	struct keep_forgotten done;
	char name[SPOOL_NAME_MAX], path[1400];
	world_part(&world, study, WORLD_T0 + 1800 * WORLD_SECOND, rows[0], 0, name);
	/* A writer is at work. */
	snprintf(path, sizeof path, "%s/%s/.lock", world.places.spool, study);
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), ERROR_AGAIN);
	assert_int_equal(own_files(".part"), 1);
	assert_int_equal(own_files(".seg"), 3);
	/* What was begun after the question was asked is not meant. */
	c.asked_us = WORLD_T0 + 1700 * WORLD_SECOND;
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(done.segments, 0);
	close(lock);
	/* The writer is dead: it is completed, and then forgotten like the others. */
	struct event late[WORLD_ROWS];
	int n = world_rows(WORLD_T0 + 1860 * WORLD_SECOND, 60, late);
	world_part(&world, study, WORLD_T0 + 1860 * WORLD_SECOND, late, n, name);
	c = between(1800, 1900);
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	/* The one without a row has a gap of reason crash, which begins then, too. */
	assert_int_equal(done.segments, 2);
	struct world_read now;
	world_read(&world, world.keyring, study, &now);
	for (int i = 0; i < now.count; i++)
		if (now.event[i].kind == EVENT_KEY_DOWN || now.event[i].kind == EVENT_FOCUS)
			assert_false(in_time(&c, &now.event[i]));
	world_read_release(&now);
}

static void begin_the_next(void *user, int done, int of)
{
	(void)of;
	usleep(2000);
	if (done == 0)
		world_part(&world, study, clock_utc_us(), rows[0], 0, user);
}

/* The agent goes on while the segments before are looked at: what it begins then is neither meant nor of the future. */
static void begun_meanwhile(void **state)
{
	(void)state;
	struct keep_forgotten done;
	char name[SPOOL_NAME_MAX], path[1400];
	snprintf(path, sizeof path, "%s/%s/.lock", world.places.spool, study);
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	struct keep_choice c = between(0, 1900);
	c.asked_us = clock_utc_us();
	c.progress = begin_the_next;
	c.user = name;
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(done.segments, 3);
	assert_int_equal(own_files(".part"), 1);
	spool_list_release(&done.again);
	close(lock);
}

static void clock_was_set_back(void **state)
{
	(void)state;
	static struct event late[WORLD_ROWS];
	struct keep_forgotten done;
	char name[SPOOL_NAME_MAX];
	/* Recorded before the clock was set back, "in a year". */
	int64_t now = clock_utc_us(), year = 365 * 86400 * WORLD_SECOND, t = now + year;
	world_segment(&world, study, t, late, world_rows(t, 60, late), false, name);
	struct keep_choice c = { .since_us = now - 600 * WORLD_SECOND, .until_us = INT64_MAX, .asked_us = now };
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(done.segments, 1);
	assert_true(done.events > 50);
}

/* A stretch that begins while the machine slept: both clocks of the gaps are those of what they stand for. */
static void asleep_in_between(void **state)
{
	(void)state;
	const int64_t t = WORLD_T0 + 86400 * WORLD_SECOND, mono = 5000 * WORLD_SECOND, slept = 1500 * WORLD_SECOND;
	const struct event slept_rows[] = {
		{ .kind = EVENT_START, .t_us = t, .mono_us = mono },
		{ .kind = EVENT_MOTION, .t_us = t + WORLD_SECOND, .mono_us = mono + WORLD_SECOND },
		{ .kind = EVENT_GAP, .reason = REASON_SUSPEND, .has = HAS_REASON | HAS_END, .t_us = t + 2 * WORLD_SECOND,
		  .end_us = t + 2 * WORLD_SECOND + slept, .mono_us = mono + 2 * WORLD_SECOND },
		{ .kind = EVENT_CLOCK, .t_us = t + 2 * WORLD_SECOND + slept, .mono_us = mono + 2 * WORLD_SECOND },
		{ .kind = EVENT_MOTION, .t_us = t + 3 * WORLD_SECOND + slept, .mono_us = mono + 3 * WORLD_SECOND },
		{ .kind = EVENT_MOTION, .t_us = t + 5 * WORLD_SECOND + slept, .mono_us = mono + 5 * WORLD_SECOND },
		{ .kind = EVENT_STOP, .t_us = t + 6 * WORLD_SECOND + slept, .mono_us = mono + 6 * WORLD_SECOND },
	};
	struct keep_choice c = { .since_us = t + slept + 1500000, .until_us = t + slept + 4 * WORLD_SECOND, .asked_us = t + slept + 9 * WORLD_SECOND };
	struct keep_forgotten done;
	struct world_read now;
	const struct event *gap[4];
	int found = 0;
	char name[SPOOL_NAME_MAX];
	world_segment(&world, study, t, slept_rows, (int)(sizeof slept_rows / sizeof slept_rows[0]), false, name);
	assert_int_equal(keep_forget(&world.places, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(done.segments, 1);
	world_read(&world, world.keyring, study, &now);
	for (int i = 0; i < now.count; i++)
		if (now.event[i].kind == EVENT_GAP && now.event[i].t_us > t && found < 4)
			gap[found++] = &now.event[i];
	assert_int_equal(found, 3);
	assert_int_equal(gap[0]->reason, REASON_SUSPEND);
	assert_int_equal(gap[0]->end_us, t + slept + WORLD_SECOND);
	assert_int_equal(gap[1]->reason, REASON_FORGOTTEN);
	assert_int_equal(gap[1]->t_us, t + slept + WORLD_SECOND);
	assert_int_equal(gap[1]->end_us, t + slept + 2 * WORLD_SECOND);
	assert_true(gap[1]->mono_us > mono && gap[1]->mono_us <= mono + 2 * WORLD_SECOND);
	assert_int_equal(gap[2]->reason, REASON_FORGOTTEN);
	assert_int_equal(gap[2]->mono_us, mono + 3 * WORLD_SECOND);
	assert_int_equal(gap[2]->t_us, t + slept + 3 * WORLD_SECOND);
	world_read_release(&now);
}

static void empty_spool(void **state)
{
	(void)state;
	struct keep_choice c = everything();
	struct keep_forgotten done;
	struct keep_report report;
	struct keep_erased erased;
	struct places p = world.places;
	snprintf(p.spool, sizeof p.spool, "%s/nothing", root);
	assert_int_equal(keep_forget(&p, world.identity, world.keyring, &c, &done), 0);
	assert_int_equal(keep_look(&p, world.keyring, &c, &done), 0);
	assert_int_equal(keep_expire(&p, world.identity, 0, WORLD_T0, &report), 0);
	assert_int_equal(keep_erase(&p, NULL, &erased), 0);
	assert_int_equal(access(p.spool, F_OK), -1);
}

static void retention(void **state)
{
	(void)state;
	struct keep_report report;
	const int64_t day = 86400 * WORLD_SECOND;
	assert_int_equal(keep_expire(&world.places, world.identity, 0, WORLD_T0 + 89 * day, &report), 0);
	assert_int_equal(report.removed, 0);
	assert_int_equal(report.next_us, WORLD_T0 + 90 * day);
	assert_int_equal(own_files(".seg"), 3);
	/* To the microsecond: the first, not the others. */
	assert_int_equal(keep_expire(&world.places, world.identity, 0, WORLD_T0 + 90 * day - 1, &report), 0);
	assert_int_equal(report.removed, 0);
	assert_int_equal(keep_expire(&world.places, world.identity, 0, WORLD_T0 + 90 * day, &report), 0);
	assert_int_equal(report.removed, 1);
	assert_int_equal(report.next_us, WORLD_T0 + 90 * day + 600 * WORLD_SECOND);
	assert_int_equal(own_files(".key"), 2);
	/* A policy's shorter time; one that is longer changes nothing. */
	assert_int_equal(keep_expire(&world.places, world.identity, 900 * day, WORLD_T0 + 80 * day, &report), 0);
	assert_int_equal(report.removed, 0);
	assert_int_equal(keep_expire(&world.places, world.identity, 2 * day, WORLD_T0 + 3 * day, &report), 0);
	assert_int_equal(report.removed, 2);
	assert_int_equal(report.failed, 0);
	assert_int_equal(report.next_us, INT64_MAX);
	assert_int_equal(own_files(".seg") + own_files(".key"), 0);
	struct released r;
	assert_int_equal(released_load(root, &r), 0);
	const struct released_entry *e = released_find(&r, names[1]);
	assert_true(e && e->gone && e->reason == TOMBSTONE_EXPIRED);
	released_release(&r);
}

static void orphans(void **state)
{
	(void)state;
	struct keep_report report;
	char path[1400], other[1400];
	snprintf(path, sizeof path, "%s/%s/%s.key", world.places.spool, study, names[0]);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof path, "%s/%s/%s.seg", world.places.spool, study, names[1]);
	assert_int_equal(unlink(path), 0);
	snprintf(other, sizeof other, "%s/%s/.lock", world.places.spool, study);
	/* A writer that is at work makes the key first. */
	int lock = open(other, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_int_equal(keep_expire(&world.places, world.identity, 0, WORLD_T0, &report), 0);
	assert_int_equal(own_files(".seg"), 1);
	assert_int_equal(own_files(".key"), 2);
	close(lock);
	assert_int_equal(keep_expire(&world.places, world.identity, 0, WORLD_T0, &report), 0);
	assert_int_equal(own_files(".seg"), 1);
	assert_int_equal(own_files(".key"), 1);
	assert_int_equal(report.failed, 0);
	/* One that is open and due: its writer has to finish it first. Without a writer it goes, at once completed or not. */
	char name[SPOOL_NAME_MAX];
	world_part(&world, study, WORLD_T0, rows[0], 10, name);
	lock = open(other, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_int_equal(keep_expire(&world.places, world.identity, 0, WORLD_T0 + 91 * 86400 * WORLD_SECOND, &report), 0);
	assert_true(report.under_way);
	assert_int_equal(own_files(".part"), 1);
	close(lock);
	assert_int_equal(keep_expire(&world.places, world.identity, 0, WORLD_T0 + 91 * 86400 * WORLD_SECOND, &report), 0);
	assert_false(report.under_way);
	assert_int_equal(own_files(".part") + own_files(".seg") + own_files(".key"), 0);
}

/* What a later version wrote is not damaged, and when it goes, this program does not know. */
static void of_a_later_version(void **state)
{
	(void)state;
	struct keep_report report;
	char path[1400];
	const int64_t long_after = WORLD_T0 + 5000 * (int64_t)86400 * WORLD_SECOND;
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s/%s.key", world.places.spool, study, names[i]);
		FILE *f = fopen(path, "r+");
		assert_non_null(f);
		assert_int_equal(fprintf(f, "assent key 2\n"), 13);
		fclose(f);
	}
	/* One is the key of something whose name is not known. */
	snprintf(path, sizeof path, "%s/%s/%s.seg", world.places.spool, study, names[1]);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(keep_expire(&world.places, world.identity, 0, long_after, &report), 0);
	assert_int_equal(report.removed, 1);
	assert_int_equal(report.failed, 0);
	assert_int_equal(report.next_us, INT64_MAX);
	assert_int_equal(own_files(".key"), 2);
	assert_int_equal(own_files(".seg"), 1);
}

static void erase(void **state)
{
	(void)state;
	struct keep_erased done;
	char path[1400], name[SPOOL_NAME_MAX], other[SPOOL_NAME_MAX];
	struct bytes old = { 0 };
	uint8_t key[SEGMENT_KEY];
	const char *what;
	world_segment(&world, "study-b", WORLD_T0, rows[0], counts[0], false, other);
	world_part(&world, study, WORLD_T0 + 1800 * WORLD_SECOND, rows[0], 20, name);
	snprintf(path, sizeof path, "%s/%s/%s.seg", world.places.spool, study, names[0]);
	slurp(path, &old);
	/* What a stopped writer has open. */
	char directory[1300];
	folder(study, directory);
	int held = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(keep_erase(&world.places, study, &done), 0);
	assert_int_equal(done.keys, 4);
	assert_int_equal(done.segments, 4);
	assert_int_equal(done.failed, 0);
	assert_true(done.bytes > (int64_t)old.length);
	assert_int_equal(access(directory, F_OK), -1);
	assert_int_equal(openat(held, "x", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), -1);
	assert_int_equal(errno, ENOENT);
	close(held);
	/* The other study is as it was. */
	snprintf(path, sizeof path, "%s/study-b/%s.seg", world.places.spool, other);
	assert_int_equal(keyring_segment(world.keyring, path, key, NULL, &what), 0);
	bytes_release(&old);
	assert_int_equal(keep_erase(&world.places, NULL, &done), 0);
	assert_int_equal(done.segments, 1);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(keep_erase(&world.places, NULL, &done), 0);
	assert_int_equal(done.segments, 0);
}

static void foreign_plans(void **state)
{
	(void)state;
	static const char *const plans[] = {
		"", "assent forget 1\n", "assent forget 2\nend\n", "assent forget 1\nsegment study-a x y\n",
		"assent forget 1\nsegment ../study-a x y\nend\n", "assent forget 1\nsegment study-a ../x y\nend\n",
		"assent forget 1\nsegment study-a x y z\nend\n", "assent forget 1\nend\nend\n",
	};
	char path[1300];
	snprintf(path, sizeof path, "%s/.forget", world.places.spool);
	for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
		FILE *f = fopen(path, "we");
		fputs(plans[i], f);
		fclose(f);
		assert_int_equal(keep_lock(&world.places), ERROR_IO);
		assert_int_not_equal(keep_settle(root), 0);
	}
	unlink(path);
	assert_int_equal(keep_settle(root), 0);
	unchanged();
}

static void clock_set_forward(void **state)
{
	(void)state;
	struct keeper_clock k = { 0 };
	bool news;
	int64_t utc = WORLD_T0, boot = 5000 * WORLD_SECOND;
	const int64_t hour = 3600 * WORLD_SECOND;
	assert_true(keeper_believes(&k, utc, boot, &news));
	/* An hour later, with a small correction; and after a week asleep, which the time since boot counts. */
	assert_true(keeper_believes(&k, utc + hour + 90 * WORLD_SECOND, boot + hour, &news));
	assert_true(keeper_believes(&k, utc + 170 * hour, boot + 170 * hour, &news));
	utc += 170 * hour;
	boot += 170 * hour;
	/* A year forward: not for an hour. Told once. */
	int64_t wrong = 365 * 24 * hour;
	assert_false(keeper_believes(&k, utc + wrong, boot, &news));
	assert_true(news);
	assert_false(keeper_believes(&k, utc + wrong + hour / 2, boot + hour / 2, &news));
	assert_false(news);
	/* Set right in time: nothing has happened. */
	assert_true(keeper_believes(&k, utc + hour / 2, boot + hour / 2, &news));
	assert_false(keeper_believes(&k, utc + wrong + hour, boot + hour, &news));
	assert_true(news);
	/* It stays so: then it is the time. */
	assert_true(keeper_believes(&k, utc + wrong + 2 * hour, boot + 2 * hour, &news));
	/* Back: what would be deleted is only less. */
	assert_true(keeper_believes(&k, utc + 3 * hour, boot + 3 * hour, &news));
	/* When it runs again. */
	keeper_plan(&k, 0, utc, INT64_MAX, false);
	assert_int_equal(k.next_us, hour);
	keeper_plan(&k, 0, utc, utc + 20 * WORLD_SECOND, false);
	assert_int_equal(k.next_us, 20 * WORLD_SECOND);
	keeper_plan(&k, 0, utc, utc - hour, false);
	assert_int_equal(k.next_us, KEEPER_SOONEST_S * WORLD_SECOND);
	keeper_plan(&k, 0, utc, utc - hour, true);
	assert_int_equal(k.next_us, hour);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(forget_a_stretch, setup, teardown),
		cmocka_unit_test_setup_teardown(forget_over_segments, setup, teardown),
		cmocka_unit_test_setup_teardown(forget_an_application, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_a_span, setup, teardown),
		cmocka_unit_test_setup_teardown(random_stretches, setup, teardown),
		cmocka_unit_test_setup_teardown(old_copies_are_noise, setup, teardown),
		cmocka_unit_test_setup_teardown(other_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_segments, setup, teardown),
		cmocka_unit_test_setup_teardown(under_way, setup, teardown),
		cmocka_unit_test_setup_teardown(begun_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(clock_was_set_back, setup, teardown),
		cmocka_unit_test_setup_teardown(asleep_in_between, setup, teardown),
		cmocka_unit_test_setup_teardown(empty_spool, setup, teardown),
		cmocka_unit_test_setup_teardown(retention, setup, teardown),
		cmocka_unit_test_setup_teardown(orphans, setup, teardown),
		cmocka_unit_test_setup_teardown(of_a_later_version, setup, teardown),
		cmocka_unit_test_setup_teardown(erase, setup, teardown),
		cmocka_unit_test_setup_teardown(foreign_plans, setup, teardown),
		cmocka_unit_test(clock_set_forward),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
