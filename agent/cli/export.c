/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "../base/places.h"
#include "../store/later.h"
#include "cli.h"
#include "export.h"
#include "input.h"

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

bool export_is_later(const char *out)
{
	char path[PLACE_MAX + 16], why[LATER_TEXT];
	int n = snprintf(path, sizeof path, "%s/dataset.json", out);
	if (n < 0 || (size_t)n >= sizeof path || !later_file(path, why))
		return false;
	cli_complain("%s", why);
	return true;
}

static int usage(const char *what)
{
	cli_complain("export: %s (assent export --format parquet|arrow|csv|jsonl --out DIR [--force] [IN...])", what);
	return EXIT_USAGE;
}

/* Takes each "--NAME VALUE" out of argv. */
static int repeated(int *argc, char **argv, const char *name, const char **values, int *count)
{
	int kept = 0;
	size_t n = strlen(name);
	bool only_inputs = false;
	for (int i = 0; i < *argc; i++) {
		const char *a = argv[i];
		only_inputs |= strcmp(a, "--") == 0;
		if (only_inputs || strncmp(a, "--", 2) != 0 || strncmp(a + 2, name, n) != 0 || (a[2 + n] && a[2 + n] != '=')) {
			argv[kept++] = argv[i];
			continue;
		}
		if (*count == EXPORT_REPEATED_MAX) {
			cli_complain("export: --%s more than %d times", name, EXPORT_REPEATED_MAX);
			return EXIT_USAGE;
		}
		const char *value = a[2 + n] ? a + 3 + n : i + 1 < *argc ? argv[++i] : "";
		if (!*value) {
			cli_complain("export: --%s needs a value", name);
			return EXIT_USAGE;
		}
		values[(*count)++] = value;
	}
	*argc = kept;
	argv[kept] = NULL;
	return EXIT_DONE;
}

int cli_export(int argc, char **argv)
{
	struct export_request q = { .interrupted = &interrupted };
	const char *format = NULL;
	const struct input_option options[] = {
		{ "format", &format, NULL }, { "out", &q.out, NULL }, { "force", NULL, &q.force }, { "append", NULL, &q.append },
		{ "tombstones", &q.tombstones, NULL }, { NULL, NULL, NULL },
	};
	int result = repeated(&argc, argv, "key", q.key, &q.keys);
	result = result ? result : repeated(&argc, argv, "purpose", q.purpose, &q.purposes);
	q.inputs = result ? -1 : input_options("export", argc, argv, options);
	if (q.inputs < 0)
		return EXIT_USAGE;
	if (!format)
		return usage("--format is missing");
	int known = table_format_of(format);
	if (known < 0)
		return usage("--format is parquet, arrow, csv or jsonl");
	q.format = (enum table_format)known;
	if (!q.out || !q.out[0])
		return usage("--out is missing");
	if (!q.keys && (q.purposes || q.tombstones || q.append)) {
		cli_complain("export: %s is for recipients, who name their secret key with --key FILE; your own data need none",
			     q.purposes ? "--purpose" : q.tombstones ? "--tombstones" : "--append");
		return EXIT_USAGE;
	}
	if (q.append && !export_is_hive(q.format)) {
		cli_complain("export: --append is for parquet and arrow, which have a file a participant and day; csv and jsonl have one a study");
		return EXIT_USAGE;
	}
	if (q.keys && !q.inputs) {
		cli_complain("export: --key is for what was collected from outboxes: name its folders");
		return EXIT_USAGE;
	}
	q.input = (const char *const *)argv;
	/* What was written so far is removed before the program ends. */
	const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction action = { .sa_handler = interrupt };
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &action, NULL);
	return q.keys ? export_recipient(&q) : export_own(&q, argv);
}
