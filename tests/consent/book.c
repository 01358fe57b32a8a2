/* SPDX-License-Identifier: Apache-2.0 */
#include "book.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../store/decide.h"

struct book book;

int book_setup(void **state)
{
	(void)state;
	strcpy(book.folder, "/tmp/assent-ledger-XXXXXX");
	if (!mkdtemp(book.folder))
		return -1;
	snprintf(book.path, sizeof book.path, "%s/ledger.jsonl", book.folder);
	snprintf(book.head, sizeof book.head, "%s/ledger.head", book.folder);
	book.me = decide_identity(book.folder);
	if (book.me)
		ledger_trust_init(&book.fresh, book.me);
	return book.me ? 0 : -1;
}

int book_teardown(void **state)
{
	char command[128];
	(void)state;
	identity_free(book.me);
	snprintf(command, sizeof command, "rm -rf '%s'", book.folder);
	return system(command);
}

int book_begin(void **state)
{
	(void)state;
	book.study = decide_study("typing-2026");
	book.other = decide_study("another");
	return book.study && book.other ? 0 : -1;
}

int book_end(void **state)
{
	(void)state;
	study_free(book.study);
	study_free(book.other);
	return 0;
}

int book_try(enum ledger_state what, int64_t t, int64_t until)
{
	struct receipt r = decide_receipt(what, book.study, t, until);
	return ledger_append(book.path, book.me, &r);
}

void book_add(enum ledger_state what, int64_t t, int64_t until)
{
	assert_int_equal(book_try(what, t, until), 0);
}

struct ledger_view book_look_by(struct ledger_trust *trust, int64_t now)
{
	struct ledger_view v;
	assert_int_equal(ledger_read(book.path, trust, now, &v), 0);
	assert_true((v.standing == STANDING_GIVEN) == !*v.why);
	return v;
}

struct ledger_view book_look(int64_t now)
{
	struct ledger_trust trust = book.fresh;
	trust.identity = book.me;
	return book_look_by(&trust, now);
}

void book_must_be_seen(struct ledger_trust *knows, const char *how, size_t where)
{
	int64_t now = T0 + 60 * SECOND;
	struct ledger_view v = book_look(now);
	if (v.standing != STANDING_INVALID || !v.damaged)
		fail_msg("%s %zu: not seen by who begins", how, where);
	/* The same code with other keys: now and then is enough. */
	if (where % 4)
		return;
	struct ledger_trust narrow = *knows;
	if (narrow.identity)
		ledger_trust_narrow(&narrow, "typing-2026");
	v = book_look_by(&narrow, now);
	if (v.standing != STANDING_INVALID || !v.damaged)
		fail_msg("%s %zu: not seen by who knew it before", how, where);
}

size_t book_slurp_from(const char *name, char *out, size_t size)
{
	FILE *f = fopen(name, "rb");
	assert_non_null(f);
	size_t n = fread(out, 1, size, f);
	fclose(f);
	return n;
}

void book_spit_to(const char *name, const char *bytes, size_t n)
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

size_t book_slurp(char *out, size_t size) { return book_slurp_from(book.path, out, size); }
void book_spit(const char *bytes, size_t n) { book_spit_to(book.path, bytes, n); }
