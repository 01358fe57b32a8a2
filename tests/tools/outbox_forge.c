/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes what lies in an outbox, good or forged, for tests of those who receive it. Nothing of it could be made without the participant's
 * identity, which an outbox does not hold.
 *
 *   outbox_forge decide FOLDER STUDY STATE T_US [PURPOSE...]      a line in FOLDER/ledger.jsonl, by FOLDER/identity (made if missing);
 *                                                          the purposes (of hci-research, other-model) that are agreed to. Prints PSEUDONYM HASH
 *   outbox_forge segment FOLDER STUDY OUT NAME=VALUE...           OUT/SEGMENT.seg and .key; prints SEGMENT HASH. recipient=, receipt=, rows=T,T,...; or
 *                                                          events=N, titles=N (windows with names of full length), or table=FILE.csv (exported; moved to begun=, sealed); segment=, begun=, expires=,
 *                                                          pseudonym=, header-study=, header-segment=, header-pseudonym=,
 *                                                          header-receipt=, signer=FOLDER, private=1, cut=1
 *   outbox_forge tombstone FOLDER STUDY OUT REASON PSEUDONYM SEGMENT=HASH...      OUT/ID.tombstone, signed by FOLDER/identity
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/base/clock.h"
#include "../../agent/error.h"
#include "../../agent/store/audit.h"
#include "../../agent/store/keyfile.h"
#include "../../agent/store/receipt.h"
#include "../../agent/store/spool.h"
#include "../../agent/store/tombstone.h"
#include "../bench/table_rows.h"
#include "../store/decide.h"

static int fail(const char *what, int error)
{
	fprintf(stderr, "outbox_forge: %s: %s\n", what, error_text(error));
	return 1;
}

static void hex(const uint8_t *data, size_t n, char *out) { sodium_bin2hex(out, 2 * n + 1, data, n); }

static bool bytes_of(const char *text, uint8_t *out, size_t n)
{
	size_t got;
	return text && strlen(text) == 2 * n && sodium_hex2bin(out, n, text, 2 * n, NULL, &got, NULL) == 0 && got == n;
}

static int pseudonym_of(const struct identity *me, const char *study, char out[IDENTITY_PSEUDONYM])
{
	uint8_t key[IDENTITY_KEY];
	int e = identity_participant_key(me, study, key);
	if (e == 0)
		identity_pseudonym(key, out);
	return e;
}

static int decide(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	const char *folder = argv[0];
	char path[600], text[65], line[RECEIPT_LINE_MAX + 2];
	int state = -1;
	for (int i = 0; i < LEDGER_STATE_COUNT; i++)
		if (strcmp(receipt_state_name((enum ledger_state)i), argv[2]) == 0)
			state = i;
	mkdir(folder, 0700);
	struct identity *me = decide_identity(folder);
	struct study *study = decide_study(argv[1]);
	if (!me || !study || state < 0)
		return 2;
	static struct receipt r;
	r = decide_receipt((enum ledger_state)state, study, strtoll(argv[3], NULL, 10), 0);
	if (state == LEDGER_GIVEN || state == LEDGER_RENEWED)
		r.until_us = r.t_us + INT64_C(86400000000) * 180;
	for (int i = 0; i < r.purposes; i++) {
		r.purpose[i].agreed = false;
		for (int k = 4; k < argc; k++)
			r.purpose[i].agreed |= strcmp(argv[k], r.purpose[i].id) == 0;
	}
	int e = pseudonym_of(me, study->id, r.pseudonym);
	snprintf(path, sizeof path, "%s/ledger.jsonl", folder);
	if (e || (e = ledger_append(path, me, &r)))
		return fail(path, e);
	FILE *f = fopen(path, "r");
	size_t n = 0;
	while (f && fgets(line, sizeof line, f))
		n = strlen(line) - 1;
	uint8_t hash[32];
	receipt_hash(line, n, hash);
	hex(hash, 32, text);
	printf("%s %s\n", r.pseudonym, text);
	if (f)
		fclose(f);
	study_free(study);
	identity_free(me);
	return 0;
}

/* ---- Segments ---- */

static const char *value(int argc, char **argv, const char *name)
{
	size_t n = strlen(name);
	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=')
			return argv[i] + n + 1;
	return NULL;
}

static int add_key(struct segment_writer *w, int64_t t_us)
{
	struct event e = {.t_us = t_us, .mono_us = t_us, .has = HAS_DEVICE | HAS_CLASS, .device = 0, .kind = EVENT_KEY_DOWN, .key_class = CLASS_LETTER};
	return segment_writer_add(w, &e);
}

/* As the writer seals them. */
static int add_table(struct segment_writer *w, const char *path, int64_t begun, struct bytes *out)
{
	struct table_rows rows = {0};
	int e = 0;
	table_rows_load(&rows, path, SIZE_MAX);
	segment_writer_seal(w);
	for (size_t i = 0; i < rows.count && e == 0; i++) {
		struct event event = rows.at[i];
		event.t_us += begun - rows.at[0].t_us;
		event.mono_us += begun - rows.at[0].mono_us;
		if ((e = segment_writer_add(w, &event)) == 0 && segment_writer_waiting(w) == SEGMENT_BLOCK_EVENTS_MAX)
			e = segment_writer_flush(w, event.t_us, out);
	}
	table_rows_release(&rows);
	return e;
}

/* As many strings as a row can have. */
static int add_titles(struct segment_writer *w, int64_t count, int64_t begun, struct bytes *out)
{
	char app[EVENT_APP_MAX + 1], title[EVENT_TITLE_MAX + 1];
	memset(app, 'a', EVENT_APP_MAX);
	memset(title, 't', EVENT_TITLE_MAX);
	app[EVENT_APP_MAX] = title[EVENT_TITLE_MAX] = 0;
	int e = 0;
	for (int64_t i = 0; i < count && e == 0; i++) {
		app[0] = title[0] = (char)('a' + i % 2);
		struct event event = {.t_us = begun + i, .mono_us = begun + i, .has = HAS_APP | HAS_TITLE, .kind = EVENT_FOCUS, .app = app, .title = title};
		e = segment_writer_add(w, &event);
		if (e == ERROR_LIMIT && (e = segment_writer_flush(w, event.t_us, out)) == 0)
			e = segment_writer_add(w, &event);
	}
	return e;
}

static int add_rows(struct segment_writer *w, int argc, char **argv, int64_t begun, struct bytes *out)
{
	const char *rows = value(argc, argv, "rows"), *events = value(argc, argv, "events");
	int e = value(argc, argv, "table") ? add_table(w, value(argc, argv, "table"), begun, out) : 0;
	if (value(argc, argv, "titles"))
		e = add_titles(w, strtoll(value(argc, argv, "titles"), NULL, 10), begun, out);
	for (const char *p = rows; p && *p && e == 0; p = strchr(p, ',') ? strchr(p, ',') + 1 : "")
		e = add_key(w, strtoll(p, NULL, 10));
	for (int i = 0; events && i < atoi(events) && e == 0; i++)
		e = add_key(w, begun + i * INT64_C(100000));
	return e;
}

/* An agent never begins two in a microsecond: 12 random bits are for clocks that were set back. Here many begin in the same. */
static int free_name(const char *out, int64_t begun, char name[SPOOL_NAME_MAX])
{
	char path[1200];
	int e;
	do {
		e = spool_name(begun, name);
		snprintf(path, sizeof path, "%s/%s.seg", out, name);
	} while (e == 0 && access(path, F_OK) == 0);
	return e;
}

static int segment(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	const char *study = argv[1], *out = argv[2], *v;
	struct identity *me = decide_identity(argv[0]), *signer = value(argc, argv, "signer") ? decide_identity(value(argc, argv, "signer")) : me;
	if (!me || !signer)
		return fail("identity", ERROR_IO);
	uint8_t key[SEGMENT_KEY];
	char text[KEYFILE_MAX], path[1200];
	struct keyfile k = {.release_us = KEYFILE_MANUAL, .has_recipient = true, .released = !value(argc, argv, "private")};
	struct segment_meta m = {0};
	struct segment_writer *w = NULL;
	struct bytes b = {0};
	size_t length;
	k.begun_us = (v = value(argc, argv, "begun")) ? strtoll(v, NULL, 10) : clock_utc_us();
	k.expires_us = (v = value(argc, argv, "expires")) ? strtoll(v, NULL, 10) : clock_utc_us() + INT64_C(86400000000) * 90;
	snprintf(k.study, sizeof k.study, "%s", study);
	if ((v = value(argc, argv, "segment")))
		snprintf(k.segment, sizeof k.segment, "%s", v);
	else if (free_name(out, k.begun_us, k.segment))
		return fail(out, ERROR_IO);
	int e = pseudonym_of(me, study, k.pseudonym);
	if ((v = value(argc, argv, "pseudonym")))
		snprintf(k.pseudonym, sizeof k.pseudonym, "%s", v);
	if (e || !bytes_of(value(argc, argv, "receipt"), k.receipt_hash, 32) || recipient_parse(value(argc, argv, "recipient"), k.recipient_key))
		return fail("receipt= or recipient=", ERROR_INVALID);
	randombytes_buf(key, sizeof key);
	snprintf(m.study, sizeof m.study, "%s", (v = value(argc, argv, "header-study")) ? v : k.study);
	snprintf(m.segment, sizeof m.segment, "%s", (v = value(argc, argv, "header-segment")) ? v : k.segment);
	snprintf(m.participant, sizeof m.participant, "%s", (v = value(argc, argv, "header-pseudonym")) ? v : k.pseudonym);
	snprintf(m.epoch, sizeof m.epoch, "00112233445566778899aabbccddeeff");
	memcpy(m.receipt_hash, k.receipt_hash, 32);
	if ((v = value(argc, argv, "header-receipt")) && !bytes_of(v, m.receipt_hash, 32))
		return 2;
	m.t_us = m.mono_us = k.begun_us;
	if ((e = segment_writer_new(&m, key, 3, &b, &w)) || (e = add_rows(w, argc, argv, k.begun_us, &b)) ||
	    (e = segment_writer_flush(w, k.begun_us, &b)))
		return fail("segment", e);
	if (!value(argc, argv, "cut") && (e = segment_writer_finish(w, k.begun_us, &b)))
		return fail("segment", e);
	segment_writer_free(w);
	crypto_generichash(k.hash, sizeof k.hash, b.data, b.length, NULL, 0);
	if ((e = keyfile_seal(key, k.recipient_key, k.recipient)))
		return fail("seal", e);
	if (!k.released) {
		k.has_participant = true;
		k.release_us = k.begun_us;
		memcpy(k.participant, k.recipient, sizeof k.participant);
	}
	if ((e = keyfile_format(&k, text, &length)) < 0 || (e = identity_agent_sign(signer, study, text, length, k.signature)))
		return fail("key file", e);
	snprintf(path, sizeof path, "%s/%s.seg", out, k.segment);
	FILE *f = fopen(path, "w");
	if (!f || fwrite(b.data, 1, b.length, f) != b.length || fclose(f))
		return fail(path, ERROR_IO);
	int fd = open(out, O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof path, "%s.key", k.segment);
	if (fd < 0 || (e = keyfile_write(fd, path, &k)))
		return fail(path, e);
	hex(k.hash, 32, text);
	printf("%s %s\n", k.segment, text);
	close(fd);
	bytes_release(&b);
	if (signer != me)
		identity_free(signer);
	identity_free(me);
	return 0;
}

static int tombstone(int argc, char **argv)
{
	if (argc < 6)
		return 2;
	struct identity *me = decide_identity(argv[0]);
	struct tombstone t = {.reason = TOMBSTONE_WITHDRAWN};
	char *text, path[1200];
	size_t length;
	if (!me)
		return 1;
	snprintf(t.study, sizeof t.study, "%s", argv[1]);
	for (int i = 0; i < TOMBSTONE_REASON_COUNT; i++)
		if (strcmp(argv[3], tombstone_reason_name((enum tombstone_reason)i)) == 0)
			t.reason = (enum tombstone_reason)i;
	snprintf(t.pseudonym, sizeof t.pseudonym, "%s", argv[4]);
	t.count = argc - 5;
	t.segment = calloc((size_t)t.count, sizeof *t.segment);
	for (int i = 0; t.segment && i < t.count; i++) {
		char *equals = strchr(argv[5 + i], '=');
		if (!equals || !bytes_of(equals + 1, t.segment[i].hash, 32))
			return 2;
		snprintf(t.segment[i].segment, sizeof t.segment[i].segment, "%.*s", (int)(equals - argv[5 + i]), argv[5 + i]);
	}
	int e = t.segment ? tombstone_format(me, &t, &text, &length) : ERROR_MEMORY;
	if (e)
		return fail("tombstone", e);
	snprintf(path, sizeof path, "%s/%s.tombstone", argv[2], t.id);
	FILE *f = fopen(path, "w");
	if (!f || fwrite(text, 1, length, f) != length || fclose(f))
		return fail(path, ERROR_IO);
	printf("%s\n", t.id);
	free(text);
	tombstone_release(&t);
	identity_free(me);
	return 0;
}

int main(int argc, char **argv)
{
	int r = 2;
	if (sodium_init() < 0)
		return 1;
	if (argc > 1 && strcmp(argv[1], "decide") == 0)
		r = decide(argc - 2, argv + 2);
	else if (argc > 1 && strcmp(argv[1], "segment") == 0)
		r = segment(argc - 2, argv + 2);
	else if (argc > 1 && strcmp(argv[1], "tombstone") == 0)
		r = tombstone(argc - 2, argv + 2);
	if (r == 2)
		fprintf(stderr, "outbox_forge: see the head of its source\n");
	return r;
}
