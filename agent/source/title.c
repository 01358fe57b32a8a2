/* SPDX-License-Identifier: Apache-2.0 */
#include "title.h"

#include <stdbool.h>
#include <string.h>

static bool is_utf8(const unsigned char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		int more = s[i] < 0x80 ? 0 : s[i] >= 0xc2 && s[i] < 0xe0 ? 1 : (s[i] & 0xf0) == 0xe0 ? 2 :
			s[i] >= 0xf0 && s[i] < 0xf5 ? 3 : -1;
		if (more < 0 || (size_t)more >= n - i)
			return false;
		/* Overlong forms and surrogates. */
		if ((s[i] == 0xe0 && s[i + 1] < 0xa0) || (s[i] == 0xed && s[i + 1] > 0x9f) ||
		    (s[i] == 0xf0 && s[i + 1] < 0x90) || (s[i] == 0xf4 && s[i + 1] > 0x8f))
			return false;
		for (i++; more > 0; more--, i++) {
			if ((s[i] & 0xc0) != 0x80)
				return false;
		}
	}
	return true;
}

void title_clean(const unsigned char *in, size_t n, char *out, size_t size)
{
	bool utf8 = is_utf8(in, n);
	size_t used = 0;

	for (size_t i = 0; i < n;) {
		unsigned char c = in[i];
		size_t length = !utf8 || c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		bool control = c < 0x20 || c == 0x7f || (utf8 ? c == 0xc2 && in[i + 1] < 0xa0 : c >= 0x80 && c < 0xa0);
		bool wide = !utf8 && c >= 0x80;
		if (!control) {
			if (used + (wide ? 2 : length) >= size)
				break;
			if (wide) {
				out[used++] = (char)(0xc0 | c >> 6);
				out[used++] = (char)(0x80 | (c & 0x3f));
			} else {
				memcpy(out + used, in + i, length);
				used += length;
			}
		}
		i += length;
	}
	out[used] = 0;
}
