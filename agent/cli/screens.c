/* SPDX-License-Identifier: Apache-2.0 */
#include "screens.h"

#include <stdlib.h>
#include <string.h>

#include "../base/layout.h"
#include "../error.h"

/* Two lines of a window are not for the text: the empty one before it, and the one that waits. */
enum { ROWS_LEAST = 4, ROWS_OTHER = 2 };

int screens_width(const struct prompt *p)
{
	int rows, columns;
	prompt_size(p, &rows, &columns);
	return columns <= 0 || columns > LAYOUT_WIDTH + 1 ? LAYOUT_WIDTH : columns < LAYOUT_WIDTH_MIN + 1 ? LAYOUT_WIDTH_MIN : columns - 1;
}

static int lines(char *const *page, int count)
{
	int n = 0;
	for (int i = 0; i < count; i++, n++)
		for (const char *s = page[i]; *s; s++)
			n += *s == '\n';
	return n;
}

static int print_part(struct prompt *p, const char *text, size_t length)
{
	char *part = malloc(length + 3);
	if (!part)
		return ERROR_MEMORY;
	part[0] = '\n';
	memcpy(part + 1, text, length);
	if (length == 0 || text[length - 1] != '\n')
		part[++length] = '\n';
	part[length + 1] = 0;
	int e = prompt_print(p, part);
	free(part);
	return e;
}

int screens_show(struct prompt *p, char *const *page, int count, const char *more, bool wait)
{
	int rows, columns, e = 0;
	prompt_size(p, &rows, &columns);
	bool once = rows <= 0 || (!wait && lines(page, count) < rows);
	if (!once && rows < ROWS_LEAST)
		rows = ROWS_LEAST;
	for (int i = 0; i < count && e == 0; i++) {
		for (const char *at = page[i]; *at && e == 0;) {
			size_t length;
			const char *screen = once ? at : layout_screen(&at, rows - ROWS_OTHER, columns, &length);
			if (once) {
				length = strlen(at);
				at += length;
			}
			e = print_part(p, screen, length);
			if (e == 0 && !once && (*at || i + 1 < count || wait))
				e = prompt_more(p, more);
		}
	}
	return e;
}
