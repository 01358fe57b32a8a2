/* SPDX-License-Identifier: Apache-2.0 */
#include "totals.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"

int totals_of(const struct dataset *d, int first, const char *study, struct totals *t)
{
	int i = first;
	const char *last = NULL;
	memset(t, 0, sizeof *t);
	for (; i < d->participants && (!study || strcmp(d->participant[i].study, study) == 0); i++) {
		const struct dataset_participant *p = &d->participant[i];
		/* One of whom nothing is in it is known for the sake of their receipts. */
		if (p->segments == 0)
			continue;
		t->studies += !last || strcmp(last, p->study) != 0;
		last = p->study;
		t->participants++;
		t->segments += p->segments;
		t->files += p->files;
		t->bytes += p->bytes;
		dataset_rows_add(&t->has, &p->has);
	}
	/* Those of whole studies are nobody's alone. */
	for (int k = 0; k < d->files && !study; k++)
		if (d->file[k].members == 0) {
			t->files++;
			t->bytes += d->file[k].bytes;
		}
	return i - first;
}

const char *totals_study(const char *id)
{
	return id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")] ? "?" : id;
}

void totals_studies(FILE *f, const struct dataset *d, const char *first, const char *others)
{
	const char *last = NULL;
	for (int i = 0; i < d->participants; i++) {
		const struct dataset_participant *p = &d->participant[i];
		if (p->segments == 0 || (last && strcmp(last, p->study) == 0))
			continue;
		fprintf(f, "%s%s", last ? others : first, totals_study(p->study));
		last = p->study;
	}
}

char *totals_number(uint64_t n, char out[27])
{
	char digits[21];
	int length = snprintf(digits, sizeof digits, "%" PRIu64, n), k = 0;
	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			out[k++] = ',';
		out[k++] = digits[i];
	}
	out[k] = 0;
	return out;
}

char *totals_length(uint64_t us, char out[32])
{
	double s = (double)us / 1e6;
	if (s < 100)
		snprintf(out, 32, "%.1f s", s);
	else if (s < 100 * 60)
		snprintf(out, 32, "%.1f min", s / 60);
	else
		snprintf(out, 32, "%.1f h", s / 3600);
	return out;
}

FILE *totals_open(int directory, const char *name)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f && fd >= 0)
		close(fd);
	return f;
}

int totals_close(FILE *f)
{
	bool good = fflush(f) == 0 && !ferror(f) && fsync(fileno(f)) == 0;
	int saved = errno;
	if (fclose(f) && good) {
		good = false;
		saved = errno;
	}
	errno = saved;
	return good ? 0 : ERROR_IO;
}
