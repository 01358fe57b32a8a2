/* SPDX-License-Identifier: Apache-2.0 */
/* What `assent status` says about limits: their values, who set them, and what the policy forbids. */
#include <string.h>

#include "../base/bounds.h"
#include "status.h"

enum { ROWS = 8, WHOSE_MAX = PLACE_MAX + 48 };

struct row { const char *name, *value; enum settings_origin from; };

static void rows(const struct status *t, char retention[48], char review[48], struct row out[ROWS])
{
	const struct merged *m = &t->merged;
	const struct limits *l = &m->limits;
	bool nobody = !*t->session.study->recipient_key;
	const struct row all[ROWS] = {
		{"keys", bounds_keys_name(l->keys), m->keys},
		{"key_time", bounds_grid_name(l->key_grid_us), m->grid},
		{"pointer", bounds_pointer_name(l->pointer), m->pointer},
		{"scroll", l->scroll ? "true" : "false", m->scroll},
		{"apps", bounds_apps_name(l->apps), m->apps},
		{"retention", bounds_duration_text(l->retention_us, retention), m->retention},
		{"review", m->review_us < 0 ? "manual" : m->review_us == 0 ? "none" : bounds_duration_text(m->review_us, review), m->review},
		{"release", m->release_forbidden ? "forbidden" : nobody ? "no recipient" : "permitted",
		 m->release_forbidden ? FROM_POLICY : FROM_STUDY},
	};
	memcpy(out, all, sizeof all);
}

/* The list holds the study's patterns first, then the policy's, then the participant's. */
static enum settings_origin excluded_by(const struct merged *m, int i)
{
	/* They do not fit: that is forbidden altogether, and what is in the list came from any of them. */
	if (m->exclude_from_policy < 0 || m->exclude_from_participant < 0)
		return FROM_STUDY;
	int from_policy = m->limits.exclude_apps.count - m->exclude_from_policy - m->exclude_from_participant;
	return i < from_policy ? FROM_STUDY : i < from_policy + m->exclude_from_policy ? FROM_POLICY : FROM_PARTICIPANT;
}

/* Whose word it is, and where it stands. */
static const char *whose(const struct status *t, enum settings_origin from, char out[WHOSE_MAX])
{
	const struct places *p = &t->session.places;
	if (from == FROM_STUDY)
		return "study";
	if (from == FROM_SOURCE)
		return "source evdev: no device tells what a key types";
	if (from == FROM_EVDEV_KEYS) {
		bool named = t->session.policy.has_evdev_keys;
		snprintf(out, WHOSE_MAX, "%s: %s%s", named ? "policy" : "source evdev", p->policy, named ? ", evdev_keys" : " names no evdev_keys");
		return out;
	}
	snprintf(out, WHOSE_MAX, "%s: %s", from == FROM_POLICY ? "policy" : "you", from == FROM_POLICY ? p->policy : p->config);
	return out;
}

static void limits_text(const struct status *t, FILE *out)
{
	const struct merged *m = &t->merged;
	char retention[48], review[48], who[WHOSE_MAX];
	struct row row[ROWS];
	rows(t, retention, review, row);
	fprintf(out, "Limits:\n");
	for (int i = 0; i < ROWS; i++)
		fprintf(out, "  %-18s %-12s (%s)\n", row[i].name, row[i].value, whose(t, row[i].from, who));
	for (int i = 0; i < m->limits.only_apps.count; i++)
		fprintf(out, "  %-18s %-12s (study)\n", i ? "" : "only_apps", m->limits.only_apps.pattern[i]);
	for (int i = 0; i < m->limits.exclude_apps.count; i++)
		fprintf(out, "  %-18s %-12s (%s)\n", i ? "" : "exclude_apps", m->limits.exclude_apps.pattern[i], whose(t, excluded_by(m, i), who));
}

struct reference { unsigned bit; const char *text; };

enum { REFERENCES = 3 };

static void references(const struct study *s, struct reference out[REFERENCES])
{
	out[0] = (struct reference){REFERENCE_ETHICS, s->ethics};
	out[1] = (struct reference){REFERENCE_IMPACT_ASSESSMENT, s->impact_assessment};
	out[2] = (struct reference){REFERENCE_WORKS_AGREEMENT, s->works_agreement};
}

static void references_text(const struct status *t, FILE *out)
{
	struct reference r[REFERENCES];
	unsigned named = settings_references(t->session.study);
	references(t->session.study, r);
	fprintf(out, "References:\n");
	for (int i = 0; i < REFERENCES; i++)
		fprintf(out, "  %-18s %s%s\n", settings_reference_name(r[i].bit), named & r[i].bit ? r[i].text : "none",
			t->has_policy && (t->session.policy.required & r[i].bit) ? " (required by policy)" : "");
}

static void policy_text(const struct status *t, FILE *out)
{
	const struct settings *p = &t->session.policy;
	const char *path = t->session.places.policy;
	if (*t->policy_problem)
		fprintf(out, "Policy:     cannot be used, so nothing is recorded: %s\n", t->policy_problem);
	else if (!t->has_policy)
		fprintf(out, "Policy:     none (there is no %s)\n", path);
	if (!t->has_policy)
		return;
	fprintf(out, "Policy:     %s (it can only forbid and tighten)\n", path);
	if (p->forbid)
		fprintf(out, "  %-18s all capture on this machine\n", "forbids");
	if (p->forbid_release)
		fprintf(out, "  %-18s release: nothing leaves this machine\n", "forbids");
	if (p->leave_accessibility)
		fprintf(out, "  %-18s switching accessibility on\n", "forbids");
	if (p->permitted == 0)
		fprintf(out, "  %-18s no study\n", "permits");
	for (int i = 0; i < p->permitted; i++)
		fprintf(out, "  %-18s %s\n", i ? "" : "permits only", p->permitted_study[i]);
	for (unsigned bit = 1, n = 0; settings_reference_name(bit); bit <<= 1)
		if (p->required & bit)
			fprintf(out, "  %-18s a reference to %s\n", n++ ? "" : "requires", settings_reference_name(bit));
	if (p->sensitive.patterns)
		fprintf(out, "  %-18s %d more patterns of sensitive text\n", "masks", p->sensitive.patterns);
}

void status_limits_text(const struct status *t, FILE *out)
{
	if (t->has_limits) {
		limits_text(t, out);
		references_text(t, out);
	}
	policy_text(t, out);
}

void status_string(FILE *out, const char *s)
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

static void list(FILE *out, const char *key, const struct pattern_list *l, const struct merged *m)
{
	fprintf(out, ",\"%s\":{\"value\":[", key);
	for (int i = 0; i < l->count; i++) {
		if (i)
			fputc(',', out);
		status_string(out, l->pattern[i]);
	}
	fprintf(out, "],\"from\":[");
	for (int i = 0; i < l->count; i++)
		fprintf(out, "%s\"%s\"", i ? "," : "", settings_origin_name(m ? excluded_by(m, i) : FROM_STUDY));
	fprintf(out, "]}");
}

static void limits_json(const struct status *t, FILE *out)
{
	char retention[48], review[48];
	struct row row[ROWS];
	rows(t, retention, review, row);
	for (int i = 0; i < ROWS; i++) {
		bool literal = strcmp(row[i].name, "scroll") == 0;
		fprintf(out, "%s\"%s\":{\"value\":", i ? "," : "{", row[i].name);
		if (literal)
			fputs(row[i].value, out);
		else
			status_string(out, row[i].value);
		fprintf(out, ",\"from\":\"%s\"}", settings_origin_name(row[i].from));
	}
	list(out, "only_apps", &t->merged.limits.only_apps, NULL);
	list(out, "exclude_apps", &t->merged.limits.exclude_apps, &t->merged);
	fputc('}', out);
}

void status_policy_json(const struct status *t, FILE *out)
{
	const struct settings *p = &t->session.policy;
	fprintf(out, "{\"path\":");
	status_string(out, t->session.places.policy);
	fprintf(out, ",\"present\":%s,\"problem\":", t->has_policy || *t->policy_problem ? "true" : "false");
	status_string(out, *t->policy_problem ? t->policy_problem : NULL);
	fprintf(out, ",\"capture_forbidden\":%s,\"release_forbidden\":%s,\"accessibility_forbidden\":%s,\"studies\":",
		p->forbid || *t->policy_problem ? "true" : "false", p->forbid_release || *t->policy_problem ? "true" : "false",
		p->leave_accessibility ? "true" : "false");
	if (!t->has_policy || p->permitted < 0) {
		fputs("null", out);
	} else {
		fputc('[', out);
		for (int i = 0; i < p->permitted; i++) {
			fputs(i ? "," : "", out);
			status_string(out, p->permitted_study[i]);
		}
		fputc(']', out);
	}
	fputs(",\"required\":[", out);
	for (unsigned bit = 1, n = 0; settings_reference_name(bit); bit <<= 1)
		if (p->required & bit)
			fprintf(out, "%s\"%s\"", n++ ? "," : "", settings_reference_name(bit));
	fprintf(out, "],\"patterns\":%d}", p->sensitive.patterns);
}

void status_limits_json(const struct status *t, FILE *out)
{
	fputs(",\"limits\":", out);
	if (t->has_limits)
		limits_json(t, out);
	else
		fputs("null", out);
	fputs(",\"references\":", out);
	if (t->has_limits) {
		struct reference r[REFERENCES];
		unsigned named = settings_references(t->session.study);
		references(t->session.study, r);
		for (int i = 0; i < REFERENCES; i++) {
			fprintf(out, "%s\"%s\":", i ? "," : "{", settings_reference_name(r[i].bit));
			status_string(out, named & r[i].bit ? r[i].text : NULL);
		}
		fputc('}', out);
	} else {
		fputs("null", out);
	}
	fputs(",\"policy\":", out);
	status_policy_json(t, out);
}
