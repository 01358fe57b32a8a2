/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions for tests: receipts as assent join makes them, without its questions. */
#ifndef ASSENT_TEST_DECIDE_H
#define ASSENT_TEST_DECIDE_H

#include "../../agent/store/ledger.h"

/* A study of this id with the purposes hci-research and other-model; NULL: out of memory. study_free. */
struct study *decide_study(const char *id);
/* An identity in FOLDER/identity, made if it is missing; NULL: it cannot be. identity_free. */
struct identity *decide_identity(const char *folder);
/* A receipt of it: of given and renewed the first purpose is agreed to, and until is a day later if until_us is 0. */
struct receipt decide_receipt(enum ledger_state state, const struct study *study, int64_t t_us, int64_t until_us);

#endif
