/* SPDX-License-Identifier: Apache-2.0 */
/* `assent notice --json`: one object on one line. */
#include "notice_json.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../base/bounds.h"
#include "../base/json_text.h"
#include "../error.h"

static void member(FILE *f, const char *name, const char *value)
{
	fprintf(f, ",\"%s\":", name);
	if (value && *value)
		json_text(f, value);
	else
		fputs("null", f);
}

static void hash(FILE *f, const char *name, const uint8_t bytes[32])
{
	char hex[65];
	fprintf(f, ",\"%s\":\"%s\"", name, sodium_bin2hex(hex, sizeof hex, bytes, 32));
}

static void list(FILE *f, const char *name, const struct pattern_list *l)
{
	fprintf(f, ",\"%s\":[", name);
	for (int i = 0; i < l->count; i++) {
		if (i)
			putc(',', f);
		json_text(f, l->pattern[i]);
	}
	putc(']', f);
}

static void limits(FILE *f, const struct merged *m)
{
	const struct limits *l = &m->limits;
	fprintf(f, ",\"limits\":{\"keys\":{\"value\":\"%s\",\"from\":\"%s\"},\"key_time\":{\"value\":\"%s\",\"from\":\"%s\"}", bounds_keys_name(l->keys),
		settings_origin_name(m->keys), bounds_grid_name(l->key_grid_us), settings_origin_name(m->grid));
	fprintf(f, ",\"pointer\":{\"value\":\"%s\",\"from\":\"%s\"},\"scroll\":{\"value\":%s,\"from\":\"%s\"}", bounds_pointer_name(l->pointer),
		settings_origin_name(m->pointer), l->scroll ? "true" : "false", settings_origin_name(m->scroll));
	fprintf(f, ",\"apps\":{\"value\":\"%s\",\"from\":\"%s\"},\"retention_us\":{\"value\":%" PRId64 ",\"from\":\"%s\"}", bounds_apps_name(l->apps),
		settings_origin_name(m->apps), l->retention_us, settings_origin_name(m->retention));
	fprintf(f, ",\"review_us\":{\"value\":%" PRId64 ",\"from\":\"%s\"}", m->review_us, settings_origin_name(m->review));
	list(f, "only_apps", &l->only_apps);
	list(f, "exclude_apps", &l->exclude_apps);
	putc('}', f);
}

int notice_json(FILE *f, const struct study *s, const struct merged *m, const char *language, const struct notice *n)
{
	char *canonical;
	size_t length;
	int e = study_canonical(s, false, &canonical, &length);
	if (e)
		return e;
	fprintf(f, "{\"study\":\"%s\"", s->id);
	member(f, "title", study_text_in(&s->title, language));
	member(f, "language", language);
	hash(f, "manifest_hash", s->hash);
	hash(f, "terms_hash", s->terms_hash);
	hash(f, "notice_hash", n->hash);
	fputs(",\"pages\":[", f);
	for (int i = 0; i < n->pages; i++) {
		if (i)
			putc(',', f);
		json_text(f, n->page[i]);
	}
	putc(']', f);
	limits(f, m);
	member(f, "forbidden", m->forbidden ? m->why : NULL);
	/* As it is hashed, byte for byte. */
	fprintf(f, ",\"manifest\":%s}\n", canonical);
	free(canonical);
	return 0;
}
