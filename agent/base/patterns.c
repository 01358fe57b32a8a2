/* SPDX-License-Identifier: Apache-2.0 */
#include "patterns.h"

#include <string.h>

#include "../error.h"
#include "patterns_builtin.h"

/* In the order of enum sensitive_check; the first cannot be written. */
static const char *const checks[] = {"none", "luhn", "mod97", "iso7064-11-10", "ssn", "weights731", "mixed", NULL};

static unsigned char upper(char c)
{
	return (unsigned char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

static void add_range(struct sensitive_set *set, unsigned from, unsigned to)
{
	for (unsigned c = from; c <= to; c++)
		sensitive_set_add(set, c);
}

static bool add_class(struct sensitive_set *set, const char *name)
{
	if (strcmp(name, "digit") == 0) {
		add_range(set, '0', '9');
	} else if (strcmp(name, "latin") == 0) {
		add_range(set, 'A', 'Z');
	} else if (strcmp(name, "letter") == 0) {
		add_range(set, 'A', 'Z');
		sensitive_set_add(set, SENSITIVE_LETTER);
	} else if (strcmp(name, "space") == 0) {
		sensitive_set_add(set, ' ');
	} else if (strcmp(name, "any") == 0) {
		add_range(set, 0, SENSITIVE_CHARACTERS - 1);
	} else {
		return false;
	}
	return true;
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static int one_class(const struct config *c, const struct config_node *n, struct sensitive_set *set, struct config_error *error)
{
	char text[128] = "";
	int r = config_text(c, n, text, sizeof text, error);
	if (r)
		return r;
	if (!n->quoted && add_class(set, text))
		return 0;
	if (!*text || !is_ascii(text))
		return config_complain(c, n, error, "must be a class (digit, latin, letter, space, any) or characters of ASCII (use letter for others)");
	/* A class that is misspelt must not become a list of letters. */
	if (!n->quoted)
		return config_complain(c, n, error, "\"%.40s\" is no class (digit, latin, letter, space, any; put characters in quotes)", text);
	for (const char *p = text; *p; p++)
		sensitive_set_add(set, upper(*p));
	return 0;
}

static int characters(const struct config *c, const struct config_node *node, struct sensitive_set *set, struct config_error *error)
{
	if (!node)
		return 0;
	if (node->type == CONFIG_SCALAR)
		return one_class(c, node, set, error);
	if (node->type == CONFIG_MAP || !node->first)
		return config_complain(c, node, error, "must be a class, characters in quotes, or a list of these");
	for (const struct config_node *n = node->first; n; n = n->next) {
		int r = one_class(c, n, set, error);
		if (r)
			return r;
	}
	return 0;
}

/* "13-19" or "4". */
static int times(const struct config *c, const struct config_node *node, struct sensitive_part *part, struct config_error *error)
{
	char text[16] = "";
	part->min = part->max = 1;
	if (!node)
		return 0;
	int r = config_text(c, node, text, sizeof text, error), value[2] = {0, 0}, n = 0;
	if (r)
		return r;
	const char *p = text;
	for (; n < 2; n++) {
		size_t digits = strspn(p, "0123456789");
		if (digits < 1 || digits > 3)
			break;
		for (; digits; digits--, p++)
			value[n] = value[n] * 10 + (*p - '0');
		if (*p != '-' || n == 1) {
			n++;
			break;
		}
		p++;
	}
	if (n == 1)
		value[1] = value[0];
	if (n < 1 || *p || value[1] < 1 || value[1] < value[0] || value[1] > SENSITIVE_WIDTH_MAX)
		return config_complain(c, node, error, "must be a number, as 4, or from-to, as 13-19 (at most %d)", SENSITIVE_WIDTH_MAX);
	part->min = (uint8_t)value[0];
	part->max = (uint8_t)value[1];
	return 0;
}

static int exact_text(const struct config *c, const struct config_node *node, struct sensitive_part *part, struct config_error *error)
{
	int r = config_text(c, node, part->text, sizeof part->text, error);
	if (r || !node)
		return r;
	if (!*part->text || !is_ascii(part->text))
		return config_complain(c, node, error, "must be 1 to %d characters of ASCII", SENSITIVE_TEXT_MAX);
	for (char *p = part->text; *p; p++)
		*p = (char)upper(*p);
	part->min = part->max = (uint8_t)strlen(part->text);
	return 0;
}

static int one_part(const struct config *c, const struct config_node *node, struct sensitive_part *part, struct config_error *error)
{
	static const char *const known[] = {"chars", "text", "times", "gap", "strong", NULL};
	int64_t strong = 0;
	int r = config_known(c, node, known, error);
	if (r)
		return r;
	const struct config_node *chars = config_get(node, "chars"), *text = config_get(node, "text");
	if (!chars == !text)
		return config_complain(c, node, error, "must have either chars or text");
	if (text && config_get(node, "times"))
		return config_complain(c, config_get(node, "times"), error, "is for chars (write the text as often as it is meant)");
	if ((r = characters(c, chars, &part->chars, error)) || (r = times(c, config_get(node, "times"), part, error)) ||
	    (r = exact_text(c, text, part, error)) || (r = characters(c, config_get(node, "gap"), &part->gap, error)) ||
	    (r = config_integer(c, config_get(node, "strong"), 1, part->max, &strong, error)))
		return r;
	part->strong = (uint8_t)strong;
	for (int i = 0; i < 3; i++)
		if (part->gap.bits[i] & part->chars.bits[i])
			return config_complain(c, config_get(node, "gap"), error, "has a character that chars has, too");
	return 0;
}

static int chain(const struct config *c, const struct config_node *list, struct sensitive_pattern *p, struct config_error *error)
{
	int width = 0;
	if (list->type != CONFIG_LIST || !list->first)
		return config_complain(c, list, error, "must be a list of parts (- {chars: digit, times: 4})");
	for (const struct config_node *n = list->first; n; n = n->next) {
		if (p->parts == SENSITIVE_PARTS_MAX) {
			config_complain(c, n, error, "too many parts (at most %d)", SENSITIVE_PARTS_MAX);
			return ERROR_LIMIT;
		}
		struct sensitive_part *part = &p->part[p->parts++];
		int r = one_part(c, n, part, error);
		if (r)
			return r;
		width += part->max;
		if (width > SENSITIVE_WIDTH_MAX) {
			config_complain(c, n, error, "the pattern becomes wider than %d characters", SENSITIVE_WIDTH_MAX);
			return ERROR_LIMIT;
		}
	}
	/* Else it is begun, or complete, without a character that says so. */
	if (p->part[0].min == 0 || p->part[p->parts - 1].min == 0)
		return config_complain(c, list, error, "must begin and end with a part that is there at least once");
	return 0;
}

static int one_pattern(const struct config *c, const struct config_node *node, struct sensitive_rules *rules, struct config_error *error)
{
	static const char *const known[] = {"name", "parts", "no_before", "no_after", "check", "until", NULL};
	int check = SENSITIVE_ANY, r = config_known(c, node, known, error);
	if (r)
		return r;
	const struct config_node *parts = config_get(node, "parts"), *until = config_get(node, "until");
	if (!config_get(node, "name") || !parts)
		return config_complain(c, node, error, "must have a name and parts");
	if (rules->patterns + (until ? 2 : 1) > SENSITIVE_PATTERNS_MAX) {
		config_complain(c, node, error, "too many patterns (at most %d)", SENSITIVE_PATTERNS_MAX);
		return ERROR_LIMIT;
	}
	struct sensitive_pattern *p = &rules->pattern[rules->patterns];
	memset(p, 0, sizeof *p);
	p->until = -1;
	if ((r = config_text(c, config_get(node, "name"), p->name, sizeof p->name, error)) || (r = chain(c, parts, p, error)) ||
	    (r = characters(c, config_get(node, "no_before"), &p->no_before, error)) ||
	    (r = characters(c, config_get(node, "no_after"), &p->no_after, error)) ||
	    (r = config_choice(c, config_get(node, "check"), checks + 1, &check, error)))
		return r;
	if (config_get(node, "check"))
		p->check = (enum sensitive_check)(check + 1);
	if (until) {
		struct sensitive_pattern *end = p + 1;
		/* It is looked for as it is typed: what comes after it is not waited for. */
		if (config_get(node, "no_after"))
			return config_complain(c, config_get(node, "no_after"), error, "and until do not go together");
		memset(end, 0, sizeof *end);
		end->until = -1;
		end->is_end = true;
		memcpy(end->name, p->name, sizeof end->name);
		if ((r = chain(c, until, end, error)))
			return r;
		p->until = rules->patterns + 1;
	}
	rules->patterns += until ? 2 : 1;
	return 0;
}

int patterns_read(const struct config *c, const struct config_node *node, struct sensitive_rules *rules, struct config_error *error)
{
	if (!node)
		return 0;
	if (node->type != CONFIG_LIST)
		return config_complain(c, node, error, "must be a list of patterns (see sensitive.yaml)");
	for (const struct config_node *n = node->first; n; n = n->next) {
		int r = one_pattern(c, n, rules, error);
		if (r)
			return r;
	}
	return 0;
}

int patterns_builtin(struct sensitive_rules *rules, struct config_error *error)
{
	static const char *const known[] = {"sensitive", NULL};
	struct config *c;
	int r = config_parse("sensitive.yaml", (const char *)patterns_builtin_text, patterns_builtin_length, &c, error);
	if (r)
		return r;
	r = config_known(c, config_root(c), known, error);
	if (r == 0)
		r = patterns_read(c, config_get(config_root(c), "sensitive"), rules, error);
	config_free(c);
	return r;
}

int patterns_join(struct sensitive_rules *rules, const struct sensitive_rules *more)
{
	int offset = rules->patterns;
	if (offset + more->patterns > SENSITIVE_PATTERNS_MAX)
		return ERROR_LIMIT;
	for (int i = 0; i < more->patterns; i++) {
		struct sensitive_pattern *p = &rules->pattern[offset + i];
		*p = more->pattern[i];
		if (p->until >= 0)
			p->until += offset;
	}
	rules->patterns += more->patterns;
	return 0;
}
