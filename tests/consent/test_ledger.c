/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: what each history means now, and that nothing broken means yes. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../agent/base/clock.h"
#include "../../agent/base/sanitizer.h"
#include "../../agent/error.h"
#include "../../agent/store/audit.h"
#include "../../agent/store/head.h"
#include "../../agent/store/receipt.h"
#include "../format/cmocka_all.h"
#include "../store/decide.h"

#define SECOND INT64_C(1000000)
#define T0 (INT64_C(1770000000) * SECOND)
#define DAY (86400 * SECOND)

static char folder[64], path[128], head[128], copy[4 << 20];
static struct identity *me;
static struct ledger_trust fresh;    /* of who begins */
static struct study *study, *other;

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/assent-ledger-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/ledger.jsonl", folder);
	snprintf(head, sizeof head, "%s/ledger.head", folder);
	me = decide_identity(folder);
	if (me)
		ledger_trust_init(&fresh, me);
	return me ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];
	(void)state;
	identity_free(me);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

static int try(enum ledger_state what, int64_t t, int64_t until)
{
	struct receipt r = decide_receipt(what, study, t, until);
	return ledger_append(path, me, &r);
}

static void add(enum ledger_state what, int64_t t, int64_t until)
{
	assert_int_equal(try(what, t, until), 0);
}

static struct ledger_view look_by(struct ledger_trust *trust, int64_t now)
{
	struct ledger_view v;
	assert_int_equal(ledger_read(path, trust, now, &v), 0);
	assert_true((v.standing == STANDING_GIVEN) == !*v.why);
	return v;
}

static struct ledger_view look(int64_t now)
{
	struct ledger_trust trust = fresh;
	trust.identity = me;
	return look_by(&trust, now);
}

static size_t slurp_from(const char *name, char *out, size_t size)
{
	FILE *f = fopen(name, "rb");
	assert_non_null(f);
	size_t n = fread(out, 1, size, f);
	fclose(f);
	return n;
}

/* In place: thousands of times, and a file that is cut to nothing and written anew is waited for by some file systems. */
static void spit_to(const char *name, const char *bytes, size_t n)
{
	struct stat st;
	int fd = open(name, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, 0), n);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size > (off_t)n ? ftruncate(fd, (off_t)n) : 0, 0);
	fchmod(fd, 0600);
	close(fd);
}

static size_t slurp(char *out, size_t size) { return slurp_from(path, out, size); }
static void spit(const char *bytes, size_t n) { spit_to(path, bytes, n); }

static void lifecycle(void **state)
{
	(void)state;
	assert_int_equal(look(T0).standing, STANDING_NEVER);
	add(LEDGER_REQUESTED, T0, 0);
	assert_int_equal(look(T0).standing, STANDING_NEVER);
	add(LEDGER_DEFERRED, T0, 0);
	assert_int_equal(look(T0).standing, STANDING_NEVER);
	add(LEDGER_GIVEN, T0 + SECOND, 0);
	struct ledger_view v = look(T0 + 2 * SECOND);
	uint8_t key[IDENTITY_KEY];
	char pseudonym[IDENTITY_PSEUDONYM];
	assert_int_equal(v.standing, STANDING_GIVEN);
	assert_string_equal(v.given.study, "typing-2026");
	assert_int_equal(v.given.t_us, T0 + SECOND);
	assert_int_equal(v.given.until_us, T0 + SECOND + DAY);
	assert_int_equal(v.given.purposes, 2);
	assert_true(v.given.purpose[0].agreed);
	assert_false(v.given.purpose[1].agreed);
	assert_int_equal(strlen(v.given.id), 32);
	assert_int_equal(strlen(v.epoch), 32);
	assert_int_equal(v.resumed_from_us, 0);
	assert_memory_equal(v.given.manifest_hash, study->hash, 32);
	assert_memory_equal(v.given.terms_hash, study->terms_hash, 32);
	assert_int_equal(v.given.notice_hash[7], 0x11);
	assert_int_equal(v.given.shown_hash[7], 0x22);
	assert_int_equal(v.given.policy_hash[7], 0x33);
	assert_string_equal(v.given.language, "en");
	assert_int_equal(identity_participant_key(me, "typing-2026", key), 0);
	assert_memory_equal(v.given.participant_key, key, sizeof key);
	identity_pseudonym(key, pseudonym);
	assert_string_equal(v.given.pseudonym, pseudonym);
	assert_int_equal(identity_agent_key(me, "typing-2026", key), 0);
	assert_memory_equal(v.given.agent_key, key, sizeof key);
	/* The end is the end, to the microsecond. */
	assert_int_equal(look(v.given.until_us - 1).standing, STANDING_GIVEN);
	v = look(v.given.until_us);
	assert_int_equal(v.standing, STANDING_EXPIRED);
	assert_true(v.lapsed);
	add(LEDGER_PAUSED, T0 + 10 * SECOND, T0 + 20 * SECOND);
	v = look(T0 + 15 * SECOND);
	assert_int_equal(v.standing, STANDING_PAUSED);
	assert_int_equal(v.paused_us, T0 + 10 * SECOND);
	assert_int_equal(v.paused_until_us, T0 + 20 * SECOND);
	v = look(T0 + 20 * SECOND);
	assert_int_equal(v.standing, STANDING_GIVEN);
	assert_int_equal(v.resumed_from_us, T0 + 10 * SECOND);
	/* A pause in a pause goes on from its beginning, after its end it is another. */
	add(LEDGER_PAUSED, T0 + 12 * SECOND, 0);
	assert_int_equal(look(T0 + 30 * SECOND).paused_us, T0 + 10 * SECOND);
	add(LEDGER_RESUMED, T0 + 40 * SECOND, 0);
	v = look(T0 + 41 * SECOND);
	assert_int_equal(v.standing, STANDING_GIVEN);
	assert_int_equal(v.resumed_from_us, T0 + 10 * SECOND);
	add(LEDGER_PAUSED, T0 + 50 * SECOND, 0);
	assert_int_equal(look(T0 + 2 * DAY).standing, STANDING_EXPIRED);
	add(LEDGER_WITHDRAWN, T0 + 60 * SECOND, 0);
	assert_int_equal(look(T0 + 61 * SECOND).standing, STANDING_WITHDRAWN);
	/* Only a new yes begins anew. */
	add(LEDGER_RESUMED, T0 + 70 * SECOND, 0);
	add(LEDGER_PAUSED, T0 + 71 * SECOND, 0);
	add(LEDGER_REQUESTED, T0 + 72 * SECOND, 0);
	assert_int_equal(look(T0 + 80 * SECOND).standing, STANDING_WITHDRAWN);
	add(LEDGER_REFUSED, T0 + 80 * SECOND, 0);
	assert_int_equal(look(T0 + 80 * SECOND).standing, STANDING_REFUSED);
	char epoch[33];
	memcpy(epoch, v.epoch, sizeof epoch);
	add(LEDGER_RENEWED, T0 + 90 * SECOND, 0);
	v = look(T0 + 91 * SECOND);
	assert_int_equal(v.standing, STANDING_GIVEN);
	assert_string_not_equal(v.epoch, epoch);
	add(LEDGER_REFUSED, T0 + 92 * SECOND, 0);
	assert_int_equal(look(T0 + 93 * SECOND).standing, STANDING_REFUSED);
	add(LEDGER_GIVEN, T0 + 94 * SECOND, 0);
	add(LEDGER_EXPIRED, T0 + 95 * SECOND, 0);
	v = look(T0 + 96 * SECOND);
	assert_int_equal(v.standing, STANDING_EXPIRED);
	assert_false(v.lapsed);
	add(LEDGER_GIVEN, T0 + 97 * SECOND, 0);
	add(LEDGER_INVALIDATED, T0 + 98 * SECOND, 0);
	v = look(T0 + 99 * SECOND);
	assert_int_equal(v.standing, STANDING_INVALID);
	assert_false(v.damaged);
}

static void other_study(void **state)
{
	(void)state;
	add(LEDGER_REQUESTED, T0, 0);
	add(LEDGER_GIVEN, T0, 0);
	struct receipt r = decide_receipt(LEDGER_REFUSED, other, T0 + 2 * SECOND, 0);
	assert_int_equal(ledger_append(path, me, &r), 0);
	assert_int_equal(look(T0 + 3 * SECOND).standing, STANDING_GIVEN);
}

static void clock_back(void **state)
{
	(void)state;
	add(LEDGER_GIVEN, T0, 0);
	assert_int_equal(look(T0 - 59 * SECOND).standing, STANDING_GIVEN);
	struct ledger_view v = look(T0 - 61 * SECOND);
	assert_int_equal(v.standing, STANDING_INVALID);
	assert_true(v.clock_wrong);
	add(LEDGER_PAUSED, T0 + 1000 * SECOND, T0 + 1001 * SECOND);
	assert_int_equal(look(T0 + 900 * SECOND).standing, STANDING_INVALID);
	/* Withdrawing needs no right clock, and joining anew gets out of it. */
	add(LEDGER_WITHDRAWN, T0 + 900 * SECOND, 0);
	assert_int_equal(look(T0 + 900 * SECOND).standing, STANDING_WITHDRAWN);
	add(LEDGER_GIVEN, T0 + 901 * SECOND, 0);
	assert_int_equal(look(T0 + 902 * SECOND).standing, STANDING_GIVEN);
}

static void refuses_nonsense(void **state)
{
	struct receipt r;
	(void)state;
#define REFUSED_AFTER(change) do { r = decide_receipt(LEDGER_GIVEN, study, T0, 0); change; assert_int_equal(ledger_append(path, me, &r), ERROR_INVALID); } while (0)
	REFUSED_AFTER(r.purpose[0].agreed = false);
	REFUSED_AFTER(r.until_us = 0);
	REFUSED_AFTER(r.until_us = T0);
	REFUSED_AFTER(r.about = NULL);
	REFUSED_AFTER(r.about = other);
	REFUSED_AFTER(r.purposes = 1);
	REFUSED_AFTER(memset(r.shown_hash, 0, 32));
	REFUSED_AFTER(memset(r.notice_hash, 0, 32));
	REFUSED_AFTER(r.language[0] = 0);
	REFUSED_AFTER(strcpy(r.language, "e\"n"));
	r = decide_receipt(LEDGER_WITHDRAWN, study, T0, 0);
	strcpy(r.study, "a\",\"b");
	assert_int_equal(ledger_append(path, me, &r), ERROR_INVALID);
	r = decide_receipt(LEDGER_REFUSED, study, T0, 0);
	r.purpose[1].agreed = true;
	assert_int_equal(ledger_append(path, me, &r), ERROR_INVALID);
	assert_int_equal(look(T0).standing, STANDING_NEVER);
}

/* A yes is the participant's, a no the program's, too. */
static void locked_identity(void **state)
{
	(void)state;
	add(LEDGER_REQUESTED, T0, 0);
	identity_close(me);
	assert_int_equal(try(LEDGER_GIVEN, T0, 0), ERROR_DENIED);
	assert_int_equal(try(LEDGER_RENEWED, T0, 0), ERROR_DENIED);
	assert_int_equal(look(T0).standing, STANDING_NEVER);
	identity_free(me);
	me = decide_identity(folder);
	add(LEDGER_GIVEN, T0, 0);
	identity_close(me);
	assert_int_equal(look(T0).standing, STANDING_GIVEN);
	add(LEDGER_PAUSED, T0, 0);
	add(LEDGER_WITHDRAWN, T0, 0);
	add(LEDGER_REFUSED, T0, 0);
	add(LEDGER_DEFERRED, T0, 0);
	assert_int_equal(look(T0).standing, STANDING_REFUSED);
}

/* ---- nothing can be changed unseen ---- */

/* Under sanitizers every seventh byte: they find other things. */
#if ASSENT_SANITIZED
enum { LINES = 11, STRIDE = 7 };
#else
enum { LINES = 11, STRIDE = 1 };
#endif

struct history { char *text; size_t at[LINES + 1]; };   /* at[i]: where line i begins */

/* Every state there is; it ends with a no, so that what is cut off would bring back a yes. */
static struct history whole_history(void)
{
	static const enum ledger_state order[LINES] = {LEDGER_REQUESTED, LEDGER_DEFERRED, LEDGER_GIVEN, LEDGER_PAUSED, LEDGER_RESUMED, LEDGER_INVALIDATED,
		LEDGER_RENEWED, LEDGER_EXPIRED, LEDGER_REFUSED, LEDGER_GIVEN, LEDGER_WITHDRAWN};
	struct history h = {.text = copy};
	for (int i = 0; i < LINES; i++)
		add(order[i], T0 + i * SECOND, 0);
	size_t n = slurp(copy, sizeof copy);
	for (int i = 0; i < LINES; i++)
		h.at[i + 1] = h.at[i] + (size_t)((char *)memchr(copy + h.at[i], '\n', n - h.at[i]) - (copy + h.at[i])) + 1;
	assert_int_equal(h.at[LINES], n);
	return h;
}

/* As a running capture, and as one that begins. */
static void must_be_seen(struct ledger_trust *knows, const char *how, size_t where)
{
	int64_t now = T0 + 60 * SECOND;
	struct ledger_view v = look(now);
	if (v.standing != STANDING_INVALID || !v.damaged)
		fail_msg("%s %zu: not seen by who begins", how, where);
	/* The same code with other keys: now and then is enough. */
	if (where % 4)
		return;
	struct ledger_trust narrow = *knows;
	if (narrow.identity)
		ledger_trust_narrow(&narrow, "typing-2026");
	v = look_by(&narrow, now);
	if (v.standing != STANDING_INVALID || !v.damaged)
		fail_msg("%s %zu: not seen by who knew it before", how, where);
}

static void any_byte(void **state)
{
	char bad[32768];
	(void)state;
	struct history h = whole_history();
	size_t n = h.at[LINES];
	struct ledger_trust knows;
	ledger_trust_init(&knows, me);
	look_by(&knows, T0 + 60 * SECOND);
	ledger_trust_narrow(&knows, "typing-2026");
	int64_t begun = clock_mono_us();
	assert_true(n < sizeof bad);
	for (size_t i = 0; i < n; i += STRIDE) {
		memcpy(bad, h.text, n);
		bad[i] = (char)(bad[i] ^ (1 << i % 7));
		spit(bad, n);
		must_be_seen(&knows, "byte changed at", i);
	}
	print_message("%zu bytes changed one by one: %lld ms\n", n / STRIDE, (long long)(clock_mono_us() - begun) / 1000);
	/* The head, too. */
	spit(h.text, n);
	char good_head[512];
	size_t length = slurp_from(head, good_head, sizeof good_head);
	for (size_t i = 0; i < length; i++) {
		memcpy(bad, good_head, length);
		bad[i] = (char)(bad[i] ^ (1 << i % 7));
		spit_to(head, bad, length);
		must_be_seen(&knows, "byte of the head changed at", i);
	}
	spit_to(head, good_head, length);
	assert_int_equal(look(T0 + 60 * SECOND).standing, STANDING_WITHDRAWN);
	assert_int_equal(look_by(&knows, T0 + 60 * SECOND).standing, STANDING_WITHDRAWN);
}

static size_t put_line(const struct history *h, int i, char *out)
{
	size_t n = h->at[i + 1] - h->at[i];
	memcpy(out, h->text + h->at[i], n);
	return n;
}

static void any_line(void **state)
{
	char bad[65536];
	(void)state;
	struct history h = whole_history();
	struct ledger_trust knows;
	ledger_trust_init(&knows, me);
	look_by(&knows, T0 + 60 * SECOND);
	for (int i = 0; i < LINES; i++) {
		size_t n = 0;
		for (int k = 0; k < LINES; k++)
			if (k != i)
				n += put_line(&h, k, bad + n);
		spit(bad, n);
		must_be_seen(&knows, "line dropped", (size_t)i);
		/* Said once more, anywhere. */
		for (int to = 0; to <= LINES; to++) {
			n = 0;
			for (int k = 0; k <= LINES; k++) {
				if (k == to)
					n += put_line(&h, i, bad + n);
				if (k < LINES)
					n += put_line(&h, k, bad + n);
			}
			spit(bad, n);
			must_be_seen(&knows, "line repeated", (size_t)(i * 100 + to));
		}
		/* Moved. */
		for (int to = 0; to < LINES; to++) {
			if (to == i || to == i - 1)
				continue;
			n = 0;
			for (int k = 0; k < LINES; k++) {
				if (k != i)
					n += put_line(&h, k, bad + n);
				if (k == to)
					n += put_line(&h, i, bad + n);
			}
			spit(bad, n);
			must_be_seen(&knows, "line moved", (size_t)(i * 100 + to));
		}
	}
	/* The last lines gone, whole or in the middle. */
	for (size_t n = 0; n < h.at[LINES]; n += 1 + (n % 97 == 0 ? 0 : 16)) {
		spit(h.text, n);
		must_be_seen(&knows, "cut at", n);
	}
	for (int i = 0; i < LINES; i++) {
		spit(h.text, h.at[i]);
		must_be_seen(&knows, "lines left", (size_t)i);
	}
}

static void head_put_back(void **state)
{
	char heads[LINES + 1][512], bytes[32768];
	size_t n[LINES + 1];
	(void)state;
	for (int i = 0; i < LINES; i++) {
		add(i % 2 ? LEDGER_WITHDRAWN : LEDGER_GIVEN, T0 + i * SECOND, 0);
		n[i] = slurp_from(head, heads[i], sizeof heads[i]);
	}
	size_t all = slurp(bytes, sizeof bytes);
	struct ledger_trust knows;
	ledger_trust_init(&knows, me);
	/* Alone it changes nothing: the lines behind it are signed, and one of them was the last no or yes. */
	for (int i = 0; i < LINES; i++) {
		spit_to(head, heads[i], n[i]);
		assert_int_equal(look(T0 + 60 * SECOND).standing, STANDING_GIVEN);
		assert_int_equal(look_by(&knows, T0 + 60 * SECOND).standing, STANDING_GIVEN);
	}
	unlink(head);
	must_be_seen(&knows, "head missing", 0);
	/* Another's head. */
	char elsewhere[] = "/tmp/assent-ledger-XXXXXX", there[128], command[128];
	assert_non_null(mkdtemp(elsewhere));
	struct identity *you = decide_identity(elsewhere);
	assert_non_null(you);
	struct head h = {.lines = LINES};
	const char *last = bytes + all - 1;
	while (last > bytes && last[-1] != '\n')
		last--;
	receipt_hash(last, (size_t)(bytes + all - 1 - last), h.hash);
	assert_int_equal(head_write(path, you, &h), 0);
	must_be_seen(&knows, "another's head", 0);
	/* Another's ledger, head and all. */
	snprintf(there, sizeof there, "%s/ledger.jsonl", elsewhere);
	struct receipt r = decide_receipt(LEDGER_REQUESTED, study, T0, 0);
	assert_int_equal(ledger_append(there, you, &r), 0);
	r = decide_receipt(LEDGER_GIVEN, study, T0, 0);
	assert_int_equal(ledger_append(there, you, &r), 0);
	assert_int_equal(rename(there, path), 0);
	snprintf(there, sizeof there, "%s/ledger.head", elsewhere);
	assert_int_equal(rename(there, head), 0);
	must_be_seen(&knows, "another's ledger", 0);
	/* Who has no identity any more trusts nothing. */
	struct ledger_view v;
	assert_int_equal(ledger_read(path, NULL, T0, &v), 0);
	assert_int_equal(v.standing, STANDING_INVALID);
	identity_free(you);
	snprintf(command, sizeof command, "rm -rf '%s'", elsewhere);
	assert_int_equal(system(command), 0);
}

/* Ledger and head of yesterday, put back while the program runs: only who read the later one can tell, and does. */
static void put_back_while_running(void **state)
{
	char old[16384], old_head[512];
	(void)state;
	add(LEDGER_REQUESTED, T0, 0);
	add(LEDGER_GIVEN, T0 + SECOND, 0);
	size_t n = slurp(old, sizeof old), hn = slurp_from(head, old_head, sizeof old_head);
	add(LEDGER_WITHDRAWN, T0 + 2 * SECOND, 0);
	struct ledger_trust knows;
	ledger_trust_init(&knows, me);
	assert_int_equal(look_by(&knows, T0 + 3 * SECOND).standing, STANDING_WITHDRAWN);
	spit(old, n);
	spit_to(head, old_head, hn);
	assert_int_equal(look(T0 + 3 * SECOND).standing, STANDING_GIVEN);
	struct ledger_view v = look_by(&knows, T0 + 3 * SECOND);
	assert_true(v.standing == STANDING_INVALID && v.damaged);
	/* Both gone for a while make it no better; a ledger that was begun anew is one. */
	unlink(path);
	unlink(head);
	assert_int_equal(look_by(&knows, T0 + 3 * SECOND).standing, STANDING_NEVER);
	spit(old, n);
	spit_to(head, old_head, hn);
	assert_int_equal(look_by(&knows, T0 + 3 * SECOND).standing, STANDING_INVALID);
	/* Withdrawn, and agreed to anew, it is. */
	add(LEDGER_WITHDRAWN, T0 + 4 * SECOND, 0);
	assert_int_equal(look_by(&knows, T0 + 5 * SECOND).standing, STANDING_WITHDRAWN);
	add(LEDGER_GIVEN, T0 + 5 * SECOND, 0);
	assert_int_equal(look_by(&knows, T0 + 6 * SECOND).standing, STANDING_GIVEN);
	spit(old, n);
	spit_to(head, old_head, hn);
	assert_int_equal(look_by(&knows, T0 + 6 * SECOND).standing, STANDING_INVALID);
	unlink(path);
	unlink(head);
	add(LEDGER_REQUESTED, T0 + 10 * SECOND, 0);
	add(LEDGER_GIVEN, T0 + 11 * SECOND, 0);
	assert_int_equal(look_by(&knows, T0 + 12 * SECOND).standing, STANDING_GIVEN);
}

/* A writer that died between the line and its head: what it wrote counts, and the next one brings the head along. */
static void killed_between(void **state)
{
	char before[512], bytes[32768];
	(void)state;
	static const enum ledger_state order[] = {LEDGER_REQUESTED, LEDGER_GIVEN, LEDGER_PAUSED, LEDGER_RESUMED, LEDGER_WITHDRAWN, LEDGER_RENEWED};
	static const enum standing means[] = {STANDING_NEVER, STANDING_GIVEN, STANDING_PAUSED, STANDING_GIVEN, STANDING_WITHDRAWN, STANDING_GIVEN};
	struct ledger_trust knows, narrow;
	ledger_trust_init(&knows, me);
	size_t n = 0;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		add(order[i], T0 + (int64_t)i * SECOND, 0);
		if (n)
			spit_to(head, before, n);
		else
			unlink(head);
		narrow = knows;
		ledger_trust_narrow(&narrow, "typing-2026");
		assert_int_equal(look(T0 + 10 * SECOND).standing, means[i]);
		assert_int_equal(look_by(&narrow, T0 + 10 * SECOND).standing, means[i]);
		assert_int_equal(look_by(&knows, T0 + 10 * SECOND).standing, means[i]);
		/* Two that died: still. */
		if (i == 0)
			add(LEDGER_DEFERRED, T0, 0);
		n = slurp_from(head, before, sizeof before);
	}
	add(LEDGER_WITHDRAWN, T0 + 20 * SECOND, 0);
	/* A line behind the head that nobody signed. */
	size_t all = slurp(bytes, sizeof bytes);
	spit_to(head, before, n);
	bytes[all - 20] = bytes[all - 20] == '0' ? '1' : '0';
	spit(bytes, all);
	must_be_seen(&knows, "a line behind the head without a signature", 0);
}

static void torn(void **state)
{
	char good[16384], after[16384], good_head[512];
	(void)state;
	add(LEDGER_REQUESTED, T0, 0);
	add(LEDGER_GIVEN, T0, 0);
	size_t one = slurp(good, sizeof good), n = slurp_from(head, good_head, sizeof good_head);
	add(LEDGER_PAUSED, T0 + SECOND, 0);
	size_t two = slurp(good, sizeof good);
	for (size_t cut = one + 1; cut < two; cut += 37) {
		/* As a crash leaves it: the head was not yet replaced. */
		spit(good, cut);
		spit_to(head, good_head, n);
		struct ledger_view v = look(T0 + 2 * SECOND);
		assert_int_equal(v.standing, STANDING_INVALID);
		assert_non_null(strstr(v.why, "withdraw"));
		/* It may have been a no: a yes cannot take its place, a no can. */
		assert_int_equal(try(LEDGER_RESUMED, T0 + 2 * SECOND, 0), ERROR_INVALID);
		assert_int_equal(try(LEDGER_GIVEN, T0 + 2 * SECOND, 0), ERROR_INVALID);
		add(LEDGER_WITHDRAWN, T0 + 2 * SECOND, 0);
		assert_int_equal(look(T0 + 3 * SECOND).standing, STANDING_WITHDRAWN);
		slurp(after, sizeof after);
		assert_memory_equal(after, good, one);
	}
	/* A tail longer than what replaces it. */
	spit(good, one);
	spit_to(head, good_head, n);
	FILE *f = fopen(path, "ab");
	for (int i = 0; i < 3000; i++)
		fputc('x', f);
	fclose(f);
	add(LEDGER_WITHDRAWN, T0 + 4 * SECOND, 0);
	assert_int_equal(look(T0 + 5 * SECOND).standing, STANDING_WITHDRAWN);
}

/* A no is possible whatever became of it, and the rest is kept. */
static void begun_anew(void **state)
{
	char moved[256], bytes[16384];
	(void)state;
	for (int round = 0; round < 4; round++) {
		add(LEDGER_REQUESTED, T0, 0);
		add(LEDGER_GIVEN, T0, 0);
		size_t n = slurp(bytes, sizeof bytes);
		if (round == 0)
			spit(bytes + 1, n - 1);
		else if (round == 1)
			chmod(path, 0666);
		else if (round == 2)
			unlink(path);
		else if (unlink(path) || mkdir(path, 0700))
			fail();
		struct receipt r = decide_receipt(LEDGER_WITHDRAWN, study, T0 + SECOND, 0);
		assert_int_equal(ledger_append(path, me, &r), ERROR_INVALID);
		assert_int_equal(look(T0).standing, STANDING_INVALID);
		assert_int_equal(ledger_begin_anew(path, me, &r, moved, sizeof moved), 0);
		assert_int_equal(look(T0 + 2 * SECOND).standing, STANDING_WITHDRAWN);
		if (round < 2) {
			assert_int_equal(slurp_from(moved, copy, sizeof copy), round == 0 ? n - 1 : n);
		}
		assert_int_equal(unlink(path), 0);
		assert_int_equal(unlink(head), 0);
	}
}

static void foreign(void **state)
{
	static const char *const lines[] = {
		"\n", "{}\n", "null\n", "[]\n", "{\"version\":1}\n", "garbage\n", "{\"record\":{\"schema_version\":\"assent-receipt-2\"}}\n", "\xff\xfe\n", "--- a\n",
	};
	struct ledger_view v;
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		spit(lines[i], strlen(lines[i]));
		v = look(T0);
		assert_true(v.standing == STANDING_INVALID && v.damaged);
	}
	unlink(path);
	add(LEDGER_GIVEN, T0, 0);
	const char *const files[] = {path, head};
	for (int i = 0; i < 2; i++) {
		struct stat st;
		assert_int_equal(stat(files[i], &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		chmod(files[i], 0620);
		assert_int_equal(look(T0).standing, STANDING_INVALID);
		chmod(files[i], 0602);
		assert_int_equal(look(T0).standing, STANDING_INVALID);
		chmod(files[i], 0600);
		assert_int_equal(look(T0).standing, STANDING_GIVEN);
		if (geteuid() == 0) {
			assert_int_equal(chown(files[i], 12345, (gid_t)-1), 0);
			assert_int_equal(look(T0).standing, STANDING_INVALID);
			assert_int_equal(chown(files[i], 0, (gid_t)-1), 0);
		}
	}
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	v = look(T0);
	assert_int_equal(v.standing, STANDING_INVALID);
	rmdir(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(look(T0).standing, STANDING_INVALID);
}

/* A disk that is full, at any length: the ledger is what it was, or has the line. */
static void full_disk(void **state)
{
	char before[16384];
	(void)state;
	add(LEDGER_REQUESTED, T0, 0);
	add(LEDGER_GIVEN, T0, 0);
	size_t n = slurp(before, sizeof before);
	for (rlim_t room = 0; room < 900; room += 60) {
		fflush(stdout);
		pid_t child = fork();
		if (child == 0) {
			struct rlimit limit = {n + room, n + room};
			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &limit);
			_exit(try(LEDGER_WITHDRAWN, T0 + SECOND, 0) != 0);
		}
		int status;
		waitpid(child, &status, 0);
		assert_true(WIFEXITED(status));
		assert_int_equal(look(T0 + 2 * SECOND).standing, WEXITSTATUS(status) ? STANDING_GIVEN : STANDING_WITHDRAWN);
		if (!WEXITSTATUS(status))
			break;
	}
	assert_int_equal(look(T0 + 2 * SECOND).standing, STANDING_WITHDRAWN);
}

/* kill -9 at any moment of an append: no line is lost, and what is left permits what its last whole line says. */
static void killed(void **state)
{
	(void)state;
	add(LEDGER_REQUESTED, T0, 0);
	add(LEDGER_GIVEN, T0, 0);
	int torn_seen = 0;
	for (int i = 0; i < 60; i++) {
		fflush(stdout);
		pid_t child = fork();
		if (child == 0)
			for (int k = 0;; k++)
				if (try(k % 2 ? LEDGER_RESUMED : LEDGER_PAUSED, T0 + SECOND, 0))
					_exit(1);
		usleep((useconds_t)(1000 + i * 371));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		struct ledger_view v = look(T0 + 2 * SECOND);
		torn_seen += v.damaged;
		if (v.damaged)
			assert_non_null(strstr(v.why, "incomplete"));
		else
			assert_true(v.standing == STANDING_GIVEN || v.standing == STANDING_PAUSED);
		if (v.damaged) {
			add(LEDGER_WITHDRAWN, T0 + SECOND, 0);
			add(LEDGER_GIVEN, T0 + SECOND, 0);
		}
	}
	print_message("60 killed, %d left an incomplete line\n", torn_seen);
}

/* What the agent adds by itself is about the decision that it judged, and about no later one. */
static void only_next(void **state)
{
	(void)state;
	struct ledger_trust knows = fresh;
	struct receipt r = decide_receipt(LEDGER_EXPIRED, study, T0 + SECOND, 0);
	add(LEDGER_REQUESTED, T0, 0);
	add(LEDGER_GIVEN, T0, 0);
	assert_int_equal(ledger_append_known(path, &knows, true, &r), ERROR_AGAIN);
	look_by(&knows, T0 + SECOND);
	add(LEDGER_RENEWED, T0 + SECOND, 0);
	assert_int_equal(ledger_append_known(path, &knows, true, &r), ERROR_AGAIN);
	assert_int_equal(look(T0 + SECOND).standing, STANDING_GIVEN);
	look_by(&knows, T0 + SECOND);
	assert_int_equal(ledger_append_known(path, &knows, true, &r), 0);
	assert_int_equal(look(T0 + SECOND).standing, STANDING_EXPIRED);
	assert_int_equal(look_by(&knows, T0 + SECOND).standing, STANDING_EXPIRED);
}

static void watch(void **state)
{
	struct ledger_watch w = {0};
	(void)state;
	assert_true(ledger_changed(path, &w));
	add(LEDGER_GIVEN, T0, 0);
	assert_true(ledger_changed(path, &w));
	assert_false(ledger_changed(path, &w));
	add(LEDGER_WITHDRAWN, T0, 0);
	assert_true(ledger_changed(path, &w));
	assert_false(ledger_changed(path, &w));
	unlink(path);
	assert_true(ledger_changed(path, &w));
}

/* Several processes append at once, another reads all the time: no line is lost, and nothing looks broken for longer than a read. */
static void together(void **state)
{
	(void)state;
	add(LEDGER_REQUESTED, T0, 0);
	add(LEDGER_GIVEN, T0, 0);
	fflush(stdout);
	for (int i = 0; i < 3; i++) {
		if (fork() == 0) {
			for (int k = 0; k < 30; k++)
				if (try(k % 2 ? LEDGER_RESUMED : LEDGER_PAUSED, T0 + SECOND, 0))
					_exit(1);
			_exit(0);
		}
	}
	struct ledger_trust knows;
	ledger_trust_init(&knows, me);
	for (int left = 3; left;) {
		struct ledger_view v = look(T0 + 2 * SECOND);
		if (v.standing != STANDING_GIVEN && v.standing != STANDING_PAUSED)
			fail_msg("%s", v.why);
		v = look_by(&knows, T0 + 2 * SECOND);
		if (v.standing != STANDING_GIVEN && v.standing != STANDING_PAUSED)
			fail_msg("%s", v.why);
		int status;
		if (waitpid(-1, &status, WNOHANG) > 0) {
			assert_int_equal(status, 0);
			left--;
		}
	}
	size_t n = slurp(copy, sizeof copy), lines = 0;
	for (size_t i = 0; i < n; i++)
		lines += copy[i] == '\n';
	assert_int_equal(lines, 92);
}

/* ---- figures: ten thousand lines ---- */

static void many_lines(void **state)
{
	enum { MANY = 10000 };
	(void)state;
	add(LEDGER_REQUESTED, T0, 0);
	add(LEDGER_GIVEN, T0, 0);
	/* Written here, as ten thousand appends would take an hour's worth of fsync. */
	size_t n = slurp(copy, sizeof copy);
	FILE *f = fopen(path, "ab");
	char line[RECEIPT_LINE_MAX];
	struct head h = {.lines = 2};
	const char *last = copy + n - 1;
	while (last[-1] != '\n')
		last--;
	receipt_hash(last, (size_t)(copy + n - 1 - last), h.hash);
	for (; h.lines < MANY; h.lines++) {
		struct receipt r = decide_receipt(h.lines % 2 ? LEDGER_RESUMED : LEDGER_PAUSED, study, T0 + h.lines, 0);
		snprintf(r.id, sizeof r.id, "%032x", h.lines);
		int length = receipt_format(me, &r, h.hash, line);
		assert_true(length > 0);
		receipt_hash(line, (size_t)length, h.hash);
		fprintf(f, "%s\n", line);
	}
	fclose(f);
	assert_int_equal(head_write(path, me, &h), 0);
	struct ledger_trust knows;
	ledger_trust_init(&knows, me);
	struct stat st;
	stat(path, &st);
	int64_t t[6] = {clock_mono_us()};
	assert_int_equal(look_by(&knows, T0 + DAY / 2).standing, STANDING_GIVEN);
	t[1] = clock_mono_us();
	assert_int_equal(look_by(&knows, T0 + DAY / 2).standing, STANDING_GIVEN);
	t[2] = clock_mono_us();
	add(LEDGER_WITHDRAWN, T0 + DAY / 2, 0);
	t[3] = clock_mono_us();
	ledger_trust_narrow(&knows, "typing-2026");
	assert_int_equal(look_by(&knows, T0 + DAY / 2).standing, STANDING_WITHDRAWN);
	t[4] = clock_mono_us();
	struct audit *audit;
	const char *why;
	int signatures;
	assert_int_equal(audit_new(path, me, &audit, &why), 0);
	t[5] = clock_mono_us();
	assert_int_equal(audit_lines(audit, &signatures), MANY + 1);
	assert_int_equal(signatures, MANY + 2);
	audit_free(audit);
	print_message("%d receipts, %lld KiB: first reading %lld ms, next %lld ms, appending %lld ms, capture sees it in %lld ms, audit %lld ms\n", MANY,
		      (long long)st.st_size / 1024, (long long)(t[1] - t[0]) / 1000, (long long)(t[2] - t[1]) / 1000, (long long)(t[3] - t[2]) / 1000,
		      (long long)(t[4] - t[3]) / 1000, (long long)(t[5] - t[4]) / 1000);
	/* A second is what capture has to stop. */
	assert_true(t[4] - t[3] < SECOND / 2);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(lifecycle), CASE(other_study), CASE(clock_back), CASE(refuses_nonsense), CASE(locked_identity), CASE(any_byte), CASE(any_line),
		CASE(head_put_back), CASE(put_back_while_running), CASE(killed_between), CASE(torn), CASE(begun_anew), CASE(foreign), CASE(full_disk),
		CASE(killed), CASE(only_next), CASE(watch), CASE(together), CASE(many_lines),
	};
	study = decide_study("typing-2026");
	other = decide_study("another");
	if (!study || !other)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	study_free(study);
	study_free(other);
	return failed;
}
