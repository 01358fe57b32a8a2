/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../agent/store/atomic.h"
#include "../../agent/store/spool.h"
#include "decide.h"

/* ---- Files ---- */

void scene_shell(const char *format, ...)
{
	char command[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(command, sizeof command, format, args);
	va_end(args);
	assert_int_equal(system(command), 0);
}

char *scene_slurp(const char *path, size_t *length)
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

bool scene_has(const struct scene *s, const char *format, ...)
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

int scene_files(const struct scene *s, const char *name, const char *ending, bool hidden)
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

void scene_decide(struct scene *s, enum ledger_state state, struct study *study, int64_t t_us, int64_t until_us, uint8_t hash[32])
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

struct study *scene_manifest(struct scene *s, const char *id, const char *review)
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

void scene_begin(struct scene *s, const char *review)
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
	s->study = scene_manifest(s, "study-a", review);
	s->now_us = T0 + 10 * DAY;
	scene_decide(s, LEDGER_GIVEN, s->study, T0, T0 + 3650 * DAY, NULL);
}

void scene_end(struct scene *s)
{
	study_free(s->study);
	identity_free(s->identity);
	scene_shell("rm -rf %s", s->root);
}

void scene_record(struct scene *s, const char *study, const uint8_t receipt[32], int64_t begun_us, int64_t release_us, char name[41])
{
	char folder[PLACE_MAX + 80], path[PLACE_MAX + 160], file[64];
	uint8_t key[SEGMENT_KEY], *content = malloc(70000);
	struct keyfile k = {.begun_us = begun_us, .expires_us = begun_us + 90 * DAY, .release_us = release_us, .has_participant = true};
	size_t size = 3000 + (size_t)s->segments * 20000 % 60000;
	assert_int_equal(spool_name(begun_us, name), 0);
	/* Some begin in the same microsecond, where the name would be left to 12 random bits. */
	snprintf(name + strlen(name) - 3, 4, "%03x", (unsigned)s->segments & 0xfff);
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

char scene_complaint[512];

static void complain(const char *segment, const char *what)
{
	snprintf(scene_complaint, sizeof scene_complaint, "%s: %s", segment, what);
}

struct outbox_request scene_request(struct scene *s, bool by_hand)
{
	scene_complaint[0] = 0;
	return (struct outbox_request){.now_us = s->now_us, .before_us = INT64_MAX, .by_hand = by_hand, .policy = &s->none, .participant = &s->none,
		.complain = complain};
}

struct outbox_report scene_release(struct scene *s, bool by_hand)
{
	struct outbox_report report;
	struct outbox_request request = scene_request(s, by_hand);
	assert_int_equal(outbox_release(&s->places, s->identity, NULL, &request, &report), 0);
	return report;
}

char *scene_path(const struct scene *s, const char *name, const char *suffix, char out[2048])
{
	snprintf(out, 2048, "%s/outbox/study-a/%s/%s%s", s->places.data, s->given.pseudonym, name, suffix);
	return out;
}

void scene_check(const struct scene *s, const char *name)
{
	char path[2048], spool[2048];
	size_t length, n, m;
	struct keyfile k;
	const char *what;
	uint8_t hash[32], key[SEGMENT_KEY], agent[32];
	char text[KEYFILE_MAX];
	size_t signed_length;
	char *content = scene_slurp(scene_path(s, name, ".key", path), &length);
	assert_non_null(content);
	assert_int_equal(keyfile_parse(content, length, &k, &what), 0);
	free(content);
	assert_true(k.released && k.has_recipient && !k.has_participant);
	assert_true(keyfile_format(&k, text, &signed_length) > 0);
	assert_int_equal(identity_agent_key(s->identity, "study-a", agent), 0);
	assert_int_equal(identity_verify(agent, text, signed_length, k.signature), 0);
	assert_int_equal(keyfile_open(k.recipient, s->recipient_public, s->recipient_secret, key), 0);
	content = scene_slurp(scene_path(s, name, ".seg", path), &n);
	snprintf(spool, sizeof spool, "%s/study-a/%s.seg", s->places.spool, name);
	char *original = scene_slurp(spool, &m);
	assert_non_null(content);
	assert_int_equal(n, m);
	assert_memory_equal(content, original, n);
	crypto_generichash(hash, 32, (const unsigned char *)content, n, NULL, 0);
	assert_memory_equal(hash, k.hash, 32);
	free(content);
	free(original);
}
