/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli.h"
#include "session.h"

/* Whatever the ledger is like: a no must be possible. */
static int withdraw(struct session *s)
{
	int r = session_ledger(s);
	if (r)
		return r;
	switch (s->view.standing) {
	case STANDING_NEVER:
	case STANDING_REFUSED:
		cli_complain("withdraw: you take part in no study; nothing is recorded");
		return EXIT_NOTHING;
	case STANDING_WITHDRAWN:
		cli_complain("withdraw: it is withdrawn already; nothing is recorded");
		return EXIT_NOTHING;
	default:
		break;
	}
	r = session_append(s, LEDGER_WITHDRAWN, 0, 0);
	enum session_agent agent = session_sync(s);
	if (r == EXIT_DONE)
		printf("Withdrawn%s%s.\n", *s->view.given.study ? " from " : "", s->view.given.study);
	switch (agent) {
	case AGENT_NONE:
		printf("No agent is running; capture cannot start.\n");
		break;
	case AGENT_IDLE:
		printf("Capture has ended.\n");
		break;
	case AGENT_RECORDING:
	case AGENT_SILENT:
		fflush(stdout);
		cli_complain("the agent did not confirm within a second that capture has ended (look: assent status; to end it in any "
			     "case: systemctl --user stop assentd)");
		r = EXIT_FAILED;
	}
	if (r == EXIT_DONE)
		printf("What was recorded before stays on this computer, in %s.\n", s->places.spool);
	return r;
}

int cli_withdraw(int argc, char **argv)
{
	struct session s;
	bool erase = false;
	const struct input_option options[] = {{"erase", NULL, &erase}, {NULL, NULL, NULL}};
	int rest, r = session_begin(&s, "withdraw", argc, argv, options, 0, &rest);
	if (r)
		return r;
	if (erase) {
		cli_complain("withdraw: --erase is not in this version; nothing was done (assent withdraw ends capture; delete %s by hand)",
			     s.places.spool);
		return EXIT_USAGE;
	}
	r = withdraw(&s);
	return input_flush_stdout(r, 0);
}
