/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../error.h"
#include "../store/outbox.h"
#include "cli.h"
#include "prompt.h"
#include "session.h"
#include "unlock.h"

/* What would go, of one study to one recipient. */
struct parcel {
	char study[65], recipient[RECIPIENT_ID];
	int count, locked;               /* locked: of these, your secret has to open them first */
	int64_t bytes, first_us, last_us;
};

struct release {
	struct session session;
	struct parcel *parcel;
	int parcels;
	char **name;                     /* of the segments that were shown: no other goes */
	int names;
	bool no_memory;
	struct outbox_report would, done;
};

static bool note_name(struct release *r, const char *segment)
{
	char **more = realloc(r->name, (size_t)(r->names + 1) * sizeof *more);
	if (!more)
		return false;
	r->name = more;
	r->name[r->names] = strdup(segment);
	return r->name[r->names] && ++r->names;
}

static void found(void *user, const struct keyfile *k, int64_t bytes)
{
	struct release *r = user;
	struct parcel *p = NULL;
	if (!note_name(r, k->segment)) {
		r->no_memory = true;
		return;
	}
	for (int i = 0; i < r->parcels && !p; i++)
		if (strcmp(r->parcel[i].study, k->study) == 0 && strcmp(r->parcel[i].recipient, k->recipient_id) == 0)
			p = &r->parcel[i];
	if (!p) {
		struct parcel *more = realloc(r->parcel, (size_t)(r->parcels + 1) * sizeof *more);
		if (!more) {
			r->no_memory = true;
			return;
		}
		r->parcel = more;
		p = &more[r->parcels++];
		*p = (struct parcel){.first_us = k->begun_us, .last_us = k->begun_us};
		memcpy(p->study, k->study, sizeof p->study);
		memcpy(p->recipient, k->recipient_id, sizeof p->recipient);
	}
	p->count++;
	p->locked += !k->has_recipient;
	p->bytes += bytes;
	if (k->begun_us < p->first_us)
		p->first_us = k->begun_us;
	if (k->begun_us > p->last_us)
		p->last_us = k->begun_us;
}

static void complain(const char *segment, const char *what)
{
	cli_complain("release: %s: %s", segment, what);
}

/* Did the newest decision agree to it? Of a study that is not the last one joined, only its receipts would tell. */
static bool is_agreed(const struct receipt *given, const char *study, const char *purpose)
{
	if (strcmp(given->study, study) != 0)
		return true;
	for (int i = 0; i < given->purposes; i++)
		if (strcmp(given->purpose[i].id, purpose) == 0)
			return given->purpose[i].agreed;
	return false;
}

/* In full, as the notice shows it, if the manifest still names the same. */
static const char *key_text(const struct parcel *p, const struct study *study)
{
	uint8_t key[RECIPIENT_KEY];
	char id[RECIPIENT_ID];
	if (!study || recipient_parse(study->recipient_key, key))
		return p->recipient;
	recipient_id(key, id);
	return strcmp(id, p->recipient) == 0 ? study->recipient_key : p->recipient;
}

static void describe(const struct release *r, const struct parcel *p, FILE *out)
{
	char first[32], last[32], path[PLACE_MAX + 80];
	struct config_error error;
	struct study *study = NULL;
	fprintf(out, "Study %s: %d segment%s (%lld KiB), begun from %s to %s.\n", p->study, p->count, p->count == 1 ? "" : "s",
		(long long)((p->bytes + 1023) / 1024), session_time(p->first_us, first), session_time(p->last_us, last));
	snprintf(path, sizeof path, "%s/%s.yaml", r->session.places.studies, p->study);
	if (study_load(path, &study, &error) == 0) {
		fprintf(out, "  To: %s (%s)\n", study->controller_name, study->controller_contact);
		for (int i = 0; i < study->purposes; i++) {
			if (!is_agreed(&r->session.view.given, p->study, study->purpose[i].id))
				continue;
			fprintf(out, "  For: %s\n", study->purpose[i].id);
			for (int k = 0; k < study->purpose[i].recipients; k++)
				fprintf(out, "    to which end also to: %s\n", study->purpose[i].recipient[k]);
		}
	}
	fprintf(out, "  Readable for whoever has the secret key of %s\n", key_text(p, study));
	study_free(study);
}

/* "3 are released only after ...": why the rest does not go. */
static void say_rest(const struct outbox_report *o, FILE *out)
{
	if (o->skipped_consent)
		fprintf(out, "%d segment%s: no consent to them stands in your ledger any more (withdrawn, refused, or a new ledger was begun); they stay here.\n", o->skipped_consent, o->skipped_consent == 1 ? "" : "s");
	if (o->skipped_never)
		fprintf(out, "%d segment%s: no recipient is named, or policy forbids release; they stay here.\n", o->skipped_never,
			o->skipped_never == 1 ? "" : "s");
}

static char *describe_all(const struct release *r)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	if (!out)
		return NULL;
	for (int i = 0; i < r->parcels; i++)
		describe(r, &r->parcel[i], out);
	say_rest(&r->would, out);
	fprintf(out, "They are copied to %s/outbox, from where they are collected.\n"
		     "What somebody has read cannot be called back: a later assent forget or withdraw\n--erase tells recipients to delete it, and cannot do it for them.\n", r->session.places.data);
	if (fclose(out)) {
		free(text);
		text = NULL;
	}
	return text;
}

static void print_json(const struct release *r, bool dry)
{
	const struct outbox_report *o = dry ? &r->would : &r->done;
	char first[28], last[28];
	printf("{\"dry_run\":%s,\"released\":%d,\"failed\":%d,\"kept_without_consent\":%d,\"kept_without_recipient\":%d,\"parcels\":[",
	       dry ? "true" : "false", o->released, o->failed, o->skipped_consent, o->skipped_never);
	for (int i = 0; i < r->parcels; i++) {
		const struct parcel *p = &r->parcel[i];
		printf("%s{\"study\":\"%s\",\"recipient\":\"%s\",\"segments\":%d,\"bytes\":%lld,\"first\":\"%s\",\"last\":\"%s\",\"needs_secret\":%s}",
		       i ? "," : "", p->study, p->recipient, p->count, (long long)p->bytes, clock_format(p->first_us, first),
		       clock_format(p->last_us, last), p->locked ? "true" : "false");
	}
	printf("]}\n");
}

/* Releasing widens who can read: so it takes a yes, which no pipe, flag or variable can give. */
static int ask(const struct release *r)
{
	struct prompt p;
	char *text = describe_all(r);
	if (!text)
		return EXIT_FAILED;
	if (prompt_open(&p)) {
		cli_complain("release: there is no terminal to ask on; nothing was released (run it in a terminal, or see --dry-run)");
		free(text);
		return EXIT_REFUSED;
	}
	bool yes = prompt_print(&p, text) == 0 && prompt_confirm(&p, "Release them?") == PROMPT_YES;
	prompt_close(&p);
	free(text);
	if (!yes)
		cli_complain("release: nothing was released");
	return yes ? EXIT_DONE : EXIT_REFUSED;
}

static int failed(int e)
{
	if (e == ERROR_DENIED)
		cli_complain("release: nothing was released: the record of your decisions is damaged, or the clock is wrong (see: assent status)");
	else
		cli_complain("release: %s", e == ERROR_IO ? strerror(errno) : error_text(e));
	return EXIT_FAILED;
}

static int release(struct release *r, struct outbox_request *request, bool dry, bool json)
{
	struct session *s = &r->session;
	struct keyring *keyring = NULL;
	int code = session_ledger(s), locked = 0, e;
	if (code == EXIT_DONE)
		code = session_settings(s);
	if (code)
		return code;
	if (!s->identity) {
		cli_complain("release: you have no keys (%s): nothing was recorded", s->places.identity);
		return EXIT_NOTHING;
	}
	request->policy = &s->policy;
	request->participant = &s->participant;
	request->dry = true;
	e = outbox_release(&s->places, s->identity, NULL, request, &r->would);
	if (e || r->no_memory)
		return failed(e ? e : ERROR_MEMORY);
	for (int i = 0; i < r->parcels; i++)
		locked += r->parcel[i].locked;
	if (!r->would.released) {
		if (json)
			print_json(r, dry);
		else
			say_rest(&r->would, stdout);
		if (!json || !dry)
			cli_complain("release: there is nothing to release");
		return r->would.failed ? EXIT_FAILED : EXIT_NOTHING;
	}
	if (dry) {
		char *text = json ? NULL : describe_all(r);
		if (json)
			print_json(r, true);
		else if (text)
			printf("%sNothing was released (--dry-run).\n", text);
		free(text);
		return EXIT_DONE;
	}
	code = ask(r);
	if (code == EXIT_DONE && locked)
		code = unlock_keyring(s, NULL, 0, &keyring);
	if (code)
		return code;
	/* Somebody thought before saying yes: what came to its end meanwhile was not meant. */
	request->names = (const char *const *)r->name;
	request->names_count = r->names;
	request->dry = false;
	request->found = NULL;
	e = outbox_release(&s->places, s->identity, keyring, request, &r->done);
	keyring_free(keyring);
	if (e)
		return failed(e);
	if (json)
		print_json(r, false);
	else
		printf("Released: %d segment%s, now in %s/outbox.\n", r->done.released, r->done.released == 1 ? "" : "s", s->places.data);
	return r->done.failed ? EXIT_FAILED : r->done.released ? EXIT_DONE : EXIT_NOTHING;
}

int cli_release(int argc, char **argv)
{
	struct release *r = calloc(1, sizeof *r);
	const char *before = NULL, *study = NULL;
	bool dry = false, json = false;
	const struct input_option options[] = {{"before", &before, NULL}, {"study", &study, NULL}, {"dry-run", NULL, &dry}, {"json", NULL, &json},
		{NULL, NULL, NULL}};
	struct outbox_request request = {.by_hand = true, .now_us = clock_utc_us(), .before_us = INT64_MAX, .complain = complain, .found = found, .user = r};
	long long before_us;
	int rest, code = EXIT_FAILED;
	if (!r)
		return code;
	code = session_begin(&r->session, "release", argc, argv, options, 0, &rest);
	if (code == EXIT_DONE && before) {
		if (cli_time(before, &before_us)) {
			cli_complain("release: --before %s is no time (2026-05-01, 2026-05-01T12:30, or 10m for ten minutes ago)", before);
			code = EXIT_USAGE;
		}
		request.before_us = before_us;
	}
	request.study = study;
	if (code == EXIT_DONE)
		code = input_flush_stdout(release(r, &request, dry, json), 0);
	session_end(&r->session);
	for (int i = 0; i < r->names; i++)
		free(r->name[i]);
	free(r->name);
	free(r->parcel);
	free(r);
	return code;
}
