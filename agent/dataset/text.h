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

static inline void text_char(struct text *t, char c)
{
	if (t->length < sizeof t->at)
		t->at[t->length++] = c;
}

void text_string(struct text *t, const char *s);
void text_integer(struct text *t, int64_t v);
/* The shortest decimal that reads back as the same float32, always with a point or an exponent; false, and nothing, if not finite. */
bool text_float(struct text *t, float v);
/* Length in bytes (1 to 4) of the valid UTF-8 character at s, or 0: a byte that begins none. */
size_t text_utf8_beyond(const char *s);      /* of one that is no ASCII */
static inline size_t text_utf8(const char *s) { return (unsigned char)*s < 0x80 ? 1 : text_utf8_beyond(s); }
int text_write(const struct text *t, FILE *out);

/* A whole row, in place of what was there: csv.c, jsonl.c. */
extern const char csv_columns[];   /* CSV's first line */
void csv_text(struct text *t, const struct segment_meta *meta, const struct event *event);
void jsonl_text(struct text *t, const struct segment_meta *meta, const struct event *event);

#endif
