/* SPDX-License-Identifier: Apache-2.0 */
/* dataset_write(). */
#include "dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/json_text.h"
#include "../error.h"

static void text(FILE *f, const char *key, const char *value)
{
	fprintf(f, ",\"%s\":", key);
	json_text(f, value);
}

static void hex(FILE *f, const char *key, const uint8_t hash[32])
{
	fprintf(f, ",\"%s\":\"", key);
	for (int i = 0; i < 32; i++)
		fprintf(f, "%02x", hash[i]);
	fputc('"', f);
}

static void place(FILE *f, const struct dataset_place *at)
{
	fputs("{\"segment\":", f);
	json_text(f, at->segment);
	text(f, "study", at->study);
	text(f, "participant", at->participant);
}

static void files(FILE *f, const struct dataset *d)
{
	fputs("\"files\": [\n", f);
	for (int i = 0; i < d->files; i++) {
		const struct dataset_file *x = &d->file[i];
		fputs("{\"file\":", f);
		json_text(f, x->name);
		fprintf(f, ",\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64, x->rows, x->bytes);
		hex(f, "hash", x->hash);
		fputs(i + 1 < d->files ? "},\n" : "}\n", f);
	}
	fputs("],\n", f);
}

static void segments(FILE *f, const struct dataset *d)
{
	char time[28];
	fputs("\"segments\": [\n", f);
	for (int i = 0; i < d->segments; i++) {
		const struct dataset_segment *x = &d->segment[i];
		place(f, &x->at);
		hex(f, "hash", x->hash);
		hex(f, "receipt", x->receipt);
		fprintf(f, ",\"rows\":%" PRIu64 ",\"dropped\":%" PRIu64, x->rows, x->dropped);
		if (x->rows) {
			text(f, "first", clock_format(x->first_us, time));
			text(f, "last", clock_format(x->last_us, time));
		} else {
			fputs(",\"first\":null,\"last\":null", f);
		}
		fputs(i + 1 < d->segments ? "},\n" : "}\n", f);
	}
	fputs("],\n\"left_out\": [\n", f);
	for (int i = 0; i < d->lefts; i++) {
		place(f, &d->left[i].at);
		text(f, "kind", d->left[i].kind);
		text(f, "why", d->left[i].why);
		fputs(i + 1 < d->lefts ? "},\n" : "}\n", f);
	}
	fputs("],\n", f);
}

static void tombstones(FILE *f, const struct dataset *d)
{
	char time[28];
	fputs("\"tombstones\": [\n", f);
	for (int i = 0; i < d->tombstones; i++) {
		const struct dataset_tombstone *x = &d->tombstone[i];
		place(f, &x->at);
		hex(f, "hash", x->hash);
		text(f, "tombstone", x->id);
		text(f, "reason", x->reason);
		text(f, "time", clock_format(x->t_us, time));
		fputs(i + 1 < d->tombstones ? "},\n" : "}\n", f);
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
		fputs(i + 1 < count ? "},\n" : "}\n", f);
	}
	fputs(last ? "]\n" : "],\n", f);
}

int dataset_write(const struct dataset *d, int directory)
{
	char time[28];
	uint64_t rows = 0, dropped = 0;
	int fd = openat(directory, DATASET_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return ERROR_IO;
	FILE *f = fdopen(fd, "w");
	if (!f) {
		close(fd);
		return ERROR_MEMORY;
	}
	for (int i = 0; i < d->segments; i++) {
		rows += d->segment[i].rows;
		dropped += d->segment[i].dropped;
	}
	fprintf(f, "{\n\"assent_dataset\": 1,\n\"version\": %" PRId64 ",\n\"made\": \"%s\",\n\"program\": \"assent %s\",\n\"format\": ", d->version,
		clock_format(d->made_us, time), ASSENT_VERSION);
	json_text(f, d->format);
	fputs(",\n\"purposes\": [", f);
	for (int i = 0; i < d->purposes; i++) {
		fputs(i ? "," : "", f);
		json_text(f, d->purpose[i]);
	}
	fprintf(f, "],\n\"rows\": %" PRIu64 ",\n\"rows_dropped\": %" PRIu64 ",\n", rows, dropped);
	files(f, d);
	segments(f, d);
	tombstones(f, d);
	changes(f, "added", d->added, d->addeds, false);
	changes(f, "removed", d->removed, d->removeds, true);
	fputs("}\n", f);
	int error = fflush(f) || ferror(f) || fsync(fd) ? ERROR_IO : 0, saved = errno;
	if (fclose(f) && !error) {
		error = ERROR_IO;
		saved = errno;
	}
	errno = saved;
	return error;
}
