/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

static uint32_t decode(const char *s, size_t n, size_t *used)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t need = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc0 ? 2 : 1;
	if (need > n)
		need = n;
	uint32_t c = need == 1 ? p[0] : p[0] & (0x7fu >> need);
	for (size_t i = 1; i < need; i++)
		c = c << 6 | (p[i] & 0x3f);
	*used = need;
	return c;
}

/* East Asian wide, and what stands on the letter before it: enough to keep lines inside a window, whatever the locale says. */
static int columns(uint32_t c)
{
	if ((c >= 0x300 && c < 0x370) || c == 0x200b || c == 0x200d || (c >= 0xfe00 && c < 0xfe10))
		return 0;
	return (c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) || (c >= 0xac00 && c < 0xd7a4) || (c >= 0xf900 && c < 0xfb00) ||
		(c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) || (c >= 0x1f300 && c < 0x1f650) || (c >= 0x20000 && c < 0x40000) ? 2 : 1;
}

int layout_columns(const char *s, size_t n)
{
	int w = 0;
	for (size_t i = 0, used; i < n; i += used)
		w += columns(decode(s + i, n - i, &used));
	return w;
}

/* As much of a word as fits. At least one letter, or it would never end. */
static size_t fitting(const char *s, size_t n, int room)
{
	size_t i = 0, used;
	for (int w = 0; i < n; i += used) {
		w += columns(decode(s + i, n - i, &used));
		if (w > room && i)
			break;
	}
	return i;
}

void layout_paragraph(struct layout *l, const char *first, const char *rest, const char *text)
{
	const char *lead = first;
	int room = l->width - layout_columns(rest, strlen(rest));
	bool blank = false;
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n"), at = 0;
		int column = 0;
		/* One empty line parts; a screen of them hides what follows. */
		bool again = blank;
		blank = strspn(line, " \t") >= length;
		if (blank && again) {
			line += length + (line[length] == '\n');
			continue;
		}
		fputs(lead, l->f);
		while (at < length) {
			at += strspn(line + at, " \t");
			if (at >= length)
				break;
			const char *word = line + at;
			size_t n = strcspn(word, " \t\n");
			int w = layout_columns(word, n);
			if (column && column + 1 + w > room) {
				fprintf(l->f, "\n%s", rest);
				column = 0;
			}
			/* A word longer than a line, as in languages that write none apart. */
			while (w > room) {
				size_t part = fitting(word, n, room);
				if (part >= n)
					break;
				fwrite(word, 1, part, l->f);
				fprintf(l->f, "\n%s", rest);
				word += part;
				n -= part;
				at += part;
				w = layout_columns(word, n);
			}
			if (column)
				putc(' ', l->f);
			fwrite(word, 1, n, l->f);
			column += (column ? 1 : 0) + w;
			at += n;
		}
		putc('\n', l->f);
		line += length + (line[length] == '\n');
		lead = rest;
	}
}

void layout_filled(struct layout *l, const char *first, const char *rest, const char *text, const char *a, const char *b)
{
	char *filled = words_fill(text, a, b);
	layout_paragraph(l, first, rest, filled ? filled : text);
	free(filled);
}

void layout_item(struct layout *l, const char *text)
{
	layout_paragraph(l, "  - ", "    ", text);
}

void layout_item_filled(struct layout *l, const char *text, const char *a)
{
	layout_filled(l, "  - ", "    ", text, a, NULL);
}

void layout_heading(struct layout *l, const char *text)
{
	layout_paragraph(l, "", "", text);
	putc('\n', l->f);
}

static int rows_of(const char *line, size_t n, int width)
{
	int w = layout_columns(line, n);
	return width <= 0 || w <= width ? 1 : (w + width - 1) / width;
}

/* Does something new begin here, so that a reader can pause before it? */
static bool begins(const char *line)
{
	return *line == '\n' || strncmp(line, "  - ", 4) == 0 || *line != ' ';
}

const char *layout_screen(const char **at, int rows, int width, size_t *length)
{
	const char *from = *at, *line = from, *good = NULL;
	while (*from == '\n')
		line = ++from;
	for (int used = 0; *line;) {
		size_t n = strcspn(line, "\n");
		used += rows_of(line, n, width);
		if (used > rows && line > from) {
			/* Half a screen is no screen: then an entry is broken after all. */
			if (good && (good - from) * 2 > line - from)
				line = good;
			break;
		}
		if (line > from && begins(line))
			good = line;
		line += n + (line[n] == '\n');
	}
	*at = line;
	/* Empty lines between two screens belong to neither. */
	while (line - from > 1 && line[-1] == '\n' && line[-2] == '\n')
		line--;
	*length = (size_t)(line - from);
	while (**at == '\n')
		(*at)++;
	return from;
}
