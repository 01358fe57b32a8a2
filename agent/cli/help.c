/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include <stdio.h>
#include <string.h>

#include "cli.h"

#define PLACES \
	"  --data DIR      your recordings and decisions are in DIR (usual: $XDG_DATA_HOME/assent)\n" \
	"  --config FILE   your settings (usual: $XDG_CONFIG_HOME/assent/assent.yaml)\n"

static const struct help_command commands[] = {
	{"notice", cli_notice, "notice [STUDY]", "show what a study would record, why, for how long, and who gets it",
	 "STUDY is a manifest (STUDY.yaml), or the id of one that you joined or that is on offer in /etc/assent/studies.d.\n"
	 "Without it: the study you take part in.\n\n" PLACES},
	{"join", cli_join, "join STUDY.yaml", "read a study's notice and decide about each of its purposes",
	 "Asks on the terminal, and only there. Only the word yes agrees; anything else is a no. Whoever agrees to no\n"
	 "purpose has not joined (exit 4). You can leave at any time: assent withdraw.\n\n" PLACES},
	{"withdraw", cli_withdraw, "withdraw", "end recording for good",
	 "Works whether the agent runs or not. What was recorded before stays on this computer.\n\n" PLACES},
	{"pause", cli_pause, "pause [DURATION]", "stop recording for a while, e.g. assent pause 30m",
	 "Without DURATION (30s, 30m, 1h30m, 2d): until assent resume.\n\n" PLACES},
	{"resume", cli_resume, "resume", "go on after a pause", PLACES},
	{"private", cli_private, "private on|off", "mask everything from now on, the pointer too, while recording goes on",
	 "When it returns, all that you do is masked: the data show one span of reason \"private\", and nothing in it. What you\n"
	 "did just before, back to the last click, Tab, Enter or shortcut, is masked too. It lasts until assent private off, also\n"
	 "over a restart. A hotkey does the same: private_hotkey in your settings.\n"
	 "Exit code 3: nothing is recorded now; it holds for when something is.\n\n" PLACES},
	{"secret", cli_secret, "secret add [--name LABEL] | list [--json] | remove LABEL",
	 "name phrases that are never recorded, wherever you type them",
	 "add asks for the phrase twice, on the terminal only, and does not show it. It has 6 to 128 characters. Only a keyed hash\n"
	 "(Argon2id) of it is kept. Typing it, with corrections by Backspace, into whatever field becomes a span of reason\n"
	 "\"sensitive-text\". Not noticed: pasted or dictated text, an input method, a click, arrow key or shortcut in the middle of\n"
	 "it; of a phrase with a pause of 5 s in it, what was typed before the pause. In studies that keep only classes of keys\n"
	 "no text is looked at.\n\n"
	 "  --name LABEL    what it is called in the list; do not write the phrase there\n"
	 "  --json          for programs\n" PLACES},
	{"status", cli_status, "status [--json]", "tell whether anything is recorded now, and within which limits",
	 "Exit code 0: recording; 3: not recording.\n\n"
	 "  --json          for programs: one object on one line\n" PLACES},
	{"doctor", cli_doctor, "doctor [--json] [--titles]", "tell for every window whether its keys could be vouched for, and how to mend it",
	 "Looks once, reads no input, and ends; whether the agent runs or a study was joined does not matter. A key is recorded\n"
	 "only where an oracle vouches for the place: the accessibility bus for text fields, a terminal's modes for terminals.\n"
	 "Exit code 0: every application has one, or is masked on purpose; 3: some application is masked for want of one;\n"
	 "1: there is no display to look at.\n\n"
	 "  --json          for programs: one object on one line, without titles\n"
	 "  --titles        with the windows' titles, also with --json or where it does not print to a terminal\n" PLACES},
	{"show", cli_show, "show [--since T] [--until T] [--app A] [--json] [IN...]", "show what was recorded",
	 "T is 2026-05-01, 2026-05-01T12:30 (local, or UTC with a Z after it), or 10m for ten minutes ago.\n"
	 "IN is a segment or a folder of them; without it: your own.\n"},
	{"export", cli_export, "export --format jsonl|csv --out DIR [--force] [IN...]", "write a dataset",
	 "  --force         replace files that are there\n"},
	{"verify", cli_verify, "verify [IN...]", "check that recordings are whole, and were permitted when they were made",
	 "IN is a segment or a folder of them; without it: your own.\n"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

const struct help_command *help_find(const char *name)
{
	for (int i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* The longest common beginning: people forget the end of a word, or type another one of it. */
const char *help_nearest(const char *name)
{
	const char *best = NULL;
	size_t most = 1;
	for (int i = 0; i < COMMANDS; i++) {
		size_t n = 0;
		while (name[n] && name[n] == commands[i].name[n])
			n++;
		if (n > most) {
			most = n;
			best = commands[i].name;
		}
	}
	return best;
}

void help_all(void)
{
	printf("assent: what is recorded of your keyboard and pointer, and your decisions about it\n\n"
	       "usage: assent COMMAND [OPTION...]\n\n");
	for (int i = 0; i < COMMANDS; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].about);
	printf("\nassent help COMMAND tells more. assent --version tells the version.\n"
	       "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not recording or nothing to do, 4 refused by consent or policy.\n");
}

void help_one(const struct help_command *c)
{
	printf("usage: assent %s\n\n%c%s.\n\n%s", c->usage, c->about[0] - 'a' + 'A', c->about + 1, c->details);
}
