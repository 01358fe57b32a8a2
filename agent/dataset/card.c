/* SPDX-License-Identifier: Apache-2.0 */
#include "card.h"

#include <inttypes.h>
#include <string.h>

#include "../base/clock.h"
#include "../error.h"
#include "batch.h"
#include "table.h"
#include "totals.h"

static void row(FILE *f, const char *name, uint64_t n)
{
	char number[27];
	fprintf(f, "| %s | %s |\n", name, totals_number(n, number));
}

static void summary(FILE *f, const struct dataset *d, const struct totals *t)
{
	char made[28], first[28], last[28];
	fprintf(f, "# Keyboard and pointer interaction:");
	totals_studies(f, d, " ", ", ");
	fprintf(f, "\n\nVersion %" PRId64 ", made %s by `assent export` %s; format: %s. This page is written anew with every version: put notes of your own\n"
		"into another file. `dataset.json` (with `segments/`, where there is one) accounts for every segment, `croissant.json` says the same for machines.\n\n", d->version,
		clock_format(d->made_us, made), ASSENT_VERSION, d->format);
	if (d->own)
		fputs("**Personal data.** A participant's own copy: what was recorded of them, could be read and was named when it was made, released or not. It was judged by no\n"
		      "purpose, no receipt and no tombstone: that something is here does not show that anybody else may use it. Not anonymous: the rhythm of typing alone\n"
		      "can identify people.", f);
	else
		fputs("**Personal data.** Pseudonymised, and not anonymous: the rhythm of typing alone can identify people. Each row is here because its participant\n"
		      "agreed to each of these purposes, and for no other use:", f);
	for (int i = 0; i < d->purposes; i++)
		fprintf(f, "%s `%s`", i ? "," : "", d->purpose[i]);
	fputs(d->own ? "\n" : ".\n", f);
	fputs("\n## What is in it\n\n| | |\n|---|---:|\n", f);
	row(f, "studies", t->studies);
	row(f, d->own ? "pseudonyms, one a study, all of one person" : "participants", t->participants);
	row(f, "segments (stretches of recording)", t->segments);
	row(f, "rows", t->has.rows);
	if (!d->own)
		row(f, "rows dropped: not covered by a receipt at their time", t->has.dropped);
	row(f, "files", t->files);
	row(f, "bytes", t->bytes);
	if (t->has.rows)
		fprintf(f, "| first row | %s |\n| last row | %s |\n", clock_format(t->has.first_us, first), clock_format(t->has.last_us, last));
}

/* The head of a table, before its first row. One without rows is no table: finish says so. */
static void begin(FILE *f, bool *any, const char *head)
{
	if (!*any)
		fputs(head, f);
	*any = true;
}

static void finish(FILE *f, bool any)
{
	if (!any)
		fputs("\nNone.\n", f);
}

static void names(FILE *f, uint8_t set, const char *(*name)(int i))
{
	const char *comma = "";
	for (int i = 0; name(i); i++)
		if (set & 1 << i) {
			fprintf(f, "%s%s", comma, name(i));
			comma = ", ";
		}
}

static void studies(FILE *f, const struct dataset *d)
{
	char number[27], first[28], last[28];
	bool any = false;
	for (int i = 0; i < d->participants;) {
		struct totals t;
		const char *study = d->participant[i].study;
		i += totals_of(d, i, study, &t);
		if (t.participants == 0)
			continue;
		begin(f, &any, "\n| study | participants | rows | first day | last day | keys: detail | applications |\n|---|---:|---:|---|---|---|---|\n");
		fprintf(f, "| %s | %" PRIu64 " | %s | %.10s | %.10s | ", totals_study(study), t.participants, totals_number(t.has.rows, number),
			t.has.rows ? clock_format(t.has.first_us, first) : "", t.has.rows ? clock_format(t.has.last_us, last) : "");
		names(f, t.has.counts.detail, dataset_detail_name);
		fputs(" | ", f);
		names(f, t.has.counts.apps, dataset_apps_name);
		fputs(" |\n", f);
	}
	fputs("\nDetail is the most that any row of a segment tells of a key: `none` that there was one, `class` whether letter, digit, space ..., `code` which\n"
	      "key, `text` what it typed. The study asked for it, or the participant allowed no more.\n", f);
}

static void kinds(FILE *f, const struct totals *t)
{
	char number[27], length[32], lost[27];
	bool any = false;
	for (unsigned i = 0; i < EVENT_KIND_COUNT; i++)
		if (t->has.counts.kind[i]) {
			begin(f, &any, "\n| kind | rows |\n|---|---:|\n");
			row(f, event_kind_name(i), t->has.counts.kind[i]);
		}
	fputs("\n## What was masked\n\nA span is one row for a stretch that was not recorded, and holds nothing of it: neither how much was typed nor when in it. Its\n"
	      "edges are coarse, and moved outwards.\n", f);
	any = false;
	for (unsigned i = 0; i < REASON_PAUSED; i++)
		if (t->has.counts.reason[i].n) {
			begin(f, &any, "\n| reason | spans | in all |\n|---|---:|---:|\n");
			fprintf(f, "| %s | %s | %s |\n", event_reason_name(i), totals_number(t->has.counts.reason[i].n, number), totals_length(t->has.counts.reason[i].us, length));
		}
	finish(f, any);
	fputs("\n## Where events may be missing\n\nA gap is one row for a stretch in which events may have been lost. Between rows that no gap parts, no loss was noticed.\n", f);
	any = false;
	for (unsigned i = REASON_PAUSED; i < REASON_COUNT; i++)
		if (t->has.counts.reason[i].n) {
			begin(f, &any, "\n| reason | gaps | in all | events lost, where known |\n|---|---:|---:|---:|\n");
			fprintf(f, "| %s | %s | %s | %s |\n", event_reason_name(i), totals_number(t->has.counts.reason[i].n, number), totals_length(t->has.counts.reason[i].us, length),
				totals_number(t->has.counts.reason[i].lost, lost));
		}
	finish(f, any);
}

static void left_out(FILE *f, const struct dataset *d)
{
	static const struct { const char *kind, *text; } own[] = {
		{"key", "encrypted to others"}, {"incomplete", "has no key any more: nobody can read it"},
		{"damaged", "damaged: at most what comes before the damage is in it"},
	}, collected[] = {
		{"purpose", "agreed to, but not to all of the purposes above"}, {"consent", "no receipt covers it, or consent was withdrawn"},
		{"expired", "past its retention"}, {"key", "sealed to another recipient"}, {"incomplete", "its key file was not there"},
		{"pending", "waits until a file with older rows of it can be written anew"}, {"damaged", "damaged, or not what it claims to be"},
	};
	const char *head = "\n| segments | why |\n|---:|---|\n";
	const size_t kinds = d->own ? sizeof own / sizeof *own : sizeof collected / sizeof *collected;
	bool any = false;
	fputs("\n## What was left out of this version\n", f);
	for (size_t i = 0; i < kinds; i++) {
		int n = 0;
		for (int k = 0; k < d->lefts; k++)
			n += strcmp(d->left[k].kind, (d->own ? own : collected)[i].kind) == 0;
		if (n) {
			begin(f, &any, head);
			fprintf(f, "| %d | %s |\n", n, (d->own ? own : collected)[i].text);
		}
	}
	if (d->tombstones) {
		begin(f, &any, head);
		fprintf(f, "| %d | a tombstone names it: deleted, forgotten or expired; it must not come back |\n", d->tombstones);
	}
	finish(f, any);
}

/* They are in no number above. */
static void still_there(FILE *f, const struct dataset *d)
{
	if (d->pendings == 0)
		return;
	fprintf(f, "\n## Rows that should not be there any more\n\nOf %d file%s rows have to go that are not counted above: use none of segments that are not listed in `segments/`.\n"
		"`dataset.json` names these files under `pending`, which segments have to go, and which are needed to write the files anew.\n\n", d->pendings,
		d->pendings == 1 ? "" : "s");
	for (int i = 0; i < d->pendings && i < 20; i++)
		fprintf(f, "- `%s`\n", d->pending[i].file);
	if (d->pendings > 20)
		fprintf(f, "- and %d more\n", d->pendings - 20);
}

static void limits(FILE *f, bool own)
{
	fputs("\n## Known limits\n\n", f);
	fputs(own ? "- One person, at the machines that this was recorded on: nothing follows from it for others.\n" :
	      "- Who took part chose to: no random sample, of people, of machines, or of what they did on them.\n", f);
	fputs("- Linux desktops. Input into windows that nothing vouched for is masked (reason `unknown`): some programs are missing nearly\n"
	      "  as a whole, and typing into web pages and terminals is masked more often than elsewhere.\n"
	      "- Participants could pause, delete and withdraw: what is missing is not missing at random.\n"
	      "- Key times stand on the study's grid (`key_time`, 20 ms unless it says otherwise): differences below it mean nothing. `t_us` follows the\n"
	      "  machine's clock, with its steps (kind `clock`); take `mono_us` for intervals, within one segment.\n"
	      "- `x`, `y` are pixels of one screen layout (kind `screen`); `dx`, `dy` are units of one device, before acceleration.\n", f);
	fputs(own ? "- Nothing here tells age, sex or handedness. The pseudonyms of several studies are one person's here; no study knows that of itself, and whoever\n"
	      "  gets this folder does.\n" :
	      "- Nothing here tells age, sex, handedness, or whether two pseudonyms of two studies are one person.\n", f);
	fputs("- Not for judging employees, for finding out who somebody is, or for reading off health or emotion: studies may not ask for it.\n", f);
}

static void columns(FILE *f, bool hive)
{
	static const char *const types[] = {"int64", "int32", "int16", "float32", "bool", "string"};
	fputs("\n## Columns\n\nOne row an event; what does not apply is null.\n\n| column | type | meaning |\n|---|---|---|\n", f);
	for (int i = 0; i < BATCH_COLUMNS; i++)
		fprintf(f, "| `%s` | %s | %s%s |\n", batch_fields[i].name, types[batch_fields[i].type], batch_fields[i].meaning,
			hive && (i == BATCH_STUDY || i == BATCH_PARTICIPANT) ? " (in the path)" : "");
	if (hive)
		fputs("| `date` | date | UTC day of `t_us` (in the path) |\n", f);
}

static void load(FILE *f, const struct dataset *d)
{
	const char *s = d->format;
	bool parquet = strcmp(s, "parquet") == 0, arrow = strcmp(s, "arrow") == 0;
	fputs("\n## Load it\n\n", f);
	if (parquet)
		fputs("```python\nimport pandas as pd                                    # with pyarrow\n"
		      "df = pd.read_parquet(\"DATASET/events\", filters=[(\"date\", \"=\", \"2026-05-01\")])\n```\n\n"
		      "```sql\n-- DuckDB\nSELECT * FROM read_parquet('DATASET/events/*/*/*/*.parquet', hive_partitioning = true) WHERE date = '2026-05-01';\n```\n\n"
		      "```python\n# Spark\ndf = spark.read.parquet(\"DATASET/events\").where(\"date = '2026-05-01'\")\n```\n\n"
		      "Only the files of the days, studies and participants that are asked for are opened. Who needs one version exactly, while another is being\n"
		      "added, reads the files that `dataset.json` and the descriptions that it names (`segments/`) list. From object storage, and with Trino and Ray: docs/DATASETS.md of Assent.\n", f);
	else if (arrow)
		fputs("```python\nimport pyarrow.dataset as ds\n"
		      "df = ds.dataset(\"DATASET/events\", format=\"ipc\", partitioning=\"hive\").to_table().to_pandas()\n```\n\n"
		      "DuckDB reads Arrow files with its extension nanoarrow; Spark does not: export as Parquet for it.\n", f);
	else if (strcmp(s, "csv") == 0)
		fputs("```python\nimport pandas as pd\ndf = pd.read_csv(\"DATASET/STUDY.csv\")\n```\n\n"
		      "```sql\n-- DuckDB\nSELECT * FROM read_csv('DATASET/*.csv');\n```\n\n"
		      "```python\n# Spark\ndf = spark.read.csv(\"DATASET\", header=True, inferSchema=True, pathGlobFilter=\"*.csv\")\n```\n", f);
	else
		fputs("```python\nimport pandas as pd\ndf = pd.read_json(\"DATASET/STUDY.jsonl\", lines=True)\n```\n\n"
		      "```sql\n-- DuckDB\nSELECT * FROM read_json('DATASET/*.jsonl');\n```\n\n"
		      "```python\n# Spark\ndf = spark.read.json(\"DATASET\", pathGlobFilter=\"*.jsonl\")\n```\n", f);
	if (d->own)
		fputs("\n## Keep it right\n\n"
		      "Everything here lies in the clear, for whoever can read this folder. What is deleted, forgotten or over its time in Assent stays in this copy until\n"
		      "the folder is deleted, or exported again with `--force`. Each file's `sha256` stands beside its name.\n", f);
	else
		fputs("\n## Keep it right\n\n"
		      "Participants can delete and withdraw also what they released. Tombstones say so: give them to `assent export` with the next version, and delete\n"
		      "copies, and rows in what was made of it, by the segments that `dataset.json` lists as removed. Each file's `sha256` stands beside its name.\n", f);
}

int card_write(const struct dataset *d, int directory)
{
	struct totals t;
	FILE *f = totals_open(directory, DATASET_CARD);
	int format = table_format_of(d->format);
	if (!f)
		return ERROR_IO;
	totals_of(d, 0, NULL, &t);
	summary(f, d, &t);
	studies(f, d);
	kinds(f, &t);
	left_out(f, d);
	still_there(f, d);
	limits(f, d->own);
	columns(f, format == TABLE_PARQUET || format == TABLE_ARROW);
	load(f, d);
	return totals_close(f);
}
