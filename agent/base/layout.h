/* SPDX-License-Identifier: Apache-2.0 */
/* Paragraphs and lists in plain text, broken at words. */
#ifndef ASSENT_LAYOUT_H
#define ASSENT_LAYOUT_H

#include <stdbool.h>
#include <stdio.h>

enum { LAYOUT_WIDTH = 78, LAYOUT_WIDTH_MIN = 30 };

struct layout {
	FILE *f;
	int width;
};

/* Columns that n bytes of UTF-8 take on a terminal. */
int layout_columns(const char *s, size_t n);
/* first stands before the first line, rest before the others; lines of the text stay apart. */
void layout_paragraph(struct layout *l, const char *first, const char *rest, const char *text);
/* The same with {a} and {b} of the text filled in. */
void layout_filled(struct layout *l, const char *first, const char *rest, const char *text, const char *a, const char *b);
/* "  - ..." */
void layout_item(struct layout *l, const char *text);
void layout_item_filled(struct layout *l, const char *text, const char *a);
void layout_heading(struct layout *l, const char *text);

/* Lines from *at on that a window of `rows` shows, if it is `columns` wide; a list's entry is broken only if it must be. *at moves on. */
const char *layout_screen(const char **at, int rows, int columns, size_t *length);

#endif
