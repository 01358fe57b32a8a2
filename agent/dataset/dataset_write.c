/* SPDX-License-Identifier: Apache-2.0 */
/* dataset_write(), dataset_describe(). What they write, dataset_read.c reads back token by token: change both. */
#include "dataset.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/json_text.h"
#include "../error.h"
#include "totals.h"

static void text(FILE *f, const char *key, const char *value)
{
	fprintf(f, ",\"%s\":", key);
	json_text(f, value);
}

static void number(FILE *f, const char *key, uint64_t value) { fprintf(f, ",\"%s\":%" PRIu64, key, value); }

static void hex(FILE *f, const char *key, const uint8_t hash[32])
{
	static const char digits[] = "0123456789abcdef";
	char out[65];
	for (int i = 0; i < 32; i++) {
		out[2 * i] = digits[hash[i] >> 4];
		out[2 * i + 1] = digits[hash[i] & 15];
	}
	out[64] = 0;
	fprintf(f, ",\"%s\":\"%s\"", key, out);
}

static void hex_or_null(FILE *f, const char *key, const uint8_t *hash)
{
	if (hash)
		hex(f, key, hash);
	else
		text(f, key, NULL);
}

static void when(FILE *f, const char *key, bool known, int64_t t_us)
{
	char time[28];
	text(f, key, known ? clock_format(t_us, time) : NULL);
}

static void place(FILE *f, const struct dataset_place *at)
{
	fputs("{\"segment\":", f);
	json_text(f, at->segment);
	text(f, "study", at->study);
	text(f, "participant", at->participant);
}

static void end(FILE *f, bool last) { fputs(last ? "}\n" : "},\n", f); }

/* Those of one participant; NULL: all. */
static void files(FILE *f, const struct dataset *d, const struct dataset_participant *of)
{
	const char *comma = "";
	fputs("\"files\": [\n", f);
	for (int i = of ? of->first_file - 1 : 0; i >= 0 && i < d->files; i = of ? d->file[i].next - 1 : i + 1) {
		const struct dataset_file *x = &d->file[i];
		fprintf(f, "%s{\"file\":", comma);
		json_text(f, x->name);
		number(f, "rows", x->rows);
		number(f, "bytes", x->bytes);
		hex(f, "sha256", x->sha256);
		fputs(",\"segments\":[", f);
		for (int k = 0; k < x->members; k++) {
			fputs(k ? "," : "", f);
			json_text(f, d->member[x->first + k].segment);
		}
		fputs("]}", f);
		comma = ",\n";
	}
	fputs(*comma ? "\n],\n" : "],\n", f);
}

static void set(FILE *f, const char *key, uint8_t bits, const char *(*name)(int i))
{
	const char *comma = "";
	fprintf(f, ",\"%s\":[", key);
	for (int i = 0; name(i); i++)
		if (bits & 1 << i) {
			fprintf(f, "%s\"%s\"", comma, name(i));
			comma = ",";
		}
	fputc(']', f);
}

static void rows(FILE *f, const struct dataset_rows *r)
{
	const struct dataset_counts *c = &r->counts;
	const char *comma = "";
	number(f, "rows", r->rows);
	number(f, "dropped", r->dropped);
	when(f, "first", r->rows, r->first_us);
	when(f, "last", r->rows, r->last_us);
	when(f, "expires", true, r->expires_us);
	set(f, "detail", c->detail, dataset_detail_name);
	set(f, "apps", c->apps, dataset_apps_name);
	fputs(",\"kinds\":{", f);
	for (unsigned i = 0; i < EVENT_KIND_COUNT; i++)
		if (c->kind[i]) {
			fprintf(f, "%s\"%s\":%" PRIu64, comma, event_kind_name(i), c->kind[i]);
			comma = ",";
		}
	fputs("},\"reasons\":{", f);
	comma = "";
	for (unsigned i = 0; i < REASON_COUNT; i++)
		if (c->reason[i].n) {
			fprintf(f, "%s\"%s\":[%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]", comma, event_reason_name(i), c->reason[i].n, c->reason[i].us, c->reason[i].lost);
			comma = ",";
		}
	fputc('}', f);
}

/* From one to before another; both lists are sorted, so a participant's are together. */
static void segments(FILE *f, const struct dataset *d, int from, int to)
{
	fputs("\"segments\": [\n", f);
	for (int i = from; i < to; i++) {
		const struct dataset_segment *x = &d->segment[i];
		place(f, &x->at);
		hex(f, "hash", x->hash);
		hex(f, "receipt", x->receipt);
		rows(f, &x->has);
		end(f, i + 1 == to);
	}
}

static void participants(FILE *f, const struct dataset *d)
{
	fputs("],\n\"participants\": [\n", f);
	for (int i = 0; i < d->participants; i++) {
		const struct dataset_participant *x = &d->participant[i];
		fputs("{\"study\":", f);
		json_text(f, x->study);
		text(f, "participant", x->participant);
		hex_or_null(f, "agent", d->own ? NULL : x->agent);
		number(f, "receipts_bytes", x->receipts_bytes);
		hex_or_null(f, "receipts", d->own ? NULL : x->receipts);
		text(f, "description", x->description[0] ? x->description : NULL);
		hex_or_null(f, "sha256", x->description[0] ? x->sha256 : NULL);
		number(f, "files", x->files);
		number(f, "bytes", x->bytes);
		number(f, "segments", x->segments);
		rows(f, &x->has);
		end(f, i + 1 == d->participants);
	}
	fputs("],\n\"left_out\": [\n", f);
	for (int i = 0; i < d->lefts; i++) {
		place(f, &d->left[i].at);
		text(f, "kind", d->left[i].kind);
		text(f, "why", d->left[i].why);
		end(f, i + 1 == d->lefts);
	}
	fputs("],\n", f);
}

static void tombstones(FILE *f, const struct dataset *d)
{
	fputs("\"tombstones\": [\n", f);
	for (int i = 0; i < d->tombstones; i++) {
		const struct dataset_tombstone *x = &d->tombstone[i];
		place(f, &x->at);
		hex(f, "hash", x->hash);
		text(f, "tombstone", x->id);
		text(f, "reason", x->reason);
		when(f, "time", true, x->t_us);
		hex(f, "agent", x->agent);
		end(f, i + 1 == d->tombstones);
	}
	fputs("],\n", f);
}

static void member_names(FILE *f, const struct dataset *d, const struct dataset_file *x, bool that_stay)
{
	struct hive_path p;
	struct dataset_place at;
	const char *comma = "";
	if (hive_parse(x->name, &p))
		return;
	memcpy(at.study, p.study, sizeof at.study);
	memcpy(at.participant, p.participant, sizeof at.participant);
	for (int i = 0; i < x->members; i++) {
		memcpy(at.segment, d->member[x->first + i].segment, sizeof at.segment);
		if ((dataset_segment_at(d, &at) != NULL) != that_stay)
			continue;
		fputs(comma, f);
		json_text(f, at.segment);
		comma = ",";
	}
}

static void pending(FILE *f, const struct dataset *d)
{
	fputs("\"pending\": [\n", f);
	for (int i = 0; i < d->pendings; i++) {
		const struct dataset_file *x = dataset_file_of(d, d->pending[i].file);
		fputs("{\"file\":", f);
		json_text(f, d->pending[i].file);
		fputs(",\"leave\":[", f);
		if (x)
			member_names(f, d, x, false);
		fputs("],\"needs\":[", f);
		if (x)
			member_names(f, d, x, true);
		fputs("]", f);
		end(f, i + 1 == d->pendings);
	}
	fputs("],\n", f);
}

static void changes(FILE *f, const char *name, const struct dataset_change *list, int count, bool last)
{
	fprintf(f, "\"%s\": [\n", name);
	for (int i = 0; i < count; i++) {
		place(f, &list[i].at);
		if (list[i].why[0])
			text(f, "why", list[i].why);
		end(f, i + 1 == count);
	}
	fputs(last ? "]\n" : "],\n", f);
}

static bool is_apart(const struct dataset *d)
{
	for (int i = 0; i < d->participants; i++)
		if (d->participant[i].description[0])
			return true;
	return false;
}

int dataset_describe(const struct dataset *d, const struct dataset_participant *p, char **out, size_t *length)
{
	int from = 0, to;
	FILE *f = open_memstream(out, length);
	if (!f)
		return ERROR_MEMORY;
	/* The first that is not before it. */
	for (int high = d->segments; from < high;) {
		int middle = from + (high - from) / 2, order = strcmp(d->segment[middle].at.study, p->study);
		if (order < 0 || (order == 0 && strcmp(d->segment[middle].at.participant, p->participant) < 0))
			from = middle + 1;
		else
			high = middle;
	}
	for (to = from; to < d->segments && strcmp(d->segment[to].at.study, p->study) == 0 && strcmp(d->segment[to].at.participant, p->participant) == 0;)
		to++;
	fputs("{\n\"assent_participant\": 1,\n\"study\": ", f);
	json_text(f, p->study);
	fputs(",\n\"participant\": ", f);
	json_text(f, p->participant);
	fputs(",\n", f);
	files(f, d, p);
	segments(f, d, from, to);
	fputs("]\n}\n", f);
	bool good = !ferror(f);
	if (fclose(f) || !good || *length > DATASET_DESCRIPTION_MAX) {
		int error = good && *length > DATASET_DESCRIPTION_MAX ? ERROR_LIMIT : ERROR_MEMORY;
		free(*out);
		return error;
	}
	return 0;
}

int dataset_write(const struct dataset *d, int directory)
{
	static const struct dataset none;
	char time[28];
	uint64_t all = 0, dropped = 0;
	const struct dataset *listed = is_apart(d) ? &none : d;
	FILE *f = totals_open(directory, DATASET_NAME);
	if (!f)
		return ERROR_IO;
	for (int i = 0; i < d->participants; i++) {
		all += d->participant[i].has.rows;
		dropped += d->participant[i].has.dropped;
	}
	fprintf(f, "{\n\"assent_dataset\": 1,\n\"version\": %" PRId64 ",\n\"made\": \"%s\",\n\"program\": \"assent %s\",\n\"format\": ", d->version,
		clock_format(d->made_us, time), ASSENT_VERSION);
	json_text(f, d->format);
	fputs(d->own ? ",\n\"purposes\": null" : ",\n\"purposes\": [", f);
	for (int i = 0; i < d->purposes; i++) {
		fputs(i ? "," : "", f);
		json_text(f, d->purpose[i]);
	}
	fprintf(f, "%s,\n\"rows\": %" PRIu64 ",\n\"rows_dropped\": %" PRIu64 ",\n", d->own ? "" : "]", all, dropped);
	files(f, listed, NULL);
	segments(f, listed, 0, listed->segments);
	participants(f, d);
	tombstones(f, d);
	pending(f, d);
	changes(f, "added", d->added, d->addeds, false);
	changes(f, "removed", d->removed, d->removeds, true);
	fputs("}\n", f);
	bool too_large = ftello(f) > (off_t)DATASET_BYTES_MAX;
	int error = totals_close(f);
	return error ? error : too_large ? ERROR_LIMIT : 0;
}
