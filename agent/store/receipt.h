/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A receipt as a line of the ledger: strict JSON in the sections of ISO/IEC TS 27560:2023 (record, processing, parties, events), under its
 * field names where it has one (schema_version, record_id, pii_principal_id, privacy_notice, language, purposes, purpose, purpose_type,
 * lawful_basis, recipient_third_parties, pii_information, pii_type, pii_controllers, collection_method, storage_locations, retention_period, jurisdiction,
 * withdrawal_method, party_id, party_role, party_type, party_name, party_address, party_contact, event_state, event_type, entity_id, event_time,
 * validity_duration); the
 * others (prev, study, the hashes, agreed, detail, public_key, authority, event_until) are this program's. Keys in this order, no spaces:
 *
 * {"record":{"schema_version":"assent-receipt-2","record_id":"<32 hex>","pii_principal_id":"<32 hex>","prev":"<64 hex>"},
 *  "processing":{"study":"typing-2026","title":"...","language":"en","jurisdiction":"DE","privacy_notice":"<64 hex>","shown_hash":"<64 hex>",
 *   "manifest_hash":"<64 hex>","terms_hash":"<64 hex>","policy_hash":"<64 hex>",
 *   "purposes":[{"purpose":"hci-research","agreed":true,"purpose_type":"hci-research","lawful_basis":"consent","recipient_third_parties":["..."]}],
 *   "pii_information":[{"pii_type":"keys","detail":"class"}],"pii_controllers":["controller"],"collection_method":"...","storage_locations":["..."],
 *   "retention_period":"PT7776000S","withdrawal_method":"..."},
 *  "parties":[{"party_id":"controller","party_role":"pii_controller","party_type":"organisation","party_name":"...","party_address":"...","party_contact":"...","authority":"..."},
 *   {"party_id":"participant","party_role":"pii_principal","party_type":"person","public_key":"<64 hex>"},
 *   {"party_id":"agent","party_role":"recorder","party_type":"software","public_key":"<64 hex>"},
 *   {"party_id":"recipient","party_role":"recipient","party_type":"organisation","public_key":"assent-pub-..."}],
 *  "events":[{"event_state":"given","event_type":"explicit","entity_id":"participant","event_time":"2026-05-01T12:34:56.123456Z","event_until":"2026-10-28T12:34:56.123456Z","validity_duration":"PT15552000S"}],
 *  "participant_signature":"<128 hex>","agent_signature":"<128 hex>"}
 *
 * privacy_notice is the hash of the notice's text. A yes (given, renewed) has all of it, but authority and the recipient, which are missing
 * where the manifest has none (jurisdiction and party_address then are "not stated"); every other line is short: record (pii_principal_id where it is known), processing
 * with study, the hashes (manifest_hash and terms_hash always) and, when refused, purposes of purpose and agreed; language where it is known; no parties;
 * of the event event_until only of a pause that ends by itself, no validity_duration; event_type and entity_id are explicit and
 * participant, or automatic and agent (requested, expired, invalidated); no participant_signature.
 * prev: BLAKE2b-256 of the line before, without its newline; zeros in the first. What a signature (Ed25519) signs is all bytes of the line
 * before the comma before its own name: participant_signature by parties' participant, agent_signature by its agent.
 */
#ifndef ASSENT_RECEIPT_H
#define ASSENT_RECEIPT_H

#include "ledger.h"

enum { RECEIPT_LINE_MAX = 65536, RECEIPT_HASH = 32 };

/* Signed, without a newline. Fills, of a yes, pseudonym and keys. The length, or ERROR_INVALID for a receipt that receipt_parse would refuse;
 * ERROR_DENIED: a yes, and the identity is not open; ERROR_LIMIT: it does not fit. */
int receipt_format(const struct identity *identity, struct receipt *receipt, const uint8_t prev[RECEIPT_HASH], char out[RECEIPT_LINE_MAX]);
/* Everything but the signatures. about is NULL. ERROR_INVALID; *what says what is wrong, for people. ERROR_UNSUPPORTED: another version.
 * ERROR_MEMORY. */
int receipt_parse(const char *line, size_t length, struct receipt *receipt, uint8_t prev[RECEIPT_HASH], const char **what);
void receipt_hash(const char *line, size_t length, uint8_t hash[RECEIPT_HASH]);
bool receipt_is_yes(const struct receipt *receipt);
/* Of a line that receipt_parse accepted: by this key? 0, or ERROR_CORRUPT. */
int receipt_verify_agent(const char *line, size_t length, const uint8_t key[IDENTITY_KEY]);
/* Of a yes: by the participant_key that it names, and the pseudonym is of that key? 0, or ERROR_CORRUPT. */
int receipt_verify_participant(const char *line, size_t length, const struct receipt *receipt);

/* "given", "withdrawn" ... */
const char *receipt_state_name(enum ledger_state state);

#endif
