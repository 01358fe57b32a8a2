/* SPDX-License-Identifier: Apache-2.0 */
/* receipt_format(). */
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../base/bounds.h"
#include "../base/clock.h"
#include "../error.h"
#include "receipt_inside.h"

struct line { char *text; size_t used; bool full; };

static void put_bytes(struct line *l, const char *bytes, size_t n)
{
	if (l->full || n >= RECEIPT_LINE_MAX - l->used) {
		l->full = true;
		return;
	}
	memcpy(l->text + l->used, bytes, n);
	l->used += n;
	l->text[l->used] = 0;
}

static void put(struct line *l, const char *text) { put_bytes(l, text, strlen(text)); }

/* Manifests hold no control characters but these two. */
static void put_text(struct line *l, const char *s)
{
	put(l, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			put(l, "\\");
		if (*s == '\n')
			put(l, "\\n");
		else if (*s == '\t')
			put(l, "\\t");
		else
			put_bytes(l, s, 1);
	}
	put(l, "\"");
}

static void put_field(struct line *l, const char *key, const char *value)
{
	put(l, ",");
	put_text(l, key);
	put(l, ":");
	put_text(l, value);
}

static void put_hex(struct line *l, const char *key, const uint8_t *bytes, size_t n)
{
	char hex[2 * IDENTITY_SIGNATURE + 1];
	sodium_bin2hex(hex, sizeof hex, bytes, n);
	put_field(l, key, hex);
}

/* Of a line that is no yes: where there is one. */
static void put_hash(struct line *l, const char *key, const uint8_t hash[32], bool always)
{
	if (always || !sodium_is_zero(hash, 32))
		put_hex(l, key, hash, 32);
}

static void put_record(struct line *l, const struct receipt *r, const uint8_t prev[RECEIPT_HASH])
{
	put(l, "{\"record\":{\"schema_version\":\"" RECEIPT_VERSION "\"");
	put_field(l, "record_id", r->id);
	if (*r->pseudonym)
		put_field(l, "pii_principal_id", r->pseudonym);
	put_hex(l, "prev", prev, RECEIPT_HASH);
	put(l, "}");
}

static void put_purposes(struct line *l, const struct receipt *r)
{
	put(l, ",\"purposes\":[");
	for (int i = 0; i < r->purposes; i++) {
		put(l, i ? ",{\"purpose\":\"" : "{\"purpose\":\"");
		put(l, r->purpose[i].id);
		put(l, r->purpose[i].agreed ? "\",\"agreed\":true" : "\",\"agreed\":false");
		if (r->about) {
			const struct purpose *p = &r->about->purpose[i];
			put_field(l, "purpose_type", p->category);
			put_field(l, "lawful_basis", "consent");
			put(l, ",\"recipient_third_parties\":[");
			for (int k = 0; k < p->recipients; k++) {
				put(l, k ? "," : "");
				put_text(l, p->recipient[k]);
			}
			put(l, "]");
		}
		put(l, "}");
	}
	put(l, "]");
}

static void put_information(struct line *l, const struct limits *c)
{
	const char *const rows[][2] = {
		{"keys", bounds_keys_name(c->keys)}, {"key_time", bounds_grid_name(c->key_grid_us)},
		{"pointer", bounds_pointer_name(c->pointer)}, {"scroll", c->scroll ? "true" : "false"}, {"apps", bounds_apps_name(c->apps)},
	};
	put(l, ",\"pii_information\":[");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		put(l, i ? ",{\"pii_type\":" : "{\"pii_type\":");
		put_text(l, rows[i][0]);
		put_field(l, "detail", rows[i][1]);
		put(l, "}");
	}
	put(l, "]");
}

static void put_processing(struct line *l, const struct receipt *r)
{
	const struct study *s = r->about;
	char period[40];
	put(l, ",\"processing\":{\"study\":");
	put_text(l, r->study);
	if (s)
		put_field(l, "title", study_text(&s->title));
	if (*r->language)
		put_field(l, "language", r->language);
	if (s)
		put_field(l, "jurisdiction", *s->jurisdiction ? s->jurisdiction : RECEIPT_UNSTATED);
	put_hash(l, "privacy_notice", r->notice_hash, s != NULL);
	put_hash(l, "shown_hash", r->shown_hash, s != NULL);
	put_hash(l, "manifest_hash", r->manifest_hash, true);
	put_hash(l, "terms_hash", r->terms_hash, true);
	put_hash(l, "policy_hash", r->policy_hash, s != NULL);
	if (r->purposes)
		put_purposes(l, r);
	if (s) {
		put_information(l, &s->capture);
		put(l, ",\"pii_controllers\":[\"controller\"]");
		put_field(l, "collection_method", RECEIPT_COLLECTED);
		put(l, ",\"storage_locations\":[\"" RECEIPT_STORED "\"]");
		put_field(l, "retention_period", receipt_duration(s->capture.retention_us, period));
		put_field(l, "withdrawal_method", RECEIPT_ENDED);
	}
	put(l, "}");
}

static void put_parties(struct line *l, const struct receipt *r)
{
	const struct study *s = r->about;
	put(l, ",\"parties\":[{\"party_id\":\"controller\",\"party_role\":\"pii_controller\",\"party_type\":\"organisation\"");
	put_field(l, "party_name", s->controller_name);
	put_field(l, "party_address", *s->controller_address ? s->controller_address : RECEIPT_UNSTATED);
	put_field(l, "party_contact", s->controller_contact);
	if (*s->controller_authority)
		put_field(l, "authority", s->controller_authority);
	put(l, "},{\"party_id\":\"participant\",\"party_role\":\"pii_principal\",\"party_type\":\"person\"");
	put_hex(l, "public_key", r->participant_key, IDENTITY_KEY);
	put(l, "},{\"party_id\":\"agent\",\"party_role\":\"recorder\",\"party_type\":\"software\"");
	put_hex(l, "public_key", r->agent_key, IDENTITY_KEY);
	if (*s->recipient_key) {
		put(l, "},{\"party_id\":\"recipient\",\"party_role\":\"recipient\",\"party_type\":\"organisation\"");
		put_field(l, "public_key", s->recipient_key);
	}
	put(l, "}]");
}

static void put_events(struct line *l, const struct receipt *r)
{
	char time[28], period[40];
	put(l, ",\"events\":[{\"event_state\":");
	put_text(l, receipt_state_name(r->state));
	put_field(l, "event_type", receipt_by_participant(r->state) ? "explicit" : "automatic");
	put_field(l, "entity_id", receipt_by_participant(r->state) ? "participant" : "agent");
	put_field(l, "event_time", clock_format(r->t_us, time));
	if (r->until_us)
		put_field(l, "event_until", clock_format(r->until_us, time));
	if (receipt_is_yes(r))
		put_field(l, "validity_duration", receipt_duration(r->until_us - r->t_us, period));
	put(l, "}]");
}

static int fill(const struct identity *identity, struct receipt *r)
{
	const struct study *s = r->about;
	if (!s || r->purposes != s->purposes || strcmp(s->id, r->study) != 0)
		return ERROR_INVALID;
	for (int i = 0; i < s->purposes; i++)
		if (strcmp(s->purpose[i].id, r->purpose[i].id) != 0)
			return ERROR_INVALID;
	int e = identity_participant_key(identity, r->study, r->participant_key);
	if (!e)
		e = identity_agent_key(identity, r->study, r->agent_key);
	if (!e)
		identity_pseudonym(r->participant_key, r->pseudonym);
	return e;
}

int receipt_format(const struct identity *identity, struct receipt *receipt, const uint8_t prev[RECEIPT_HASH], char out[RECEIPT_LINE_MAX])
{
	struct line l = {.text = out};
	struct receipt r = *receipt;
	uint8_t signature[IDENTITY_SIGNATURE];
	bool yes = receipt_is_yes(&r);
	int e = yes ? fill(identity, &r) : 0;
	if (!yes) {
		r.about = NULL;
		memset(r.participant_key, 0, sizeof r.participant_key);
		memset(r.agent_key, 0, sizeof r.agent_key);
	}
	if (!e && receipt_fault(&r))
		e = ERROR_INVALID;
	if (e)
		return e;
	put_record(&l, &r, prev);
	put_processing(&l, &r);
	if (yes)
		put_parties(&l, &r);
	put_events(&l, &r);
	if (yes && (e = identity_participant_sign(identity, r.study, l.text, l.used, signature)))
		return e;
	if (yes)
		put_hex(&l, "participant_signature", signature, sizeof signature);
	if ((e = identity_agent_sign(identity, r.study, l.text, l.used, signature)))
		return e;
	put_hex(&l, "agent_signature", signature, sizeof signature);
	put(&l, "}");
	if (l.full)
		return ERROR_LIMIT;
	r.about = receipt->about;
	*receipt = r;
	return (int)l.used;
}
