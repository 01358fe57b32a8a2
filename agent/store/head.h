/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of a ledger (data/ledger.head beside data/ledger.jsonl): one line
 *   {"version":1,"lines":12,"hash":"<64 hex>","signature":"<128 hex>"}
 * hash: of the last line. signature: Ed25519 of all bytes before `,"signature"`, by the agent's key of HEAD_STUDY, which is no study's id.
 */
#ifndef ASSENT_HEAD_H
#define ASSENT_HEAD_H

#include "identity.h"

#define HEAD_STUDY "the ledger's head"

struct head { int lines; uint8_t hash[32]; };

/* The head's path of a ledger's. ERROR_LIMIT. */
int head_path(const char *ledger, char *out, size_t size);
/* Of a ledger's path. ERROR_IO (ENOENT: there is none); ERROR_INVALID; ERROR_CORRUPT: the signature is not key's. Only openat, fstat, pread, close. */
int head_read(const char *ledger, const uint8_t key[IDENTITY_KEY], struct head *head);
/* Strict. ERROR_INVALID, ERROR_CORRUPT. */
int head_parse(const char *text, size_t length, const uint8_t key[IDENTITY_KEY], struct head *head);
/* Replaces it; there after a power cut. ERROR_IO, ERROR_LIMIT. */
int head_write(const char *ledger, const struct identity *identity, const struct head *head);

#endif
