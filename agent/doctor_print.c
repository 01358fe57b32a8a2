/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor's word for people: a table that fits the terminal, and below each row why, and what to do. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "doctor_inside.h"

enum { NARROW = 64, USUAL = 80, WIDE = 120, APP = 18, ORACLE = 13, VERDICT = 25, EDGE = 2 };

static int width_of(FILE *out)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	int width = USUAL;
	if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col)
		width = size.ws_col;
	else if (columns && atoi(columns) > 0)
		width = atoi(columns);
	return width < NARROW ? NARROW : width > WIDE ? WIDE : width;
}

/* The next character of text as it may stand on a terminal, and the columns it takes. What moves the cursor, turns the
 * direction of writing or cannot be read becomes a question mark: names of windows and programs are others' words. */
static int next(const char **text, char out[MB_LEN_MAX + 1], mbstate_t *state)
{
	wchar_t c;
	size_t n = mbrtowc(&c, *text, strlen(*text), state);
	int columns = n == (size_t)-1 || n == (size_t)-2 ? -1 : wcwidth(c);
	if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
		memset(state, 0, sizeof *state);
		n = 1;
	}
	bool good = columns > 0 && n <= MB_LEN_MAX;
	if (good)
		memcpy(out, *text, n);
	else
		out[0] = '?';
	out[good ? n : 1] = 0;
	*text += n;
	return good ? columns : 1;
}

/* In exactly `columns` columns, cut with ".." where it is longer. */
static void cell(FILE *out, const char *text, int columns)
{
	mbstate_t state = { 0 };
	char one[MB_LEN_MAX + 1];
	int used = 0, total = 0;

	for (const char *at = text; *at;)
		total += next(&at, one, &state);
	memset(&state, 0, sizeof state);
	int room = total > columns ? columns - 2 : columns;
	while (*text) {
		int n = next(&text, one, &state);
		if (used + n > room)
			break;
		fputs(one, out);
		used += n;
	}
	if (total > columns) {
		fputs("..", out);
		used += 2;
	}
	fprintf(out, "%*s", columns - used, "");
}

/* Broken between words. The first line begins with `first`, the others as far right as its end. */
static void paragraph(FILE *out, int width, int indent, const char *first, const char *text)
{
	mbstate_t state = { 0 };
	char one[MB_LEN_MAX + 1];
	int hang = (int)strlen(first), used = 0;

	fprintf(out, "%*s%s", indent, "", first);
	while (*text) {
		const char *end = text + strcspn(text, " ");
		int columns = 0;
		for (const char *at = text; at < end;)
			columns += next(&at, one, &state);
		if (used && indent + hang + used + 1 + columns > width) {
			fprintf(out, "\n%*s", indent + hang, "");
			used = 0;
		}
		if (used)
			fputc(' ', out);
		used += columns + (used ? 1 : 0);
		while (text < end) {
			next(&text, one, &state);
			fputs(one, out);
		}
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void heading(FILE *out, int title)
{
	fputs("  ", out);
	cell(out, "APPLICATION", APP);
	fputs("  ", out);
	if (title > 0) {
		cell(out, "WINDOW", title);
		fputs("  ", out);
	}
	cell(out, "ORACLE", ORACLE);
	fputs("  A CHARACTER TYPED NOW IS\n", out);
}

static void row(FILE *out, const struct doctor_window *w, int title, int width)
{
	char verdict[64];
	snprintf(verdict, sizeof verdict, "%s%s", w->now.open ? "open" : "masked: ", w->now.open ? "" : event_reason_name(w->now.reason));
	fputs(w->seen->focused ? "* " : w->seen->visible ? "  " : "- ", out);
	cell(out, w->app[0] ? w->app : "(not known)", APP);
	fputs("  ", out);
	if (title > 0) {
		cell(out, w->seen->app.title, title);
		fputs("  ", out);
	}
	cell(out, doctor_oracle_name(w->oracle), ORACLE);
	fprintf(out, "  %s\n", verdict);
	paragraph(out, width, 4, "", w->why);
	if (w->mend[0])
		paragraph(out, width, 4, "remedy: ", w->mend);
}

static void summary(FILE *out, const struct doctor *d, int width)
{
	char text[400];
	int open = 0, wants = 0, hidden = 0;
	for (int i = 0; i < d->windows; i++) {
		open += d->window[i].now.open;
		wants += d->window[i].wants_oracle;
		hidden += !d->window[i].seen->visible;
	}
	snprintf(text, sizeof text, "%d window%s: %d open, %d masked%s%d for want of an oracle. * has the focus%s.%s", d->windows,
		 d->windows == 1 ? "" : "s", open, d->windows - open, d->windows > open ? ", of these " : ", ", wants,
		 hidden ? ", - is not visible" : "",
		 d->joined ? "" : " No study was joined: judged by the built-in list, policy and your settings.");
	fputc('\n', out);
	paragraph(out, width, 0, "", text);
}

void doctor_print(const struct doctor *d, bool titles, FILE *out)
{
	int width = width_of(out);
	int title = titles ? width - EDGE - APP - ORACLE - VERDICT - 3 * EDGE : 0;

	if (d->list && d->windows)
		heading(out, title);
	for (int i = 0; i < d->windows; i++)
		row(out, &d->window[i], title, width);
	if (d->list)
		summary(out, d, width);
	for (int problems = 1; problems >= 0; problems--) {
		for (int i = 0; i < d->findings; i++) {
			const struct doctor_finding *f = &d->finding[i];
			if (f->problem != problems)
				continue;
			paragraph(out, width, 0, problems ? "! " : "- ", f->text);
			if (f->mend[0])
				paragraph(out, width, 2, "remedy: ", f->mend);
		}
	}
}
