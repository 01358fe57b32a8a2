/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/bounds.h"
#include "../base/clock.h"
#include "../control/client.h"
#include "../control/protocol.h"
#include "../error.h"
#include "../store/later.h"
#include "../store/mark.h"
#include "cli.h"
#include "session.h"
#include "status.h"

static const char *const states[] = {
	[STANDING_NEVER] = "not-joined", [STANDING_GIVEN] = "given", [STANDING_PAUSED] = "paused", [STANDING_WITHDRAWN] = "withdrawn",
	[STANDING_REFUSED] = "refused", [STANDING_EXPIRED] = "expired", [STANDING_INVALID] = "invalid",
};

/* "2026-05-01T12:34:07.123456Z", of which the second is enough. */
static void read_since(struct status *t, const struct config_node *since)
{
	char text[21];
	long long us;
	if (!since || since->type != CONFIG_SCALAR || strlen(since->text) < 20)
		return;
	snprintf(text, sizeof text, "%.19sZ", since->text);
	if (cli_time(text, &us) == 0)
		t->private_us = us;
}

/* What the agent says, if there is one that answers. Its word on "recording" is the only one there is. */
static void ask_agent(struct status *t)
{
	struct config_error error;
	int e = client_ask(t->session.places.control, "status", t->raw, sizeof t->raw, 2000);
	if (e)
		t->is_private = mark_read(t->session.places.mark, &t->private_us);
	t->agent_silent = e != 0 && e != ERROR_GONE;
	if (e || config_parse("agent", t->raw, strlen(t->raw), &t->agent, &error)) {
		t->agent_silent |= e == 0;
		return;
	}
	const struct config_node *root = config_root(t->agent), *disk = config_get(root, "disk"), *protocol = config_get(root, "protocol");
	int64_t spoken = CONTROL_PROTOCOL;
	if (protocol)
		config_integer(t->agent, protocol, 0, INT32_MAX, &spoken, &error);
	config_text(t->agent, config_get(root, "version"), t->agent_version, sizeof t->agent_version, &error);
	config_text(t->agent, config_get(root, "program"), t->agent_program, sizeof t->agent_program, &error);
	if (spoken > CONTROL_PROTOCOL) {
		/* Its words may mean something else by now. */
		t->agent_later = true;
		return;
	}
	if (disk && disk->type == CONFIG_MAP) {
		config_text(t->agent, config_get(disk, "problem"), t->disk_problem, sizeof t->disk_problem, &error);
		config_text(t->agent, config_get(disk, "remedy"), t->disk_remedy, sizeof t->disk_remedy, &error);
	}
	config_bool(t->agent, config_get(root, "recording"), &t->recording, &error);
	config_bool(t->agent, config_get(root, "private"), &t->is_private, &error);
	read_since(t, config_get(root, "private_since"));
	config_text(t->agent, config_get(root, "state"), t->agent_state, sizeof t->agent_state, &error);
	config_text(t->agent, config_get(root, "source"), t->agent_source, sizeof t->agent_source, &error);
	config_text(t->agent, config_get(root, "why"), t->agent_why, sizeof t->agent_why, &error);
}

__attribute__((format(printf, 3, 4)))
static void because(struct status *t, const char *state, const char *format, ...)
{
	va_list args;
	t->state = state;
	va_start(args, format);
	vsnprintf(t->why, sizeof t->why, format, args);
	va_end(args);
}

/* Also for who takes part in nothing: what would hold. */
void status_read_policy(struct status *t)
{
	static const uint8_t none[sizeof t->session.policy.hash];
	struct config_error error;
	if (settings_load(t->session.places.policy, true, &t->session.policy, &error))
		snprintf(t->policy_problem, sizeof t->policy_problem, "%s", error.text);
	t->has_policy = !*t->policy_problem && memcmp(t->session.policy.hash, none, sizeof none) != 0;
}

/* Consent first, then policy, then the agent: the first that stands in the way is the reason. */
static int find(struct status *t)
{
	struct session *s = &t->session;
	struct config_error error;
	int r = session_ledger(s);
	if (r)
		return r;
	const struct ledger_view *v = &s->view;
	bool joined = v->standing == STANDING_GIVEN || v->standing == STANDING_PAUSED;
	ask_agent(t);
	status_read_policy(t);
	char later[LATER_TEXT];
	because(t, states[v->standing], "%s", v->why);
	if (later_find(&s->places, later)) {
		because(t, "later-version", "%s", later);
		return EXIT_DONE;
	}
	if (!joined)
		return EXIT_DONE;
	if (session_study(s, &error)) {
		because(t, "invalid", "%s", error.text);
		return EXIT_DONE;
	}
	if (*t->policy_problem || settings_load(s->places.config, false, &s->participant, &error)) {
		because(t, "invalid", "%s", *t->policy_problem ? t->policy_problem : error.text);
		return EXIT_DONE;
	}
	/* It may have been told another one than the file names, and what keys may be told by hangs on it. */
	if (*t->agent_source)
		snprintf(s->participant.source, sizeof s->participant.source, "%s", t->agent_source);
	settings_merge(s->study, &s->policy, &s->participant, &t->merged);
	t->has_limits = true;
	if (t->merged.forbidden)
		because(t, "forbidden", "%s", t->merged.why);
	else if (v->standing == STANDING_GIVEN && t->agent_later)
		because(t, "unknown", "the agent that runs is of version %.31s, and this command of %s, which does not understand it: "
			"install the same version of both, then: " CONTROL_RESTART, *t->agent_version ? t->agent_version : "unknown", ASSENT_VERSION);
	else if (v->standing == STANDING_GIVEN && t->agent_silent)
		because(t, "unknown", "the agent does not answer (systemctl --user restart assentd)");
	else if (v->standing == STANDING_GIVEN && !t->agent)
		because(t, "no-agent", "no agent is running (systemctl --user start assentd)");
	else if (v->standing == STANDING_GIVEN)
		because(t, *t->agent_state ? t->agent_state : "given", "%s", t->agent_why);
	return EXIT_DONE;
}

int cli_status(int argc, char **argv)
{
	struct status *t = calloc(1, sizeof *t);
	bool json = false, inventory = false;
	const struct input_option options[] = {{"json", NULL, &json}, {"inventory", NULL, &inventory}, {NULL, NULL, NULL}};
	int rest, r = EXIT_FAILED;
	if (!t)
		return r;
	r = session_begin(&t->session, "status", argc, argv, options, 0, &rest);
	if (r == EXIT_DONE && inventory) {
		r = input_flush_stdout(status_inventory(t, stdout), 0);
		session_end(&t->session);
		free(t);
		return r;
	}
	if (r == EXIT_DONE)
		r = find(t);
	if (r == EXIT_DONE) {
		if (json)
			status_json(t, stdout);
		else
			status_text(t, stdout);
		r = input_flush_stdout(t->recording ? EXIT_DONE : EXIT_NOTHING, 0);
	}
	config_free(t->agent);
	session_end(&t->session);
	free(t);
	return r;
}
