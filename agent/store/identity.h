/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The participant's keys (data/identity, mode 0600), and what is made of them. Two secrets of 32 random bytes:
 *
 *   agent    always readable by the participant's programs. Signs whatever ends, narrows or continues a decision, vouches for
 *            each line of the ledger, and makes the edges of spans. With it nothing that was recorded can be read.
 *   secret   opens what was recorded, and signs each yes. Under a passphrase, if the participant wants one.
 *
 * All keys that others see are made per study, so that nobody can tell by them that two studies have the same participant:
 * of study S, the agent's signing key (Ed25519) is of the seed BLAKE2b-256(key = agent, "assent agent " S), the participant's of
 * BLAKE2b-256(key = secret, "assent participant " S). A participant's pseudonym is BLAKE2b-128 of that public key, as hex:
 * who has the public key can see that the pseudonym is its own. Segment keys are sealed to one X25519 key, of the seed
 * BLAKE2b-256(key = secret, "assent box"); sealed boxes do not name it.
 *
 * The file: lines of comment, which begin with #, and these, exactly, in this order:
 *   version: 2
 *   agent: 64 hex digits
 *   public: 64 hex digits          the X25519 public key
 *   secret: 64 hex digits          or, under a passphrase:
 *   sealed: argon2id OPSLIMIT MEMLIMIT_KIB SALT NONCE BOX   (store/passbox.h)
 *   check: 16 hex digits           of the BLAKE2b-64 of these lines above, so that damage is told from a wrong passphrase
 */
#ifndef ASSENT_IDENTITY_H
#define ASSENT_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct passbox;

enum { IDENTITY_KEY = 32, IDENTITY_SIGNATURE = 64, IDENTITY_SIGN_SECRET = 64, IDENTITY_PSEUDONYM = 33 };

/* Lives in locked memory that is wiped when it is freed and is in no core dump. */
struct identity {
	uint8_t agent[IDENTITY_KEY];
	uint8_t box_public[IDENTITY_KEY];
	uint8_t secret[IDENTITY_KEY];    /* zeros while not open */
	bool open;                       /* secret is there: no passphrase, or it was given */
	bool has_passphrase;
};

/* Makes the file if it is missing. ERROR_IO, ERROR_INVALID (not ours, wrong mode, damaged), ERROR_UNSUPPORTED (of another version). */
int identity_ensure(const char *path);
/* ERROR_IO (errno ENOENT: there is none), ERROR_INVALID, ERROR_UNSUPPORTED, ERROR_MEMORY (also: memory cannot be locked).
 * Freed by identity_free, which takes NULL. */
int identity_load(const char *path, struct identity **identity);
/* As identity_load, and *what (may be NULL) says for people what is wrong with the file and how to mend it. */
int identity_load_what(const char *path, struct identity **identity, const char **what);
/* Forgets the secret, for programs that need it no more: as if it was under a passphrase that was not given. */
void identity_close(struct identity *identity);
void identity_free(struct identity *identity);
/* Opens what is under a passphrase. ERROR_DENIED: it is another one; ERROR_MEMORY: Argon2id's memory cannot be had;
 * ERROR_INVALID: the file is damaged, or of another identity than the one that was loaded. Takes half a second. */
int identity_unlock(const char *path, const char *passphrase, struct identity *identity);
/* Writes the file anew, with the passphrase or (NULL) without; what it replaces is overwritten. Interrupted at any moment, the file is the old one or
 * the new one. The identity must be open (else ERROR_DENIED), and the file must be its own (else ERROR_INVALID: somebody replaced it meanwhile).
 * ERROR_IO, ERROR_MEMORY. */
int identity_set_passphrase(const char *path, struct identity *identity, const char *passphrase);

/* Text to an identity in locked memory; box (may be NULL) gets what is under the passphrase. ERROR_INVALID, ERROR_UNSUPPORTED, *what says why. */
int identity_parse(const char *text, struct identity *identity, struct passbox *box, const char **what);

/* Public keys of a study. participant: ERROR_DENIED while the identity is not open. */
int identity_agent_key(const struct identity *identity, const char *study, uint8_t out[IDENTITY_KEY]);
int identity_participant_key(const struct identity *identity, const char *study, uint8_t out[IDENTITY_KEY]);
/* Ed25519 by the key of the study. participant: ERROR_DENIED while the identity is not open. */
int identity_agent_sign(const struct identity *identity, const char *study, const void *data, size_t length, uint8_t out[IDENTITY_SIGNATURE]);
int identity_participant_sign(const struct identity *identity, const char *study, const void *data, size_t length, uint8_t out[IDENTITY_SIGNATURE]);
/* Of anybody's: 0, or ERROR_CORRUPT. */
int identity_verify(const uint8_t key[IDENTITY_KEY], const void *data, size_t length, const uint8_t signature[IDENTITY_SIGNATURE]);

/* The pseudonym that belongs to a participant's public key of a study. */
void identity_pseudonym(const uint8_t participant_key[IDENTITY_KEY], char out[IDENTITY_PSEUDONYM]);
/* The key of the edges of spans (base/jitter.h), made of agent. */
void identity_jitter_key(const struct identity *identity, uint8_t out[16]);
/* The X25519 secret key, into locked memory of the caller's, who wipes it. ERROR_DENIED while the identity is not open. */
int identity_box_secret(const struct identity *identity, uint8_t out[IDENTITY_KEY]);

#endif
