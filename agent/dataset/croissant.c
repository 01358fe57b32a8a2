/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files are a FileSet by their pattern, and not a FileObject each: there may be a hundred thousand. Their checksums are in dataset.json, or in the
 * descriptions whose checksums are there; its own is here.
 */
#include "croissant.h"

#include <inttypes.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/json_text.h"
#include "../error.h"
#include "batch.h"
#include "table.h"
#include "totals.h"

static void text(FILE *f, const char *key, const char *value)
{
	fprintf(f, "  \"%s\": ", key);
	json_text(f, value);
	fputs(",\n", f);
}

/* The names that the specification gives to the vocabulary's terms, so that the rest needs no prefixes. */
static void context(FILE *f)
{
	static const char *const terms[] = {
		"annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "excludes", "extract", "field", "fileProperty",
		"fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "recordSet",
		"references", "regex", "readLines", "sdVersion", "separator", "source", "subField", "transform", "unArchive", "value",
	};
	fputs("{\n  \"@context\": {\n    \"@language\": \"en\",\n    \"@vocab\": \"https://schema.org/\",\n    \"sc\": \"https://schema.org/\",\n"
	      "    \"cr\": \"http://mlcommons.org/croissant/\",\n    \"rai\": \"http://mlcommons.org/croissant/RAI/\",\n"
	      "    \"dct\": \"http://purl.org/dc/terms/\",\n    \"conformsTo\": \"dct:conformsTo\",\n", f);
	fputs("    \"data\": {\"@id\": \"cr:data\", \"@type\": \"@json\"},\n    \"dataType\": {\"@id\": \"cr:dataType\", \"@type\": \"@vocab\"},\n"
	      "    \"examples\": {\"@id\": \"cr:examples\", \"@type\": \"@json\"}", f);
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
		fprintf(f, ",\n    \"%s\": \"cr:%s\"", terms[i], terms[i]);
	fputs("\n  },\n  \"@type\": \"sc:Dataset\",\n"
	      "  \"conformsTo\": [\"http://mlcommons.org/croissant/1.1\", \"http://mlcommons.org/croissant/RAI/1.0\"],\n", f);
}

static void head(FILE *f, const struct dataset *d, const struct totals *t)
{
	char made[28];
	fputs("  \"name\": \"assent", f);
	totals_studies(f, d, "-", "-");
	fputs("\",\n  \"description\": \"Keyboard and pointer interaction recorded with consent: studies ", f);
	totals_studies(f, d, "", ", ");
	fprintf(f, "; %" PRIu64 " %s, %" PRIu64 " rows, one an event.", t->participants,
		d->own ? "pseudonyms of one participant" : "participants", t->has.rows);
	if (d->pendings)
		fprintf(f, " Not counted, and not to be used: rows of removed segments that are still in %d of its files (dataset.json, pending).", d->pendings);
	fputs("\",\n", f);
	fputs("  \"license\": {\"@type\": \"sc:CreativeWork\", \"name\": \"None: personal data, ", f);
	fputs(d->own ? "a participant's own copy" : "to be used for the purposes that its participants agreed to and for nothing else", f);
	fputs("\", \"url\": \"README.md\"},\n  \"usageInfo\": [", f);
	for (int i = 0; i < d->purposes; i++) {
		fputs(i ? ", {\"@type\": \"sc:DefinedTerm\", \"inDefinedTermSet\": \"purposes of the studies\", \"termCode\": " :
		      "{\"@type\": \"sc:DefinedTerm\", \"inDefinedTermSet\": \"purposes of the studies\", \"termCode\": ", f);
		json_text(f, d->purpose[i]);
		fputc('}', f);
	}
	fputs("],\n  \"url\": \"README.md\",\n  \"creator\": ", f);
	fputs(d->own ? "{\"@type\": \"sc:Person\", \"name\": \"The participant whom it was recorded of" :
	      "{\"@type\": \"sc:Organization\", \"name\": \"The controllers that the receipts of these studies name: ", f);
	if (!d->own)
		totals_studies(f, d, "", ", ");
	clock_format(d->made_us, made);
	fprintf(f, "\"},\n  \"datePublished\": \"%.10s\",\n  \"dateModified\": \"%s\",\n  \"version\": \"%" PRId64 ".0.0\",\n", made, made, d->version);
	fputs("  \"keywords\": [\"keystrokes\", \"pointer\", \"human-computer interaction\", \"consent\"],\n", f);
}

/* What is said of how it was recorded holds for both; the rest does not. */
static void rai(FILE *f, bool own, const struct totals *t)
{
	char from[28], to[28];
	text(f, "rai:dataCollection", own ? "Recorded by Assent on the Linux desktop that the participant worked at, between their yes and their no. This is their own copy: "
	     "what could be read and was named when it was made, released or not, judged by no purpose and no receipt. Passwords and what nothing vouched for were masked before "
	     "anything was stored." : "Recorded by Assent on the Linux desktops that participants worked at, between their yes and their no: each agreed to each purpose in a "
	     "signed receipt, could pause, look, delete and withdraw at any time, and released what is here. Passwords and what nothing vouched for were masked "
	     "before anything was stored.");
	text(f, "rai:dataCollectionType", "Passive Data Collection");
	if (t->has.rows)
		fprintf(f, "  \"rai:dataCollectionTimeframe\": [\"%s\", \"%s\"],\n", clock_format(t->has.first_us, from), clock_format(t->has.last_us, to));
	text(f, "rai:dataCollectionRawData", "Input events of keyboards, pointers, touchscreens and the focused application, as far as the study asks and the "
	     "participant allows. The raw events were never stored.");
	text(f, "rai:dataCollectionMissingData", "Rows of kind span stand for what was masked (column reason: why), rows of kind gap for where events may have been lost "
	     "(reason; lost: how many, where known). README.md counts both. What was paused, deleted or withdrawn is not missing at random.");
	text(f, "rai:dataPreprocessingProtocol", "Key times are rounded to the study's grid; keys are reduced to the study's detail (class, code or text); edges of spans are "
	     "moved outwards. Nothing is imputed, smoothed or resampled.");
	text(f, "rai:dataManipulationProtocol", own ? "None beyond the preprocessing." : "Rows that no receipt covers at their time are dropped and counted.");
	text(f, "rai:dataBiases", own ? "One person, on the machines that it was recorded on; applications that the accessibility bus does not know are nearly missing; web pages and "
	     "terminals are masked more often than other places." : "Participants chose to take part, on machines with a Linux desktop; applications that the accessibility bus does not know are nearly "
	     "missing; web pages and terminals are masked more often than other places. No demographic attribute is recorded, so none can be balanced.");
	text(f, "rai:personalSensitiveInformation", own ? "Personal data throughout, of one person, whose pseudonyms in several studies it brings together. With detail text, what was typed is "
	     "in it; applications and titles, where a study asks for them, tell what they did." :
	     "Personal data throughout. Participants are pseudonyms, other ones in each study, but typing rhythm identifies people. With "
	     "detail text, what was typed is in it; applications and titles, where a study asks for them, tell what people did.");
	text(f, "rai:dataSocialImpact", "Made so that interaction data need not be taken covertly. Misuse would be identifying people, watching employees, inferring health "
	     "or emotion: no study may ask for it, and no receipt covers it.");
	text(f, "rai:dataLimitations", "No random sample of people or work. Times of keys below the grid mean nothing. Intervals hold within a segment (mono_us). x and y "
	     "are pixels of a screen layout, dx and dy units of a device.");
	text(f, "rai:dataUseCases", own ? "The participant's own: nobody agreed to any other use of this copy." : "Only the purposes in usageInfo.");
	text(f, "rai:dataReleaseMaintenancePlan", own ? "None: it is not released. Exported again with --force it is a new version, and dataset.json lists what left." :
	     "A version is added whenever anything changes. Participants can withdraw what they released: tombstones remove it from the next "
	     "version, dataset.json lists what left and why, and copies are to be deleted by that list.");
}

static void distribution(FILE *f, const struct dataset *d, const uint8_t sha256[32], const char *mime, const char *includes)
{
	fputs("  \"distribution\": [\n    {\"@type\": \"cr:FileObject\", \"@id\": \"dataset.json\", \"name\": \"dataset.json\", \"description\": \"Accounts for each segment; the SHA-256 of each file of rows is there, or in the descriptions (segments/) of which it has the SHA-256.\", \"contentUrl\": \"dataset.json\", \"encodingFormat\": \"application/json\", \"sha256\": \"", f);
	for (int i = 0; i < 32; i++)
		fprintf(f, "%02x", sha256[i]);
	fputs("\"},\n", f);
	for (int i = 0; i < d->files && d->file[i].members == 0; i++) {
		fputs("    {\"@type\": \"cr:FileObject\", \"@id\": ", f);
		json_text(f, d->file[i].name);
		fputs(", \"name\": ", f);
		json_text(f, d->file[i].name);
		fputs(", \"contentUrl\": ", f);
		json_text(f, d->file[i].name);
		fprintf(f, ", \"contentSize\": \"%" PRIu64 " B\", \"encodingFormat\": \"%s\", \"sha256\": \"", d->file[i].bytes, mime);
		for (int k = 0; k < 32; k++)
			fprintf(f, "%02x", d->file[i].sha256[k]);
		fputs("\"},\n", f);
	}
	fprintf(f, "    {\"@type\": \"cr:FileSet\", \"@id\": \"rows\", \"name\": \"rows\", \"description\": \"All files of rows, in this folder.\", "
		"\"encodingFormat\": \"%s\", \"includes\": \"%s\"}\n  ],\n", mime, includes);
}

static void field(FILE *f, const char *name, const char *type, const char *meaning, bool in_path)
{
	fprintf(f, "      {\"@type\": \"cr:Field\", \"@id\": \"events/%s\", \"name\": \"%s\", \"description\": ", name, name);
	json_text(f, meaning);
	fprintf(f, ", \"dataType\": \"%s\", \"source\": {\"fileSet\": {\"@id\": \"rows\"}, \"extract\": ", type);
	if (in_path)
		fprintf(f, "{\"fileProperty\": \"fullpath\"}, \"transform\": {\"regex\": \"%s=([^/]+)/\"}}}", name);
	else
		fprintf(f, "{\"column\": \"%s\"}}}", name);
}

static void record_set(FILE *f, bool hive)
{
	static const char *const types[] = {"sc:Integer", "sc:Integer", "sc:Integer", "sc:Float", "sc:Boolean", "sc:Text"};
	fputs("  \"recordSet\": [{\n    \"@type\": \"cr:RecordSet\", \"@id\": \"events\", \"name\": \"events\", \"description\": \"One row an event; what does not apply is null.\",\n"
	      "    \"field\": [\n", f);
	for (int i = 0; i < BATCH_COLUMNS; i++) {
		field(f, batch_fields[i].name, types[batch_fields[i].type], batch_fields[i].meaning, hive && (i == BATCH_STUDY || i == BATCH_PARTICIPANT));
		fputs(i + 1 < BATCH_COLUMNS || hive ? ",\n" : "\n", f);
	}
	if (hive) {
		field(f, "date", "sc:Date", "UTC day of t_us", true);
		fputc('\n', f);
	}
	fputs("    ]\n  }]\n}\n", f);
}

int croissant_write(const struct dataset *d, const uint8_t sha256[32], int directory)
{
	static const char *const mime[TABLE_FORMATS] = {"text/csv", "application/jsonlines", "application/vnd.apache.parquet", "application/vnd.apache.arrow.file"};
	struct totals t;
	char includes[80];
	int format = table_format_of(d->format);
	bool hive = format == TABLE_PARQUET || format == TABLE_ARROW;
	FILE *f = totals_open(directory, DATASET_CROISSANT);
	if (!f)
		return ERROR_IO;
	totals_of(d, 0, NULL, &t);
	snprintf(includes, sizeof includes, hive ? HIVE_ROWS "/study=*/date=*/participant=*/*.%s" : "*.%s", d->format);
	context(f);
	head(f, d, &t);
	rai(f, d->own, &t);
	distribution(f, d, sha256, mime[format < 0 ? TABLE_CSV : format], includes);
	record_set(f, hive);
	return totals_close(f);
}
