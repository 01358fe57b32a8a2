/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt as a line of the ledger: strict JSON, keys as in the example below, nothing else.
 *
 * {"version":1,"id":"<32 hex>","state":"given","study":"typing-2026","time":"2026-05-01T12:34:56.123456Z",
 *  "until":"2026-10-28T12:34:56.123456Z","manifest_hash":"<64 hex>","purposes":{"hci-research":true},"prev":"<64 hex>"}
 *
 * until: of given, renewed and (if it ends by itself) paused. purposes: of given, renewed and refused.
 * prev: BLAKE2b-256 of the line before, without its newline; zeros in the first. */
#ifndef ASSENT_RECEIPT_H
#define ASSENT_RECEIPT_H

#include "ledger.h"

enum { RECEIPT_LINE_MAX = 4096, RECEIPT_HASH = 32 };

/* Without a newline. The length, or ERROR_INVALID for a receipt that receipt_parse would refuse. */
int receipt_format(const struct receipt *receipt, const uint8_t prev[RECEIPT_HASH], char out[RECEIPT_LINE_MAX]);
/* ERROR_INVALID; *what says what is wrong, for people. ERROR_UNSUPPORTED: another version. ERROR_MEMORY. */
int receipt_parse(const char *line, size_t length, struct receipt *receipt, uint8_t prev[RECEIPT_HASH], const char **what);
void receipt_hash(const char *line, size_t length, uint8_t hash[RECEIPT_HASH]);

/* "given", "withdrawn" ... */
const char *receipt_state_name(enum ledger_state state);

#endif
