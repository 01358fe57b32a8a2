/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the commands get secrets from: each of these first makes the process one that leaves no core file and that no other program of the user can
 * read (sandbox_begin). They complain for themselves and return an exit code: EXIT_DONE to go on.
 */
#ifndef ASSENT_UNLOCK_H
#define ASSENT_UNLOCK_H

#include "../store/keyring.h"
#include "prompt.h"
#include "session.h"

/* The participant's keys; open: with the secret, for which the passphrase is asked on the terminal, if there is one (three times at most).
 * EXIT_NOTHING: there are none. Freed by identity_free. */
int unlock_identity(struct session *s, bool open, struct identity **out);
/* The recipients' keys in those files; of count 0, the participant's. s is needed for these only. Freed by keyring_free. */
int unlock_keyring(struct session *s, const char *const *key_files, int count, struct keyring **out);

/* No core file, not readable by others. Before the first secret. */
int unlock_guard(void);
/* The terminal, for those who ask more than once. what: "keygen". prompt_close ends it. */
int unlock_terminal(struct prompt *p, const char *what);

enum { UNLOCK_PASSPHRASE = 1024, UNLOCK_SHORTEST = 8 };

/* A passphrase that exists, into out, which is locked memory (locked_new) of UNLOCK_PASSPHRASE bytes. what: as above. */
int unlock_ask(struct prompt *p, const char *what, const char *question, char *out);
/* A new one, asked for twice, as above. */
int unlock_ask_new(struct prompt *p, const char *what, char *out);

/* Complains about an identity that cannot be read, or keys in another file. */
int unlock_broken(const char *path, int error, const char *what);

#endif
