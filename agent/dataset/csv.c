/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <string.h>

#include "../error.h"

const char csv_columns[] = "t_us,mono_us,kind,device,class,code,text,x,y,dx,dy,scroll_x,scroll_y,app,title,"
			   "reason,end_us,lost,synthetic,study,epoch,participant,segment\n";

int csv_header(FILE *out) { return fputs(csv_columns, out) < 0 ? ERROR_IO : 0; }

/* Quotes are needed where a reader could split, strip or calculate, and to tell "" from null. */
static bool plain(const char *s)
{
	size_t n = strlen(s);
	return n && !strpbrk(s, ",\"\r\n\t") && !strchr("=+-@# ", s[0]) && s[n - 1] != ' ';
}

static void string(struct text *t, bool has, const char *s)
{
	text_char(t, ',');
	if (!has || !s)
		return;
	bool quotes = !plain(s);
	if (quotes)
		text_char(t, '"');
	while (*s) {
		size_t n = text_utf8(s);
		if (n == 0) {
			text_string(t, "\xef\xbf\xbd");
			n = 1;
		} else {
			if (*s == '"')
				text_char(t, '"');
			for (size_t i = 0; i < n; i++)
				text_char(t, s[i]);
		}
		s += n;
	}
	if (quotes)
		text_char(t, '"');
}

static void integer(struct text *t, bool has, int64_t v)
{
	text_char(t, ',');
	if (has)
		text_integer(t, v);
}

static void real(struct text *t, bool has, float v)
{
	text_char(t, ',');
	if (has)
		text_float(t, v);
}

void csv_text(struct text *t, const struct segment_meta *meta, const struct event *e)
{
	t->length = 0;
	text_integer(t, e->t_us);
	integer(t, true, e->mono_us);
	string(t, true, event_kind_name(e->kind));
	integer(t, e->has & HAS_DEVICE, e->device);
	string(t, e->has & HAS_CLASS, event_class_name(e->key_class));
	integer(t, e->has & HAS_CODE, e->code);
	string(t, e->has & HAS_TEXT, e->text);
	integer(t, e->has & HAS_POSITION, e->x);
	integer(t, e->has & HAS_POSITION, e->y);
	real(t, e->has & HAS_DELTA, e->dx);
	real(t, e->has & HAS_DELTA, e->dy);
	integer(t, e->has & HAS_SCROLL, e->scroll_x);
	integer(t, e->has & HAS_SCROLL, e->scroll_y);
	string(t, e->has & HAS_APP, e->app);
	string(t, e->has & HAS_TITLE, e->title);
	string(t, e->has & HAS_REASON, event_reason_name(e->reason));
	integer(t, e->has & HAS_END, e->end_us);
	integer(t, e->has & HAS_LOST, e->lost);
	text_char(t, ',');
	if (e->has & HAS_SYNTHETIC)
		text_string(t, e->synthetic ? "true" : "false");
	string(t, true, meta->study);
	string(t, true, meta->epoch);
	string(t, true, meta->participant);
	string(t, true, meta->segment);
	text_char(t, '\n');
}

int csv_row(FILE *out, const struct segment_meta *meta, const struct event *event)
{
	struct text t;
	csv_text(&t, meta, event);
	return text_write(&t, out);
}
