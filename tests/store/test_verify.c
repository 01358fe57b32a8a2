/* SPDX-License-Identifier: Apache-2.0 */
/* assent verify against the ledger: was every event permitted when it was made? And: is anything where nothing may be? */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../agent/cli/cli.h"
#include "../../agent/store/keyfile.h"
#include "../../agent/store/ledger.h"
#include "decide.h"
#include "harness.h"

#define SECOND INT64_C(1000000)
#define NAME "20260501T123456Z-0f3a9c11"
static const int64_t t0 = INT64_C(1777638896) * 1000000;

struct place {
	char root[64], ledger[128];
	uint8_t receipt[32];             /* of the last given */
	struct identity *identity;
	struct study *study[2];
	uint8_t key[SEGMENT_KEY];
	struct keyfile key_file;
	struct segment_writer *writer;
	struct bytes out;
	char output[4096];
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	char path[256];
	snprintf(p->root, sizeof p->root, "/tmp/assent-verify-XXXXXX");
	assert_non_null(mkdtemp(p->root));
	snprintf(path, sizeof path, "%s/spool", p->root);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/spool/study-a", p->root);
	mkdir(path, 0700);
	snprintf(p->ledger, sizeof p->ledger, "%s/ledger.jsonl", p->root);
	p->identity = decide_identity(p->root);
	p->study[0] = decide_study("study-a");
	p->study[1] = decide_study("study-b");
	*state = p;
	return p->identity && p->study[0] && p->study[1] ? 0 : -1;
}

static int teardown(void **state)
{
	struct place *p = *state;
	identity_free(p->identity);
	study_free(p->study[0]);
	study_free(p->study[1]);
	segment_writer_free(p->writer);
	bytes_release(&p->out);
	harness_remove(p->root);
	free(p);
	return 0;
}

static void decide(struct place *p, enum ledger_state what, const char *study, int64_t t_us, int64_t until_us)
{
	struct receipt r = decide_receipt(what, p->study[study[6] - 'a'], t_us, until_us);
	struct ledger_trust trust;
	struct ledger_view *view = malloc(sizeof *view);
	ledger_trust_init(&trust, p->identity);
	assert_int_equal(ledger_append(p->ledger, p->identity, &r), 0);
	assert_int_equal(ledger_read(p->ledger, &trust, t_us + 1, view), 0);
	if (what == LEDGER_GIVEN)
		memcpy(p->receipt, view->receipt_hash, sizeof p->receipt);
	free(view);
}

static void begin(struct place *p, int64_t t_us)
{
	struct segment_meta meta = { .study = "study-a", .epoch = "e", .segment = NAME, .t_us = t_us };
	struct keyfile *k = &p->key_file;
	uint8_t participant[IDENTITY_KEY];
	assert_int_equal(identity_participant_key(p->identity, "study-a", participant), 0);
	memset(k, 0, sizeof *k);
	identity_pseudonym(participant, k->pseudonym);
	strcpy(k->segment, NAME);
	strcpy(k->study, "study-a");
	memcpy(k->receipt_hash, p->receipt, sizeof k->receipt_hash);
	k->begun_us = t_us;
	k->expires_us = t_us + 1000 * SECOND;
	k->release_us = KEYFILE_NEVER;
	k->has_participant = true;
	memset(p->key, 9, sizeof p->key);
	assert_int_equal(keyfile_seal(p->key, p->identity->box_public, k->participant), 0);
	memcpy(meta.participant, k->pseudonym, sizeof k->pseudonym);
	memcpy(meta.receipt_hash, p->receipt, sizeof meta.receipt_hash);
	segment_writer_free(p->writer);
	bytes_clear(&p->out);
	assert_int_equal(segment_writer_new(&meta, p->key, 3, &p->out, &p->writer), 0);
}

static void put(struct place *p, enum event_kind kind, int64_t t_us)
{
	struct event e = { .kind = kind, .t_us = t_us, .mono_us = t_us - t0 };
	assert_int_equal(segment_writer_add(p->writer, &e), 0);
}

static void put_range(struct place *p, enum event_kind kind, enum reason reason, int64_t t_us, int64_t end_us)
{
	struct event e = { .kind = kind, .t_us = t_us, .mono_us = t_us - t0, .end_us = end_us, .reason = reason,
		.has = HAS_REASON | HAS_END };
	assert_int_equal(segment_writer_add(p->writer, &e), 0);
}

static int run(struct place *p)
{
	int pipe_[2], status;
	fflush(stdout);
	assert_int_equal(pipe(pipe_), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char *arguments[] = { p->root, NULL };
		dup2(pipe_[1], STDOUT_FILENO);
		dup2(pipe_[1], STDERR_FILENO);
		/* No terminal to ask on, wherever this test runs. */
		setsid();
		int result = cli_verify(1, arguments);
		fflush(stdout);
		_exit(result);
	}
	close(pipe_[1]);
	size_t length = 0;
	ssize_t n;
	while ((n = read(pipe_[0], p->output + length, sizeof p->output - 1 - length)) > 0)
		length += (size_t)n;
	p->output[length] = '\0';
	close(pipe_[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Finishes the segment, verifies; problem NULL: all is well. */
static void expect(struct place *p, const char *problem)
{
	char path[256];
	assert_int_equal(segment_writer_finish(p->writer, p->key_file.begun_us, &p->out), 0);
	snprintf(path, sizeof path, "%s/spool/study-a", p->root);
	int folder = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(keyfile_write(folder, NAME ".key", &p->key_file), 0);
	close(folder);
	snprintf(path, sizeof path, "%s/spool/study-a/" NAME ".seg", p->root);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, p->out.data, p->out.length), (ssize_t)p->out.length);
	close(fd);
	int result = run(p);
	if (problem && !strstr(p->output, problem))
		fail_msg("expected \"%s\" in: %s", problem, p->output);
	if (result != (problem ? EXIT_FAILED : EXIT_DONE))
		fail_msg("exit code %d: %s", result, p->output);
}

static void expect_sealed(struct place *p)
{
	expect(p, NULL);
	assert_non_null(strstr(p->output, "sealed to others"));
}

static void consent(void **state)
{
	struct place *p = *state;
	decide(p, LEDGER_REQUESTED, "study-a", t0 - SECOND, 0);
	decide(p, LEDGER_GIVEN, "study-a", t0, t0 + 1000 * SECOND);
	begin(p, t0);
	put(p, EVENT_START, t0);
	put(p, EVENT_KEY_DOWN, t0 + 5 * SECOND);
	put(p, EVENT_STOP, t0 + 2000 * SECOND);
	expect(p, NULL);
	begin(p, t0);
	put(p, EVENT_KEY_DOWN, t0 - SECOND);
	expect(p, "before consent was given");
	begin(p, t0);
	put(p, EVENT_KEY_DOWN, t0 + 1001 * SECOND);
	expect(p, "after consent had expired");
	decide(p, LEDGER_PAUSED, "study-a", t0 + 10 * SECOND, 0);
	decide(p, LEDGER_RESUMED, "study-a", t0 + 20 * SECOND, 0);
	decide(p, LEDGER_PAUSED, "study-a", t0 + 30 * SECOND, t0 + 40 * SECOND);
	decide(p, LEDGER_WITHDRAWN, "study-a", t0 + 100 * SECOND, 0);
	static const struct { int second; const char *problem; } moments[] = {
		{ 9, NULL }, { 11, NULL }, { 12, "while recording was paused" }, { 19, "while recording was paused" }, { 20, NULL },
		{ 35, "while recording was paused" }, { 41, NULL }, { 99, NULL }, { 101, NULL }, { 102, "after consent was withdrawn" },
	};
	for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
		begin(p, t0);
		put(p, i % 2 ? EVENT_FOCUS : EVENT_MOTION, t0 + moments[i].second * SECOND);
		expect(p, moments[i].problem);
	}
	/* A second yes does not heal what was recorded under the first one. */
	uint8_t first[32];
	memcpy(first, p->receipt, sizeof first);
	decide(p, LEDGER_GIVEN, "study-a", t0 + 200 * SECOND, t0 + 1000 * SECOND);
	begin(p, t0 + 200 * SECOND);
	put(p, EVENT_KEY_DOWN, t0 + 205 * SECOND);
	expect(p, NULL);
	memcpy(p->receipt, first, sizeof first);
	begin(p, t0 + 200 * SECOND);
	put(p, EVENT_KEY_DOWN, t0 + 205 * SECOND);
	expect(p, "after consent was withdrawn");
	memset(p->receipt, 7, sizeof p->receipt);
	begin(p, t0);
	put(p, EVENT_KEY_DOWN, t0 + SECOND);
	expect(p, "not in the ledger");
}

static void another_study(void **state)
{
	struct place *p = *state;
	decide(p, LEDGER_GIVEN, "study-b", t0, t0 + 1000 * SECOND);
	begin(p, t0);
	put(p, EVENT_KEY_DOWN, t0 + SECOND);
	expect(p, "of another study");
}

static void broken_ledger(void **state)
{
	struct place *p = *state;
	decide(p, LEDGER_GIVEN, "study-a", t0, t0 + 1000 * SECOND);
	decide(p, LEDGER_PAUSED, "study-a", t0 + 10 * SECOND, 0);
	begin(p, t0);
	put(p, EVENT_KEY_DOWN, t0 + SECOND);
	expect(p, NULL);
	/* The pause's line is cut short: it is told, although this segment is older. */
	struct stat st;
	assert_int_equal(stat(p->ledger, &st), 0);
	assert_int_equal(truncate(p->ledger, st.st_size - 5), 0);
	assert_int_equal(run(p), EXIT_FAILED);
	assert_non_null(strstr(p->output, "damaged ledger"));
}

static void masked_stretches(void **state)
{
	struct place *p = *state;
	decide(p, LEDGER_GIVEN, "study-a", t0, t0 + 1000 * SECOND);
	for (int order = 0; order < 2; order++) {
		static const struct { int tenth; bool wrong; } moments[] = {
			{ 99, false }, { 100, false }, { 101, true }, { 149, true }, { 150, true }, { 199, true }, { 200, false },
			{ 201, true }, { 209, true }, { 210, false }, { 400, true }, { 450, false }, { 500, false },
		};
		for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
			begin(p, t0);
			if (order == 1)
				put(p, EVENT_KEY_DOWN, t0 + moments[i].tenth * SECOND / 10);
			put_range(p, EVENT_SPAN, REASON_PASSWORD, t0 + 10 * SECOND, t0 + 15 * SECOND);
			put_range(p, EVENT_SPAN, REASON_UNKNOWN, t0 + 14 * SECOND, t0 + 20 * SECOND);
			put_range(p, EVENT_SPAN, REASON_LOCKED, t0 + 20 * SECOND, t0 + 21 * SECOND);
			put_range(p, EVENT_GAP, REASON_PAUSED, t0 + 39 * SECOND, t0 + 41 * SECOND);
			/* In other gaps there may be some of it. */
			put_range(p, EVENT_GAP, REASON_OVERFLOW, t0 + 44 * SECOND, t0 + 46 * SECOND);
			if (order == 0)
				put(p, EVENT_KEY_DOWN, t0 + moments[i].tenth * SECOND / 10);
			/* What is no input is no matter. */
			put(p, EVENT_SCREEN, t0 + 12 * SECOND);
			expect(p, moments[i].wrong ? "input inside a span or a pause" : NULL);
		}
	}
	/* After the clock was set back, the same times are other times. */
	begin(p, t0);
	put_range(p, EVENT_SPAN, REASON_PASSWORD, t0 + 10 * SECOND, t0 + 15 * SECOND);
	put(p, EVENT_CLOCK, t0 + 9 * SECOND);
	put(p, EVENT_KEY_DOWN, t0 + 12 * SECOND);
	expect(p, NULL);
}

/* More rows than are kept for comparison with masks that come late: read twice. */
static void long_segments(void **state)
{
	struct place *p = *state;
	decide(p, LEDGER_GIVEN, "study-a", t0, t0 + 1000 * SECOND);
	for (int wrong = 0; wrong < 2; wrong++) {
		const int rows = (1 << 20) + 7;
		begin(p, t0);
		for (int i = 0; i < rows; i++) {
			/* A tenth of a second each thousand rows; none from 10 s to 11 s, or one. */
			int64_t t_us = t0 + (int64_t)i * 100 + (i < 100000 ? 0 : SECOND);
			if (wrong && i == 100000)
				put(p, EVENT_KEY_DOWN, t0 + 10 * SECOND + SECOND / 2);
			put(p, EVENT_KEY_DOWN, t_us);
			if (segment_writer_waiting(p->writer) > SEGMENT_BLOCK_EVENTS_MAX - 2)
				assert_int_equal(segment_writer_flush(p->writer, t_us, &p->out), 0);
		}
		put_range(p, EVENT_SPAN, REASON_PASSWORD, t0 + 10 * SECOND, t0 + 11 * SECOND);
		expect(p, wrong ? "input inside a span or a pause (event 100001, key_down)" : NULL);
	}
}

/* A pause between two moments of one block that are both permitted. */
static void pause_within_a_block(void **state)
{
	struct place *p = *state;
	decide(p, LEDGER_GIVEN, "study-a", t0, t0 + 1000 * SECOND);
	decide(p, LEDGER_PAUSED, "study-a", t0 + 10 * SECOND, 0);
	decide(p, LEDGER_RESUMED, "study-a", t0 + 20 * SECOND, 0);
	for (int wrong = 0; wrong < 2; wrong++) {
		begin(p, t0);
		put(p, EVENT_KEY_DOWN, t0 + 5 * SECOND);
		if (wrong)
			put(p, EVENT_KEY_UP, t0 + 15 * SECOND);
		put(p, EVENT_KEY_DOWN, t0 + 25 * SECOND);
		expect(p, wrong ? "not permitted: while recording was paused (event 2, key_up)" : NULL);
	}
}

static void insane_times(void **state)
{
	struct place *p = *state;
	decide(p, LEDGER_GIVEN, "study-a", t0, t0 + 1000 * SECOND);
	begin(p, t0);
	put_range(p, EVENT_SPAN, REASON_PASSWORD, t0 + 10 * SECOND, t0 + 9 * SECOND);
	expect(p, "ends before it begins");
	begin(p, t0);
	put_range(p, EVENT_SPAN, REASON_PAUSED, t0 + 10 * SECOND, t0 + 11 * SECOND);
	expect(p, "not one of its kind");
	begin(p, t0);
	put(p, EVENT_SPAN, t0 + 10 * SECOND);
	expect(p, "without reason or end");
	begin(p, t0);
	put(p, EVENT_KEY_DOWN, t0 + 10 * SECOND);
	put(p, EVENT_KEY_UP, t0 + 7 * SECOND);
	expect(p, "its time goes back");
}

/* What a key file says, and what the segment says, must be the same. */
static void key_files(void **state)
{
	struct place *p = *state;
	char path[256];
	decide(p, LEDGER_REQUESTED, "study-a", t0 - SECOND, 0);
	decide(p, LEDGER_GIVEN, "study-a", t0, t0 + 1000 * SECOND);
	begin(p, t0);
	put(p, EVENT_KEY_DOWN, t0 + SECOND);
	p->key_file.pseudonym[0] = p->key_file.pseudonym[0] == 'a' ? 'b' : 'a';
	expect(p, "another participant");
	begin(p, t0);
	p->key_file.participant[3] ^= 1;
	expect_sealed(p);
	begin(p, t0);
	put(p, EVENT_KEY_DOWN, t0 + SECOND);
	expect(p, NULL);
	snprintf(path, sizeof path, "%s/spool/study-a/" NAME ".key", p->root);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(run(p), EXIT_FAILED);
	assert_non_null(strstr(p->output, "no key any more"));
	/* With a key and a good chain, but not of this segment. */
	begin(p, t0);
	put(p, EVENT_KEY_DOWN, t0 + SECOND);
	memset(p->key, 10, sizeof p->key);
	assert_int_equal(keyfile_seal(p->key, p->identity->box_public, p->key_file.participant), 0);
	expect(p, "not the segment that its key file opens");
}

/* Under a passphrase, and with no terminal: framing, key files and receipts, and it says what it did not look at. */
static void locked(void **state)
{
	struct place *p = *state;
	char path[256];
	decide(p, LEDGER_REQUESTED, "study-a", t0 - SECOND, 0);
	decide(p, LEDGER_GIVEN, "study-a", t0, t0 + 1000 * SECOND);
	snprintf(path, sizeof path, "%s/identity", p->root);
	assert_int_equal(identity_set_passphrase(path, p->identity, "correct horse battery"), 0);
	begin(p, t0);
	put(p, EVENT_KEY_DOWN, t0 - 50 * SECOND);
	expect(p, NULL);
	assert_non_null(strstr(p->output, "Not looked at"));
	/* A block that does not end where it says is seen without any key. */
	snprintf(path, sizeof path, "%s/spool/study-a/" NAME ".seg", p->root);
	assert_int_equal(truncate(path, (off_t)p->out.length - 3), 0);
	assert_int_equal(run(p), EXIT_FAILED);
	memset(p->receipt, 7, sizeof p->receipt);
	begin(p, t0);
	expect(p, "not in the ledger");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(consent), TEST(another_study), TEST(broken_ledger), TEST(masked_stretches), TEST(long_segments), TEST(pause_within_a_block), TEST(insane_times),
		TEST(key_files), TEST(locked),
	};
	return cmocka_run_group_tests_name("store/verify", tests, NULL, NULL);
}
