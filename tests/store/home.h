/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of its own with an identity, for the tests of keys. All of it fails the test if it cannot do what it says. */
#ifndef ASSENT_TEST_HOME_H
#define ASSENT_TEST_HOME_H

#include "../../agent/store/identity.h"
#include "../format/cmocka_all.h"

enum { HOME_BIG = 16384 };

extern struct home { char folder[64], path[96]; } home;   /* path: of the identity, which is not there yet */

int home_setup(void **state);
int home_teardown(void **state);
#define HOME_CASE(f) cmocka_unit_test_setup_teardown(f, home_setup, home_teardown)

/* The identity there, made if it is missing: identity_free. */
struct identity *home_identity(void);
/* A file's bytes and a zero behind them: how many; 0: it is not there. */
size_t home_read(const char *name, char out[HOME_BIG]);
/* Anew, mode 0600. */
void home_write(const char *name, const char *text, size_t n);
/* good: the file of the identity truth. With bits flipped it is refused, or says the same. */
void home_flips(const char *good, size_t n, const struct identity *truth);

#endif
