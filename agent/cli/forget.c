/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/config.h"
#include "../control/client.h"
#include "../error.h"
#include "../store/keep.h"
#include "../store/outbox.h"
#include "cli.h"
#include "prompt.h"
#include "session.h"
#include "unlock.h"

enum { ROTATE_WAIT_MS = 10000, TRIES = 5 };

struct forget {
	struct session session;
	struct identity *identity;
	struct keyring *keyring;
	struct keep_choice choice;
	struct keep_forgotten found;
	struct input progress;
	char segment[SPOOL_PATH_MAX];
	bool yes, dry, json;
};

/* ---- The segment under way ---- */

static bool is_pending(const char *answer)
{
	struct config *c;
	struct config_error error;
	bool pending = true;
	if (config_parse("answer", answer, strlen(answer), &c, &error))
		return true;
	if (config_bool(c, config_get(config_root(c), "rotating"), &pending, &error))
		pending = true;
	config_free(c);
	return pending;
}

/* Has the agent finish what it has in hand, and what it has not judged yet: what is recorded after that was not meant. An agent that does not
 * answer still has its segment open, which is found later. */
static void finish_what_is_under_way(const struct session *s)
{
	char answer[SESSION_ANSWER_MAX];
	int error = client_ask(s->places.control, "rotate", answer, sizeof answer, 1000);
	for (int waited = 0; error == 0 && is_pending(answer) && waited < ROTATE_WAIT_MS; waited += 20) {
		usleep(20000);
		error = client_ask(s->places.control, "rotating", answer, sizeof answer, 1000);
	}
}

/* ---- What it says ---- */

static void progress(void *user, int done, int of)
{
	struct forget *f = user;
	f->progress.list.count = of;
	input_progress(&f->progress, done);
}

static int failed(const struct forget *f, int error)
{
	const char *where = *f->found.where ? f->found.where : f->session.places.spool;
	const char *name = strrchr(where, '/');
	int n = name ? (int)strcspn(name + 1, ".") : 0;
	switch (error) {
	case ERROR_AGAIN:
		cli_complain("%s: the agent still has it in hand, and it cannot be changed under its hands; nothing was deleted. Try again; if it "
			     "stays so: systemctl --user restart assentd", where);
		break;
	case ERROR_DENIED:
		cli_complain("%s: your keys do not open it, so nobody can tell what of it is meant; nothing was deleted. To delete all of it: "
			     "assent forget --segment %.*s", where, n, name ? name + 1 : "");
		break;
	case ERROR_CORRUPT:
		cli_complain("%s: it is damaged, and what is meant may be in the damage; nothing was deleted. To delete all of it: "
			     "assent forget --segment %.*s", where, n, name ? name + 1 : "");
		break;
	default:
		cli_complain("%s: %s%s", where, error == ERROR_IO ? strerror(errno) : error_text(error),
			     f->found.segments ? "; it is decided, and the next command or start of the agent completes it" : "; nothing was deleted");
	}
	return EXIT_FAILED;
}

static void say_json(const struct forget *f, bool deleted)
{
	const struct keep_forgotten *x = &f->found;
	char first[28], last[28];
	printf("{\"segments\":%d,\"rows\":%" PRIu64 ",", x->segments, x->events);
	if (x->first_us <= x->last_us)
		printf("\"first\":\"%s\",\"last\":\"%s\",", clock_format(x->first_us, first), clock_format(x->last_us, last));
	else
		printf("\"first\":null,\"last\":null,");
	printf("\"released\":%d,\"recipients_told\":%s,\"deleted\":%s}\n", x->released,
	       x->released && deleted && !x->untold ? "true" : "false", deleted ? "true" : "false");
}

static void describe(const struct forget *f, FILE *out)
{
	const struct keep_forgotten *x = &f->found;
	char first[32], last[32];
	fprintf(out, "%" PRIu64 " row%s in %d segment%s", x->events, x->events == 1 ? "" : "s", x->segments, x->segments == 1 ? "" : "s");
	if (x->first_us <= x->last_us)
		fprintf(out, ", from %s to %s", session_time(x->first_us, first), session_time(x->last_us, last));
	fputs(".\n", out);
	if (x->released)
		fprintf(out, "%d of these segments %s released. Recipients are told to delete %s; whether they do is theirs.\n", x->released,
			x->released == 1 ? "is" : "are", x->released == 1 ? "it" : "them");
}

static int ask(const struct forget *f)
{
	struct prompt p;
	char *text = NULL;
	size_t length = 0;
	if (prompt_open(&p)) {
		cli_complain("forget: there is no terminal to ask on; nothing was deleted (scripts say --yes)");
		return EXIT_REFUSED;
	}
	FILE *out = open_memstream(&text, &length);
	if (out) {
		fputs("This is deleted for good: ", out);
		describe(f, out);
		fputs("In its place stays that something was deleted, and from when to when.\n", out);
		fclose(out);
	}
	bool yes = out && text && prompt_print(&p, text) == 0 && prompt_confirm(&p, "Delete it?") == PROMPT_YES;
	prompt_close(&p);
	free(text);
	if (!yes)
		cli_complain("forget: nothing was deleted");
	return yes ? EXIT_DONE : EXIT_REFUSED;
}

/* ---- What it does ---- */

static void complain(const char *segment, const char *what)
{
	cli_complain("%s was not released again: %s", segment, what);
}

/* What is left of what was released, under its new name. Those of one study at a time. */
static void release_again(struct forget *f)
{
	struct spool_list *again = &f->found.again;
	if (again->count == 0 || session_settings(&f->session))
		return;
	const char **names = calloc((size_t)again->count, sizeof *names);
	for (int i = 0; names && i < again->count;) {
		char study[80];
		int count = 0;
		snprintf(study, sizeof study, "%.*s", (int)strcspn(again->path[i], "/"), again->path[i]);
		size_t n = strlen(study);
		for (; i < again->count && strncmp(again->path[i], study, n) == 0 && again->path[i][n] == '/'; i++)
			names[count++] = again->path[i] + n + 1;
		struct outbox_report report;
		struct outbox_request request = { .study = study, .names = names, .names_count = count, .now_us = clock_utc_us(),
						  .before_us = INT64_MAX, .by_hand = true, .policy = &f->session.policy,
						  .participant = &f->session.participant, .complain = complain };
		int error = outbox_release(&f->session.places, f->identity, f->keyring, &request, &report);
		if (error)
			cli_complain("what is left of released segments was not released again: %s (assent release does it)",
				     error == ERROR_IO ? strerror(errno) : error_text(error));
	}
	free(names);
}

static int forget(struct forget *f)
{
	int error = ERROR_AGAIN;
	for (int i = 0; i < TRIES && error == ERROR_AGAIN; i++) {
		if (i) {
			usleep(200000);
			finish_what_is_under_way(&f->session);
		}
		error = keep_forget(&f->session.places, f->identity, f->keyring, &f->choice, &f->found);
	}
	input_progress_end(&f->progress);
	if (error)
		return failed(f, error);
	if (f->json) {
		say_json(f, true);
	} else {
		fputs("Deleted: ", stdout);
		describe(f, stdout);
	}
	fflush(stdout);
	if (f->found.untold)
		cli_complain("recipients could not be told yet that segments are to be deleted (is the disk full?): the agent tries again every "
			     "hour, and so does assent expire");
	release_again(f);
	spool_list_release(&f->found.again);
	return EXIT_DONE;
}

static int run(struct forget *f)
{
	int r = unlock_identity(&f->session, true, &f->identity);
	if (r)
		return r;
	if (keyring_new(&f->keyring) || keyring_add_identity(f->keyring, f->identity)) {
		cli_complain("no memory can be locked for your keys (remedy: ulimit -l, or memlock in /etc/security/limits.conf)");
		return EXIT_FAILED;
	}
	f->choice.progress = progress;
	f->choice.user = f;
	f->progress.verb = "looking";
	f->progress.progress = isatty(STDERR_FILENO);
	f->progress.begun_us = clock_mono_us();
	if (!f->dry)
		finish_what_is_under_way(&f->session);
	int error = keep_settle(f->session.places.data);
	if (error == 0)
		error = keep_look(&f->session.places, f->keyring, &f->choice, &f->found);
	input_progress_end(&f->progress);
	if (error)
		return failed(f, error);
	if (f->found.segments == 0) {
		if (f->json)
			say_json(f, false);
		cli_complain("forget: nothing that is recorded matches");
		return EXIT_NOTHING;
	}
	if (f->dry) {
		if (f->json)
			say_json(f, false);
		else
			describe(f, stdout);
		return EXIT_DONE;
	}
	r = f->yes ? EXIT_DONE : ask(f);
	f->progress.verb = "deleting";
	f->progress.begun_us = clock_mono_us();
	return r ? r : forget(f);
}

static int usage(const char *message, const char *text)
{
	cli_complain(message, text);
	return EXIT_USAGE;
}

/* A segment as people copy it: a path, or with its suffix. */
static int take_segment(struct forget *f, const char *name)
{
	const char *slash = strrchr(name, '/');
	name = slash ? slash + 1 : name;
	size_t n = strcspn(name, ".");
	if (n == 0 || n >= SPOOL_NAME_MAX)
		return usage("forget: \"%s\" is no segment's name (assent verify lists them)", name);
	snprintf(f->segment, sizeof f->segment, "%.*s", (int)n, name);
	f->choice.segment = f->segment;
	return EXIT_DONE;
}

static int read_choice(struct forget *f, const char *last, const char *since, const char *until, const char *segment)
{
	long long from = INT64_MIN, to = INT64_MAX;
	int64_t ago;
	f->choice.asked_us = clock_utc_us();
	if (last && (since || until))
		return usage("forget: --last says from when on; %s is one word too many", since ? "--since" : "--until");
	if (!last && !since && !until && !f->choice.app && !segment)
		return usage("forget: %s", "say what: --last 10m, --since T [--until T], --app A or --segment NAME (everything: assent withdraw --erase)");
	if (last && (config_parse_duration(last, &ago) || ago <= 0))
		return usage("forget: \"%s\" is no duration (30s, 10m, 1h30m, 2d)", last);
	if (last)
		from = f->choice.asked_us - ago;
	if (since && cli_time(since, &from))
		return usage("forget: \"%s\" is no time (2026-05-01, 2026-05-01T12:30, or 10m for ten minutes ago)", since);
	if (until && cli_time(until, &to))
		return usage("forget: \"%s\" is no time (2026-05-01, 2026-05-01T12:30, or 10m for ten minutes ago)", until);
	if (from > to)
		return usage("forget: %s", "--until is before --since");
	f->choice.since_us = from;
	f->choice.until_us = to;
	return segment ? take_segment(f, segment) : EXIT_DONE;
}

int cli_forget(int argc, char **argv)
{
	struct forget *f = calloc(1, sizeof *f);
	const char *last = NULL, *since = NULL, *until = NULL, *segment = NULL;
	int rest;
	if (!f) {
		cli_complain("out of memory");
		return EXIT_FAILED;
	}
	const struct input_option options[] = {
		{"last", &last, NULL}, {"since", &since, NULL}, {"until", &until, NULL}, {"app", &f->choice.app, NULL},
		{"segment", &segment, NULL}, {"study", &f->choice.study, NULL}, {"yes", NULL, &f->yes}, {"dry-run", NULL, &f->dry},
		{"json", NULL, &f->json}, {NULL, NULL, NULL},
	};
	int r = session_begin(&f->session, "forget", argc, argv, options, 0, &rest);
	if (r == EXIT_DONE)
		r = read_choice(f, last, since, until, segment);
	if (r == EXIT_DONE)
		r = run(f);
	keyring_free(f->keyring);
	identity_free(f->identity);
	session_end(&f->session);
	free(f);
	return input_flush_stdout(r, 0);
}
