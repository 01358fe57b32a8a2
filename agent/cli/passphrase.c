/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../error.h"
#include "../store/locked.h"
#include "cli.h"
#include "unlock.h"

static const char explained[] =
	"The passphrase is asked for when you read your recordings (show, export, forget) or agree to a study.\n"
	"Pause, withdraw, erase and the timed release work without it. Nobody can find it out: if you lose\n"
	"it, nobody on your side can read your recordings any more, and you can only erase them.\n\n";

static int failed(const struct session *s, int e)
{
	if (e == ERROR_INVALID) {
		cli_complain("%s: was replaced by another file meanwhile; nothing was changed", s->places.identity);
		return EXIT_FAILED;
	}
	return unlock_broken(s->places.identity, e, NULL);
}

static int set(struct session *s, struct identity *identity)
{
	bool had = identity->has_passphrase;
	struct prompt p;
	int r = unlock_terminal(&p, "passphrase"), e = 0;
	if (r)
		return r;
	char *passphrase = locked_new(UNLOCK_PASSPHRASE);
	if (!passphrase)
		r = unlock_broken(s->places.identity, ERROR_MEMORY, NULL);
	else if (prompt_print(&p, had ? "" : explained))
		r = EXIT_FAILED;
	else
		r = unlock_ask_new(&p, "passphrase", passphrase);
	if (r == 0 && (e = identity_set_passphrase(s->places.identity, identity, passphrase)))
		r = failed(s, e);
	locked_free(passphrase);
	prompt_close(&p);
	if (r == 0)
		printf("The passphrase is %s. Copies of %s that were made before (backups) %s.\n", had ? "changed" : "set", s->places.identity,
		       had ? "still open with the old one" : "still open without it");
	return r;
}

static int take_away(struct session *s, struct identity *identity)
{
	int e = identity_set_passphrase(s->places.identity, identity, NULL);
	if (e)
		return failed(s, e);
	printf("There is no passphrase any more: whoever can read your files can read your recordings.\n");
	return EXIT_DONE;
}

int cli_passphrase(int argc, char **argv)
{
	struct session s;
	bool remove = false;
	const struct input_option options[] = {{"remove", NULL, &remove}, {NULL, NULL, NULL}};
	struct identity *identity;
	int rest, r = session_begin(&s, "passphrase", argc, argv, options, 1, &rest);
	if (r)
		return r;
	if (rest) {
		cli_complain("passphrase: it is asked for, not given here: this line may be in your shell's history now");
		return EXIT_USAGE;
	}
	r = unlock_identity(&s, false, &identity);
	if (r == 0 && remove && !identity->has_passphrase) {
		printf("There is none (to set one: assent passphrase).\n");
		r = EXIT_NOTHING;
	} else if (r == 0 && identity->has_passphrase) {
		/* Asks for the one that there is. */
		identity_free(identity);
		r = unlock_identity(&s, true, &identity);
	}
	if (r == 0)
		r = remove ? take_away(&s, identity) : set(&s, identity);
	identity_free(identity);
	session_end(&s);
	return input_flush_stdout(r, 0);
}
