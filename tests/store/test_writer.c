/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: what goes in over the wire is in the segments, whatever the circumstances. */
#include <fcntl.h>
#include <linux/sockios.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../agent/base/clock.h"
#include "../../agent/error.h"
#include "../../agent/store/sink.h"
#include "harness.h"

static void keeps_everything(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	harness_start(h);
	assert_int_equal(harness_send(h, 0, 50000, 0), 50000);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 50000);
	assert_int_equal(f.disorder + f.broken + f.parts, 0);
	assert_int_equal(f.segments, 1);
	assert_int_equal(f.devices, 1);
	assert_int_equal(h->stats->count.written, 50000);
	assert_int_equal(h->stats->count.segments, 1);
	assert_int_equal(h->stats->count.flushes, 4); /* three full blocks, the rest */
	struct spool_list list;
	const char *input = h->spool;
	struct stat st;
	assert_int_equal(spool_find(&input, 1, &list), 0);
	assert_int_equal(stat(list.path[0], &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(h->stats->count.sealed, 1);
	assert_int_equal(f.sealed, 1);
	assert_true(h->stats->count.bytes > 0);
	spool_list_release(&list);
}

static void nothing_leaves_nothing(void **state)
{
	struct harness *h = *state;
	harness_start(h);
	assert_int_equal(harness_stop(h), 0);
	assert_int_equal(harness_count(h->spool, ""), 1); /* .lock */
	assert_int_equal(h->stats->count.flushes, 0);
}

static void flushes_by_time(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	h->options.flush_us = 200000;
	harness_start(h);
	harness_send(h, 0, 10, 0);
	harness_wait(&h->stats->count.written, 10);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 10);
	assert_int_equal(f.parts, 1);
	harness_send(h, 10, 5, 0);
	harness_wait(&h->stats->count.written, 15);
	assert_int_equal(h->stats->count.flushes, 2);
	/* Idle: no wakeup, that is no voluntary switch, in a second. */
	char path[64], line[256];
	long before = -1, after = -2;
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "/proc/%d/status", (int)h->pid);
		FILE *status = fopen(path, "r");
		assert_non_null(status);
		while (fgets(line, sizeof line, status))
			if (sscanf(line, "voluntary_ctxt_switches: %ld", i ? &after : &before) == 1)
				break;
		fclose(status);
		if (i == 0)
			sleep(1);
	}
	assert_int_equal(before, after);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 15);
	assert_int_equal(f.segments, 1);
	assert_int_equal(f.disorder + f.broken + f.parts, 0);
}

/* When something came cannot be told from when it was written. */
static void flushes_on_a_grid(void **state)
{
	struct harness *h = *state;
	enum { GRID_US = 1000000, TIMES = 5 };
	int on_time = 0;
	h->options.flush_us = GRID_US;
	harness_start(h);
	for (int i = 0; i < TIMES; i++) {
		/* At another place between two flushes each time. */
		int64_t at = (clock_mono_us() / GRID_US + 1) * GRID_US + GRID_US / 2 + i * GRID_US / 12;
		usleep((useconds_t)(at - clock_mono_us()));
		harness_send(h, i * 2, 2, 0);
		harness_wait(&h->stats->count.written, (uint64_t)(i + 1) * 2);
		on_time += clock_mono_us() % GRID_US < GRID_US / 4;
	}
	/* The machine may be busy once. */
	assert_true(on_time >= TIMES - 1);
	assert_int_equal(h->stats->count.flushes, TIMES);
	assert_int_equal(harness_stop(h), 0);
}

static void rotates_by_size(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	h->options.segment_bytes = 4096;
	h->options.flush_us = 1000;
	harness_start(h);
	for (int i = 0; i < 20; i++) {
		harness_send(h, i * 2000, 2000, 0);
		harness_wait(&h->stats->count.written, (uint64_t)(i + 1) * 2000);
	}
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 40000);
	assert_int_equal(f.disorder + f.broken + f.parts, 0);
	assert_in_range(f.segments, 2, 40);
	/* Each names its devices, although the wire did so once. */
	assert_int_equal(f.devices, f.segments);
	assert_int_equal(f.segments, h->stats->count.segments);
	/* It has the time, between two deliveries; but not where the machine is so busy that too many wait. */
	assert_int_equal(h->stats->count.sealed, f.sealed);
	assert_int_equal(f.sealed + f.journals, f.segments);
	assert_true(f.sealed == f.segments || (f.sealed && (strstr(harness_log(h), "others wait") || strstr(harness_log(h), "no time for it"))));
	assert_int_equal(harness_count(h->spool, ".sealed.tmp"), 0);
}

static void second_writer_is_refused(void **state)
{
	struct harness *h = *state;
	struct harness other = *h;
	struct harness_found f;
	h->options.flush_us = 1000;
	harness_start(h);
	harness_send(h, 0, 100, 0);
	harness_wait(&h->stats->count.written, 100);
	other.log = -1;
	memset(&other.message, 0, sizeof other.message);
	harness_start(&other);
	assert_int_equal(harness_stop(&other), -ERROR_DENIED);
	assert_non_null(strstr(harness_log(&other), h->spool));
	close(other.log);
	/* The first one's .part was not taken for a crash's. */
	harness_send(h, 100, 100, 0);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 200);
	assert_int_equal(f.gaps[REASON_CRASH], 0);
}

static void survives_signals(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	struct harness *h = *state;
	struct harness_found f;
	h->options.flush_us = 1000;
	harness_start(h);
	harness_send(h, 0, 100, 0);
	harness_wait(&h->stats->count.written, 100);
	for (int i = 0; i < 3; i++)
		kill(h->pid, signals[i]);
	harness_send(h, 100, 100, 0);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 200);
}

static void damaged_message_ends_it(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	uint8_t junk[200];
	memset(junk, 0xff, sizeof junk);
	harness_start(h);
	harness_send(h, 0, 100, 0);
	send(h->fd, junk, sizeof junk, 0);
	assert_int_equal(harness_stop(h), -ERROR_CORRUPT);
	assert_non_null(strstr(harness_log(h), "damaged"));
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 100);
	assert_int_equal(f.broken + f.parts, 0);
}

/* A message that is too long is cut by the kernel: it must not be taken for a short one. */
static void oversized_message_ends_it(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	harness_start(h);
	harness_send(h, 0, 100, 0);
	bytes_clear(&h->message);
	for (int i = 100; h->message.length <= WIRE_MESSAGE_MAX; i++) {
		struct event e = harness_event(i);
		wire_put_event(&h->encoder, &e, &h->message);
	}
	assert_true(send(h->fd, h->message.data, h->message.length, 0) > 0);
	assert_int_equal(harness_stop(h), -ERROR_CORRUPT);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 100);
}

/* While it is stopped the wire fills; what was accepted is stored, and the other end was never blocked. */
static void stopped_writer_blocks_nobody(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	harness_start(h);
	harness_send(h, 0, 100, 0);
	kill(h->pid, SIGSTOP);
	int status;
	waitpid(h->pid, &status, WUNTRACED);
	int sent = harness_send(h, 100, 200000, MSG_DONTWAIT);
	assert_true(sent < 200000);
	kill(h->pid, SIGCONT);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 100 + sent);
	assert_int_equal(f.broken + f.parts, 0);
}

static void unwritable_spool_is_told(void **state)
{
	struct harness *h = *state;
	char path[600];
	h->options.spool = path;
	snprintf(path, sizeof path, "%s/missing", h->root);
	harness_start(h);
	assert_int_equal(harness_stop(h), -ERROR_IO);
	assert_non_null(strstr(harness_log(h), path));
	/* /proc takes no files, not even from root. */
	snprintf(path, sizeof path, "/proc/self");
	harness_start(h);
	assert_int_equal(harness_stop(h), -ERROR_IO);
	assert_non_null(strstr(harness_log(h), "/proc/self"));
}

/* Everything that it ever does, with no more than it is left with in assentd. */
static void works_in_its_sandbox(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	char path[600];
	int next = 0;
	h->sandboxed = true;
	h->options.segment_bytes = 4096;
	h->options.flush_us = 1000;
	snprintf(path, sizeof path, "%s/20260501T123456Z-0f3a9c11.part", h->spool);
	close(open(path, O_WRONLY | O_CREAT, 0600)); /* empty */
	snprintf(path, sizeof path, "%s/20260501T123456Z-0f3a9c12.part", h->spool);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "junk", 4), 4);
	close(fd);
	for (int round = 0; round < 2; round++) {
		harness_start(h);
		for (int i = 0; i < 3; i++, next += 2000) {
			harness_send(h, next, 2000, 0);
			for (int j = 0; j < 1000 && h->stats->count.written < (uint64_t)next + 2000; j++)
				usleep(5000);
			if (h->stats->count.written < (uint64_t)next + 2000)
				fail_msg("it does not write: %s", harness_log(h));
		}
		if (round == 0)
			harness_kill(h);
	}
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, next);
	/* Two, if it was killed in the middle of a rotation. */
	assert_in_range(f.gaps[REASON_CRASH], 1, 2);
	assert_int_equal(f.broken + f.parts, 0);
	assert_int_equal(harness_count(h->spool, ".damaged"), 1);
	assert_true(f.segments > 2);
	assert_true(f.sealed > 0);
}

static void finds_segments(void **state)
{
	struct harness *h = *state;
	struct spool_list list;
	char path[4][600];
	harness_start(h);
	harness_send(h, 0, 100, 0);
	assert_int_equal(harness_stop(h), 0);
	snprintf(path[0], sizeof path[0], "%s/ledger.jsonl", h->root);
	close(open(path[0], O_WRONLY | O_CREAT, 0600));
	snprintf(path[0], sizeof path[0], "%s", h->root);
	snprintf(path[1], sizeof path[1], "%s/spool/", h->root);
	snprintf(path[2], sizeof path[2], "%s", h->spool);
	for (int i = 0; i < 3; i++) {
		const char *input = path[i];
		assert_int_equal(spool_find(&input, 1, &list), 0);
		assert_int_equal(list.count, 1);
		snprintf(path[3], sizeof path[3], "%s", list.path[0]);
		spool_list_release(&list);
	}
	const char *all[] = { path[3], path[2], path[1], path[0], path[3] };
	assert_int_equal(spool_find(all, 5, &list), 0);
	assert_int_equal(list.count, 1);
	spool_list_release(&list);
	all[1] = "/nonexistent";
	assert_int_equal(spool_find(all, 5, &list), ERROR_IO);
	assert_int_equal(list.count, 0);
	/* It was a .part when it was found. */
	struct spool_file file;
	strcpy(path[3] + strlen(path[3]) - 4, ".part");
	assert_int_equal(spool_map(path[3], &file), 0);
	assert_false(file.part);
	assert_true(file.length > 0);
	spool_unmap(&file);
}

static void a_cut_off_stream_is_told(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	h->options.ends_with_stop = true;
	harness_start(h);
	harness_send(h, 0, 10, 0);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, 10);
	assert_int_equal(f.gaps[REASON_CRASH], 1);
	assert_int_equal(f.gap_t_us, harness_event(9).t_us);
}

/* The key file of the only segment. */
static void read_keyfile(struct harness *h, struct keyfile *k, uint8_t key[SEGMENT_KEY], char path[SPOOL_PATH_MAX])
{
	struct spool_list list;
	const char *input = h->spool, *what;
	assert_int_equal(spool_find(&input, 1, &list), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(keyring_segment(h->keyring, list.path[0], key, k, &what), 0);
	strcpy(path, list.path[0]);
	spool_list_release(&list);
}

/* What two recipients hold of one machine must not tell them that it is one. */
static void the_boot_is_another_in_each_study(void **state)
{
	struct harness *h = *state;
	static const char *const participants[] = {"0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef", "f123456789abcdef0123456789abcdef"};
	uint8_t key[SEGMENT_KEY], boot[3][16], raw[16];
	char path[SPOOL_PATH_MAX];
	struct keyfile k;
	memset(raw, 0x33, sizeof raw);
	for (int i = 0; i < 3; i++) {
		struct segment_reader *reader;
		struct spool_file file;
		memcpy(h->options.meta.boot_id, raw, sizeof raw);
		strcpy(h->options.meta.participant, participants[i]);
		harness_start(h);
		harness_send(h, 0, 10, 0);
		assert_int_equal(harness_stop(h), 0);
		read_keyfile(h, &k, key, path);
		assert_int_equal(spool_map(path, &file), 0);
		assert_int_equal(segment_reader_new(file.data, file.length, key, &reader), 0);
		memcpy(boot[i], segment_reader_meta(reader)->boot_id, sizeof boot[i]);
		segment_reader_free(reader);
		spool_unmap(&file);
		unlink(path);
		strcpy(strrchr(path, '.'), ".key");
		unlink(path);
	}
	assert_memory_not_equal(boot[0], raw, sizeof raw);
	assert_memory_equal(boot[0], boot[1], sizeof raw);
	assert_memory_not_equal(boot[0], boot[2], sizeof raw);
}

static void keys_are_for_those_who_may_read(void **state)
{
	struct harness *h = *state;
	struct keyfile k;
	uint8_t key[SEGMENT_KEY], again[SEGMENT_KEY], public_key[32], secret[32];
	char path[SPOOL_PATH_MAX];
	struct stat st;
	assert_int_equal(crypto_box_keypair(public_key, secret), 0);
	memcpy(h->options.recipient, public_key, sizeof public_key);
	memset(h->options.meta.receipt_hash, 7, 32);
	const struct { bool has_recipient; int64_t review_us, release_us; } cases[] = {
		{ true, INT64_C(72) * 3600 * 1000000, 0 }, { true, 0, 0 }, { true, WRITER_MANUAL, KEYFILE_MANUAL },
		{ true, WRITER_NEVER, KEYFILE_NEVER }, { false, 0, KEYFILE_NEVER },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		h->options.has_recipient = cases[i].has_recipient;
		h->options.review_us = cases[i].review_us;
		int64_t before = clock_utc_us();
		harness_start(h);
		harness_send(h, 0, 10, 0);
		assert_int_equal(harness_stop(h), 0);
		read_keyfile(h, &k, key, path);
		assert_in_range(k.begun_us, before, clock_utc_us());
		assert_true(k.expires_us == k.begun_us + h->options.retention_us);
		/* Also who typed in the last second of its hour has all of the time to look at it. */
		int64_t hour = INT64_C(3600) * 1000000, from = cases[i].review_us ? (k.begun_us / hour + 1) * hour : k.begun_us;
		assert_true(k.release_us == (cases[i].release_us ? cases[i].release_us : from + cases[i].review_us));
		assert_true(k.has_participant && !k.released);
		assert_string_equal(k.study, h->options.meta.study);
		assert_string_equal(k.pseudonym, h->options.meta.participant);
		assert_memory_equal(k.receipt_hash, h->options.meta.receipt_hash, 32);
		/* Until there is a time at which the recipient may read it, there is nothing that would let them. */
		assert_int_equal(k.has_recipient, cases[i].release_us == 0);
		if (k.has_recipient) {
			assert_int_equal(keyfile_open(k.recipient, public_key, secret, again), 0);
			assert_memory_equal(again, key, sizeof key);
		}
		unlink(path);
		strcpy(strrchr(path, '.'), ".key");
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		unlink(path);
	}
}

/* Is it anywhere in what the process has mapped? */
static bool in_memory(pid_t pid, const uint8_t *bytes, size_t length)
{
	char path[64], line[512];
	bool found = false;
	snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	FILE *maps = fopen(path, "r");
	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	int mem = open(path, O_RDONLY);
	assert_true(maps && mem >= 0);
	while (!found && fgets(line, sizeof line, maps)) {
		unsigned long from, to;
		char rights[8];
		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[0] != 'r' || to - from > 64UL << 20)
			continue;
		uint8_t *copy = malloc(to - from);
		ssize_t n = pread(mem, copy, to - from, (off_t)from);
		found = n > 0 && memmem(copy, (size_t)n, bytes, length);
		free(copy);
	}
	fclose(maps);
	close(mem);
	return found;
}

/* Nobody who looks into the writer can read what it wrote before: a segment that is sealed has no key there. (Of the one in hand it has what it
 * writes with, and that opens it as well.) */
static void the_writer_forgets_its_keys(void **state)
{
	struct harness *h = *state;
	struct spool_list list;
	const char *input = h->spool, *what;
	h->options.segment_bytes = 4096;
	h->options.flush_us = 1000;
	harness_start(h);
	for (int next = 0; next < 6000; next += 1000) {
		harness_send(h, next, 1000, 0);
		harness_wait(&h->stats->count.written, (uint64_t)next + 1000);
	}
	harness_wait(&h->stats->count.sealed, 3);
	usleep(200000);
	assert_true(in_memory(h->pid, (const uint8_t *)h->options.meta.study, strlen(h->options.meta.study)));
	assert_int_equal(spool_find(&input, 1, &list), 0);
	assert_true(list.count > 3);
	uint8_t before[SEGMENT_KEY] = {0}, key[SEGMENT_KEY];
	int sealed = 0;
	for (int i = 0; i < list.count; i++) {
		if (strstr(list.path[i], ".part"))
			continue;
		sealed++;
		assert_int_equal(keyring_segment(h->keyring, list.path[i], key, NULL, &what), 0);
		assert_memory_not_equal(key, before, sizeof key);
		/* Half of it would be too much, too. */
		assert_false(in_memory(h->pid, key, 16));
		assert_false(in_memory(h->pid, key + 16, 16));
		memcpy(before, key, sizeof key);
	}
	assert_true(sealed >= 3);
	spool_list_release(&list);
	assert_int_equal(harness_stop(h), 0);
}

/* Its first segment. */
static bool is_sealing(struct harness *h)
{
	return harness_count(h->spool, ".sealed.tmp") > 0 && h->stats->count.sealed == 0;
}

/* While a large segment is sealed, what comes is taken as ever: not one message waits for its end. */
static void sealing_delays_nothing(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	enum { LARGE = 400000, MESSAGES = 700, EVENTS = 20 };
	int64_t away = 0, since = 0;
	int meanwhile = 0, refused = 0;
	h->options.flush_us = 40000; /* it rests 2 ms */
	h->options.segment_bytes = 1 << 20;
	harness_start(h);
	int next = LARGE;
	assert_int_equal(harness_send(h, 0, LARGE, 0), LARGE);
	for (int i = 0; i < MESSAGES; i++) {
		int unread;
		/* Capture does not wait either, and keeps what is refused. */
		if (harness_send(h, next, EVENTS, MSG_DONTWAIT) == EVENTS)
			next += EVENTS;
		else
			refused++;
		bool before = is_sealing(h), still;
		do {
			usleep(1000);
			still = before && is_sealing(h);
			assert_int_equal(ioctl(h->fd, SIOCOUTQ, &unread), 0);
			int64_t at = clock_mono_us();
			since = unread == 0 ? 0 : since ? since : at;
			away = unread > 0 && at - since > away ? at - since : away;
		} while (unread > 0 && still);
		meanwhile += unread == 0 && before && is_sealing(h);
	}
	harness_wait(&h->stats->count.sealed, 1);
	assert_int_equal(harness_stop(h), 0);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.events, next);
	assert_int_equal(f.disorder + f.broken + f.parts, 0);
	print_message("%d of %d segments sealed meanwhile, the first beside %d messages; %d refused; nothing was taken for at most %.1f ms (of which it rests 2)\n",
		      f.sealed, f.segments, meanwhile, refused, (double)away / 1000);
	assert_true(meanwhile > 3);
}

/* One that waited over the end of an hour is begun anew before it gets its first event. */
static void an_idle_segment_is_no_old_one(void **state)
{
	struct harness *h = *state;
	struct harness_found f;
	struct event e = harness_event(0);
	char first[SPOOL_NAME_MAX];
	struct sink *s = calloc(1, sizeof *s);
	int directory = open(h->spool, O_RDONLY | O_DIRECTORY);
	sink_init(s, directory, &h->options);
	assert_int_equal(sink_start(s), 0);
	strcpy(first, s->file.name);
	assert_int_equal(sink_message(s, 100), 0);
	assert_string_equal(s->file.name, first);
	s->key.begun_us -= INT64_C(3600) * 1000000;
	assert_int_equal(sink_message(s, 100), 0);
	assert_string_not_equal(s->file.name, first);
	assert_int_equal(harness_count(h->spool, ".part"), 1);
	assert_int_equal(harness_count(h->spool, ".key"), 1);
	sink_device(s, 3, DEVICE_TOUCHPAD);
	assert_int_equal(sink_event(s, &e), 0);
	strcpy(first, s->file.name);
	s->key.begun_us -= INT64_C(3600) * 1000000;
	assert_int_equal(sink_message(s, 100), 0);
	assert_string_equal(s->file.name, first);
	assert_int_equal(sink_finish(s), 0);
	sink_release(s);
	free(s);
	close(directory);
	harness_read(h, h->spool, &f);
	assert_int_equal(f.segments, 1);
	assert_int_equal(f.events, 1);
	assert_int_equal(f.broken + f.keyless + f.parts, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, harness_setup, harness_teardown)
	const struct CMUnitTest tests[] = {
		TEST(keeps_everything), TEST(nothing_leaves_nothing), TEST(flushes_by_time), TEST(flushes_on_a_grid), TEST(rotates_by_size),
		TEST(second_writer_is_refused), TEST(survives_signals), TEST(damaged_message_ends_it),
		TEST(oversized_message_ends_it), TEST(stopped_writer_blocks_nobody), TEST(unwritable_spool_is_told),
		TEST(works_in_its_sandbox), TEST(finds_segments),
		TEST(a_cut_off_stream_is_told), 
		TEST(the_boot_is_another_in_each_study), TEST(keys_are_for_those_who_may_read), TEST(the_writer_forgets_its_keys), TEST(sealing_delays_nothing), TEST(an_idle_segment_is_no_old_one),
	};
	return cmocka_run_group_tests_name("store/writer", tests, NULL, NULL);
}
