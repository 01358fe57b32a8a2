/* SPDX-License-Identifier: Apache-2.0 */
/* The history of receipts, to ask of a stored event: was it permitted when it was made? */
#ifndef ASSENT_AUDIT_H
#define ASSENT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "identity.h"

/* What is recorded within this time after a withdrawal or a pause still counts as before it: the time capture has to stop. */
enum {
	AUDIT_SLACK_US = 1000000,
	AUDIT_GRID_US = 100000   /* key times are rounded: a key after a yes or a pause may bear a time just before it */
};

struct audit;

/* Reads one's own ledger: the chain, the head, and every signature. identity (need not be open): the keys of all studies are its. NULL: a copy
 * without the identity; then the keys are those that each study's first yes names, the head is not checked, and lines before it stand on the chain alone.
 * *why (for people, with the line's number) is set on ERROR_INVALID and ERROR_IO. The caller frees *audit also then. */
int audit_new(const char *ledger_path, const struct identity *identity, struct audit **audit, const char **why);
/* Reads what a participant released: receipts.jsonl beside segments. Needs nothing of the participant's. Every line must be of this study and
 * pseudonym, the first a yes whose participant_key the pseudonym is of, all signed by the agent_key that it names, each yes by that participant_key, too.
 * Lines of other studies are not there, so prev need not connect. It cannot tell whether the last lines are missing. */
int audit_new_released(const char *receipts_path, const char *study, const char *pseudonym, struct audit **audit, const char **why);
void audit_free(struct audit *a);

/* The decision with this hash of its line: an index, or -1 and *why: not in the ledger, of another study, or not a yes. */
int audit_find(const struct audit *a, const uint8_t hash[32], const char *study, const char **why);
/* Was recording permitted by it at t_us (UTC)? If not, *why. */
bool audit_permits(const struct audit *a, int decision, int64_t t_us, const char **why);
/* Was it permitted at each moment from from_us to to_us? */
bool audit_permits_all(const struct audit *a, int decision, int64_t from_us, int64_t to_us);
/* Was it a yes to this purpose? */
bool audit_agrees(const struct audit *a, int decision, const char *purpose_id);
/* Did a later decision of the same study say no to this purpose: refused, or a yes without it? What was agreed to once and refused since is
 * used no more. Pausing and expiry are no such no: they end recording. */
bool audit_refused_since(const struct audit *a, int decision, const char *purpose_id);
/* Was consent to the same study withdrawn after it? What was recorded under it is then put to no new use, also after a new yes. */
bool audit_withdrawn_since(const struct audit *a, int decision);
/* How many decisions there are: their indices are 0 and on; those that are no yes have no purposes and no keys. */
int audit_decisions(const struct audit *a);
/* Its purposes one by one: the id, or NULL behind the last. */
const char *audit_purpose(const struct audit *a, int decision, int i, bool *agreed);
/* The keys and the pseudonym that it names. */
const uint8_t *audit_agent_key(const struct audit *a, int decision);
const char *audit_pseudonym(const struct audit *a, int decision);
/* How many lines were read, and how many of their signatures were checked. */
int audit_lines(const struct audit *a, int *signatures);

#endif
