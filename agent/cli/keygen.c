/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../error.h"
#include "../store/locked.h"
#include "../store/recipient.h"
#include "cli.h"
#include "unlock.h"

#define USUAL "assent-recipient.key"

static int taken(const char *path)
{
	cli_complain("%s: is there already, and is not replaced: whoever loses a key cannot read what was released to it (another name: --out FILE)", path);
	return EXIT_FAILED;
}

static void quoted(const char *text)
{
	putchar('"');
	for (; *text; text++)
		if ((unsigned char)*text < ' ')
			printf("\\u%04x", (unsigned)*text);
		else
			printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	putchar('"');
}

static void report(const char *path, const uint8_t key[RECIPIENT_KEY], bool passphrase, bool json)
{
	char name[RECIPIENT_TEXT], id[RECIPIENT_ID];
	recipient_format(key, name);
	recipient_id(key, id);
	if (json) {
		printf("{\"public_key\":\"%s\",\"id\":\"%s\",\"passphrase\":%s,\"file\":", name, id, passphrase ? "true" : "false");
		quoted(path);
		puts("}");
		return;
	}
	printf("Public key: %s\n\n"
	       "It goes into the study's manifest, before the study is offered to anybody:\n\n"
	       "    recipient_key: %s\n\n"
	       "The secret key is in %s, and nowhere else.\n"
	       "Whoever has that file%s can read all that is released to it (assent export --key FILE): keep it off shared folders.\n"
	       "If it is lost%s, nobody but each participant can read what was released, and no other can be made: keep a copy\n"
	       "in a safe place. Another key is another manifest, about which every participant is asked again.\n",
	       name, name, path, passphrase ? " and its passphrase" : "", passphrase ? ", or its passphrase" : "");
}

static int generate(const char *path, bool with_passphrase, bool json)
{
	uint8_t key[RECIPIENT_KEY];
	struct prompt p;
	struct stat st;
	char *passphrase = NULL;
	int r = unlock_guard();
	if (r)
		return r;
	/* Before a passphrase is asked for: nobody wants to type it for nothing. */
	if (lstat(path, &st) == 0)
		return taken(path);
	if (with_passphrase) {
		r = unlock_terminal(&p, "keygen");
		if (r)
			return r;
		passphrase = locked_new(UNLOCK_PASSPHRASE);
		r = passphrase ? unlock_ask_new(&p, "keygen", passphrase) : unlock_broken(path, ERROR_MEMORY, NULL);
		prompt_close(&p);
	}
	if (r == 0) {
		int e = recipient_generate(path, passphrase, key);
		if (e == ERROR_IO && errno == EEXIST)
			r = taken(path);
		else if (e)
			r = unlock_broken(path, e, NULL);
		else
			report(path, key, with_passphrase, json);
	}
	locked_free(passphrase);
	return r;
}

static int show(const char *path, bool json)
{
	uint8_t key[RECIPIENT_KEY];
	char name[RECIPIENT_TEXT];
	const char *what;
	bool sealed;
	int r = unlock_guard();
	if (r)
		return r;
	int e = recipient_load(path, NULL, NULL, key, &sealed, &what);
	if (e)
		return unlock_broken(path, e, what);
	recipient_format(key, name);
	if (json)
		report(path, key, sealed, true);
	else
		puts(name);
	return EXIT_DONE;
}

int cli_keygen(int argc, char **argv)
{
	const char *out = NULL, *file = NULL;
	bool passphrase = false, json = false;
	const struct input_option options[] = {{"out", &out, NULL}, {"public", &file, NULL}, {"passphrase", NULL, &passphrase},
		{"json", NULL, &json}, {NULL, NULL, NULL}};
	int rest = input_options("keygen", argc, argv, options);
	if (rest < 0)
		return EXIT_USAGE;
	if (rest && passphrase) {
		cli_complain("keygen: a passphrase is asked for, not given here: this line may be in your shell's history now");
		return EXIT_USAGE;
	}
	if (rest) {
		cli_complain("keygen: \"%s\" is one argument too many (a file's name: --out FILE; see: assent help keygen)", argv[0]);
		return EXIT_USAGE;
	}
	if (file && (out || passphrase)) {
		cli_complain("keygen: --public shows the key of a file that is there; it does not go with --out or --passphrase");
		return EXIT_USAGE;
	}
	if ((out && !*out) || (file && !*file)) {
		cli_complain("keygen: the name of the file is empty");
		return EXIT_USAGE;
	}
	return input_flush_stdout(file ? show(file, json) : generate(out ? out : USUAL, passphrase, json), 0);
}
