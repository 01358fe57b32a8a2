/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <math.h>
#include <string.h>

/* Length of the sequence at s, 0 if there is no valid one. */
static size_t sequence(const uint8_t *s, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf8 ? 4 : 0;
	if (n == 0 || n > left)
		return 0;
	uint32_t c = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ? 0 : n;
}

bool check_text(const void *text, size_t length)
{
	const uint8_t *s = text;
	for (size_t at = 0; at < length;) {
		if (s[at] >= 0x20 && s[at] < 0x7f) {   /* most text */
			at++;
			continue;
		}
		size_t n = sequence(s + at, length - at);
		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

int check_string(const char *text, size_t max)
{
	if (!text)
		return -1;
	size_t length = strnlen(text, max + 1);
	return length <= max && check_text(text, length) ? (int)length : -1;
}

uint16_t check_has(const struct event *event)
{
	uint16_t has = event->has & HAS_ALL;
	if (has & HAS_CLASS && event->key_class >= CLASS_COUNT)
		has &= (uint16_t)~HAS_CLASS;
	if (has & HAS_TEXT && check_string(event->text, EVENT_TEXT_MAX) < 0)
		has &= (uint16_t)~HAS_TEXT;
	if (has & HAS_DELTA && !(isfinite(event->dx) && isfinite(event->dy)))
		has &= (uint16_t)~HAS_DELTA;
	if (has & HAS_APP && check_string(event->app, EVENT_APP_MAX) < 0)
		has &= (uint16_t)~HAS_APP;
	if (has & HAS_TITLE && check_string(event->title, EVENT_TITLE_MAX) < 0)
		has &= (uint16_t)~HAS_TITLE;
	if (has & HAS_REASON && event->reason >= REASON_COUNT)
		has &= (uint16_t)~HAS_REASON;
	return has;
}
