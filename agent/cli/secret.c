/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../base/places.h"
#include "../dataset/text.h"
#include "../error.h"
#include "../store/locked.h"
#include "../store/secrets.h"
#include "cli.h"
#include "prompt.h"
#include "session.h"
#include "unlock.h"

enum { LINE = 4096 };

static int broken(const struct session *s, int e)
{
	const char *path = s->places.secrets;
	if (e == ERROR_DENIED)
		cli_complain("%s: is not yours alone, so it is not read, and nothing is recorded: chown and chmod 600 it", path);
	else if (e == ERROR_INVALID)
		cli_complain("%s: is damaged, and nothing is recorded: remove it, and add your phrases again", path);
	else
		cli_complain("%s: %s", path, e == ERROR_IO ? strerror(errno) : error_text(e));
	return EXIT_FAILED;
}

/* What was typed as code points; -1: no UTF-8, or a control character. */
static int decode(const char *line, uint32_t *out, int most)
{
	int n = 0;
	while (*line) {
		size_t size = text_utf8(line);
		uint32_t point = (unsigned char)*line;
		if (size == 0 || point < 0x20 || point == 0x7f)
			return -1;
		if (size > 1)
			point &= 0xffu >> (size + 1);
		for (size_t i = 1; i < size; i++)
			point = point << 6 | ((unsigned char)line[i] & 0x3f);
		if (n < most)
			out[n] = point;
		n++;
		line += size;
	}
	return n;
}

/* Asks twice. Its length in characters, or minus an exit code. */
static int ask(struct prompt *p, uint32_t phrase[SECRETS_LONGEST])
{
	char *first = locked_new(LINE), *again = locked_new(LINE);
	int result = -EXIT_FAILED;
	if (!first || !again) {
		unlock_broken("secret", ERROR_MEMORY, NULL);
		goto out;
	}
	if (prompt_hidden(p, "The phrase (it is not shown): ", first, LINE) < 0) {
		cli_complain("secret: stopped; nothing was changed");
		goto out;
	}
	int n = decode(first, phrase, SECRETS_LONGEST);
	if (n < 0) {
		cli_complain("secret: that has a character that no text field takes (Escape, an arrow key, a byte that is not UTF-8)");
		goto out;
	}
	if (n < SECRETS_SHORTEST) {
		cli_complain("secret: %d characters are too few (at least %d: shorter ones turn up in ordinary words, and can be "
			     "guessed from the file)", n, SECRETS_SHORTEST);
		goto out;
	}
	if (n > SECRETS_LONGEST) {
		cli_complain("secret: %d characters are too many (at most %d: name a part of it)", n, SECRETS_LONGEST);
		goto out;
	}
	if (prompt_hidden(p, "Once more: ", again, LINE) < 0)
		cli_complain("secret: stopped; nothing was changed");
	else if (strcmp(first, again) != 0)
		cli_complain("secret: these were not the same; nothing was changed");
	else
		result = n;
out:
	locked_free(first);
	locked_free(again);
	return result;
}

/* The first of "phrase 1", "phrase 2", ... that is free. */
static void invent(const struct secrets *known, char label[SECRETS_LABEL_MAX + 1])
{
	for (int n = 1;; n++) {
		int i = 0;
		snprintf(label, SECRETS_LABEL_MAX + 1, "phrase %d", n);
		while (i < known->count && strcmp(known->secret[i].label, label) != 0)
			i++;
		if (i == known->count)
			return;
	}
}

static int add(struct session *s, const char *name)
{
	char label[SECRETS_LABEL_MAX + 1];
	uint32_t *phrase;
	struct secrets known;
	struct prompt p;
	int e = unlock_guard();
	if (e)
		return e;
	e = places_make(s->places.data);
	if (e) {
		cli_complain("%s: cannot be used (%s): it must be yours, and closed to others (chmod 700)", s->places.data,
			     e == ERROR_IO ? strerror(errno) : error_text(e));
		return EXIT_FAILED;
	}
	e = secrets_load(s->places.secrets, &known);
	if (e)
		return broken(s, e);
	/* Before the phrase is asked for: nobody wants to type it for nothing. */
	bool taken = false;
	for (int i = 0; name && i < known.count; i++)
		taken |= strcmp(known.secret[i].label, name) == 0;
	if (known.count == SECRETS_MAX || taken || (name && (!*name || strlen(name) > SECRETS_LABEL_MAX))) {
		if (known.count == SECRETS_MAX)
			cli_complain("secret: there are %d phrases, and no more are taken (assent secret remove LABEL)", SECRETS_MAX);
		else
			cli_complain(taken ? "secret: there is a phrase of that name (assent secret list)" :
				     "secret: a name has 1 to %d bytes", SECRETS_LABEL_MAX);
		secrets_wipe(&known);
		return EXIT_FAILED;
	}
	if (name)
		snprintf(label, sizeof label, "%s", name);
	else
		invent(&known, label);
	secrets_wipe(&known);
	if (prompt_open(&p)) {
		cli_complain("secret: there is no terminal to ask on; a phrase is taken from no pipe, file, argument or variable");
		return EXIT_FAILED;
	}
	phrase = locked_new(SECRETS_LONGEST * sizeof *phrase);
	int n = phrase ? ask(&p, phrase) : -unlock_broken("secret", ERROR_MEMORY, NULL);
	e = n < 0 ? 0 : secrets_add(s->places.secrets, label, phrase, n);
	int saved = errno;
	locked_free(phrase);
	prompt_close(&p);
	errno = saved;
	if (n < 0)
		return -n;
	if (e == ERROR_INVALID)
		cli_complain("secret: it cannot be called that (printable, no space at its ends), or %s is damaged", s->places.secrets);
	if (e)
		return e == ERROR_INVALID ? EXIT_FAILED : broken(s, e);
	printf("Kept as \"%s\": a keyed hash of it, not the phrase. Typing it becomes a masked span.\n"
	       "Not noticed: text that is pasted, dictated or made by an input method, or split by a click, an arrow key or a shortcut.\n", label);
	return EXIT_DONE;
}

static int list(struct session *s, bool json)
{
	struct secrets known;
	int e = secrets_load(s->places.secrets, &known);
	if (e)
		return broken(s, e);
	for (int i = 0; i < known.count; i++) {
		const struct secret *one = &known.secret[i];
		char day[32];
		session_time(one->added_us + INT64_C(43200000000), day);
		day[10] = 0;
		if (json) {
			/* A label is UTF-8 without control characters. */
			fputs("{\"label\":\"", stdout);
			for (const char *c = one->label; *c; c++)
				printf(*c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
			printf("\",\"added\":\"%s\"}\n", day);
		} else {
			printf("%s  %s\n", day, one->label);
		}
	}
	if (!known.count && !json)
		printf("There are none (assent secret add).\n");
	e = known.count ? EXIT_DONE : EXIT_NOTHING;
	secrets_wipe(&known);
	return e;
}

static int forget(struct session *s, const char *label)
{
	int e = secrets_remove(s->places.secrets, label);
	if (e == ERROR_GONE || (e == ERROR_IO && errno == ENOENT)) {
		cli_complain("secret: there is none of that name (assent secret list)");
		return EXIT_NOTHING;
	}
	if (e)
		return broken(s, e);
	printf("Removed: what is typed from now on is not compared with it.\n");
	return EXIT_DONE;
}

/* What the agent knows is the file as it was: it begins anew with this one. */
static int tell(struct session *s)
{
	enum session_agent agent = session_sync(s);
	if (agent != AGENT_SILENT)
		return EXIT_DONE;
	fflush(stdout);
	cli_complain("the agent did not confirm within a second that it knows (look: assent status)");
	return EXIT_FAILED;
}

int cli_secret(int argc, char **argv)
{
	struct session s;
	const char *name = NULL;
	bool json = false;
	const struct input_option options[] = {{"name", &name, NULL}, {"json", NULL, &json}, {NULL, NULL, NULL}};
	int rest, r = session_begin(&s, "secret", argc, argv, options, 2, &rest);
	if (r)
		return r;
	const char *verb = rest ? argv[0] : "";
	bool adds = strcmp(verb, "add") == 0, removes = strcmp(verb, "remove") == 0, lists = strcmp(verb, "list") == 0;
	if (adds && rest == 2) {
		cli_complain("secret add: the phrase is asked for, not given here: this line may be in your shell's history now (a label: --name LABEL)");
		return EXIT_USAGE;
	}
	if (!adds && !removes && !lists) {
		cli_complain("secret: add, list or remove? (see: assent help secret)");
		return EXIT_USAGE;
	}
	if (rest != (removes ? 2 : 1) || (name && !adds) || (json && !lists)) {
		cli_complain("secret: %s (see: assent help secret)", removes && rest == 1 ? "which one? Name its label" : "that does not go together");
		return EXIT_USAGE;
	}
	if (lists)
		return input_flush_stdout(list(&s, json), 0);
	r = adds ? add(&s, name) : forget(&s, argv[1]);
	if (r == EXIT_DONE)
		r = tell(&s);
	return input_flush_stdout(r, 0);
}
