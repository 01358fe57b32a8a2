/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../dataset/rows.h"
#include "cli.h"
#include "input.h"
#include "keyname.h"

/* Ends the walk: standard output takes no more. Why, and whether that is a failure, is told at the end. */
enum { STOP_OUTPUT = -1 };

struct show {
	const char *app;
	long long since_us, until_us;
	bool json;
	uint64_t shown;
	int write_errno;
	char heading[160];               /* the last one printed */
	time_t second;                   /* whose local time clock is */
	struct tm clock;
};

static bool wanted(const struct show *s, const struct event *e)
{
	int64_t last = e->has & HAS_END && e->end_us > e->t_us ? e->end_us : e->t_us;
	if (last < s->since_us || e->t_us > s->until_us)
		return false;
	if (!s->app)
		return true;
	if (!(e->has & HAS_APP) || !e->app)
		return false;
	const char *base = strrchr(e->app, '/');
	return fnmatch(s->app, e->app, FNM_CASEFOLD) == 0 || (base && fnmatch(s->app, base + 1, FNM_CASEFOLD) == 0);
}

/* ---- The table ---------------------------------------------------------------------------------- */

static const struct tm *local(struct show *s, int64_t t_us)
{
	time_t t = (time_t)(t_us / 1000000 - (t_us % 1000000 < 0));
	if (t != s->second || s->clock.tm_mday == 0) {
		s->second = t;
		if (!localtime_r(&t, &s->clock))
			memset(&s->clock, 0, sizeof s->clock);
	}
	return &s->clock;
}

static char *moment(struct show *s, int64_t t_us, char out[16])
{
	const struct tm *tm = local(s, t_us);
	snprintf(out, 16, "%02d:%02d:%02d", tm->tm_hour % 24, tm->tm_min % 60, tm->tm_sec % 61);
	return out;
}

/* Recorded text goes to a terminal: nothing in it may command the terminal, or turn the line around. */
static void harmless(const char *s, char *out, size_t size)
{
	size_t n = 0;
	while (*s && n + 4 < size) {
		const unsigned char *u = (const unsigned char *)s;
		bool control = u[0] < 0x20 || u[0] == 0x7f || (u[0] == 0xc2 && u[1] < 0xa0);
		bool bidi = u[0] == 0xe2 && ((u[1] == 0x80 && (u[2] == 0x8e || u[2] == 0x8f || (u[2] >= 0xa8 && u[2] <= 0xae))) ||
					     (u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9));
		if (!control && !bidi) {
			out[n++] = *s++;
			continue;
		}
		out[n++] = '?';
		s++;
		while (((unsigned char)*s & 0xc0) == 0x80)
			s++;
	}
	out[n] = '\0';
}

struct line {
	size_t length;
	char at[512];
};

static void add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *l, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(l->at + l->length, sizeof l->at - l->length, format, args);
	va_end(args);
	if (n > 0)
		l->length += (size_t)n < sizeof l->at - l->length ? (size_t)n : sizeof l->at - l->length - 1;
}

static void describe(struct show *s, const struct event *e, struct line *l)
{
	char a[16], b[16], text[EVENT_TEXT_MAX + 8];
	l->length = 0;
	l->at[0] = '\0';
	const char *reason = e->has & HAS_REASON ? event_reason_name(e->reason) : NULL;
	if (e->kind == EVENT_SPAN || e->kind == EVENT_GAP) {
		add(l, "%s: %s", e->kind == EVENT_SPAN ? "masked" : "gap", reason ? reason : "unknown");
		if (e->has & HAS_END)
			add(l, "  %s - %s", moment(s, e->t_us, a), moment(s, e->end_us, b));
		if (e->has & HAS_LOST)
			add(l, "  %d lost", (int)e->lost);
	} else if (reason) {
		add(l, "%s ", reason);
	}
	if (e->has & HAS_CLASS)
		add(l, "%-11s ", event_class_name(e->key_class) ? event_class_name(e->key_class) : "?");
	if (e->has & HAS_CODE) {
		const char *name = keyname(e->code);
		if (name)
			add(l, "%s (%d) ", name, (int)e->code);
		else
			add(l, "%d ", (int)e->code);
	}
	if (e->has & HAS_TEXT) {
		harmless(e->text, text, sizeof text);
		add(l, "\"%s\" ", text);
	}
	if (e->has & HAS_POSITION)
		add(l, e->kind == EVENT_SCREEN ? "%d x %d " : "at %d,%d ", (int)e->x, (int)e->y);
	if (e->has & HAS_DELTA)
		add(l, "by %+.4g,%+.4g ", (double)e->dx, (double)e->dy);
	if (e->has & HAS_SCROLL)
		add(l, "notches %+.4g,%+.4g ", e->scroll_x / 120.0, e->scroll_y / 120.0);
	if (e->has & HAS_SYNTHETIC && e->synthetic)
		add(l, "synthetic ");
}

/* Printed once a day and study: the rows themselves stay short. */
static void head(struct show *s, const struct segment_meta *meta, const struct event *e)
{
	char day[40], heading[sizeof s->heading];
	strftime(day, sizeof day, "%A %Y-%m-%d (%Z)", local(s, e->t_us));
	snprintf(heading, sizeof heading, "%s, study %s", day, meta->study);
	if (strcmp(heading, s->heading) == 0)
		return;
	printf("%s%s\n%-12s  %-11s  %-42s  %s\n", s->heading[0] ? "\n" : "", heading, "TIME", "KIND", "WHAT", "WHERE");
	strcpy(s->heading, heading);
}

static void row(struct show *s, const struct segment_meta *meta, const struct event *e)
{
	char time[16], app[EVENT_APP_MAX + 8] = "", title[EVENT_TITLE_MAX + 8];
	struct line what;
	head(s, meta, e);
	describe(s, e, &what);
	if (e->has & HAS_APP && e->app)
		harmless(e->app, app, sizeof app);
	moment(s, e->t_us, time);
	int micros = (int)((e->t_us % 1000000 + 1000000) % 1000000);
	const char *kind = event_kind_name(e->kind);
	if (app[0] || e->has & HAS_TITLE)
		printf("%s.%03d  %-11s  %-42s  %s", time, micros / 1000, kind ? kind : "?", what.at, app);
	else
		printf("%s.%03d  %-11s  %s", time, micros / 1000, kind ? kind : "?", what.at);
	if (e->has & HAS_TITLE && e->title) {
		harmless(e->title, title, sizeof title);
		printf("  \"%s\"", title);
	}
	putchar('\n');
}

static int visit(void *user, const struct segment_meta *meta, const struct event *e)
{
	struct show *s = user;
	if (!wanted(s, e))
		return 0;
	s->shown++;
	if (s->json)
		jsonl_row(stdout, meta, e);
	else
		row(s, meta, e);
	if (!ferror(stdout))
		return 0;
	s->write_errno = errno;
	return STOP_OUTPUT;
}

int cli_show(int argc, char **argv)
{
	const char *since = NULL, *until = NULL, *key = NULL;
	struct show s = { .since_us = INT64_MIN, .until_us = INT64_MAX };
	const struct input_option options[] = {
		{ "since", &since, NULL }, { "until", &until, NULL }, { "app", &s.app, NULL }, { "json", NULL, &s.json },
		{ "key", &key, NULL }, { NULL, NULL, NULL },
	};
	struct input in;
	int count = input_options("show", argc, argv, options);
	if (count < 0)
		return EXIT_USAGE;
	const char *bad = since && cli_time(since, &s.since_us) ? since : until && cli_time(until, &s.until_us) ? until : NULL;
	if (bad) {
		cli_complain("show: \"%s\" is no time (2026-05-01, 2026-05-01T12:30, or 10m for ten minutes ago)", bad);
		return EXIT_USAGE;
	}
	int result = input_find(&in, "reading", count, argv);
	if (result == EXIT_DONE)
		result = input_unlock(&in, key);
	if (result)
		goto out;
	signal(SIGPIPE, SIG_IGN);
	tzset();
	/* Rows on the terminal are progress enough. */
	in.progress = in.progress && !isatty(STDOUT_FILENO);
	result = input_walk(&in, visit, &s);
	if (result == STOP_OUTPUT)
		result = EXIT_DONE;
	if (s.shown == 0 && result == EXIT_DONE && !ferror(stdout)) {
		cli_complain("nothing that was recorded matches");
		result = EXIT_NOTHING;
	}
	result = input_flush_stdout(result, s.write_errno);
out:
	input_release(&in);
	return result;
}
