/* SPDX-License-Identifier: Apache-2.0 */
/* A row as text while it is put together: bounded, on the stack, written in one go. */
#ifndef ASSENT_TEXT_H
#define ASSENT_TEXT_H

#include <stdio.h>

#include "rows.h"

/* The worst row: every byte of text, app and title as a six-byte escape, and all names and numbers. */
enum { TEXT_ROW_MAX = 6 * (EVENT_TEXT_MAX + EVENT_APP_MAX + EVENT_TITLE_MAX + 240) + 1024 };

struct text {
	size_t length;
	char at[TEXT_ROW_MAX];
};

void text_char(struct text *t, char c);
void text_string(struct text *t, const char *s);
void text_integer(struct text *t, int64_t v);
/* The shortest decimal that reads back as the same float32, always with a point or an exponent; false, and nothing, if not finite. */
bool text_float(struct text *t, float v);
/* Length in bytes (1 to 4) of the valid UTF-8 character at s, or 0: a byte that begins none. */
size_t text_utf8(const char *s);
int text_write(const struct text *t, FILE *out);

#endif
