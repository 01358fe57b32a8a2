/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger in a folder of its own, for its tests. All of it fails the test if it cannot do what it says. */
#ifndef ASSENT_TEST_BOOK_H
#define ASSENT_TEST_BOOK_H

#include "../../agent/store/ledger.h"
#include "../format/cmocka_all.h"

#define SECOND INT64_C(1000000)
#define T0 (INT64_C(1770000000) * SECOND)
#define DAY (86400 * SECOND)

extern struct book {
	char folder[64], path[128], head[128];
	char copy[4 << 20];              /* for whoever needs room */
	struct identity *me;
	struct ledger_trust fresh;       /* of who begins */
	struct study *study, *other;
} book;

/* Of each case: an empty folder with an identity. */
int book_setup(void **state);
int book_teardown(void **state);
/* Of all: the two studies. */
int book_begin(void **state);
int book_end(void **state);
#define BOOK_CASE(f) cmocka_unit_test_setup_teardown(f, book_setup, book_teardown)

/* Appends a receipt about book.study: ledger_append's error; or there must be none. */
int book_try(enum ledger_state what, int64_t t, int64_t until);
void book_add(enum ledger_state what, int64_t t, int64_t until);
/* What the ledger means to somebody who knew it before; to one who begins. */
struct ledger_view book_look_by(struct ledger_trust *trust, int64_t now);
struct ledger_view book_look(int64_t now);
/* A change that nobody may miss, who begins or (for every fourth `where`) who knew it before. how, where: for the message. */
void book_must_be_seen(struct ledger_trust *knows, const char *how, size_t where);

/* A file, and the ledger itself: how many bytes it has. */
size_t book_slurp_from(const char *name, char *out, size_t size);
size_t book_slurp(char *out, size_t size);
/* In place: thousands of times, and a file that is cut to nothing and written anew is waited for by some file systems. */
void book_spit_to(const char *name, const char *bytes, size_t n);
void book_spit(const char *bytes, size_t n);

#endif
