/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "export.h"
#include "export_days.h"
#include "export_files.h"
#include "input.h"

/* Ends the walk; the complaint is made, and nothing half written may get its final name. */
enum { STOP_ABORT = -1 };

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* One's own data, in either layout. */
struct own { struct export_files files; struct export_days days; bool hive; };

static int visit(void *user, const struct segment_meta *meta, const struct event *event)
{
	struct own *x = user;
	return (x->hive ? export_days_row(&x->days, meta, event) : export_files_row(&x->files, meta, event)) || interrupted ? STOP_ABORT : 0;
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

static int export_own(const struct export_request *q, char **argv)
{
	struct own x = { .hive = export_is_hive(q->format), .files = { .out = q->out, .directory = -1, .format = q->format, .force = q->force },
		.days = { .out = q->out, .directory = -1, .work = -1, .fd = -1, .format = q->format, .force = q->force } };
	struct input in;
	int directory = -1, result = input_find(&in, "exporting", q->inputs, argv);
	if (result)
		goto out;
	if (mkdir(q->out, 0700) < 0 && errno != EEXIST) {
		cli_complain("cannot make %s: %s", q->out, strerror(errno));
		result = EXIT_FAILED;
		goto out;
	}
	directory = x.files.directory = x.days.directory = open(q->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0) {
		cli_complain("cannot open %s: %s", q->out, strerror(errno));
		result = EXIT_FAILED;
		goto out;
	}
	result = input_walk(&in, visit, &x);
	if (result == STOP_ABORT) {
		if (interrupted)
			cli_complain("interrupted: nothing was exported");
		result = EXIT_FAILED;
		goto out;
	}
	result = x.hive ? export_days_finish(&x.days, result) : export_files_finish(&x.files, result);
	if (result == EXIT_DONE && x.files.count == 0 && x.days.studies == 0) {
		cli_complain("no event is recorded yet: nothing to export");
		result = EXIT_NOTHING;
	}
out:
	export_files_release(&x.files);
	export_days_release(&x.days);
	if (directory >= 0)
		close(directory);
	input_release(&in);
	return result;
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
