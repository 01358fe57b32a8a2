/* SPDX-License-Identifier: Apache-2.0 */
#include "table_rows.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 23 };

static void die(const char *what)
{
	fprintf(stderr, "table: %s\n", what);
	exit(1);
}

static const char *keep(struct table_rows *r, const char *word)
{
	for (size_t i = r->words_count; i-- > 0 && r->words_count - i < 64;)
		if (strcmp(r->words[i], word) == 0)
			return r->words[i];
	r->words = realloc(r->words, (r->words_count + 1) * sizeof *r->words);
	if (!r->words || !(r->words[r->words_count] = strdup(word)))
		die("out of memory");
	return r->words[r->words_count++];
}

/* Splits a line in place; an empty field is NULL, "" is empty. Text with a line break in it is not understood. */
static bool split(char *line, char *field[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++) {
		char *to = line, end;
		field[i] = line;
		if (*line == '"') {
			for (line++; *line && (*line != '"' || line[1] == '"'); line++) {
				line += *line == '"';
				*to++ = *line;
			}
			if (*line++ != '"')
				return false;
			end = *line;
		} else {
			to = line += strcspn(line, ",\n");
			end = *line;
			if (field[i] == line)
				field[i] = NULL;
		}
		if (end != (i + 1 < COLUMNS ? ',' : '\n'))
			return false;
		line++;
		*to = 0;
	}
	return true;
}

static int64_t integer(const char *s) { return strtoll(s, NULL, 10); }

static void convert(struct table_rows *r, char *f[COLUMNS], struct event *e)
{
	static const uint16_t has[COLUMNS] = {0, 0, 0, HAS_DEVICE, HAS_CLASS, HAS_CODE, HAS_TEXT, HAS_POSITION, HAS_POSITION, HAS_DELTA, HAS_DELTA, HAS_SCROLL,
		HAS_SCROLL, HAS_APP, HAS_TITLE, HAS_REASON, HAS_END, HAS_LOST, HAS_SYNTHETIC};
	int kind = event_kind_of(f[2] ? f[2] : "");
	if (!f[0] || !f[1] || kind < 0 || !f[19] || !f[20] || !f[21] || !f[22])
		die("not a table that assent exported");
	for (int i = 0; i < COLUMNS; i++)
		e->has |= f[i] ? has[i] : 0;
	e->t_us = integer(f[0]);
	e->mono_us = integer(f[1]);
	e->kind = (uint8_t)kind;
	e->device = f[3] ? (int16_t)integer(f[3]) : 0;
	e->key_class = f[4] ? (uint8_t)event_class_of(f[4]) : 0;
	e->code = f[5] ? (int16_t)integer(f[5]) : 0;
	snprintf(e->text, sizeof e->text, "%s", f[6] ? f[6] : "");
	e->x = f[7] ? (int32_t)integer(f[7]) : 0;
	e->y = f[8] ? (int32_t)integer(f[8]) : 0;
	e->dx = f[9] ? strtof(f[9], NULL) : 0;
	e->dy = f[10] ? strtof(f[10], NULL) : 0;
	e->scroll_x = f[11] ? (int16_t)integer(f[11]) : 0;
	e->scroll_y = f[12] ? (int16_t)integer(f[12]) : 0;
	e->app = f[13] ? keep(r, f[13]) : NULL;
	e->title = f[14] ? keep(r, f[14]) : NULL;
	e->reason = f[15] ? (uint8_t)event_reason_of(f[15]) : 0;
	e->end_us = f[16] ? integer(f[16]) : 0;
	e->lost = f[17] ? (int32_t)integer(f[17]) : 0;
	e->synthetic = f[18] && strcmp(f[18], "true") == 0;
	snprintf(r->meta.study, sizeof r->meta.study, "%s", f[19]);
	snprintf(r->meta.epoch, sizeof r->meta.epoch, "%s", f[20]);
	snprintf(r->meta.participant, sizeof r->meta.participant, "%s", f[21]);
	snprintf(r->meta.segment, sizeof r->meta.segment, "%s", f[22]);
}

bool table_rows_is_header(const char *line)
{
	return strncmp(line, "t_us,mono_us,kind,", 18) == 0;
}

void table_rows_read(struct table_rows *r, FILE *f, size_t most)
{
	char line[4096], *field[COLUMNS];
	while (r->count < most && fgets(line, sizeof line, f)) {
		if (r->count == r->room) {
			r->room = r->room ? 2 * r->room : 65536;
			r->at = realloc(r->at, r->room * sizeof *r->at);
			if (!r->at)
				die("out of memory");
		}
		if (!split(line, field))
			die("a line that is not one row");
		memset(&r->at[r->count], 0, sizeof *r->at);
		convert(r, field, &r->at[r->count++]);
	}
}

void table_rows_load(struct table_rows *r, const char *path, size_t most)
{
	FILE *f = fopen(path, "r");
	char line[4096];
	if (!f || !fgets(line, sizeof line, f) || !table_rows_is_header(line))
		die("cannot be read, or no table that assent exported");
	table_rows_read(r, f, most);
	fclose(f);
}

void table_rows_release(struct table_rows *r)
{
	for (size_t i = 0; i < r->words_count; i++)
		free(r->words[i]);
	free(r->words);
	free(r->at);
	*r = (struct table_rows){0};
}
