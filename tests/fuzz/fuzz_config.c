/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and settings: whatever the bytes, an answer with a message or something that holds together. */
#include <stdlib.h>
#include <string.h>

#include "../../agent/base/layout.h"
#include "../../agent/base/notice.h"
#include "../../agent/error.h"

static void check(int result, const struct config_error *error)
{
	/* Every refusal says why, and where. */
	if (result && (!*error->text || strlen(error->text) >= sizeof error->text))
		abort();
	if (result == ERROR_INVALID && strncmp(error->text, "f:", 2) != 0)
		abort();
}

static int count(const struct config_node *n, int depth)
{
	int nodes = 1;
	if (depth > CONFIG_DEPTH_MAX)
		abort();
	if ((n->type == CONFIG_SCALAR) != (n->text != NULL) || (n->type == CONFIG_SCALAR && n->first) || n->line < 1)
		abort();
	for (const struct config_node *k = n->first; k; k = k->next) {
		if (k->parent != n || (n->type == CONFIG_MAP) != (k->key != NULL))
			abort();
		nodes += count(k, depth + 1);
	}
	return nodes;
}

static void check_lines(const char *text, int width)
{
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		if (layout_columns(line, strcspn(line, "\n")) > width)
			abort();
}

/* Whatever the study says, its notice stays inside the window, screens lose none of it, and it is not different from itself. */
static void read_notice(const struct study *s, const struct merged *m)
{
	struct notice *n;
	const char *language = study_language(s);
	char *text;
	int count;
	for (int width = LAYOUT_WIDTH_MIN; width <= LAYOUT_WIDTH; width += 24) {
		if (notice_new(s, m, language, width, &n))
			return;
		check_lines(n->text, width);
		for (int i = 0; i < n->pages; i++) {
			size_t all = 0, shown = 0, length;
			for (const char *c = n->page[i]; *c; c++)
				all += *c != '\n';
			for (const char *at = n->page[i]; *at;) {
				const char *from = layout_screen(&at, 22, width + 1, &length);
				for (size_t k = 0; k < length; k++)
					shown += from[k] != '\n';
			}
			if (all != shown)
				abort();
		}
		notice_free(n);
	}
	if (notice_changes(s, s, "today", "f", language, LAYOUT_WIDTH, &text, &count) == 0) {
		if (count)
			abort();
		check_lines(text, LAYOUT_WIDTH);
		free(text);
	}
}

/* One line, and what a reader of JSON takes. */
static void read_canonical(const struct study *s)
{
	for (int terms = 0; terms < 2; terms++) {
		char *text;
		size_t length;
		struct config *c;
		struct config_error error;
		if (study_canonical(s, terms, &text, &length))
			return;
		if (memchr(text, '\n', length) || strlen(text) != length)
			abort();
		int r = config_parse("f", text, length, &c, &error);
		/* Escapes make it longer than what was read. */
		if (r && r != ERROR_LIMIT && r != ERROR_MEMORY)
			abort();
		config_free(r ? NULL : c);
		free(text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings policy, participant;
	static struct merged merged;
	const char *text = size ? (const char *)data : "";
	struct config_error error;
	struct config *c;
	struct study *s;
	int r = config_parse("f", text, size, &c, &error);
	check(r, &error);
	if (r == 0 && count(config_root(c), 0) > CONFIG_NODES_MAX)
		abort();
	config_free(r ? NULL : c);
	int p = settings_parse("f", text, size, true, &policy, &error);
	check(p, &error);
	int u = settings_parse("f", text, size, false, &participant, &error);
	check(u, &error);
	if (p)
		settings_parse("f", "", 0, true, &policy, &error);
	if (u)
		settings_parse("f", "", 0, false, &participant, &error);
	r = study_parse("f", text, size, &s, &error);
	check(r, &error);
	if (r)
		return 0;
	settings_merge(s, &policy, &participant, &merged);
	if (merged.limits.keys > s->capture.keys || merged.limits.key_grid_us < s->capture.key_grid_us || s->purposes < 1)
		abort();
	read_notice(s, &merged);
	read_canonical(s);
	study_free(s);
	return 0;
}
