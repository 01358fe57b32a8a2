/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "doctor_inside.h"

static void field(FILE *out, const char *name, const char *value)
{
	fprintf(out, ",\"%s\":", name);
	json_text(out, value);
}

static void flag(FILE *out, const char *name, bool value)
{
	fprintf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void window(const struct doctor_window *w, bool titles, FILE *out)
{
	const struct raw_app *app = &w->seen->app;
	fprintf(out, "{\"window\":%llu", (unsigned long long)app->window);
	field(out, "app", w->app[0] ? w->app : NULL);
	field(out, "class", app->klass[0] ? app->klass : NULL);
	if (app->pid > 0)
		fprintf(out, ",\"pid\":%d", app->pid);
	else
		fputs(",\"pid\":null", out);
	if (titles)
		field(out, "title", app->title);
	flag(out, "focused", w->seen->focused);
	flag(out, "visible", w->seen->visible);
	field(out, "oracle", doctor_oracle_name(w->oracle));
	field(out, "verdict", doctor_verdict_name(&w->now));
	field(out, "reason", w->now.open ? NULL : event_reason_name(w->now.reason));
	field(out, "cause", doctor_cause_name(w->cause));
	field(out, "why", w->why);
	field(out, "remedy", w->mend[0] ? w->mend : NULL);
	flag(out, "wants_oracle", w->wants_oracle);
	fputc('}', out);
}

void doctor_json(const struct doctor *d, bool titles, FILE *out)
{
	fputs("{\"version\":1", out);
	field(out, "source", d->source);
	field(out, "context", d->place);
	field(out, "display", d->list && !d->only_devices ? getenv("DISPLAY") : NULL);
	flag(out, "joined", d->joined);
	fputs(",\"windows\":[", out);
	for (int i = 0; i < d->windows; i++) {
		if (i)
			fputc(',', out);
		window(&d->window[i], titles, out);
	}
	fputs("],\"findings\":[", out);
	for (int i = 0; i < d->findings; i++) {
		const struct doctor_finding *f = &d->finding[i];
		fputs(i ? ",{\"id\":" : "{\"id\":", out);
		json_text(out, f->id);
		flag(out, "problem", f->problem);
		field(out, "text", f->text);
		field(out, "remedy", f->mend[0] ? f->mend : NULL);
		fputc('}', out);
	}
	fputc(']', out);
	flag(out, "wants_oracle", d->wants_oracle);
	fputs("}\n", out);
}
