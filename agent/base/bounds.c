/* SPDX-License-Identifier: Apache-2.0 */
#include "bounds.h"

#include <stdio.h>
#include <string.h>

#include "../error.h"

/* In the order of the enums. */
static const char *const key_names[] = {"none", "class", "code", "text", NULL};
static const char *const grid_names[] = {"exact", "20ms", "100ms", NULL};
static const int64_t grids[] = {0, 20000, 100000};
static const char *const pointer_names[] = {"none", "buttons", "full", NULL};
static const char *const app_names[] = {"none", "id", "title", NULL};

int bounds_patterns(const struct config *c, const struct config_node *node, struct pattern_list *list, struct config_error *error)
{
	if (!node)
		return 0;
	if (node->type != CONFIG_LIST)
		return config_complain(c, node, error, "must be a list (write [keepassxc, \"*bank*\"], or [] for none)");
	for (const struct config_node *n = node->first; n; n = n->next) {
		char pattern[sizeof list->pattern[0]] = "";
		int r = config_text(c, n, pattern, sizeof pattern, error);
		if (r)
			return r;
		if (!*pattern)
			return config_complain(c, n, error, "is empty (name an application, or remove the line)");
		int i = 0;
		while (i < list->count && strcmp(list->pattern[i], pattern) != 0)
			i++;
		if (i < list->count)
			continue;
		if (list->count == STUDY_PATTERNS_MAX) {
			config_complain(c, n, error, "too many entries (at most %d; join some with * and ?)", STUDY_PATTERNS_MAX);
			return ERROR_LIMIT;
		}
		memcpy(list->pattern[list->count++], pattern, sizeof pattern);
	}
	return 0;
}

int bounds_duration(const struct config *c, const struct config_node *node, int64_t min_us, int64_t max_us, int64_t *out_us, struct config_error *error)
{
	char least[48], most[48];
	int64_t us = min_us;
	int r = config_duration(c, node, &us, error);
	if (r || !node)
		return r;
	if (us < min_us || us > max_us)
		return config_complain(c, node, error, "must be from %s to %s", bounds_duration_text(min_us, least),
				       bounds_duration_text(max_us, most));
	*out_us = us;
	return 0;
}

static int choice(const struct config *c, const struct config_node *map, const char *key, const char *const *names,
		  unsigned bit, unsigned *named, int *value, struct config_error *error)
{
	const struct config_node *n = config_get(map, key);
	int r = config_choice(c, n, names, value, error);
	if (r == 0 && n)
		*named |= bit;
	return r;
}

int bounds_read(const struct config *c, const struct config_node *map, struct limits *limits, unsigned *named, struct config_error *error)
{
	static const char *const known[] = {"keys", "key_time", "pointer", "scroll", "apps", "only_apps", "exclude_apps", NULL};
	int keys = (int)limits->keys, pointer = (int)limits->pointer, apps = (int)limits->apps, grid = 0, r;
	*named = 0;
	if ((r = config_known(c, map, known, error)) ||
	    (r = choice(c, map, "keys", key_names, BOUNDS_KEYS, named, &keys, error)) ||
	    (r = choice(c, map, "key_time", grid_names, BOUNDS_GRID, named, &grid, error)) ||
	    (r = choice(c, map, "pointer", pointer_names, BOUNDS_POINTER, named, &pointer, error)) ||
	    (r = config_bool(c, config_get(map, "scroll"), &limits->scroll, error)) ||
	    (r = choice(c, map, "apps", app_names, BOUNDS_APPS, named, &apps, error)) ||
	    (r = bounds_patterns(c, config_get(map, "only_apps"), &limits->only_apps, error)) ||
	    (r = bounds_patterns(c, config_get(map, "exclude_apps"), &limits->exclude_apps, error)))
		return r;
	limits->keys = (enum detail)keys;
	limits->pointer = (enum pointer_detail)pointer;
	limits->apps = (enum app_detail)apps;
	if (*named & BOUNDS_GRID)
		limits->key_grid_us = grids[grid];
	if (config_get(map, "scroll"))
		*named |= BOUNDS_SCROLL;
	if (config_get(map, "only_apps"))
		*named |= BOUNDS_ONLY;
	if (config_get(map, "exclude_apps"))
		*named |= BOUNDS_EXCLUDE;
	return 0;
}

const char *bounds_keys_name(enum detail keys) { return keys <= DETAIL_TEXT ? key_names[keys] : "?"; }
const char *bounds_pointer_name(enum pointer_detail pointer) { return pointer <= POINTER_FULL ? pointer_names[pointer] : "?"; }
const char *bounds_apps_name(enum app_detail apps) { return apps <= APPS_TITLE ? app_names[apps] : "?"; }

const char *bounds_grid_name(int64_t grid_us)
{
	for (int i = 0; grid_names[i]; i++)
		if (grids[i] == grid_us)
			return grid_names[i];
	return "?";
}

char *bounds_duration_text(int64_t us, char out[48])
{
	static const struct { int64_t us; const char *one, *many; } units[] = {
		{86400000000, "day", "days"}, {3600000000, "hour", "hours"}, {60000000, "minute", "minutes"},
		{1000000, "second", "seconds"}, {1000, "ms", "ms"},
	};
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (us >= units[i].us && us % units[i].us == 0) {
			int64_t n = us / units[i].us;
			snprintf(out, 48, "%lld %s", (long long)n, n == 1 ? units[i].one : units[i].many);
			return out;
		}
	}
	snprintf(out, 48, "%lld µs", (long long)us);
	return out;
}
