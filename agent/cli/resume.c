/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "../base/clock.h"
#include "cli.h"
#include "session.h"

static int resume(struct session *s)
{
	int r = session_ledger(s);
	if (r)
		return r;
	if (s->view.standing == STANDING_GIVEN) {
		cli_complain("resume: it is not paused");
		return EXIT_NOTHING;
	}
	/* By a clock that was ahead something was noted: who resumes now says that it is past that. */
	bool behind = s->view.clock_wrong && s->view.given.t_us <= clock_utc_us();
	if (s->view.standing != STANDING_PAUSED && !behind) {
		cli_complain("resume: nothing is paused: %s", s->view.why);
		return EXIT_NOTHING;
	}
	r = session_append(s, LEDGER_RESUMED, 0, 0);
	if (r)
		return r;
	printf("Resumed.\n");
	/* Whether it records now is for `assent status` to say: the agent may wait for a display. */
	if (session_sync(s) == AGENT_NONE)
		printf("No agent is running: nothing is recorded until it does.\n");
	return EXIT_DONE;
}

int cli_resume(int argc, char **argv)
{
	struct session s;
	int rest, r = session_begin(&s, "resume", argc, argv, NULL, 0, &rest);
	return r ? r : input_flush_stdout(resume(&s), 0);
}
