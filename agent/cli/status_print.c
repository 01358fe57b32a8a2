/* SPDX-License-Identifier: Apache-2.0 */
/* status_text() and status_json(). */
#include <string.h>

#include "../base/bounds.h"
#include "../base/clock.h"
#include "status.h"

static const char *const origins[] = {[FROM_STUDY] = "study", [FROM_POLICY] = "policy", [FROM_PARTICIPANT] = "participant"};

enum { ROWS = 6 };

struct row { const char *name, *value; enum settings_origin from; };

static void rows(const struct merged *m, char retention[48], struct row out[ROWS])
{
	const struct limits *l = &m->limits;
	const struct row all[ROWS] = {
		{"keys", bounds_keys_name(l->keys), m->keys},
		{"key_time", bounds_grid_name(l->key_grid_us), m->grid},
		{"pointer", bounds_pointer_name(l->pointer), m->pointer},
		{"scroll", l->scroll ? "true" : "false", m->scroll},
		{"apps", bounds_apps_name(l->apps), m->apps},
		{"retention", bounds_duration_text(l->retention_us, retention), m->retention},
	};
	memcpy(out, all, sizeof all);
}

/* The list holds the study's patterns first, then the policy's, then the participant's. */
static enum settings_origin excluded_by(const struct merged *m, int i)
{
	int from_policy = m->limits.exclude_apps.count - m->exclude_from_policy - m->exclude_from_participant;
	return i < from_policy ? FROM_STUDY : i < from_policy + m->exclude_from_policy ? FROM_POLICY : FROM_PARTICIPANT;
}

static void limits_text(const struct merged *m, FILE *out)
{
	char retention[48];
	struct row row[ROWS];
	rows(m, retention, row);
	fprintf(out, "Limits:\n");
	for (int i = 0; i < ROWS; i++)
		fprintf(out, "  %-13s %-12s (%s)\n", row[i].name, row[i].value, origins[row[i].from]);
	for (int i = 0; i < m->limits.only_apps.count; i++)
		fprintf(out, "  %-13s %-12s (study)\n", i ? "" : "only_apps", m->limits.only_apps.pattern[i]);
	for (int i = 0; i < m->limits.exclude_apps.count; i++)
		fprintf(out, "  %-13s %-12s (%s)\n", i ? "" : "exclude_apps", m->limits.exclude_apps.pattern[i], origins[excluded_by(m, i)]);
}

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
	if (t->has_limits)
		limits_text(&t->merged, out);
	if (t->agent)
		counters_text(t, out);
	fprintf(out, "Data:       %s\n", t->session.places.data);
}

static void string(FILE *out, const char *s)
{
	if (!s) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void field(FILE *out, const char *key, const char *value)
{
	fprintf(out, ",\"%s\":", key);
	string(out, value);
}

static void list(FILE *out, const char *key, const struct pattern_list *l, const struct merged *m)
{
	fprintf(out, ",\"%s\":{\"value\":[", key);
	for (int i = 0; i < l->count; i++) {
		if (i)
			fputc(',', out);
		string(out, l->pattern[i]);
	}
	fprintf(out, "],\"from\":[");
	for (int i = 0; i < l->count; i++)
		fprintf(out, "%s\"%s\"", i ? "," : "", origins[m ? excluded_by(m, i) : FROM_STUDY]);
	fprintf(out, "]}");
}

static void limits_json(const struct merged *m, FILE *out)
{
	char retention[48];
	struct row row[ROWS];
	rows(m, retention, row);
	for (int i = 0; i < ROWS; i++) {
		bool literal = strcmp(row[i].name, "scroll") == 0;
		fprintf(out, "%s\"%s\":{\"value\":", i ? "," : "{", row[i].name);
		if (literal)
			fputs(row[i].value, out);
		else
			string(out, row[i].value);
		fprintf(out, ",\"from\":\"%s\"}", origins[row[i].from]);
	}
	list(out, "only_apps", &m->limits.only_apps, NULL);
	list(out, "exclude_apps", &m->limits.exclude_apps, m);
	fputc('}', out);
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
	fprintf(out, "},\"limits\":");
	if (t->has_limits)
		limits_json(&t->merged, out);
	else
		fputs("null", out);
	fprintf(out, ",\"agent\":%s", t->agent ? t->raw : "null");
	field(out, "data", t->session.places.data);
	fprintf(out, "}\n");
}
