/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "../store/outbox.h"
#include "../store/released.h"
#include "certificate.h"
#include "cli.h"
#include "session.h"
#include "stop.h"

struct names { int count; char (*name)[65]; };

static int name(struct names *n, const char *study)
{
	for (int i = 0; i < n->count; i++)
		if (strcmp(n->name[i], study) == 0)
			return 0;
	char (*more)[65] = realloc(n->name, (size_t)(n->count + 1) * sizeof *more);
	if (!more)
		return ERROR_MEMORY;
	n->name = more;
	snprintf(n->name[n->count++], 65, "%s", study);
	return 0;
}

/* The studies that something of is kept: in the spool, in the hands of recipients that were not told; or whose erasure was interrupted. */
static int find_kept(const struct session *s, struct names *n)
{
	struct released r;
	DIR *dir = opendir(s->places.spool);
	int e = !dir && errno != ENOENT ? ERROR_IO : 0;
	for (struct dirent *entry; dir && e == 0 && (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && strlen(entry->d_name) <= 64)
			e = name(n, entry->d_name);
	if (dir)
		closedir(dir);
	if (e)
		return e;
	e = released_load(s->places.data, &r);
	for (int i = 0; e == 0 && i < r.count; i++)
		if (!r.entry[i].gone)
			e = name(n, r.entry[i].study);
	released_release(&r);
	char study[65];
	for (int i = 0; e == 0 && certificate_pending(s, i, study); i++)
		e = name(n, study);
	return e;
}

/* ---- Ending it ---- */

static void say_agent(enum session_agent agent, bool forced, bool ended)
{
	switch (agent) {
	case AGENT_NONE:
		printf(ended ? "No agent is running; capture cannot start.\n" : "No agent is running.\n");
		break;
	case AGENT_IDLE:
		printf(forced ? "The agent did not answer: capture was ended by force.\n" : "Capture has ended.\n");
		break;
	case AGENT_RECORDING:
	case AGENT_SILENT:
		fflush(stdout);
		cli_complain("the agent did not confirm within a second that capture has ended (look: assent status; to end it in any "
			     "case: systemctl --user stop assentd)");
	}
}

/* Can recipients tell that a tombstone is from this participant? had: the keys were there before this command. */
static bool key_is_known(const struct session *s, const char *study, bool had)
{
	uint8_t key[IDENTITY_KEY];
	const struct receipt *given = &s->view.given;
	if (!had || !s->identity)
		return false;
	/* Of a study that is not the last one nothing else is known. */
	if (strcmp(given->study, study) != 0)
		return true;
	return identity_agent_key(s->identity, study, key) == 0 && memcmp(key, given->agent_key, sizeof key) == 0;
}

/* What was released and is not collected yet has not left: it comes back. What recipients have, they learn the end of. */
static void tell_recipients(const struct session *s, const char *study, bool known, bool json)
{
	int count;
	char id[33];
	int e = outbox_recall(&s->places, known ? s->identity : NULL, study, &count, id);
	if (count && !json)
		printf("%d segment%s that had been released but not collected %s taken back from the outbox.\n", count, count == 1 ? "" : "s",
		       count == 1 ? "was" : "were");
	if (e == 0)
		e = outbox_receipts(&s->places, study);
	if (e) {
		fflush(stdout);
		cli_complain("the outbox cannot be brought up to date (%s); it is tried again while the agent runs, or by: assent withdraw --erase",
			     e == ERROR_IO ? strerror(errno) : error_text(e));
	}
}

/* ---- Erasing ---- */

/* owed: the withdrawal could not be written down. */
static int erase_one(struct session *s, const char *study, bool known, bool json, bool *owed)
{
	struct certificate c;
	int count;
	char id[33];
	int r = certificate_begin(s, study, &c);
	if (r) {
		certificate_release(&c);
		return r;
	}
	if (keep_erase(&s->places, study, &c.erased) && !c.erased.failed)
		c.erased.failed = 1;
	/* Now there may be room for it; before anything else takes it. */
	if (*owed)
		*owed = session_append(s, LEDGER_WITHDRAWN, 0, 0) != EXIT_DONE;
	c.key_unknown = !known;
	outbox_finish(&s->places);
	/* Under another key nobody would believe it. Should the old one come back (a backup), the same command tells them then. */
	c.revoke_error = outbox_revoke(&s->places, known ? s->identity : NULL, study, NULL, 0, TOMBSTONE_WITHDRAWN, &count, id);
	if (c.revoke_error && known)
		cli_complain("withdraw: recipients of %s could not be told: %s", study,
			     c.revoke_error == ERROR_IO ? strerror(errno) : error_text(c.revoke_error));
	/* That it ended is told with the tombstones, if not before. */
	outbox_receipts(&s->places, study);
	r = certificate_look(s, &c);
	if (r == EXIT_DONE)
		r = certificate_write(s, &c, json);
	if (r == EXIT_DONE)
		certificate_done(s, &c);
	if (r == EXIT_DONE && !certificate_is_whole(&c))
		r = EXIT_FAILED;
	certificate_release(&c);
	return r;
}

/* Of all studies: one takes part in none now. */
static int erase(struct session *s, bool had_keys, bool json, bool *owed)
{
	struct names n = {0};
	int worst = EXIT_DONE, e = find_kept(s, &n);
	if (e) {
		cli_complain("withdraw: what was recorded cannot be listed: %s", e == ERROR_IO ? strerror(errno) : error_text(e));
		free(n.name);
		return EXIT_FAILED;
	}
	/* What an earlier one made ready to tell, and could not put in place. */
	int told = n.count ? 0 : outbox_finish(&s->places);
	if (told) {
		cli_complain("withdraw: it is erased here, but recipients could not be told yet: %s", told == ERROR_IO ? strerror(errno) : error_text(told));
		worst = EXIT_FAILED;
	} else if (!n.count) {
		cli_complain("withdraw: there is nothing to erase in %s", s->places.data);
		worst = EXIT_NOTHING;
	}
	for (int i = 0; i < n.count; i++) {
		int r = erase_one(s, n.name[i], key_is_known(s, n.name[i], had_keys), json, owed);
		if (r)
			worst = r;
	}
	free(n.name);
	return worst;
}

static int count_collected(const struct session *s)
{
	struct released r;
	int count = 0;
	if (released_load(s->places.data, &r) == 0)
		for (int i = 0; i < r.count; i++)
			count += !r.entry[i].gone;
	released_release(&r);
	return count;
}

static void say_kept(const struct session *s)
{
	struct names n = {0};
	int collected = count_collected(s);
	if (find_kept(s, &n) == 0 && n.count) {
		printf("What was recorded before stays on this computer, in %s; nothing more of it leaves.\n", s->places.spool);
		if (collected)
			printf("%d segment%s collected before: recipients are told, in the outbox, that you withdrew, and assent export puts %s to\n"
			       "no new use; they are not asked to delete.\n", collected, collected == 1 ? " was" : "s were", collected == 1 ? "it" : "them");
		printf(collected ? "To erase it, and have recipients told to delete: assent withdraw --erase\n" : "To erase it: assent withdraw --erase\n");
	}
	free(n.name);
}

/* Whatever the ledger is like: a no must be possible. */
static int withdraw(struct session *s, bool wants_erasure, bool json)
{
	bool forced, out = false, written = false;
	int r = session_ledger(s);
	if (r)
		return r;
	char study[65];
	bool had_keys = s->identity != NULL, known = *s->view.given.study != 0;
	switch (s->view.standing) {
	case STANDING_NEVER:
	case STANDING_REFUSED:
	case STANDING_WITHDRAWN:
		out = true;
		break;
	default:
		break;
	}
	snprintf(study, sizeof study, "%s", s->view.given.study);
	if (out && !wants_erasure) {
		cli_complain(s->view.standing == STANDING_WITHDRAWN ? "withdraw: it is withdrawn already; nothing is recorded" :
			     "withdraw: you take part in no study; nothing is recorded");
		if (s->view.standing == STANDING_WITHDRAWN && !json)
			say_kept(s);
		return EXIT_NOTHING;
	}
	if (!out) {
		/* Said on the other channel where a program reads this one. */
		r = session_append(s, LEDGER_WITHDRAWN, 0, 0);
		written = r == EXIT_DONE;
		enum session_agent agent = stop_capture(s, &forced);
		if (r == EXIT_DONE && !json)
			printf("Withdrawn%s%s.\n", known ? " from " : "", study);
		if (!json || agent == AGENT_SILENT || agent == AGENT_RECORDING)
			say_agent(agent, forced, r == EXIT_DONE);
		if (agent == AGENT_RECORDING || agent == AGENT_SILENT)
			r = EXIT_FAILED;
	}
	/* It has ended; what follows may have to wait for somebody. */
	if (!json && !out && wants_erasure)
		printf("\n");
	fflush(stdout);
	int erased = EXIT_DONE;
	if (wants_erasure) {
		stop_writer(s);
		bool owed = !out && !written;
		erased = erase(s, had_keys, json, &owed);
		if (!out && !written && !owed) {
			enum session_agent agent = stop_capture(s, &forced);
			written = true;
			r = agent == AGENT_RECORDING || agent == AGENT_SILENT ? EXIT_FAILED : EXIT_DONE;
			if (!json)
				printf("\nWithdrawn%s%s, now that there is room to write it down.\n", known ? " from " : "", study);
		}
		/* That it was withdrawn is done, too, where there was nothing to erase. */
		if (erased == EXIT_NOTHING && !out)
			erased = EXIT_DONE;
	} else {
		if (known)
			tell_recipients(s, study, key_is_known(s, study, had_keys), json);
		if (!json)
			say_kept(s);
	}
	if (!out && !written) {
		fflush(stdout);
		cli_complain("withdraw: the withdrawal is NOT written down: an agent would record again. Mend what is said above, and run it again");
	}
	return r ? r : erased;
}

int cli_withdraw(int argc, char **argv)
{
	struct session s;
	bool wants_erasure = false, keep = false, json = false;
	const struct input_option options[] = {{"erase", NULL, &wants_erasure}, {"keep", NULL, &keep}, {"json", NULL, &json}, {NULL, NULL, NULL}};
	int rest, r = session_begin(&s, "withdraw", argc, argv, options, 0, &rest);
	if (r)
		return r;
	if (wants_erasure && keep) {
		cli_complain("withdraw: --erase and --keep are opposites; nothing was done");
		return EXIT_USAGE;
	}
	r = withdraw(&s, wants_erasure, json);
	session_end(&s);
	return input_flush_stdout(r, 0);
}
