/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../control/client.h"
#include "../error.h"
#include "../store/mark.h"
#include "cli.h"
#include "session.h"

enum { POLL_US = 4000, PATIENCE_US = 1000000 };

struct answer { bool recording, on, pending; char state[64], why[2048]; };

/* ERROR_GONE: no agent. */
static int ask(const struct session *s, const char *request, struct answer *a)
{
	char text[SESSION_ANSWER_MAX];
	struct config *c;
	struct config_error error;
	memset(a, 0, sizeof *a);
	int e = client_ask(s->places.control, request, text, sizeof text, 1000);
	if (e)
		return e;
	e = config_parse("answer", text, strlen(text), &c, &error);
	if (e)
		return e;
	const struct config_node *root = config_root(c), *pending = config_get(root, "private_pending");
	if (!pending || (e = config_bool(c, pending, &a->pending, &error)) ||
	    (e = config_bool(c, config_get(root, "private"), &a->on, &error)) ||
	    (e = config_bool(c, config_get(root, "recording"), &a->recording, &error)) ||
	    (e = config_text(c, config_get(root, "state"), a->state, sizeof a->state, &error)))
		goto out;
	config_text(c, config_get(root, "why"), a->why, sizeof a->why, &error);
out:
	/* An agent of another version that does not know the request. */
	if (!pending)
		e = ERROR_UNSUPPORTED;
	config_free(c);
	return e;
}

/* Without an agent: the next one finds the mark. One that begins at this moment may have looked for it already, so it is
 * asked once more. */
static int without_agent(struct session *s, bool on, const char *request, struct answer *a)
{
	if ((on && places_make(s->places.data)) || mark_set(s->places.mark, on, clock_utc_us() / 1000000 * 1000000))
		return ERROR_IO;
	return ask(s, request, a);
}

static int said(bool on, const struct answer *a)
{
	if (a->recording) {
		printf(on ? "Private: everything is masked, the pointer too, until: assent private off\n" :
		       "Private mode is off: recording goes on.\n");
		return EXIT_DONE;
	}
	printf("Nothing is recorded%s%s. Private mode is %s%s.\n", *a->why ? ": " : "", a->why, on ? "on" : "off",
	       on ? " for when it is" : "");
	return EXIT_NOTHING;
}

static int change(struct session *s, bool on)
{
	const char *request = on ? "private on" : "private off";
	struct answer a;
	int e = ask(s, request, &a);
	if (e == ERROR_GONE) {
		e = without_agent(s, on, request, &a);
		if (e == ERROR_GONE) {
			printf("No agent is running: nothing is recorded. Private mode is %s for when one does.\n", on ? "on" : "off");
			return EXIT_NOTHING;
		}
		if (e == ERROR_IO) {
			cli_complain("no agent is running, and %s cannot be changed: private mode is as it was", s->places.mark);
			return EXIT_FAILED;
		}
	}
	int64_t until = clock_mono_us() + PATIENCE_US;
	while (e == 0 && a.pending && clock_mono_us() < until) {
		usleep(POLL_US);
		e = ask(s, "status", &a);
	}
	/* Somebody's hotkey may have been faster than our second look: then that is what holds. */
	if (e == 0 && !a.pending && a.on == on)
		return said(on, &a);
	if (e == ERROR_UNSUPPORTED)
		cli_complain("the agent that runs does not know private mode (systemctl --user restart assentd)");
	else if (e == 0 && !a.pending)
		cli_complain("private mode was switched %s again meanwhile, by the hotkey or another command", a.on ? "on" : "off");
	else
		cli_complain("the agent did not confirm within a second that private mode is %s%s", on ? "on" : "off",
			     on ? " (to be sure: assent pause)" : " (look: assent status)");
	return EXIT_FAILED;
}

int cli_private(int argc, char **argv)
{
	struct session s;
	int rest, r = session_begin(&s, "private", argc, argv, NULL, 1, &rest);
	if (r)
		return r;
	if (rest != 1 || (strcmp(argv[0], "on") != 0 && strcmp(argv[0], "off") != 0)) {
		cli_complain("private: on or off? (assent private on)");
		return EXIT_USAGE;
	}
	return input_flush_stdout(change(&s, strcmp(argv[0], "on") == 0), 0);
}
