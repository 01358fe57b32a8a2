/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

static void quoted(struct text *t, const char *s)
{
	static const char hex[] = "0123456789abcdef";
	text_char(t, '"');
	while (*s) {
		size_t n = text_utf8(s);
		unsigned char c = (unsigned char)*s;
		if (n == 0) {
			/* A segment made by someone else may hold anything; the output is UTF-8 all the same. */
			text_string(t, "\\ufffd");
			n = 1;
		} else if (c == '"' || c == '\\') {
			text_char(t, '\\');
			text_char(t, (char)c);
		} else if (c < 0x20 || c == 0x7f) {
			text_string(t, "\\u00");
			text_char(t, hex[c >> 4]);
			text_char(t, hex[c & 15]);
		} else {
			for (size_t i = 0; i < n; i++)
				text_char(t, s[i]);
		}
		s += n;
	}
	text_char(t, '"');
}

static void name(struct text *t, const char *column)
{
	text_char(t, t->length ? ',' : '{');
	text_char(t, '"');
	text_string(t, column);
	text_string(t, "\":");
}

static void integer(struct text *t, const char *column, bool has, int64_t v)
{
	name(t, column);
	if (has)
		text_integer(t, v);
	else
		text_string(t, "null");
}

static void real(struct text *t, const char *column, bool has, float v)
{
	name(t, column);
	if (!has || !text_float(t, v))
		text_string(t, "null");
}

static void string(struct text *t, const char *column, bool has, const char *v)
{
	name(t, column);
	if (has && v)
		quoted(t, v);
	else
		text_string(t, "null");
}

void jsonl_text(struct text *t, const struct segment_meta *meta, const struct event *e)
{
	t->length = 0;
	integer(t, "t_us", true, e->t_us);
	integer(t, "mono_us", true, e->mono_us);
	string(t, "kind", true, event_kind_name(e->kind));
	integer(t, "device", e->has & HAS_DEVICE, e->device);
	string(t, "class", e->has & HAS_CLASS, event_class_name(e->key_class));
	integer(t, "code", e->has & HAS_CODE, e->code);
	string(t, "text", e->has & HAS_TEXT, e->text);
	integer(t, "x", e->has & HAS_POSITION, e->x);
	integer(t, "y", e->has & HAS_POSITION, e->y);
	real(t, "dx", e->has & HAS_DELTA, e->dx);
	real(t, "dy", e->has & HAS_DELTA, e->dy);
	integer(t, "scroll_x", e->has & HAS_SCROLL, e->scroll_x);
	integer(t, "scroll_y", e->has & HAS_SCROLL, e->scroll_y);
	string(t, "app", e->has & HAS_APP, e->app);
	string(t, "title", e->has & HAS_TITLE, e->title);
	string(t, "reason", e->has & HAS_REASON, event_reason_name(e->reason));
	integer(t, "end_us", e->has & HAS_END, e->end_us);
	integer(t, "lost", e->has & HAS_LOST, e->lost);
	name(t, "synthetic");
	text_string(t, !(e->has & HAS_SYNTHETIC) ? "null" : e->synthetic ? "true" : "false");
	string(t, "study", true, meta->study);
	string(t, "epoch", true, meta->epoch);
	string(t, "participant", true, meta->participant);
	string(t, "segment", true, meta->segment);
	text_string(t, "}\n");
}

int jsonl_row(FILE *out, const struct segment_meta *meta, const struct event *event)
{
	struct text t;
	jsonl_text(&t, meta, event);
	return text_write(&t, out);
}
