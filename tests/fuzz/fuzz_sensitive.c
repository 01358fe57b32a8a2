/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns from any YAML, then any keys through them: the text up to a NUL is a list of patterns (none that is good: the built-in
 * ones), the bytes behind it are typed. Whatever they are: no loop, nothing out of bounds, matches that were typed.
 */
#include <stdlib.h>
#include <string.h>

#include "../../agent/base/patterns.h"
#include "../../agent/error.h"
#include "../../agent/policy/sensitive.h"

static struct sensitive_rules rules;
static struct sensitive sensitive;

static void check_rules(void)
{
	if (rules.patterns > SENSITIVE_PATTERNS_MAX)
		abort();
	for (int i = 0; i < rules.patterns; i++) {
		const struct sensitive_pattern *p = &rules.pattern[i];
		int width = 0;
		for (int k = 0; k < p->parts; k++) {
			if (p->part[k].max < 1 || p->part[k].min > p->part[k].max || p->part[k].strong > p->part[k].max)
				abort();
			width += p->part[k].max;
		}
		if (p->parts < 1 || p->parts > SENSITIVE_PARTS_MAX || width > SENSITIVE_WIDTH_MAX || p->part[0].min < 1 ||
		    p->part[p->parts - 1].min < 1 || p->until >= rules.patterns || (p->until >= 0 && !rules.pattern[p->until].is_end))
			abort();
	}
}

static int phrase(void *user, const uint32_t *text, int length)
{
	(void)user;
	if (length < 1 || length > 24)
		abort();
	return text[length - 1] == 'p' ? length / 2 : 0;
}

static void matches(uint32_t press, int64_t now)
{
	uint32_t first, last;
	while (sensitive_match(&sensitive, now, &first, &last))
		if (first < 1 || first > last || last > press)
			abort();
	if (sensitive_deadline(&sensitive) <= now)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_error error;
	struct config *c;
	size_t n = 0;
	while (n < size && data[n])
		n++;
	rules.patterns = 0;
	int r = config_parse("f", n ? (const char *)data : "", n, &c, &error);
	if (r == 0) {
		error.text[0] = 0;
		r = patterns_read(c, config_get(config_root(c), "sensitive"), &rules, &error);
		if (r && strncmp(error.text, "f:", 2) != 0)
			abort();
		config_free(c);
	}
	check_rules();
	if (rules.patterns == 0 && patterns_builtin(&rules, &error))
		abort();
	sensitive_init(&sensitive, &rules, phrase, NULL, 24);
	int64_t now = 1;
	uint32_t press = 0;
	for (size_t i = n; i < size; i++) {
		struct raw_input in = { .action = KEY_PRESS, .key_class = CLASS_LETTER };
		uint8_t b = data[i];
		now += 40000 * (1 + b % 7);
		if (b >= ' ' && b < 0x7f)
			in.text[0] = (char)b;
		else if (b < CLASS_COUNT)
			in.key_class = b;
		else if (b < 0x20)
			now += b == 0x1f ? 70000000 : 3000000;
		else
			memcpy(in.text, (const char[]){(char)b, i + 1 < size ? (char)data[i + 1] : 0, 0}, 3);
		in.chord = b == 0x1e;
		in.code = b == 4 ? 15 : 14;
		matches(press, now);
		if (b == 0x1d)
			sensitive_break(&sensitive);
		else
			sensitive_key(&sensitive, ++press, now, &in);
		matches(press, now);
	}
	matches(press, now + 60000000);
	if (sensitive_holds(&sensitive, press, now + 60000000))
		abort();
	return 0;
}
