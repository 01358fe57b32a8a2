/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"

void text_string(struct text *t, const char *s)
{
	size_t n = strlen(s);
	if (n > sizeof t->at - t->length)
		n = sizeof t->at - t->length;
	memcpy(t->at + t->length, s, n);
	t->length += n;
}

void text_integer(struct text *t, int64_t v)
{
	char digits[21];
	int n = 0;
	uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
	do {
		digits[n++] = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (v < 0)
		text_char(t, '-');
	while (n)
		text_char(t, digits[--n]);
}

bool text_float(struct text *t, float v)
{
	char s[32];
	if (!isfinite(v))
		return false;
	/* Nearly every movement of a mouse. The point keeps a reader that guesses types from guessing integers. */
	if (v > -100000.0f && v < 100000.0f && v == (float)(int)v && !(v == 0.0f && signbit(v))) {
		text_integer(t, (int)v);
		text_string(t, ".0");
		return true;
	}
	for (int precision = 6; precision <= 9; precision++) {
		snprintf(s, sizeof s, "%.*g", precision, (double)v);
		if (strtof(s, NULL) == v)
			break;
	}
	/* Whatever the locale's decimal point is. */
	bool whole = true;
	for (char *c = s; *c; c++) {
		if (*c == 'e')
			whole = false;
		else if (!strchr("+-0123456789", *c)) {
			*c = '.';
			whole = false;
		}
	}
	text_string(t, s);
	if (whole)
		text_string(t, ".0");
	return true;
}

size_t text_utf8_beyond(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = u[0] < 0x80 ? 1 : u[0] >= 0xc2 && u[0] < 0xe0 ? 2 : (u[0] & 0xf0) == 0xe0 ? 3 :
		u[0] >= 0xf0 && u[0] < 0xf5 ? 4 : 0;
	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, beyond U+10FFFF. */
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) || (u[0] == 0xf0 && u[1] < 0x90) ||
	    (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return n;
}

int text_write(const struct text *t, FILE *out)
{
	return fwrite(t->at, 1, t->length, out) == t->length ? 0 : ERROR_IO;
}
