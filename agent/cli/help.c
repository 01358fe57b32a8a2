/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include <stdio.h>
#include <string.h>

#include "cli.h"

#define PLACES \
	"  --data DIR      your recordings and decisions are in DIR (usual: $XDG_DATA_HOME/assent)\n" \
	"  --config FILE   your settings (usual: $XDG_CONFIG_HOME/assent/assent.yaml)\n"

static const struct help_command commands[] = {
	{"notice", cli_notice, "notice [--json] [STUDY]", "show what a study would record, why, for how long, and who gets it",
	 "STUDY is a manifest (STUDY.yaml), or the id of one that you joined or that is on offer in /etc/assent/studies.d.\n"
	 "Without it: the study you take part in. On a terminal a screen at a time; in English or German, as LC_ALL, LC_MESSAGES\n"
	 "or LANG say, if the study has it. Limits that a policy or your settings lower are told.\n\n"
	 "  --json          for programs: pages, limits, and the manifest in its canonical form with its hashes\n" PLACES},
	{"join", cli_join, "join [--again] STUDY", "read a study's notice and decide about each of its purposes",
	 "STUDY is a manifest (STUDY.yaml), or the id of one on offer in /etc/assent/studies.d or that you joined.\n"
	 "Asks on the terminal, and only there. The answers are the whole words accept, refuse and later (in German annehmen,\n"
	 "ablehnen, vertagen); anything else is asked again. With later, Ctrl-C, Ctrl-D, five unclear answers or half an hour without\n"
	 "one, nothing is decided. If your keys have a passphrase, it is asked for after a yes, and never for a no.\n"
	 "Whoever refuses all purposes is not asked again for 30 days. When the terms of the study you take part in change,\n"
	 "recording ends, what changed is shown, and you are asked again; a correction (the same terms) is kept without a question.\n"
	 "Exit code 0: you take part, or it was a correction; 3: you take part already; 4: refused, or nothing was decided.\n"
	 "You can leave at any time: assent withdraw.\n\n"
	 "  --again         ask although you refused lately; it answers nothing\n" PLACES},
	{"withdraw", cli_withdraw, "withdraw [--keep|--erase] [--json]", "end recording for good; with --erase, delete what was recorded, too",
	 "Asks nothing. Works whether the agent runs, answers or not, and whatever your files are like: capture ends within a\n"
	 "second. What was released but not collected yet comes back; nothing more of the study is released. Recipients are told that you\n"
	 "withdrew: what they have goes into no new dataset. What was recorded stays on this computer, for you, until its retention is over.\n\n"
	 "  --erase         deletes it: key files first, so that copies of segments are noise, too; then segments, and what is in\n"
	 "                  the outbox; recipients of what was collected get a signed notice to delete it (a tombstone). At the end\n"
	 "                  it prints a certificate of what is proven, who was notified, and what is impossible. Works later, too\n"
	 "  --keep          what it does without --erase\n"
	 "  --json          the certificate as JSON\n" PLACES},
	{"release", cli_release, "release [--before T] [--study ID] [--dry-run] [--json]",
	 "hand recordings to the study's recipient now, before or without its time",
	 "Recordings are held for your review as long as the study says, then released by themselves; in studies that say\n"
	 "\"manual\" only by this. Says what will leave, to whom, and asks on the terminal. What somebody has read cannot be called\n"
	 "back. Never released is what was recorded under a consent that was withdrawn since.\n\n"
	 "  --before T      only what was begun before T (as in assent show)\n"
	 "  --study ID      only of this study\n"
	 "  --dry-run       only say what would leave\n"
	 "  --json          for programs\n" PLACES},
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
	 "add asks for the phrase twice, on the terminal only, and does not show it. It has 6 to 128 characters; capitals count as\n"
	 "small letters. Only a keyed hash (Argon2id) of it is kept. Typing it, with corrections by Backspace, into whatever field\n"
	 "becomes a span of reason \"sensitive-text\". Not noticed: pasted or dictated text, an input method, a click, arrow key or\n"
	 "shortcut in the middle of it; of a phrase with a pause of 5 s in it, what was typed before the pause. In studies that\n"
	 "keep only classes of keys no text is looked at.\n\n"
	 "  --name LABEL    what it is called in the list; do not write the phrase there\n"
	 "  --json          for programs\n" PLACES},
	{"passphrase", cli_passphrase, "passphrase [--remove]", "put your keys under a passphrase, change it, or take it away",
	 "Asks on the terminal, and only there: for the one that there is, then for the new one twice (8 characters or more). Your\n"
	 "recordings then open only with it, when you read them or agree to a study. Pause, withdraw, erase and the timed release\n"
	 "work without it. It cannot be found out: if it is lost, nobody on your side can read the recordings any more. A try costs\n"
	 "whoever stole the file 3 passes of Argon2id over 256 MiB. Copies of the file from before open as they did.\n\n"
	 "  --remove        no passphrase any more\n" PLACES},
	{"status", cli_status, "status [--json|--inventory]", "tell whether anything is recorded now, and within which limits",
	 "Exit code 0: recording; 3: not recording. Counters are those of the last flush (each 5 s): what is masked counts in spans.\n\n"
	 "  --json          for programs: one object on one line\n"
	 "  --inventory     for IT: versions, whether the agent runs, and the policy, as JSON. The same whatever was decided: it\n"
	 "                  opens nothing that tells. Exit code 0\n" PLACES},
	{"doctor", cli_doctor, "doctor [--source S] [--json] [--titles]", "tell for every window whether its keys could be vouched for, and how to mend it",
	 "Looks once, reads no input, and ends; whether the agent runs or a study was joined does not matter. A key is recorded\n"
	 "only where an oracle vouches for the place: the accessibility bus for text fields, a terminal's modes for terminals.\n"
	 "With a source of input devices it also tells whether these can be read, by whom, and how to mend it.\n"
	 "Exit code 0: every application has one, or is masked on purpose; 3: some application is masked for want of one;\n"
	 "1: nothing can be recorded here: no display, or nobody reads the devices, or nobody says where the keys go.\n\n"
	 "  --source S      x11, x11+evdev or evdev, instead of what your settings say\n"
	 "  --json          for programs: one object on one line, without titles\n"
	 "  --titles        with the windows' titles, also with --json or where it does not print to a terminal\n" PLACES},
	{"show", cli_show, "show [--since T] [--until T] [--app A] [--json] [--key FILE] [IN...]", "show what was recorded",
	 "T is 2026-05-01, 2026-05-01T12:30 (local, or UTC with a Z after it), or 10m for ten minutes ago.\n"
	 "IN is a segment or a folder of them; without it: your own.\n\n"
	 "  --since T       from T on\n"
	 "  --until T       up to T\n"
	 "  --app A         only rows of applications whose name fits A, with or without its folder; * and ? are wildcards, capitals\n"
	 "                  count as small letters\n"
	 "  --json          for programs: every row, as one object a line\n"
	 "  --key FILE      a recipient's secret key, for what was released to it; without it: your own keys\n"},
	{"forget", cli_forget, "forget --last D | --since T [--until T] | --app A | --segment NAME [--study ID] [--yes] [--dry-run] [--json]",
	 "delete a part of what was recorded, for good",
	 "Says what it will delete, and asks on the terminal. Segments that hold something of it are written anew without it, under\n"
	 "new keys; then the old keys are destroyed. It is done for all of them at once, or, when something interrupts it, for none. Works\n"
	 "while recording goes on: what is in the agent's hands is included; that costs a second of recording.\n"
	 "What stays: the kinds start, stop, clock, screen and layout; and a gap of reason \"forgotten\", in whole seconds, without a\n"
	 "number: where you are, and for how long, something was deleted. With --app one gap for each run of its rows: that, and when, an\n"
	 "application was used can then still be guessed; --last and --since leave one gap. Spans and gaps are cut to what is outside.\n"
	 "Recipients of what was released are told to delete it and get the rest under a new name. Copies that somebody made before\n"
	 "(of the key files, too), backups, and what was trained on it are out of reach.\n\n"
	 "  --last D        the last 30s, 10m, 1h30m, 2d\n"
	 "  --since T       from T on (2026-05-01, 2026-05-01T12:30, 10m ago as 10m)\n"
	 "  --until T       up to T\n"
	 "  --app A         rows of applications whose name fits A, as in assent show; with --since only those in that time\n"
	 "  --segment NAME  this segment (assent verify lists them), also one that is damaged\n"
	 "  --study ID      only of this study\n"
	 "  --yes           asks nothing\n"
	 "  --dry-run       only says what it would delete\n"
	 "  --json          for programs: one object on one line\n" PLACES},
	{"expire", cli_expire, "expire [--json]", "delete now what was kept as long as it may be",
	 "Needs no agent; the agent does the same at its start, every hour, and when the next segment is due. Each segment's key file says\n"
	 "when; policy and your settings can make it sooner. Judged by the clock of this machine. Exit code 0 also if nothing is due.\n\n"
	 "  --json          for programs: one object on one line\n" PLACES},
	{"export", cli_export, "export --format parquet|arrow|csv|jsonl --out DIR [--force] [IN...]", "write a dataset, of your own data or of what recipients collected",
	 "Your own data, decrypted: as a folder DIR that only you can read. csv and jsonl: DIR/STUDY.csv, one file a study; parquet and arrow:\n"
	 "one a day, DIR/events/study=ID/date=DAY/participant=HEX/1-0.parquet. IN is a segment or a folder of them; without it: all of yours,\n"
	 "released or not. DIR/README.md describes it, DIR/croissant.json does so for machines, DIR/dataset.json names each segment and the\n"
	 "SHA-256 of each file. Of a damaged segment it has what comes before the damage. Interrupted, parquet and arrow go on when it is\n"
	 "run again; until then DIR/.assent-work holds what is written. csv and jsonl begin anew.\n\n"
	 "  --format F      parquet, arrow, csv or jsonl\n"
	 "  --out DIR       where it is written\n"
	 "  --force         replace the export that is there by what is exported now: its next version\n\n"
	 "For recipients: assent export --key FILE --purpose ID --format FORMAT --out DIR [--append] FOLDER...\n"
	 "FOLDER holds what was collected from outboxes, of however many participants. Of each segment the signature, the receipt and\n"
	 "the key file are checked; what was not agreed to for every purpose that is named, what a tombstone names, and what is past its\n"
	 "retention stays out, as do rows that the receipt does not cover at their time. DIR/dataset.json accounts for each segment that is\n"
	 "in, and each that is not, and why; DIR/README.md describes the dataset, DIR/croissant.json does so for machines. Exported again,\n"
	 "its version is one more if anything changed, and dataset.json names what was added and what left. csv and jsonl are replaced as a\n"
	 "whole; of parquet and arrow only the files that it concerns are touched. What was interrupted goes on when it is run again.\n\n"
	 "  --key FILE      your secret key (assent keygen); may be given several times\n"
	 "  --purpose ID    what for; may be given several times. Without it: tells which purposes there are\n"
	 "  --append        parquet, arrow: what is there stays, also if its segments are not given any more, unless it must leave: what was\n"
	 "                  collected since is enough. Without it the dataset becomes what is given\n"
	 "  --tombstones DIR   look for tombstones there, too\n"
	 "  --force         replace what is no part of a dataset, or is one for other purposes; with --append: segments that share a file\n"
	 "                  with what must leave, and are not given, leave, too. Else such a file stays as it is, and is named; everything\n"
	 "                  else is carried out\n\n"
	 "Exit code 0: done, also where segments were left out for want of consent; 1: some were damaged or not what they claim to be, rows\n"
	 "that must leave are in a file that cannot be written anew yet, or there are files in DIR/events that no version names: it says\n"
	 "which; 3: nothing may be used.\n"},
	{"receipts", cli_receipts, "receipts [--json|--kantara] [ID|STUDY]", "list your decisions, as they are kept and signed",
	 "Each decision, and each pause, is a line of the ledger ($XDG_DATA_HOME/assent/ledger.jsonl), signed and chained to the\n"
	 "one before it. ID is the beginning of a receipt's id, at least 6 characters of it.\n\n"
	 "  --json          the lines as they are kept: JSON in the sections of ISO/IEC TS 27560, signatures and all\n"
	 "  --kantara       each yes as a Consent Receipt of the Kantara Initiative, version 1.1. That wants the address of a policy on\n"
	 "                  the web; here it is urn:assent:notice:HASH, the hash of the notice that was shown: assent notice shows it\n" PLACES},
	{"verify", cli_verify, "verify [--key FILE] [IN...]", "check decisions and recordings: whole, signed, and permitted when they were made",
	 "First the ledger: its chain, its signatures, and that nothing was cut off. Then each recording: is it whole, was every event\n"
	 "permitted at its time, is there input where nothing may be? Under a passphrase, and without a terminal to ask for it on, what\n"
	 "is inside is not looked at, and it says so.\n\n"
	 "IN is a segment, a folder of them, or a data directory, with its outbox; without it: your own. Of an outbox, or what was\n"
	 "collected of outboxes, it checks the receipts, the key files' signatures and the recordings' hashes, for which nothing secret is needed.\n\n"
	 "  --key FILE      a recipient's key (assent keygen): look inside, too\n"},
	{"keygen", cli_keygen, "keygen [--out FILE] [--passphrase] [--json] | --public FILE", "make a recipient's key pair (for researchers)",
	 "Writes the secret key to FILE (usual: assent-recipient.key), mode 0600, and shows the public key, which goes into the\n"
	 "study's manifest as recipient_key. A file that is there is not replaced. Without the secret key nobody but each\n"
	 "participant can read what was released: keep a copy in a safe place.\n\n"
	 "  --out FILE      where the secret key is written\n"
	 "  --passphrase    asks for one, without which the file is of no use\n"
	 "  --public FILE   shows the public key of a secret key's file, and makes none\n"
	 "  --json          for programs: one object on one line\n"},
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
