/* SPDX-License-Identifier: Apache-2.0 */
#include "unlock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/sandbox.h"
#include "../error.h"
#include "../store/locked.h"
#include "../store/passbox.h"
#include "../store/secretfile.h"
#include "cli.h"

enum { TRIES = 3 };

int unlock_guard(void)
{
	const char *what;
	int e = sandbox_begin(&what);
	if (e == 0)
		return EXIT_DONE;
	cli_complain("no secret is read by a process that others could look into: %s: %s", what, strerror(errno));
	return EXIT_FAILED;
}

int unlock_terminal(struct prompt *p, const char *what)
{
	if (prompt_open(p) == 0)
		return EXIT_DONE;
	cli_complain("%s: a passphrase is needed, and there is no terminal to ask on; it is taken from no pipe, file, argument or variable", what);
	return EXIT_FAILED;
}

int unlock_broken(const char *path, int error, const char *what)
{
	if (error == ERROR_IO)
		cli_complain("%s: %s", path, strerror(errno));
	else if (error == ERROR_MEMORY)
		cli_complain("%s: secrets are kept in locked memory only, and none can be had (raise RLIMIT_MEMLOCK to 8 MiB: ulimit -l 8192)", path);
	else
		cli_complain("%s: %s", path, what ? what : error_text(error));
	return EXIT_FAILED;
}

/* ---- Passphrases ---- */

static int stopped(const char *what)
{
	cli_complain("%s: stopped; nothing was changed", what);
	return EXIT_FAILED;
}

int unlock_ask(struct prompt *p, const char *what, const char *question, char *out)
{
	return prompt_hidden(p, question, out, UNLOCK_PASSPHRASE) < 0 ? stopped(what) : EXIT_DONE;
}

/* Is it one that can be typed again everywhere? */
static const char *weakness(const char *passphrase)
{
	int characters = 0;
	for (const unsigned char *c = (const unsigned char *)passphrase; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			return "that has a character that is not text (Escape, an arrow key, Tab)";
		characters += (*c & 0xc0) != 0x80;
	}
	return characters < UNLOCK_SHORTEST ? "that is too short (at least 8 characters; five random words are good)" : NULL;
}

int unlock_ask_new(struct prompt *p, const char *what, char *out)
{
	char *again = locked_new(UNLOCK_PASSPHRASE);
	int r = EXIT_FAILED;
	const char *weak;
	if (!again)
		return unlock_broken(what, ERROR_MEMORY, NULL);
	if (prompt_hidden(p, "New passphrase (it is not shown): ", out, UNLOCK_PASSPHRASE) < 0) {
		stopped(what);
	} else if ((weak = weakness(out))) {
		cli_complain("%s: %s; nothing was changed", what, weak);
	} else if (prompt_hidden(p, "Once more: ", again, UNLOCK_PASSPHRASE) < 0) {
		stopped(what);
	} else if (strcmp(out, again) != 0) {
		cli_complain("%s: these were not the same; nothing was changed", what);
	} else {
		r = EXIT_DONE;
	}
	locked_free(again);
	return r;
}

static int no_memory(const char *what)
{
	cli_complain("%s: checking a passphrase takes %d MiB of memory, which cannot be had now: close something, or raise ulimit -v or the "
		     "memory limit of this container", what, PASSBOX_KIB / 1024);
	return EXIT_FAILED;
}

/* One try with one passphrase. */
typedef int unlock_try(void *user, const char *passphrase);

static int unlock(const char *what, const char *question, unlock_try *attempt, void *user)
{
	struct prompt p;
	int r = unlock_terminal(&p, what);
	if (r)
		return r;
	char *passphrase = locked_new(UNLOCK_PASSPHRASE);
	if (!passphrase) {
		prompt_close(&p);
		return unlock_broken(what, ERROR_MEMORY, NULL);
	}
	int e = ERROR_DENIED;
	for (int i = 0; i < TRIES && r == 0 && e == ERROR_DENIED; i++) {
		r = unlock_ask(&p, what, question, passphrase);
		if (r == 0 && *passphrase)
			e = attempt(user, passphrase);
		if (r == 0 && e == ERROR_DENIED)
			prompt_print(&p, i + 1 < TRIES ? "That is not it. Once more.\n" : "That is not it.\n");
	}
	locked_free(passphrase);
	prompt_close(&p);
	if (r)
		return r;
	if (e == ERROR_DENIED)
		cli_complain("%s: without the passphrase nothing can be read", what);
	else if (e == ERROR_MEMORY)
		no_memory(what);
	else if (e)
		unlock_broken(what, e, "is damaged, or was replaced meanwhile");
	return e ? EXIT_FAILED : EXIT_DONE;
}

/* ---- The participant's ---- */

struct mine { const char *path; struct identity *identity; };

static int try_identity(void *user, const char *passphrase)
{
	struct mine *m = user;
	return identity_unlock(m->path, passphrase, m->identity);
}

/* A passphrase is of no use while what an interrupted command left behind holds the same without one. */
static void tidy(const char *path)
{
	int lock = secretfile_lock(path);
	if (lock >= 0) {
		secretfile_clean(path);
		close(lock);
	}
}

int unlock_identity(struct session *s, bool open, struct identity **out)
{
	const char *path = s->places.identity, *what;
	int r = unlock_guard();
	*out = NULL;
	if (r)
		return r;
	int e = identity_load_what(path, out, &what);
	if (e == ERROR_IO && errno == ENOENT) {
		cli_complain("%s: you have no keys yet: they are made when you join a study (assent join). If there are recordings already, "
			     "they can be read only with a copy of that file", path);
		return EXIT_NOTHING;
	}
	if (e)
		return unlock_broken(path, e, what);
	if ((*out)->has_passphrase)
		tidy(path);
	if (!open || (*out)->open)
		return EXIT_DONE;
	struct mine m = {path, *out};
	r = unlock(s->command, "Your passphrase for Assent: ", try_identity, &m);
	if (r) {
		identity_free(*out);
		*out = NULL;
	}
	return r;
}

/* ---- Recipients' ---- */

struct theirs { const char *path; struct keyring *keyring; uint8_t *secret; const char *what; bool sealed; };

static int try_recipient(void *user, const char *passphrase)
{
	struct theirs *t = user;
	uint8_t public_key[RECIPIENT_KEY];
	int e = recipient_load(t->path, passphrase, t->secret, public_key, &t->sealed, &t->what);
	return e ? e : keyring_add_recipient(t->keyring, t->secret, public_key);
}

static int add_file(struct keyring *keyring, const char *path)
{
	char question[256];
	struct theirs t = {.path = path, .keyring = keyring, .secret = locked_new(RECIPIENT_KEY)};
	int r = EXIT_FAILED, e = t.secret ? try_recipient(&t, NULL) : ERROR_MEMORY;
	if (e == 0) {
		r = EXIT_DONE;
	} else if (e == ERROR_DENIED && t.sealed) {
		snprintf(question, sizeof question, "Passphrase of %.200s: ", path);
		r = unlock(path, question, try_recipient, &t);
	} else if (e == ERROR_LIMIT) {
		cli_complain("%s: too many keys (at most %d)", path, KEYRING_MAX);
	} else {
		unlock_broken(path, e, t.what);
	}
	locked_free(t.secret);
	return r;
}

int unlock_keyring(struct session *s, const char *const *key_files, int count, struct keyring **out)
{
	struct identity *identity = NULL;
	int r = unlock_guard();
	*out = NULL;
	if (r)
		return r;
	if (keyring_new(out))
		return unlock_broken(count ? key_files[0] : s->places.identity, ERROR_MEMORY, NULL);
	if (count == 0) {
		r = unlock_identity(s, true, &identity);
		if (r == 0 && keyring_add_identity(*out, identity))
			r = unlock_broken(s->places.identity, ERROR_MEMORY, NULL);
		identity_free(identity);
	}
	for (int i = 0; i < count && r == 0; i++)
		r = add_file(*out, key_files[i]);
	if (r) {
		keyring_free(*out);
		*out = NULL;
	}
	return r;
}
