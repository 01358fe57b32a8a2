/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "bounds.h"
#include "chord.h"
#include "patterns.h"

#define DAY_US INT64_C(86400000000)

static int permitted(const struct config *c, const struct config_node *list, struct settings *s, struct config_error *error)
{
	if (!list)
		return 0;
	if (list->type != CONFIG_LIST)
		return config_complain(c, list, error, "must be a list of study ids (write [typing-2026], or [] for none)");
	s->permitted = 0;
	for (const struct config_node *n = list->first; n; n = n->next) {
		if (s->permitted == (int)(sizeof s->permitted_study / sizeof *s->permitted_study)) {
			config_complain(c, n, error, "too many studies (at most %d)", s->permitted);
			return ERROR_LIMIT;
		}
		int r = config_text(c, n, s->permitted_study[s->permitted++], sizeof s->permitted_study[0], error);
		if (r)
			return r;
	}
	return 0;
}

static int capture(const struct config *c, const struct config_node *node, bool is_policy, struct settings *s, struct config_error *error)
{
	unsigned named;
	if (!node)
		return 0;
	if (node->type == CONFIG_SCALAR) {
		if (is_policy && strcmp(node->text, "forbidden") == 0) {
			s->forbid = true;
			return 0;
		}
		return config_complain(c, node, error, is_policy ? "must be the word forbidden, or a map of limits (keys: class)" :
				       "must be a map of limits (keys: class)");
	}
	int r = bounds_read(c, node, &s->limits, &named, error);
	if (r)
		return r;
	/* An application would have to match the study's list and this one; the limits hold a single list. */
	if (named & BOUNDS_ONLY)
		return config_complain(c, config_get(node, "only_apps"), error,
				       "only a study has only_apps (name what must not be captured in exclude_apps)");
	s->has_keys = named & BOUNDS_KEYS;
	s->has_grid = named & BOUNDS_GRID;
	s->has_pointer = named & BOUNDS_POINTER;
	s->has_scroll = named & BOUNDS_SCROLL;
	s->has_apps = named & BOUNDS_APPS;
	return 0;
}

static int source(const struct config *c, const struct config_node *node, struct settings *s, struct config_error *error)
{
	static const char *const sources[] = {"x11", "evdev", NULL};
	int which = -1;
	int r = config_choice(c, node, sources, &which, error);
	if (r == 0 && which >= 0)
		memcpy(s->source, sources[which], strlen(sources[which]) + 1);
	return r;
}

static int accessibility(const struct config *c, const struct config_node *node, bool is_policy, struct settings *s,
			 struct config_error *error)
{
	static const char *const of_policy[] = {"leave", NULL}, *const of_participant[] = {"leave", "on", NULL};
	int which = -1;
	int r = config_choice(c, node, is_policy ? of_policy : of_participant, &which, error);
	s->leave_accessibility = which == 0;
	s->accessibility = which == 1;
	return r;
}

int settings_parse(const char *name, const char *text, size_t length, bool is_policy, struct settings *s, struct config_error *error)
{
	static const char *const of_policy[] = {"capture", "retention", "studies", "exclude_apps", "terminals", "programs", "sensitive", "accessibility", NULL};
	static const char *const of_participant[] = {"source", "capture", "retention", "terminals", "programs", "private_hotkey", "sensitive", "accessibility", NULL};
	struct config *c;
	memset(s, 0, sizeof *s);
	s->permitted = -1;
	int r = config_parse(name, text, length, &c, error);
	if (r)
		return r;
	const struct config_node *root = config_root(c);
	if ((r = config_known(c, root, is_policy ? of_policy : of_participant, error)) ||
	    (r = capture(c, config_get(root, "capture"), is_policy, s, error)) ||
	    (r = bounds_duration(c, config_get(root, "retention"), 1000000, 3650 * DAY_US, &s->limits.retention_us, error)) ||
	    (r = bounds_patterns(c, config_get(root, "exclude_apps"), &s->limits.exclude_apps, error)) ||
	    (r = bounds_patterns(c, config_get(root, "terminals"), &s->terminals, error)) ||
	    (r = bounds_patterns(c, config_get(root, "programs"), &s->programs, error)) ||
	    (r = chord_read(c, config_get(root, "private_hotkey"), &s->limits.private_hotkey, error)) ||
	    (r = patterns_read(c, config_get(root, "sensitive"), &s->sensitive, error)) ||
	    (r = permitted(c, config_get(root, "studies"), s, error)) ||
	    (r = accessibility(c, config_get(root, "accessibility"), is_policy, s, error)) ||
	    (r = source(c, config_get(root, "source"), s, error)))
		goto out;
	s->has_retention = config_get(root, "retention") != NULL;
	crypto_generichash(s->hash, sizeof s->hash, (const unsigned char *)text, length, NULL, 0);
out:
	config_free(c);
	return r;
}

int settings_load(const char *path, bool is_policy, struct settings *s, struct config_error *error)
{
	char *text;
	size_t length;
	memset(s, 0, sizeof *s);
	s->permitted = -1;
	error->text[0] = 0;
	int r = config_read(path, &text, &length, error);
	if (r == ERROR_IO && (errno == ENOENT || errno == ENOTDIR)) {
		error->text[0] = 0;
		return 0;
	}
	if (r)
		return r;
	r = settings_parse(path, text, length, is_policy, s, error);
	free(text);
	return r;
}

/* How many were not there yet; -1: no room. */
static int unite(struct pattern_list *into, const struct pattern_list *from)
{
	int added = 0;
	for (int i = 0; i < from->count; i++) {
		int k = 0;
		while (k < into->count && strcmp(into->pattern[k], from->pattern[i]) != 0)
			k++;
		if (k < into->count)
			continue;
		if (into->count == STUDY_PATTERNS_MAX)
			return -1;
		memcpy(into->pattern[into->count++], from->pattern[i], sizeof into->pattern[0]);
		added++;
	}
	return added;
}

static int tighten(struct merged *out, const struct settings *s, enum settings_origin from)
{
	struct limits *l = &out->limits;
	if (s->has_keys && s->limits.keys < l->keys) {
		l->keys = s->limits.keys;
		out->keys = from;
	}
	if (s->has_grid && s->limits.key_grid_us > l->key_grid_us) {
		l->key_grid_us = s->limits.key_grid_us;
		out->grid = from;
	}
	if (s->has_pointer && s->limits.pointer < l->pointer) {
		l->pointer = s->limits.pointer;
		out->pointer = from;
	}
	if (s->has_scroll && !s->limits.scroll && l->scroll) {
		l->scroll = false;
		out->scroll = from;
	}
	if (s->has_apps && s->limits.apps < l->apps) {
		l->apps = s->limits.apps;
		out->apps = from;
	}
	if (s->has_retention && s->limits.retention_us < l->retention_us) {
		l->retention_us = s->limits.retention_us;
		out->retention = from;
	}
	return unite(&l->exclude_apps, &s->limits.exclude_apps);
}

static void number(crypto_generichash_state *h, int64_t value)
{
	unsigned char bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)value >> (8 * i));
	crypto_generichash_update(h, bytes, sizeof bytes);
}

static void patterns(crypto_generichash_state *h, const struct pattern_list *list)
{
	number(h, list->count);
	for (int i = 0; i < list->count; i++)
		crypto_generichash_update(h, (const unsigned char *)list->pattern[i], strlen(list->pattern[i]) + 1);
}

static void characters(crypto_generichash_state *h, const struct sensitive_set *set)
{
	for (int i = 0; i < 3; i++)
		number(h, (int64_t)set->bits[i]);
}

static void sensitive(crypto_generichash_state *h, const struct sensitive_rules *rules)
{
	number(h, rules->patterns);
	for (int i = 0; i < rules->patterns; i++) {
		const struct sensitive_pattern *p = &rules->pattern[i];
		const int64_t values[] = {p->parts, p->check, p->until, p->is_end};
		for (size_t k = 0; k < sizeof values / sizeof *values; k++)
			number(h, values[k]);
		characters(h, &p->no_before);
		characters(h, &p->no_after);
		for (int k = 0; k < p->parts; k++) {
			const struct sensitive_part *part = &p->part[k];
			characters(h, &part->chars);
			characters(h, &part->gap);
			number(h, part->min | part->max << 8 | part->strong << 16);
			crypto_generichash_update(h, (const unsigned char *)part->text, strlen(part->text) + 1);
		}
	}
}

/* Field by field: padding must not change the hash. */
static void fingerprint(const struct study *study, struct merged *m)
{
	crypto_generichash_state h;
	crypto_generichash_init(&h, NULL, 0, sizeof m->hash);
	crypto_generichash_update(&h, (const unsigned char *)study->id, strlen(study->id) + 1);
	const struct limits *l = &m->limits;
	const int64_t values[] = {l->keys, l->key_grid_us, l->pointer, l->scroll, l->apps, l->retention_us, m->keys, m->grid,
		m->pointer, m->scroll, m->apps, m->retention, m->only_from_study, m->exclude_from_policy,
		m->exclude_from_participant, m->forbidden,
		l->private_hotkey.modifiers, l->private_hotkey.code, m->accessibility};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		number(&h, values[i]);
	patterns(&h, &l->only_apps);
	patterns(&h, &l->exclude_apps);
	sensitive(&h, &m->sensitive);
	crypto_generichash_final(&h, m->hash, sizeof m->hash);
}

static void forbid(struct merged *m, const char *why)
{
	m->forbidden = true;
	m->why = why;
}

void settings_merge(const struct study *study, const struct settings *policy, const struct settings *participant, struct merged *out)
{
	memset(out, 0, sizeof *out);
	out->limits = study->capture;
	out->only_from_study = study->capture.only_apps.count;
	out->exclude_from_policy = tighten(out, policy, FROM_POLICY);
	out->exclude_from_participant = tighten(out, participant, FROM_PARTICIPANT);
	out->limits.private_hotkey = participant->limits.private_hotkey;
	out->accessibility = participant->accessibility && !policy->leave_accessibility;
	/* Dropping one of them would capture what somebody excluded. */
	if (out->exclude_from_policy < 0 || out->exclude_from_participant < 0)
		forbid(out, "study, policy and participant together exclude more than 64 applications (join some with * and ?)");
	struct config_error error;
	if (patterns_builtin(&out->sensitive, &error))
		forbid(out, "the built-in list of sensitive text is damaged (install assent again)");
	else if (patterns_join(&out->sensitive, &policy->sensitive) || patterns_join(&out->sensitive, &participant->sensitive))
		forbid(out, "policy and participant together name more patterns of sensitive text than there is room for (join some)");
	if (policy->permitted >= 0) {
		int i = 0;
		while (i < policy->permitted && strcmp(policy->permitted_study[i], study->id) != 0)
			i++;
		if (i == policy->permitted)
			forbid(out, "the policy's list of studies does not have this one (policy.yaml: studies)");
	}
	if (policy->forbid)
		forbid(out, "the policy forbids all capture on this machine (policy.yaml: capture: forbidden)");
	fingerprint(study, out);
}
