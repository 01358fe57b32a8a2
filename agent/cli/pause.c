/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "../base/clock.h"
#include "../base/config.h"
#include "cli.h"
#include "session.h"

static int stop_for(struct session *s, int64_t us)
{
	char time[32];
	int r = session_ledger(s);
	if (r)
		return r;
	if (s->view.standing != STANDING_GIVEN && s->view.standing != STANDING_PAUSED) {
		cli_complain("pause: nothing is recorded: %s", s->view.why);
		return EXIT_NOTHING;
	}
	int64_t now = clock_utc_us(), until = us ? now + us : 0;
	r = session_append(s, LEDGER_PAUSED, now, until);
	if (r)
		return r;
	enum session_agent agent = session_sync(s);
	if (until)
		printf("Paused until %s. To go on before: assent resume\n", session_time(until, time));
	else
		printf("Paused. To go on: assent resume\n");
	if (agent == AGENT_NONE)
		printf("No agent is running.\n");
	if (agent == AGENT_NONE || agent == AGENT_IDLE)
		return EXIT_DONE;
	fflush(stdout);
	cli_complain("the agent did not confirm within a second that capture is paused (look: assent status)");
	return EXIT_FAILED;
}

int cli_pause(int argc, char **argv)
{
	struct session s;
	int64_t us = 0;
	int rest, r = session_begin(&s, "pause", argc, argv, NULL, 1, &rest);
	if (r)
		return r;
	if (rest && (config_parse_duration(argv[0], &us) || us < 1000000)) {
		cli_complain("pause: \"%s\" is no duration (30m, 1h30m, 2d; at least 1s; none: until you resume)", argv[0]);
		return EXIT_USAGE;
	}
	return input_flush_stdout(stop_for(&s, us), 0);
}
