/* SPDX-License-Identifier: Apache-2.0 */
/* settings_merge(): study, policy and participant become one; each can only make it less. */
#include "settings.h"

#include <sodium.h>
#include <string.h>

#include "patterns.h"

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

/* By hand is later than any time. */
static bool later(int64_t review_us, int64_t than_us)
{
	return than_us >= 0 && (review_us < 0 || review_us > than_us);
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
	if (s->has_review && later(s->review_us, out->review_us)) {
		out->review_us = s->review_us;
		out->review = from;
	}
	out->release_forbidden |= s->forbid_release;
	return unite(&l->exclude_apps, &s->limits.exclude_apps);
}

/* From the devices: the broker tells at most what it may, and codes at most. */
static void from_devices(struct merged *out, const struct settings *policy)
{
	enum detail told = policy->has_evdev_keys ? policy->evdev_keys : DETAIL_CLASS;
	if (out->limits.keys > DETAIL_CODE) {
		out->limits.keys = DETAIL_CODE;
		out->keys = FROM_SOURCE;
	}
	if (out->limits.keys > told) {
		out->limits.keys = told;
		out->keys = FROM_EVDEV_KEYS;
	}
}

const char *settings_origin_name(enum settings_origin from)
{
	static const char *const names[] = {[FROM_STUDY] = "study", [FROM_POLICY] = "policy", [FROM_PARTICIPANT] = "participant",
		[FROM_EVDEV_KEYS] = "evdev_keys", [FROM_SOURCE] = "source"};
	return names[from];
}

int64_t settings_retention_us(const struct settings *policy, const struct settings *participant)
{
	int64_t most = policy->has_retention ? policy->limits.retention_us : 0;
	if (participant->has_retention && (!most || participant->limits.retention_us < most))
		most = participant->limits.retention_us;
	return most;
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
static void fingerprint(const struct study *study, const char *source, struct merged *m)
{
	crypto_generichash_state h;
	crypto_generichash_init(&h, NULL, 0, sizeof m->hash);
	crypto_generichash_update(&h, (const unsigned char *)study->id, strlen(study->id) + 1);
	if (!*source)
		source = "x11";
	crypto_generichash_update(&h, (const unsigned char *)source, strlen(source) + 1);
	const struct limits *l = &m->limits;
	const int64_t values[] = {l->keys, l->key_grid_us, l->pointer, l->scroll, l->apps, l->retention_us, m->keys, m->grid,
		m->pointer, m->scroll, m->apps, m->retention, m->only_from_study, m->exclude_from_policy,
		m->exclude_from_participant, m->forbidden, m->review_us, m->review, m->release_forbidden,
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

static const struct { unsigned bit; const char *name, *why; } references[] = {
	{REFERENCE_ETHICS, "ethics", "the policy requires a reference to an ethics board's vote, and this study names none (policy.yaml: require.references; "
	 "the study: references.ethics)"},
	{REFERENCE_IMPACT_ASSESSMENT, "impact_assessment", "the policy requires a reference to an impact assessment, and this study names none "
	 "(policy.yaml: require.references; the study: references.impact_assessment)"},
	{REFERENCE_WORKS_AGREEMENT, "works_agreement", "the policy requires a reference to a works agreement, and this study names none "
	 "(policy.yaml: require.references; the study: references.works_agreement)"},
};

const char *settings_reference_name(unsigned bit)
{
	for (size_t i = 0; i < sizeof references / sizeof *references; i++)
		if (references[i].bit == bit)
			return references[i].name;
	return NULL;
}

/* A reference of blanks refers to nothing. */
static bool names(const char *text) { return text[strspn(text, " \t\n")] != 0; }

unsigned settings_references(const struct study *study)
{
	return (names(study->ethics) ? REFERENCE_ETHICS : 0U) | (names(study->impact_assessment) ? REFERENCE_IMPACT_ASSESSMENT : 0U) |
	       (names(study->works_agreement) ? REFERENCE_WORKS_AGREEMENT : 0U);
}

void settings_merge(const struct study *study, const struct settings *policy, const struct settings *participant, struct merged *out)
{
	memset(out, 0, sizeof *out);
	out->limits = study->capture;
	out->review_us = study->review_us;
	out->only_from_study = study->capture.only_apps.count;
	out->exclude_from_policy = tighten(out, policy, FROM_POLICY);
	out->exclude_from_participant = tighten(out, participant, FROM_PARTICIPANT);
	if (strcmp(participant->source, "evdev") == 0)
		from_devices(out, policy);
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
	/* Who presses it believes that nothing is recorded from then on. */
	out->hotkey_dead = out->limits.private_hotkey.code && out->limits.keys < DETAIL_CODE && strcmp(participant->source, "evdev") == 0;
	if (out->hotkey_dead)
		forbid(out, "the hotkey for private mode would not work, since with source evdev classes of keys do not tell which key it was "
		       "(take private_hotkey out of assent.yaml; assent private on and off do the same, and sway can bind them to a key)");
	unsigned missing = policy->required & ~settings_references(study);
	for (size_t i = 0; i < sizeof references / sizeof *references; i++)
		if (missing & references[i].bit)
			forbid(out, references[i].why);
	if (policy->permitted >= 0) {
		int i = 0;
		while (i < policy->permitted && strcmp(policy->permitted_study[i], study->id) != 0)
			i++;
		if (i == policy->permitted)
			forbid(out, "the policy's list of studies does not have this one (policy.yaml: studies)");
	}
	if (policy->forbid)
		forbid(out, "the policy forbids all capture on this machine (policy.yaml: capture: forbidden)");
	fingerprint(study, participant->source, out);
}
