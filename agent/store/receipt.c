/* SPDX-License-Identifier: Apache-2.0 */
#include "receipt.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../error.h"
#include "receipt_inside.h"

static const char *const states[LEDGER_STATE_COUNT] = {"requested", "given", "refused", "withdrawn", "paused", "resumed",
	"expired", "invalidated", "renewed", "deferred"};

const char *receipt_state_name(enum ledger_state state)
{
	return (unsigned)state < LEDGER_STATE_COUNT ? states[state] : "?";
}

bool receipt_is_yes(const struct receipt *r) { return r->state == LEDGER_GIVEN || r->state == LEDGER_RENEWED; }

bool receipt_by_participant(enum ledger_state state)
{
	return state != LEDGER_REQUESTED && state != LEDGER_EXPIRED && state != LEDGER_INVALIDATED;
}

void receipt_hash(const char *line, size_t length, uint8_t hash[RECEIPT_HASH])
{
	crypto_generichash(hash, RECEIPT_HASH, (const unsigned char *)line, length, NULL, 0);
}

char *receipt_duration(int64_t us, char out[40])
{
	if (us % 1000000)
		snprintf(out, 40, "PT%" PRId64 ".%06dS", us / 1000000, (int)(us % 1000000));
	else
		snprintf(out, 40, "PT%" PRId64 "S", us / 1000000);
	return out;
}

static bool is_id(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n >= 3 && n <= 64 && !s[n];
}

static bool is_hex(const char *s, size_t digits)
{
	return strlen(s) == digits && strspn(s, "0123456789abcdef") == digits;
}

static bool is_language(const char *s)
{
	return strlen(s) >= 2 && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")];
}

/* What holds for every receipt, read or to be written. */
const char *receipt_fault(const struct receipt *r)
{
	bool yes = receipt_is_yes(r), agreed = false;
	if ((unsigned)r->state >= LEDGER_STATE_COUNT)
		return "its state is not one";
	if (!is_hex(r->id, 32))
		return "its id is not one";
	if (!is_id(r->study))
		return "its study is not one";
	if (*r->pseudonym && !is_hex(r->pseudonym, 32))
		return "its pseudonym is not one";
	if (*r->language && !is_language(r->language))
		return "its language is not one";
	if (r->until_us && r->until_us <= r->t_us)
		return "it ends before it begins";
	if (r->until_us && !yes && r->state != LEDGER_PAUSED)
		return "it has an end where none belongs";
	if (r->purposes && !yes && r->state != LEDGER_REFUSED)
		return "it has purposes where none belong";
	if (r->purposes < 0 || r->purposes > STUDY_PURPOSES_MAX)
		return "it has too many purposes";
	for (int i = 0; i < r->purposes; i++) {
		if (!is_id(r->purpose[i].id))
			return "one of its purposes is not one";
		for (int k = 0; k < i; k++)
			if (strcmp(r->purpose[i].id, r->purpose[k].id) == 0)
				return "it has a purpose twice";
		agreed |= r->purpose[i].agreed;
	}
	if (r->state == LEDGER_REFUSED && agreed)
		return "it is refused and agrees to a purpose";
	if (!yes)
		return NULL;
	if (!agreed)
		return "it is given for no purpose";
	if (!r->until_us)
		return "it is given without an end";
	if (!*r->language || sodium_is_zero(r->notice_hash, 32) || sodium_is_zero(r->shown_hash, 32))
		return "it is given, and does not say what was shown";
	return *r->pseudonym ? NULL : "it is given, and does not say by whom";
}

/* ---- the bytes: exactly those that receipt_format would write for this tree ---- */

struct match { const char *at, *end; };

static bool literal(struct match *m, const char *s)
{
	size_t n = strlen(s);
	if ((size_t)(m->end - m->at) < n || memcmp(m->at, s, n) != 0)
		return false;
	m->at += n;
	return true;
}

static bool quoted(struct match *m, const char *s)
{
	if (!literal(m, "\""))
		return false;
	for (; *s; s++) {
		const char one[2] = {*s, 0};
		const char *bytes = *s == '"' ? "\\\"" : *s == '\\' ? "\\\\" : *s == '\n' ? "\\n" : *s == '\t' ? "\\t" : one;
		if (!literal(m, bytes))
			return false;
	}
	return literal(m, "\"");
}

/* As deep as the parser let it be. */
static bool canonical(struct match *m, const struct config_node *n)
{
	if (n->type == CONFIG_SCALAR)
		return n->quoted ? quoted(m, n->text) : literal(m, n->text);
	if (!literal(m, n->type == CONFIG_MAP ? "{" : "["))
		return false;
	for (const struct config_node *k = n->first; k; k = k->next) {
		if (k != n->first && !literal(m, ","))
			return false;
		if (n->type == CONFIG_MAP && (!quoted(m, k->key) || !literal(m, ":")))
			return false;
		if (!canonical(m, k))
			return false;
	}
	return literal(m, n->type == CONFIG_MAP ? "}" : "]");
}

/* ---- the fields, in their order ---- */

/* The children of a map or list, one after the other. bad: something was not what it has to be. */
struct walk { const struct config_node *next; bool bad; };

static struct walk enter(struct walk *up, const struct config_node *n, enum config_type type)
{
	struct walk w = {0};
	if (!n || n->type != type)
		up->bad = w.bad = true;
	else
		w.next = n->first;
	return w;
}

/* The next child, if it has this key (NULL: of a list); else NULL, and it stays the next. */
static const struct config_node *take(struct walk *w, const char *key)
{
	const struct config_node *n = w->next;
	if (!n || (key && strcmp(n->key, key) != 0))
		return NULL;
	w->next = n->next;
	return n;
}

static void leave(struct walk *up, const struct walk *w)
{
	up->bad |= w->bad || w->next;
}

static const char *text_or_null(struct walk *w, const char *key)
{
	const struct config_node *n = take(w, key);
	if (n && (n->type != CONFIG_SCALAR || !n->quoted)) {
		w->bad = true;
		n = NULL;
	}
	return n ? n->text : NULL;
}

static const char *text(struct walk *w, const char *key)
{
	const char *s = text_or_null(w, key);
	if (!s)
		w->bad = true;
	return s ? s : "";
}

static void copy(struct walk *w, const char *s, char *out, size_t size)
{
	size_t n = strlen(s);
	if (n >= size) {
		w->bad = true;
		n = 0;
	}
	memcpy(out, s, n);
	out[n] = 0;
}

static void exactly(struct walk *w, const char *key, const char *value)
{
	if (strcmp(text(w, key), value) != 0)
		w->bad = true;
}

static void hash_of(struct walk *w, const char *key, bool needed, uint8_t out[32])
{
	const char *hex = needed ? text(w, key) : text_or_null(w, key);
	size_t n;
	if (!hex)
		return;
	if (!is_hex(hex, 64) || sodium_hex2bin(out, 32, hex, 64, NULL, &n, NULL) || n != 32)
		w->bad = true;
	/* The writer leaves them out. */
	if (!needed && sodium_is_zero(out, 32))
		w->bad = true;
}

static void time_of(struct walk *w, const char *s, int64_t *us)
{
	if (strlen(s) != 27 || clock_parse(s, us))
		w->bad = true;
}

static void get_purpose(struct walk *up, const struct config_node *node, bool yes, struct receipt *out)
{
	struct walk w = enter(up, node, CONFIG_MAP);
	if (out->purposes == STUDY_PURPOSES_MAX) {
		up->bad = true;
		return;
	}
	int i = out->purposes++;
	copy(&w, text(&w, "purpose"), out->purpose[i].id, sizeof out->purpose[i].id);
	const struct config_node *agreed = take(&w, "agreed");
	if (!agreed || agreed->type != CONFIG_SCALAR || agreed->quoted ||
	    (strcmp(agreed->text, "true") != 0 && strcmp(agreed->text, "false") != 0))
		w.bad = true;
	else
		out->purpose[i].agreed = *agreed->text == 't';
	if (yes) {
		if (!is_id(text(&w, "purpose_type")))
			w.bad = true;
		exactly(&w, "lawful_basis", "consent");
		struct walk list = enter(&w, take(&w, "recipient_third_parties"), CONFIG_LIST);
		while (list.next)
			if (!*text(&list, NULL))
				list.bad = true;
		leave(&w, &list);
	}
	leave(up, &w);
}

static void get_information(struct walk *up)
{
	static const char *const types[] = {"keys", "key_time", "pointer", "scroll", "apps"};
	struct walk list = enter(up, take(up, "pii_information"), CONFIG_LIST);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct walk w = enter(&list, take(&list, NULL), CONFIG_MAP);
		exactly(&w, "pii_type", types[i]);
		if (!*text(&w, "detail"))
			w.bad = true;
		leave(&list, &w);
	}
	leave(up, &list);
}

static bool is_duration(const char *s)
{
	size_t n = strlen(s);
	return n > 3 && strncmp(s, "PT", 2) == 0 && s[n - 1] == 'S' && strspn(s + 2, "0123456789.") == n - 3;
}

static void get_processing(struct walk *up, bool yes, struct receipt *out)
{
	struct walk w = enter(up, take(up, "processing"), CONFIG_MAP);
	copy(&w, text(&w, "study"), out->study, sizeof out->study);
	if (yes && !*text(&w, "title"))
		w.bad = true;
	const char *s = text_or_null(&w, "language");
	copy(&w, s ? s : "", out->language, sizeof out->language);
	if ((s && !*s) || (yes && !*text(&w, "jurisdiction")))
		w.bad = true;
	hash_of(&w, "privacy_notice", yes, out->notice_hash);
	hash_of(&w, "shown_hash", yes, out->shown_hash);
	hash_of(&w, "manifest_hash", true, out->manifest_hash);
	hash_of(&w, "terms_hash", true, out->terms_hash);
	hash_of(&w, "policy_hash", yes, out->policy_hash);
	const struct config_node *purposes = take(&w, "purposes");
	if (purposes) {
		struct walk list = enter(&w, purposes, CONFIG_LIST);
		if (!list.next)
			list.bad = true;
		while (list.next && !list.bad)
			get_purpose(&list, take(&list, NULL), yes, out);
		leave(&w, &list);
	}
	if (yes) {
		get_information(&w);
		struct walk list = enter(&w, take(&w, "pii_controllers"), CONFIG_LIST);
		exactly(&list, NULL, "controller");
		leave(&w, &list);
		exactly(&w, "collection_method", RECEIPT_COLLECTED);
		list = enter(&w, take(&w, "storage_locations"), CONFIG_LIST);
		exactly(&list, NULL, RECEIPT_STORED);
		leave(&w, &list);
		if (!is_duration(text(&w, "retention_period")))
			w.bad = true;
		exactly(&w, "withdrawal_method", RECEIPT_ENDED);
	}
	leave(up, &w);
}

static void get_parties(struct walk *up, struct receipt *out)
{
	struct walk list = enter(up, take(up, "parties"), CONFIG_LIST);
	struct walk w = enter(&list, take(&list, NULL), CONFIG_MAP);
	const char *s;
	exactly(&w, "party_id", "controller");
	exactly(&w, "party_role", "pii_controller");
	exactly(&w, "party_type", "organisation");
	if (!*text(&w, "party_name") || !*text(&w, "party_address") || !*text(&w, "party_contact") ||
	    ((s = text_or_null(&w, "authority")) && !*s))
		w.bad = true;
	leave(&list, &w);
	w = enter(&list, take(&list, NULL), CONFIG_MAP);
	exactly(&w, "party_id", "participant");
	exactly(&w, "party_role", "pii_principal");
	exactly(&w, "party_type", "person");
	hash_of(&w, "public_key", true, out->participant_key);
	leave(&list, &w);
	w = enter(&list, take(&list, NULL), CONFIG_MAP);
	exactly(&w, "party_id", "agent");
	exactly(&w, "party_role", "recorder");
	exactly(&w, "party_type", "software");
	hash_of(&w, "public_key", true, out->agent_key);
	leave(&list, &w);
	if (list.next) {
		w = enter(&list, take(&list, NULL), CONFIG_MAP);
		exactly(&w, "party_id", "recipient");
		exactly(&w, "party_role", "recipient");
		exactly(&w, "party_type", "organisation");
		if (strncmp(text(&w, "public_key"), "assent-pub-", 11) != 0)
			w.bad = true;
		leave(&list, &w);
	}
	leave(up, &list);
}

static void get_event(struct walk *up, bool yes, struct receipt *out)
{
	struct walk list = enter(up, take(up, "events"), CONFIG_LIST), w = enter(&list, take(&list, NULL), CONFIG_MAP);
	char period[40];
	const char *s;
	text(&w, "event_state");
	exactly(&w, "event_type", receipt_by_participant(out->state) ? "explicit" : "automatic");
	exactly(&w, "entity_id", receipt_by_participant(out->state) ? "participant" : "agent");
	time_of(&w, text(&w, "event_time"), &out->t_us);
	if ((s = text_or_null(&w, "event_until")))
		time_of(&w, s, &out->until_us);
	/* 0 is "none" to everybody. */
	if (s && !out->until_us)
		w.bad = true;
	if (yes && strcmp(text(&w, "validity_duration"), receipt_duration(out->until_us - out->t_us, period)) != 0)
		w.bad = true;
	leave(&list, &w);
	leave(up, &list);
}

/* The state, which says what else has to be there: LEDGER_STATE_COUNT: none. */
static enum ledger_state state_of(const struct config_node *root)
{
	const struct config_node *n = config_get(root, "events");
	n = n && n->type == CONFIG_LIST ? n->first : NULL;
	n = n && n->type == CONFIG_MAP ? config_get(n, "event_state") : NULL;
	int i = 0;
	while (i < LEDGER_STATE_COUNT && !(n && n->type == CONFIG_SCALAR && strcmp(n->text, states[i]) == 0))
		i++;
	return (enum ledger_state)i;
}

static const char *fields(const struct config_node *root, struct receipt *out, uint8_t prev[RECEIPT_HASH])
{
	struct walk top = {.next = root->first}, w;
	const char *s;
	out->state = state_of(root);
	if (out->state == LEDGER_STATE_COUNT)
		return "it has no state that is known";
	bool yes = receipt_is_yes(out);
	w = enter(&top, take(&top, "record"), CONFIG_MAP);
	exactly(&w, "schema_version", RECEIPT_VERSION);
	copy(&w, text(&w, "record_id"), out->id, sizeof out->id);
	s = text_or_null(&w, "pii_principal_id");
	copy(&w, s ? s : "", out->pseudonym, sizeof out->pseudonym);
	if (s && !*s)
		w.bad = true;
	hash_of(&w, "prev", true, prev);
	leave(&top, &w);
	get_processing(&top, yes, out);
	if (yes)
		get_parties(&top, out);
	get_event(&top, yes, out);
	if ((yes && !is_hex(text(&top, "participant_signature"), RECEIPT_DIGITS)) || !is_hex(text(&top, "agent_signature"), RECEIPT_DIGITS))
		top.bad = true;
	return top.bad || top.next ? "a field is missing, not what it should be, or does not belong there" : receipt_fault(out);
}

int receipt_parse(const char *line, size_t length, struct receipt *out, uint8_t prev[RECEIPT_HASH], const char **what)
{
	struct config *c;
	struct config_error error;
	int e;
	memset(out, 0, sizeof *out);
	memset(prev, 0, RECEIPT_HASH);
	*what = "it is not JSON";
	if (length == 0 || line[0] != '{' || length >= RECEIPT_LINE_MAX)
		return ERROR_INVALID;
	if ((e = config_parse("", line, length, &c, &error)))
		return e == ERROR_MEMORY ? e : ERROR_INVALID;
	const struct config_node *root = config_root(c), *record = config_get(root, "record");
	const struct config_node *version = record && record->type == CONFIG_MAP ? config_get(record, "schema_version") : NULL;
	struct match m = {line, line + length};
	if (!version || version->type != CONFIG_SCALAR || strcmp(version->text, RECEIPT_VERSION) != 0) {
		*what = "it was made by an earlier or a later version of this program";
		e = ERROR_UNSUPPORTED;
	} else if (!canonical(&m, root) || m.at != m.end) {
		*what = "it is not written as this program writes it";
		e = ERROR_INVALID;
	} else if ((*what = fields(root, out, prev))) {
		e = ERROR_INVALID;
	}
	config_free(c);
	return e;
}

/* ---- signatures ---- */

/* The line ends with name, the digits, and rest: the signature, and how long what it signs is. */
static int signature_of(const char *line, size_t length, const char *name, const char *rest, uint8_t out[IDENTITY_SIGNATURE], size_t *signed_length)
{
	size_t n = strlen(name), r = strlen(rest), got;
	if (length < n + RECEIPT_DIGITS + r)
		return ERROR_CORRUPT;
	const char *at = line + length - r - RECEIPT_DIGITS - n;
	if (memcmp(at, name, n) != 0 || memcmp(line + length - r, rest, r) != 0 ||
	    sodium_hex2bin(out, IDENTITY_SIGNATURE, at + n, RECEIPT_DIGITS, NULL, &got, NULL) || got != IDENTITY_SIGNATURE)
		return ERROR_CORRUPT;
	*signed_length = (size_t)(at - line);
	return 0;
}

int receipt_verify_agent(const char *line, size_t length, const uint8_t key[IDENTITY_KEY])
{
	uint8_t signature[IDENTITY_SIGNATURE];
	size_t n;
	int e = signature_of(line, length, RECEIPT_AGENT_NAME, "\"}", signature, &n);
	return e ? e : identity_verify(key, line, n, signature);
}

int receipt_verify_participant(const char *line, size_t length, const struct receipt *r)
{
	uint8_t signature[IDENTITY_SIGNATURE];
	char pseudonym[IDENTITY_PSEUDONYM];
	size_t n;
	if (signature_of(line, length, RECEIPT_AGENT_NAME, "\"}", signature, &n) ||
	    signature_of(line, n, RECEIPT_PARTICIPANT_NAME, "\"", signature, &n))
		return ERROR_CORRUPT;
	identity_pseudonym(r->participant_key, pseudonym);
	if (strcmp(pseudonym, r->pseudonym) != 0)
		return ERROR_CORRUPT;
	return identity_verify(r->participant_key, line, n, signature);
}
