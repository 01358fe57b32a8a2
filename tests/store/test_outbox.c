/* SPDX-License-Identifier: Apache-2.0 */
/* Release, the outbox, tombstones: what leaves, in which order, and what a kill at any moment leaves behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../agent/error.h"
#include "../../agent/store/atomic.h"
#include "../../agent/store/ledger.h"
#include "../../agent/store/outbox.h"
#include "../../agent/store/receipt.h"
#include "../../agent/store/released.h"
#include "../../agent/store/spool.h"
#include "decide.h"
#include "step.h"

#define DAY INT64_C(86400000000)
#define T0 INT64_C(1777630000000000)   /* 2026-05-01 */

struct scene {
	char root[256];
	struct places places;
	struct identity *identity;
	struct study *study;
	struct settings none;
	uint8_t receipt_hash[32];
	uint8_t recipient_secret[32], recipient_public[32];
	struct receipt given;
	int segments;
	int64_t now_us;
};

/* ---- Files ---- */

static void shell(const char *format, ...)
{
	char command[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(command, sizeof command, format, args);
	va_end(args);
	assert_int_equal(system(command), 0);
}

static char *slurp(const char *path, size_t *length)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return NULL;
	char *text = calloc(1, 1 << 20);
	size_t n = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	if (length)
		*length = n;
	return text;
}

static bool there(const struct scene *s, const char *format, ...)
{
	char path[2048];
	struct stat st;
	va_list args;
	int n = snprintf(path, sizeof path, "%s/", s->places.data);
	va_start(args, format);
	vsnprintf(path + n, sizeof path - (size_t)n, format, args);
	va_end(args);
	return lstat(path, &st) == 0;
}

/* Files below data/NAME with this ending; hidden ones count only with hidden. */
static int files(const struct scene *s, const char *name, const char *ending, bool hidden)
{
	char command[2048];
	int n = -1;
	snprintf(command, sizeof command, "find %s/%s -type f -name '*%s' %s 2>/dev/null | wc -l", s->places.data, name, ending,
		 hidden ? "" : "! -name '.*'");
	FILE *f = popen(command, "r");
	assert_int_equal(fscanf(f, "%d", &n), 1);
	pclose(f);
	return n;
}

/* ---- A participant ---- */

static void decide(struct scene *s, enum ledger_state state, struct study *study, int64_t t_us, int64_t until_us, uint8_t hash[32])
{
	struct receipt r = decide_receipt(state, study, t_us, until_us);
	if (state != LEDGER_GIVEN && state != LEDGER_RENEWED && state != LEDGER_REFUSED)
		memcpy(r.pseudonym, s->given.pseudonym, sizeof r.pseudonym);
	assert_int_equal(ledger_append(s->places.ledger, s->identity, &r), 0);
	if (state == LEDGER_GIVEN || state == LEDGER_RENEWED) {
		struct ledger_trust trust;
		struct ledger_view view;
		s->given = r;
		ledger_trust_init(&trust, s->identity);
		assert_int_equal(ledger_read(s->places.ledger, &trust, t_us, &view), 0);
		assert_int_equal(view.standing, STANDING_GIVEN);
		memcpy(hash ? hash : s->receipt_hash, view.receipt_hash, 32);
	}
}

static struct study *manifest(struct scene *s, const char *id, const char *review)
{
	char text[2048], key[RECIPIENT_TEXT], path[PLACE_MAX + 128], hex[17];
	struct study *study;
	struct config_error error;
	recipient_format(s->recipient_public, key);
	int n = snprintf(text, sizeof text, "assent: 1\nstudy: %s\ntitle: {en: T}\ncontroller: {name: U, contact: u@example.org}\n"
			 "purposes:\n  - {id: hci-research, category: hci-research, text: {en: A test.}}\n"
			 "retention: 90d\nconsent_valid: 180d\nreview: %s\nrecipient_key: %s\nnotice: {en: A test.}\n", id, review, key);
	if (study_parse("test", text, (size_t)n, &study, &error))
		fail_msg("%s", error.text);
	sodium_bin2hex(hex, sizeof hex, study->hash, 8);
	snprintf(path, sizeof path, "%s/%s-%s.yaml", s->places.studies, id, hex);
	assert_int_equal(atomic_write(path, text, (size_t)n, true), 0);
	return study;
}

static void scene_begin(struct scene *s, const char *review)
{
	memset(s, 0, sizeof *s);
	const char *tmp = getenv("TMPDIR");
	snprintf(s->root, sizeof s->root, "%s/assent-outbox-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(s->root));
	char data[300], config[300];
	snprintf(data, sizeof data, "%s/data", s->root);
	snprintf(config, sizeof config, "%s/none.yaml", s->root);
	assert_int_equal(places_find(data, config, &s->places), 0);
	assert_int_equal(places_make(s->places.data), 0);
	assert_int_equal(places_make(s->places.studies), 0);
	assert_int_equal(places_make(s->places.spool), 0);
	snprintf(s->places.policy, sizeof s->places.policy, "%s/no-policy", s->root);
	s->none = (struct settings){.permitted = -1};
	crypto_box_keypair(s->recipient_public, s->recipient_secret);
	s->identity = decide_identity(s->places.data);
	assert_non_null(s->identity);
	s->study = manifest(s, "study-a", review);
	s->now_us = T0 + 10 * DAY;
	decide(s, LEDGER_GIVEN, s->study, T0, T0 + 3650 * DAY, NULL);
}

static void scene_end(struct scene *s)
{
	study_free(s->study);
	identity_free(s->identity);
	shell("rm -rf %s", s->root);
}

/* One finished segment; its content is nothing to the outbox. Gives its name. */
static void record(struct scene *s, const char *study, const uint8_t receipt[32], int64_t begun_us, int64_t release_us, char name[41])
{
	char folder[PLACE_MAX + 80], path[PLACE_MAX + 160], file[64];
	uint8_t key[SEGMENT_KEY], *content = malloc(70000);
	struct keyfile k = {.begun_us = begun_us, .expires_us = begun_us + 90 * DAY, .release_us = release_us, .has_participant = true};
	size_t size = 3000 + (size_t)s->segments * 20000 % 60000;
	assert_int_equal(spool_name(begun_us, name), 0);
	randombytes_buf(key, sizeof key);
	memset(content, 'a' + s->segments++, size);
	snprintf(k.segment, sizeof k.segment, "%s", name);
	snprintf(k.study, sizeof k.study, "%s", study);
	memcpy(k.pseudonym, s->given.pseudonym, sizeof k.pseudonym);
	memcpy(k.receipt_hash, receipt, 32);
	assert_int_equal(keyfile_seal(key, s->identity->box_public, k.participant), 0);
	if (release_us < KEYFILE_NEVER) {
		k.has_recipient = true;
		memcpy(k.recipient_key, s->recipient_public, sizeof k.recipient_key);
		recipient_id(s->recipient_public, k.recipient_id);
		assert_int_equal(keyfile_seal(key, s->recipient_public, k.recipient), 0);
	}
	snprintf(folder, sizeof folder, "%s/%s", s->places.spool, study);
	assert_int_equal(places_make(folder), 0);
	int fd = open(folder, O_RDONLY | O_DIRECTORY);
	snprintf(file, sizeof file, "%s.key", name);
	assert_int_equal(keyfile_write(fd, file, &k), 0);
	close(fd);
	snprintf(path, sizeof path, "%s/%s.seg", folder, name);
	assert_int_equal(atomic_write(path, content, size, false), 0);
	free(content);
}

static char complaint[512];

static void complain(const char *segment, const char *what)
{
	snprintf(complaint, sizeof complaint, "%s: %s", segment, what);
}

static struct outbox_request request_of(struct scene *s, bool by_hand)
{
	complaint[0] = 0;
	return (struct outbox_request){.now_us = s->now_us, .before_us = INT64_MAX, .by_hand = by_hand, .policy = &s->none, .participant = &s->none,
		.complain = complain};
}

static struct outbox_report release(struct scene *s, bool by_hand)
{
	struct outbox_report report;
	struct outbox_request request = request_of(s, by_hand);
	assert_int_equal(outbox_release(&s->places, s->identity, NULL, &request, &report), 0);
	return report;
}

static char *outbox_path(const struct scene *s, const char *name, const char *suffix, char out[2048])
{
	snprintf(out, 2048, "%s/outbox/study-a/%s/%s%s", s->places.data, s->given.pseudonym, name, suffix);
	return out;
}

/* The key file there is good, for the recipient alone, and signed. */
static void check_released(const struct scene *s, const char *name)
{
	char path[2048], spool[2048];
	size_t length, n, m;
	struct keyfile k;
	const char *what;
	uint8_t hash[32], key[SEGMENT_KEY], agent[32];
	char text[KEYFILE_MAX];
	size_t signed_length;
	char *content = slurp(outbox_path(s, name, ".key", path), &length);
	assert_non_null(content);
	assert_int_equal(keyfile_parse(content, length, &k, &what), 0);
	free(content);
	assert_true(k.released && k.has_recipient && !k.has_participant);
	assert_true(keyfile_format(&k, text, &signed_length) > 0);
	assert_int_equal(identity_agent_key(s->identity, "study-a", agent), 0);
	assert_int_equal(identity_verify(agent, text, signed_length, k.signature), 0);
	assert_int_equal(keyfile_open(k.recipient, s->recipient_public, s->recipient_secret, key), 0);
	content = slurp(outbox_path(s, name, ".seg", path), &n);
	snprintf(spool, sizeof spool, "%s/study-a/%s.seg", s->places.spool, name);
	char *original = slurp(spool, &m);
	assert_non_null(content);
	assert_int_equal(n, m);
	assert_memory_equal(content, original, n);
	crypto_generichash(hash, 32, (const unsigned char *)content, n, NULL, 0);
	assert_memory_equal(hash, k.hash, 32);
	free(content);
	free(original);
}

/* ---- What leaves ---- */

static void only_what_is_due_leaves(void **state)
{
	(void)state;
	struct scene s;
	struct outbox_counts n;
	struct stat st;
	char due[41], later[41], path[2048];
	scene_begin(&s, "72h");
	record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, due);
	record(&s, "study-a", s.receipt_hash, T0 + 9 * DAY, T0 + 12 * DAY, later);
	struct outbox_report r = release(&s, false);
	assert_int_equal(r.released, 1);
	assert_int_equal(r.failed, 0);
	check_released(&s, due);
	assert_false(there(&s, "outbox/study-a/%s/%s.seg", s.given.pseudonym, later));
	assert_int_equal(outbox_count(&s.places, NULL, NULL, 0, &n), 0);
	assert_int_equal(n.held, 1);
	assert_int_equal(n.next_release_us, T0 + 12 * DAY);
	assert_int_equal(n.next_expiry_us, T0 + 91 * DAY);
	/* A policy that keeps nothing as long as it takes to review it. */
	assert_int_equal(outbox_count(&s.places, NULL, NULL, 2 * DAY, &n), 0);
	assert_int_equal(n.next_release_us, INT64_MAX);
	assert_int_equal(n.next_expiry_us, T0 + 3 * DAY);
	assert_int_equal(n.released, 1);
	assert_int_equal(n.collected, 0);
	/* For nobody else, unless IT made the folder so. */
	assert_int_equal(stat(outbox_path(&s, due, ".seg", path), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* Collected by moving; released again it is not. */
	shell("rm %s", path);
	assert_int_equal(release(&s, false).released, 0);
	assert_int_equal(outbox_count(&s.places, "study-a", NULL, 0, &n), 0);
	assert_int_equal(n.collected, 1);
	assert_int_equal(outbox_was_released(&s.places, "study-a", due), 1);
	assert_int_equal(outbox_was_released(&s.places, "study-a", later), 0);
	scene_end(&s);
}

static void a_group_reads_what_it_was_given(void **state)
{
	(void)state;
	struct scene s;
	struct stat st;
	char name[41], path[2048];
	scene_begin(&s, "72h");
	record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, name);
	shell("mkdir %s/outbox && chmod 2770 %s/outbox", s.places.data, s.places.data);
	mode_t before = umask(077);
	assert_int_equal(release(&s, false).released, 1);
	umask(before);
	assert_int_equal(stat(outbox_path(&s, name, ".seg", path), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(stat(outbox_path(&s, "", "", path), &st), 0);
	assert_int_equal(st.st_mode & 07777, 02770);
	scene_end(&s);
}

static void a_refusal_never_leaves(void **state)
{
	(void)state;
	struct scene s, *p = &s;
	char name[41], path[2048], other[41];
	scene_begin(&s, "72h");
	/* Anew: a refusal, another study, the yes; then a withdrawal of the other one, and later a refusal of a change. */
	shell("rm %s %s/ledger.head", s.places.ledger, s.places.data);
	struct study *b = manifest(p, "study-b", "72h");
	decide(p, LEDGER_REQUESTED, s.study, T0 - 3 * DAY, 0, NULL);
	decide(p, LEDGER_REFUSED, s.study, T0 - 3 * DAY, 0, NULL);
	decide(p, LEDGER_GIVEN, b, T0 - 2 * DAY, T0 + DAY, s.receipt_hash);
	record(p, "study-b", s.receipt_hash, T0 - 2 * DAY, T0 + 4 * DAY, other);
	decide(p, LEDGER_WITHDRAWN, b, T0 - DAY, 0, NULL);
	decide(p, LEDGER_REQUESTED, s.study, T0, 0, NULL);
	decide(p, LEDGER_GIVEN, s.study, T0, T0 + 180 * DAY, NULL);
	record(p, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, name);
	decide(p, LEDGER_PAUSED, s.study, T0 + 2 * DAY, 0, NULL);
	decide(p, LEDGER_RESUMED, s.study, T0 + 2 * DAY + 1000000, 0, NULL);
	struct outbox_report r = release(p, false);
	assert_int_equal(r.released, 1);
	assert_int_equal(r.skipped_consent, 1);
	char *receipts = slurp(outbox_path(p, "receipts.jsonl", "", path), NULL);
	assert_non_null(receipts);
	assert_null(strstr(receipts, "study-b"));
	assert_null(strstr(receipts, "refused"));
	assert_null(strstr(receipts, "requested"));
	assert_non_null(strstr(receipts, "\"given\""));
	assert_non_null(strstr(receipts, "\"paused\""));
	assert_non_null(strstr(receipts, "\"resumed\""));
	/* Verbatim: each line is one of the ledger's. */
	char *ledger = slurp(s.places.ledger, NULL);
	int lines = 0;
	for (char *line = strtok(receipts, "\n"); line; line = strtok(NULL, "\n"), lines++)
		assert_non_null(strstr(ledger, line));
	assert_int_equal(lines, 3);
	free(receipts);
	free(ledger);
	/* What follows is told, too; a refusal is not. */
	decide(p, LEDGER_REFUSED, s.study, T0 + 3 * DAY, 0, NULL);
	assert_int_equal(outbox_receipts(&s.places, "study-a"), 0);
	receipts = slurp(path, NULL);
	assert_null(strstr(receipts, "refused"));
	free(receipts);
	assert_true(there(p, "outbox/study-a/%s/study-%02x%02x%02x%02x%02x%02x%02x%02x.yaml", s.given.pseudonym, s.study->hash[0], s.study->hash[1],
			  s.study->hash[2], s.study->hash[3], s.study->hash[4], s.study->hash[5], s.study->hash[6], s.study->hash[7]));
	study_free(b);
	scene_end(&s);
}

static void nothing_leaves_after_a_withdrawal(void **state)
{
	(void)state;
	struct scene s;
	char early[41], late[41], second[41], id[33], path[2048];
	uint8_t again[32];
	int count;
	scene_begin(&s, "72h");
	record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, early);
	record(&s, "study-a", s.receipt_hash, T0 + 9 * DAY, T0 + 12 * DAY, late);
	assert_int_equal(release(&s, false).released, 1);
	decide(&s, LEDGER_WITHDRAWN, s.study, s.now_us, 0, NULL);
	/* What waits in the outbox comes back; receipts say why. */
	assert_int_equal(outbox_recall(&s.places, s.identity, "study-a", &count, id), 0);
	assert_int_equal(count, 1);
	assert_false(there(&s, "outbox/study-a/%s/%s.key", s.given.pseudonym, early));
	assert_false(there(&s, "outbox/study-a/%s/%s.seg", s.given.pseudonym, early));
	assert_true(there(&s, "outbox/study-a/%s/%s.tombstone", s.given.pseudonym, id));
	assert_int_equal(outbox_receipts(&s.places, "study-a"), 0);
	char *receipts = slurp(outbox_path(&s, "receipts.jsonl", "", path), NULL);
	assert_non_null(strstr(receipts, "withdrawn"));
	free(receipts);
	s.now_us = T0 + 20 * DAY;
	for (int by_hand = 0; by_hand < 2; by_hand++) {
		struct outbox_report r = release(&s, by_hand);
		assert_int_equal(r.released, 0);
		assert_int_equal(r.skipped_consent, 1);
	}
	/* A new yes is about what comes, not about what was. */
	decide(&s, LEDGER_GIVEN, s.study, T0 + 21 * DAY, T0 + 180 * DAY, again);
	record(&s, "study-a", again, T0 + 22 * DAY, T0 + 25 * DAY, second);
	s.now_us = T0 + 30 * DAY;
	struct outbox_report r = release(&s, true);
	assert_int_equal(r.released, 1);
	assert_true(there(&s, "outbox/study-a/%s/%s.key", s.given.pseudonym, second));
	assert_false(there(&s, "outbox/study-a/%s/%s.key", s.given.pseudonym, late));
	scene_end(&s);
}

/* The command was killed between the withdrawal and the recall: the next release does it. */
static void a_withdrawal_that_was_interrupted_is_completed(void **state)
{
	(void)state;
	struct scene s;
	char name[41];
	struct outbox_counts n;
	scene_begin(&s, "72h");
	record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, name);
	assert_int_equal(release(&s, false).released, 1);
	decide(&s, LEDGER_WITHDRAWN, s.study, s.now_us, 0, NULL);
	assert_int_equal(release(&s, false).released, 0);
	assert_int_equal(files(&s, "outbox", ".key", true) + files(&s, "outbox", ".seg", true), 0);
	assert_int_equal(outbox_count(&s.places, NULL, NULL, 0, &n), 0);
	assert_int_equal(n.released, 0);
	assert_int_equal(n.tombstones, 1);
	assert_int_equal(n.tombstones_collected, 0);
	assert_int_equal(n.held, 1);
	assert_int_equal(n.held_never, 1);
	scene_end(&s);
}

static void after_the_consent_has_expired_only_by_hand(void **state)
{
	(void)state;
	struct scene s;
	char name[41];
	scene_begin(&s, "72h");
	record(&s, "study-a", s.receipt_hash, T0 + 3649 * DAY, T0 + 3652 * DAY, name);
	s.now_us = T0 + 3653 * DAY;
	struct outbox_report r = release(&s, false);
	assert_int_equal(r.released, 0);
	assert_int_equal(r.skipped_consent, 1);
	assert_int_equal(release(&s, true).released, 1);
	scene_end(&s);
}

static void manual_needs_the_participant(void **state)
{
	(void)state;
	struct scene s;
	struct keyring *ring;
	struct outbox_report r;
	char manual[41], never[41];
	scene_begin(&s, "manual");
	record(&s, "study-a", s.receipt_hash, T0 + DAY, KEYFILE_MANUAL, manual);
	record(&s, "study-a", s.receipt_hash, T0 + DAY, KEYFILE_NEVER, never);
	r = release(&s, false);
	assert_int_equal(r.released, 0);
	assert_int_equal(r.skipped_manual, 1);
	assert_int_equal(r.skipped_never, 1);
	r = release(&s, true);
	assert_int_equal(r.released, 0);
	assert_int_equal(r.skipped_manual, 1);
	assert_int_equal(keyring_new(&ring), 0);
	assert_int_equal(keyring_add_identity(ring, s.identity), 0);
	struct outbox_request request = request_of(&s, true);
	request.before_us = T0 + DAY;
	assert_int_equal(outbox_release(&s.places, s.identity, ring, &request, &r), 0);
	assert_int_equal(r.released, 0);
	request.before_us = T0 + DAY + 1;
	assert_int_equal(outbox_release(&s.places, s.identity, ring, &request, &r), 0);
	assert_string_equal(complaint, "");
	assert_int_equal(r.released, 1);
	check_released(&s, manual);
	keyring_free(ring);
	scene_end(&s);
}

static void policy_only_holds_back(void **state)
{
	(void)state;
	struct scene s;
	struct outbox_report r;
	char name[41];
	scene_begin(&s, "72h");
	record(&s, "study-a", s.receipt_hash, T0 + 6 * DAY, T0 + 9 * DAY, name);
	struct settings policy = s.none;
	struct outbox_request request = request_of(&s, false);
	request.policy = &policy;
	policy.forbid_release = true;
	for (int by_hand = 0; by_hand < 2; by_hand++) {
		request.by_hand = by_hand;
		assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), 0);
		assert_int_equal(r.released, 0);
		assert_int_equal(r.skipped_never, 1);
	}
	policy = s.none;
	policy.has_review = true;
	policy.review_us = 5 * DAY;
	request.by_hand = false;
	assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), 0);
	assert_int_equal(r.released, 0);
	request.now_us = T0 + 12 * DAY;
	assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), 0);
	assert_int_equal(r.released, 1);
	scene_end(&s);
}

/* Damage of what decides: nothing leaves. */
static void in_doubt_nothing_leaves(void **state)
{
	(void)state;
	struct scene s;
	struct outbox_report r;
	char name[41], path[2048], text[KEYFILE_MAX + 1];
	scene_begin(&s, "72h");
	record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, name);
	struct outbox_request request = request_of(&s, true);
	/* A ledger of which a byte was changed. */
	size_t length;
	char *ledger = slurp(s.places.ledger, &length);
	FILE *f = fopen(s.places.ledger, "r+");
	fseek(f, (long)length / 2, SEEK_SET);
	fputc(ledger[length / 2] ^ 1, f);
	fclose(f);
	assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), ERROR_DENIED);
	f = fopen(s.places.ledger, "r+");
	fseek(f, (long)length / 2, SEEK_SET);
	fputc(ledger[length / 2], f);
	fclose(f);
	free(ledger);
	/* A clock that was set back behind the yes. */
	request.now_us = T0 - DAY;
	assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), ERROR_DENIED);
	request.now_us = s.now_us;
	/* The manifest is not the one. */
	shell("for f in %s/study-a-*; do mv $f %s/kept; sed 's/review: 72h/review: 1h/' %s/kept > $f; done", s.places.studies, s.root, s.root);
	assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), 0);
	assert_int_equal(r.released, 0);
	assert_int_equal(r.failed, 1);
	shell("for f in %s/study-a-*; do mv %s/kept $f; done", s.places.studies, s.root);
	/* Another segment's key file. */
	snprintf(path, sizeof path, "%s/study-a/%s.key", s.places.spool, name);
	char *key = slurp(path, &length);
	memcpy(text, key, length);
	text[strlen("assent key 1\nsegment ")] ^= 1;
	f = fopen(path, "w");
	fwrite(text, 1, length, f);
	fclose(f);
	assert_int_equal(outbox_release(&s.places, s.identity, NULL, &request, &r), 0);
	assert_int_equal(r.released, 0);
	assert_int_equal(r.failed, 1);
	f = fopen(path, "w");
	fwrite(key, 1, length, f);
	fclose(f);
	free(key);
	assert_int_equal(files(&s, "outbox", ".key", true), 0);
	assert_int_equal(release(&s, true).released, 1);
	scene_end(&s);
}

static void what_is_in_the_outbox_is_not_replaced(void **state)
{
	(void)state;
	struct scene s;
	char name[41], path[2048];
	scene_begin(&s, "72h");
	record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, name);
	shell("mkdir -p %s/outbox/study-a/%s && echo other > %s/outbox/study-a/%s/%s.seg", s.places.data, s.given.pseudonym, s.places.data,
	      s.given.pseudonym, name);
	struct outbox_report r = release(&s, false);
	assert_int_equal(r.released, 0);
	assert_int_equal(r.failed, 1);
	char *text = slurp(outbox_path(&s, name, ".seg", path), NULL);
	assert_string_equal(text, "other\n");
	free(text);
	assert_false(there(&s, "outbox/study-a/%s/%s.key", s.given.pseudonym, name));
	/* Out of the way: the rest follows. */
	shell("rm %s", path);
	release(&s, false);
	check_released(&s, name);
	scene_end(&s);
}

static void an_outbox_of_its_own_file_system(void **state)
{
	(void)state;
	struct scene s;
	struct stat a, b;
	char name[41], folder[] = "/dev/shm/assent-outbox-XXXXXX", id[33];
	int count;
	scene_begin(&s, "72h");
	if (stat("/dev/shm", &a) || stat(s.places.data, &b) || a.st_dev == b.st_dev || !mkdtemp(folder)) {
		scene_end(&s);
		skip();
	}
	record(&s, "study-a", s.receipt_hash, T0 + DAY, T0 + 4 * DAY, name);
	shell("ln -s %s %s/outbox", folder, s.places.data);
	assert_int_equal(release(&s, false).released, 1);
	check_released(&s, name);
	assert_int_equal(files(&s, "outbox.tmp", "", false), 0);
	assert_int_equal(files(&s, "outbox/", ".tmp", true), 0);
	assert_int_equal(outbox_revoke(&s.places, s.identity, "study-a", NULL, 0, TOMBSTONE_WITHDRAWN, &count, id), 0);
	assert_int_equal(count, 1);
	assert_int_equal(files(&s, "outbox/", ".key", true), 0);
	assert_int_equal(files(&s, "outbox/", ".tombstone", true), 1);
	shell("rm -rf %s", folder);
	scene_end(&s);
}

/* ---- Interrupted ---- */

struct job { struct scene *scene; bool revoke; };

static int run_job(void *user)
{
	struct job *j = user;
	struct scene *s = j->scene;
	struct outbox_report report;
	struct outbox_request request = request_of(s, false);
	int count;
	char id[33];
	if (j->revoke)
		return outbox_revoke(&s->places, s->identity, "study-a", NULL, 0, TOMBSTONE_WITHDRAWN, &count, id) != 0;
	return outbox_release(&s->places, s->identity, NULL, &request, &report) != 0 || report.failed;
}

static void keep_scene(const struct scene *s) { shell("rm -rf %s/kept && cp -a %s %s/kept", s->root, s->places.data, s->root); }
static void restore_scene(const struct scene *s) { shell("rm -rf %s && cp -a %s/kept %s", s->places.data, s->root, s->places.data); }

static void killed_while_releasing(void **state)
{
	(void)state;
	struct scene s;
	struct outbox_counts n;
	char name[3][41];
	int call, result = -1;
	scene_begin(&s, "72h");
	for (int i = 0; i < 3; i++)
		record(&s, "study-a", s.receipt_hash, T0 + i * DAY, T0 + 4 * DAY, name[i]);
	keep_scene(&s);
	struct job job = {.scene = &s};
	for (call = 0; call < 5000; call++) {
		restore_scene(&s);
		bool killed = step_killed_at(call, run_job, &job, &result);
		/* Whatever is out there is whole, known, and its receipts are with it. */
		struct released r;
		assert_int_equal(released_load(s.places.data, &r), 0);
		assert_int_equal(r.damaged, 0);
		for (int i = 0; i < 3; i++) {
			bool seg = there(&s, "outbox/study-a/%s/%s.seg", s.given.pseudonym, name[i]);
			bool key = there(&s, "outbox/study-a/%s/%s.key", s.given.pseudonym, name[i]);
			if (key)
				check_released(&s, name[i]);
			assert_true(seg || !key);
			assert_true(!seg || released_find(&r, name[i]));
			assert_true(!seg || there(&s, "outbox/study-a/%s/receipts.jsonl", s.given.pseudonym));
		}
		/* Nothing of it was collected: it must not look so. */
		assert_int_equal(outbox_count(&s.places, NULL, NULL, 0, &n), 0);
		assert_int_equal(n.collected, 0);
		assert_int_equal(n.held + n.released, 3);
		released_release(&r);
		if (!killed)
			break;
		assert_int_equal(run_job(&job), 0);
		for (int i = 0; i < 3; i++)
			check_released(&s, name[i]);
		assert_int_equal(files(&s, "outbox.tmp", "", false), 0);
		assert_int_equal(files(&s, "outbox", ".seg", true), 3);
	}
	assert_int_equal(result, 0);
	print_message("# release of 3 segments: killed at each of %d system calls\n", call);
	scene_end(&s);
}

/* A disk that refuses one call that changes files, each in turn: what is out there is whole, and who comes again completes it. */
static void refused_while_releasing(void **state)
{
	(void)state;
	struct scene s;
	struct outbox_counts n;
	char name[2][41];
	int call, result = -1;
	scene_begin(&s, "72h");
	for (int i = 0; i < 2; i++)
		record(&s, "study-a", s.receipt_hash, T0 + i * DAY, T0 + 4 * DAY, name[i]);
	keep_scene(&s);
	struct job job = {.scene = &s};
	for (call = 0; call < 5000; call++) {
		restore_scene(&s);
		bool failed = step_failed_at(call, call % 2 ? EIO : ENOSPC, run_job, &job, &result);
		assert_true(result == 0 || result == 1);
		for (int i = 0; i < 2; i++) {
			bool seg = there(&s, "outbox/study-a/%s/%s.seg", s.given.pseudonym, name[i]);
			bool key = there(&s, "outbox/study-a/%s/%s.key", s.given.pseudonym, name[i]);
			if (key)
				check_released(&s, name[i]);
			assert_true(seg || !key);
			assert_true(!seg || there(&s, "outbox/study-a/%s/receipts.jsonl", s.given.pseudonym));
			/* Nor is it said to be done when it is not. */
			assert_true(result != 0 || key);
		}
		assert_int_equal(outbox_count(&s.places, NULL, NULL, 0, &n), 0);
		assert_int_equal(n.collected, 0);
		assert_int_equal(n.held + n.released, 2);
		if (!failed)
			break;
		assert_int_equal(run_job(&job), 0);
		for (int i = 0; i < 2; i++)
			check_released(&s, name[i]);
		assert_int_equal(files(&s, "outbox.tmp", "", false), 0);
		assert_int_equal(files(&s, "outbox", ".seg", true), 2);
	}
	assert_int_equal(result, 0);
	assert_true(call > 20);
	print_message("# release of 2 segments: no space, or an error, at each of %d calls that change files\n", call);
	scene_end(&s);
}

/* Every tombstone out there: how many segments they name. */
static int buried(const struct scene *s)
{
	char path[2048], file[4096];
	int count = 0;
	DIR *dir = opendir(outbox_path(s, "", "", path));
	for (struct dirent *e; dir && (e = readdir(dir));) {
		struct tombstone t;
		const char *what;
		size_t length;
		size_t n = strlen(e->d_name);
		if (n < 10 || strcmp(e->d_name + n - 10, ".tombstone") != 0)
			continue;
		snprintf(file, sizeof file, "%s/%s", path, e->d_name);
		char *text = slurp(file, &length);
		assert_int_equal(tombstone_parse(text, length, &t, &what), 0);
		free(text);
		if (t.count > count)
			count = t.count;
		tombstone_release(&t);
	}
	if (dir)
		closedir(dir);
	return count;
}

static void killed_while_calling_back(void **state)
{
	(void)state;
	struct scene s;
	struct outbox_counts n;
	char name[3][41];
	int call, result = -1;
	scene_begin(&s, "72h");
	for (int i = 0; i < 3; i++)
		record(&s, "study-a", s.receipt_hash, T0 + i * DAY, T0 + 4 * DAY, name[i]);
	assert_int_equal(release(&s, false).released, 3);
	/* One was collected. */
	shell("rm %s/outbox/study-a/%s/%s.*", s.places.data, s.given.pseudonym, name[1]);
	keep_scene(&s);
	struct job job = {.scene = &s, .revoke = true};
	for (call = 0; call < 5000; call++) {
		restore_scene(&s);
		bool killed = step_killed_at(call, run_job, &job, &result);
		/* A key without its segment has left no trace of itself that could be read, and a tombstone is true when it is seen. */
		int told = buried(&s);
		assert_true(told == 0 || told == 3);
		if (told)
			assert_int_equal(files(&s, "outbox", ".key", true) + files(&s, "outbox", ".seg", true), 0);
		/* Told, or still known as not told: never in between. */
		assert_int_equal(outbox_count(&s.places, NULL, NULL, 0, &n), 0);
		assert_true(n.released == 3 || n.tombstones >= 1);
		assert_int_equal(n.tombstones_collected, 0);
		if (!killed)
			break;
		assert_int_equal(run_job(&job), 0);
		assert_int_equal(buried(&s), 3);
		assert_int_equal(files(&s, "outbox", ".key", true) + files(&s, "outbox", ".seg", true), 0);
		assert_int_equal(files(&s, "outbox.tmp", "", false), 0);
		/* And a release afterwards brings nothing back. */
		if (call % 8 == 0) {
			assert_int_equal(release(&s, true).released, 0);
			assert_int_equal(files(&s, "outbox", ".key", true), 0);
		}
	}
	assert_int_equal(result, 0);
	print_message("# calling back 3 segments: killed at each of %d system calls\n", call);
	scene_end(&s);
}

/* A disk that takes no more than so many bytes a file. */
static void a_disk_that_is_full(void **state)
{
	(void)state;
	struct scene s;
	char name[2][41];
	scene_begin(&s, "72h");
	for (int i = 0; i < 2; i++)
		record(&s, "study-a", s.receipt_hash, T0 + i * DAY, T0 + 4 * DAY, name[i]);
	static const rlim_t room[] = {0, 100, 700, 2500, 4000};
	keep_scene(&s);
	for (size_t i = 0; i < sizeof room / sizeof *room; i++) {
		restore_scene(&s);
		pid_t pid = fork();
		if (pid == 0) {
			struct rlimit limit = {room[i], room[i]};
			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &limit);
			struct outbox_report report;
			struct outbox_request request = request_of(&s, false);
			outbox_release(&s.places, s.identity, NULL, &request, &report);
			_exit(report.released);
		}
		int status;
		waitpid(pid, &status, 0);
		assert_true(WIFEXITED(status));
		int released = WEXITSTATUS(status);
		assert_int_equal(files(&s, "outbox", ".key", true), released);
		for (int k = 0; k < 2; k++)
			if (there(&s, "outbox/study-a/%s/%s.key", s.given.pseudonym, name[k]))
				check_released(&s, name[k]);
		release(&s, false);
		for (int k = 0; k < 2; k++)
			check_released(&s, name[k]);
	}
	/* Erasing needs no room for what matters: the keys go, the error is told. */
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit limit = {0, 0};
		int count;
		char id[33];
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(outbox_revoke(&s.places, s.identity, "study-a", NULL, 0, TOMBSTONE_WITHDRAWN, &count, id) ? 9 : 0);
	}
	int status;
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 9);
	assert_int_equal(files(&s, "outbox", ".key", true) + files(&s, "outbox", ".seg", true), 0);
	struct job job = {.scene = &s, .revoke = true};
	assert_int_equal(run_job(&job), 0);
	assert_int_equal(buried(&s), 2);
	scene_end(&s);
}

/* ---- The list ---- */

static void the_list_mends_its_end(void **state)
{
	(void)state;
	struct scene s;
	struct released r;
	char name[2][41], path[PLACE_MAX + 32];
	scene_begin(&s, "72h");
	for (int i = 0; i < 2; i++)
		record(&s, "study-a", s.receipt_hash, T0 + i * DAY, i ? T0 + 20 * DAY : T0 + 4 * DAY, name[i]);
	release(&s, false);
	snprintf(path, sizeof path, "%s/released.jsonl", s.places.data);
	size_t length;
	char *line = slurp(path, &length);
	/* Cut anywhere: the line counts only whole. */
	for (size_t cut = 1; cut <= length; cut += 37) {
		FILE *f = fopen(path, "w");
		fwrite(line, 1, length, f);
		fwrite(line, 1, length - cut, f);
		fclose(f);
		assert_int_equal(released_load(s.places.data, &r), 0);
		assert_int_equal(r.count, 1);
		assert_int_equal(r.damaged, 0);
		released_release(&r);
	}
	s.now_us = T0 + 21 * DAY;
	assert_int_equal(release(&s, false).released, 1);
	assert_int_equal(released_load(s.places.data, &r), 0);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.damaged, 0);
	released_release(&r);
	/* A flipped bit costs that line, and no other. */
	for (size_t i = 0; i < length - 1; i += 3) {
		char *text = slurp(path, NULL);
		size_t whole = strlen(text);
		text[i] ^= 4;
		FILE *f = fopen(path, "w");
		fwrite(text, 1, whole, f);
		fclose(f);
		assert_int_equal(released_load(s.places.data, &r), 0);
		assert_true(r.count >= 1 && released_find(&r, name[1]));
		released_release(&r);
		text[i] ^= 4;
		f = fopen(path, "w");
		fwrite(text, 1, whole, f);
		fclose(f);
		free(text);
	}
	free(line);
	scene_end(&s);
}

static void tombstones_are_believed_whole_or_not(void **state)
{
	(void)state;
	struct scene s;
	struct tombstone t = {.reason = TOMBSTONE_FORGOTTEN, .count = 2}, again;
	const char *what;
	char *text;
	size_t length;
	scene_begin(&s, "72h");
	strcpy(t.study, "study-a");
	strcpy(t.pseudonym, s.given.pseudonym);
	t.segment = calloc(2, sizeof *t.segment);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(spool_name(T0 + i, t.segment[i].segment), 0);
		randombytes_buf(t.segment[i].hash, 32);
	}
	assert_int_equal(tombstone_format(s.identity, &t, &text, &length), 0);
	assert_int_equal(tombstone_parse(text, length, &again, &what), 0);
	assert_int_equal(again.count, 2);
	assert_int_equal(again.reason, TOMBSTONE_FORGOTTEN);
	assert_int_equal(again.t_us, t.t_us);
	assert_memory_equal(again.segment, t.segment, 2 * sizeof *t.segment);
	tombstone_release(&again);
	for (size_t i = 0; i < length; i++) {
		for (int bit = 0; bit < 8; bit++) {
			text[i] ^= (char)(1 << bit);
			if (tombstone_parse(text, length, &again, &what) == 0)
				fail_msg("byte %zu, bit %d", i, bit);
			text[i] ^= (char)(1 << bit);
		}
	}
	for (size_t n = 0; n < length - 1; n++)
		assert_int_not_equal(tombstone_parse(text, n, &again, &what), 0);
	/* The largest there may be. */
	free(text);
	tombstone_release(&t);
	t.count = TOMBSTONE_SEGMENTS_MAX;
	t.segment = calloc(TOMBSTONE_SEGMENTS_MAX, sizeof *t.segment);
	for (int i = 0; i < t.count; i++)
		assert_int_equal(spool_name(T0 + i, t.segment[i].segment), 0);
	assert_int_equal(tombstone_format(s.identity, &t, &text, &length), 0);
	assert_int_equal(tombstone_parse(text, length, &again, &what), 0);
	assert_int_equal(again.count, TOMBSTONE_SEGMENTS_MAX);
	tombstone_release(&again);
	tombstone_release(&t);
	free(text);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_due_leaves),
		cmocka_unit_test(a_group_reads_what_it_was_given),
		cmocka_unit_test(a_refusal_never_leaves),
		cmocka_unit_test(nothing_leaves_after_a_withdrawal),
		cmocka_unit_test(a_withdrawal_that_was_interrupted_is_completed),
		cmocka_unit_test(after_the_consent_has_expired_only_by_hand),
		cmocka_unit_test(manual_needs_the_participant),
		cmocka_unit_test(policy_only_holds_back),
		cmocka_unit_test(in_doubt_nothing_leaves),
		cmocka_unit_test(what_is_in_the_outbox_is_not_replaced),
		cmocka_unit_test(an_outbox_of_its_own_file_system),
		cmocka_unit_test(killed_while_releasing), cmocka_unit_test(refused_while_releasing),
		cmocka_unit_test(killed_while_calling_back),
		cmocka_unit_test(a_disk_that_is_full),
		cmocka_unit_test(the_list_mends_its_end),
		cmocka_unit_test(tombstones_are_believed_whole_or_not),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
