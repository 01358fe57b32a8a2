/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../control/client.h"
#include "../error.h"
#include "../store/atomic.h"
#include "../store/later.h"
#include "cli.h"

enum { OPTIONS_MAX = 16 };

/* Those that change what a later version may have left, or begin something beside it. What ends or narrows is done all the same, and reading
 * says for each file what it cannot read. */
static bool would_change(const char *command)
{
	static const char *const commands[] = {"join", "resume", "release", "forget", "expire", "passphrase", "secret"};
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(command, commands[i]) == 0)
			return true;
	return false;
}

int session_begin(struct session *s, const char *command, int argc, char **argv, const struct input_option *more, int most, int *rest)
{
	const char *data = NULL, *config = NULL;
	struct input_option options[OPTIONS_MAX] = {{"data", &data, NULL}, {"config", &config, NULL}};
	for (int n = 2; more && more->name && n < OPTIONS_MAX - 1; more++)
		options[n++] = *more;
	memset(s, 0, sizeof *s);
	s->command = command;
	int count = input_options(command, argc, argv, options);
	if (count < 0)
		return EXIT_USAGE;
	if (count > most) {
		cli_complain("%s: \"%s\" is one argument too many (see: assent help %s)", command, argv[most], command);
		return EXIT_USAGE;
	}
	*rest = count;
	int e = places_find(data, config, &s->places);
	if (e) {
		cli_complain("cannot tell where your data are: %s (set HOME, or use --data DIR)", e == ERROR_IO ? strerror(errno) : error_text(e));
		return EXIT_FAILED;
	}
	char later[LATER_TEXT];
	if (would_change(command) && later_find(&s->places, later)) {
		cli_complain("%s: %s", command, later);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

void session_end(struct session *s)
{
	study_free(s->study);
	s->study = NULL;
	identity_free(s->identity);
	s->identity = NULL;
}

/* Without one a ledger that is there is another's, which its view says. One that cannot be used is as good as none. */
static int load_identity(struct session *s)
{
	if (s->identity)
		return 0;
	int e = identity_load(s->places.identity, &s->identity);
	if (e == ERROR_MEMORY) {
		cli_complain("no memory can be locked for your keys (remedy: ulimit -l, or memlock in /etc/security/limits.conf)");
		return e;
	}
	if (e)
		s->identity = NULL;
	if (!e) {
		/* The agent's half will do: who needs the secret takes it from unlock_identity, which looks after the process, too. */
		identity_close(s->identity);
		ledger_trust_init(&s->trust, s->identity);
	}
	return 0;
}

int session_ledger(struct session *s)
{
	if (load_identity(s))
		return EXIT_FAILED;
	int e = ledger_read(s->places.ledger, s->identity ? &s->trust : NULL, clock_utc_us(), &s->view);
	if (e == 0)
		return EXIT_DONE;
	cli_complain("cannot read %s: %s", s->places.ledger, e == ERROR_IO ? strerror(errno) : error_text(e));
	return EXIT_FAILED;
}

int session_settings(struct session *s)
{
	struct config_error error;
	if (settings_load(s->places.policy, true, &s->policy, &error) ||
	    settings_load(s->places.config, false, &s->participant, &error)) {
		cli_complain("%s", error.text);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

int session_study(struct session *s, struct config_error *why)
{
	char path[PLACE_MAX];
	const char *id = s->view.given.study;
	int n = snprintf(path, sizeof path, "%s/%s.yaml", s->places.studies, id);
	if (n < 0 || (size_t)n >= sizeof path) {
		snprintf(why->text, sizeof why->text, "the path of the manifest is too long");
		return EXIT_FAILED;
	}
	if (study_load(path, &s->study, why))
		return EXIT_FAILED;
	if (strcmp(s->study->id, id) == 0 && memcmp(s->study->terms_hash, s->view.given.terms_hash, sizeof s->study->terms_hash) == 0)
		return EXIT_DONE;
	study_free(s->study);
	s->study = NULL;
	snprintf(why->text, sizeof why->text, "%.300s: has other terms than were agreed to; nothing is recorded (join the study again)", path);
	return EXIT_FAILED;
}

int session_append_failed(const struct session *s, int error)
{
	if (error == ERROR_INVALID)
		cli_complain("%s takes no more entries: %s. Nothing is recorded while this is so. Remedy: assent withdraw, which begins a new one; then join again",
			     s->places.ledger, *s->view.why ? s->view.why : "it is damaged");
	else if (error == ERROR_DENIED)
		cli_complain("%s: your passphrase is needed to sign a yes; nothing was agreed", s->places.identity);
	else
		cli_complain("cannot write %s: %s", s->places.ledger, error == ERROR_IO ? strerror(errno) : error_text(error));
	return EXIT_FAILED;
}

/* A no must be possible without the keys, too: what signs it is a new identity then. What is there and cannot be used is kept aside. */
static int need_identity(struct session *s)
{
	char aside[PLACE_MAX + 32];
	if (s->identity)
		return 0;
	int e = identity_ensure(s->places.identity);
	/* Not for want of memory or of room: it may be good. */
	if (e == ERROR_INVALID || e == ERROR_UNSUPPORTED) {
		snprintf(aside, sizeof aside, "%s.damaged-%lld", s->places.identity, (long long)(clock_utc_us() / 1000000));
		if (rename(s->places.identity, aside) == 0) {
			cli_complain("%s cannot be used (%s); it is now %s", s->places.identity, error_text(e), aside);
			e = identity_ensure(s->places.identity);
		}
	}
	if (!e)
		e = identity_load(s->places.identity, &s->identity);
	if (!e) {
		identity_close(s->identity);
		ledger_trust_init(&s->trust, s->identity);
	} else {
		cli_complain("%s: no new one can be made: %s", s->places.identity, e == ERROR_IO ? strerror(errno) : error_text(e));
	}
	return e;
}

/* ---- Room for a no: data/reserve is given up for it where the disk is full ---- */

enum { RESERVE_BYTES = 16384 };

void session_reserve(const struct session *s)
{
	char path[PLACE_MAX + 16];
	snprintf(path, sizeof path, "%s/reserve", s->places.data);
	/* Random bytes: others take no room on a file system that compresses. Where there is no room for it, it is made another time. */
	unsigned char *bytes = access(path, F_OK) ? malloc(RESERVE_BYTES) : NULL;
	if (!bytes)
		return;
	randombytes_buf(bytes, RESERVE_BYTES);
	int ignored = atomic_write(path, (const char *)bytes, RESERVE_BYTES, false);
	(void)ignored;
	free(bytes);
}

static bool make_room(const struct session *s)
{
	char path[PLACE_MAX + 16];
	snprintf(path, sizeof path, "%s/reserve", s->places.data);
	int saved = errno;
	bool made = (saved == ENOSPC || saved == EDQUOT) && unlink(path) == 0;
	errno = saved;
	return made;
}

static int withdraw_anyhow(struct session *s, struct receipt *r)
{
	char moved[PLACE_MAX + 64] = "";
	bool was_there = s->identity != NULL;
	if (need_identity(s))
		return EXIT_FAILED;
	int e = ledger_append_known(s->places.ledger, &s->trust, false, r);
	if (e == ERROR_IO && make_room(s))
		e = ledger_append_known(s->places.ledger, &s->trust, false, r);
	if (e == ERROR_INVALID)
		e = ledger_begin_anew(s->places.ledger, s->identity, r, moved, sizeof moved);
	if (e)
		return session_append_failed(s, e);
	if (*moved)
		printf("The record of your decisions was damaged%s%s. It is kept as %s; a new one was begun with this withdrawal.\n",
		       *s->view.why ? ": " : "", s->view.why, moved);
	if (!was_there)
		printf("Your keys (%s) were missing. New ones were made; what was recorded under the old ones can be read by nobody but its recipients.\n",
		       s->places.identity);
	return EXIT_DONE;
}

int session_append(struct session *s, enum ledger_state state, int64_t t_us, int64_t until_us)
{
	const struct receipt *given = &s->view.given;
	struct receipt r = {.state = state, .t_us = t_us, .until_us = until_us};
	/* None could be read: then it is about whatever it was. */
	snprintf(r.study, sizeof r.study, "%s", *given->study ? given->study : "unknown");
	memcpy(r.manifest_hash, given->manifest_hash, sizeof r.manifest_hash);
	memcpy(r.terms_hash, given->terms_hash, sizeof r.terms_hash);
	memcpy(r.pseudonym, given->pseudonym, sizeof r.pseudonym);
	if (state == LEDGER_WITHDRAWN)
		return withdraw_anyhow(s, &r);
	int e = s->identity ? ledger_append_known(s->places.ledger, &s->trust, false, &r) : ERROR_INVALID;
	return e ? session_append_failed(s, e) : EXIT_DONE;
}

enum session_agent session_sync(const struct session *s)
{
	char answer[SESSION_ANSWER_MAX];
	struct config *c;
	struct config_error error;
	bool recording = false;
	char state[32] = "";
	int e = 0;
	/* While it ends it is not over: capture that does not end by itself is ended by force after 0.9 s. */
	for (int i = 0; i < 75 && (i == 0 || strcmp(state, "ending") == 0); i++) {
		if (i)
			usleep(20000);
		e = client_ask(s->places.control, i ? "status" : "sync", answer, sizeof answer, 1000);
		if (e == ERROR_GONE)
			return AGENT_NONE;
		if (e || config_parse("answer", answer, strlen(answer), &c, &error))
			return AGENT_SILENT;
		e = config_bool(c, config_get(config_root(c), "recording"), &recording, &error);
		if (e == 0)
			e = config_text(c, config_get(config_root(c), "state"), state, sizeof state, &error);
		config_free(c);
		if (e)
			return AGENT_SILENT;
	}
	if (strcmp(state, "ending") == 0)
		return AGENT_SILENT;
	return e ? AGENT_SILENT : recording ? AGENT_RECORDING : AGENT_IDLE;
}

int session_find_study(const struct session *s, const char *name, char path[PLACE_MAX])
{
	int n = snprintf(path, PLACE_MAX, "%s", name);
	if (n < 0 || n >= PLACE_MAX)
		return ERROR_LIMIT;
	if (strchr(name, '/') || access(path, F_OK) == 0)
		return 0;
	const char *const folders[] = {s->places.studies, PLACES_OFFERED};
	for (size_t i = 0; i < 2; i++) {
		n = snprintf(path, PLACE_MAX, "%s/%s.yaml", folders[i], name);
		if (n > 0 && n < PLACE_MAX && access(path, F_OK) == 0)
			return 0;
	}
	return ERROR_GONE;
}

char *session_time(int64_t utc_us, char out[32])
{
	time_t t = (time_t)(utc_us / 1000000);
	struct tm tm;
	if (!localtime_r(&t, &tm) || !strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(out, 32, "?");
	return out;
}
