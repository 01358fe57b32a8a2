/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "../base/bounds.h"
#include "../base/clock.h"
#include "../base/json_text.h"
#include "cli.h"
#include "receipts.h"

/* What the specification has no value for, and yet wants one. */
#define UNSTATED "not stated"

static void field(const char *key, const char *value)
{
	printf(",\"%s\":", key);
	json_text(stdout, value);
}

/* Of the receipt that receipt_parse accepted. */
static const char *text_of(const struct config_node *map, const char *key)
{
	const struct config_node *n = map ? config_get(map, key) : NULL;
	return n && n->type == CONFIG_SCALAR ? n->text : NULL;
}

/* The same of what every yes has. */
static const char *said(const struct config_node *map, const char *key)
{
	const char *text = text_of(map, key);
	return text ? text : "";
}

static const struct config_node *party(const struct config_node *root, const char *id)
{
	const struct config_node *list = config_get(root, "parties");
	for (const struct config_node *n = list ? list->first : NULL; n; n = n->next)
		if (strcmp(said(n, "party_id"), id) == 0)
			return n;
	return NULL;
}

static void controllers(const struct config_node *root)
{
	const struct config_node *c = party(root, "controller");
	const char *contact = said(c, "party_contact"), *address = text_of(c, "party_address");
	printf(",\"piiControllers\":[{\"piiController\":");
	json_text(stdout, said(c, "party_name"));
	printf(",\"onBehalf\":false");
	field("contact", contact);
	printf(",\"address\":{\"streetAddress\":");
	json_text(stdout, address ? address : UNSTATED);
	printf("}");
	field("email", strchr(contact, '@') ? contact : UNSTATED);
	field("phone", strchr(contact, '@') ? UNSTATED : contact);
	printf("}]");
}

/* "keys: class", for what is captured at all. */
static void categories(const struct config_node *processing)
{
	const struct config_node *list = config_get(processing, "pii_information");
	bool first = true;
	printf(",\"piiCategory\":[");
	for (const struct config_node *n = list->first; n; n = n->next) {
		const char *detail = said(n, "detail");
		char text[128];
		if (strcmp(detail, "none") == 0 || strcmp(detail, "false") == 0)
			continue;
		snprintf(text, sizeof text, "%s: %s", said(n, "pii_type"), detail);
		printf(first ? "" : ",");
		json_text(stdout, text);
		first = false;
	}
	printf("]");
}

static void third_parties(const struct config_node *purpose)
{
	const struct config_node *list = config_get(purpose, "recipient_third_parties");
	printf(",\"thirdPartyDisclosure\":%s", list->first ? "true" : "false");
	if (!list->first)
		return;
	/* One text in the specification: names with a comma in them would not be told apart by commas. */
	printf(",\"thirdPartyName\":\"");
	for (const struct config_node *n = list->first; n; n = n->next) {
		for (const char *c = n->text; *c; c++)
			printf(*c == '"' || *c == '\\' ? "\\%c" : *c == '\n' || *c == '\t' ? " " : "%c", *c);
		printf(n->next ? "; " : "");
	}
	printf("\"");
}

/* The purpose in the words that were asked, if the manifest is still there; else its id. */
static const char *words(const struct study *study, const char *id)
{
	for (int i = 0; study && i < study->purposes; i++)
		if (strcmp(study->purpose[i].id, id) == 0)
			return study_text(&study->purpose[i].text);
	return id;
}

static void services(const struct config_node *root, const struct receipt *r, const struct study *study)
{
	const struct config_node *processing = config_get(root, "processing"), *list = config_get(processing, "purposes");
	char end[200], time[28], kept[48];
	bool first = true;
	long long seconds = 0;
	sscanf(said(processing, "retention_period"), "PT%lldS", &seconds);
	snprintf(end, sizeof end, "consent ends %s, or earlier by withdrawal; each recording is deleted %s after it was made", clock_format(r->until_us, time),
		 bounds_duration_text((int64_t)seconds * 1000000, kept));
	printf(",\"services\":[{\"service\":");
	json_text(stdout, said(processing, "title"));
	printf(",\"purposes\":[");
	for (const struct config_node *n = list->first; n; n = n->next) {
		if (strcmp(said(n, "agreed"), "true") != 0)
			continue;
		printf(first ? "{\"purpose\":" : ",{\"purpose\":");
		json_text(stdout, words(study, said(n, "purpose")));
		printf(",\"purposeCategory\":[");
		json_text(stdout, said(n, "purpose_type"));
		printf("],\"consentType\":\"EXPLICIT\"");
		categories(processing);
		/* Each is asked on its own, and none is the price of another. */
		printf(",\"primaryPurpose\":true");
		field("termination", end);
		third_parties(n);
		printf("}");
		first = false;
	}
	printf("]}]");
}

/* What is typed can be about anything; classes of keys and times are not. */
static void sensitivity(const struct config_node *root)
{
	const struct config_node *list = config_get(config_get(root, "processing"), "pii_information");
	bool sensitive = false;
	for (const struct config_node *n = list->first; n; n = n->next) {
		const char *type = said(n, "pii_type"), *detail = said(n, "detail");
		sensitive |= strcmp(type, "keys") == 0 && (strcmp(detail, "code") == 0 || strcmp(detail, "text") == 0);
		sensitive |= strcmp(type, "apps") == 0 && strcmp(detail, "title") == 0;
	}
	printf(",\"sensitive\":%s,\"spiCat\":[%s]", sensitive ? "true" : "false",
	       sensitive ? "\"whatever was typed, or stands in a window's title, outside of fields that are never recorded\"" : "");
}

static struct study *load_study(const struct session *s, const struct receipt *r)
{
	char path[PLACE_MAX + 100], hex[17];
	struct study *study = NULL;
	struct config_error error;
	sodium_bin2hex(hex, sizeof hex, r->manifest_hash, 8);
	snprintf(path, sizeof path, "%s/%s-%s.yaml", s->places.studies, r->study, hex);
	if (study_load(path, &study, &error))
		return NULL;
	if (memcmp(study->hash, r->manifest_hash, sizeof study->hash) == 0)
		return study;
	study_free(study);
	return NULL;
}

int receipts_kantara(struct session *s, const struct receipt *r, const char *line, size_t length)
{
	struct config *c;
	struct config_error error;
	char hex[65], policy[128];
	if (config_parse("receipt", line, length, &c, &error)) {
		cli_complain("%s", error.text);
		return EXIT_FAILED;
	}
	const struct config_node *root = config_root(c), *processing = config_get(root, "processing"), *recipient = party(root, "recipient");
	const char *jurisdiction = text_of(processing, "jurisdiction");
	struct study *study = load_study(s, r);
	sodium_bin2hex(hex, sizeof hex, r->notice_hash, sizeof r->notice_hash);
	snprintf(policy, sizeof policy, "urn:assent:notice:%s", hex);
	printf("{\"version\":\"KI-CR-v1.1.0\"");
	field("jurisdiction", jurisdiction ? jurisdiction : UNSTATED);
	printf(",\"consentTimestamp\":%" PRId64, r->t_us / 1000000);
	field("collectionMethod", said(processing, "collection_method"));
	field("consentReceiptID", r->id);
	if (recipient)
		field("publicKey", said(recipient, "public_key"));
	field("language", r->language);
	field("piiPrincipalId", r->pseudonym);
	controllers(root);
	field("policyUrl", policy);
	services(root, r, study);
	sensitivity(root);
	printf("}\n");
	study_free(study);
	config_free(c);
	return EXIT_DONE;
}
