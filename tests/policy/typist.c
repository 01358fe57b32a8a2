/* SPDX-License-Identifier: Apache-2.0 */
#include "typist.h"

#include <stdlib.h>
#include <string.h>

void typist_init(struct typist *t, const struct sensitive_rules *rules, sensitive_phrase *is_phrase, void *user, int longest)
{
	memset(t, 0, sizeof *t);
	t->now_us = 1000000;
	t->step_us = 120000;
	sensitive_init(&t->s, rules, is_phrase, user, longest);
}

static void release(struct typist *t)
{
	uint32_t first, last;
	while (sensitive_match(&t->s, t->now_us, &first, &last)) {
		if (first < 1 || last > t->presses || first > last)
			abort();
		for (uint32_t i = first; i <= last; i++) {
			t->late += i <= t->head && !t->masked[i];
			t->masked[i] |= i > t->head;
		}
	}
	while (t->head < t->presses) {
		uint32_t i = t->head + 1;
		if (t->at_us[i] + TYPIST_HOLD_US > t->now_us || (!t->masked[i] && sensitive_holds(&t->s, i, t->now_us)))
			break;
		t->delay_us[i] = (int32_t)(t->now_us - t->at_us[i]);
		t->head = i;
	}
}

void typist_wait(struct typist *t, int64_t us)
{
	int64_t until = t->now_us + us;
	for (;;) {
		release(t);
		int64_t next = sensitive_deadline(&t->s);
		/* A deadline that stays in the past would be a loop without an end. */
		if (next <= t->now_us)
			abort();
		if (t->head < t->presses && t->at_us[t->head + 1] + TYPIST_HOLD_US > t->now_us &&
		    t->at_us[t->head + 1] + TYPIST_HOLD_US < next)
			next = t->at_us[t->head + 1] + TYPIST_HOLD_US;
		if (next > until)
			break;
		t->now_us = next;
	}
	t->now_us = until;
	release(t);
}

static int decode(const unsigned char *p, uint32_t *point)
{
	int n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	*point = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
	for (int i = 1; i < n; i++)
		*point = *point << 6 | (p[i] & 0x3f);
	return n;
}

static void press(struct typist *t, const char *bytes, int n, uint32_t point)
{
	struct raw_input in = { .action = KEY_PRESS };
	uint32_t shown = point;
	if (point < 0x80 && strchr(ENTER TAB BACK BACK_WORD LEFT SAVE SHIFT DELETE DEAD, (int)point)) {
		in.key_class = CLASS_NAVIGATION;
		if (*bytes == *ENTER)
			in.key_class = CLASS_ENTER;
		if (*bytes == *BACK || *bytes == *BACK_WORD || *bytes == *DELETE)
			in.key_class = CLASS_ERASE;
		if (*bytes == *SHIFT)
			in.key_class = CLASS_MODIFIER;
		if (*bytes == *SAVE)
			in.key_class = CLASS_LETTER;
		if (*bytes == *DEAD)
			in.key_class = CLASS_PUNCTUATION;
		in.chord = *bytes == *SAVE || *bytes == *BACK_WORD;
		in.code = *bytes == *TAB ? 15 : *bytes == *LEFT ? 105 : *bytes == *DELETE ? 111 : 14;
		shown = (uint32_t)(*bytes == *BACK || *bytes == *BACK_WORD ? '<' : *bytes == *SHIFT ? '^' : *bytes == *LEFT ? '{' : *bytes == *SAVE ? '$' :
				   *bytes == *DELETE ? '>' : *bytes == *DEAD ? '`' : *bytes);
	} else {
		in.key_class = point >= '0' && point <= '9' ? CLASS_DIGIT : point == ' ' ? CLASS_SPACE : CLASS_LETTER;
		memcpy(in.text, bytes, (size_t)n);
	}
	if (t->presses == TYPIST_MAX)
		abort();
	uint32_t i = ++t->presses;
	t->shown[i] = shown;
	t->at_us[i] = t->now_us;
	t->masked[i] = false;
	sensitive_key(&t->s, i, t->now_us, &in);
	typist_wait(t, t->step_us);
}

void typist_type(struct typist *t, const char *keys)
{
	while (*keys) {
		uint32_t point;
		int n = decode((const unsigned char *)keys, &point);
		if (*keys == *CLICK)
			sensitive_break(&t->s);
		else if (*keys == *PAUSE)
			typist_wait(t, 6000000);
		else if (*keys == *REST)
			typist_wait(t, 3000000);
		else
			press(t, keys, n, point);
		keys += n;
	}
}

const char *typist_result(struct typist *t)
{
	static char out[4 * TYPIST_MAX + 1];
	char *p = out;
	typist_wait(t, 60000000);
	if (t->head != t->presses)
		abort();
	for (uint32_t i = 1; i <= t->presses; i++) {
		uint32_t u = t->masked[i] ? '*' : t->shown[i];
		if (u >= 0x800) {
			*p++ = (char)(0xe0 | u >> 12);
			*p++ = (char)(0x80 | (u >> 6 & 0x3f));
			*p++ = (char)(0x80 | (u & 0x3f));
		} else if (u >= 0x80) {
			*p++ = (char)(0xc0 | u >> 6);
			*p++ = (char)(0x80 | (u & 0x3f));
		} else {
			*p++ = (char)u;
		}
	}
	*p = 0;
	return out;
}
