/* SPDX-License-Identifier: Apache-2.0 */
/* status_text() and status_json(). */
#include <string.h>

#include "../base/clock.h"
#include "../control/protocol.h"
#include "status.h"

/* Whatever numbers the agent counts, under its own names: "lost disk-full: gaps 1, events 20". */
static void counters_text(const struct config_node *map, FILE *out)
{
	for (const struct config_node *n = map->first; n; n = n->next) {
		if (n->type == CONFIG_SCALAR && strcmp(n->key, "since") != 0 && strcmp(n->text, "null") != 0)
			fprintf(out, "  %-13s %s\n", n->key, n->text);
		/* Counts by reason: only those that there are. */
		for (const struct config_node *k = n->first; n->type == CONFIG_MAP && k; k = k->next) {
			if (k->type == CONFIG_SCALAR && strcmp(k->text, "0") != 0 && strcmp(k->text, "null") != 0)
				fprintf(out, "  %-13s %s: %s\n", n->key, k->key, k->text);
			if (k->type != CONFIG_MAP)
				continue;
			fprintf(out, "  %-13s %s:", n->key, k->key);
			for (const struct config_node *m = k->first; m; m = m->next)
				if (m->type == CONFIG_SCALAR)
					fprintf(out, "%s %s %s", m == k->first ? "" : ",", m->key, strcmp(m->text, "null") == 0 ? "unknown" : m->text);
			fputc('\n', out);
		}
	}
}

static void agent_text(const struct status *t, FILE *out)
{
	const struct config_node *root = config_root(t->agent), *map = config_get(root, "counters"), *masked = config_get(root, "masked_now");
	if (masked && masked->type == CONFIG_SCALAR && masked->quoted)
		fprintf(out, "Masked now: %s (as of the last 5 s)\n", masked->text);
	if (!map || map->type != CONFIG_MAP)
		return;
	fprintf(out, "Since the agent began, as of the last flush:\n");
	counters_text(map, out);
}

bool status_outdated(const struct status *t)
{
	return t->agent && (strcmp(t->agent_version, ASSENT_VERSION) != 0 || strcmp(t->agent_program, "replaced") == 0);
}

/* After an upgrade the agent is still the program from before. */
static void version_text(const struct status *t, FILE *out)
{
	if (!status_outdated(t))
		return;
	if (strcmp(t->agent_version, ASSENT_VERSION) == 0)
		fprintf(out, "Agent:      its program was replaced since it began; restart it: " CONTROL_RESTART "\n");
	else
		fprintf(out, "Agent:      runs version %s, and this command is of version %s; restart it: " CONTROL_RESTART "\n",
			*t->agent_version ? t->agent_version : "0.1.0 or earlier", ASSENT_VERSION);
}

void status_text(const struct status *t, FILE *out)
{
	const struct ledger_view *v = &t->session.view;
	char time[32];
	fprintf(out, "Recording:  %s", t->recording ? "yes" : "no");
	if (!t->recording || strcmp(t->state, "recording") != 0)
		fprintf(out, " (%s%s%s)", t->state, *t->why ? ": " : "", t->why);
	fputc('\n', out);
	if (t->is_private)
		fprintf(out, "Private:    everything is masked, since %s (assent private off)\n", session_time(t->private_us, time));
	if (v->standing != STANDING_NEVER && *v->given.study) {
		const char *title = t->session.study ? study_text(&t->session.study->title) : "";
		bool in_force = v->standing == STANDING_GIVEN || v->standing == STANDING_PAUSED;
		fprintf(out, "Study:      %s%s%s%s\n", v->given.study, *title ? ", " : "", title, in_force ? "" : " (not in force)");
		for (int i = 0; i < v->given.purposes && in_force; i++)
			fprintf(out, "%s    %s\n", v->given.purpose[i].agreed ? "Agreed: " : "Refused:", v->given.purpose[i].id);
		fprintf(out, "Decided:    %s\n", session_time(v->given.t_us, time));
		fprintf(out, "Until:      %s\n", session_time(v->given.until_us, time));
	}
	version_text(t, out);
	if (*t->disk_problem)
		fprintf(out, "Disk:       nothing can be written: %s (%s). What comes meanwhile is held, then counted as lost\n", t->disk_problem, t->disk_remedy);
	if (*t->agent_source && strcmp(t->agent_source, "x11") != 0)
		fprintf(out, "Source:     %s\n", t->agent_source);
	status_limits_text(t, out);
	status_kept_text(t, out);
	if (t->agent && !t->agent_later)
		agent_text(t, out);
	fprintf(out, "Data:       %s\n", t->session.places.data);
}

static void field(FILE *out, const char *key, const char *value)
{
	fprintf(out, ",\"%s\":", key);
	status_string(out, value);
}

void status_json(const struct status *t, FILE *out)
{
	const struct ledger_view *v = &t->session.view;
	bool known = v->standing != STANDING_NEVER && *v->given.study;
	char time[28];
	fprintf(out, "{\"recording\":%s", t->recording ? "true" : "false");
	field(out, "state", t->state);
	field(out, "why", *t->why ? t->why : NULL);
	field(out, "study", known ? v->given.study : NULL);
	field(out, "title", t->session.study ? study_text(&t->session.study->title) : NULL);
	field(out, "epoch", known ? v->epoch : NULL);
	field(out, "decided", known ? clock_format(v->given.t_us, time) : NULL);
	field(out, "until", known ? clock_format(v->given.until_us, time) : NULL);
	field(out, "paused_since", v->paused_us ? clock_format(v->paused_us, time) : NULL);
	field(out, "paused_until", v->paused_until_us ? clock_format(v->paused_until_us, time) : NULL);
	fprintf(out, ",\"private\":%s", t->is_private ? "true" : "false");
	field(out, "private_since", t->is_private ? clock_format(t->private_us, time) : NULL);
	fprintf(out, ",\"purposes\":{");
	for (int i = 0; known && i < v->given.purposes; i++)
		fprintf(out, "%s\"%s\":%s", i ? "," : "", v->given.purpose[i].id, v->given.purpose[i].agreed ? "true" : "false");
	fputc('}', out);
	status_limits_json(t, out);
	status_kept_json(t, out);
	fprintf(out, ",\"restart\":%s,\"agent\":%s", status_outdated(t) ? "true" : "false", t->agent ? t->raw : "null");
	field(out, "version", ASSENT_VERSION);
	field(out, "data", t->session.places.data);
	fprintf(out, "}\n");
}
