/* SPDX-License-Identifier: Apache-2.0 */
#include "join.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/layout.h"
#include "../base/words.h"
#include "../error.h"
#include "../store/atomic.h"
#include "cli.h"
#include "unlock.h"

static int load(struct join *j, const char *name)
{
	struct session *s = &j->session;
	struct config_error error;
	int n = snprintf(j->path, sizeof j->path, "%s/%s.yaml", PLACES_OFFERED, name);
	/* What is on offer comes before what was joined: it may have changed since. */
	if ((strchr(name, '/') || n < 0 || (size_t)n >= sizeof j->path || access(name, F_OK) == 0 || access(j->path, F_OK)) &&
	    session_find_study(s, name, j->path)) {
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
	j->language = study_language(s->study);
	j->words = words_of(j->language);
	return EXIT_DONE;
}

/* ---- The manifests that were agreed to ---- */

/* data/studies/ID.yaml; with a hash, ID-<its first 16 digits>ENDING. */
static int kept_path(const struct session *s, const char *id, const uint8_t *hash, const char *ending, char path[PLACE_MAX])
{
	char hex[17] = "";
	if (hash)
		sodium_bin2hex(hex, sizeof hex, hash, 8);
	int n = snprintf(path, PLACE_MAX, "%s/%s%s%s%s", s->places.studies, id, hash ? "-" : "", hex, ending);
	if (n >= 0 && n < PLACE_MAX)
		return EXIT_DONE;
	cli_complain("%s: the path is too long", s->places.studies);
	return EXIT_FAILED;
}

static int write_file(const char *path, const void *data, size_t length)
{
	int e = atomic_write(path, data, length, true);
	if (e == 0)
		return EXIT_DONE;
	cli_complain("cannot write %s: %s", path, e == ERROR_IO ? strerror(errno) : error_text(e));
	return EXIT_FAILED;
}

static int keep_manifest(struct join *j)
{
	struct session *s = &j->session;
	char each[PLACE_MAX], newest[PLACE_MAX];
	int r = kept_path(s, s->study->id, s->study->hash, ".yaml", each);
	r = r ? r : kept_path(s, s->study->id, NULL, ".yaml", newest);
	r = r ? r : write_file(each, j->manifest, j->length);
	return r ? r : write_file(newest, j->manifest, j->length);
}

static void load_before(struct join *j)
{
	const struct receipt *given = &j->session.view.given;
	struct config_error error;
	char path[PLACE_MAX];
	if (kept_path(&j->session, given->study, given->manifest_hash, ".yaml", path) || study_load(path, &j->before, &error))
		return;
	if (memcmp(j->before->hash, given->manifest_hash, sizeof j->before->hash) == 0)
		return;
	study_free(j->before);
	j->before = NULL;
}

/* ---- May it be asked at all, and why? ---- */

static int correct(struct join *j)
{
	int r = keep_manifest(j);
	if (r == EXIT_DONE)
		printf("The manifest of %s was corrected; what you agreed to is the same, and stays. It was kept, and nothing is asked.\n", j->session.study->id);
	return r;
}

static int refused_lately(struct join *j)
{
	struct session *s = &j->session;
	struct receipt *r = malloc(sizeof *r);
	char when[32], until[32];
	int result = EXIT_DONE;
	if (!r)
		return EXIT_FAILED;
	if (!j->again && join_refused(s->places.ledger, s->study->id, r) && clock_utc_us() < r->t_us + JOIN_SILENCE_US) {
		char purposes[STUDY_PURPOSES_MAX * 68] = "";
		for (int i = 0; i < r->purposes; i++) {
			strcat(purposes, i ? ", " : "");
			strcat(purposes, r->purpose[i].id);
		}
		cli_complain("join: you refused %s (%s) on %s; it is not asked again before %s (to be asked now: assent join --again)",
			     s->study->id, purposes, session_time(r->t_us, when), session_time(r->t_us + JOIN_SILENCE_US, until));
		result = EXIT_REFUSED;
	}
	free(r);
	return result;
}

static int in_force(struct join *j)
{
	const struct ledger_view *v = &j->session.view;
	const struct study *study = j->session.study;
	char time[32];
	if (strcmp(v->given.study, study->id) != 0) {
		cli_complain("join: you take part in the study %s; one at a time (assent withdraw first)", v->given.study);
		return EXIT_REFUSED;
	}
	if (memcmp(v->given.terms_hash, study->terms_hash, sizeof study->terms_hash) != 0) {
		j->reason = JOIN_CHANGED;
		load_before(j);
		return EXIT_DONE;
	}
	/* The newest that is kept may be a correction of the one that was agreed to. */
	struct config_error error;
	struct study *kept;
	char path[PLACE_MAX];
	bool same = kept_path(&j->session, study->id, NULL, ".yaml", path) == EXIT_DONE && study_load(path, &kept, &error) == 0;
	if (same) {
		same = memcmp(kept->hash, study->hash, sizeof kept->hash) == 0;
		study_free(kept);
	}
	if (!same) {
		j->corrected = true;
		return correct(j);
	}
	cli_complain("join: you take part in %s already, until %s (assent status; to decide anew: assent withdraw, then join)",
		     study->id, session_time(v->given.until_us, time));
	return EXIT_NOTHING;
}

static int standing(struct join *j)
{
	struct session *s = &j->session;
	const struct ledger_view *v = &s->view;
	int r = session_ledger(s);
	if (r)
		return r;
	if (v->damaged || v->clock_wrong) {
		cli_complain("join: %s", v->why);
		return EXIT_FAILED;
	}
	if (v->standing == STANDING_GIVEN || v->standing == STANDING_PAUSED)
		return in_force(j);
	if ((v->standing == STANDING_EXPIRED || v->standing == STANDING_INVALID) && strcmp(v->given.study, s->study->id) == 0) {
		j->reason = JOIN_EXPIRED;
		if (memcmp(v->given.terms_hash, s->study->terms_hash, sizeof s->study->terms_hash) != 0) {
			j->reason = JOIN_CHANGED;
			/* What is over for its time is told anew as a whole. */
			if (v->standing == STANDING_INVALID)
				load_before(j);
		}
	}
	return refused_lately(j);
}

/* ---- From the notice to the receipt ---- */

static int make_places(struct session *s)
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
	int e = unlock_guard();
	if (e)
		return e;
	e = identity_ensure(s->places.identity);
	if (e)
		return unlock_broken(s->places.identity, e, NULL);
	/* It may be a new one. */
	return s->identity ? EXIT_DONE : session_ledger(s);
}

static int append(struct join *j, enum ledger_state state, const struct identity *identity, struct receipt *r)
{
	struct session *s = &j->session;
	r->state = state;
	memcpy(r->study, s->study->id, sizeof r->study);
	memcpy(r->manifest_hash, s->study->hash, sizeof r->manifest_hash);
	memcpy(r->terms_hash, s->study->terms_hash, sizeof r->terms_hash);
	memcpy(r->policy_hash, j->merged.hash, sizeof r->policy_hash);
	memcpy(r->notice_hash, j->notice->hash, sizeof r->notice_hash);
	snprintf(r->language, sizeof r->language, "%s", j->language);
	if (strcmp(s->view.given.study, s->study->id) == 0)
		memcpy(r->pseudonym, s->view.given.pseudonym, sizeof r->pseudonym);
	int e = ledger_append(s->places.ledger, identity, r);
	return e ? session_append_failed(s, e) : EXIT_DONE;
}

/* The manifest and what was shown are in their places before the receipt that names them: a receipt without its manifest would be invalid. */
static int give(struct join *j, const struct identity *identity, const char *shown, size_t length, struct receipt *r)
{
	struct session *s = &j->session;
	char path[PLACE_MAX];
	session_reserve(s);
	int e = keep_manifest(j);
	e = e ? e : kept_path(s, s->study->id, r->shown_hash, ".shown", path);
	e = e ? e : write_file(path, shown, length);
	if (e)
		return e;
	r->t_us = clock_utc_us();
	r->until_us = r->t_us + s->study->consent_valid_us;
	r->about = s->study;
	return append(j, j->reason == JOIN_NEW ? LEDGER_GIVEN : LEDGER_RENEWED, identity, r);
}

static int decide(struct join *j, struct prompt *p, struct receipt *r)
{
	struct session *s = &j->session;
	struct identity *identity = NULL;
	const char *shown;
	size_t length;
	int agreed = join_show(j, p), e;
	if (agreed == 0)
		agreed = join_ask(j, p, r);
	/* What was shown up to the last answer, and no more. */
	e = prompt_kept(p, &shown, &length, r->shown_hash);
	if (e) {
		cli_complain("join: %s; nothing is decided", error_text(e));
		return EXIT_FAILED;
	}
	if (agreed == 0) {
		e = append(j, LEDGER_REFUSED, s->identity, r);
		return e ? e : EXIT_REFUSED;
	}
	/* Only a yes needs the passphrase. */
	if (agreed > 0 && unlock_identity(s, true, &identity) == EXIT_DONE) {
		e = give(j, identity, shown, length, r);
		identity_free(identity);
		return e;
	}
	r->purposes = 0;
	e = append(j, LEDGER_DEFERRED, s->identity, r);
	return e ? e : EXIT_REFUSED;
}

static int converse(struct join *j, struct prompt *p)
{
	struct session *s = &j->session;
	struct receipt *requested = calloc(1, sizeof *requested), *decided = calloc(1, sizeof *decided);
	bool running = s->view.standing == STANDING_GIVEN || s->view.standing == STANDING_PAUSED;
	int r = EXIT_FAILED;
	if (!requested || !decided || notice_new(s->study, &j->merged, j->language, LAYOUT_WIDTH, &j->notice) || prompt_keep(p)) {
		cli_complain("join: out of memory; nobody was asked");
		goto out;
	}
	/* Other terms: what was agreed to is over before anything is asked, and whatever is answered. */
	if (running && session_append(s, LEDGER_INVALIDATED, 0, 0))
		goto out;
	if (running)
		session_sync(s);
	r = append(j, LEDGER_REQUESTED, s->identity, requested);
	if (r == EXIT_DONE)
		r = decide(j, p, decided);
	if (r == EXIT_DONE || r == EXIT_REFUSED)
		join_tell(j, p, decided);
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
	if (r || j->corrected)
		return r;
	if (prompt_open(&p)) {
		cli_complain("join: there is no terminal to ask on; nobody was asked, nothing is agreed (run it in a terminal)");
		return EXIT_REFUSED;
	}
	r = make_places(&j->session);
	r = r ? r : converse(j, &p);
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
	const struct input_option options[] = {{"again", NULL, &j->again}, {NULL, NULL, NULL}};
	r = session_begin(&j->session, "join", argc, argv, options, 1, &rest);
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
	notice_free(j->notice);
	study_free(j->before);
	free(j->manifest);
	free(j);
	return r;
}
