/* SPDX-License-Identifier: Apache-2.0 */
#include "study.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "bounds.h"
#include "pubkey.h"

#define DAY_US INT64_C(86400000000)

enum { TITLE_MAX = 200, PURPOSE_TEXT_MAX = 4096, NOTICE_TEXT_MAX = 32768 };

static const char *const categories[] = {"train-content-generating-model", "train-other-model", "hci-research",
	"product-improvement", NULL};

/* What this program must not be used for (DESIGN, "Never"), by the words that would name it. */
static const struct { const char *stem, *subject; } never[] = {
	{"emotion", "emotion"}, {"mood", "emotion"}, {"sentiment", "emotion"},
	{"health", "health"}, {"medical", "health"}, {"diagnos", "health"},
	{"performance", "performance"}, {"productivity", "performance"}, {"appraisal", "performance"},
	{"attendance", "attendance"}, {"absence", "attendance"}, {"timekeeping", "attendance"}, {"working-time", "attendance"},
	{"disciplin", "discipline"}, {"misconduct", "discipline"},
	{"identif", "identification"}, {"biometric", "identification"}, {"authenticat", "identification"},
};

struct reader {
	const struct config *c;
	struct config_error *error;
	struct study *study;
};

/* [a-z0-9-]{3,64} */
static bool is_id(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n >= 3 && n <= 64 && !s[n];
}

static int need(struct reader *r, const struct config_node *map, const char *key, const char *remedy, const struct config_node **out)
{
	*out = config_get(map, key);
	return *out ? 0 : config_complain(r->c, map, r->error, "%s is missing (%s)", key, remedy);
}

static int id(struct reader *r, const struct config_node *node, char out[65])
{
	/* Read generously, so that the message says what an id is and not how long a text may be. */
	char text[256] = "";
	int e = config_text(r->c, node, text, sizeof text, r->error);
	if (e)
		return e;
	if (!is_id(text))
		return config_complain(r->c, node, r->error, "\"%.40s\" is not an id (3 to 64 of a-z, 0-9 and -)", text);
	memcpy(out, text, strlen(text) + 1);
	return 0;
}

static bool is_language(const char *s)
{
	size_t n = 0;
	while (islower((unsigned char)s[n]))
		n++;
	if (n < 2 || n > 3)
		return false;
	if (!s[n])
		return true;
	size_t m = 1;
	while (isalnum((unsigned char)s[n + m]))
		m++;
	return s[n] == '-' && m >= 3 && m <= 8 && !s[n + m];
}

static int translated(struct reader *r, const struct config_node *node, size_t most, struct translated *out)
{
	if (node->type != CONFIG_MAP || !node->first)
		return config_complain(r->c, node, r->error, "must give the text per language (write {en: TEXT, de: TEXT})");
	for (const struct config_node *n = node->first; n; n = n->next) {
		if (!is_language(n->key))
			return config_complain(r->c, n, r->error, "\"%.20s\" is not a language (write en, de, pt-BR)", n->key);
		if (out->count == STUDY_LANGUAGES_MAX) {
			config_complain(r->c, n, r->error, "too many languages (at most %d)", STUDY_LANGUAGES_MAX);
			return ERROR_LIMIT;
		}
		char *text = malloc(most + 1);
		if (!text)
			return config_complain(r->c, n, r->error, "out of memory"), ERROR_MEMORY;
		int i = out->count++;
		memcpy(out->language[i], n->key, strlen(n->key) + 1);
		out->text[i] = text;
		*text = 0;
		int e = config_text(r->c, n, text, most + 1, r->error);
		if (e)
			return e;
		if (text[strspn(text, " \n\t")] == 0)
			return config_complain(r->c, n, r->error, "is empty (write what people are to read)");
		char *fit = realloc(text, strlen(text) + 1);
		if (fit)
			out->text[i] = fit;
	}
	return 0;
}

/* These stand among the program's own sentences: with lines of their own they could look like those. */
static int one_line(struct reader *r, const struct config_node *node, const char *text)
{
	return strpbrk(text, "\n\t") ? config_complain(r->c, node, r->error, "must be one line") : 0;
}

static int refuse_never(struct reader *r, const struct config_node *node)
{
	if (!node || node->type != CONFIG_SCALAR)
		return 0;
	char lower[256];
	size_t n = 0;
	for (; node->text[n] && n < sizeof lower - 1; n++)
		lower[n] = node->text[n] == '_' || node->text[n] == ' ' ? '-' : (char)tolower((unsigned char)node->text[n]);
	lower[n] = 0;
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (strstr(lower, never[i].stem))
			return config_complain(r->c, node, r->error, "a purpose of %s is refused: what people type is never recorded to judge or "
					       "recognise them (permitted: %s, %s, %s, %s)", never[i].subject, categories[0], categories[1],
					       categories[2], categories[3]);
	return 0;
}

static int purpose(struct reader *r, const struct config_node *map, struct purpose *p)
{
	static const char *const known[] = {"id", "category", "text", "recipients", NULL};
	const struct config_node *name, *category, *text, *recipients;
	int e, which = 0;
	if ((e = config_known(r->c, map, known, r->error)) ||
	    (e = need(r, map, "id", "a short name, e.g. hci-research", &name)) ||
	    (e = need(r, map, "category", "one of the four that are permitted, e.g. hci-research", &category)) ||
	    (e = need(r, map, "text", "what people are asked, e.g. {en: ...}", &text)) ||
	    (e = refuse_never(r, category)) || (e = refuse_never(r, name)) ||
	    (e = id(r, name, p->id)) ||
	    (e = config_choice(r->c, category, categories, &which, r->error)) ||
	    (e = translated(r, text, PURPOSE_TEXT_MAX, &p->text)))
		return e;
	memcpy(p->category, categories[which], strlen(categories[which]) + 1);
	for (int i = 0; i < r->study->purposes; i++)
		if (&r->study->purpose[i] != p && strcmp(r->study->purpose[i].id, p->id) == 0)
			return config_complain(r->c, name, r->error, "\"%s\" is the id of purposes[%d] already (each is asked on its own)", p->id, i);
	recipients = config_get(map, "recipients");
	if (!recipients)
		return 0;
	if (recipients->type != CONFIG_LIST)
		return config_complain(r->c, recipients, r->error, "must be a list (write [\"Name, place\"], or [] for nobody)");
	for (const struct config_node *n = recipients->first; n; n = n->next) {
		if (p->recipients == STUDY_RECIPIENTS_MAX) {
			config_complain(r->c, n, r->error, "too many recipients (at most %d)", STUDY_RECIPIENTS_MAX);
			return ERROR_LIMIT;
		}
		char *to = p->recipient[p->recipients++];
		if ((e = config_text(r->c, n, to, sizeof p->recipient[0], r->error)))
			return e;
		if (!*to)
			return config_complain(r->c, n, r->error, "is empty (name the recipient)");
	}
	return 0;
}

static int purposes(struct reader *r, const struct config_node *list)
{
	struct study *s = r->study;
	if (list->type != CONFIG_LIST || !list->first)
		return config_complain(r->c, list, r->error, "must be a list of at least one purpose (- id: ..., category: ..., text: ...)");
	for (const struct config_node *n = list->first; n; n = n->next) {
		if (s->purposes == STUDY_PURPOSES_MAX) {
			config_complain(r->c, n, r->error, "too many purposes (at most %d)", STUDY_PURPOSES_MAX);
			return ERROR_LIMIT;
		}
		int e = purpose(r, n, &s->purpose[s->purposes++]);
		if (e)
			return e;
	}
	return 0;
}

static int controller(struct reader *r, const struct config_node *map)
{
	static const char *const known[] = {"name", "address", "contact", "authority", NULL};
	const struct config_node *name, *contact;
	struct study *s = r->study;
	int e;
	if ((e = config_known(r->c, map, known, r->error)) ||
	    (e = need(r, map, "name", "who is responsible for the data", &name)) ||
	    (e = need(r, map, "contact", "whom people ask, and tell that they withdraw", &contact)) ||
	    (e = config_text(r->c, name, s->controller_name, sizeof s->controller_name, r->error)) ||
	    (e = config_text(r->c, contact, s->controller_contact, sizeof s->controller_contact, r->error)) ||
	    (e = config_text(r->c, config_get(map, "address"), s->controller_address, sizeof s->controller_address, r->error)) ||
	    (e = config_text(r->c, config_get(map, "authority"), s->controller_authority, sizeof s->controller_authority, r->error)))
		return e;
	if (!*s->controller_name)
		return config_complain(r->c, name, r->error, "is empty (say who is responsible for the data)");
	if (!*s->controller_contact)
		return config_complain(r->c, contact, r->error, "is empty (say whom people can ask)");
	/* Other programs than the notice print these, between words of their own. */
	if ((e = one_line(r, contact, s->controller_contact)))
		return e;
	return one_line(r, name, s->controller_name);
}

static int references(struct reader *r, const struct config_node *map)
{
	static const char *const known[] = {"ethics", "impact_assessment", "works_agreement", NULL};
	struct study *s = r->study;
	int e;
	if (!map)
		return 0;
	if ((e = config_known(r->c, map, known, r->error)) ||
	    (e = config_text(r->c, config_get(map, "ethics"), s->ethics, sizeof s->ethics, r->error)) ||
	    (e = config_text(r->c, config_get(map, "impact_assessment"), s->impact_assessment, sizeof s->impact_assessment, r->error)))
		return e;
	return config_text(r->c, config_get(map, "works_agreement"), s->works_agreement, sizeof s->works_agreement, r->error);
}

static int key(struct reader *r, const struct config_node *node)
{
	struct study *s = r->study;
	uint8_t bytes[PUBKEY_BYTES];
	int e = config_text(r->c, node, s->recipient_key, sizeof s->recipient_key, r->error);
	if (e || !node)
		return e;
	if (pubkey_parse(s->recipient_key, bytes))
		return config_complain(r->c, node, r->error, "is not a recipient's key, or a letter of it is wrong (assent-pub- and 47 characters, as "
				       "assent keygen tells it)");
	return 0;
}

static int review(struct reader *r, const struct config_node *node)
{
	/* Silent: nothing leaves but by the participant's hand. */
	r->study->review_us = -1;
	if (node && node->type == CONFIG_SCALAR && strcmp(node->text, "manual") == 0)
		return 0;
	int e = bounds_duration(r->c, node, 0, 3650 * DAY_US, &r->study->review_us, r->error);
	if (!e && r->study->review_us >= r->study->capture.retention_us)
		return config_complain(r->c, node ? node : config_root(r->c), r->error, "has to be shorter than retention: else all is deleted before it is released");
	return e;
}

/* Nobody is asked in another language than that of the notice they read. */
static int languages(struct reader *r, const struct config_node *node, const struct translated *t)
{
	const struct translated *notice = &r->study->notice;
	for (int i = 0; i < notice->count; i++) {
		int k = 0;
		while (k < t->count && strcmp(t->language[k], notice->language[i]) != 0)
			k++;
		if (k == t->count)
			return config_complain(r->c, node, r->error, "is not there in \"%s\", and the notice is (write %s: ...)",
					       notice->language[i], notice->language[i]);
	}
	return 0;
}

static int everything(struct reader *r)
{
	static const char *const known[] = {"assent", "study", "title", "controller", "jurisdiction", "purposes", "capture",
		"retention", "consent_valid", "review", "recipient_key", "references", "notice", NULL};
	const struct config_node *root = config_root(r->c), *version, *name, *title, *who, *list, *kept, *valid, *notice;
	const struct config_node *capture = config_get(root, "capture");
	struct study *s = r->study;
	int64_t v = 1;
	unsigned named;
	int e;
	if ((e = config_known(r->c, root, known, r->error)) ||
	    (e = need(r, root, "assent", "write: assent: 1", &version)) ||
	    (e = config_integer(r->c, version, 1, INT32_MAX, &v, r->error)) ||
	    (e = v == 1 ? 0 : config_complain(r->c, version, r->error, "is a manifest of version %lld, and this program (" ASSENT_VERSION ") knows 1 "
		"(install a later Assent)", (long long)v)) ||
	    (e = need(r, root, "study", "a short id, e.g. study: typing-2026", &name)) ||
	    (e = need(r, root, "title", "write: title: {en: ...}", &title)) ||
	    (e = need(r, root, "controller", "who asks: name and contact", &who)) ||
	    (e = need(r, root, "purposes", "what is asked; each is agreed to on its own", &list)) ||
	    (e = need(r, root, "retention", "how long data is kept, e.g. retention: 90d", &kept)) ||
	    (e = need(r, root, "consent_valid", "after which time it is asked again, e.g. consent_valid: 180d", &valid)) ||
	    (e = need(r, root, "notice", "the text people read before they are asked: {en: ...}", &notice)) ||
	    (e = id(r, name, s->id)) || (e = translated(r, title, TITLE_MAX, &s->title)) || (e = controller(r, who)) ||
	    (e = config_text(r->c, config_get(root, "jurisdiction"), s->jurisdiction, sizeof s->jurisdiction, r->error)) ||
	    (e = purposes(r, list)))
		return e;
	/* Without the study's word: the smallest that is of use. */
	s->capture.keys = DETAIL_CLASS;
	s->capture.key_grid_us = 20000;
	s->capture.pointer = POINTER_NONE;
	s->capture.scroll = false;
	s->capture.apps = APPS_ID;
	if ((capture && (e = bounds_read(r->c, capture, &s->capture, &named, r->error))) ||
	    (e = bounds_duration(r->c, kept, 1000000, 3650 * DAY_US, &s->capture.retention_us, r->error)) ||
	    (e = bounds_duration(r->c, valid, 1000000, 3650 * DAY_US, &s->consent_valid_us, r->error)) ||
	    (e = review(r, config_get(root, "review"))) || (e = key(r, config_get(root, "recipient_key"))) ||
	    (e = references(r, config_get(root, "references"))))
		return e;
	if ((e = translated(r, notice, NOTICE_TEXT_MAX, &s->notice)) || (e = languages(r, title, &s->title)))
		return e;
	int i = 0;
	for (const struct config_node *n = title->first; n; n = n->next)
		if ((e = one_line(r, n, s->title.text[i++])))
			return e;
	i = 0;
	for (const struct config_node *n = list->first; n; n = n->next)
		if ((e = languages(r, config_get(n, "text"), &s->purpose[i++].text)))
			return e;
	return 0;
}

static int hashes(struct study *s)
{
	for (int terms = 0; terms < 2; terms++) {
		char *text;
		size_t length;
		int e = study_canonical(s, terms, &text, &length);
		if (e)
			return e;
		crypto_generichash(terms ? s->terms_hash : s->hash, sizeof s->hash, (const unsigned char *)text, length, NULL, 0);
		free(text);
	}
	return 0;
}

int study_parse(const char *name, const char *text, size_t length, struct study **study, struct config_error *error)
{
	struct config *c;
	*study = NULL;
	int e = config_parse(name, text, length, &c, error);
	if (e)
		return e;
	struct study *s = calloc(1, sizeof *s);
	if (!s) {
		config_free(c);
		memcpy(error->text, "out of memory", sizeof "out of memory");
		return ERROR_MEMORY;
	}
	struct reader r = {c, error, s};
	e = everything(&r);
	config_free(c);
	if (e) {
		study_free(s);
		return e;
	}
	e = hashes(s);
	if (e) {
		memcpy(error->text, "out of memory", sizeof "out of memory");
		study_free(s);
		return e;
	}
	*study = s;
	return 0;
}

int study_load(const char *path, struct study **study, struct config_error *error)
{
	char *text;
	size_t length;
	*study = NULL;
	int e = config_read(path, &text, &length, error);
	if (e)
		return e;
	e = study_parse(path, text, length, study, error);
	free(text);
	return e;
}

static void free_texts(struct translated *t)
{
	for (int i = 0; i < t->count; i++)
		free(t->text[i]);
}

void study_free(struct study *s)
{
	if (!s)
		return;
	free_texts(&s->title);
	free_texts(&s->notice);
	for (int i = 0; i < s->purposes; i++)
		free_texts(&s->purpose[i].text);
	free(s);
}
