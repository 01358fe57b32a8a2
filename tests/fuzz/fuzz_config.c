/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and settings: whatever the bytes, an answer with a message or something that holds together. */
#include <stdlib.h>
#include <string.h>

#include "../../agent/base/settings.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings policy, participant;
	static struct merged merged;
	const char *text = size ? (const char *)data : "";
	struct config_error error;
	struct config *c;
	struct study *s;
	char *notice;
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
	if (study_notice(s, &merged.limits, &notice) == 0)
		free(notice);
	study_free(s);
	return 0;
}
