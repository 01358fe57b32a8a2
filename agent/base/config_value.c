/* SPDX-License-Identifier: Apache-2.0 */
/* The typed readers of config.h, and its messages. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"

struct out { char *text; size_t size, used; };

__attribute__((format(printf, 2, 3)))
static void put(struct out *o, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(o->text + o->used, o->size - o->used, format, args);
	va_end(args);
	if (n > 0)
		o->used = o->used + (size_t)n < o->size ? o->used + (size_t)n : o->size - 1;
}

static void put_path(struct out *o, const struct config_node *node)
{
	if (!node->parent)
		return;
	put_path(o, node->parent);
	if (node->key) {
		put(o, "%s%.60s", node->parent->parent ? "." : "", node->key);
		return;
	}
	int index = 0;
	for (const struct config_node *n = node->parent->first; n != node; n = n->next)
		index++;
	put(o, "[%d]", index);
}

int config_complain(const struct config *c, const struct config_node *node, struct config_error *error, const char *format, ...)
{
	char message[400];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	struct out o = {error->text, sizeof error->text, 0};
	put(&o, "%s:%d: ", config_name(c), node->line);
	size_t before = o.used;
	put_path(&o, node);
	put(&o, "%s%s", o.used > before ? ": " : "", message);
	/* Cut, perhaps, in the middle of a character. */
	if (o.used == o.size - 1) {
		while (o.used && ((unsigned char)o.text[o.used - 1] & 0x80))
			o.used--;
		o.text[o.used] = 0;
	}
	return ERROR_INVALID;
}

const struct config_node *config_get(const struct config_node *map, const char *key)
{
	if (!map || map->type != CONFIG_MAP)
		return NULL;
	for (const struct config_node *n = map->first; n; n = n->next)
		if (strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

static const char *type_name(const struct config_node *n)
{
	return n->type == CONFIG_LIST ? "a list" : n->type == CONFIG_MAP ? "a map" : "a single value";
}

/* A scalar that says something: "key:" and "key: null" do not. */
static int said(const struct config *c, const struct config_node *n, struct config_error *error)
{
	if (n->type != CONFIG_SCALAR)
		return config_complain(c, n, error, "is %s, must be a single value", type_name(n));
	if (!n->quoted && (!*n->text || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0))
		return config_complain(c, n, error, "has no value (give one, or remove the line)");
	return 0;
}

int config_text(const struct config *c, const struct config_node *node, char *out, size_t size, struct config_error *error)
{
	if (!node)
		return 0;
	int r = said(c, node, error);
	if (r)
		return r;
	size_t n = strlen(node->text);
	if (n >= size)
		return config_complain(c, node, error, "is %zu bytes long (at most %zu)", n, size - 1);
	memcpy(out, node->text, n + 1);
	return 0;
}

int config_bool(const struct config *c, const struct config_node *node, bool *out, struct config_error *error)
{
	if (!node)
		return 0;
	int r = said(c, node, error);
	if (r)
		return r;
	bool yes = strcmp(node->text, "true") == 0;
	if (node->quoted || (!yes && strcmp(node->text, "false") != 0))
		return config_complain(c, node, error, "must be true or false, without quotes");
	*out = yes;
	return 0;
}

int config_integer(const struct config *c, const struct config_node *node, int64_t min, int64_t max, int64_t *out, struct config_error *error)
{
	if (!node)
		return 0;
	int r = said(c, node, error);
	if (r)
		return r;
	const char *p = node->text;
	bool minus = *p == '-';
	if (minus)
		p++;
	int64_t value = 0;
	size_t digits = strspn(p, "0123456789");
	bool good = !node->quoted && digits > 0 && digits <= 18 && !p[digits];
	if (good) {
		for (; *p; p++)
			value = value * 10 + (*p - '0');
		value = minus ? -value : value;
		good = value >= min && value <= max;
	}
	if (!good)
		return config_complain(c, node, error, "must be a whole number from %lld to %lld", (long long)min, (long long)max);
	*out = value;
	return 0;
}

int config_parse_duration(const char *text, int64_t *out_us)
{
	static const struct { const char *unit; int64_t us; } units[] = {
		{"d", 86400000000}, {"h", 3600000000}, {"ms", 1000}, {"m", 60000000}, {"s", 1000000},
	};
	const int64_t most = INT64_C(36500) * 86400000000;
	int64_t total = 0, last = INT64_MAX;
	if (!*text)
		return ERROR_INVALID;
	while (*text) {
		int64_t value = 0;
		size_t digits = strspn(text, "0123456789"), u;
		if (digits == 0 || digits > 9)
			return ERROR_INVALID;
		for (size_t i = 0; i < digits; i++)
			value = value * 10 + (text[i] - '0');
		text += digits;
		for (u = 0; u < sizeof units / sizeof *units; u++)
			if (strncmp(text, units[u].unit, strlen(units[u].unit)) == 0)
				break;
		/* Larger units first, each once: "1h30m", not "30m1h". */
		if (u == sizeof units / sizeof *units || units[u].us >= last || value > most / units[u].us)
			return ERROR_INVALID;
		last = units[u].us;
		text += strlen(units[u].unit);
		total += value * last;
	}
	if (total > most)
		return ERROR_INVALID;
	*out_us = total;
	return 0;
}

int config_duration(const struct config *c, const struct config_node *node, int64_t *out_us, struct config_error *error)
{
	if (!node)
		return 0;
	int r = said(c, node, error);
	if (r)
		return r;
	if (config_parse_duration(node->text, out_us))
		return config_complain(c, node, error, "\"%.40s\" is not a duration (write a number and its unit: 90d, 72h, 30m, 10s or 20ms)",
				       node->text);
	return 0;
}

/* Edit distance, good enough for short words. */
static int distance(const char *a, const char *b)
{
	int row[40];
	int n = (int)strlen(b);
	if (n >= 40 || strlen(a) >= 40)
		return 1000;
	for (int j = 0; j <= n; j++)
		row[j] = j;
	for (int i = 0; a[i]; i++) {
		int diagonal = row[0];
		row[0] = i + 1;
		for (int j = 1; j <= n; j++) {
			int best = diagonal + (a[i] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

static const char *nearest(const char *word, const char *const *names)
{
	const char *best = NULL;
	int least = 1000;
	for (; *names; names++) {
		int d = distance(word, *names);
		if (d < least) {
			least = d;
			best = *names;
		}
	}
	return least <= 1 + (int)strlen(word) / 3 ? best : NULL;
}

static void put_names(struct out *o, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		put(o, "%s%s", i ? ", " : "", names[i]);
}

int config_choice(const struct config *c, const struct config_node *node, const char *const *names, int *out, struct config_error *error)
{
	if (!node)
		return 0;
	int r = said(c, node, error);
	if (r)
		return r;
	for (int i = 0; names[i]; i++) {
		if (strcmp(node->text, names[i]) == 0) {
			*out = i;
			return 0;
		}
	}
	char list[300];
	struct out o = {list, sizeof list, 0};
	put_names(&o, names);
	return config_complain(c, node, error, "\"%.40s\" is not permitted (one of: %s)", node->text, list);
}

int config_known(const struct config *c, const struct config_node *map, const char *const *names, struct config_error *error)
{
	if (map->type != CONFIG_MAP)
		return config_complain(c, map, error, "is %s, must be a map (KEY: VALUE)", type_name(map));
	for (const struct config_node *n = map->first; n; n = n->next) {
		int i = 0;
		while (names[i] && strcmp(names[i], n->key) != 0)
			i++;
		if (names[i])
			continue;
		const char *near = nearest(n->key, names);
		if (near)
			return config_complain(c, n, error, "unknown key (did you mean \"%s\"?)", near);
		char list[300];
		struct out o = {list, sizeof list, 0};
		put_names(&o, names);
		return config_complain(c, n, error, "unknown key (known here: %s)", list);
	}
	return 0;
}
