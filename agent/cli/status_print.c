/* SPDX-License-Identifier: Apache-2.0 */
/* status_text() and status_json(). */
#include <string.h>

#include "../base/clock.h"
#include "status.h"

/* Whatever numbers the agent counts, under its own names. */
static void counters_text(const struct status *t, FILE *out)
{
	const struct config_node *root = config_root(t->agent), *map = config_get(root, "counters"), *masked = config_get(root, "masked_now");
	if (masked && masked->type == CONFIG_SCALAR && masked->quoted)
		fprintf(out, "Masked now: %s\n", masked->text);
	if (!map || map->type != CONFIG_MAP)
		return;
	fprintf(out, "Since the agent began:\n");
	for (const struct config_node *n = map->first; n; n = n->next) {
		if (n->type == CONFIG_SCALAR)
			fprintf(out, "  %-13s %s\n", n->key, n->text);
		/* Counts by reason: only those that there are. */
		for (const struct config_node *k = n->first; k; k = k->next)
			if (n->type == CONFIG_MAP && k->type == CONFIG_SCALAR && strcmp(k->text, "0") != 0)
				fprintf(out, "  %-13s %s of reason %s\n", n->key, k->text, k->key);
	}
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
	if (*t->agent_source && strcmp(t->agent_source, "x11") != 0)
		fprintf(out, "Source:     %s\n", t->agent_source);
	status_limits_text(t, out);
	status_kept_text(t, out);
	if (t->agent)
		counters_text(t, out);
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
	fprintf(out, ",\"agent\":%s", t->agent ? t->raw : "null");
	field(out, "data", t->session.places.data);
	fprintf(out, "}\n");
}
