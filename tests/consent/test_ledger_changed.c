/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing of a ledger or of its head can be changed, left out, exchanged or put back unseen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../agent/base/clock.h"
#include "../../agent/base/sanitizer.h"
#include "../../agent/store/head.h"
#include "../../agent/store/receipt.h"
#include "../store/decide.h"
#include "book.h"

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
	struct history h = {.text = book.copy};
	for (int i = 0; i < LINES; i++)
		book_add(order[i], T0 + i * SECOND, 0);
	size_t n = book_slurp(book.copy, sizeof book.copy);
	for (int i = 0; i < LINES; i++)
		h.at[i + 1] = h.at[i] + (size_t)((char *)memchr(book.copy + h.at[i], '\n', n - h.at[i]) - (book.copy + h.at[i])) + 1;
	assert_int_equal(h.at[LINES], n);
	return h;
}

static void any_byte(void **state)
{
	char bad[32768];
	(void)state;
	struct history h = whole_history();
	size_t n = h.at[LINES];
	struct ledger_trust knows;
	ledger_trust_init(&knows, book.me);
	book_look_by(&knows, T0 + 60 * SECOND);
	ledger_trust_narrow(&knows, "typing-2026");
	int64_t begun = clock_mono_us();
	assert_true(n < sizeof bad);
	for (size_t i = 0; i < n; i += STRIDE) {
		memcpy(bad, h.text, n);
		bad[i] = (char)(bad[i] ^ (1 << i % 7));
		book_spit(bad, n);
		book_must_be_seen(&knows, "byte changed at", i);
	}
	print_message("%zu bytes changed one by one: %lld ms\n", n / STRIDE, (long long)(clock_mono_us() - begun) / 1000);
	/* The head, too. */
	book_spit(h.text, n);
	char good_head[512];
	size_t length = book_slurp_from(book.head, good_head, sizeof good_head);
	for (size_t i = 0; i < length; i++) {
		memcpy(bad, good_head, length);
		bad[i] = (char)(bad[i] ^ (1 << i % 7));
		book_spit_to(book.head, bad, length);
		book_must_be_seen(&knows, "byte of the head changed at", i);
	}
	book_spit_to(book.head, good_head, length);
	assert_int_equal(book_look(T0 + 60 * SECOND).standing, STANDING_WITHDRAWN);
	assert_int_equal(book_look_by(&knows, T0 + 60 * SECOND).standing, STANDING_WITHDRAWN);
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
	ledger_trust_init(&knows, book.me);
	book_look_by(&knows, T0 + 60 * SECOND);
	for (int i = 0; i < LINES; i++) {
		size_t n = 0;
		for (int k = 0; k < LINES; k++)
			if (k != i)
				n += put_line(&h, k, bad + n);
		book_spit(bad, n);
		book_must_be_seen(&knows, "line dropped", (size_t)i);
		/* Said once more, anywhere. */
		for (int to = 0; to <= LINES; to++) {
			n = 0;
			for (int k = 0; k <= LINES; k++) {
				if (k == to)
					n += put_line(&h, i, bad + n);
				if (k < LINES)
					n += put_line(&h, k, bad + n);
			}
			book_spit(bad, n);
			book_must_be_seen(&knows, "line repeated", (size_t)(i * 100 + to));
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
			book_spit(bad, n);
			book_must_be_seen(&knows, "line moved", (size_t)(i * 100 + to));
		}
	}
	/* The last lines gone, whole or in the middle. */
	for (size_t n = 0; n < h.at[LINES]; n += 1 + (n % 97 == 0 ? 0 : 16)) {
		book_spit(h.text, n);
		book_must_be_seen(&knows, "cut at", n);
	}
	for (int i = 0; i < LINES; i++) {
		book_spit(h.text, h.at[i]);
		book_must_be_seen(&knows, "lines left", (size_t)i);
	}
}

static void head_put_back(void **state)
{
	char heads[LINES + 1][512], bytes[32768];
	size_t n[LINES + 1];
	(void)state;
	for (int i = 0; i < LINES; i++) {
		book_add(i % 2 ? LEDGER_WITHDRAWN : LEDGER_GIVEN, T0 + i * SECOND, 0);
		n[i] = book_slurp_from(book.head, heads[i], sizeof heads[i]);
	}
	size_t all = book_slurp(bytes, sizeof bytes);
	struct ledger_trust knows;
	ledger_trust_init(&knows, book.me);
	/* Alone it changes nothing: the lines behind it are signed, and one of them was the last no or yes. */
	for (int i = 0; i < LINES; i++) {
		book_spit_to(book.head, heads[i], n[i]);
		assert_int_equal(book_look(T0 + 60 * SECOND).standing, STANDING_GIVEN);
		assert_int_equal(book_look_by(&knows, T0 + 60 * SECOND).standing, STANDING_GIVEN);
	}
	unlink(book.head);
	book_must_be_seen(&knows, "head missing", 0);
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
	assert_int_equal(head_write(book.path, you, &h), 0);
	book_must_be_seen(&knows, "another's head", 0);
	/* Another's ledger, head and all. */
	snprintf(there, sizeof there, "%s/ledger.jsonl", elsewhere);
	struct receipt r = decide_receipt(LEDGER_REQUESTED, book.study, T0, 0);
	assert_int_equal(ledger_append(there, you, &r), 0);
	r = decide_receipt(LEDGER_GIVEN, book.study, T0, 0);
	assert_int_equal(ledger_append(there, you, &r), 0);
	assert_int_equal(rename(there, book.path), 0);
	snprintf(there, sizeof there, "%s/ledger.head", elsewhere);
	assert_int_equal(rename(there, book.head), 0);
	book_must_be_seen(&knows, "another's ledger", 0);
	/* Who has no identity any more trusts nothing. */
	struct ledger_view v;
	assert_int_equal(ledger_read(book.path, NULL, T0, &v), 0);
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
	book_add(LEDGER_REQUESTED, T0, 0);
	book_add(LEDGER_GIVEN, T0 + SECOND, 0);
	size_t n = book_slurp(old, sizeof old), hn = book_slurp_from(book.head, old_head, sizeof old_head);
	book_add(LEDGER_WITHDRAWN, T0 + 2 * SECOND, 0);
	struct ledger_trust knows;
	ledger_trust_init(&knows, book.me);
	assert_int_equal(book_look_by(&knows, T0 + 3 * SECOND).standing, STANDING_WITHDRAWN);
	book_spit(old, n);
	book_spit_to(book.head, old_head, hn);
	assert_int_equal(book_look(T0 + 3 * SECOND).standing, STANDING_GIVEN);
	struct ledger_view v = book_look_by(&knows, T0 + 3 * SECOND);
	assert_true(v.standing == STANDING_INVALID && v.damaged);
	/* Both gone for a while make it no better; a ledger that was begun anew is one. */
	unlink(book.path);
	unlink(book.head);
	assert_int_equal(book_look_by(&knows, T0 + 3 * SECOND).standing, STANDING_NEVER);
	book_spit(old, n);
	book_spit_to(book.head, old_head, hn);
	assert_int_equal(book_look_by(&knows, T0 + 3 * SECOND).standing, STANDING_INVALID);
	/* Withdrawn, and agreed to anew, it is. */
	book_add(LEDGER_WITHDRAWN, T0 + 4 * SECOND, 0);
	assert_int_equal(book_look_by(&knows, T0 + 5 * SECOND).standing, STANDING_WITHDRAWN);
	book_add(LEDGER_GIVEN, T0 + 5 * SECOND, 0);
	assert_int_equal(book_look_by(&knows, T0 + 6 * SECOND).standing, STANDING_GIVEN);
	book_spit(old, n);
	book_spit_to(book.head, old_head, hn);
	assert_int_equal(book_look_by(&knows, T0 + 6 * SECOND).standing, STANDING_INVALID);
	unlink(book.path);
	unlink(book.head);
	book_add(LEDGER_REQUESTED, T0 + 10 * SECOND, 0);
	book_add(LEDGER_GIVEN, T0 + 11 * SECOND, 0);
	assert_int_equal(book_look_by(&knows, T0 + 12 * SECOND).standing, STANDING_GIVEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_CASE(any_byte), BOOK_CASE(any_line), BOOK_CASE(head_put_back), BOOK_CASE(put_back_while_running),
	};
	return cmocka_run_group_tests(tests, book_begin, book_end);
}
