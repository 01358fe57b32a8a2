/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../error.h"
#include "../store/atomic.h"
#include "../store/identity.h"
#include "cli.h"
#include "prompt.h"
#include "session.h"

struct join {
	struct session session;
	char path[PLACE_MAX];
	char *manifest;                  /* its bytes: what is hashed is what is kept */
	size_t length;
	struct merged merged;
};

static int load(struct join *j, const char *name)
{
	struct session *s = &j->session;
	struct config_error error;
	if (session_find_study(s, name, j->path)) {
		cli_complain("join: there is no file and no study \"%s\"", name);
		return EXIT_FAILED;
	}
	if (config_read(j->path, &j->manifest, &j->length, &error) ||
	    study_parse(j->path, j->manifest, j->length, &s->study, &error)) {
		cli_complain("%s", error.text);
		return EXIT_FAILED;
	}
	int r = session_settings(s);
	if (r)
		return r;
	settings_merge(s->study, &s->policy, &s->participant, &j->merged);
	if (j->merged.forbidden) {
		cli_complain("join: %s", j->merged.why);
		return EXIT_REFUSED;
	}
	return EXIT_DONE;
}

/* May it be asked at all? */
static int standing(struct join *j)
{
	struct session *s = &j->session;
	const struct ledger_view *v = &s->view;
	char time[32];
	int r = session_ledger(s);
	if (r)
		return r;
	if (v->damaged || v->clock_wrong) {
		cli_complain("join: %s", v->why);
		return EXIT_FAILED;
	}
	if (v->standing != STANDING_GIVEN && v->standing != STANDING_PAUSED)
		return EXIT_DONE;
	if (strcmp(v->given.study, s->study->id) != 0) {
		cli_complain("join: you take part in the study %s; one at a time (assent withdraw first)", v->given.study);
		return EXIT_REFUSED;
	}
	/* A manifest that changed is a new question. */
	if (memcmp(v->given.manifest_hash, s->study->hash, sizeof s->study->hash) != 0)
		return EXIT_DONE;
	cli_complain("join: you take part in %s already, until %s (assent status; to decide anew: assent withdraw, then join)",
		     s->study->id, session_time(v->given.until_us, time));
	return EXIT_NOTHING;
}

static int make_places(const struct session *s)
{
	const char *const folders[] = {s->places.data, s->places.studies};
	for (size_t i = 0; i < 2; i++) {
		int e = places_make(folders[i]);
		if (e == ERROR_DENIED)
			cli_complain("%s must be yours, and closed to others (chmod 700 '%s')", folders[i], folders[i]);
		else if (e)
			cli_complain("cannot make %s: %s", folders[i], e == ERROR_IO ? strerror(errno) : error_text(e));
		if (e)
			return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static int append(struct join *j, enum ledger_state state, struct receipt *r)
{
	struct session *s = &j->session;
	r->state = state;
	memcpy(r->study, s->study->id, sizeof r->study);
	memcpy(r->manifest_hash, s->study->hash, sizeof r->manifest_hash);
	int e = ledger_append(s->places.ledger, r);
	return e ? session_append_failed(s, e) : EXIT_DONE;
}

static int show(struct join *j, struct prompt *p, bool changed)
{
	char *text = NULL;
	int e = study_notice(j->session.study, &j->merged.limits, &text);
	if (e == 0 && changed)
		e = prompt_print(p, "This study has changed since you agreed to it. Nothing more is recorded until you agree to what it is now.\n\n");
	if (e == 0)
		e = prompt_print(p, text);
	if (e == 0)
		e = prompt_print(p, "\nOnly the word yes agrees. Anything else is a no.\n");
	free(text);
	return e;
}

/* Fills the purposes of r. How many were agreed to. */
static int ask(struct join *j, struct prompt *p, struct receipt *r)
{
	const struct study *s = j->session.study;
	int agreed = 0;
	bool stop = false;
	for (int i = 0; i < s->purposes; i++) {
		memcpy(r->purpose[i].id, s->purpose[i].id, sizeof r->purpose[i].id);
		r->purpose[i].agreed = false;
		if (stop)
			continue;
		stop = prompt_print(p, "\n") || prompt_print(p, study_text(&s->purpose[i].text)) || prompt_print(p, "\n");
		enum prompt_answer a = stop ? PROMPT_STOP : prompt_agree(p, s->purpose[i].id);
		stop = a == PROMPT_STOP;
		r->purpose[i].agreed = a == PROMPT_YES;
		agreed += a == PROMPT_YES;
	}
	r->purposes = s->purposes;
	/* Who breaks off in the middle has not agreed to the beginning. */
	for (int i = 0; stop && i < r->purposes; i++)
		r->purpose[i].agreed = false;
	return stop ? 0 : agreed;
}

/* The manifest is in its place before the receipt that names it: a receipt without one would be invalid. */
static int give(struct join *j, struct receipt *r)
{
	struct session *s = &j->session;
	char path[PLACE_MAX];
	int n = snprintf(path, sizeof path, "%s/%s.yaml", s->places.studies, s->study->id), e;
	if (n < 0 || (size_t)n >= sizeof path) {
		cli_complain("%s: the path is too long", s->places.studies);
		return EXIT_FAILED;
	}
	if ((e = atomic_write(path, j->manifest, j->length, true))) {
		cli_complain("cannot write %s: %s", path, e == ERROR_IO ? strerror(errno) : error_text(e));
		return EXIT_FAILED;
	}
	if ((e = identity_ensure(s->places.identity))) {
		cli_complain("%s: %s", s->places.identity, e == ERROR_IO ? strerror(errno) :
			     "must be yours, of mode 0600, and hold 64 hex digits (move it aside to get a new one)");
		return EXIT_FAILED;
	}
	r->t_us = clock_utc_us();
	r->until_us = r->t_us + s->study->consent_valid_us;
	return append(j, LEDGER_GIVEN, r);
}

static void report(struct join *j, struct prompt *p, const struct receipt *r)
{
	char text[256], time[32];
	prompt_print(p, "\n");
	for (int i = 0; i < r->purposes; i++) {
		snprintf(text, sizeof text, "%s  %s\n", r->purpose[i].agreed ? "agreed " : "refused", r->purpose[i].id);
		prompt_print(p, text);
	}
	if (r->state == LEDGER_GIVEN)
		snprintf(text, sizeof text, "You take part in %s until %s.\nTo stop: assent pause, assent withdraw. To look: assent status.\n",
			 j->session.study->id, session_time(r->until_us, time));
	else
		snprintf(text, sizeof text, "Not joined. Nothing is recorded.\n");
	prompt_print(p, text);
}

/* From the notice to the receipt. */
static int converse(struct join *j, struct prompt *p, bool changed)
{
	struct receipt *requested = calloc(1, sizeof *requested), *decided = calloc(1, sizeof *decided);
	int r = EXIT_FAILED;
	if (!requested || !decided)
		goto out;
	if (show(j, p, changed)) {
		cli_complain("join: the notice could not be shown; nobody was asked");
		goto out;
	}
	r = append(j, LEDGER_REQUESTED, requested);
	if (r)
		goto out;
	if (ask(j, p, decided)) {
		r = give(j, decided);
	} else {
		r = append(j, LEDGER_REFUSED, decided);
		r = r ? r : EXIT_REFUSED;
	}
	if (r == EXIT_DONE || r == EXIT_REFUSED)
		report(j, p, decided);
out:
	free(decided);
	free(requested);
	return r;
}

static int join(struct join *j, const char *name)
{
	struct prompt p;
	int r = load(j, name);
	r = r ? r : standing(j);
	if (r)
		return r;
	if (prompt_open(&p)) {
		cli_complain("join: there is no terminal to ask on; nobody was asked, nothing is agreed (run it in a terminal)");
		return EXIT_REFUSED;
	}
	const struct ledger_view *v = &j->session.view;
	r = make_places(&j->session);
	r = r ? r : converse(j, &p, v->standing == STANDING_GIVEN || v->standing == STANDING_PAUSED);
	prompt_close(&p);
	/* The agent looks by itself; asked, it does so at once. */
	if (r == EXIT_DONE && session_sync(&j->session) == AGENT_NONE)
		printf("No agent is running: nothing is recorded until assentd does.\n");
	return r;
}

int cli_join(int argc, char **argv)
{
	struct join *j = calloc(1, sizeof *j);
	int rest, r = EXIT_FAILED;
	if (!j)
		return r;
	r = session_begin(&j->session, "join", argc, argv, NULL, 1, &rest);
	if (r)
		goto out;
	if (!rest) {
		cli_complain("join: which study? (assent join STUDY.yaml)");
		r = EXIT_USAGE;
		goto out;
	}
	r = input_flush_stdout(join(j, argv[0]), 0);
out:
	session_end(&j->session);
	free(j->manifest);
	free(j);
	return r;
}
