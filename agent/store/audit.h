/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's history, to ask of a stored event: was it permitted when it was made? */
#ifndef ASSENT_AUDIT_H
#define ASSENT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

/* What is recorded within this time after a withdrawal or a pause still counts as before it: the time capture has to stop. */
enum {
	AUDIT_SLACK_US = 1000000,
	AUDIT_GRID_US = 100000   /* key times are rounded: a key after a yes or a pause may bear a time just before it */
};

struct audit;

/* Reads and checks the whole ledger. *why (for people, with the line's number) is set on ERROR_INVALID (a broken line or chain)
 * and ERROR_IO. The caller frees *audit also then. */
int audit_new(const char *ledger_path, struct audit **audit, const char **why);
void audit_free(struct audit *a);

/* The decision with this hash of its line: an index, or -1 and *why: not in the ledger, of another study, or not a yes. */
int audit_find(const struct audit *a, const uint8_t hash[32], const char *study, const char **why);
/* Was recording permitted by it at t_us (UTC)? If not, *why. */
bool audit_permits(const struct audit *a, int decision, int64_t t_us, const char **why);

#endif
