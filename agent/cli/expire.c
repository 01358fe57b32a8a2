/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../error.h"
#include "../store/keep.h"
#include "cli.h"
#include "session.h"

static void say(const struct keep_report *r, bool json)
{
	char next[32], iso[28];
	if (json) {
		printf("{\"removed\":%d,\"failed\":%d,\"next\":", r->removed, r->failed);
		if (r->next_us == INT64_MAX)
			printf("null}\n");
		else
			printf("\"%s\"}\n", clock_format(r->next_us, iso));
		return;
	}
	if (r->removed)
		printf("%d segment%s kept as long as it may be, and deleted now.\n", r->removed, r->removed == 1 ? " was" : "s were");
	else
		printf("Nothing is kept longer than it may be.\n");
	if (r->next_us != INT64_MAX)
		printf("The next is due on %s.\n", session_time(r->next_us, next));
	if (r->under_way)
		printf("One that is due is still in the agent's hands: it goes within the hour.\n");
}

int cli_expire(int argc, char **argv)
{
	struct session s;
	struct keep_report report;
	struct identity *identity = NULL;
	bool json = false;
	const struct input_option options[] = {{"json", NULL, &json}, {NULL, NULL, NULL}};
	int rest, r = session_begin(&s, "expire", argc, argv, options, 0, &rest);
	if (r)
		return r;
	/* Settings that cannot be read are no reason to keep what its own key file says is due: they could only shorten it. */
	if (session_settings(&s)) {
		cli_complain("expire: what policy or your settings shorten is not counted; the rest is done");
		s.policy.has_retention = s.participant.has_retention = false;
		r = EXIT_FAILED;
	}
	/* Without an identity nothing was released, or nobody can be told any more. */
	if (identity_load(s.places.identity, &identity))
		identity = NULL;
	else
		identity_close(identity);
	int error = keep_expire(&s.places, identity, settings_retention_us(&s.policy, &s.participant), clock_utc_us(), &report);
	int saved = errno;
	identity_free(identity);
	if (error) {
		cli_complain("%s: %s", s.places.spool, error == ERROR_IO ? strerror(saved) : error_text(error));
		r = EXIT_FAILED;
	} else {
		say(&report, json);
		if (report.failed) {
			fflush(stdout);
			cli_complain("%d of them could not be deleted, or recipients not told (look at the permissions of %s): it is tried again every "
				     "hour", report.failed, s.places.spool);
			r = EXIT_FAILED;
		}
	}
	session_end(&s);
	return input_flush_stdout(r, 0);
}
